//! The control API from the client's side: one signed request, one answer.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use flowlog_access::AccessKey;
use flowlog_access::rpc::{Parameters, RpcRequest, content_sha256, sign_v3};
use flowlog_access::{date, percent};
use flowlog_control::Operation;
use serde_json::{Map, Value};

use crate::commands::Failure;
use crate::commands::client::{now, reachable};
use crate::commands::connection::Connection;
use crate::config::Config;
use crate::data_directory;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest answer that is read.
const ANSWER_LIMIT: u64 = 16 << 20;

/// A client of the daemon of a configuration.
pub(super) struct Client {
    connection: Connection,
    address: SocketAddr,
    key: AccessKey,
}

impl Client {
    pub(super) fn of(config: &Config) -> Result<Self, Failure> {
        Ok(Self {
            connection: Connection::of(config, PATIENCE)?,
            address: reachable(config.control.listen),
            key: data_directory::credentials(&config.data, config)?,
        })
    }

    /// Calls an operation; its answer.
    pub(super) fn call(
        &self,
        operation: &Operation,
        parameters: &[(String, String)],
    ) -> Result<Map<String, Value>, Failure> {
        let pairs = parameters.iter();
        let query = pairs
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let (status, body) = self.send(operation, &query).map_err(|problem| {
            Failure::failed(format!(
                "no control API answers at {} (control.listen): {problem}; start the daemon with \
                 \"flowlogd run\", or name its configuration with --config",
                self.address
            ))
        })?;
        let answer: Map<String, Value> = serde_json::from_slice(&body).map_err(|problem| {
            let address = self.address;
            Failure::failed(format!(
                "what answers at {address} is no control API: {problem}"
            ))
        })?;
        if status == 200 {
            return Ok(answer);
        }
        let says = |name| answer.get(name).and_then(Value::as_str).unwrap_or_default();
        Err(Failure::failed(format!(
            "{} ({})",
            says("Message"),
            says("Code")
        )))
    }

    fn send(
        &self,
        operation: &Operation,
        query: &Parameters,
    ) -> Result<(u16, Vec<u8>), Box<ureq::Error>> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce)
            .map_err(|problem| ureq::Error::Io(io::Error::other(problem.to_string())))?;
        let host = self.address.to_string();
        let (at, digest) = (date::timestamp(now()), content_sha256(b""));
        let nonce = percent::hex_lower(&nonce);
        let mut headers = vec![
            ("host", host.as_str()),
            ("x-acs-action", operation.name()),
            ("x-acs-content-sha256", &digest),
            ("x-acs-date", &at),
            ("x-acs-signature-nonce", &nonce),
            ("x-acs-version", operation.version()),
        ];
        let request = RpcRequest {
            method: "POST",
            query,
            form: &Parameters::default(),
            headers: &headers,
            body: b"",
        };
        let authorization = sign_v3(&request, &self.key);
        headers.push(("authorization", &authorization));
        let pair = |(name, value): (&str, &str)| {
            let encode = |text: &str| percent::encode(text.as_bytes());
            format!("{}={}", encode(name), encode(value))
        };
        let query: Vec<String> = query.iter().map(pair).collect();
        let Connection { agent, scheme } = &self.connection;
        let mut request = agent.post(format!("{scheme}://{host}/?{}", query.join("&")));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut response = request.send_empty()?;
        let body = (response.body_mut().with_config())
            .limit(ANSWER_LIMIT)
            .read_to_vec()?;
        Ok((response.status().as_u16(), body))
    }
}
