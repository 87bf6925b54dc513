//! Answers: what every one of them carries, and errors as JSON.

use bytes::Bytes;
use flowlog_sls::{Compression, Error, ErrorCode};
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::compression::compress;

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";

/// The body and what goes with it, before the headers that every answer has.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    content_type: Option<&'static str>,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

/// What every answer names: the request and the time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    /// Makes ids differ.
    pub(super) number: u64,
    /// Seconds of the epoch.
    pub(super) now: u32,
}

impl Answer {
    /// 200 without a body. It has no `Content-Type`: some clients would parse the empty body.
    pub(super) const fn done() -> Self {
        Self {
            status: StatusCode::OK,
            content_type: None,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// 200 with JSON.
    pub(super) fn json(value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => Self {
                content_type: Some(JSON),
                body: json.into(),
                ..Self::done()
            },
            Err(error) => Self::error(&Error::new(
                ErrorCode::InternalServerError,
                error.to_string(),
            )),
        }
    }

    /// 200 with a message of Protocol Buffers, and its size before compression.
    pub(super) fn protobuf(octets: Vec<u8>) -> Self {
        let size = octets.len().to_string();
        Self {
            content_type: (!octets.is_empty()).then_some(PROTOBUF),
            body: octets.into(),
            ..Self::done()
        }
        .with("x-log-bodyrawsize", size)
    }

    /// An error, with its status.
    pub(super) fn error(error: &Error) -> Self {
        let status = StatusCode::from_u16(error.status);
        Self {
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            content_type: Some(JSON),
            body: serde_json::to_vec(error).unwrap_or_default().into(),
            ..Self::done()
        }
    }

    /// The same with another header.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with the body compressed, if that is wanted, and both headers that say so.
    pub(super) fn compressed(mut self, compression: Option<Compression>) -> Self {
        let Some(compression) = compression.filter(|_| !self.body.is_empty()) else {
            return self;
        };
        let size = self.body.len().to_string();
        match compress(compression, &self.body) {
            Ok(body) => self.body = body.into(),
            Err(error) => return Self::error(&error),
        }
        self.headers
            .retain(|(name, _)| *name != "x-log-bodyrawsize");
        self.with("x-log-bodyrawsize", size)
            .with("x-log-compresstype", compression.as_str())
    }

    /// The same, holding something until the body was sent.
    pub(super) fn holding(mut self, held: impl Send + 'static) -> Self {
        self.body = Bytes::from_owner(Holding {
            body: self.body,
            _held: held,
        });
        self
    }

    /// Octets of the body.
    pub(super) fn size(&self) -> usize {
        self.body.len()
    }

    pub(super) fn is_error(&self) -> bool {
        self.status != StatusCode::OK
    }

    /// Whether it says that nobody knows who asks.
    pub(super) fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// The answer as it goes out.
    pub(super) fn finish(self, stamp: Stamp) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if let Some(content_type) = self.content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let id = format!("{:08X}{:016X}", stamp.now, stamp.number);
        let always = [
            ("x-log-requestid", id),
            ("x-log-time", stamp.now.to_string()),
        ];
        for (name, value) in self.headers.into_iter().chain(always) {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// A body with something that is given back when it was sent.
struct Holding<T> {
    body: Bytes,
    _held: T,
}

impl<T> AsRef<[u8]> for Holding<T> {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}
