//! What a producer is told, and how `librdkafka` is told it.

use std::path::Path;
use std::time::Duration;

use rdkafka::ClientConfig;

use crate::encoding::Encoding;
use crate::error::OpenError;
use crate::security::Security;
use crate::topic::Topic;

/// The longest time for which rows may wait. A transaction takes up to three times as long, and a cluster
/// that was not told otherwise allows one of 15 minutes.
const LONGEST_PATIENCE: Duration = Duration::from_mins(4);

/// How batches are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// Fast: about a fourth of the octets of JSON.
    #[default]
    Lz4,
    /// Smaller, for more CPU.
    Zstd,
}

/// A cluster, a topic, and how rows go there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where the cluster is: `HOST:PORT`, several with commas between. One that answers is enough.
    pub brokers: String,
    /// Where the rows go.
    pub topic: Topic,
    /// How a row is written. JSON; protobuf takes a third of the octets.
    pub encoding: Encoding,
    /// How batches of rows are compressed. LZ4.
    pub compression: Compression,
    /// TLS and user. Neither.
    pub security: Security,
    /// Makes the rows of each attempt one transaction. The id belongs to this instance and target, and
    /// is the same at the next start: whoever opens a producer with it ends the one before. None.
    ///
    /// Attempts wait for each other then; make them large.
    pub transactional_id: Option<String>,
    /// How long a row may wait for its confirmation before the attempt fails. 30 s; from 1 s to
    /// 4 minutes. An attempt takes at most twice as long, a transaction three times, and some seconds.
    /// A cluster ends a transaction that its producer has left open after three times as long and 10 s.
    pub patience: Duration,
    /// How long rows wait for others with which they travel. 5 ms. More makes fewer, larger requests.
    pub linger: Duration,
    /// The rows that wait at most, of all attempts together. 100 000.
    pub queue_rows: u32,
    /// The octets that wait at most, of all attempts together. 64 MiB.
    pub queue_octets: u32,
    /// The most octets of a message, and of a batch of them; not more than the cluster's
    /// `message.max.bytes`. 1 000 000.
    pub message_octets: u32,
    /// How the client calls itself in the cluster's logs and quotas. `flowlogd`.
    pub client_id: String,
}

impl Settings {
    /// The defaults, for a cluster and a topic.
    pub fn new(brokers: impl Into<String>, topic: Topic) -> Self {
        Self {
            brokers: brokers.into(),
            topic,
            encoding: Encoding::default(),
            compression: Compression::default(),
            security: Security::default(),
            transactional_id: None,
            patience: Duration::from_secs(30),
            linger: Duration::from_millis(5),
            queue_rows: 100_000,
            queue_octets: 64 << 20,
            message_octets: 1_000_000,
            client_id: "flowlogd".to_owned(),
        }
    }

    /// How long a transaction may stay open before the cluster ends it: longer than an attempt takes.
    pub(crate) fn transaction_timeout(&self) -> Duration {
        3 * self.patience + Duration::from_secs(10)
    }

    /// The configuration of a producer.
    pub(crate) fn producer(&self) -> Result<ClientConfig, OpenError> {
        if self.patience < Duration::from_secs(1) || self.patience > LONGEST_PATIENCE {
            return Err(setting("message.timeout.ms", "from 1 second to 4 minutes"));
        }
        if self.transactional_id.as_deref() == Some("") {
            return Err(setting("transactional.id", "must not be empty"));
        }
        let mut config = self.client()?;
        let mut set = |key: &str, value: &str| {
            config.set(key, value);
        };
        set("enable.idempotence", "true");
        set("acks", "all");
        // The partition that a producer in Java would choose for the key.
        set("partitioner", "murmur2_random");
        set("compression.type", self.compression.as_str());
        set("linger.ms", &self.linger.as_millis().to_string());
        set("message.timeout.ms", &self.patience.as_millis().to_string());
        // 0 would be no limit.
        set(
            "queue.buffering.max.messages",
            &self.queue_rows.max(1).to_string(),
        );
        let kibibytes = (self.queue_octets / 1024).max(1);
        set("queue.buffering.max.kbytes", &kibibytes.to_string());
        set("batch.size", &self.message_octets.to_string());
        // How long rows wait for a topic that the cluster does not know yet, while it makes it perhaps.
        let topic = (self.patience / 2).as_millis();
        set("topic.metadata.propagation.max.ms", &topic.to_string());
        if let Some(id) = &self.transactional_id {
            set("transactional.id", id);
            let timeout = self.transaction_timeout().as_millis();
            set("transaction.timeout.ms", &timeout.to_string());
        } else {
            // A row that is given up takes those behind it along: else a later one of the same
            // partition could arrive, and readers who know one number would drop the repetition.
            set("enable.gapless.guarantee", "true");
        }
        Ok(config)
    }

    /// What every client of the cluster needs.
    pub(crate) fn client(&self) -> Result<ClientConfig, OpenError> {
        if self.brokers.trim().is_empty() {
            return Err(setting("bootstrap.servers", "no broker is named"));
        }
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", &self.client_id)
            .set("message.max.bytes", self.message_octets.to_string())
            .set("security.protocol", self.security.protocol())
            .set("socket.keepalive.enable", "true")
            // A cluster that is back is found within half a second, not ten.
            .set("reconnect.backoff.ms", "100")
            .set("reconnect.backoff.max.ms", "500");
        self.tls(&mut config)?;
        if let Some(sasl) = &self.security.sasl {
            config
                .set("sasl.mechanism", sasl.mechanism.as_str())
                .set("sasl.username", &sasl.user)
                .set("sasl.password", sasl.password.reveal());
        }
        Ok(config)
    }

    fn tls(&self, config: &mut ClientConfig) -> Result<(), OpenError> {
        let Some(tls) = &self.security.tls else {
            return Ok(());
        };
        match &tls.authorities {
            Some(path) => config.set("ssl.ca.location", text("ssl.ca.location", path)?),
            // The vendored OpenSSL does not know where the system keeps its authorities.
            None => config.set("ssl.ca.location", "probe"),
        };
        let (certificate, key) = ("ssl.certificate.location", "ssl.key.location");
        match (&tls.certificate, &tls.key) {
            (Some(certificate_file), Some(key_file)) => {
                config.set(certificate, text(certificate, certificate_file)?);
                config.set(key, text(key, key_file)?);
            }
            (None, None) => {}
            (Some(_), None) => return Err(setting(key, "a certificate needs its key")),
            (None, Some(_)) => return Err(setting(certificate, "a key needs its certificate")),
        }
        if let Some(password) = &tls.key_password {
            config.set("ssl.key.password", password.reveal());
        }
        Ok(())
    }
}

impl Compression {
    const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

fn setting(key: &str, problem: &str) -> OpenError {
    OpenError::Setting {
        key: key.to_owned(),
        problem: problem.to_owned(),
    }
}

fn text<'a>(key: &str, path: &'a Path) -> Result<&'a str, OpenError> {
    path.to_str()
        .ok_or_else(|| setting(key, "the path is not UTF-8"))
}

#[cfg(test)]
mod tests;
