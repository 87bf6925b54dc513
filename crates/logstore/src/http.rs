//! The Logstore over HTTP, as Simple Log Service has it: signed requests, JSON answers.
//!
//! A request is checked in this order: address, signature of the head, operation, rights, size of the body,
//! the body against the signature, Project, Logstore, what the body says. Nobody unknown makes the
//! server read a body, and a body is read only when there is room for it and what becomes of it.

mod access;
mod answer;
mod compression;
mod consumers;
mod logstores;
mod memory;
mod operations;
mod patience;
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
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use flowlog_sls::Endpoints;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::store::Logstore;
use memory::Memory;
use patience::Patient;

pub use access::Access;
pub use request::{Understood, understand};

/// Connections that may be open at the same time; more wait to be accepted.
const MOST_CONNECTIONS: usize = 512;
/// How long the head of a request may take, and a connection without a request live.
const HEAD_TIMEOUT: Duration = Duration::from_mins(1);
/// How long an answer may wait for the other end to read on.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);
/// How long requests may still run after the shutdown has begun.
const GRACE: Duration = Duration::from_secs(10);

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
}

/// Serves the Logstore on `listener` until `shutdown` is done; requests that run then may end.
///
/// Clients reach it under the names of `endpoints`; what their keys may do
/// `access` says. Queries
/// run on the runtime's blocking threads, as many at a time as
/// [`crate::QueryLimits::concurrent`] says.
///
/// # Errors
/// When the listener cannot accept any more.
pub async fn serve(
    listener: TcpListener,
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
    });
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let (stop, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    let outcome = loop {
        while connections.try_join_next().is_some() {}
        tokio::select! {
            () = &mut shutdown => break Ok(()),
            accepted = accept(&listener, &room) => match accepted {
                Ok((stream, peer, permit)) => {
                    let server = Arc::clone(&server);
                    let stopping = stopping.clone();
                    let conversation = converse(server, (stream, peer), stopping, permit);
                    connections.spawn(conversation);
                }
                Err(error) if is_passing(&error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(error) => break Err(error),
            },
        }
    };
    drop(listener);
    // Nobody may be listening: then nobody has to stop.
    let _: Result<(), _> = stop.send(true);
    let ended = tokio::time::timeout(GRACE, async {
        while connections.join_next().await.is_some() {}
    });
    if ended.await.is_err() {
        tracing::warn!("requests were cut off by the shutdown");
    }
    outcome
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer.ip().to_canonical(), permit))
}

/// Whether another attempt to accept may succeed.
fn is_passing(error: &io::Error) -> bool {
    // Too many open files, no memory: both end when connections do.
    matches!(error.raw_os_error(), Some(23 | 24 | 12 | 105))
        || matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::Interrupted
        )
}

/// Answers the requests of one connection.
async fn converse(
    server: Arc<Server>,
    (stream, peer): (TcpStream, IpAddr),
    mut stopping: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
) {
    let service = service_fn(|request| request::answer(Arc::clone(&server), peer, request));
    let stream = Patient::new(stream, WRITE_TIMEOUT);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let outcome = tokio::select! {
        outcome = &mut connection => outcome,
        _ = stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests;
