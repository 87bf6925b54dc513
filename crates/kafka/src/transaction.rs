//! The rows of an attempt as one transaction.
//!
//! ```text
//!            init             begin, send, commit
//!   New ───────────► Ready ────────────────────────► Ready
//!    ▲                 │ a row fails      │ no answer to the commit
//!    │                 ▼                  ▼
//!    │              Aborting           Committing ── resumed by the next attempt
//!    └── the client cannot go on; or the cluster has ended a transaction that was open for too long
//! ```
//!
//! A commit without an answer may have happened. It is asked again before anything else; when it turns out
//! to have happened, the attempt with the same rows is over without sending them again.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::error::KafkaError;
use rdkafka::producer::Producer as _;

use crate::attempt::now;
use crate::error::{DeliveryError, Problem};
use crate::producer::{Client, Delivered, Producer, failed};
use crate::rows::Rows;

/// The transactions whose commit turned out late to have happened, while nobody asked for them.
const LATE: usize = 64;
/// How long one question to the coordinator may take before the deadline is looked at again.
const QUESTION: Duration = Duration::from_secs(2);

/// The transactions of a producer, one at a time.
#[derive(Debug)]
pub(crate) struct Transactions(Mutex<State>);

#[derive(Debug)]
struct State {
    stage: Stage,
    /// The rows of late commits: what they were, how many, how many left out.
    late: VecDeque<Sent>,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    New,
    Ready,
    Committing(Sent, Instant),
    Aborting(Instant),
    Fenced,
}

/// The rows of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sent {
    fingerprint: u64,
    delivered: Delivered,
}

/// What has become of a question to the coordinator.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Done,
    /// There is no answer yet.
    None(Problem),
    /// The transaction can only be aborted.
    Abort(Problem),
    /// The client cannot go on.
    Fatal(Problem),
}

/// What an attempt has at hand.
struct Attempting<'a> {
    producer: &'a Producer,
    client: Arc<Client>,
    until: Instant,
}

impl Transactions {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(State {
            stage: Stage::New,
            late: VecDeque::new(),
        }))
    }

    pub(crate) fn deliver(
        &self,
        producer: &Producer,
        rows: Rows<'_>,
    ) -> Result<Delivered, DeliveryError> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let client = producer
            .client()
            .map_err(|_| failed(Problem::Broken, rows, 0))?;
        let attempt = Attempting {
            producer,
            until: now() + producer.settings().patience,
            client,
        };
        let result = state.run(&attempt, rows);
        if let Err(problem) = result
            && attempt.client.client().fatal_error().is_some()
        {
            // A commit without an answer is lost sight of: its rows are sent again.
            producer.replace(&attempt.client);
            if problem != Problem::Fenced {
                state.stage = Stage::New;
            }
        }
        result.map_err(|problem| failed(producer.explain(problem), rows, 0))
    }
}

impl State {
    fn run(&mut self, attempt: &Attempting<'_>, rows: Rows<'_>) -> Result<Delivered, Problem> {
        self.clear_up(attempt)?;
        if !self.late.is_empty() {
            let fingerprint = fingerprint(attempt.producer, rows);
            let known = |sent: &Sent| sent.fingerprint == fingerprint;
            if let Some(at) = self.late.iter().position(known)
                && let Some(sent) = self.late.remove(at)
            {
                return Ok(sent.delivered);
            }
        }
        self.transact(attempt, rows)
    }

    /// Brings what was left undone to an end.
    fn clear_up(&mut self, attempt: &Attempting<'_>) -> Result<(), Problem> {
        match self.stage {
            Stage::Ready => Ok(()),
            Stage::Fenced => Err(Problem::Fenced),
            Stage::New => {
                let answer = attempt.ask(|client| client.init_transactions(QUESTION));
                self.fenced(answer, attempt, None)?;
                self.stage = Stage::Ready;
                Ok(())
            }
            Stage::Committing(sent, begun) => {
                let answer = attempt.ask(|client| client.commit_transaction(QUESTION));
                if let Answer::Abort(_) = answer {
                    self.stage = Stage::Aborting(begun);
                    return self.abort(attempt, begun);
                }
                self.fenced(answer, attempt, Some(begun))?;
                self.stage = Stage::Ready;
                self.late.truncate(LATE - 1);
                self.late.push_front(sent);
                Ok(())
            }
            Stage::Aborting(begun) => self.abort(attempt, begun),
        }
    }

    fn transact(&mut self, attempt: &Attempting<'_>, rows: Rows<'_>) -> Result<Delivered, Problem> {
        let begun = now();
        let answer = attempt.ask(Client::begin_transaction);
        self.fenced(answer, attempt, None)?;
        let (outcome, rejected) = attempt.producer.send(&attempt.client, rows);
        if let Some(problem) = outcome.problem {
            self.stage = Stage::Aborting(begun);
            // Nothing was lost but time; the next attempt aborts again if this is without an answer.
            let aborted = self.abort(attempt, begun);
            let fenced = aborted.is_err_and(|problem| problem == Problem::Fenced);
            return Err(if fenced { Problem::Fenced } else { problem });
        }
        let delivered = Delivered {
            rows: outcome.confirmed,
            rejected,
        };
        let committing = Attempting {
            until: now() + attempt.producer.settings().patience,
            client: Arc::clone(&attempt.client),
            ..*attempt
        };
        match committing.ask(|client| client.commit_transaction(QUESTION)) {
            Answer::Abort(problem) => {
                self.stage = Stage::Aborting(begun);
                self.abort(&committing, begun)?;
                Err(problem)
            }
            Answer::None(problem) => {
                let fingerprint = fingerprint(attempt.producer, rows);
                let sent = Sent {
                    fingerprint,
                    delivered,
                };
                self.stage = Stage::Committing(sent, begun);
                Err(problem)
            }
            answer => {
                self.fenced(answer, attempt, Some(begun))?;
                Ok(delivered)
            }
        }
    }

    fn abort(&mut self, attempt: &Attempting<'_>, begun: Instant) -> Result<(), Problem> {
        let answer = attempt.ask(|client| client.abort_transaction(QUESTION));
        self.fenced(answer, attempt, Some(begun))?;
        self.stage = Stage::Ready;
        Ok(())
    }

    /// Turns an answer into a result. A cluster that ends a transaction for having been open too long says
    /// the same as one that has another producer in our place; the first is told by the time.
    fn fenced(
        &mut self,
        answer: Answer,
        attempt: &Attempting<'_>,
        begun: Option<Instant>,
    ) -> Result<(), Problem> {
        let timeout = attempt.producer.settings().transaction_timeout();
        match answer {
            Answer::Done => Ok(()),
            Answer::None(problem) => Err(problem),
            Answer::Fatal(Problem::Fenced)
                if begun.is_some_and(|begun| begun + timeout <= now()) =>
            {
                attempt.producer.replace(&attempt.client);
                self.stage = Stage::New;
                Err(Problem::Broken)
            }
            Answer::Fatal(Problem::Fenced) => {
                self.stage = Stage::Fenced;
                Err(Problem::Fenced)
            }
            Answer::Abort(problem) | Answer::Fatal(problem) => {
                // Whatever it is, a new client begins at the beginning.
                attempt.producer.replace(&attempt.client);
                self.stage = Stage::New;
                Err(problem)
            }
        }
    }
}

impl Attempting<'_> {
    /// Asks until there is an answer or the time is over.
    fn ask(&self, question: impl Fn(&Client) -> Result<(), KafkaError>) -> Answer {
        loop {
            let error = match question(&self.client) {
                Ok(()) => return Answer::Done,
                Err(error) => error,
            };
            let problem = error
                .rdkafka_error_code()
                .map_or(Problem::Refused, Problem::of);
            let KafkaError::Transaction(error) = error else {
                // The flush before a commit.
                return Answer::None(problem);
            };
            if error.is_fatal() || problem == Problem::Fenced {
                return Answer::Fatal(problem);
            }
            if error.txn_requires_abort() {
                return Answer::Abort(problem);
            }
            if !error.is_retriable() {
                return Answer::Fatal(problem);
            }
            if now() >= self.until {
                return Answer::None(problem);
            }
        }
    }
}

/// What the rows are, by their messages.
fn fingerprint(producer: &Producer, rows: Rows<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(rows.flow_log().as_bytes());
    producer.each(rows, |_, payload| {
        hasher.write(payload);
        true
    });
    hasher.finish()
}
