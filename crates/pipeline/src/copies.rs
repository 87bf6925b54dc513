//! Both directions metered: which egress records are copies (flow logs, *What a record means*).
//!
//! A record with `flowDirection` 1 is a copy when its ingress interface is one for which the same
//! Exporter has sent records with `flowDirection` 0 before. Decided record by record. Interface 0
//! is no interface (RFC 2863 numbers begin at 1), so hosts that export 0 for all lose nothing.

use alloc::collections::{BTreeMap, BTreeSet};

use flowlog_record::{ExporterId, Fields, FlowRecord};
use serde::{Deserialize, Serialize};

/// Interfaces below this number stand in a bit set; nearly all do.
const LOW: u32 = 1024;

/// What one partition remembers of metered interfaces; bounded in Exporters and interfaces.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct EgressCopies {
    exporters: BTreeMap<ExporterId, Interfaces>,
    max_exporters: usize,
    max_interfaces: usize,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Interfaces {
    low: [u64; 16],
    high: BTreeSet<u32>,
}

impl EgressCopies {
    pub(crate) fn new(max_exporters: usize, max_interfaces: usize) -> Self {
        Self {
            exporters: BTreeMap::new(),
            max_exporters,
            max_interfaces,
        }
    }

    /// Learns from a batch and marks its copies with [`Fields::EGRESS_COPY`].
    pub(crate) fn mark(&mut self, exporter: ExporterId, records: &mut [FlowRecord]) {
        if !records
            .iter()
            .any(|record| record.fields.contains(Fields::DIRECTION))
        {
            return;
        }
        let max_interfaces = self.max_interfaces;
        let interfaces = self.of(exporter);
        for record in records {
            if !record
                .fields
                .contains(Fields::DIRECTION | Fields::INGRESS_INTERFACE)
                || record.ingress_interface == 0
            {
                continue;
            }
            if record.direction == 0 {
                interfaces.learn(record.ingress_interface, max_interfaces);
            } else if record.direction == 1 && interfaces.has(record.ingress_interface) {
                record.fields.insert(Fields::EGRESS_COPY);
            }
        }
    }

    /// The Exporter's interfaces; the Exporter known longest makes room (numbers ascend in time).
    fn of(&mut self, exporter: ExporterId) -> &mut Interfaces {
        if self.exporters.len() >= self.max_exporters && !self.exporters.contains_key(&exporter) {
            self.exporters.pop_first();
        }
        self.exporters.entry(exporter).or_default()
    }
}

impl Interfaces {
    fn learn(&mut self, interface: u32, max: usize) {
        if let Some((word, bit)) = self.low_bit(interface) {
            *word |= bit;
        } else if self.high.len() < max {
            self.high.insert(interface);
        }
    }

    fn has(&mut self, interface: u32) -> bool {
        match self.low_bit(interface) {
            Some((word, bit)) => *word & bit != 0,
            None => self.high.contains(&interface),
        }
    }

    fn low_bit(&mut self, interface: u32) -> Option<(&mut u64, u64)> {
        if interface >= LOW {
            return None;
        }
        let word = self.low.get_mut(usize::try_from(interface / 64).ok()?)?;
        Some((word, 1 << (interface % 64)))
    }
}

#[cfg(test)]
mod tests;
