//! Which topics a Logstore has.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::batch::Cell;
use crate::chunk::Lane;
use crate::segment::{Segment, SegmentError};
use crate::shard::Unreadable;
use crate::store::Store;

/// The topics from `token` on, ascending, at most `most`; of each row group only the dictionary is
/// looked at where there is one.
pub(crate) fn topics(store: &Store, token: &str, most: usize) -> Result<Vec<String>, Unreadable> {
    let mut found = Found {
        token,
        most,
        topics: BTreeSet::new(),
    };
    for shard in &store.shards {
        let snapshot = shard.snapshot();
        for stored in &snapshot.groups {
            found.add(&stored.group.topic);
        }
        for segment in &snapshot.segments {
            let read = found.add_segment(segment);
            read.map_err(|error| (Arc::clone(segment), error))?;
        }
    }
    Ok(found.topics.into_iter().collect())
}

struct Found<'a> {
    token: &'a str,
    most: usize,
    topics: BTreeSet<String>,
}

impl Found<'_> {
    fn add(&mut self, topic: &str) {
        if topic < self.token || self.topics.contains(topic) {
            return;
        }
        self.topics.insert(topic.to_owned());
        if self.topics.len() > self.most {
            self.topics.pop_last();
        }
    }

    fn add_segment(&mut self, segment: &Segment) -> Result<(), SegmentError> {
        let reader = segment.read()?;
        for row_group in 0..reader.row_groups() {
            let lane: Lane = reader.lane(row_group, "__topic__")?;
            if let Some((entries, _)) = lane.indexed() {
                entries.iter().for_each(|topic| self.add_octets(topic));
                continue;
            }
            for row in 0..reader.rows(row_group) {
                if let Cell::Octets(topic) = lane.cell(row) {
                    self.add_octets(topic);
                }
            }
        }
        Ok(())
    }

    fn add_octets(&mut self, topic: &[u8]) {
        if let Ok(topic) = std::str::from_utf8(topic) {
            self.add(topic);
        }
    }
}
