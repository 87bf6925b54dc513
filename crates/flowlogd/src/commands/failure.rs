//! How a command ends that does not end well.

use std::io;

use crate::capture::CaptureError;
use crate::config::ConfigError;
use crate::data_directory::DataDirectoryError;

/// Why a command ends before its work is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Wrong usage or configuration: status 2.
    Usage(String),
    /// The work failed: status 1.
    Failed(String),
    /// Whoever read the results has gone: nothing to say, status 0.
    ReaderGone,
}

impl Failure {
    /// Status 2 with a message.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// Status 1 with a message.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// What to say.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Usage(message) | Self::Failed(message) => Some(message),
            Self::ReaderGone => None,
        }
    }

    /// The exit status.
    pub fn status(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failed(_) => 1,
            Self::ReaderGone => 0,
        }
    }
}

impl From<Box<ConfigError>> for Failure {
    fn from(error: Box<ConfigError>) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<CaptureError> for Failure {
    fn from(error: CaptureError) -> Self {
        Self::failed(error.to_string())
    }
}

impl From<DataDirectoryError> for Failure {
    fn from(error: DataDirectoryError) -> Self {
        Self::failed(error.to_string())
    }
}

/// Of writing results; other errors of I/O say what they are about before they come here.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::Failed(format!("the results cannot be written: {error}")),
        }
    }
}
