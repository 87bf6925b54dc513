//! A Template, compiled: interpreted once when it arrives, executed over batches of records.
//!
//! Fixed-length Templates, nearly all there are, run field by field over the whole batch, so that
//! dispatch is paid once a field and not once a value. Records of variable length are gathered
//! into rows of one length first and then take the same way.

mod build;
mod choices;
mod column;
mod family;
mod place;
mod rate;
mod reverse;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use flowlog_record::{Fields, FlowRecord, InformationElementId, Version};

use crate::layout::Layout;
use crate::moment::Moment;
use crate::sampling::{Fallback, SamplingSource};

pub(crate) use family::address;
pub(crate) use place::unsigned;

use column::Column;
use family::Families;
use place::{EMPTY_ROW, Gather, Row};
use rate::RateColumns;
use reverse::Reverse;

/// Records in a batch at most.
pub const BATCH: usize = 64;

/// What becomes of the records of one Template.
#[derive(Debug)]
pub(crate) struct Plan {
    /// What every record begins from: the bits of the fields that the Template has.
    prototype: FlowRecord,
    columns: Box<[Column]>,
    families: Option<Families>,
    rates: Option<RateColumns>,
    reverse: Option<Reverse>,
    assembly: Assembly,
    /// Times count from a boot that the record itself does not tell.
    counts_from_boot: bool,
    /// Times count from a boot at all.
    reads_uptime: bool,
    /// Which elements give the counters.
    octets_element: Option<InformationElementId>,
    packets_element: Option<InformationElementId>,
}

/// How records become rows.
#[derive(Debug)]
enum Assembly {
    /// Copied as they are: records of so many octets, which fit.
    Whole(usize),
    /// Picked from.
    Gather(Gather),
}

/// What holds for all records of a batch beside their octets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) moment: Moment,
    pub(crate) fallback: Fallback<'a>,
}

/// Room that is used again for every batch.
#[derive(Debug)]
pub(crate) struct Scratch {
    rows: Box<[Row]>,
    /// Where each record of a batch begins in its Set, if their lengths differ; one more is the
    /// end of the last.
    starts: Vec<usize>,
    /// Both halves of biflows before they are put in order.
    halves: Box<[FlowRecord]>,
    /// For each Flow Record the data record that it came from, if these are not the same.
    origins: Vec<u8>,
}

/// What became of the octets of a Set so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filled {
    /// Data records read.
    pub(crate) data_records: usize,
    /// Flow Records made of them: more with reverse halves.
    pub(crate) flow_records: usize,
    /// Octets of the data records read.
    pub(crate) octets: usize,
    /// The next record runs past its Set.
    pub(crate) overruns: bool,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self {
            rows: vec![EMPTY_ROW; BATCH].into_boxed_slice(),
            starts: Vec::with_capacity(BATCH + 1),
            halves: vec![FlowRecord::EMPTY; BATCH].into_boxed_slice(),
            origins: Vec::with_capacity(BATCH),
        }
    }

    /// Nothing is left of the batch before.
    pub(crate) fn clear(&mut self) {
        self.origins.clear();
        self.starts.clear();
    }

    /// The data record that a Flow Record of the batch came from.
    pub(crate) fn origin(&self, record: usize) -> usize {
        self.origins
            .get(record)
            .map_or(record, |&origin| usize::from(origin))
    }

    /// Where in the octets of a batch a data record of variable length begins and ends.
    pub(crate) fn span(&self, data_record: usize) -> Option<(usize, usize)> {
        let begin = *self.starts.get(data_record)?;
        let end = *self.starts.get(data_record + 1)?;
        Some((begin, end))
    }
}

impl Plan {
    /// The plan for data of a Template with that layout.
    pub(crate) fn compile(version: Version, layout: &Layout) -> Self {
        build::plan(version, layout)
    }

    /// Which elements give octets and packets.
    pub(crate) const fn counter_elements(
        &self,
    ) -> (Option<InformationElementId>, Option<InformationElementId>) {
        (self.octets_element, self.packets_element)
    }

    /// Whether times count from the Exporter's boot, which IPFIX tells by element 160 if at all.
    pub(crate) const fn reads_uptime(&self) -> bool {
        self.reads_uptime
    }

    /// Reads the next batch of a Set: `octets` are what is left of its body, at least `shortest`.
    pub(crate) fn fill(
        &self,
        octets: &[u8],
        frame: &Frame<'_>,
        scratch: &mut Scratch,
        records: &mut [FlowRecord],
    ) -> Filled {
        let capacity = if self.reverse.is_some() {
            BATCH / 2
        } else {
            BATCH
        };
        scratch.clear();
        let filled = match &self.assembly {
            Assembly::Whole(stride) => scratch.copy(*stride, octets, capacity),
            Assembly::Gather(gather) => scratch.gather(gather, octets, capacity),
        };
        let flow_records = self.run_both(filled.data_records, frame, scratch, records);
        Filled {
            flow_records,
            ..filled
        }
    }

    /// Where the rate of a record of the batch in `scratch` comes from.
    pub(crate) fn sampling_source(
        &self,
        data_record: usize,
        scratch: &Scratch,
        fallback: &Fallback<'_>,
    ) -> SamplingSource {
        match (&self.rates, scratch.rows.get(data_record)) {
            (Some(rates), Some(row)) => rates.of(row, fallback).1,
            _ => fallback.source,
        }
    }

    /// Both directions of the first `count` rows; returns how many Flow Records that makes.
    fn run_both(
        &self,
        count: usize,
        frame: &Frame<'_>,
        scratch: &mut Scratch,
        records: &mut [FlowRecord],
    ) -> usize {
        let rows = scratch.rows.get(..count).unwrap_or_default();
        let Some(reverse) = &self.reverse else {
            let records = records.get_mut(..count).unwrap_or_default();
            self.run(rows, frame, records);
            return records.len();
        };
        let Some((forward, backward)) = scratch.halves.split_at_mut_checked(count) else {
            return 0;
        };
        let backward = backward.get_mut(..count).unwrap_or_default();
        self.run(rows, frame, forward);
        reverse.run(rows, &frame.moment, (forward, backward));
        reverse::interleave((forward, backward), records, &mut scratch.origins)
    }

    fn run(&self, rows: &[Row], frame: &Frame<'_>, records: &mut [FlowRecord]) {
        let mut prototype = self.prototype;
        prototype.sampling = frame.fallback.rate;
        let mut moment = frame.moment;
        if !self.counts_from_boot {
            moment.boot = None;
        } else if moment.boot.is_none() {
            prototype.fields |= Fields::SINCE_BOOT;
        }
        fill(records, &prototype);
        column::run(&self.columns, rows, &moment, records);
        if let Some(families) = &self.families {
            families.run(rows, records);
        }
        if let Some(rates) = &self.rates {
            rates.run(rows, &frame.fallback, records);
        }
    }
}

impl Scratch {
    /// Rows of records of one length.
    fn copy(&mut self, stride: usize, octets: &[u8], capacity: usize) -> Filled {
        let data_records = (octets.len() / stride.max(1)).min(capacity);
        place::copy_whole(
            octets,
            stride,
            self.rows.get_mut(..data_records).unwrap_or_default(),
        );
        Filled {
            data_records,
            flow_records: 0,
            octets: data_records * stride,
            overruns: false,
        }
    }

    /// Rows of records that are picked from.
    fn gather(&mut self, gather: &Gather, octets: &[u8], capacity: usize) -> Filled {
        let mut filled = Filled::default();
        self.starts.push(0);
        for row in self.rows.iter_mut().take(capacity) {
            let rest = octets.get(filled.octets..).unwrap_or_default();
            if rest.len() < gather.shortest() {
                break;
            }
            let Some(length) = gather.row(rest, row) else {
                filled.overruns = true;
                break;
            };
            filled.octets += length;
            filled.data_records += 1;
            self.starts.push(filled.octets);
        }
        filled
    }
}

/// Begins every record of a batch. Not inlined: behind a reference a record is copied as the eight
/// vectors that it is, not field by field.
#[inline(never)]
fn fill(records: &mut [FlowRecord], prototype: &FlowRecord) {
    for record in records {
        *record = *prototype;
    }
}
