//! Which consumer of a group reads which shards: heartbeats in, shards out.
//!
//! Every consumer that is alive gets about the same number of shards, and keeps those that it has
//! where that is fair. A shard goes from one consumer to another in two steps: first the answers to
//! the old one no longer list it, and once the old one no longer says that it holds it (it has
//! finished and said how far it came), or is gone, the answer to the new one does.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use flowlog_record::Timestamp;

use crate::{Error, ErrorCode};

/// The most consumers of a group that are alive at the same time.
pub const MAX_CONSUMERS: usize = 1024;
/// The longest name of a consumer, octets.
pub const MAX_CONSUMER_OCTETS: usize = 256;

/// The consumers of a group and what they read. Nothing of it is kept: consumers say it again.
#[derive(Clone, Debug, Default)]
pub struct Assignment {
    consumers: BTreeMap<String, Consumer>,
    /// By shard the consumer that shall read it.
    owners: BTreeMap<u32, String>,
}

#[derive(Clone, Debug)]
struct Consumer {
    /// The last heartbeat.
    seen: Timestamp,
    /// What it said that it holds, and what it was told to read since.
    holds: BTreeSet<u32>,
}

/// A heartbeat.
#[derive(Clone, Copy, Debug)]
pub struct Heartbeat<'a> {
    /// Who sends it.
    pub consumer: &'a str,
    /// The shards that it reads now.
    pub holds: &'a [u32],
}

impl Assignment {
    /// Takes a heartbeat; the shards that the consumer shall read from now on, ascending.
    ///
    /// `shards` are those that may be read at all. A consumer whose last heartbeat is `timeout`
    /// milliseconds or longer ago is gone.
    ///
    /// # Errors
    /// `NotExistConsumerWithBody` for a consumer that is not known, or no longer, and holds shards:
    /// another may read them already. `ParameterInvalid` for too many consumers, or too long a name.
    pub fn handle_heartbeat(
        &mut self,
        now: Timestamp,
        timeout: i64,
        shards: &BTreeSet<u32>,
        heartbeat: Heartbeat<'_>,
    ) -> Result<Vec<u32>, Error> {
        let Heartbeat { consumer, holds } = heartbeat;
        self.consumers
            .retain(|_, consumer| now.since(consumer.seen) < timeout);
        if !self.consumers.contains_key(consumer) {
            self.check_new(consumer, holds)?;
        }
        let holds: BTreeSet<u32> = holds.iter().copied().collect();
        let known = Consumer {
            seen: now,
            holds: holds.intersection(shards).copied().collect(),
        };
        self.consumers.insert(consumer.to_owned(), known);
        self.balance(shards);
        let held_by_another = |shard: u32| {
            let mut others = self.consumers.iter().filter(|(name, _)| *name != consumer);
            others.any(|(_, other)| other.holds.contains(&shard))
        };
        let owned = self.owners.iter().filter(|(_, owner)| *owner == consumer);
        let read: Vec<u32> = owned
            .map(|(shard, _)| *shard)
            .filter(|shard| !held_by_another(*shard))
            .collect();
        if let Some(known) = self.consumers.get_mut(consumer) {
            known.holds.extend(&read);
        }
        Ok(read)
    }

    /// Whether a consumer holds a shard, as of its last heartbeat.
    pub fn holds(&self, consumer: &str, shard: u32) -> bool {
        self.consumers
            .get(consumer)
            .is_some_and(|consumer| consumer.holds.contains(&shard))
    }

    fn check_new(&self, consumer: &str, holds: &[u32]) -> Result<(), Error> {
        if !holds.is_empty() {
            let message = "the consumer does not exist, or no longer, and holds shards";
            return Err(Error::new(ErrorCode::NotExistConsumerWithBody, message));
        }
        if self.consumers.len() >= MAX_CONSUMERS {
            return Err(Error::parameter("too many consumers in the group"));
        }
        if consumer.len() > MAX_CONSUMER_OCTETS {
            return Err(Error::parameter("the name of the consumer is too long"));
        }
        Ok(())
    }

    /// Gives every consumer its share, and moves as little as it can.
    fn balance(&mut self, shards: &BTreeSet<u32>) {
        let consumers = &self.consumers;
        self.owners
            .retain(|shard, owner| shards.contains(shard) && consumers.contains_key(owner));
        let fair = self.shares(shards.len());
        self.release(&fair);
        let mut free: Vec<u32> = shards
            .iter()
            .copied()
            .filter(|shard| !self.owners.contains_key(shard))
            .collect();
        free.reverse();
        for (consumer, share) in fair {
            let owned = self.owned(&consumer);
            for _ in owned.len()..share {
                if let Some(shard) = free.pop() {
                    self.owners.insert(shard, consumer.clone());
                }
            }
        }
    }

    /// How many of `shards` each consumer gets: those that have most get one more than the others,
    /// when it does not come out even.
    fn shares(&self, shards: usize) -> Vec<(String, usize)> {
        let mut consumers: Vec<(String, usize)> = self
            .consumers
            .keys()
            .map(|name| (name.clone(), self.owned(name).len()))
            .collect();
        consumers.sort_by(|(a, most), (b, other)| other.cmp(most).then_with(|| a.cmp(b)));
        let count = consumers.len().max(1);
        let (each, more) = (shards / count, shards % count);
        for (place, (_, share)) in consumers.iter_mut().enumerate() {
            *share = each + usize::from(place < more);
        }
        consumers
    }

    /// Takes from every consumer what is beyond its share, first what it does not hold yet.
    fn release(&mut self, shares: &[(String, usize)]) {
        for (consumer, share) in shares {
            let mut owned = self.owned(consumer);
            let holds = self.consumers.get(consumer).map(|known| &known.holds);
            owned.sort_by_key(|shard| (!holds.is_some_and(|holds| holds.contains(shard)), *shard));
            for shard in owned.into_iter().skip(*share) {
                self.owners.remove(&shard);
            }
        }
    }

    fn owned(&self, consumer: &str) -> Vec<u32> {
        let owned = self.owners.iter().filter(|(_, owner)| *owner == consumer);
        owned.map(|(shard, _)| *shard).collect()
    }
}

#[cfg(test)]
mod tests;
