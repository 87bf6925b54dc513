//! The partial groups of a scan.
//!
//! Each chunk is a table of its own ([`local`]), made by whichever thread is free; what the tables say
//! goes into one ([`store`]) in the order of the chunks, so that the groups of a scan are always the
//! same in the same order.

mod local;
mod store;

use std::sync::Arc;

use super::Grouping;
use crate::chunk::Chunk;
use crate::query::{Helpers, Look, Scan, Unit};
use crate::segment::SegmentError;
use crate::sql::functions::Share;
use local::Local;
use store::Store;

pub(in crate::sql) use store::{Made, Shown};

/// The groups of a scan, handed out some at a time.
pub(in crate::sql) struct Groups {
    grouping: Arc<Grouping>,
    store: Store,
    helpers: Arc<Helpers>,
}

/// Why there are no groups.
#[derive(Debug)]
pub(in crate::sql) enum NoGroups {
    /// The scan has ended before its end.
    TooLate,
    /// A sum is beyond 64 bits.
    Overflow,
}

/// What became of a unit of a scan: how many rows were looked at, and the groups of those found.
type Outcome = (u64, Result<Option<Local>, SegmentError>);

impl Groups {
    /// What they keep is taken from `share`.
    pub(in crate::sql) fn new(
        grouping: Arc<Grouping>,
        helpers: Arc<Helpers>,
        share: Share,
    ) -> Self {
        Self {
            store: Store::new(&grouping, share),
            grouping,
            helpers,
        }
    }

    /// The next groups; none when the scan is over.
    pub(in crate::sql) fn next(&mut self, scan: &mut Scan) -> Result<Made, NoGroups> {
        let look = scan.look();
        while !self.store.is_full() {
            if look.is_too_late() {
                scan.too_late = true;
                return Err(NoGroups::TooLate);
            }
            let units = scan.next_units(self.helpers.window());
            if units.is_empty() {
                break;
            }
            let segments: Vec<_> = units.iter().map(|unit| unit.segment.clone()).collect();
            let grouping = &self.grouping;
            let outcomes = self.helpers.each(units, |unit| of(&look, grouping, unit));
            for (segment, (looked_at, outcome)) in segments.into_iter().zip(outcomes) {
                if segment
                    .as_ref()
                    .is_some_and(|known| scan.is_given_up(known))
                {
                    continue;
                }
                scan.rows += looked_at;
                match outcome {
                    Ok(None) => {}
                    Ok(Some(local)) => self.store.add(&local),
                    Err(error) => scan.give_up(segment, error),
                }
            }
        }
        self.store.take()
    }
}

/// Nothing of a chunk is added when one of its columns cannot be read.
fn of(look: &Look, grouping: &Grouping, unit: Unit) -> Outcome {
    if look.is_too_late() {
        return (0, Ok(None));
    }
    let chunk = Chunk::new(unit.part);
    let (looked_at, found) = look.find(&chunk);
    let local = found.and_then(|rows| {
        if rows.is_empty() {
            Ok(None)
        } else {
            Local::of(grouping, &chunk, rows)
        }
    });
    (looked_at, local)
}
