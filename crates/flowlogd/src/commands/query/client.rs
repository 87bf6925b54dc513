//! The Logstore's API from the client's side: one signed request, one answer.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use flowlog_access::AccessKey;
use flowlog_record::Timestamp;
use flowlog_sls::signature::{RequestParts, content_sha256, sign_v4};
use flowlog_sls::{Headers, Parameters, date, percent};
use serde::Deserialize;
use serde_json::json;
use ureq::Agent;

use super::Failure;
use super::answer::Answer;

/// The largest answer that is read.
const ANSWER_LIMIT: u64 = 256 << 20;

/// What is asked; times in seconds of the UTC epoch, `from` inclusive, `to` exclusive.
pub(super) struct Question<'a> {
    pub(super) logstore: &'a str,
    pub(super) query: &'a str,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) line: u64,
    pub(super) offset: u64,
    pub(super) reverse: bool,
}

/// A client of one project. It connects to the daemon's address, whatever the project's name
/// resolves to.
pub(super) struct Client {
    agent: Agent,
    address: SocketAddr,
    host: String,
    key: AccessKey,
    region: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    error_code: String,
    error_message: String,
}

impl Client {
    pub(super) fn new(
        listen: SocketAddr,
        host: String,
        key: AccessKey,
        region: &str,
        query_timeout: Duration,
    ) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_global(Some(query_timeout.saturating_add(Duration::from_secs(30))))
            .user_agent(concat!("flowlogd/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Self {
            agent,
            address: reachable(listen),
            host,
            key,
            region: region.to_owned(),
        }
    }

    /// Asks once; `now` is the time in the signature.
    pub(super) fn ask(&self, question: &Question<'_>, now: Timestamp) -> Result<Answer, Failure> {
        let body = json!({
            "from": question.from,
            "to": question.to,
            "query": question.query,
            "line": question.line,
            "offset": question.offset,
            "reverse": question.reverse,
        })
        .to_string();
        let logstore = percent::encode(question.logstore.as_bytes());
        let path = format!("/logstores/{logstore}/logs");
        let (size, digest) = (body.len().to_string(), content_sha256(body.as_bytes()));
        let at = date::log_date(now);
        let headers = [
            ("host", self.host.as_str()),
            ("content-type", "application/json"),
            ("x-log-apiversion", "0.6.0"),
            ("x-log-bodyrawsize", &size),
            ("x-log-content-sha256", &digest),
            ("x-log-date", &at),
        ];
        let parts = RequestParts {
            method: "POST",
            path: &path,
            parameters: &Parameters::default(),
            headers: &headers.iter().copied().collect::<Headers<'_>>(),
        };
        let authorization = sign_v4(&parts, &self.key, &self.region).map_err(|problem| {
            Failure::failed(format!("the request cannot be signed: {problem}"))
        })?;
        let mut request = self.agent.post(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.header("authorization", authorization);
        let mut response = request
            .send(&body)
            .map_err(|problem| self.unreachable(&problem))?;
        let status = response.status();
        let octets = (response
            .body_mut()
            .with_config()
            .limit(ANSWER_LIMIT)
            .read_to_vec())
        .map_err(|problem| self.unreachable(&problem))?;
        if status != 200 {
            return Err(self.refused(status.as_u16(), &octets));
        }
        serde_json::from_slice(&octets).map_err(|problem| {
            let address = self.address;
            Failure::failed(format!(
                "what answers at {address} (logstore.listen) is no Logstore: {problem}"
            ))
        })
    }

    fn unreachable(&self, problem: &ureq::Error) -> Failure {
        let address = self.address;
        let refused = matches!(problem, ureq::Error::ConnectionFailed)
            || matches!(problem, ureq::Error::Io(problem) if problem.kind() == io::ErrorKind::ConnectionRefused);
        if refused {
            return Failure::failed(format!(
                "no Logstore answers at {address} (logstore.listen): the daemon is not running, or \
                 has another configuration; start it with \"flowlogd run\", or name its \
                 configuration with --config"
            ));
        }
        Failure::failed(format!(
            "the Logstore at {address} (logstore.listen) does not answer: {problem}"
        ))
    }

    fn refused(&self, status: u16, octets: &[u8]) -> Failure {
        let Ok(refusal) = serde_json::from_slice::<Refusal>(octets) else {
            let address = self.address;
            return Failure::failed(format!(
                "what answers at {address} (logstore.listen) is no Logstore: status {status}"
            ));
        };
        let Refusal {
            error_code: code,
            error_message: message,
        } = refusal;
        let hint = match code.as_str() {
            "Unauthorized" | "SignatureNotMatch" | "InvalidAccessKeyId" => {
                "; the daemon has another access key: name its --config and --data"
            }
            "ProjectNotExist" => "; name another one with --project",
            "LogStoreNotExist" => "; name another one with --logstore",
            _ => "",
        };
        Failure::failed(format!("{message} ({code}){hint}"))
    }
}

/// The address to connect to: who listens on all addresses is reached on this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
