//! Another collector: `netflow_parser`.

use netflow_parser::variable_versions::ipfix::lookup::{IANAIPFixField, IPFixField};
use netflow_parser::variable_versions::{ipfix, v9};
use netflow_parser::{FieldValue, NetflowPacket, NetflowParser, V9Field};

/// What it has read.
pub(crate) struct Peer {
    parser: NetflowParser,
    /// Flow Records.
    pub(crate) records: u64,
    /// Packets and octets.
    pub(crate) sums: (u128, u128),
}

impl Peer {
    pub(crate) fn new() -> Self {
        let parser = NetflowParser::builder()
            .with_max_records_per_flowset(usize::from(u16::MAX))
            .with_max_decoded_field_values_per_message(1 << 24)
            .with_max_decoded_field_payload_bytes_per_message(1 << 28)
            .build()
            .unwrap();
        Self {
            parser,
            records: 0,
            sums: (0, 0),
        }
    }

    /// Reads one message, and fails at anything that it does not take whole.
    pub(crate) fn read(&mut self, octets: &[u8]) {
        let result = self.parser.parse_bytes(octets);
        assert!(result.error.is_none(), "{:?}", result.error);
        assert_eq!(result.packets.len(), 1);
        match &result.packets[0] {
            NetflowPacket::V5(packet) => {
                for flow in &packet.flowsets {
                    self.add(flow.d_pkts.into(), flow.d_octets.into());
                }
            }
            NetflowPacket::V9(packet) => packet.flowsets.iter().for_each(|set| self.v9_set(set)),
            NetflowPacket::IPFix(packet) => {
                packet.flowsets.iter().for_each(|set| self.ipfix_set(set));
            }
            other => unreachable!("{other:?}"),
        }
    }

    fn v9_set(&mut self, set: &v9::FlowSet) {
        match &set.body {
            v9::FlowSetBody::Data(data) => {
                for record in &data.fields {
                    let value = |id| value(record, |field| *field == id);
                    self.add(value(V9Field::InPkts), value(V9Field::InBytes));
                }
            }
            v9::FlowSetBody::NoTemplate(_) | v9::FlowSetBody::Empty => {
                unreachable!("data without a Template")
            }
            _ => {}
        }
    }

    fn ipfix_set(&mut self, set: &ipfix::FlowSet) {
        match &set.body {
            ipfix::FlowSetBody::Data(data) => {
                for record in &data.fields {
                    let value = |id: u16| {
                        let element = IPFixField::IANA(IANAIPFixField::from(id));
                        value(record, |field| *field == element)
                    };
                    self.add(value(2), value(1));
                }
            }
            ipfix::FlowSetBody::NoTemplate(_) | ipfix::FlowSetBody::Empty => {
                unreachable!("data without a Template")
            }
            _ => {}
        }
    }

    fn add(&mut self, packets: u64, octets: u64) {
        self.records += 1;
        self.sums.0 += u128::from(packets);
        self.sums.1 += u128::from(octets);
    }
}

fn value<F>(record: &[(F, FieldValue)], is_it: impl Fn(&F) -> bool) -> u64 {
    let (_, value) = record.iter().find(|(field, _)| is_it(field)).unwrap();
    value.as_u64().unwrap()
}
