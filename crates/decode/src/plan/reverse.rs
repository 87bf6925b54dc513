//! The reverse half of biflows (RFC 5103, elements 232 and 299): a second Flow Record.

use alloc::boxed::Box;
use alloc::vec::Vec;

use flowlog_record::{Fields, FlowRecord};

use super::column::{self, Column};
use super::place::Row;
use crate::moment::Moment;

/// What the reverse half has of its own; the rest it shares with the forward half.
#[derive(Debug)]
pub(super) struct Reverse {
    pub(super) columns: Box<[Column]>,
    /// The bits of what it has of its own.
    pub(super) fields: Fields,
    /// It has times of its own.
    pub(super) has_times: bool,
    /// They count from a boot that the record itself does not tell.
    pub(super) counts_from_boot: bool,
}

/// What a reverse half never takes from the forward half.
const OWN: Fields = Fields::OCTETS
    .union(Fields::PACKETS)
    .union(Fields::OCTETS_TOTAL)
    .union(Fields::PACKETS_TOTAL)
    .union(Fields::TCP_FLAGS);

impl Reverse {
    /// Makes the backward halves of the forward ones, record by record.
    pub(super) fn run(
        &self,
        rows: &[Row],
        moment: &Moment,
        (forward, backward): (&[FlowRecord], &mut [FlowRecord]),
    ) {
        for (backward, forward) in backward.iter_mut().zip(forward) {
            *backward = self.turned(forward, moment);
        }
        let mut moment = *moment;
        if !self.counts_from_boot {
            moment.boot = None;
        }
        column::run(&self.columns, rows, &moment, backward);
    }

    /// The forward half with its ends swapped, without counters and flags.
    fn turned(&self, forward: &FlowRecord, moment: &Moment) -> FlowRecord {
        let mut fields = (swapped(forward.fields) - OWN) | Fields::REVERSE | self.fields;
        if self.has_times {
            let is_relative = self.counts_from_boot && moment.boot.is_none();
            fields.set(Fields::SINCE_BOOT, is_relative);
        }
        FlowRecord {
            source: forward.destination,
            destination: forward.source,
            source_port: forward.destination_port,
            destination_port: forward.source_port,
            ingress_interface: forward.egress_interface,
            egress_interface: forward.ingress_interface,
            octets: 0,
            packets: 0,
            tcp_flags: 0,
            fields,
            ..*forward
        }
    }
}

/// Puts each backward half behind its forward one, and drops those without packets and octets.
pub(super) fn interleave(
    (forward, backward): (&[FlowRecord], &[FlowRecord]),
    records: &mut [FlowRecord],
    origins: &mut Vec<u8>,
) -> usize {
    let halves = forward.iter().zip(backward).zip(0_u8..);
    let kept = halves.flat_map(|((forward, backward), origin)| {
        let backward = (!backward.is_event()).then_some(backward);
        core::iter::once(forward)
            .chain(backward)
            .map(move |half| (half, origin))
    });
    for (slot, (half, origin)) in records.iter_mut().zip(kept) {
        *slot = *half;
        origins.push(origin);
    }
    origins.len()
}

/// The bits of what has a counterpart at the other end, swapped.
fn swapped(fields: Fields) -> Fields {
    const PAIRS: [(Fields, Fields); 3] = [
        (Fields::SOURCE, Fields::DESTINATION),
        (Fields::SOURCE_PORT, Fields::DESTINATION_PORT),
        (Fields::INGRESS_INTERFACE, Fields::EGRESS_INTERFACE),
    ];
    PAIRS.iter().fold(fields, |swapped, &(one, other)| {
        let mut swapped = swapped;
        swapped.set(one, fields.contains(other));
        swapped.set(other, fields.contains(one));
        swapped
    })
}
