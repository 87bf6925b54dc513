//! The API over HTTP/1.1: connections, bounded requests, answers.

mod request;

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::control::Control;

#[cfg(test)]
pub(crate) use request::{Received, respond};

/// Connections that may be open at the same time; more wait to be accepted.
const MOST_CONNECTIONS: usize = 512;
/// How long the head of a request may take, and a connection without a request live.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long requests may still run after the shutdown has begun.
const GRACE: Duration = Duration::from_secs(5);
/// The longest head of a request, octets. A POST with 20 tags in its query passes 20 kB.
const MOST_HEAD: usize = 128 << 10;
/// Bodies that may be under way at the same time, 1 MiB each at the most.
const MOST_BODIES: usize = 64;

/// What every connection shares.
struct Server {
    control: Arc<Control>,
    bodies: Semaphore,
}

/// Serves the API on `listener` until `shutdown` is done; requests that run then may end.
///
/// # Errors
/// When the listener cannot accept any more.
pub async fn serve(
    listener: TcpListener,
    control: Arc<Control>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let server = Arc::new(Server {
        control,
        bodies: Semaphore::new(MOST_BODIES),
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
                    connections.spawn(converse(server, (stream, peer), stopping, permit));
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
    // Answers are small: waiting to fill a segment only delays them.
    stream.set_nodelay(true)?;
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
                | io::ErrorKind::InvalidInput
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
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MOST_HEAD)
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
