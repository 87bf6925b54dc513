//! The sockets from which we export: what comes from them is our own, and must not come in again.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Words with a bit for each port.
const PORT_WORDS: usize = 1024;

/// The addresses of the sockets from which we export.
#[derive(Clone, Debug, Default)]
pub struct OwnSockets(Arc<Known>);

#[derive(Debug)]
struct Known {
    /// A bit for each port that one of them has: nearly no datagram of a stranger gets past it.
    ports: Box<[AtomicU64]>,
    addresses: RwLock<BTreeMap<SocketAddr, usize>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            ports: std::iter::repeat_with(AtomicU64::default)
                .take(PORT_WORDS)
                .collect(),
            addresses: RwLock::default(),
        }
    }
}

impl Known {
    /// Whether one of them has this port.
    fn has_port(&self, port: u16) -> bool {
        let word = self.ports.get(usize::from(port / 64));
        word.is_some_and(|word| word.load(Ordering::Relaxed) & bit(port) != 0)
    }

    /// Brings the bit of a port up to what the addresses say.
    fn note_port(&self, port: u16, addresses: &BTreeMap<SocketAddr, usize>) {
        let Some(word) = self.ports.get(usize::from(port / 64)) else {
            return;
        };
        if addresses.keys().any(|address| address.port() == port) {
            word.fetch_or(bit(port), Ordering::Relaxed);
        } else {
            word.fetch_and(!bit(port), Ordering::Relaxed);
        }
    }
}

fn bit(port: u16) -> u64 {
    1 << (port % 64)
}

/// One of them, for as long as it is kept.
#[derive(Debug)]
pub(super) struct Own {
    all: OwnSockets,
    address: SocketAddr,
}

impl OwnSockets {
    /// Whether a datagram from there is our own.
    #[inline]
    pub fn contains(&self, from: SocketAddr) -> bool {
        self.0.has_port(from.port()) && self.is_known(from)
    }

    fn is_known(&self, from: SocketAddr) -> bool {
        let known = self.0.addresses.read();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        known.contains_key(&canonical(from))
    }

    pub(super) fn add(&self, address: SocketAddr) -> Own {
        let address = canonical(address);
        let mut known = self
            .0
            .addresses
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *known.entry(address).or_insert(0) += 1;
        self.0.note_port(address.port(), &known);
        Own {
            all: self.clone(),
            address,
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let known = self.all.0.addresses.write();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = known.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                known.remove(&self.address);
            }
        }
        self.all.0.note_port(self.address.port(), &known);
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_ours_for_as_long_as_it_is_kept() {
        let all = OwnSockets::default();
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let (one, again) = (
            all.add(address("192.0.2.1:4000")),
            all.add(address("192.0.2.1:4000")),
        );
        assert!(all.contains(address("192.0.2.1:4000")));
        assert!(all.contains(address("[::ffff:192.0.2.1]:4000")));
        assert!(!all.contains(address("192.0.2.1:4001")));
        assert!(!all.contains(address("192.0.2.2:4000")));
        drop(one);
        assert!(all.contains(address("192.0.2.1:4000")));
        drop(again);
        assert!(!all.contains(address("192.0.2.1:4000")));
    }
}
