//! Simulated Exporters that send in real time over real UDP, each from an address of its own.
//!
//! They send when they are pumped and at no other time: what is due meanwhile waits, as in an
//! Exporter whose link is down. So it is known which datagrams came to a socket that was there.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use flowlog_exporter_sim::{Counts, Export, Fleet, FleetConfig, Timeouts, Traffic};
use flowlog_record::Timestamp;

/// So many datagrams fit the receive buffer that a kernel grants to anybody.
const BURST: usize = 40;

/// Two Exporters of each version. Templates and options come once, at the beginning.
#[derive(Debug)]
pub struct Load {
    fleet: Fleet,
    sockets: BTreeMap<IpAddr, UdpSocket>,
    to: (Ipv4Addr, u16),
    sent: Counts,
}

impl Load {
    /// Exporters that send to a port of this machine, from 127.1.`net`.1 on.
    pub fn new(net: u8, port: u16) -> Self {
        let config = FleetConfig {
            seed: net.into(),
            exporters: 6,
            first_address: Ipv4Addr::new(127, 1, net, 1),
            traffic: Traffic {
                connections_per_minute: 6_000,
                ..Traffic::default()
            },
            timeouts: Timeouts {
                active_ms: 2_000,
                inactive_ms: 1_000,
            },
            export: Export {
                hold_ms: 100,
                templates_every_ms: u32::MAX,
                templates_every_datagrams: u32::MAX,
                ..Export::default()
            },
            ..FleetConfig::default()
        };
        Self {
            fleet: Fleet::new(&config, now()).unwrap(),
            sockets: BTreeMap::new(),
            to: (Ipv4Addr::LOCALHOST, port),
            sent: Counts::default(),
        }
    }

    /// Sends for so long whatever comes due.
    pub fn run(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.pump();
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Sends what is due, slowly enough for any receive buffer.
    pub fn pump(&mut self) {
        while self.burst(BURST / 2) > 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Sends as much as fits a receive buffer from which nobody takes; it waits until there is so
    /// much to send.
    pub fn fill(&mut self) -> usize {
        let mut sent = 0;
        while sent < BURST {
            sent += self.burst(BURST - sent);
            thread::sleep(Duration::from_millis(2));
        }
        sent
    }

    /// Sends what is in the caches as well: all that was metered until now.
    pub fn finish(&mut self) {
        self.fleet.stop(now());
        self.pump();
    }

    /// What was given to sockets that were there.
    pub fn sent(&self) -> Counts {
        self.sent
    }

    fn burst(&mut self, most: usize) -> usize {
        for sent in 0..most {
            let Some(datagram) = self.fleet.poll(now()) else {
                return sent;
            };
            let socket = self
                .sockets
                .entry(datagram.from)
                .or_insert_with(|| UdpSocket::bind((datagram.from, 0)).unwrap());
            let length = socket.send_to(&datagram.octets, self.to).unwrap();
            assert_eq!(length, datagram.octets.len());
            self.sent += datagram.counts;
        }
        most
    }
}

/// A load that goes on by itself until it is dropped, whether anybody listens or not.
#[derive(Debug)]
pub struct Background {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    pub fn start(mut load: Load) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                load.run(Duration::from_millis(10));
            }
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The time of the system's clock.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}
