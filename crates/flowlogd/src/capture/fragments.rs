//! Datagrams that came as IP fragments, put together within bounds.

use std::collections::BTreeMap;

use etherparse::{
    IpFragOffset, IpNumber, Ipv6ExtensionSlice, NetSlice,
    defrag::{IpDefragBuf, IpFragRange},
};

/// Datagrams that may be incomplete at a time; the oldest gives way. At most 64 KiB each.
const PENDING_LIMIT: usize = 64;
/// Fragments of one datagram: the least that IPv6 lets a link carry makes 54.
const FRAGMENTS_LIMIT: u64 = 1024;

/// Which datagram a fragment belongs to (RFC 791 §3.2, RFC 8200 §4.5): addresses, identification
/// and, in IPv4, the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    V4([u8; 4], [u8; 4], u16),
    V6([u8; 16], [u8; 16], u32),
}

/// One fragment of a UDP datagram.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    key: Key,
    offset: IpFragOffset,
    more: bool,
    octets: &'a [u8],
}

#[derive(Debug)]
struct Pending {
    born: u64,
    fragments: u64,
    buffer: IpDefragBuf,
}

#[derive(Debug, Default)]
pub(super) struct Fragments {
    pending: BTreeMap<Key, Pending>,
    born: u64,
    given_up: u64,
}

impl<'a> Pieces<'a> {
    /// The fragment in a packet; `None` when it is whole, or not UDP.
    pub(super) fn of(net: &NetSlice<'a>) -> Option<Self> {
        let payload = net.ip_payload_ref()?;
        if payload.ip_number != IpNumber::UDP || !payload.fragmented {
            return None;
        }
        match net {
            NetSlice::Ipv4(ip) => {
                let header = ip.header();
                Some(Self {
                    key: Key::V4(
                        header.source(),
                        header.destination(),
                        header.identification(),
                    ),
                    offset: header.fragments_offset(),
                    more: header.more_fragments(),
                    octets: payload.payload,
                })
            }
            NetSlice::Ipv6(ip) => {
                let fragment =
                    (ip.extensions().clone().into_iter()).find_map(
                        |extension| match extension {
                            Ipv6ExtensionSlice::Fragment(fragment) => Some(fragment.to_header()),
                            _ => None,
                        },
                    )?;
                let header = ip.header();
                Some(Self {
                    key: Key::V6(
                        header.source(),
                        header.destination(),
                        fragment.identification,
                    ),
                    offset: fragment.fragment_offset,
                    more: fragment.more_fragments,
                    octets: payload.payload,
                })
            }
            NetSlice::Arp(_) => None,
        }
    }
}

impl Fragments {
    /// Takes a fragment; gives the octets behind the IP header when the datagram is whole.
    ///
    /// # Errors
    /// A fragment that does not fit the others; what was gathered is given up.
    pub(super) fn add(&mut self, piece: &Pieces<'_>) -> Result<Option<Vec<u8>>, ()> {
        if !self.pending.contains_key(&piece.key) {
            self.make_room();
        }
        self.born += 1;
        let born = self.born;
        let pending = self.pending.entry(piece.key).or_insert_with(|| Pending {
            born,
            fragments: 0,
            buffer: IpDefragBuf::new(IpNumber::UDP, Vec::new(), Vec::new()),
        });
        pending.fragments += 1;
        let fits = pending.fragments <= FRAGMENTS_LIMIT
            && (pending.buffer)
                .add(piece.offset, piece.more, piece.octets)
                .is_ok();
        if !fits {
            let lost = pending.fragments - 1;
            self.given_up += lost;
            self.pending.remove(&piece.key);
            return Err(());
        }
        if !is_whole(&pending.buffer) {
            return Ok(None);
        }
        let whole = self.pending.remove(&piece.key);
        Ok(whole.map(|pending| pending.buffer.take_bufs().0))
    }

    /// Fragments that were given up, or wait still.
    pub(super) fn pending(&self) -> u64 {
        let waiting: u64 = self.pending.values().map(|pending| pending.fragments).sum();
        self.given_up + waiting
    }

    fn make_room(&mut self) {
        if self.pending.len() < PENDING_LIMIT {
            return;
        }
        let oldest = (self.pending.iter())
            .min_by_key(|(_, pending)| pending.born)
            .map(|(&key, _)| key);
        if let Some(pending) = oldest.and_then(|key| self.pending.remove(&key)) {
            self.given_up += pending.fragments;
        }
    }
}

/// From 0 to the end that the last fragment set, without a hole and with nothing beyond.
fn is_whole(buffer: &IpDefragBuf) -> bool {
    match (buffer.end(), buffer.sections().as_slice()) {
        (Some(end), [only]) => *only == IpFragRange { start: 0, end },
        _ => false,
    }
}
