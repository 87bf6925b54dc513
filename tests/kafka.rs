//! Rows to a real Apache Kafka: what arrives is what was sent, each row once, also when the broker or
//! the producer is killed, and what is wrong is said.
//!
//! Readers are the official client and, for protobuf, `protoc` with the schema. Needs what
//! `tests/kafka/install` installs. Without it a test says so and passes, but fails under `CI=true`.

#[path = "kafka/broker.rs"]
mod broker;
#[path = "kafka/daemon.rs"]
mod daemon;
#[path = "kafka/deaths.rs"]
mod deaths;
#[path = "kafka/passage.rs"]
mod passage;
#[path = "kafka/refusals.rs"]
mod refusals;
#[path = "kafka/rows.rs"]
mod rows;
#[path = "kafka/security.rs"]
mod security;
#[path = "kafka/transactions.rs"]
mod transactions;
#[path = "kafka/values.rs"]
mod values;

use std::time::{Duration, Instant};

use flowlog_kafka::{
    Delivered, DeliveryError, Disposition, Problem, Producer, Rows, Settings, Topic,
};

/// A producer to one topic.
fn producer(address: &str, topic: &str, change: impl FnOnce(&mut Settings)) -> Producer {
    let mut settings = Settings::new(address, Topic::new(topic).unwrap());
    change(&mut settings);
    Producer::open(settings).unwrap()
}

/// Delivers as a dispatcher does: again and again until the rows are there; what went wrong meanwhile.
fn insist(producer: &Producer, rows: Rows<'_>) -> Vec<DeliveryError> {
    let until = Instant::now() + Duration::from_secs(120);
    let mut errors = Vec::new();
    loop {
        match producer.deliver(rows) {
            Ok(Delivered {
                rows: count,
                rejected,
            }) => {
                assert_eq!((count, rejected), (rows.len(), 0));
                return errors;
            }
            Err(error) => {
                // A topic may be unknown to a broker that has begun a moment ago.
                let passes = error.disposition() == Disposition::Retry
                    || error.problem == Problem::UnknownTopic;
                assert!(passes, "{error}");
                assert!(Instant::now() < until, "{error}: {:?}", producer.trouble());
                errors.push(error);
            }
        }
    }
}
