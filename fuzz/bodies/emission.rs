//! Emission against the views: what a script of calls wrote is read back in the same order, and
//! nothing is refused that would have fitted.

use flowlog_record::{EnterpriseNumber, InformationElementId, Version};
use flowlog_wire::emit::{EmitError, MessageBuilder, Netflow5Builder};
use flowlog_wire::{FieldSpecifier, SetKind, TemplateId, ipfix, netflow5, netflow9};

/// What a message holds, in its order.
#[derive(Debug, PartialEq, Eq)]
enum Item {
    Template {
        id: TemplateId,
        scopes: Option<u16>,
        fields: Vec<FieldSpecifier>,
    },
    Withdrawal {
        id: TemplateId,
        of_options: bool,
    },
    WithdrawAll {
        of_options: bool,
    },
    Record {
        id: TemplateId,
        octets: Vec<u8>,
    },
}

/// The octets are a script of calls: `[version, limit, padding, call …]`.
pub fn emit_parse(octets: &[u8]) {
    let Some((&[version, high, low, pads], calls)) = octets.split_first_chunk::<4>() else {
        return;
    };
    let limit = usize::from(u16::from_be_bytes([high, low]));
    match version % 3 {
        0 => netflow5(calls),
        1 => message(Version::V9, limit, pads & 1 == 0, calls),
        _ => message(Version::Ipfix, limit, pads & 1 == 0, calls),
    }
}

/// Records of V5 come back; the thirty-first is refused.
fn netflow5(octets: &[u8]) {
    let mut out = vec![0xee; 3];
    let header = netflow5::Header {
        sys_uptime: 1,
        unix_secs: 2,
        ..Default::default()
    };
    let mut builder = Netflow5Builder::new(&mut out, &header);
    let (records, _) = octets.as_chunks::<48>();
    for (place, record) in records.iter().enumerate() {
        assert_eq!(builder.record(record).is_ok(), place < 30);
    }
    let length = builder.finish();
    let message = netflow5::Message::parse(&out[3..]).expect("an emitted packet parses");
    assert_eq!(length, out.len() - 3);
    assert_eq!((message.error(), message.trailing().len()), (None, 0));
    assert_eq!(usize::from(message.header().count), records.len().min(30));
    let read: Vec<_> = message.records().map(|record| *record.octets()).collect();
    assert_eq!(read, records[..records.len().min(30)]);
}

fn message(version: Version, limit: usize, pads: bool, mut calls: &[u8]) {
    let mut out = vec![0xee; 5];
    let v9 = netflow9::Header {
        sequence: 7,
        source_id: 8,
        ..Default::default()
    };
    let v10 = ipfix::Header {
        sequence: 7,
        observation_domain: 8,
        ..Default::default()
    };
    let mut builder = match version {
        Version::Ipfix => MessageBuilder::ipfix(&mut out, &v10, limit),
        _ => MessageBuilder::netflow9(&mut out, &v9, limit),
    };
    if !pads {
        builder = builder.without_padding();
    }
    let mut items = Vec::new();
    let mut length = if version == Version::Ipfix { 16 } else { 20 };
    while let Some(item) = next(version, &mut calls) {
        let Some(item) = item else {
            builder.close_set();
            continue;
        };
        match call(&mut builder, &item) {
            Ok(()) => {
                length += size(&item) + 4 + 3;
                items.push(item);
            }
            Err(EmitError::Full) => assert!(length + size(&item) + 4 + 3 > limit, "it would fit"),
            Err(EmitError::NotInFormat) => assert!(!in_format(version, &item), "it can be said"),
        }
    }
    let data_records = builder.data_records();
    let count = builder.records();
    let octets = builder.finish();
    assert_eq!(octets, out.len() - 5);
    assert!(items.is_empty() || octets <= limit);
    assert_eq!(usize::from(count), items.len());
    let is_data = |item: &&Item| matches!(item, Item::Record { .. });
    assert_eq!(
        usize::from(data_records),
        items.iter().filter(is_data).count()
    );
    assert_eq!(read(version, &out[5..]), items);
}

/// The next call of the script; `Some(None)` closes the Set.
fn next(version: Version, calls: &mut &[u8]) -> Option<Option<Item>> {
    let (&[kind, id_octet, count], rest) = calls.split_first_chunk::<3>()?;
    *calls = rest;
    let id = TemplateId::new(256 + u16::from(id_octet))?;
    let of_options = kind & 0x80 != 0;
    let fields = |calls: &mut &[u8]| {
        let (fields, _) = calls.as_chunks::<5>();
        let fields = &fields[..fields.len().min(usize::from(count))];
        *calls = &calls[fields.len() * 5..];
        fields
            .iter()
            .map(|field| specifier(version, *field))
            .collect::<Vec<_>>()
    };
    Some(Some(match kind & 0x7f {
        0 => Item::Template {
            id,
            scopes: None,
            fields: fields(calls),
        },
        1 => {
            let fields = fields(calls);
            Item::Template {
                id,
                scopes: Some(u16::from(kind) % 7),
                fields,
            }
        }
        2 => {
            let fields = fields(calls);
            let scopes = u16::try_from(fields.len() / 2).ok();
            Item::Template { id, scopes, fields }
        }
        3 => Item::Withdrawal { id, of_options },
        4 => Item::WithdrawAll { of_options },
        5 => return Some(None),
        _ => {
            let octets = vec![kind | 1; record_length(id)];
            Item::Record { id, octets }
        }
    }))
}

/// A Field Specifier of five octets.
fn specifier(
    version: Version,
    [vendor, id, id_low, length, length_low]: [u8; 5],
) -> FieldSpecifier {
    let v9 = version == Version::V9;
    FieldSpecifier {
        enterprise: EnterpriseNumber(if v9 && vendor != 1 {
            0
        } else {
            u32::from(vendor)
        }),
        id: InformationElementId(u16::from_be_bytes([id, id_low])),
        length: u16::from_be_bytes([length, length_low]),
    }
}

/// All data records of a Template ID are equally long, so that padding is told from a record.
fn record_length(id: TemplateId) -> usize {
    usize::from(id.get() % 41) + 1
}

fn call(builder: &mut MessageBuilder<'_>, item: &Item) -> Result<(), EmitError> {
    match item {
        Item::Template {
            id,
            scopes: None,
            fields,
        } => builder.template(*id, fields),
        Item::Template {
            id,
            scopes: Some(scopes),
            fields,
        } => builder.options_template(*id, fields, *scopes),
        Item::Withdrawal {
            id,
            of_options: false,
        } => builder.withdrawal(*id),
        Item::Withdrawal {
            id,
            of_options: true,
        } => builder.options_withdrawal(*id),
        Item::WithdrawAll { of_options: false } => builder.withdraw_all(),
        Item::WithdrawAll { of_options: true } => builder.withdraw_all_options(),
        Item::Record { id, octets } => builder.record(*id, octets),
    }
}

/// Octets of an item without its Set and padding.
fn size(item: &Item) -> usize {
    match item {
        Item::Template { scopes, fields, .. } => {
            let vendor = |field: &&FieldSpecifier| field.enterprise.0 != 0;
            let header = if scopes.is_some() { 6 } else { 4 };
            header + fields.len() * 4 + fields.iter().filter(vendor).count() * 4
        }
        Item::Withdrawal { .. } | Item::WithdrawAll { .. } => 4,
        Item::Record { octets, .. } => octets.len(),
    }
}

/// Whether the standard has a way to say it.
fn in_format(version: Version, item: &Item) -> bool {
    match (version, item) {
        (Version::V9, Item::Withdrawal { .. } | Item::WithdrawAll { .. }) => false,
        (_, Item::Template { scopes, fields, .. }) => {
            let field_fits = |field: &FieldSpecifier| match version {
                Version::Ipfix => field.id.0 & 0x8000 == 0,
                _ => field.enterprise.0 == 0,
            };
            let scopes_fit = scopes.is_none_or(|scopes| {
                usize::from(scopes) <= fields.len() && (version == Version::V9 || scopes > 0)
            });
            !fields.is_empty() && fields.iter().all(field_fits) && scopes_fit
        }
        _ => true,
    }
}

fn read(version: Version, octets: &[u8]) -> Vec<Item> {
    let sets = match version {
        Version::Ipfix => {
            let message = ipfix::Message::parse(octets).expect("an emitted message parses");
            assert_eq!((message.error(), message.trailing().len()), (None, 0));
            message.sets()
        }
        _ => netflow9::Message::parse(octets)
            .expect("an emitted packet parses")
            .sets(),
    };
    let mut items = Vec::new();
    for set in sets {
        let set = set.expect("an emitted Set parses");
        match set.kind(version) {
            SetKind::Data(id) => {
                let records = set.body.chunks_exact(record_length(id));
                items.extend(records.map(|octets| Item::Record {
                    id,
                    octets: octets.to_vec(),
                }));
            }
            SetKind::Reserved => panic!("a reserved Set was written"),
            kind @ (SetKind::Template | SetKind::OptionsTemplate) => {
                let of_options = kind == SetKind::OptionsTemplate;
                if set.withdraws_all(version) {
                    items.push(Item::WithdrawAll { of_options });
                }
                for record in set.templates(version) {
                    let record = record.expect("an emitted Template parses");
                    let id = record.id;
                    items.push(if record.is_withdrawal {
                        Item::Withdrawal { id, of_options }
                    } else {
                        let scopes = of_options.then_some(record.scope_field_count);
                        let fields = record.fields.iter().collect();
                        Item::Template { id, scopes, fields }
                    });
                }
            }
        }
    }
    items
}
