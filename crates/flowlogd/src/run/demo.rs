//! `--demo`: simulated Exporters on loopback, so that a newcomer without a router sees rows.
//!
//! Each Exporter has an address of its own in 127.1.0.0/16 and sends over real UDP; from the socket
//! on nothing is simulated.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, park_timeout};
use std::time::Duration;

use crossbeam_channel::Sender;
use flowlog_exporter_sim::{Fleet, FleetConfig, Timeouts};
use tracing::{info, warn};

use super::thread::{self, Event};
use super::{StartError, system_time};

/// The longest that the thread waits before it looks whether it shall end.
const WAIT: Duration = Duration::from_millis(100);

/// Simulated Exporters that send.
#[derive(Debug)]
pub(super) struct Demo {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// Sends what simulated Exporters export to where the daemon receives.
pub(super) fn start(
    collector: Option<SocketAddr>,
    events: &Sender<Event>,
) -> Result<Demo, StartError> {
    let refused = |problem| StartError::System {
        what: "the simulated Exporters",
        problem,
    };
    let port = collector.map_or(9995, |address| address.port());
    let to = match collector.map(|address| address.ip()) {
        Some(IpAddr::V4(ip)) if !ip.is_unspecified() => SocketAddr::from((ip, port)),
        _ => SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
    };
    let fleet = Fleet::new(&fleet_config(), system_time())
        .map_err(|problem| refused(io::Error::other(problem.to_string())))?;
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let thread = thread::spawn("demo", events, move || export(fleet, to, &stopped))?;
    info!(%to, "simulated Exporters send; their first rows appear within two minutes");
    Ok(Demo { stop, thread })
}

/// Connections that last are reported twice a minute, so that nobody waits longer for a row than a
/// window, its hold and half a minute.
fn fleet_config() -> FleetConfig {
    FleetConfig {
        timeouts: Timeouts {
            active_ms: 30_000,
            ..Timeouts::default()
        },
        ..FleetConfig::default()
    }
}

impl Demo {
    /// Ends the Exporters, as if they were unplugged.
    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::Release);
        self.thread.thread().unpark();
        // Its panic was reported when it happened.
        drop(self.thread.join());
    }
}

fn export(mut fleet: Fleet, to: SocketAddr, stopped: &AtomicBool) {
    let mut sockets: BTreeMap<IpAddr, UdpSocket> = BTreeMap::new();
    while !stopped.load(Ordering::Acquire) {
        let now = system_time();
        while let Some(datagram) = fleet.poll(now) {
            let from = datagram.from;
            let socket = match sockets.entry(from) {
                std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::btree_map::Entry::Vacant(new) => match UdpSocket::bind((from, 0))
                {
                    Ok(socket) => new.insert(socket),
                    Err(problem) => {
                        warn!(%from, %problem, "a simulated Exporter has no address; the demo ends");
                        return;
                    }
                },
            };
            // A full socket buffer loses the datagram, as it would in a network.
            drop(socket.send_to(&datagram.octets, to));
        }
        let wait = fleet.next_due().map_or(WAIT, |due| {
            Duration::from_millis(u64::try_from(due.since(now)).unwrap_or(0).max(1)).min(WAIT)
        });
        park_timeout(wait);
    }
}
