//! A collector for tests: reads datagrams back, as the standards say.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use flowlog_record::Version;
use flowlog_wire::{
    FieldSpecifier, Set, SetKind, Sets, ipfix, message_version, netflow5, netflow9,
};

use crate::tally::Counts;

/// What one Exporter has said.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    templates: BTreeMap<u16, Template>,
    /// Everything that flow records added up to.
    pub(crate) counts: Counts,
    /// Flow records in order.
    pub(crate) records: Vec<Values>,
    /// Options data in order.
    pub(crate) options: Vec<Values>,
    /// Template Records of all kinds.
    pub(crate) announcements: u64,
    /// The sequence number of each datagram.
    pub(crate) sequences: Vec<u32>,
    /// `SysUptime` of each V5 and V9 datagram.
    pub(crate) uptimes: Vec<u32>,
    /// Export time of each datagram, in seconds.
    pub(crate) export_times: Vec<u32>,
    /// Data Sets whose Template was not there.
    pub(crate) unknown: u64,
}

#[derive(Clone, Debug)]
struct Template {
    fields: Vec<FieldSpecifier>,
    is_options: bool,
}

/// Element to value, its last eight octets, of one record.
pub(crate) type Values = BTreeMap<u16, u64>;

impl Reader {
    /// Reads a datagram that must be without fault.
    pub(crate) fn read(&mut self, octets: &[u8]) {
        self.counts.datagrams += 1;
        match message_version(octets).unwrap() {
            Version::V5 => self.read_netflow5(octets),
            Version::V9 => {
                let message = netflow9::Message::parse(octets).unwrap();
                let header = message.header();
                self.sequences.push(header.sequence);
                self.uptimes.push(header.sys_uptime);
                self.export_times.push(header.unix_secs);
                self.read_sets(message.sets());
            }
            Version::Ipfix => {
                let message = ipfix::Message::parse(octets).unwrap();
                assert_eq!(message.error(), None);
                assert!(message.trailing().is_empty());
                self.sequences.push(message.header().sequence);
                self.export_times.push(message.header().export_time);
                self.read_sets(message.sets());
            }
        }
    }

    fn read_netflow5(&mut self, octets: &[u8]) {
        let message = netflow5::Message::parse(octets).unwrap();
        assert_eq!(message.error(), None);
        assert!(message.trailing().is_empty());
        let header = message.header();
        self.sequences.push(header.flow_sequence);
        self.uptimes.push(header.sys_uptime);
        self.export_times.push(header.unix_secs);
        for record in message.records() {
            let ipv4 = |octets| u64::from(u32::from_be_bytes(octets));
            self.add(Values::from([
                (8, ipv4(record.source())),
                (12, ipv4(record.destination())),
                (1, u64::from(record.octet_count())),
                (2, u64::from(record.packets())),
                (4, u64::from(record.protocol())),
                (6, u64::from(record.tcp_flags())),
                (7, u64::from(record.source_port())),
                (11, u64::from(record.destination_port())),
                (22, u64::from(record.first())),
                (21, u64::from(record.last())),
                (34, u64::from(header.sampling_interval)),
            ]));
        }
    }

    fn read_sets(&mut self, sets: Sets<'_>) {
        let version = sets.version();
        for set in sets {
            let set = set.unwrap();
            let kind = set.kind(version);
            assert_eq!(set.length % 4, 0);
            for record in set.templates(version) {
                let record = record.unwrap();
                self.announcements += 1;
                let template = Template {
                    fields: record.fields.iter().collect(),
                    is_options: kind == SetKind::OptionsTemplate,
                };
                self.templates.insert(record.id.get(), template);
            }
            match kind {
                SetKind::Data(id) => match self.templates.get(&id.get()).cloned() {
                    Some(template) => self.read_data(&set, &template),
                    None => self.unknown += 1,
                },
                kind => assert_ne!(kind, SetKind::Reserved),
            }
        }
    }

    fn read_data(&mut self, set: &Set<'_>, template: &Template) {
        let lengths = template
            .fields
            .iter()
            .map(|field| usize::from(field.length));
        let records = set.body.chunks_exact(lengths.sum());
        assert!(records.remainder().len() < 4);
        for record in records {
            let mut rest = record;
            let mut values = Values::new();
            for field in &template.fields {
                let (value, behind) = rest.split_at(usize::from(field.length));
                rest = behind;
                let number = value
                    .iter()
                    .fold(0_u64, |n, &octet| n << 8 | u64::from(octet));
                values.insert(field.id.0, number);
            }
            if template.is_options {
                self.options.push(values);
            } else {
                self.add(values);
            }
        }
    }

    fn add(&mut self, values: Values) {
        self.counts.records += 1;
        self.counts.packets += values[&2];
        self.counts.octets += values[&1];
        self.records.push(values);
    }
}
