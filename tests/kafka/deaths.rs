//! Brokers that are late, killed and restarted, or hang, while rows are produced.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use flowlog_kafka::{DeliveryError, Problem, Producer, Rows};

use crate::{
    broker::{Broker, installed},
    insist, producer,
    rows::{group, number, once},
};

/// The rows of one attempt.
const BATCH: u64 = 200;

#[test]
fn rows_wait_for_a_broker_that_comes_late() {
    let Some(kafka) = installed() else { return };
    let mut broker = Broker::prepare_with(kafka, &[], |_, _| {
        "auto.create.topics.enable=true\nnum.partitions=3\n".to_owned()
    });
    let patient = producer(&broker.address(), "late", |_| {});
    let groups = [group("fl", 0, 100)];
    let rows = Rows::new("fl", &groups);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| insist(&patient, rows));
        let said = patient.check(&["fl"], Duration::from_secs(1)).unwrap_err();
        assert_eq!(said.problem, Problem::Unreachable, "{said}");
        broker.start();
        waiting.join().unwrap();
    });
    assert_eq!(patient.trouble(), None);
    let records = broker.read("late", "read_uncommitted");
    assert!(once(&records).into_iter().eq(0..100));
}

/// Delivers batch after batch until told to stop, each until it is there; how many rows, and what went
/// wrong.
fn produce(producer: &Producer, stop: &AtomicBool) -> (u64, Vec<DeliveryError>) {
    let mut next = 0;
    let mut errors = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let groups = [group("fl", next, BATCH)];
        errors.extend(insist(producer, Rows::new("fl", &groups)));
        next += BATCH;
        thread::sleep(Duration::from_millis(5));
    }
    (next, errors)
}

#[test]
fn a_killed_and_a_hanging_broker_lose_no_row_and_repeat_none_that_a_reader_does_not_know() {
    let Some(kafka) = installed() else { return };
    let mut broker = Broker::prepare(kafka);
    broker.start();
    broker.create(&["patient:3", "hasty:3", "transactional:3"]);
    let address = broker.address();
    let patient = producer(&address, "patient", |_| {});
    let hasty = producer(&address, "hasty", |settings| {
        // Gives up before the broker is back: the dispatcher delivers again.
        settings.patience = Duration::from_secs(1);
    });
    let transactional = producer(&address, "transactional", |settings| {
        settings.patience = Duration::from_secs(1);
        settings.transactional_id = Some("flowlogd-test".to_owned());
    });
    let stop = AtomicBool::new(false);
    let (patient, hasty, transactional) = thread::scope(|scope| {
        let all = [&patient, &hasty, &transactional]
            .map(|producer| scope.spawn(|| produce(producer, &stop)));
        thread::sleep(Duration::from_millis(700));
        broker.kill();
        thread::sleep(Duration::from_millis(1_500));
        broker.start();
        thread::sleep(Duration::from_secs(2));
        broker.hang(Duration::from_secs(3));
        thread::sleep(Duration::from_secs(1));
        stop.store(true, Ordering::Relaxed);
        let [patient, hasty, transactional] = all.map(|thread| thread.join().unwrap());
        (patient, hasty, transactional)
    });
    assert!(!hasty.1.is_empty(), "it never gave up");
    assert!(!transactional.1.is_empty(), "it never gave up");

    for (topic, (rows, _)) in [("patient", &patient), ("hasty", &hasty)] {
        let records = broker.read(topic, "read_uncommitted");
        let mut numbers: Vec<_> = records.iter().map(number).collect();
        numbers.sort_unstable();
        let all = numbers.len();
        numbers.dedup();
        assert!(
            numbers.into_iter().eq(0..*rows),
            "{topic}: rows are missing"
        );
        assert!(
            once(&records).into_iter().eq(0..*rows),
            "{topic}: one number is not enough"
        );
        if topic == "patient" && patient.1.is_empty() {
            assert_eq!(
                all as u64, *rows,
                "the producer has repeated rows by itself"
            );
        }
    }
    // Not even repetitions: all rows of an attempt or none.
    let committed = broker.read("transactional", "read_committed");
    let mut numbers: Vec<_> = committed.iter().map(number).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..transactional.0));
}
