//! A Template, compiled: interpreted once when it arrives, executed over batches of records.
//!
//! Fixed-length Templates, nearly all there are, run field by field over the whole batch, so that
//! dispatch is paid once a field and not once a value. Records of variable length are gathered
//! into rows of one length first and then take the same way.

mod build;
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

use column::{Column, Rows};
use family::Families;
use place::Gather;
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
    gather: Option<Gather>,
    stride: usize,
    /// Times count from a boot that the record itself does not tell.
    counts_from_boot: bool,
    /// Which elements give the counters.
    octets_element: Option<InformationElementId>,
    packets_element: Option<InformationElementId>,
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
    /// Gathered rows.
    rows: Vec<u8>,
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
            rows: Vec::new(),
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

    /// The gathered row of a data record.
    fn row(&self, data_record: usize, stride: usize) -> Option<&[u8]> {
        self.rows.chunks_exact(stride).nth(data_record)
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
        let Some(gather) = &self.gather else {
            let data_records = (octets.len() / self.stride.max(1)).min(capacity);
            let rows = Rows {
                octets,
                stride: self.stride,
            };
            return Filled {
                data_records,
                flow_records: self.run_rows(rows, data_records, frame, (scratch, records)),
                octets: data_records * self.stride,
                overruns: false,
            };
        };
        let (read, overruns) = scratch.gather(gather, octets, capacity);
        let data_records = scratch.starts.len().saturating_sub(1);
        let rows = core::mem::take(&mut scratch.rows);
        let gathered = Rows {
            octets: &rows,
            stride: self.stride,
        };
        let flow_records = self.run_rows(gathered, data_records, frame, (scratch, records));
        scratch.rows = rows;
        Filled {
            data_records,
            flow_records,
            octets: read,
            overruns,
        }
    }

    /// Where the rate of a record comes from; `octets` are those of a record of fixed length.
    pub(crate) fn sampling_source(
        &self,
        octets: &[u8],
        data_record: usize,
        scratch: &Scratch,
        fallback: &Fallback<'_>,
    ) -> SamplingSource {
        let row = match self.gather {
            Some(_) => scratch.row(data_record, self.stride).unwrap_or_default(),
            None => octets,
        };
        self.rates
            .as_ref()
            .map_or(fallback.source, |rates| rates.of(row, fallback).1)
    }

    /// Both directions of the first `count` rows; returns how many Flow Records that makes.
    fn run_rows(
        &self,
        rows: Rows<'_>,
        count: usize,
        frame: &Frame<'_>,
        (scratch, records): (&mut Scratch, &mut [FlowRecord]),
    ) -> usize {
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

    fn run(&self, rows: Rows<'_>, frame: &Frame<'_>, records: &mut [FlowRecord]) {
        let mut prototype = self.prototype;
        prototype.sampling = frame.fallback.rate;
        let mut moment = frame.moment;
        if !self.counts_from_boot {
            moment.boot = None;
        } else if moment.boot.is_none() {
            prototype.fields |= Fields::SINCE_BOOT;
        }
        records.fill(prototype);
        for column in &self.columns {
            column.run(rows, &moment, records);
        }
        if let Some(families) = &self.families {
            families.run(rows, records);
        }
        if let Some(rates) = &self.rates {
            rates.run(rows, &frame.fallback, records);
        }
    }
}

impl Scratch {
    /// Gathers up to `capacity` records: the octets read, and whether the next one overruns.
    fn gather(&mut self, gather: &Gather, octets: &[u8], capacity: usize) -> (usize, bool) {
        self.rows.clear();
        self.starts.push(0);
        let mut read = 0;
        while self.starts.len() <= capacity {
            let rest = octets.get(read..).unwrap_or_default();
            if rest.len() < gather.shortest() {
                return (read, false);
            }
            let Some(length) = gather.row(rest, &mut self.rows) else {
                return (read, true);
            };
            read += length;
            self.starts.push(read);
        }
        (read, false)
    }
}
