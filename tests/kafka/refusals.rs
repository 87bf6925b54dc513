//! What a cluster does not take, and how that is said.

use std::{thread, time::Duration};

use flowlog_kafka::{Disposition, Problem, Producer, Rows};

use crate::{
    broker::{free_ports, installed, shared},
    producer,
    rows::{group, long, number},
};

/// Delivers as a dispatcher does that splits; the numbers of the rows that can never be sent.
fn divide(producer: &Producer, rows: Rows<'_>, rejected: &mut Vec<u64>) {
    let Err(error) = producer.deliver(rows) else {
        return;
    };
    match (error.disposition(), rows.split()) {
        (Disposition::Split, Some((front, back))) => {
            divide(producer, front, rejected);
            divide(producer, back, rejected);
        }
        (Disposition::Reject, None) => {
            let (group, range) = rows.groups().next().unwrap();
            rejected.push(group.numbers[range.start]);
        }
        // What a failure of others has interrupted.
        (Disposition::Retry, _) => divide(producer, rows, rejected),
        (disposition, _) => panic!("{disposition:?}: {error}"),
    }
}

#[test]
fn rows_that_the_settings_do_not_allow_are_left_out_and_counted() {
    let Some(broker) = shared(&["own-limit:1"]) else {
        return;
    };
    let producer = producer(&broker.address(), "own-limit", |settings| {
        settings.message_octets = 4_000;
    });
    let groups = [group("long", 0, 3), long(3, 5_000), group("long", 4, 3)];
    let delivered = producer.deliver(Rows::new("long", &groups)).unwrap();
    assert_eq!((delivered.rows, delivered.rejected), (6, 1));
    let numbers: Vec<_> = broker
        .read("own-limit", "read_uncommitted")
        .iter()
        .map(number)
        .collect();
    assert_eq!(numbers, [0, 1, 2, 4, 5, 6]);
}

#[test]
fn a_row_that_the_topic_does_not_take_is_found_by_splitting_and_the_others_arrive() {
    let Some(broker) = shared(&["small:1:max.message.bytes=3000"]) else {
        return;
    };
    let producer = producer(&broker.address(), "small", |_| {});
    let groups = [group("long", 0, 9), long(9, 5_000), group("long", 10, 6)];
    let rows = Rows::new("long", &groups);
    let error = producer.deliver(rows).unwrap_err();
    assert_eq!(error.problem, Problem::TooLarge);
    let mut rejected = Vec::new();
    divide(&producer, rows, &mut rejected);
    assert_eq!(rejected, [9]);
    let mut numbers: Vec<_> = broker
        .read("small", "read_uncommitted")
        .iter()
        .map(number)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert!(numbers.into_iter().eq((0..9).chain(10..16)));
}

#[test]
fn an_unknown_topic_holds_the_rows_until_somebody_makes_it() {
    let Some(broker) = shared(&[]) else { return };
    let producer = producer(&broker.address(), "forgotten", |settings| {
        settings.patience = Duration::from_secs(10);
    });
    let groups = [group("fl-f", 0, 10)];
    let rows = Rows::new("fl-f", &groups);
    let error = producer.deliver(rows).unwrap_err();
    assert_eq!(error.problem, Problem::UnknownTopic, "{error}");
    assert_eq!(error.disposition(), Disposition::Hold);
    let said = producer
        .check(&["fl-f"], Duration::from_secs(20))
        .unwrap_err();
    assert_eq!(said.problem, Problem::UnknownTopic);
    assert!(
        said.to_string().contains("no topic \"forgotten\""),
        "{said}"
    );

    broker.create(&["forgotten:2"]);
    assert_eq!(producer.deliver(rows).unwrap().rows, 10);
    let reachable = producer.check(&["fl-f"], Duration::from_secs(20)).unwrap();
    assert_eq!(reachable.topics, [("forgotten".to_owned(), 2)]);
    assert_eq!(reachable.brokers, 1);
    assert_eq!(broker.read("forgotten", "read_uncommitted").len(), 10);
}

#[test]
fn a_queue_that_stays_full_ends_the_attempt_and_keeps_no_row() {
    if installed().is_none() {
        return;
    }
    let nobody = format!("127.0.0.1:{}", free_ports(1)[0]);
    let producer = producer(&nobody, "full", |settings| {
        settings.queue_rows = 10;
        settings.patience = Duration::from_secs(2);
    });
    let groups = [group("fl", 0, 1_000)];
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let error = producer.deliver(Rows::new("fl", &groups)).unwrap_err();
                assert_eq!(error.problem, Problem::Unreachable, "{error}");
                assert_eq!(error.disposition(), Disposition::Retry);
                assert_eq!((error.rows, error.confirmed), (1_000, 0));
            });
        }
    });
    let trouble = producer.trouble().unwrap_or_default();
    let said = producer.check(&["fl"], Duration::from_secs(2)).unwrap_err();
    assert_eq!(said.problem, Problem::Unreachable, "{said} {trouble}");
    assert!(said.to_string().contains("Connection refused"), "{said}");
}
