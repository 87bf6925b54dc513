//! Messages: headers, Templates and options again and again, records.

use alloc::vec::Vec;

use flowlog_record::Version;
use flowlog_wire::emit::{EmitError, MessageBuilder, Netflow5Builder};
use flowlog_wire::{FieldSpecifier, ipfix, netflow5, netflow9};

use super::since_boot;
use crate::clock::{ExporterClock, Micros};
use crate::config::FleetConfig;
use crate::encode::{self, BOOT_TEMPLATE, Layout, SAMPLER, SAMPLER_TEMPLATE, specifier};
use crate::flow::Metered;

/// V5: 01 in the upper two bits says that packets are sampled.
const SAMPLING_MODE: u16 = 1 << 14;
/// Algorithm 1 (element 304) and mode 1 (element 49): every nth packet.
const SYSTEMATIC: u8 = 1;

/// Writes the messages of one Exporter.
#[derive(Debug)]
pub(crate) struct Messages {
    version: Version,
    clock: ExporterClock,
    domain: u32,
    sampling: u32,
    max_datagram: usize,
    templates_every: u32,
    ipv4: Layout,
    ipv6: Layout,
    says_boot: bool,
    /// V5 flows, V9 messages, IPFIX data records so far.
    sequence: u32,
    is_announcing: bool,
    since_announcement: u32,
    /// A record, written before it is known to fit.
    scratch: Vec<u8>,
}

/// A message, and how many of the pending records are in it.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) octets: Vec<u8>,
    pub(crate) records: usize,
}

impl Messages {
    pub(crate) fn new(config: &FleetConfig, version: Version, clock: ExporterClock) -> Self {
        let layout = |is_ipv6| {
            let is_sampled = config.export.sampling > 1;
            Layout::new(version, config.export.time, is_sampled, is_ipv6)
        };
        Self {
            version,
            clock,
            domain: config.observation_domain,
            sampling: config.export.sampling,
            max_datagram: config.export.max_datagram,
            templates_every: config.export.templates_every_datagrams.max(1),
            ipv4: layout(false),
            ipv6: layout(true),
            says_boot: since_boot(config, version),
            sequence: 0,
            is_announcing: version != Version::V5,
            since_announcement: 0,
            scratch: Vec::new(),
        }
    }

    /// The next message carries Templates and options; false in V5, which has none.
    pub(crate) fn announce(&mut self) -> bool {
        self.is_announcing = self.version != Version::V5;
        self.is_announcing
    }

    /// The Exporter boots: its clock and numbers begin anew.
    pub(crate) fn reboot(&mut self, boot: Micros) {
        self.clock.boot = boot;
        self.sequence = 0;
        self.is_announcing = self.version != Version::V5;
    }

    /// Whether these records fill a datagram.
    pub(crate) fn fill_one(&self, pending: &[Metered]) -> bool {
        let (header, record) = match self.version {
            Version::V5 => (netflow5::HEADER_LENGTH, netflow5::RECORD_LENGTH),
            _ => (netflow9::HEADER_LENGTH + 4, self.ipv4.length),
        };
        let room = self.max_datagram.saturating_sub(header) / record.max(1);
        let most = match self.version {
            Version::V5 => room.min(usize::from(netflow5::MAX_RECORDS)),
            _ => room,
        };
        pending.len() >= most.max(1)
    }

    /// Writes one message; records that are in it come first in `pending` then.
    pub(crate) fn write(&mut self, at: Micros, pending: &mut [Metered]) -> Written {
        let mut octets = Vec::with_capacity(self.max_datagram);
        let records = if self.version == Version::V5 {
            self.write_netflow5(at, pending, &mut octets)
        } else {
            // One Set for each address family.
            pending.sort_by_key(|metered| metered.flow.is_ipv6());
            self.write_templated(at, pending, &mut octets)
        };
        Written { octets, records }
    }

    fn write_netflow5(&mut self, at: Micros, pending: &[Metered], out: &mut Vec<u8>) -> usize {
        let shown = encode::millis(self.clock.shown_millis(at));
        let sampling = u16::try_from(self.sampling).unwrap_or_default();
        let header = netflow5::Header {
            count: 0,
            sys_uptime: self.clock.uptime(at),
            unix_secs: self.export_time(at),
            unix_nsecs: u32::try_from(shown % 1000 * 1_000_000).unwrap_or_default(),
            flow_sequence: self.sequence,
            engine_type: 0,
            engine_id: self.domain.to_be_bytes()[3],
            sampling_interval: if sampling > 1 {
                sampling | SAMPLING_MODE
            } else {
                0
            },
        };
        let room = (self.max_datagram - netflow5::HEADER_LENGTH) / netflow5::RECORD_LENGTH;
        let mut builder = Netflow5Builder::new(out, &header);
        for metered in pending.iter().take(room) {
            let record = encode::netflow5(metered, &self.clock).to_octets();
            if builder.record(&record).is_err() {
                break;
            }
        }
        let records = builder.records();
        builder.finish();
        self.sequence = self.sequence.wrapping_add(u32::from(records));
        usize::from(records)
    }

    fn write_templated(&mut self, at: Micros, pending: &[Metered], out: &mut Vec<u8>) -> usize {
        let mut scratch = core::mem::take(&mut self.scratch);
        let mut builder = if self.version == Version::Ipfix {
            let header = ipfix::Header {
                length: 0,
                export_time: self.export_time(at),
                sequence: self.sequence,
                observation_domain: self.domain,
            };
            MessageBuilder::ipfix(out, &header, self.max_datagram)
        } else {
            let header = netflow9::Header {
                count: 0,
                sys_uptime: self.clock.uptime(at),
                unix_secs: self.export_time(at),
                sequence: self.sequence,
                source_id: self.domain,
            };
            MessageBuilder::netflow9(out, &header, self.max_datagram)
        };
        if self.is_announcing {
            // The smallest datagram that a configuration allows has room for all of it.
            let _complete = self.write_announcement(&mut builder, &mut scratch);
        }
        let records = pending
            .iter()
            .take_while(|metered| {
                self.write_record(metered, &mut builder, &mut scratch)
                    .is_ok()
            })
            .count();
        let data_records = u32::from(builder.data_records());
        builder.finish();
        self.scratch = scratch;
        self.count(data_records);
        records
    }

    /// Moves the sequence number and the time of the next announcement on.
    fn count(&mut self, data_records: u32) {
        let advance = if self.version == Version::Ipfix {
            data_records
        } else {
            1
        };
        self.sequence = self.sequence.wrapping_add(advance);
        self.since_announcement = if self.is_announcing {
            1
        } else {
            self.since_announcement + 1
        };
        self.is_announcing = self.since_announcement >= self.templates_every;
    }

    fn write_record(
        &self,
        metered: &Metered,
        builder: &mut MessageBuilder<'_>,
        scratch: &mut Vec<u8>,
    ) -> Result<(), EmitError> {
        let layout = if metered.flow.is_ipv6() {
            &self.ipv6
        } else {
            &self.ipv4
        };
        scratch.clear();
        layout.write(metered, &self.clock, scratch);
        builder.record(layout.id, scratch)
    }

    /// Templates, then Options Templates, then options data.
    fn write_announcement(
        &self,
        builder: &mut MessageBuilder<'_>,
        scratch: &mut Vec<u8>,
    ) -> Result<(), EmitError> {
        builder.template(self.ipv4.id, &self.ipv4.fields)?;
        builder.template(self.ipv6.id, &self.ipv6.fields)?;
        let is_sampled = self.sampling > 1;
        if is_sampled {
            builder.options_template(SAMPLER_TEMPLATE, self.sampler_fields(), 1)?;
        }
        if self.says_boot {
            builder.options_template(BOOT_TEMPLATE, BOOT_FIELDS, 1)?;
        }
        if is_sampled {
            scratch.clear();
            self.write_sampler(scratch);
            builder.record(SAMPLER_TEMPLATE, scratch)?;
        }
        if self.says_boot {
            scratch.clear();
            scratch.extend(self.domain.to_be_bytes());
            scratch.extend(encode::millis(self.clock.boot_millis()).to_be_bytes());
            builder.record(BOOT_TEMPLATE, scratch)?;
        }
        Ok(())
    }

    const fn sampler_fields(&self) -> &'static [FieldSpecifier] {
        match self.version {
            Version::Ipfix => SELECTOR_FIELDS,
            _ => SAMPLER_FIELDS,
        }
    }

    fn write_sampler(&self, out: &mut Vec<u8>) {
        if self.version == Version::Ipfix {
            out.extend(self.domain.to_be_bytes());
            out.extend(u64::from(SAMPLER).to_be_bytes());
            out.extend(u16::from(SYSTEMATIC).to_be_bytes());
            out.extend(1_u32.to_be_bytes());
            out.extend((self.sampling - 1).to_be_bytes());
        } else {
            out.extend(self.domain.to_be_bytes());
            out.extend([SAMPLER, SYSTEMATIC]);
            out.extend(self.sampling.to_be_bytes());
        }
    }

    /// Seconds of the epoch that the clock shows.
    fn export_time(&self, at: Micros) -> u32 {
        let seconds = encode::millis(self.clock.shown_millis(at)) / 1000;
        u32::try_from(seconds & 0xffff_ffff).unwrap_or_default()
    }
}

/// V9: scope System; sampler id, mode, random interval.
const SAMPLER_FIELDS: &[FieldSpecifier] = &[
    specifier((1, 4)),
    specifier((48, 1)),
    specifier((49, 1)),
    specifier((50, 4)),
];

/// IPFIX: scope observationDomainId; selector id, algorithm, packet interval and space.
const SELECTOR_FIELDS: &[FieldSpecifier] = &[
    specifier((149, 4)),
    specifier((302, 8)),
    specifier((304, 2)),
    specifier((305, 4)),
    specifier((306, 4)),
];

/// IPFIX: scope observationDomainId; systemInitTimeMilliseconds.
const BOOT_FIELDS: &[FieldSpecifier] = &[specifier((149, 4)), specifier((160, 8))];

#[cfg(test)]
mod tests;
