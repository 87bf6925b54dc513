//! A Kafka topic. The library waits for the cluster on a thread of its own; here it has one of those on
//! which waiting is allowed.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use flowlog_kafka::{CheckError, Problem, Producer, Rows};
use flowlog_logstore::ReadGroup;
use flowlog_logstore::batch::Group;
use tokio::task::spawn_blocking;

use crate::error::{Class, DeliveryError};
use crate::target::Arrived;
use crate::window::Shipment;

/// How long a cluster may take to tell of itself.
const ANSWER: Duration = Duration::from_secs(10);

/// A flow log on its way to a topic.
#[derive(Debug)]
pub(crate) struct KafkaTarget {
    producer: Arc<Producer>,
    flow_log: Arc<str>,
}

/// The rows of a shipment that have not arrived.
#[derive(Debug)]
pub(crate) struct Pending {
    groups: Arc<[ReadGroup]>,
    /// Which of all their rows, in attempts of their own.
    left: VecDeque<Range<usize>>,
}

impl KafkaTarget {
    pub(crate) fn new(producer: Arc<Producer>, flow_log: Arc<str>) -> Self {
        Self { producer, flow_log }
    }

    pub(crate) fn prepare(shipment: &Shipment) -> Pending {
        Pending {
            groups: shipment.groups.clone().into(),
            left: std::iter::once(0..shipment.rows()).collect(),
        }
    }

    /// Sends the next rows and waits until the cluster has them. `None` when none are left.
    pub(crate) async fn attempt(
        &self,
        pending: &mut Pending,
    ) -> Option<Result<Arrived, DeliveryError>> {
        let rows = pending.left.front()?.clone();
        let (producer, flow_log) = (Arc::clone(&self.producer), Arc::clone(&self.flow_log));
        let groups = Arc::clone(&pending.groups);
        let delivered = spawn_blocking(move || {
            let lent: Vec<&Group> = groups.iter().map(ReadGroup::group).collect();
            let outcome = producer.deliver(Rows::lent(&flow_log, &lent).part(rows));
            outcome.map_err(|error| refused(error.problem, &error.to_string(), producer.trouble()))
        });
        let outcome = delivered.await.unwrap_or_else(|_| {
            let message = "the thread that waits for the cluster has died";
            Err(DeliveryError::new(Class::Busy, message))
        });
        if outcome.is_ok() {
            pending.left.pop_front();
        }
        Some(outcome.map(|delivered| Arrived {
            rows: delivered.rows,
            left_out: delivered.rejected,
        }))
    }
}

impl Pending {
    /// Halves the rows that were refused; how many are left out because they cannot be halved.
    pub(crate) fn split(&mut self) -> usize {
        let Some(refused) = self.left.pop_front() else {
            return 0;
        };
        if refused.len() < 2 {
            return refused.len();
        }
        let half = refused.start + refused.len() / 2;
        self.left.push_front(half..refused.end);
        self.left.push_front(refused.start..half);
        0
    }

    /// Leaves out the rows that were refused; how many.
    pub(crate) fn reject(&mut self) -> usize {
        self.left.pop_front().map_or(0, |rows| rows.len())
    }
}

/// Asks whether the cluster is there, lets us in and has the topic.
pub(crate) async fn check(
    producer: Arc<Producer>,
    flow_log: Arc<str>,
) -> Result<(), DeliveryError> {
    let checked = spawn_blocking(move || producer.check(&[&flow_log], ANSWER)).await;
    match checked {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(CheckError { problem, sentence })) => Err(refused(problem, &sentence, None)),
        Err(_) => Err(DeliveryError::new(Class::Busy, "the check has died")),
    }
}

fn refused(problem: Problem, sentence: &str, trouble: Option<String>) -> DeliveryError {
    let class = match problem {
        Problem::Interrupted | Problem::Broken | Problem::TimedOut | Problem::Unreachable => {
            Class::Unreachable
        }
        Problem::QueueFull | Problem::Refused => Class::Busy,
        Problem::Tls | Problem::Authentication | Problem::Authorization | Problem::Fenced => {
            Class::Denied
        }
        Problem::UnknownTopic => Class::Missing,
        Problem::TooLarge => Class::TooLarge,
        Problem::Invalid => Class::Invalid,
    };
    let message = match trouble {
        Some(trouble) => format!("{sentence}: {trouble}"),
        None => sentence.to_owned(),
    };
    DeliveryError::new(class, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_refused_are_halved_until_one_is_left_out() {
        let mut pending = Pending {
            groups: Arc::from([]),
            left: [0..5, 9..12].into(),
        };
        assert_eq!(pending.split(), 0);
        assert_eq!(pending.left, [0..2, 2..5, 9..12]);
        assert_eq!((pending.split(), pending.split()), (0, 1));
        assert_eq!(pending.left, [1..2, 2..5, 9..12]);
        assert_eq!((pending.reject(), pending.reject()), (1, 3));
        assert_eq!((pending.reject(), pending.split()), (3, 0));
    }
}
