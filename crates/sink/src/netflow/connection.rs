//! The way to a collector: a socket that is opened when it is needed, and opened anew after trouble.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{sleep, timeout};

use super::own::{Own, OwnSockets};
use super::{Collector, Speech};
use crate::error::{Class, DeliveryError};

/// How long a connection may take to be there, and a message to be taken.
const PATIENCE: Duration = Duration::from_secs(10);
/// Datagrams that leave together, and the pause behind them: some 300,000 records a second.
const BURST: usize = 16;
const PAUSE: Duration = Duration::from_millis(1);

/// The way to a collector.
#[derive(Debug)]
pub(super) struct Connection {
    server: SocketAddr,
    tcp: bool,
    own: OwnSockets,
    open: Option<Open>,
    /// Datagrams since the last pause.
    sent: usize,
}

#[derive(Debug)]
enum Open {
    Udp {
        socket: UdpSocket,
        /// What comes from it is ours for as long as it is open.
        _own: Own,
    },
    Tcp(TcpStream),
}

impl Connection {
    pub(super) fn new(collector: &Collector, own: OwnSockets) -> Self {
        Self {
            server: collector.server,
            tcp: collector.speech == Speech::V10Tcp,
            own,
            open: None,
            sent: 0,
        }
    }

    /// Sees that it is open; whether the other end may know nothing of what was sent before.
    pub(super) async fn ensure(&mut self) -> Result<bool, DeliveryError> {
        if self.open.is_some() {
            return Ok(false);
        }
        let open = async {
            if self.tcp {
                let stream = TcpStream::connect(self.server).await?;
                stream.set_nodelay(true)?;
                return Ok(Open::Tcp(stream));
            }
            let any: IpAddr = match self.server {
                SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
            };
            let socket = UdpSocket::bind((any, 0)).await?;
            socket.connect(self.server).await?;
            let own = self.own.add(socket.local_addr()?);
            Ok(Open::Udp { socket, _own: own })
        };
        self.open = Some(self.in_time(open).await?);
        Ok(true)
    }

    /// Sends messages from the end; what is left has not been sent. After trouble it is closed.
    pub(super) async fn send(&mut self, messages: &mut Vec<Vec<u8>>) -> Result<(), DeliveryError> {
        while let Some(message) = messages.last() {
            let outcome = match &mut self.open {
                Some(Open::Udp { socket, .. }) => {
                    let sent = timeout(PATIENCE, socket.send(message)).await;
                    sent.map(|sent| sent.map(|_| ()))
                }
                Some(Open::Tcp(stream)) => timeout(PATIENCE, stream.write_all(message)).await,
                None => return Err(self.unreachable("it is not open")),
            };
            match outcome {
                Ok(Ok(())) => {}
                Ok(Err(problem)) => {
                    // The collector is not there, or was not when the last datagram came: a socket
                    // need not be another, and what it knows of Templates may be gone.
                    self.open = None;
                    return Err(self.unreachable(&problem.to_string()));
                }
                Err(_) => {
                    self.open = None;
                    return Err(self.unreachable("it takes nothing"));
                }
            }
            messages.pop();
            self.sent += 1;
            if !self.tcp && self.sent.is_multiple_of(BURST) {
                sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    async fn in_time(
        &self,
        open: impl Future<Output = io::Result<Open>>,
    ) -> Result<Open, DeliveryError> {
        match timeout(PATIENCE, open).await {
            Ok(Ok(open)) => Ok(open),
            Ok(Err(problem)) => Err(self.unreachable(&problem.to_string())),
            Err(_) => Err(self.unreachable("nobody answers")),
        }
    }

    fn unreachable(&self, problem: &str) -> DeliveryError {
        DeliveryError::new(Class::Unreachable, format!("{}: {problem}", self.server))
    }
}
