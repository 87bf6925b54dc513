//! The Exporters of one partition by their address, in the order in which they were last heard.

use alloc::vec::Vec;
use core::net::IpAddr;

use flowlog_record::{ExporterId, HashKey, Timestamp};
use hashbrown::HashTable;

use crate::exporter::Exporter;
use crate::hash;
use crate::session::Sessions;

/// What an Exporter costs without its sessions, in octets.
pub(crate) const EXPORTER_COST: usize = 2_560;

/// No slot: the end of the list.
const NONE: usize = usize::MAX;

/// An Exporter and its sessions.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) exporter: Exporter,
    pub(crate) sessions: Sessions,
    /// What its parked Sets cost.
    pub(crate) parked_cost: usize,
    /// What it costs, in octets, parked Sets aside.
    pub(crate) cost: usize,
    /// Neighbours in the list: heard just before it, and just after it.
    older: usize,
    newer: usize,
}

/// A table keyed by a secret, with a list through it: strangers may choose the addresses.
#[derive(Debug)]
pub(crate) struct Exporters {
    key: HashKey,
    places: HashTable<usize>,
    slots: Vec<Option<Entry>>,
    free: Vec<usize>,
    oldest: usize,
    newest: usize,
    next_id: u32,
}

impl Exporters {
    pub(crate) fn new(key: HashKey) -> Self {
        Self {
            key,
            places: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            oldest: NONE,
            newest: NONE,
            next_id: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The number that the next Exporter gets.
    pub(crate) const fn next_id(&self) -> u32 {
        self.next_id
    }

    /// As saved: numbers are given once.
    pub(crate) const fn set_next_id(&mut self, next_id: u32) {
        self.next_id = next_id;
    }

    /// The slot of an Exporter, if it is known, by its canonical address.
    pub(crate) fn find(&self, address: IpAddr) -> Option<usize> {
        let is_it = |slot| {
            let entry: Option<&Entry> = self.entry(slot);
            entry.is_some_and(|entry| entry.exporter.address == address)
        };
        // Datagrams of one Exporter often come in a row.
        if is_it(self.newest) {
            return Some(self.newest);
        }
        let hash = self.hash_of(address);
        self.places.find(hash, |&slot| is_it(slot)).copied()
    }

    /// Adds an Exporter that is not known, as the one heard last.
    pub(crate) fn add(&mut self, address: IpAddr, at: Timestamp) -> usize {
        let id = ExporterId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        self.insert(Exporter::new(id, address, at), Sessions::default())
    }

    /// Adds an Exporter with its sessions, as the one heard last.
    pub(crate) fn insert(&mut self, exporter: Exporter, sessions: Sessions) -> usize {
        let address = exporter.address;
        let parked_cost = sessions
            .iter()
            .map(|session| session.parked.all().octets)
            .sum();
        let entry = Entry {
            cost: EXPORTER_COST + sessions.cost(),
            exporter,
            sessions,
            parked_cost,
            older: NONE,
            newer: NONE,
        };
        let slot = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(slot) {
            Some(place) => *place = Some(entry),
            None => self.slots.push(Some(entry)),
        }
        let hash = self.hash_of(address);
        let (key, slots) = (self.key, &self.slots);
        let hash_of = |&slot: &usize| {
            let entry = slots.get(slot).and_then(Option::as_ref);
            entry.map_or(0, |entry| {
                hash::address(&key, entry.exporter.address.into())
            })
        };
        self.places.insert_unique(hash, slot, hash_of);
        self.append(slot);
        slot
    }

    /// Marks an Exporter as the one heard last.
    pub(crate) fn touch(&mut self, slot: usize) {
        if slot != self.newest {
            self.unlink(slot);
            self.append(slot);
        }
    }

    /// Forgets the longest silent Exporter.
    pub(crate) fn forget_oldest(&mut self) -> Option<Entry> {
        self.remove(self.oldest)
    }

    pub(crate) fn entry(&self, slot: usize) -> Option<&Entry> {
        self.slots.get(slot)?.as_ref()
    }

    pub(crate) fn entry_mut(&mut self, slot: usize) -> Option<&mut Entry> {
        self.slots.get_mut(slot)?.as_mut()
    }

    /// From the longest silent to the one heard last.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        let first = self.entry(self.oldest);
        core::iter::successors(first, |entry| self.entry(entry.newer))
    }

    /// In the order of their slots.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.slots.iter_mut().filter_map(Option::as_mut)
    }

    fn remove(&mut self, slot: usize) -> Option<Entry> {
        let address = self.entry(slot)?.exporter.address;
        self.unlink(slot);
        let hash = self.hash_of(address);
        if let Ok(place) = self.places.find_entry(hash, |&other| other == slot) {
            place.remove();
        }
        self.free.push(slot);
        self.slots.get_mut(slot)?.take()
    }

    fn hash_of(&self, address: IpAddr) -> u64 {
        hash::address(&self.key, address.into())
    }

    fn append(&mut self, slot: usize) {
        let newest = self.newest;
        if let Some(entry) = self.entry_mut(slot) {
            entry.older = newest;
            entry.newer = NONE;
        }
        match self.entry_mut(newest) {
            Some(entry) => entry.newer = slot,
            None => self.oldest = slot,
        }
        self.newest = slot;
    }

    fn unlink(&mut self, slot: usize) {
        let Some(&Entry { older, newer, .. }) = self.entry(slot) else {
            return;
        };
        match self.entry_mut(older) {
            Some(entry) => entry.newer = newer,
            None => self.oldest = newer,
        }
        match self.entry_mut(newer) {
            Some(entry) => entry.older = older,
            None => self.newest = older,
        }
    }
}

#[cfg(test)]
mod tests;
