//! Requests to the service, signed and answered.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use flowlog_record::Timestamp;
use flowlog_sls::signature::{RequestParts, content_md5, content_sha256, sign_v1, sign_v4};
use flowlog_sls::{Headers, Parameters, date, percent};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::Request;
use hyper::header::HeaderMap;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::answer::refusal;
use super::endpoint::Addressed;
use super::{Signature, SlsRegion};
use crate::error::{Class, DeliveryError};

/// How long a connection may take to be there.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a request may take, from its first octet to the last of its answer.
const ANSWER: Duration = Duration::from_secs(30);
/// How long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_mins(1);
/// The longest answer that is read.
const MOST_ANSWER: usize = 64 << 10;

/// Why a region cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum SlsError {
    /// The file of the certificates.
    #[error("{path} holds no certificate that can be read: {problem}")]
    Certificates {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The system's certificates.
    #[error("the system has no certificates that vouch for others: {0}; name a file of them (ca)")]
    NoRoots(String),
    /// What rustls says.
    #[error("TLS cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}

/// A client of one region; its connections are shared.
#[derive(Debug)]
pub struct SlsClient {
    region: SlsRegion,
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// The service's clock less ours, milliseconds.
    skew: AtomicI64,
    now: fn() -> Timestamp,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) project: String,
    pub(super) path: String,
    pub(super) parameters: Parameters,
    /// A LogGroup, compressed, and how long it was before.
    pub(super) logs: Option<(Bytes, usize)>,
}

impl SlsClient {
    /// A client that has no connection yet.
    ///
    /// # Errors
    /// [`SlsError`] when the certificates cannot be used.
    pub fn new(region: SlsRegion, now: fn() -> Timestamp) -> Result<Self, SlsError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls(&region)?);
        let connector = builder.https_or_http().enable_http1().wrap_connector(tcp);
        let http = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(8)
            .build(connector);
        Ok(Self {
            region,
            http,
            skew: AtomicI64::new(0),
            now,
        })
    }

    /// The region.
    pub fn region(&self) -> &SlsRegion {
        &self.region
    }

    /// Asks whether a Logstore is there and whether we are let in.
    ///
    /// # Errors
    /// What the service, or the system, says.
    pub async fn check(&self, project: &str, logstore: &str) -> Result<(), DeliveryError> {
        let call = Call {
            method: "GET",
            project: project.to_owned(),
            path: format!("/logstores/{}", encoded(logstore)),
            parameters: Parameters::default(),
            logs: None,
        };
        match self.send(&call).await {
            Err(DeliveryError {
                class: Class::Clock(server),
                ..
            }) => {
                self.set_clock(server);
                self.send(&call).await
            }
            outcome => outcome,
        }
    }

    /// From now on requests have the service's time.
    pub(super) fn set_clock(&self, server: Timestamp) {
        let skew = server.millis().saturating_sub((self.now)().millis());
        self.skew.store(skew, Ordering::Relaxed);
    }

    /// Sends a request once.
    pub(super) async fn send(&self, call: &Call) -> Result<(), DeliveryError> {
        let request = self.request(call)?;
        let unreachable =
            |problem: &dyn std::error::Error| DeliveryError::new(Class::Unreachable, said(problem));
        let exchange = async {
            let answer = self
                .http
                .request(request)
                .await
                .map_err(|e| unreachable(&e))?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, MOST_ANSWER).collect().await;
            let body = body.map_err(|problem| unreachable(&*problem))?.to_bytes();
            if head.status == 200 {
                return Ok(());
            }
            let server_time = server_time(&head.headers);
            Err(refusal(head.status.as_u16(), &body, server_time))
        };
        let answered = tokio::time::timeout(ANSWER, exchange).await;
        answered.unwrap_or_else(|_| {
            let message = format!("no answer within {} s", ANSWER.as_secs());
            Err(DeliveryError::new(Class::Unreachable, message))
        })
    }

    fn request(&self, call: &Call) -> Result<Request<Full<Bytes>>, DeliveryError> {
        let Addressed {
            origin,
            host,
            project,
        } = self.region.endpoint.of_project(&call.project);
        let (body, raw) = call.logs.clone().unwrap_or_default();
        let mut headers = vec![
            ("host", host),
            ("x-log-apiversion", "0.6.0".to_owned()),
            ("x-log-bodyrawsize", raw.to_string()),
        ];
        headers.extend(project.map(|project| ("x-log-project", project)));
        if call.logs.is_some() {
            headers.push(("content-type", "application/x-protobuf".to_owned()));
            headers.push(("x-log-compresstype", "lz4".to_owned()));
        }
        if let Some(token) = &self.region.token {
            headers.push(("x-acs-security-token", token.expose().to_owned()));
        }
        self.sign(call, &body, &mut headers)?;
        let mut uri = format!("{origin}{}", call.path);
        let query = call.parameters.to_query();
        if !query.is_empty() {
            uri = format!("{uri}?{query}");
        }
        let mut request = Request::builder().method(call.method).uri(uri);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body));
        request.map_err(|problem| DeliveryError::new(Class::Refused, problem.to_string()))
    }

    fn sign(
        &self,
        call: &Call,
        body: &Bytes,
        headers: &mut Vec<(&'static str, String)>,
    ) -> Result<(), DeliveryError> {
        let at = Timestamp((self.now)().millis() + self.skew.load(Ordering::Relaxed));
        match self.region.signature {
            Signature::V1 => {
                headers.push(("x-log-signaturemethod", "hmac-sha1".to_owned()));
                headers.push(("date", date::http_date(at)));
                if !body.is_empty() {
                    headers.push(("content-md5", content_md5(body)));
                }
            }
            Signature::V4 => {
                headers.push(("x-log-content-sha256", content_sha256(body)));
                headers.push(("x-log-date", date::log_date(at)));
            }
        }
        let signed: Headers<'_> = headers
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let parts = RequestParts {
            method: call.method,
            path: &call.path,
            parameters: &call.parameters,
            headers: &signed,
        };
        let authorization = match self.region.signature {
            Signature::V1 => sign_v1(&parts, &self.region.key),
            Signature::V4 => sign_v4(&parts, &self.region.key, &self.region.name)
                .map_err(|problem| DeliveryError::new(Class::Refused, problem.to_string()))?,
        };
        headers.push(("authorization", authorization));
        Ok(())
    }
}

/// A name as a path has it.
pub(super) fn encoded(name: &str) -> String {
    let mut out = String::new();
    percent::encode_into(name.as_bytes(), &mut out);
    out
}

fn tls(region: &SlsRegion) -> Result<ClientConfig, SlsError> {
    let mut roots = RootCertStore::empty();
    match &region.ca {
        // Nothing will ask for them.
        None if !region.endpoint.is_secure() => {}
        Some(path) => certificates(path, &mut roots)?,
        None => {
            let found = rustls_native_certs::load_native_certs();
            let (added, _) = roots.add_parsable_certificates(found.certs);
            if added == 0 {
                let problem = found.errors.first().map(ToString::to_string);
                return Err(SlsError::NoRoots(problem.unwrap_or_default()));
            }
        }
    }
    let provider = rustls::crypto::ring::default_provider().into();
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn certificates(path: &Path, roots: &mut RootCertStore) -> Result<(), SlsError> {
    let unusable = |problem: String| SlsError::Certificates {
        path: path.display().to_string(),
        problem,
    };
    let all = CertificateDer::pem_file_iter(path).map_err(|e| unusable(e.to_string()))?;
    for certificate in all {
        let certificate = certificate.map_err(|e| unusable(e.to_string()))?;
        roots
            .add(certificate)
            .map_err(|e| unusable(e.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable("there is none in it".to_owned()));
    }
    Ok(())
}

fn server_time(headers: &HeaderMap) -> Option<Timestamp> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let seconds = text("x-log-time").and_then(|text| text.parse().ok());
    let seconds = seconds.map(|seconds: i64| Timestamp(seconds.saturating_mul(1000)));
    seconds.or_else(|| date::parse_http_date(text("date")?))
}

/// An error and those behind it, the innermost last.
fn said(problem: &dyn std::error::Error) -> String {
    let mut text = problem.to_string();
    let mut behind = problem.source();
    while let Some(problem) = behind {
        text = format!("{text}: {problem}");
        behind = problem.source();
    }
    text
}
