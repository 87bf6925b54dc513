//! The sockets from which we export: what comes from them is our own, and must not come in again.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// The addresses of the sockets from which we export.
#[derive(Clone, Debug, Default)]
pub struct OwnSockets(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    /// How many there are; nearly always none.
    count: AtomicUsize,
    addresses: RwLock<BTreeMap<SocketAddr, usize>>,
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
        self.0.count.load(Ordering::Relaxed) > 0 && self.is_known(from)
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
        self.0.count.store(known.len(), Ordering::Relaxed);
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
        self.all.0.count.store(known.len(), Ordering::Relaxed);
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
