//! HTTP/1.1 connections for whoever has answers.
//!
//! Promise: strangers cost little. Connections are bounded in number, the head of a request in time
//! and octets, and an answer that nobody reads ends its connection. A listener that has trouble for
//! a while (no descriptor is free) goes on; at a shutdown requests may end, for a while.
//! Layer 5: knows neither what is asked nor what is answered.
//!
//! Begin with [`serve`].

mod patience;

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use patience::Patient;

/// How long to wait for a descriptor when none is free.
const PAUSE: Duration = Duration::from_millis(100);

/// What connections may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections that may be open at the same time; more wait to be accepted.
    pub connections: usize,
    /// How long the head of a request may take, and a connection without a request live.
    pub head: Duration,
    /// The longest head of a request, octets; at least 8 KiB.
    pub head_octets: usize,
    /// How long an answer may wait for the other end to read on.
    pub unread: Duration,
    /// How long requests may still run after the shutdown has begun.
    pub grace: Duration,
}

/// Serves `listener` until `shutdown` is done; `service` answers what comes from an address. Needs
/// a tokio runtime with I/O and time.
///
/// # Errors
/// When the listener cannot accept any more.
pub async fn serve<S, B>(
    listener: TcpListener,
    bounds: Bounds,
    service: impl Fn(IpAddr) -> S,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()>
where
    S: HttpService<Incoming, ResBody = B, Error: Into<Box<dyn Error + Send + Sync>>>
        + Send
        + 'static,
    S::Future: Send,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(bounds.connections));
    let (stop, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    let outcome = loop {
        // Those that have ended give back what they held.
        while connections.try_join_next().is_some() {}
        tokio::select! {
            () = &mut shutdown => break Ok(()),
            accepted = accept(&listener, &room) => match accepted {
                Ok((stream, peer, permit)) => {
                    let service = service(peer);
                    let stopping = stopping.clone();
                    connections.spawn(converse((stream, permit), bounds, service, stopping));
                }
                Err(error) if is_passing(&error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => break Err(error),
            },
        }
    };
    drop(listener);
    // Nobody may be listening: then nobody has to stop.
    let _: Result<(), _> = stop.send(true);
    let ended = tokio::time::timeout(bounds.grace, async {
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
async fn converse<S, B>(
    (stream, _permit): (TcpStream, OwnedSemaphorePermit),
    bounds: Bounds,
    service: S,
    mut stopping: watch::Receiver<bool>,
) where
    S: HttpService<Incoming, ResBody = B, Error: Into<Box<dyn Error + Send + Sync>>>,
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    // Waiting to fill a segment only delays answers. A connection that is over already says so
    // when it is read.
    let _refused = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_buf_size(bounds.head_octets)
        .serve_connection(TokioIo::new(Patient::new(stream, bounds.unread)), service);
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
