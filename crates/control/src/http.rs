//! The API over HTTP/1.1: connections, bounded requests, answers.

mod request;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use flowlog_http::{Bounds, Tls};
use hyper::service::service_fn;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::control::Control;

#[cfg(test)]
pub(crate) use request::{Received, respond};

/// What connections may take. A POST with 20 tags in its query passes 20 kB.
const BOUNDS: Bounds = Bounds {
    connections: 512,
    // Some clients keep a connection for each of their objects, and forget it.
    head: Duration::from_secs(10),
    head_octets: 128 << 10,
    unread: Duration::from_secs(30),
    grace: Duration::from_secs(5),
};
/// What all bodies that are under way may take, KiB; each up to 1 MiB.
const BODIES_KIB: usize = 64 << 10;

/// What every connection shares.
struct Server {
    control: Arc<Control>,
    /// A permit is a KiB.
    bodies: Semaphore,
    /// Whether requests have to come over TLS.
    private: bool,
}

/// Serves the API on `listener` until `shutdown` is done; requests that run then may end. With a
/// certificate requests in plain HTTP are refused.
///
/// # Errors
/// When the listener cannot accept any more.
pub async fn serve(
    (listener, tls): (TcpListener, Option<Tls>),
    control: Arc<Control>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let server = Arc::new(Server {
        control,
        bodies: Semaphore::new(BODIES_KIB),
        private: tls.is_some(),
    });
    let service = move |peer| {
        let server = Arc::clone(&server);
        service_fn(move |request| request::answer(Arc::clone(&server), peer, request))
    };
    flowlog_http::serve((listener, tls), BOUNDS, service, shutdown).await
}
