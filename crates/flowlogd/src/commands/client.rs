//! The Logstore's API from the client's side: one signed request, one answer.
//!
//! Only `POST` has a body here, as the operations that are used want it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use flowlog_access::AccessKey;
use flowlog_record::Timestamp;
use flowlog_sls::signature::{RequestParts, content_sha256, sign_v4};
use flowlog_sls::{Headers, Parameters, date, percent};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Failure;
use super::connection::Connection;
use crate::config::Config;
use crate::data_directory;

/// The largest answer that is read.
const ANSWER_LIMIT: u64 = 256 << 20;

/// A client of one project, or of none. It connects to the daemon's address, whatever the project's
/// name resolves to.
pub(super) struct Client {
    connection: Connection,
    address: SocketAddr,
    host: String,
    key: AccessKey,
    region: String,
}

/// One request.
pub(super) struct Call<'a> {
    method: &'a str,
    path: String,
    parameters: Parameters,
    body: Option<String>,
}

/// What came back with status 200.
pub(super) struct Answered {
    octets: Vec<u8>,
    headers: ureq::http::HeaderMap,
}

/// Why nothing came back that can be used.
#[derive(Debug)]
pub(super) enum CallError {
    /// Nobody answers, or not to the end.
    Unreachable(String),
    /// The Logstore says no.
    Refused {
        status: u16,
        code: String,
        message: String,
    },
    /// Whoever answers is no Logstore, or the request cannot be made.
    Foreign(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    error_code: String,
    error_message: String,
}

impl<'a> Call<'a> {
    /// `segments` are encoded as a path wants them.
    pub(super) fn new(method: &'a str, segments: &[&str]) -> Self {
        let mut path = String::new();
        for segment in segments {
            path.push('/');
            percent::encode_into(segment.as_bytes(), &mut path);
        }
        if path.is_empty() {
            path.push('/');
        }
        Self {
            method,
            path,
            parameters: Parameters::default(),
            body: None,
        }
    }

    pub(super) fn with<'p>(
        mut self,
        parameters: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Self {
        self.parameters = parameters.into_iter().collect();
        self
    }

    pub(super) fn body(mut self, body: &serde_json::Value) -> Self {
        self.body = Some(body.to_string());
        self
    }
}

impl Answered {
    /// A header, when it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }
}

impl CallError {
    /// Whether the same request may succeed a moment later: the daemon is restarting, or busy.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { status, code, .. } => *status >= 500 || code.ends_with("QuotaExceed"),
            Self::Foreign(_) => false,
        }
    }

    /// Whether the Logstore refused with this code.
    pub(super) fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { code, .. } if code == wanted)
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let (code, message) = match error {
            CallError::Unreachable(message) | CallError::Foreign(message) => {
                return Self::failed(message);
            }
            CallError::Refused { code, message, .. } => (code, message),
        };
        let hint = match code.as_str() {
            "Unauthorized" | "SignatureNotMatch" | "InvalidAccessKeyId" => {
                "; the daemon has another access key: name its --config and --data"
            }
            _ => "",
        };
        Self::failed(format!("{message} ({code}){hint}"))
    }
}

impl Client {
    /// A client of the daemon of this configuration.
    pub(super) fn of(config: &Config, project: Option<&str>) -> Result<Self, Failure> {
        let endpoint = config.logstore.endpoints.first();
        let endpoint = endpoint.map_or("localhost", String::as_str);
        let host = match project {
            Some(project) => format!("{project}.{endpoint}"),
            None => endpoint.to_owned(),
        };
        let query_timeout = config.logstore.query_timeout.duration();
        let patience = query_timeout.saturating_add(Duration::from_secs(30));
        Ok(Self {
            connection: Connection::of(config, patience)?,
            address: reachable(config.logstore.listen),
            host,
            key: data_directory::credentials(&config.data, config)?,
            region: config.home_region().to_owned(),
        })
    }

    /// Asks once for JSON.
    pub(super) fn json<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, CallError> {
        let answered = self.send(call)?;
        serde_json::from_slice(&answered.octets).map_err(|problem| self.foreign(problem))
    }

    /// Asks once, signed with the present time.
    pub(super) fn send(&self, call: &Call<'_>) -> Result<Answered, CallError> {
        let body = call.body.as_deref().unwrap_or_default();
        let (size, digest) = (body.len().to_string(), content_sha256(body.as_bytes()));
        let at = date::log_date(now());
        let mut headers = vec![
            ("host", self.host.as_str()),
            ("x-log-apiversion", "0.6.0"),
            ("x-log-bodyrawsize", &size),
            ("x-log-content-sha256", &digest),
            ("x-log-date", &at),
        ];
        if call.body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let parts = RequestParts {
            method: call.method,
            path: &call.path,
            parameters: &call.parameters,
            headers: &headers.iter().copied().collect::<Headers<'_>>(),
        };
        let authorization = sign_v4(&parts, &self.key, &self.region).map_err(|problem| {
            CallError::Foreign(format!("the request cannot be signed: {problem}"))
        })?;
        headers.push(("authorization", &authorization));
        let mut response = self
            .exchange(call, &headers)
            .map_err(|problem| self.unreachable(&problem))?;
        let octets = (response.body_mut().with_config())
            .limit(ANSWER_LIMIT)
            .read_to_vec()
            .map_err(|problem| self.unreachable(&problem))?;
        let (head, _) = response.into_parts();
        if head.status != 200 {
            return Err(self.refused(head.status.as_u16(), &octets));
        }
        Ok(Answered {
            octets,
            headers: head.headers,
        })
    }

    fn exchange(
        &self,
        call: &Call<'_>,
        headers: &[(&str, &str)],
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let Connection { agent, scheme } = &self.connection;
        let mut uri = format!("{scheme}://{}{}", self.address, call.path);
        let query = call.parameters.to_query();
        if !query.is_empty() {
            uri = format!("{uri}?{query}");
        }
        let Some(body) = &call.body else {
            let mut request = match call.method {
                "DELETE" => agent.delete(uri),
                _ => agent.get(uri),
            };
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            return request.call();
        };
        let mut request = agent.post(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send(body)
    }

    fn unreachable(&self, problem: &ureq::Error) -> CallError {
        let address = self.address;
        let refused = matches!(problem, ureq::Error::ConnectionFailed)
            || matches!(problem, ureq::Error::Io(problem) if problem.kind() == io::ErrorKind::ConnectionRefused);
        CallError::Unreachable(if refused {
            format!(
                "no Logstore answers at {address} (logstore.listen): the daemon is not running, or \
                 has another configuration; start it with \"flowlogd run\", or name its \
                 configuration with --config"
            )
        } else {
            format!("the Logstore at {address} (logstore.listen) does not answer: {problem}")
        })
    }

    fn foreign(&self, problem: impl std::fmt::Display) -> CallError {
        let address = self.address;
        CallError::Foreign(format!(
            "what answers at {address} (logstore.listen) is no Logstore: {problem}"
        ))
    }

    fn refused(&self, status: u16, octets: &[u8]) -> CallError {
        match serde_json::from_slice::<Refusal>(octets) {
            Ok(refusal) => CallError::Refused {
                status,
                code: refusal.error_code,
                message: refusal.error_message,
            },
            Err(_) => self.foreign(format_args!("status {status}")),
        }
    }
}

/// The time of the machine.
pub(super) fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

/// The address to connect to: who listens on all addresses is reached on this machine.
pub(super) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
