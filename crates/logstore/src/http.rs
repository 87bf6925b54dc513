//! The Logstore over HTTP, as Simple Log Service has it: signed requests, JSON answers.
//!
//! A request is checked in this order: address, signature of the head, operation, rights, size of the body,
//! the body against the signature, Project, Logstore, what the body says. Nobody unknown makes the
//! server keep a body, and a body is kept only when there is room for it and what becomes of it. What
//! a refused request still sends is thrown away, up to 32 MiB and 5 seconds, so that its client reads
//! the answer; then the connection ends, and `connection: close` says so.
//!
//! A request line or a head that is no HTTP is answered with its status alone, without JSON.

mod access;
mod answer;
mod compression;
mod consumers;
mod logstores;
mod memory;
mod operations;
mod payload;
mod projects;
mod put_logs;
mod read;
mod request;
mod search;
mod shards;
mod write;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use flowlog_http::{Bounds, Tls};
use flowlog_sls::Endpoints;
use hyper::service::service_fn;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::store::Logstore;
use memory::Memory;

pub use access::{Access, Keys};
pub use request::{Understood, understand};

/// What connections may take. Clients wait for answers up to a minute, and so do we for them.
const BOUNDS: Bounds = Bounds {
    connections: 512,
    head: Duration::from_mins(1),
    head_octets: 408 << 10,
    unread: Duration::from_mins(1),
    grace: Duration::from_secs(10),
};

/// What every connection shares.
struct Server {
    logstore: Arc<Logstore>,
    access: Access,
    endpoints: Endpoints,
    /// One for each query that may run; others wait here.
    queries: Arc<Semaphore>,
    /// What requests and answers may take.
    memory: Memory,
    /// Makes ids of requests differ.
    requests: AtomicU64,
    /// Whether requests have to come over TLS.
    private: bool,
}

/// Serves the Logstore on `listener` until `shutdown` is done; requests that run then may end.
///
/// Clients reach it under the names of `endpoints`; what their keys may do
/// `access` says. Queries run on the runtime's blocking threads, as many at a time as
/// [`crate::QueryLimits::concurrent`] says. With a certificate requests in plain HTTP are refused.
///
/// # Errors
/// When the listener cannot accept any more.
pub async fn serve(
    (listener, tls): (TcpListener, Option<Tls>),
    logstore: Arc<Logstore>,
    access: impl Into<Access>,
    endpoints: Endpoints,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let settings = &logstore.inner().settings;
    let memory = settings.requests;
    let queries = settings.query.concurrent.clamp(1, Semaphore::MAX_PERMITS);
    let server = Arc::new(Server {
        logstore,
        access: access.into(),
        endpoints,
        queries: Arc::new(Semaphore::new(queries)),
        memory: Memory::new(memory),
        requests: AtomicU64::new(0),
        private: tls.is_some(),
    });
    let service = move |peer| {
        let server = Arc::clone(&server);
        service_fn(move |request| request::answer(Arc::clone(&server), peer, request))
    };
    flowlog_http::serve((listener, tls), BOUNDS, service, shutdown).await
}

#[cfg(test)]
mod tests;
