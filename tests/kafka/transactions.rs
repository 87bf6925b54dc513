//! Readers of committed rows see each row exactly once, whoever dies.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use flowlog_kafka::{Disposition, Problem, Producer, Rows};
use flowlog_tests::daemon::signal;

use crate::{
    broker::{Broker, installed, shared},
    insist,
    passage::Passage,
    producer,
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

#[test]
fn a_commit_without_an_answer_is_neither_lost_nor_repeated() {
    let Some(kafka) = installed() else { return };
    let mut broker = Broker::prepare_with(kafka, &[], |_, _| {
        "transaction.abort.timed.out.transaction.cleanup.interval.ms=500\n".to_owned()
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    broker.advertise(listener.local_addr().unwrap().port());
    let passage = Passage::new(listener, broker.port());
    broker.start();
    broker.create(&["unanswered:1"]);
    let producer = producer(&broker.address(), "unanswered", |settings| {
        settings.transactional_id = Some("flowlogd-unanswered".to_owned());
        settings.patience = Duration::from_secs(1);
    });
    let batches: Vec<_> = (0..6).map(|at| [group("fl", 10 * at, 10)]).collect();
    let rows = |at: usize| Rows::new("fl", &batches[at]);
    let fails = |at: usize| {
        let error = producer.deliver(rows(at)).unwrap_err();
        assert!(passage.is_cut(), "{error}");
        assert_eq!(error.disposition(), Disposition::Retry, "{error}");
    };
    insist(&producer, rows(0));

    // It has happened; the dispatcher comes with the same rows.
    passage.lose_answer();
    fails(1);
    passage.mend();
    insist(&producer, rows(1));

    // It has happened; the dispatcher comes with others first.
    passage.lose_answer();
    fails(2);
    passage.mend();
    insist(&producer, rows(3));
    insist(&producer, rows(2));

    // It has not happened.
    passage.lose_request();
    fails(4);
    passage.mend();
    insist(&producer, rows(4));

    // It has not happened, and the cluster has ended the transaction meanwhile: after 13 seconds. Nobody
    // has taken the producer's place, and it goes on.
    passage.lose_request();
    fails(5);
    thread::sleep(Duration::from_secs(13));
    passage.mend();
    insist(&producer, rows(5));

    let committed = broker.read("unanswered", "read_committed");
    let numbers: Vec<_> = committed.iter().map(number).collect();
    let order = [0, 1, 2, 3, 4, 5].map(|batch| 10 * batch..10 * batch + 10);
    assert!(
        numbers.iter().copied().eq(order.into_iter().flatten()),
        "{numbers:?}"
    );
}
