//! What a request is refused with: status, code and message, to the letter.

mod tables;

use std::borrow::Cow;
use std::fmt;

use flowlog_access::rpc::RpcError;
use serde_json::Value;

pub(crate) use tables::*;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The code that programs compare.
    pub code: Cow<'static, str>,
    /// The message that people read, and some programs compare.
    pub message: Cow<'static, str>,
    /// When another attempt makes sense, milliseconds; only where requests come too fast.
    pub retry_after: Option<u32>,
    /// What else is said of a refusal: `AccessDeniedDetail`.
    pub detail: Option<Box<Value>>,
}

impl Problem {
    pub(crate) const fn new(status: u16, code: &'static str, message: &'static str) -> Self {
        Self {
            status,
            code: Cow::Borrowed(code),
            message: Cow::Borrowed(message),
            retry_after: None,
            detail: None,
        }
    }

    /// The gateway's words for a parameter that is absent or empty.
    pub(crate) fn missing(name: &str) -> Self {
        Self {
            status: 400,
            code: format!("Missing{name}").into(),
            message: format!("{name} is mandatory for this action.").into(),
            retry_after: None,
            detail: None,
        }
    }

    pub(crate) const fn retrying(mut self, millis: u32) -> Self {
        self.retry_after = Some(millis);
        self
    }
}

impl From<RpcError> for Problem {
    fn from(error: RpcError) -> Self {
        Self {
            status: error.status(),
            code: error.code().into(),
            message: error.to_string().into(),
            retry_after: None,
            detail: None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Problem {}
