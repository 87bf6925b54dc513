//! Real octets of a datagram, written with the builders of `flowlog-wire`.

use std::collections::BTreeMap;

use flowlog_record::{EnterpriseNumber, InformationElementId};
use flowlog_wire::emit::{MessageBuilder, Netflow5Builder, Netflow5Record};
use flowlog_wire::{FieldSpecifier, TemplateId, ipfix, netflow5, netflow9};

use crate::stream::{Content, Datagram, Header, Record};

/// The fields of a Template, those of the scope first.
type Fields = (Vec<FieldSpecifier>, usize);

/// Gives Template IDs: one for each list of fields, never another one.
#[derive(Debug, Default)]
pub struct Encoder {
    templates: BTreeMap<Vec<(u32, u16, u16, bool)>, TemplateId>,
}

impl Encoder {
    pub fn encode(&mut self, datagram: &Datagram) -> Vec<u8> {
        match datagram.header {
            Header::V5 { .. } => netflow5(datagram),
            _ => self.message(datagram),
        }
    }

    fn message(&mut self, datagram: &Datagram) -> Vec<u8> {
        let mut out = Vec::new();
        let mut message = match datagram.header {
            Header::V9 {
                uptime,
                seconds,
                sequence,
                source_id,
            } => MessageBuilder::netflow9(
                &mut out,
                &netflow9::Header {
                    count: 0,
                    sys_uptime: uptime,
                    unix_secs: seconds,
                    sequence,
                    source_id,
                },
                65_000,
            ),
            Header::Ipfix {
                seconds,
                sequence,
                domain,
            } => MessageBuilder::ipfix(
                &mut out,
                &ipfix::Header {
                    length: 0,
                    export_time: seconds,
                    sequence,
                    observation_domain: domain,
                },
                65_000,
            ),
            Header::V5 { .. } => unreachable!("V5 has no Templates"),
        };
        for content in &datagram.content {
            let (fields, scope) = fields(content);
            let id = self.template(&fields, scope);
            match content {
                Content::Flow(_) => message.template(id, &fields),
                Content::Options { .. } => {
                    let scope = u16::try_from(scope).expect("few");
                    message.options_template(id, &fields, scope)
                }
            }
            .expect("a Template that can be written");
        }
        for content in &datagram.content {
            let (fields, scope) = fields(content);
            let id = self.template(&fields, scope);
            message
                .record(id, &values(content))
                .expect("a record that can be written");
        }
        message.finish();
        out
    }

    fn template(&mut self, fields: &[FieldSpecifier], scope: usize) -> TemplateId {
        let key = fields
            .iter()
            .enumerate()
            .map(|(at, field)| (field.enterprise.0, field.id.0, field.length, at < scope))
            .collect();
        let next = 256 + u16::try_from(self.templates.len()).expect("few");
        let next = TemplateId::new(next).expect("256 or more");
        *self.templates.entry(key).or_insert(next)
    }
}

fn parts(content: &Content) -> Vec<&Record> {
    match content {
        Content::Flow(record) => vec![record],
        Content::Options { scope, fields } => vec![scope, fields],
    }
}

fn fields(content: &Content) -> Fields {
    let fields = parts(content)
        .into_iter()
        .flat_map(|record| &record.elements)
        .map(|(&(enterprise, id), &(length, _))| FieldSpecifier {
            enterprise: EnterpriseNumber(enterprise),
            id: InformationElementId(id),
            length,
        })
        .collect();
    let scope = match content {
        Content::Flow(_) => 0,
        Content::Options { scope, .. } => scope.elements.len(),
    };
    (fields, scope)
}

fn values(content: &Content) -> Vec<u8> {
    let mut octets = Vec::new();
    for record in parts(content) {
        for &(length, value) in record.elements.values() {
            let all = value.to_be_bytes();
            octets.extend(&all[all.len() - usize::from(length)..]);
        }
    }
    octets
}

fn netflow5(datagram: &Datagram) -> Vec<u8> {
    let Header::V5 {
        uptime,
        seconds,
        nanoseconds,
        sequence,
        engine,
        sampling,
    } = datagram.header
    else {
        unreachable!("V5 alone");
    };
    let [engine_type, engine_id] = engine.to_be_bytes();
    let header = netflow5::Header {
        count: 0,
        sys_uptime: uptime,
        unix_secs: seconds,
        unix_nsecs: nanoseconds,
        flow_sequence: sequence,
        engine_type,
        engine_id,
        sampling_interval: sampling,
    };
    let mut out = Vec::new();
    let mut message = Netflow5Builder::new(&mut out, &header);
    for content in &datagram.content {
        let Content::Flow(record) = content else {
            panic!("V5 has no options");
        };
        message
            .record(&netflow5_record(record).to_octets())
            .expect("at most 30 records");
    }
    message.finish();
    out
}

/// V5 has these fields, all of them and no others.
fn netflow5_record(record: &Record) -> Netflow5Record {
    let word = |id| u32::try_from(record.get(id).unwrap_or(0)).expect("32 bits in V5");
    let half = |id| u16::try_from(word(id)).expect("16 bits in V5");
    let octet = |id| u8::try_from(word(id)).expect("8 bits in V5");
    Netflow5Record {
        source: word(8).to_be_bytes(),
        destination: word(12).to_be_bytes(),
        input: half(10),
        output: half(14),
        packets: word(2),
        octet_count: word(1),
        first: word(22),
        last: word(21),
        source_port: half(7),
        destination_port: half(11),
        tcp_flags: octet(6),
        protocol: octet(4),
        tos: octet(5),
        ..Netflow5Record::default()
    }
}
