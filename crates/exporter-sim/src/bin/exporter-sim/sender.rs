//! Sockets and the clock.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flowlog_record::Timestamp;

/// Sends as several Exporters, each from a socket of its own.
#[derive(Debug)]
pub(crate) struct Sender {
    to: SocketAddr,
    sockets: BTreeMap<IpAddr, UdpSocket>,
    /// Datagrams that the kernel did not take.
    pub(crate) refused: u64,
}

impl Sender {
    pub(crate) const fn new(to: SocketAddr) -> Self {
        Self {
            to,
            sockets: BTreeMap::new(),
            refused: 0,
        }
    }

    /// Sends one datagram. A collector that is not there is no error: UDP does not know.
    ///
    /// # Errors
    /// When the source address cannot be bound.
    pub(crate) fn send(&mut self, from: IpAddr, octets: &[u8]) -> io::Result<()> {
        if !self.sockets.contains_key(&from) {
            let local = source(from, self.to.ip());
            let socket = UdpSocket::bind((local, 0)).map_err(|error| {
                io::Error::new(error.kind(), format!("cannot bind {local}: {error}"))
            })?;
            self.sockets.insert(from, socket);
        }
        let sent = self
            .sockets
            .get(&from)
            .map(|socket| socket.send_to(octets, self.to));
        if !matches!(sent, Some(Ok(_))) {
            self.refused += 1;
        }
        Ok(())
    }
}

/// The address to bind: an Exporter's own against a collector on this machine, else any.
fn source(from: IpAddr, to: IpAddr) -> IpAddr {
    match to {
        IpAddr::V4(to) if to.is_loopback() => from,
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// Time of the epoch that runs evenly, whatever happens to the system clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    epoch: Timestamp,
    start: Instant,
}

impl Clock {
    /// A clock that is set to the system's now.
    #[expect(
        clippy::disallowed_methods,
        reason = "this binary is the edge: the simulation below takes time as an argument"
    )]
    pub(crate) fn start() -> Self {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let millis = i64::try_from(since_epoch.as_millis()).unwrap_or_default();
        Self {
            epoch: Timestamp(millis),
            start: Instant::now(),
        }
    }

    /// When it started.
    pub(crate) const fn started(&self) -> Timestamp {
        self.epoch
    }

    /// Now.
    pub(crate) fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.epoch.plus(elapsed)
    }

    /// Since it started.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Waits until so long after the start.
    #[expect(
        clippy::disallowed_methods,
        reason = "the schedule is what is waited for; nothing else could come"
    )]
    pub(crate) fn wait_until(&self, after_start: Duration) {
        let left = after_start.saturating_sub(self.elapsed());
        if !left.is_zero() {
            std::thread::sleep(left);
        }
    }
}
