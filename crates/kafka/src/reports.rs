//! What the library reports from its threads: deliveries, and what is wrong with the cluster.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use rdkafka::types::RDKafkaErrorCode;

use crate::attempt::Attempt;
use crate::error::Problem;

/// What is wrong with the cluster as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) problem: Problem,
    /// The library's words, without durations, so that the same trouble has the same words.
    pub(crate) reason: String,
}

/// The trouble that says most since a row was last confirmed. It outlives the clients.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    worst: Mutex<Option<Trouble>>,
    troubled: AtomicBool,
}

/// Gives each delivery to its attempt, and remembers trouble.
#[derive(Debug)]
pub(crate) struct Reports(pub(crate) Arc<Troubles>);

impl Troubles {
    /// What is wrong since the last row was confirmed.
    pub(crate) fn worst(&self) -> Option<Trouble> {
        let worst = self.worst.lock().unwrap_or_else(PoisonError::into_inner);
        worst.clone()
    }

    fn remember(&self, code: RDKafkaErrorCode, reason: &str) {
        let problem = match Problem::of(code) {
            // Under TLS 1.3 a broker refuses a client's certificate when the handshake is over.
            Problem::Unreachable if reason.contains(":SSL routines:") => Problem::Tls,
            // Whether another producer is behind it is for the transaction to judge.
            Problem::Fenced => return,
            // Says nothing that the errors of single brokers have not said.
            _ if code == RDKafkaErrorCode::AllBrokersDown => return,
            problem => problem,
        };
        let mut worst = self.worst.lock().unwrap_or_else(PoisonError::into_inner);
        if worst.as_ref().is_none_or(|known| known.problem <= problem) {
            *worst = Some(Trouble {
                problem,
                reason: plain(reason).to_owned(),
            });
        }
        self.troubled.store(true, Ordering::Release);
    }

    /// All is well.
    #[inline]
    fn forget(&self) {
        if self.troubled.load(Ordering::Relaxed) && self.troubled.swap(false, Ordering::AcqRel) {
            *self.worst.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // What matters comes as an error too, where its owner decides how often to say it.
        tracing::debug!(?level, facility, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if let Some(code) = error.rdkafka_error_code() {
            self.0.remember(code, reason);
        }
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = Arc<Attempt>;

    fn delivery(&self, result: &DeliveryResult<'_>, attempt: Arc<Attempt>) {
        match result {
            Ok(_) => {
                self.0.forget();
                attempt.confirm();
            }
            Err((error, _)) => {
                let code = error.rdkafka_error_code();
                attempt.fail(code.map_or(Problem::Refused, Problem::of));
            }
        }
    }
}

/// Without the time that it took and the number of repetitions.
fn plain(reason: &str) -> &str {
    let cut = reason.find(" (after ").unwrap_or(reason.len());
    reason.get(..cut).unwrap_or(reason)
}

#[cfg(test)]
mod tests;
