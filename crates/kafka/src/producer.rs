//! Rows into a cluster, confirmed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseRecord, Producer as _, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;

use crate::attempt::{Attempt, Outcome, now};
use crate::encoding::GroupEncoder;
use crate::error::{DeliveryError, OpenError, Problem};
use crate::key::FlowKey;
use crate::reports::{Reports, Troubles};
use crate::rows::Rows;
use crate::settings::Settings;
use crate::transaction::Transactions;

/// A client of the library; it has threads of its own.
pub(crate) type Client = ThreadedProducer<Reports>;

/// How long to wait for room in the queue before looking again.
const MOMENT: Duration = Duration::from_millis(5);
/// How long to wait for what the cluster knows of a topic.
const ANSWER: Duration = Duration::from_secs(5);
/// How late the library may be with the report of a row that was given up.
const SLACK: Duration = Duration::from_secs(10);

/// Sends the rows of flow logs to a cluster. Several threads may do so at once; one producer for each
/// cluster and setting is enough. Opening needs no cluster, dropping waits for nobody.
pub struct Producer {
    settings: Settings,
    config: ClientConfig,
    /// Made anew when the library says that it cannot go on.
    client: Mutex<Option<Arc<Client>>>,
    troubles: Arc<Troubles>,
    transactions: Option<Transactions>,
}

/// What an attempt has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The rows that the cluster has confirmed.
    pub rows: usize,
    /// The rows that are larger than [`Settings::message_octets`] and were left out: they can never
    /// be sent.
    pub rejected: usize,
}

impl Producer {
    /// Makes a producer. It connects by itself, now and whenever a connection is lost.
    ///
    /// # Errors
    /// When a setting is of no use, or a file of TLS cannot be read.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        let config = settings.producer()?;
        let troubles = Arc::default();
        let client = Arc::new(connect(&config, &troubles)?);
        Ok(Self {
            transactions: settings.transactional_id.is_some().then(Transactions::new),
            settings,
            config,
            client: Mutex::new(Some(client)),
            troubles,
        })
    }

    /// Sends rows and waits until the cluster has confirmed each of them, at most as long as
    /// [`Settings::patience`] says. When it returns, none of the rows waits or travels any more.
    ///
    /// A full queue makes it wait for room. With [`Settings::transactional_id`] the rows become visible
    /// together, or not at all, and calls wait for each other.
    ///
    /// # Errors
    /// When not every row was confirmed; [`DeliveryError::disposition`] says what to do about it.
    pub fn deliver(&self, rows: Rows<'_>) -> Result<Delivered, DeliveryError> {
        if rows.is_empty() {
            return Ok(Delivered::default());
        }
        if let Some(transactions) = &self.transactions {
            return transactions.deliver(self, rows);
        }
        let client = self
            .client()
            .map_err(|_| failed(Problem::Broken, rows, 0))?;
        let (outcome, rejected) = self.send(&client, rows);
        self.replace_broken(&client, outcome);
        match outcome.problem {
            None => Ok(Delivered {
                rows: outcome.confirmed,
                rejected,
            }),
            // Nobody can have the place of a producer without a transactional id.
            Some(Problem::Fenced) => {
                self.replace(&client);
                Err(failed(Problem::Broken, rows, outcome.confirmed))
            }
            Some(problem) => Err(failed(self.explain(problem), rows, outcome.confirmed)),
        }
    }

    /// What is wrong with the cluster, in the library's words, since it last confirmed a row. The same
    /// trouble has the same words.
    pub fn trouble(&self) -> Option<String> {
        self.troubles.worst().map(|trouble| trouble.reason)
    }

    /// What the producer was told.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The client, made anew if the last one could not go on.
    pub(crate) fn client(&self) -> Result<Arc<Client>, OpenError> {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*client {
            return Ok(Arc::clone(client));
        }
        let made = Arc::new(connect(&self.config, &self.troubles)?);
        *client = Some(Arc::clone(&made));
        Ok(made)
    }

    /// The next attempt shall have another client than this one.
    pub(crate) fn replace(&self, broken: &Arc<Client>) {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let old = client.take_if(|client| Arc::ptr_eq(client, broken));
        drop(client);
        // Rows of others that still wait in it are given up now, which may take a moment.
        drop(old);
    }

    /// A row that was not confirmed in time says less than the trouble of the cluster meanwhile.
    pub(crate) fn explain(&self, problem: Problem) -> Problem {
        let vague = matches!(
            problem,
            Problem::Interrupted | Problem::Broken | Problem::QueueFull | Problem::TimedOut
        );
        match self.troubles.worst() {
            Some(trouble) if vague => trouble.problem.max(problem),
            _ => problem,
        }
    }

    fn replace_broken(&self, client: &Arc<Client>, outcome: Outcome) {
        if !outcome.settled || client.client().fatal_error().is_some() {
            self.replace(client);
        }
    }

    /// Sends all rows and waits for their reports; also how many can never be sent.
    pub(crate) fn send(&self, client: &Client, rows: Rows<'_>) -> (Outcome, usize) {
        let attempt = Arc::new(Attempt::new());
        let until = now() + self.settings.patience;
        let mut sender = Sender {
            client,
            topic: self.settings.topic.of(rows.flow_log()),
            attempt: &attempt,
            until,
            rejected: 0,
            asked: false,
        };
        self.each(rows, |key, payload| sender.send(key, payload));
        let rejected = sender.rejected;
        let mut outcome = attempt.settle(now() + self.settings.patience + SLACK);
        if !outcome.settled {
            outcome.problem = outcome.problem.max(Some(Problem::TimedOut));
        }
        (outcome, rejected)
    }

    /// Lends key and message of each row, until `each` says that it is enough.
    pub(crate) fn each(&self, rows: Rows<'_>, mut each: impl FnMut(&[u8], &[u8]) -> bool) {
        let mut payload = Vec::with_capacity(1024);
        for (group, range) in rows.groups() {
            let encoder = GroupEncoder::new(self.settings.encoding, group);
            let key = FlowKey::of(group);
            for row in range {
                payload.clear();
                encoder.encode(row, &mut payload);
                if !each(&key.row(row), &payload) {
                    return;
                }
            }
        }
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Puts rows into the queue of the client.
struct Sender<'a> {
    client: &'a Client,
    topic: String,
    attempt: &'a Arc<Attempt>,
    until: Instant,
    rejected: usize,
    /// Whether the cluster was asked for the topic.
    asked: bool,
}

impl Sender<'_> {
    /// Whether there is a point in going on.
    fn send(&mut self, key: &[u8], payload: &[u8]) -> bool {
        if self.attempt.is_failing() {
            return false;
        }
        self.attempt.sends();
        let mut record = BaseRecord::with_opaque_to(&self.topic, Arc::clone(self.attempt))
            .key(key)
            .payload(payload);
        loop {
            let error = match self.client.send(record) {
                Ok(()) => return true,
                Err((error, back)) => {
                    record = back;
                    error
                }
            };
            match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::QueueFull) if now() < self.until => {
                    self.attempt.pause(MOMENT);
                }
                Some(RDKafkaErrorCode::UnknownTopic) if !self.asked => {
                    // What the library knows may be minutes old, and somebody may have made it.
                    self.asked = true;
                    let client = self.client.client();
                    drop(client.fetch_metadata(Some(&self.topic), ANSWER));
                }
                Some(RDKafkaErrorCode::MessageSizeTooLarge) => {
                    self.rejected += 1;
                    self.attempt.leave_out();
                    return true;
                }
                code => {
                    let problem = code.map_or(Problem::Refused, Problem::of);
                    self.attempt.fail(problem);
                    return false;
                }
            }
        }
    }
}

/// Makes a client; no network is needed.
pub(crate) fn connect(
    config: &ClientConfig,
    troubles: &Arc<Troubles>,
) -> Result<Client, OpenError> {
    let reports = Reports(Arc::clone(troubles));
    Client::from_config_and_context(config, reports).map_err(|error| match error {
        // The value may be a secret.
        KafkaError::ClientConfig(_, problem, key, _) => OpenError::Setting { key, problem },
        KafkaError::ClientCreation(problem) => OpenError::Client(problem),
        error => OpenError::Client(error.to_string()),
    })
}

pub(crate) const fn failed(problem: Problem, rows: Rows<'_>, confirmed: usize) -> DeliveryError {
    DeliveryError {
        problem,
        rows: rows.len(),
        confirmed,
    }
}
