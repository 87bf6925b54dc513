//! `/metrics`, `/healthz` and `/readyz` over HTTP.
//!
//! Guarantees: a bounded number of connections, each with a deadline for its headers; whoever is
//! slow or hostile here costs neither rows nor memory.

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use flowlog_http::Bounds;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use metrics_exporter_prometheus::PrometheusHandle;

use super::{Publisher, Readiness, State};

/// What connections may take. Everything is there when it is asked for.
const BOUNDS: Bounds = Bounds {
    connections: 64,
    head: Duration::from_secs(10),
    head_octets: 16 << 10,
    unread: Duration::from_secs(10),
    grace: Duration::from_secs(1),
};

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
    /// When the listener cannot be given to the runtime, or cannot accept any more.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let telemetry = self.telemetry;
        let service = move |_| {
            let telemetry = telemetry.clone();
            service_fn(move |request: Request<Incoming>| {
                let answer = answer(request.method(), request.uri().path(), &telemetry);
                async move { Ok::<_, Infallible>(answer) }
            })
        };
        flowlog_http::serve((listener, None), BOUNDS, service, stop).await
    }
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
