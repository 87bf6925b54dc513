//! One request: whose project, who asks, what body; then the operation.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use flowlog_record::Timestamp;
use flowlog_sls::limits::MAX_BODY_OCTETS;
use flowlog_sls::signature::{RequestParts, authenticate};
use flowlog_sls::{Error, ErrorCode, Headers, Parameters, Target};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::{Request, Response};

use super::Server;
use super::answer::{Answer, Stamp};
use super::operation::{self, Call};
use crate::stats::count;

/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_mins(1);

/// Answers a request, whatever it is.
pub(super) async fn answer(
    server: Arc<Server>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let inner = Arc::clone(server.logstore.inner());
    let number = server.requests.fetch_add(1, Ordering::Relaxed);
    let stamp = Stamp {
        number,
        now: inner.settings.clock.seconds(),
    };
    let answer = match understand(&server, request).await {
        Ok(call) => operation::run(&server, call).await,
        Err(error) => Answer::error(&error),
    };
    count(&inner.counters.requests, 1);
    count(
        &inner.counters.requests_failed,
        u64::from(answer.is_error()),
    );
    Ok(answer.finish(stamp))
}

/// Checks everything that is the same for all operations.
async fn understand(server: &Server, request: Request<Incoming>) -> Result<Call, Error> {
    let (head, body) = request.into_parts();
    let target = head.uri.to_string();
    let target = Target::parse(&target)?;
    let parameters = Parameters::parse(target.query)?;
    let pairs = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()));
    let headers: Headers<'_> = pairs.collect();
    let host = target
        .authority
        .or_else(|| headers.get("host"))
        .unwrap_or_default();
    let project = server
        .endpoints
        .project(host, headers.get("x-log-project"))?;
    let parts = RequestParts {
        method: head.method.as_str(),
        path: target.path,
        parameters: &parameters,
        headers: &headers,
    };
    let now = server.logstore.inner().settings.clock.now().as_millis();
    let now = Timestamp(i64::try_from(now).unwrap_or(i64::MAX));
    let authentic = authenticate(&parts, &server.keyring, now)?;
    let body = read(body).await?;
    authentic.check_body(&body)?;
    Ok(Call {
        method: head.method,
        path: target.path.to_owned(),
        parameters,
        project,
        body,
    })
}

/// The body, unless it is too large: then nothing of it is kept.
async fn read(body: Incoming) -> Result<Bytes, Error> {
    let announced = body.size_hint().lower();
    if announced > MAX_BODY_OCTETS {
        return Err(Error::body_too_large(announced, MAX_BODY_OCTETS));
    }
    let most = usize::try_from(MAX_BODY_OCTETS).unwrap_or(usize::MAX);
    let read = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, most).collect()).await;
    match read {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Error::body_too_large(MAX_BODY_OCTETS + 1, MAX_BODY_OCTETS))
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
