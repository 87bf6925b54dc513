//! Longest-prefix match over both families, with the shorter prefixes that hold the same address.
//!
//! Nested prefixes are flattened into disjoint intervals; a lookup is one binary search over their
//! starts, then a walk up the prefixes that enclose the one found.

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::ops::Range;

use flowlog_record::Address;

use crate::Prefix;

/// No node: nothing holds the address.
const NONE: u32 = u32::MAX;

/// Prefixes with numbers attached; one prefix may have several, one number several prefixes.
#[derive(Clone, Debug, Default)]
pub(super) struct PrefixTable {
    nodes: Vec<Node>,
    values: Vec<u32>,
    ipv4: Intervals<u32>,
    ipv6: Intervals<u128>,
}

#[derive(Clone, Debug)]
struct Node {
    parent: u32,
    length: u8,
    values: Range<usize>,
}

#[derive(Clone, Debug, Default)]
struct Intervals<K> {
    starts: Vec<K>,
    nodes: Vec<u32>,
}

impl PrefixTable {
    pub(super) fn new(mut entries: Vec<(Prefix, u32)>) -> Self {
        entries.sort_unstable();
        entries.dedup();
        let mut table = Self::default();
        let (ipv4, ipv6): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|(prefix, _)| prefix.is_ipv4());
        table.ipv4 = table.flatten(&ipv4, |address| {
            u32::from_be_bytes(address.ipv4_octets().unwrap_or_default())
        });
        table.ipv6 = table.flatten(&ipv6, |address| u128::from_be_bytes(address.octets()));
        table
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All numbers.
    pub(super) fn values(&self) -> &[u32] {
        &self.values
    }

    /// The prefixes that hold `address`, longest first, each with its length and its numbers.
    #[inline]
    pub(super) fn holding(&self, address: Address) -> impl Iterator<Item = (u8, &[u32])> {
        let mut next = match address.ipv4_octets() {
            Some(octets) => self.ipv4.find(&u32::from_be_bytes(octets)),
            None => self.ipv6.find(&u128::from_be_bytes(address.octets())),
        };
        core::iter::from_fn(move || {
            let node = self.node(next)?;
            next = node.parent;
            let values = self.values.get(node.values.clone()).unwrap_or_default();
            Some((node.length, values))
        })
    }

    fn node(&self, at: u32) -> Option<&Node> {
        self.nodes.get(usize::try_from(at).ok()?)
    }

    /// `entries` of one family, ascending by first address, then by length: an enclosing prefix
    /// comes before those inside it.
    fn flatten<K: Copy + Default + Ord + Successor>(
        &mut self,
        entries: &[(Prefix, u32)],
        key: impl Fn(Address) -> K,
    ) -> Intervals<K> {
        let mut intervals = Intervals::default();
        let mut open: Vec<(u32, K)> = Vec::new();
        for same in entries.chunk_by(|(a, _), (b, _)| a == b) {
            let Some(&(prefix, _)) = same.first() else {
                continue;
            };
            let (first, last) = (key(prefix.first()), key(prefix.last()));
            intervals.close(&mut open, Some(first));
            let parent = open.last().map_or(NONE, |&(node, _)| node);
            let node = self.push(parent, prefix.length(), same);
            intervals.begin(first, node);
            open.push((node, last));
        }
        intervals.close(&mut open, None);
        intervals
    }

    fn push(&mut self, parent: u32, length: u8, same: &[(Prefix, u32)]) -> u32 {
        let begin = self.values.len();
        self.values.extend(same.iter().map(|&(_, value)| value));
        let node = u32::try_from(self.nodes.len()).unwrap_or(NONE);
        self.nodes.push(Node {
            parent,
            length,
            values: begin..self.values.len(),
        });
        node
    }
}

impl<K: Copy + Ord + Successor> Intervals<K> {
    /// Ends the open prefixes that end before `first` (all of them without one); what encloses them
    /// goes on behind them.
    fn close(&mut self, open: &mut Vec<(u32, K)>, first: Option<K>) {
        while let Some((_, last)) = open.pop_if(|(_, last)| first.is_none_or(|first| *last < first))
        {
            if let Some(after) = last.successor() {
                let encloses = open.last().map_or(NONE, |&(node, _)| node);
                self.begin(after, encloses);
            }
        }
    }

    /// From `start` on, `node` is the longest.
    fn begin(&mut self, start: K, node: u32) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.nodes.pop();
        }
        self.starts.push(start);
        self.nodes.push(node);
    }

    #[inline]
    fn find(&self, key: &K) -> u32 {
        let behind = self.starts.partition_point(|start| start <= key);
        let at = behind.checked_sub(1);
        at.and_then(|at| self.nodes.get(at))
            .copied()
            .unwrap_or(NONE)
    }
}

trait Successor: Sized {
    fn successor(self) -> Option<Self>;
}

impl Successor for u32 {
    fn successor(self) -> Option<Self> {
        self.checked_add(1)
    }
}

impl Successor for u128 {
    fn successor(self) -> Option<Self> {
        self.checked_add(1)
    }
}
