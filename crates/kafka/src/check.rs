//! Whether a cluster can be reached and has the topics, said in a sentence.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::error::KafkaError;
use rdkafka::metadata::Metadata;
use rdkafka::producer::Producer as _;

use crate::attempt::now;
use crate::error::Problem;
use crate::producer::{Client, Producer, connect};
use crate::settings::Settings;

/// How long to wait for metadata before looking whether it is known why there are none; then twice as
/// long each time, since a far cluster may need longer for an answer.
const MOMENT: Duration = Duration::from_millis(250);

/// A cluster that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reachable {
    /// The brokers of the cluster.
    pub brokers: usize,
    /// The partitions of each topic that was asked for, in the order of the flow logs.
    pub topics: Vec<(String, usize)>,
}

/// What is wrong, for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct CheckError {
    /// What it is.
    pub problem: Problem,
    /// What it is, where, and what the cluster or the library says of it.
    pub sentence: String,
}

impl Producer {
    /// Connects anew, with the producer's settings, and asks for the topics of these flow logs. Neither
    /// makes a topic nor sends anything, and leaves transactions alone.
    ///
    /// # Errors
    /// The first thing that is wrong, at the latest when the time is over.
    pub fn check(&self, flow_logs: &[&str], patience: Duration) -> Result<Reachable, CheckError> {
        let settings = self.settings();
        let troubles = Arc::default();
        let client = settings
            .client()
            .and_then(|config| connect(&config, &troubles));
        let client = client.map_err(|error| CheckError {
            problem: Problem::Broken,
            sentence: error.to_string(),
        })?;
        let metadata = metadata(&client, settings, patience)?;
        let topics = flow_logs
            .iter()
            .map(|flow_log| topic(&metadata, settings.topic.of(flow_log)))
            .collect::<Result<_, _>>()?;
        Ok(Reachable {
            brokers: metadata.brokers().len(),
            topics,
        })
    }
}

/// Metadata of all topics: a question for one of them could make it.
fn metadata(
    client: &Client,
    settings: &Settings,
    patience: Duration,
) -> Result<Metadata, CheckError> {
    let until = now() + patience;
    let mut moment = MOMENT;
    loop {
        let left = until.saturating_duration_since(now());
        let error = match client.client().fetch_metadata(None, left.min(moment)) {
            Ok(metadata) => return Ok(metadata),
            Err(error) => error,
        };
        let trouble = client.context().0.worst();
        let certain = trouble.as_ref().is_some_and(|trouble| {
            // A broker that is starting refuses connections; a wrong password stays wrong.
            matches!(trouble.problem, Problem::Tls | Problem::Authentication)
        });
        if certain || left <= moment {
            let (problem, reason) = match trouble {
                Some(trouble) => (trouble.problem, trouble.reason),
                None => unexplained(&error),
            };
            return Err(wrong(settings, problem, &reason));
        }
        moment *= 2;
    }
}

fn topic(metadata: &Metadata, name: String) -> Result<(String, usize), CheckError> {
    let found = metadata.topics().iter().find(|topic| topic.name() == name);
    let partitions = found.map(|topic| topic.partitions().len());
    match partitions {
        Some(partitions) if partitions > 0 => Ok((name, partitions)),
        _ => Err(CheckError {
            problem: Problem::UnknownTopic,
            sentence: format!(
                "the cluster has no topic {name:?}, or does not show it to this user: make it, \
                 unless the cluster makes topics by itself"
            ),
        }),
    }
}

fn unexplained(error: &KafkaError) -> (Problem, String) {
    let problem = error.rdkafka_error_code().map(Problem::of);
    let problem = problem.unwrap_or(Problem::TimedOut);
    (problem, "no answer in time".to_owned())
}

fn wrong(settings: &Settings, problem: Problem, reason: &str) -> CheckError {
    let brokers = &settings.brokers;
    let user = settings.security.sasl.as_ref().map(|sasl| &*sasl.user);
    let sentence = match (problem, user) {
        (Problem::Authentication, Some(user)) => {
            format!("the cluster at {brokers} refuses user {user:?} or the password: {reason}")
        }
        (Problem::Tls, _) => format!("TLS with the cluster at {brokers} fails: {reason}"),
        (Problem::TimedOut, _) => format!("the cluster at {brokers} does not answer: {reason}"),
        (Problem::Unreachable, _) => {
            format!("no broker of the cluster at {brokers} can be reached: {reason}")
        }
        _ => format!("the cluster at {brokers}: {}: {reason}", problem.as_str()),
    };
    CheckError { problem, sentence }
}
