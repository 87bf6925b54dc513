//! Readers of committed rows see each row exactly once, whoever dies.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use flowlog_kafka::{Disposition, Problem, Producer, Rows};
use flowlog_tests::daemon::signal;

use crate::{
    broker::shared,
    insist, producer,
    rows::{group, number},
};

/// The rows of a transaction: large, so that it can be cut.
const BATCH: u64 = 40_000;
/// Where the producer that is killed finds the broker.
const BROKER: &str = "FLOWLOG_TEST_KAFKA_BROKER";

fn transactional(address: &str, topic: &str) -> Producer {
    producer(address, topic, |settings| {
        settings.transactional_id = Some(format!("flowlogd-{topic}"));
    })
}

/// Not a test: another one starts it in a process of its own and kills it.
#[test]
fn the_producer_that_is_killed() {
    let Ok(address) = std::env::var(BROKER) else {
        return;
    };
    let producer = transactional(&address, "cut");
    for batch in 0.. {
        let groups = [group("fl", batch * BATCH, BATCH)];
        let mut out = std::io::stdout();
        writeln!(out, "\nbegins {batch}").unwrap();
        producer.deliver(Rows::new("fl", &groups)).unwrap();
    }
}

#[test]
fn a_producer_that_is_killed_within_a_transaction_leaves_nothing_of_it_to_its_successor() {
    let Some(broker) = shared(&["cut:3"]) else {
        return;
    };
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "transactions::the_producer_that_is_killed"])
        .arg("--nocapture")
        .env(BROKER, broker.address())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let begun = lines.map(Result::unwrap).any(|line| line == "begins 2");
    assert!(begun, "the producer has ended: {:?}", child.wait());
    // The third transaction is on its way when the topic grows by more than marks of the second.
    let before = broker.octets("cut");
    let until = Instant::now() + Duration::from_secs(60);
    while broker.octets("cut") < before + 100_000 {
        assert!(
            Instant::now() < until,
            "the third transaction does not come"
        );
        thread::sleep(Duration::from_millis(1));
    }
    signal(child.id(), "KILL");
    child.wait().unwrap();

    let count = |isolation| broker.read("cut", isolation).len();
    assert_eq!(count("read_committed"), 80_000);
    assert!(count("read_uncommitted") > 80_000, "nothing was cut");

    let successor = transactional(&broker.address(), "cut");
    let groups = [group("fl", 2 * BATCH, BATCH)];
    insist(&successor, Rows::new("fl", &groups));
    let committed = broker.read("cut", "read_committed");
    let mut numbers: Vec<_> = committed.iter().map(number).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..3 * BATCH));
}

#[test]
fn a_successor_fences_its_predecessor() {
    let Some(broker) = shared(&["fenced:1"]) else {
        return;
    };
    let old = transactional(&broker.address(), "fenced");
    let (first, second) = ([group("fl", 0, 10)], [group("fl", 10, 10)]);
    insist(&old, Rows::new("fl", &first));
    let new = transactional(&broker.address(), "fenced");
    insist(&new, Rows::new("fl", &second));
    // Now and for ever.
    for _ in 0..2 {
        let error = old.deliver(Rows::new("fl", &second)).unwrap_err();
        assert_eq!(error.problem, Problem::Fenced, "{error}");
        assert_eq!(error.disposition(), Disposition::Fenced);
    }
    let third = [group("fl", 20, 10)];
    insist(&new, Rows::new("fl", &third));
    let committed = broker.read("fenced", "read_committed");
    assert!(committed.iter().map(number).eq(0..30));
}

#[test]
fn a_transaction_with_a_row_that_is_refused_leaves_nothing_and_the_next_goes_on() {
    let Some(broker) = shared(&["refused:1:max.message.bytes=3000"]) else {
        return;
    };
    let producer = transactional(&broker.address(), "refused");
    let groups = [group("fl", 0, 3), crate::rows::long(3, 5_000)];
    let error = producer.deliver(Rows::new("fl", &groups)).unwrap_err();
    assert_eq!(error.problem, Problem::TooLarge, "{error}");
    assert_eq!(error.disposition(), Disposition::Split);
    assert_eq!(error.confirmed, 0);
    assert!(broker.read("refused", "read_committed").is_empty());
    let good = [group("fl", 0, 3)];
    insist(&producer, Rows::new("fl", &good));
    let committed = broker.read("refused", "read_committed");
    assert!(committed.iter().map(number).eq(0..3));
}
