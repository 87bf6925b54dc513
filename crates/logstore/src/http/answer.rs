//! Answers: what every one of them carries, and errors as JSON.

use bytes::Bytes;
use flowlog_sls::Error;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

/// The body and what goes with it, before the headers that every answer has.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    json: Option<Vec<u8>>,
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
    /// 200 with JSON.
    pub(super) fn json(value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => Self {
                status: StatusCode::OK,
                json: Some(json),
            },
            Err(error) => {
                let code = flowlog_sls::ErrorCode::InternalServerError;
                Self::error(&Error::new(code, error.to_string()))
            }
        }
    }

    /// An error, with its status.
    pub(super) fn error(error: &Error) -> Self {
        let status = StatusCode::from_u16(error.status);
        Self {
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            json: serde_json::to_vec(error).ok(),
        }
    }

    pub(super) fn is_error(&self) -> bool {
        self.status != StatusCode::OK
    }

    /// The answer as it goes out. Without a body it has no `Content-Type`: some clients would parse
    /// the empty body.
    pub(super) fn finish(self, stamp: Stamp) -> Response<Full<Bytes>> {
        let has_body = self.json.is_some();
        let mut response = Response::new(Full::new(Bytes::from(self.json.unwrap_or_default())));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if has_body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let id = format!("{:08X}{:016X}", stamp.now, stamp.number);
        for (name, value) in [
            ("x-log-requestid", id),
            ("x-log-time", stamp.now.to_string()),
        ] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}
