//! One request: whose project, who asks, what for, what body; then the operation.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use flowlog_http::Peer;
use flowlog_record::Timestamp;
use flowlog_sls::limits::MAX_BODY_OCTETS;
use flowlog_sls::operation::{self, LogstoreOperation, OperationParts, Route};
use flowlog_sls::signature::{RequestParts, authenticate};
use flowlog_sls::{
    Compression, Endpoints, Error, ErrorCode, HashKey, Headers, Operation, Parameters, Target,
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_LENGTH, EXPECT};
use hyper::http::request::Parts;
use hyper::{Request, Response};
use tokio::sync::OwnedSemaphorePermit;

use super::answer::{Answer, Stamp};
use super::put_logs::Envelope;
use super::{Server, operations, payload};
use crate::stats::count;

/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_mins(1);
/// The most octets of a refused request's body that are read so that its connection can go on, and
/// how long that may take.
const MOST_DISCARDED: u64 = 32 << 20;
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest body of a request other than `PutLogs`, octets.
const MAX_JSON_OCTETS: u64 = 1 << 20;

/// The head of a request.
#[derive(Debug)]
pub(super) struct Head<'a> {
    method: &'a str,
    path: &'a str,
    parameters: Parameters,
    headers: Headers<'a>,
    project: Option<String>,
}

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) project: Option<String>,
    pub(super) operation: Operation,
    /// What is said of the body of a `PutLogs`.
    pub(super) envelope: Option<Envelope>,
    /// How the answer may be compressed.
    pub(super) accepted: Option<Compression>,
}

/// A request that is whole and signed by a key we know.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) asked: Asked,
    pub(super) body: Bytes,
    /// Who sent it.
    pub(super) peer: IpAddr,
    /// The memory that it may take until it is answered.
    pub(super) memory: Option<OwnedSemaphorePermit>,
}

impl<'a> Head<'a> {
    /// Takes a head apart; `target` is that of the request line.
    ///
    /// # Errors
    /// `ParameterInvalid`, `MissingHost`, `InvalidHost`.
    pub(super) fn parse(
        method: &'a str,
        target: &'a str,
        headers: Headers<'a>,
        endpoints: &Endpoints,
    ) -> Result<Self, Error> {
        let target = Target::parse(target)?;
        let host = target
            .authority
            .or_else(|| headers.get("host"))
            .unwrap_or_default();
        Ok(Self {
            project: endpoints.project(host, headers.get("x-log-project"))?,
            method,
            path: target.path,
            parameters: Parameters::parse(target.query)?,
            headers,
        })
    }

    /// What it asks for.
    ///
    /// # Errors
    /// `MissingAPIVersion`, `InvalidAPIVersion`; `NotSupported`, `ParameterInvalid`; for `PutLogs`
    /// what [`Envelope::of`] says.
    pub(super) fn asks(self) -> Result<Asked, Error> {
        self.headers.check_api_version()?;
        let mut operation = Operation::parse(&OperationParts {
            method: self.method,
            path: self.path,
            parameters: &self.parameters,
            has_project: self.project.is_some(),
        })?;
        // The older spelling of the parameter.
        if let Operation::Logstore(_, LogstoreOperation::PutLogs(route @ Route::Balanced)) =
            &mut operation
            && let Some(key) = self.headers.get("x-log-hashkey")
        {
            *route = Route::Key(HashKey::parse(key)?);
        }
        let writes = matches!(
            operation,
            Operation::Logstore(_, LogstoreOperation::PutLogs(_))
        );
        let envelope = writes.then(|| Envelope::of(&self.headers)).transpose()?;
        let offered = [Compression::Lz4, Compression::Zstd];
        Ok(Asked {
            project: self.project,
            operation,
            envelope,
            accepted: self.headers.accepted(&offered),
        })
    }
}

/// A request as far as it can be understood without knowing who asks and what there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Understood {
    /// The Project that it names.
    pub project: Option<String>,
    /// What it asks for.
    pub operation: Operation,
    /// The rows that it brings.
    pub rows: usize,
}

/// Understands a request on a host of no name but `localhost`: the same as the server does, but for
/// the signature. Nothing is stored or looked up.
///
/// # Errors
/// What the server would answer.
pub fn understand(
    (method, target): (&str, &str),
    headers: Headers<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<Understood, Error> {
    let asked = Head::parse(method, target, headers, &Endpoints::new([]))?.asks()?;
    let mut rows = 0;
    if let Some(envelope) = &asked.envelope {
        for group in envelope.open(body, now)? {
            rows += group.rows();
        }
    } else {
        payload::check(&asked.operation, body)?;
    }
    Ok(Understood {
        project: asked.project,
        operation: asked.operation,
        rows,
    })
}

/// Answers a request, whatever it is.
pub(super) async fn answer(
    server: Arc<Server>,
    peer: Peer,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let inner = Arc::clone(server.logstore.inner());
    let number = server.requests.fetch_add(1, Ordering::Relaxed);
    let stamp = Stamp {
        number,
        now: inner.settings.clock.seconds(),
    };
    let path = request.uri().path().to_owned();
    let waits = request.headers().contains_key(EXPECT);
    let (head, mut body) = request.into_parts();
    let answer = match receive(&server, peer, (head, &mut body)).await {
        Ok(call) => operations::run(&server, call).await,
        Err(error) => {
            let refused = refuse(&error, &path);
            if discard(&mut body, waits).await {
                refused
            } else {
                refused.with("connection", "close")
            }
        }
    };
    count(&inner.counters.requests, 1);
    count(
        &inner.counters.requests_failed,
        u64::from(answer.is_error()),
    );
    count(
        &inner.counters.requests_unauthorized,
        u64::from(answer.is_unauthorized()),
    );
    Ok(answer.finish(stamp))
}

/// An error; where only the method is wrong, with those that are right (RFC 9110 §10.2.1).
fn refuse(error: &Error, path: &str) -> Answer {
    let answer = Answer::error(error);
    if error.code != ErrorCode::NotSupported {
        return answer;
    }
    match operation::allowed(path) {
        methods if methods.is_empty() => answer,
        methods => answer.with("allow", methods.join(", ")),
    }
}

/// Checks everything that is the same for all operations.
async fn receive(
    server: &Server,
    peer: Peer,
    (head, body): (Parts, &mut Incoming),
) -> Result<Call, Error> {
    if server.private && !peer.secure {
        let message = "this Logstore wants https: write https:// before its endpoint";
        return Err(Error::new(ErrorCode::ParameterInvalid, message));
    }
    let has_length = head.headers.contains_key(CONTENT_LENGTH);
    let target = head.uri.to_string();
    let pairs = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()));
    let head = Head::parse(
        head.method.as_str(),
        &target,
        pairs.collect(),
        &server.endpoints,
    )?;
    let parts = RequestParts {
        method: head.method,
        path: head.path,
        parameters: &head.parameters,
        headers: &head.headers,
    };
    let keyring = server.access.keys.current();
    let authentic = authenticate(&parts, &keyring, server.now())?;
    let asked = head.asks()?;
    let asking = (&*keyring, &authentic.key.id);
    server.access.check(asking, &asked, (peer, server.now()))?;
    let limit = match asked.envelope {
        Some(_) if !has_length => return Err(no_length()),
        Some(_) => MAX_BODY_OCTETS,
        None => MAX_JSON_OCTETS,
    };
    let size = body.size_hint();
    if size.lower() > limit {
        return Err(Error::body_too_large(size.lower(), limit));
    }
    let most = size.exact().unwrap_or(limit);
    let memory = server.room(asked.envelope.as_ref(), most).await?;
    let body = read(body, most).await?;
    authentic.check_body(&body)?;
    Ok(Call {
        asked,
        body,
        peer: peer.address,
        memory,
    })
}

impl Server {
    /// The present.
    pub(super) fn now(&self) -> Timestamp {
        let now = self.logstore.inner().settings.clock.now().as_millis();
        Timestamp(i64::try_from(now).unwrap_or(i64::MAX))
    }

    /// Waits until there is room for a body and what becomes of it.
    async fn room(
        &self,
        envelope: Option<&Envelope>,
        body: u64,
    ) -> Result<Option<OwnedSemaphorePermit>, Error> {
        let body = usize::try_from(body).unwrap_or(usize::MAX);
        let octets = match envelope {
            Some(envelope) => envelope.memory(body),
            None => body.saturating_mul(16),
        };
        if octets == 0 {
            return Ok(None);
        }
        self.memory.take(octets).await.map(Some)
    }
}

fn no_length() -> Error {
    let message = "Content-Length does not exist in header when it is necessary.";
    Error::new(ErrorCode::MissingContentLength, message)
}

/// Reads what is left of the body of a request that is refused, and keeps nothing of it, so that
/// the client gets to read the answer and the connection can go on; whether it can. A client that
/// `waits` for a word before it sends the body sends none.
async fn discard(body: &mut Incoming, waits: bool) -> bool {
    if body.is_end_stream() {
        return true;
    }
    if waits || body.size_hint().lower() > MOST_DISCARDED {
        return false;
    }
    let rest = Limited::new(body, usize::try_from(MOST_DISCARDED).unwrap_or(0));
    let mut rest = std::pin::pin!(rest);
    let all = async {
        while let Some(frame) = rest.frame().await {
            if frame.is_err() {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(DISCARD_TIMEOUT, all).await == Ok(true)
}

/// The body, unless it is too large: then nothing of it is kept.
async fn read(body: &mut Incoming, most: u64) -> Result<Bytes, Error> {
    let limit = usize::try_from(most).unwrap_or(usize::MAX);
    let read = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, limit).collect()).await;
    match read {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Error::body_too_large(most + 1, most))
        }
        Ok(Err(_)) => Err(Error::new(
            ErrorCode::PostBodyInvalid,
            "the body ended early",
        )),
        Err(_) => Err(Error::new(
            ErrorCode::RequestTimeout,
            "the body took too long",
        )),
    }
}
