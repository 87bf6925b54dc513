//! `/metrics`, `/healthz` and `/readyz` over HTTP.
//!
//! Guarantees: a bounded number of connections, each with a deadline for its headers; whoever is
//! slow or hostile here costs neither rows nor memory.

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Publisher, Readiness, State};

/// Connections that are served at the same time; others wait in the kernel's queue.
const CONNECTIONS: usize = 64;
/// How long a client may take for the head of a request.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// How long a connection may last in all.
const DEADLINE: Duration = Duration::from_mins(1);

/// The content type of Prometheus' text format.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// What the server answers from.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// The metrics.
    pub metrics: PrometheusHandle,
    /// The state of health.
    pub readiness: Readiness,
    /// Brings the metrics up to date.
    pub publisher: Publisher,
}

/// A bound address that is not served yet: what fails, fails at the start.
#[derive(Debug)]
pub struct TelemetryServer {
    listener: TcpListener,
    telemetry: Telemetry,
}

impl TelemetryServer {
    /// Binds the address.
    ///
    /// # Errors
    /// What the system says: the address is taken, or none of this machine's.
    pub fn bind(listen: SocketAddr, telemetry: Telemetry) -> io::Result<Self> {
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener,
            telemetry,
        })
    }

    /// The address that was bound, with the port that the system chose for port 0.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is done. Needs a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// When the listener cannot be given to the runtime.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = tokio::task::JoinSet::new();
        tokio::pin!(stop);
        loop {
            // those that are done give back what they held
            while connections.try_join_next().is_some() {}
            let next = async {
                let permit = Arc::clone(&room).acquire_owned().await;
                (listener.accept().await, permit)
            };
            let (accepted, permit) = tokio::select! {
                () = &mut stop => return Ok(()),
                next = next => next,
            };
            match (accepted, permit) {
                (Ok((stream, _)), Ok(permit)) => {
                    connections.spawn(connection(stream, self.telemetry.clone(), permit));
                }
                // no descriptor is free: one will be when a connection ends
                (Err(problem), _) => {
                    tracing::warn!(%problem, "telemetry cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                (_, Err(_)) => return Ok(()),
            }
        }
    }
}

async fn connection(stream: TcpStream, telemetry: Telemetry, _permit: OwnedSemaphorePermit) {
    let service = service_fn(|request: Request<Incoming>| {
        let answer = answer(request.method(), request.uri().path(), &telemetry);
        async move { Ok::<_, Infallible>(answer) }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), service);
    // a client that breaks off or is too slow concerns nobody but itself
    drop(tokio::time::timeout(DEADLINE, served).await);
}

/// The answer to a request: all of the server that is not sockets.
fn answer(method: &Method, path: &str, telemetry: &Telemetry) -> Response<Full<Bytes>> {
    let known = matches!(path, "/metrics" | "/healthz" | "/readyz");
    if known && !matches!(*method, Method::GET | Method::HEAD) {
        let mut refused = text(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET\n".into());
        refused
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    match path {
        "/metrics" => {
            telemetry.publisher.publish();
            telemetry.metrics.run_upkeep();
            text(StatusCode::OK, PROMETHEUS, telemetry.metrics.render())
        }
        "/healthz" => text(StatusCode::OK, TEXT, "ok\n".to_owned()),
        "/readyz" => {
            let (status, word) = match telemetry.readiness.state() {
                State::Ready => (StatusCode::OK, "ready\n"),
                State::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting\n"),
                State::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
            };
            text(status, TEXT, word.to_owned())
        }
        _ => {
            let there = "not found; there are /metrics, /healthz and /readyz\n";
            text(StatusCode::NOT_FOUND, TEXT, there.to_owned())
        }
    }
}

fn text(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
