//! How a cluster is spoken to, and who speaks: TLS and SASL.

use std::fmt;
use std::path::PathBuf;

/// How the connections are protected. Nothing of both is Kafka's `PLAINTEXT`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Security {
    /// TLS, or plain connections.
    pub tls: Option<Tls>,
    /// The user, or none.
    pub sasl: Option<Sasl>,
}

/// TLS to the brokers, whose certificates must be for the names in [`Settings::brokers`] and in what
/// the brokers say of themselves (`advertised.listeners`).
///
/// [`Settings::brokers`]: crate::Settings::brokers
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Whom to trust, PEM; without it, the authorities of the system.
    pub authorities: Option<PathBuf>,
    /// The certificate with which the client proves itself, PEM, for clusters that want one.
    pub certificate: Option<PathBuf>,
    /// Its key, PEM.
    pub key: Option<PathBuf>,
    /// The password of the key's file.
    pub key_password: Option<Secret>,
}

/// A user and a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sasl {
    /// How the password is shown.
    pub mechanism: Mechanism,
    /// The user.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// How a client shows that it knows the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// It sends it: only with TLS.
    Plain,
    /// Challenge and response with SHA-256.
    ScramSha256,
    /// Challenge and response with SHA-512.
    ScramSha512,
}

/// What must not be shown: neither `Debug` nor any message of this crate has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Security {
    /// Kafka's name for it.
    pub(crate) const fn protocol(&self) -> &'static str {
        match (&self.tls, &self.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        }
    }
}

impl Mechanism {
    /// Kafka's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl Secret {
    /// Keeps a text from being shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
