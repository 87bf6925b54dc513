//! Opening the sockets: both families, one socket per worker, steered by source address.

use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::num::{NonZeroU16, NonZeroUsize};
use std::os::fd::AsFd;

use libc::sock_filter;
use socket2::Socket;

use crate::group::Group;
use crate::partition::DEFAULT_PARTITIONS;
use crate::{BATCH, BindError, Receiver, Report, Steering, steer, sys};

/// What to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where to listen. Default `[::]:9995`: all addresses of both families (all of IPv4 on a
    /// machine without IPv6). Port 0 takes any free port.
    pub listen: Vec<SocketAddr>,
    /// Threads that receive, each with its own sockets. Default 1; one per core is right for a
    /// machine that does nothing else. No more than there are partitions.
    pub workers: NonZeroUsize,
    /// The number of partitions, as the data directory has it. Default 64.
    pub partitions: NonZeroU16,
    /// The room that each socket asks for, in octets, to bridge the time in which its worker is
    /// busy. Default 32 MiB. What the kernel grants is in [`Listener::receive_buffer`](crate::Listener::receive_buffer).
    pub receive_buffer: u32,
    /// How many datagrams one system call takes, up to [`BATCH`]. Default [`BATCH`]; 1 is for
    /// measuring what batches are worth.
    pub batch: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from((Ipv6Addr::UNSPECIFIED, 9995))],
            workers: NonZeroUsize::MIN,
            partitions: DEFAULT_PARTITIONS,
            receive_buffer: 32 * 1024 * 1024,
            batch: BATCH,
        }
    }
}

/// The open sockets.
#[derive(Debug)]
pub struct Bound {
    /// One per worker; number `i` gets the Exporters for which
    /// [`worker_of`](crate::worker_of)`(partition, receivers.len())` is `i`. Fewer than were asked
    /// for when the report says so.
    pub receivers: Vec<Receiver>,
    /// How it went.
    pub report: Report,
}

/// Opens all sockets. Datagrams are received from when this returns: those that come while a
/// group is forming are not, so that none is ever with the wrong worker.
///
/// # Errors
/// [`BindError`]; then no socket stays open.
pub fn bind(settings: &Settings) -> Result<Bound, BindError> {
    bind_steered_by(settings, |socket, program| {
        sys::attach_steering(socket.as_fd(), program)
    })
}

fn bind_steered_by(
    settings: &Settings,
    attach: impl Fn(&Socket, &mut [sock_filter]) -> io::Result<()>,
) -> Result<Bound, BindError> {
    let workers = u16::try_from(settings.workers.get())
        .ok()
        .and_then(NonZeroU16::new)
        .unwrap_or(NonZeroU16::MAX)
        .min(settings.partitions);
    let mut groups = open_groups(settings, workers)?;
    let mut steering = Steering::Unneeded;
    if workers > NonZeroU16::MIN {
        let mut program = steer::program(settings.partitions, workers);
        let refused = groups
            .iter()
            .find_map(|group| attach(group.sockets.first()?, &mut program).err());
        steering = match refused {
            None => Steering::BySource,
            Some(reason) => {
                drop(groups);
                groups = open_groups(settings, NonZeroU16::MIN)?;
                Steering::Refused {
                    reason: reason.to_string(),
                    workers: settings.workers.get(),
                }
            }
        };
    }
    let mut listeners = Vec::with_capacity(groups.len());
    let mut by_worker: Vec<Vec<Socket>> = Vec::new();
    for group in groups {
        for socket in &group.sockets {
            Group::let_in(socket, group.listener.asked)?;
        }
        by_worker.resize_with(group.sockets.len(), Vec::new);
        for (worker, socket) in by_worker.iter_mut().zip(group.sockets) {
            worker.push(socket);
        }
        listeners.push(group.listener);
    }
    let address = listeners.first().ok_or(BindError::NoAddress)?.asked;
    let receivers = by_worker
        .into_iter()
        .map(|sockets| Receiver::new(sockets, settings.batch))
        .collect::<io::Result<_>>()
        .map_err(BindError::io(address, "make an event"))?;
    Ok(Bound {
        receivers,
        report: Report {
            listeners,
            steering,
        },
    })
}

/// The groups of all addresses. They take nothing yet.
fn open_groups(settings: &Settings, workers: NonZeroU16) -> Result<Vec<Group>, BindError> {
    settings
        .listen
        .iter()
        .map(|&address| Group::open(address, settings, workers))
        .collect()
}

#[cfg(test)]
mod tests;
