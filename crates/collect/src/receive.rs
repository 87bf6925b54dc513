//! Receiving: batches of datagrams in memory that is allocated once.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use libc::pollfd;
use socket2::Socket;

use crate::Waker;
use crate::pace::Pace;
use crate::sys;

/// The most datagrams that one call takes.
pub const BATCH: usize = sys::BATCH;

/// Every UDP payload fits (65,507 octets over IPv4, 65,527 over IPv6), so that nothing that may
/// legally be sent is lost. Only the pages that datagrams touch are resident: about one a slot.
const SLOT: usize = 65_535;
/// Slots are not a power of two apart: else the first lines of all of them would compete for the
/// same places in the caches.
const STRIDE: usize = 65_536 + 65 * 64;

/// One worker's end of the sockets: takes datagrams in batches. Lives on one thread.
pub struct Receiver {
    ports: Box<[Port]>,
    /// The ports in their order, and the waker's event last.
    descriptors: Box<[pollfd]>,
    batch: sys::Batch,
    waker: Waker,
    /// The port whose turn it is.
    turn: usize,
    pace: Pace,
}

impl Receiver {
    pub(crate) fn new(sockets: Vec<Socket>, messages: usize) -> io::Result<Self> {
        let waker = Waker::new()?;
        let descriptors = sockets
            .iter()
            .map(AsRawFd::as_raw_fd)
            .chain([waker.event().as_raw_fd()])
            .map(|fd| pollfd {
                fd,
                events: libc::POLLIN,
                revents: 0,
            })
            .collect();
        let room = sockets.iter().map(room).min().unwrap_or(0);
        Ok(Self {
            ports: sockets.into_iter().map(Port::new).collect(),
            descriptors,
            batch: sys::Batch::new(messages, SLOT, STRIDE),
            waker,
            turn: 0,
            pace: Pace::new(room),
        })
    }

    /// Waits for datagrams, at most `timeout` (rounded up to milliseconds), and takes up to
    /// [`BATCH`] of those that wait at one of the sockets; the sockets take turns. Returns none
    /// after the timeout, after a signal, and when [woken](Waker::wake). Allocates nothing.
    ///
    /// # Errors
    /// What the kernel says of a socket; the receiver can be used again.
    pub fn receive(&mut self, timeout: Duration) -> io::Result<Received<'_>> {
        self.batch.clear();
        let mut woken = self.waker.take(false);
        // To ask for datagrams costs less than to ask whether there are any.
        if !woken && !self.take_turns(true)? {
            sys::poll(&mut self.descriptors, timeout)?;
            let signalled = self
                .descriptors
                .last()
                .is_some_and(|&event| is_ready(event));
            woken = self.waker.take(signalled);
            if !woken {
                self.take_turns(false)?;
            }
        }
        Ok(Received {
            batch: &self.batch,
            woken,
        })
    }

    /// How long to leave the kernel alone after the batch that was taken last, so that the next one
    /// is fuller: at a low rate, waking up is what costs. `None` when there is no time for that:
    /// more may wait already, or too much may come meanwhile for the room that the sockets have.
    /// `now_us` is any clock in microseconds that does not go back.
    pub fn nap(&mut self, now_us: i64) -> Option<Duration> {
        let (taken, most) = (self.batch.len(), self.batch.capacity());
        self.pace.nap(now_us, taken, most)
    }

    /// A handle that ends the wait of [`receive`](Self::receive) from any thread.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Datagrams that the kernel has dropped at these sockets since they were bound, mostly for
    /// want of room in the receive buffer. Asks the kernel.
    pub fn drops(&mut self) -> u64 {
        self.ports.iter_mut().map(Port::drops).sum()
    }

    /// The addresses that the sockets are bound to, in the order in which they were asked for.
    pub fn local_addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.ports
            .iter()
            .filter_map(|port| port.socket.local_addr().ok()?.as_socket())
    }

    /// Takes a batch from the first port that has one, from the one whose turn it is on; only from
    /// ports that are known to be ready, or from `any`.
    fn take_turns(&mut self, any: bool) -> io::Result<bool> {
        let count = self.ports.len();
        for at in (self.turn..count).chain(0..self.turn) {
            let (Some(port), Some(descriptor)) = (self.ports.get_mut(at), self.descriptors.get(at))
            else {
                continue;
            };
            if !any && !is_ready(*descriptor) {
                continue;
            }
            match self.batch.receive(port.socket.as_fd()) {
                Ok(0) => {}
                Ok(_) => {
                    port.note_overflow(self.batch.overflow());
                    self.turn = at.saturating_add(1).checked_rem(count).unwrap_or(0);
                    return Ok(true);
                }
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("ports", &self.ports)
            .finish_non_exhaustive()
    }
}

/// What one call of [`Receiver::receive`] brought.
#[derive(Clone, Copy)]
pub struct Received<'a> {
    batch: &'a sys::Batch,
    woken: bool,
}

impl<'a> Received<'a> {
    /// The datagrams, in the order in which the socket got them.
    pub fn iter(&self) -> Datagrams<'a> {
        Datagrams {
            batch: self.batch,
            at: 0,
        }
    }

    /// How many datagrams there are.
    pub fn len(&self) -> usize {
        self.batch.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether somebody [woke](Waker::wake) the receiver.
    pub const fn woken(&self) -> bool {
        self.woken
    }
}

impl fmt::Debug for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("datagrams", &self.len())
            .field("woken", &self.woken)
            .finish()
    }
}

impl<'a> IntoIterator for &Received<'a> {
    type Item = Datagram<'a>;
    type IntoIter = Datagrams<'a>;

    fn into_iter(self) -> Datagrams<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for Received<'a> {
    type Item = Datagram<'a>;
    type IntoIter = Datagrams<'a>;

    fn into_iter(self) -> Datagrams<'a> {
        self.iter()
    }
}

/// The datagrams of a batch.
#[derive(Clone)]
pub struct Datagrams<'a> {
    batch: &'a sys::Batch,
    at: usize,
}

impl fmt::Debug for Datagrams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Datagrams")
            .field("left", &self.len())
            .finish()
    }
}

impl<'a> Iterator for Datagrams<'a> {
    type Item = Datagram<'a>;

    fn next(&mut self) -> Option<Datagram<'a>> {
        let (arrival, octets) = self.batch.get(self.at)?;
        self.at = self.at.saturating_add(1);
        Some(Datagram {
            from: arrival.from,
            at_us: arrival.at_us,
            octets,
            truncated: arrival.truncated,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.batch.len().saturating_sub(self.at);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Datagrams<'_> {}

/// One datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// The sender; IPv4 never in its mapped form.
    pub from: SocketAddr,
    /// When the kernel received it (`SO_TIMESTAMPNS`): microseconds of the epoch by the system
    /// clock, to be mapped by [`Clock::arrival_us`](crate::Clock::arrival_us). In the first moments
    /// after binding, before the kernel takes times: when it was read.
    pub at_us: i64,
    /// The payload.
    pub octets: &'a [u8],
    /// The payload was longer than any UDP allows, and is cut off.
    pub truncated: bool,
}

/// One socket, and what the kernel has dropped there.
#[derive(Debug)]
struct Port {
    socket: Socket,
    dropped: u64,
    /// The kernel's counter (32 bits, it turns over) when it was last looked at.
    seen: u32,
    overflow: u32,
}

impl Port {
    fn new(socket: Socket) -> Self {
        // Drops before now are those of the time when the group was formed.
        let seen = sys::drops(socket.as_fd()).unwrap_or(0);
        Self {
            socket,
            dropped: 0,
            seen,
            overflow: seen,
        }
    }

    fn note_overflow(&mut self, overflow: Option<u32>) {
        self.overflow = overflow.unwrap_or(self.overflow);
    }

    /// All drops so far. The count that comes with datagrams is late, but there on every kernel.
    fn drops(&mut self) -> u64 {
        let now = sys::drops(self.socket.as_fd()).unwrap_or(self.overflow);
        self.dropped = self
            .dropped
            .saturating_add(u64::from(now.wrapping_sub(self.seen)));
        self.seen = now;
        self.dropped
    }
}

fn is_ready(descriptor: pollfd) -> bool {
    descriptor.revents != 0
}

/// The receive buffer of a socket in octets, as the kernel counts them.
fn room(socket: &Socket) -> usize {
    socket.recv_buffer_size().unwrap_or(0)
}

/// Nothing is there (any more), or a signal came: no failure.
fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests;
