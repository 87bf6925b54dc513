//! HTTP/1.1 connections for whoever has answers.
//!
//! Promise: strangers cost little. Connections are bounded in number, the head of a request in time
//! and octets, and an answer that nobody reads ends its connection. A listener that has trouble for
//! a while (no descriptor is free) goes on; at a shutdown requests may end, for a while. Where there
//! is a certificate ([`Tls`]) connections are private; one that begins in plain HTTP is served too,
//! so that whoever answers can say what is wanted, and is told ([`Peer::secure`]).
//! Layer 5: knows neither what is asked nor what is answered.
//!
//! Begin with [`serve`].

mod patience;
mod tls;

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::server::TlsStream;

use patience::Patient;
pub use tls::{Tls, TlsError, TlsFiles};

/// How long to wait for a descriptor when none is free.
const PAUSE: Duration = Duration::from_millis(100);

/// What connections may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections that may be open at the same time; more wait to be accepted.
    pub connections: usize,
    /// How long the head of a request may take, a handshake, and a connection without a request live.
    pub head: Duration,
    /// The longest head of a request, octets; at least 8 KiB.
    pub head_octets: usize,
    /// How long an answer may wait for the other end to read on.
    pub unread: Duration,
    /// How long requests may still run after the shutdown has begun.
    pub grace: Duration,
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address; one of IPv4 is never in the form of IPv6.
    pub address: IpAddr,
    /// Whether the connection is TLS.
    pub secure: bool,
}

/// Serves `listener` until `shutdown` is done; `service` answers what comes from a peer. Needs a
/// tokio runtime with I/O and time.
///
/// # Errors
/// When the listener cannot accept any more.
pub async fn serve<S, B>(
    (listener, tls): (TcpListener, Option<Tls>),
    bounds: Bounds,
    service: impl Fn(Peer) -> S + Clone + Send + 'static,
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
                Ok((stream, address, permit)) => {
                    let (tls, service, stopping) = (tls.clone(), service.clone(), stopping.clone());
                    connections.spawn(async move {
                        let connection = Connection { address, bounds, stopping };
                        connection.attend((stream, tls), service).await;
                        drop(permit);
                    });
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

/// One connection, from its first octet to its last.
struct Connection {
    address: IpAddr,
    bounds: Bounds,
    stopping: watch::Receiver<bool>,
}

/// A stream on which requests can come.
enum Greeted {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl Connection {
    /// Makes it private, when there is a certificate and the other end wants it; answers its
    /// requests.
    async fn attend<S, B>(
        mut self,
        (stream, tls): (TcpStream, Option<Tls>),
        service: impl Fn(Peer) -> S,
    ) where
        S: HttpService<Incoming, ResBody = B, Error: Into<Box<dyn Error + Send + Sync>>>,
        B: Body<Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
    {
        // Waiting to fill a segment only delays answers. A connection that is over already says so
        // when it is read.
        let _refused = stream.set_nodelay(true);
        let greeted = tokio::select! {
            greeted = tokio::time::timeout(self.bounds.head, greet(stream, tls)) => greeted,
            _ = self.stopping.changed() => return,
        };
        let address = self.address;
        let peer = |secure| Peer { address, secure };
        match greeted {
            Ok(Ok(Greeted::Plain(stream))) => self.converse(stream, service(peer(false))).await,
            Ok(Ok(Greeted::Secure(stream))) => self.converse(*stream, service(peer(true))).await,
            Ok(Err(error)) => tracing::debug!(%error, "no connection came about"),
            Err(_) => tracing::debug!("a handshake took too long"),
        }
    }

    /// Answers the requests of a stream.
    async fn converse<C, S, B>(mut self, stream: C, service: S)
    where
        C: AsyncRead + AsyncWrite + Unpin,
        S: HttpService<Incoming, ResBody = B, Error: Into<Box<dyn Error + Send + Sync>>>,
        B: Body<Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
    {
        let patient = Patient::new(stream, self.bounds.unread);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.bounds.head)
            .max_buf_size(self.bounds.head_octets)
            .serve_connection(TokioIo::new(patient), service);
        let mut connection = std::pin::pin!(connection);
        let outcome = tokio::select! {
            outcome = &mut connection => outcome,
            _ = self.stopping.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

async fn greet(stream: TcpStream, tls: Option<Tls>) -> io::Result<Greeted> {
    match tls {
        Some(tls) if tls::is_spoken(&stream).await? => {
            let stream = tls.accept(stream).await?;
            Ok(Greeted::Secure(Box::new(stream)))
        }
        Some(_) | None => Ok(Greeted::Plain(stream)),
    }
}

#[cfg(test)]
mod tests;
