//! What can go wrong on the way to a cluster, and what to do about it.

use rdkafka::types::RDKafkaErrorCode as Code;

/// Why rows were not taken, in the order of what says most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Problem {
    /// The attempt was given up for another one's problem.
    Interrupted,
    /// The client cannot go on; the next attempt has a new one.
    Broken,
    /// The queue had no room in time.
    QueueFull,
    /// No confirmation in time. The rows may have arrived.
    TimedOut,
    /// No broker can be reached.
    Unreachable,
    /// The cluster says no, for the time being.
    Refused,
    /// TLS fails: whom the brokers or the client trust.
    Tls,
    /// The cluster does not know the user, or the password is wrong.
    Authentication,
    /// The user may not write there.
    Authorization,
    /// There is no such topic, and the cluster does not make it.
    UnknownTopic,
    /// The cluster takes no message as long as that.
    TooLarge,
    /// The cluster does not take the message for what it is.
    Invalid,
    /// Another producer has the transactional id now.
    Fenced,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// The same rows again, later.
    Retry,
    /// The same rows again, but only somebody can mend it: raise an alarm, ask seldom.
    Hold,
    /// The same rows again in two halves, [`Rows::split`](crate::Rows::split).
    Split,
    /// This one row will never be taken.
    Reject,
    /// This producer must not go on: another one has its place. Open a new one only when there is no
    /// other.
    Fenced,
}

/// Why not all rows were confirmed. Those that were are there; the same rows again make repetitions,
/// with the same `row-id`, unless the producer is transactional.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}; {confirmed} of {rows} rows confirmed", problem.as_str())]
pub struct DeliveryError {
    /// What says most of all that went wrong.
    pub problem: Problem,
    /// The rows of the attempt.
    pub rows: usize,
    /// Those that the cluster has confirmed. In a transaction: none.
    pub confirmed: usize,
}

/// Why a producer cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// A setting is of no use.
    #[error("{key}: {problem}")]
    Setting {
        /// The name that `librdkafka` has for it.
        key: String,
        /// What is wrong; never the value.
        problem: String,
    },
    /// The library cannot make a client.
    #[error("the Kafka client cannot be made: {0}")]
    Client(String),
}

impl Problem {
    /// A sentence without subject, the same for every row.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interrupted => "the attempt was interrupted",
            Self::Broken => "the client cannot go on and is made anew",
            Self::QueueFull => "the queue to the cluster stayed full",
            Self::TimedOut => "the cluster did not confirm in time",
            Self::Unreachable => "no broker can be reached",
            Self::Refused => "the cluster does not take rows at the moment",
            Self::Tls => "TLS fails",
            Self::Authentication => "the cluster refuses user or password",
            Self::Authorization => "the user may not write there",
            Self::UnknownTopic => "the cluster does not have the topic",
            Self::TooLarge => "the cluster does not take a message as large as that",
            Self::Invalid => "the cluster does not take the message",
            Self::Fenced => "another producer has taken the transactional id",
        }
    }

    /// What an error of the library means.
    pub(crate) const fn of(code: Code) -> Self {
        match code {
            Code::PurgeQueue | Code::PurgeInflight | Code::InvalidDifferentRecord => {
                Self::Interrupted
            }
            Code::Fatal | Code::GaplessGuarantee | Code::State | Code::BrokerDestroy => {
                Self::Broken
            }
            Code::QueueFull => Self::QueueFull,
            Code::MessageTimedOut
            | Code::OperationTimedOut
            | Code::TimedOutQueue
            | Code::RequestTimedOut => Self::TimedOut,
            Code::BrokerTransportFailure | Code::AllBrokersDown | Code::Resolve => {
                Self::Unreachable
            }
            Code::SSL => Self::Tls,
            Code::Authentication
            | Code::SaslAuthenticationFailed
            | Code::UnsupportedSASLMechanism
            | Code::IllegalSASLState => Self::Authentication,
            Code::TopicAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed => Self::Authorization,
            Code::UnknownTopic
            | Code::UnknownTopicOrPartition
            | Code::UnknownPartition
            | Code::InvalidTopic => Self::UnknownTopic,
            Code::MessageSizeTooLarge | Code::InvalidMessageSize | Code::MessageBatchTooLarge => {
                Self::TooLarge
            }
            Code::InvalidRecord | Code::InvalidTimestamp => Self::Invalid,
            Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch => Self::Fenced,
            _ => Self::Refused,
        }
    }
}

impl DeliveryError {
    /// What to do about it.
    pub const fn disposition(&self) -> Disposition {
        match self.problem {
            Problem::Interrupted
            | Problem::Broken
            | Problem::QueueFull
            | Problem::TimedOut
            | Problem::Unreachable
            | Problem::Refused => Disposition::Retry,
            Problem::Tls
            | Problem::Authentication
            | Problem::Authorization
            | Problem::UnknownTopic => Disposition::Hold,
            Problem::TooLarge | Problem::Invalid if self.rows > 1 => Disposition::Split,
            Problem::TooLarge | Problem::Invalid => Disposition::Reject,
            Problem::Fenced => Disposition::Fenced,
        }
    }
}

#[cfg(test)]
mod tests;
