use std::collections::BTreeMap;
use std::fmt::Write as _;

use flowlog_logstore::batch::Cell;
use proptest::prelude::*;
use prost::Message as _;

use super::*;
use crate::columns::KNOWN;
use crate::sample::{group, two_rows};

const SCHEMA: &str = include_str!("../../proto/flow_log_row.proto");

fn encoded(group: &Group, row: usize) -> Vec<u8> {
    let mut out = Vec::new();
    ProtobufGroup::new(group).encode(row, &mut out);
    out
}

#[test]
fn a_row_has_its_columns_in_their_fields() {
    let group = two_rows();
    let row = FlowLogRow::decode(&*encoded(&group, 0)).unwrap();
    let expected = FlowLogRow {
        time: 1_700_000_060,
        topic: "flow_log".into(),
        source: "192.0.2.1".into(),
        tags: BTreeMap::from([("site".into(), "a \"b\"".into())]),
        row_id: Some("1-fl-9-3-41".into()),
        account_id: Some("1000000000000001".into()),
        srcaddr: Some(vec![10, 0, 0, 1]),
        srcport: Some(443),
        dstaddr: Some(std::net::Ipv6Addr::LOCALHOST.octets().to_vec()),
        dstport: Some(65535),
        protocol: Some(6),
        packets: Some(9_223_372_036_854_775_807),
        bytes: Some(u64::MAX),
        log_status: Some("OK".into()),
        exporter: Some(vec![192, 0, 2, 1]),
        further: BTreeMap::from([
            ("applicationName".into(), "dns\n\u{1}ü".into()),
            ("ingressVRFID".into(), "7".into()),
        ]),
        ..FlowLogRow::default()
    };
    assert_eq!(row, expected);
    // But for the place of the tags, written as prost writes it, octet for octet.
    let (mut group, mut expected) = (group, expected);
    group.tags.clear();
    expected.tags.clear();
    assert_eq!(encoded(&group, 0), expected.encode_to_vec());
}

#[test]
fn what_is_absent_is_not_set_and_what_does_not_fit_is_in_the_map() {
    let row = FlowLogRow::decode(&*encoded(&two_rows(), 1)).unwrap();
    let expected = FlowLogRow {
        time: 1_700_000_120,
        topic: "flow_log".into(),
        source: "192.0.2.1".into(),
        tags: BTreeMap::from([("site".into(), "a \"b\"".into())]),
        row_id: Some("1-fl-9-3-18446744073709551615".into()),
        account_id: Some("1000000000000001".into()),
        log_status: Some("NODATA".into()),
        further: BTreeMap::from([("exporter".into(), "fleet".into())]),
        ..FlowLogRow::default()
    };
    assert_eq!(row, expected);
}

/// A field of the schema: type, name, number.
fn schema() -> Vec<(&'static str, &'static str, u32)> {
    let body = SCHEMA.split_once("message FlowLogRow {").unwrap().1;
    let body = body.split_once("\n}").unwrap().0;
    let lines = body.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .map(|line| {
            let (field, number) = line.strip_suffix(';').unwrap().split_once(" = ").unwrap();
            let (kind, name) = field.rsplit_once(' ').unwrap();
            (kind, name, number.parse().unwrap())
        })
        .collect()
}

#[test]
fn the_schema_and_the_derived_message_have_the_same_fields() {
    let fields = schema();
    for (kind, name, number) in &fields {
        // A message with that field alone, written by the rules of the wire.
        let mut octets = Vec::new();
        let shown = match kind.trim_start_matches("optional ") {
            "uint32" | "uint64" => {
                write_int(*number, 9, &mut octets);
                "9"
            }
            "string" => {
                write_octets(*number, b"it", &mut octets);
                "\"it\""
            }
            "bytes" => {
                write_octets(*number, &[7, 8], &mut octets);
                "[7, 8]"
            }
            "map<string, string>" => {
                write_entry(*number, "k", [b"v", &[]], &mut octets);
                "{\"k\": \"v\"}"
            }
            kind => panic!("{kind} is not known here"),
        };
        let shown = if kind.starts_with("optional") {
            format!("Some({shown})")
        } else {
            shown.to_owned()
        };
        let row = FlowLogRow::decode(&*octets).unwrap();
        assert_ne!(
            row,
            FlowLogRow::default(),
            "{name} is unknown to the message"
        );
        // It is written again: the number is known, and so are kind and presence.
        assert_eq!(row.encode_to_vec(), octets, "{name}");
        let expected = format!("{name}: {shown}");
        let debug = format!("{row:?}").replace("r#", "");
        assert!(debug.contains(&expected), "{expected} is not in {debug}");
    }
    let mut none = String::new();
    write!(none, "{:?}", FlowLogRow::default()).unwrap();
    assert_eq!(none.matches(": ").count(), fields.len(), "{none}");
}

#[test]
fn every_known_column_is_in_the_schema_under_its_name() {
    let fields = schema();
    for (name, tag, kind) in KNOWN {
        let kind = match kind {
            Kind::Int => "optional uint64",
            Kind::Address => "optional bytes",
            Kind::Text => "optional string",
        };
        let name = name.replace('-', "_").to_lowercase();
        assert!(
            fields.contains(&(kind, &name, *tag)),
            "{kind} {name} = {tag}"
        );
    }
    // The others: time, topic, source, nanoseconds, tags and the map.
    assert_eq!(fields.len(), KNOWN.len() + 6);
}

/// The texts of a row, by column, read from its message.
fn read(octets: &[u8]) -> BTreeMap<String, String> {
    let row = FlowLogRow::decode(octets).unwrap();
    let mut texts = row.further.clone();
    for (name, tag, kind) in KNOWN {
        // Every other field is forgotten.
        let mut alone = Vec::new();
        let mut rest = octets;
        while !rest.is_empty() {
            let before = rest;
            let (field, wire) = prost::encoding::decode_key(&mut rest).unwrap();
            let context = prost::encoding::DecodeContext::default();
            prost::encoding::skip_field(wire, field, &mut rest, context).unwrap();
            if field == *tag {
                alone.extend_from_slice(&before[..before.len() - rest.len()]);
            }
        }
        if alone.is_empty() {
            continue;
        }
        let mut value = &*alone;
        prost::encoding::decode_key(&mut value).unwrap();
        let number = prost::encoding::decode_varint(&mut value).unwrap();
        let text = match (kind, value.len()) {
            (Kind::Int, _) => number.to_string(),
            (Kind::Text, _) => String::from_utf8(value.to_vec()).unwrap(),
            (Kind::Address, 4) => {
                std::net::Ipv4Addr::from(<[u8; 4]>::try_from(value).unwrap()).to_string()
            }
            (Kind::Address, _) => {
                std::net::Ipv6Addr::from(<[u8; 16]>::try_from(value).unwrap()).to_string()
            }
        };
        texts.insert((*name).to_owned(), text);
    }
    texts
}

proptest! {
    #[test]
    fn every_value_is_found_in_its_field_or_in_the_map(group in group()) {
        for row in 0..group.rows() {
            let octets = encoded(&group, row);
            let message = FlowLogRow::decode(&*octets).unwrap();
            prop_assert_eq!(message.time, group.time[row]);
            prop_assert_eq!(message.time_ns, group.time_ns.get(row).copied());
            prop_assert_eq!(&*message.topic, &*group.topic);
            prop_assert_eq!(&*message.source, &*group.source);
            let mut expected = BTreeMap::new();
            for column in &group.columns {
                let mut scratch = Vec::new();
                let Some(text) = column.values.cell(row).text(&mut scratch) else { continue };
                let text = String::from_utf8_lossy(text).into_owned();
                if text != "-" {
                    // An address has one writing as a field, whatever the text was.
                    let kind = known(&column.name).map(|(_, _, kind)| kind);
                    let address = matches!(column.values.cell(row), Cell::Octets(_))
                        .then(|| text.parse::<IpAddr>().ok())
                        .flatten();
                    let text = match (kind, address) {
                        (Some(Kind::Address), Some(address)) => address.to_string(),
                        _ => text,
                    };
                    expected.insert(column.name.to_string(), text);
                }
            }
            prop_assert_eq!(read(&octets), expected);
        }
    }
}
