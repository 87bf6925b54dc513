//! Groups for tests: one to read, and any.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use bytes::Bytes;
use flowlog_logstore::batch::{Column, Group, Mask, Values};
use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) fn v4(octets: [u8; 4]) -> [u8; 16] {
    Ipv4Addr::from(octets).to_ipv6_mapped().octets()
}

fn mask(rows: impl IntoIterator<Item = usize>) -> Mask {
    let mut mask = Mask::default();
    rows.into_iter().for_each(|row| mask.insert(row));
    mask
}

fn column(name: &str, values: Values) -> Column {
    Column {
        name: name.into(),
        values,
    }
}

/// Two rows: one of a flow, one of a window without any.
pub(crate) fn two_rows() -> Group {
    let text = |texts: [&str; 2]| Values::Text {
        dictionary: texts.map(Arc::from).to_vec(),
        index: vec![0, 1],
    };
    let address = |octets: [u8; 16]| Values::Address {
        values: vec![octets, [0; 16]],
        absent: mask([1]),
    };
    let int = |value: i64| Values::Int {
        values: vec![value, 0],
        absent: mask([1]),
    };
    Group {
        topic: "flow_log".into(),
        source: "192.0.2.1".into(),
        tags: vec![("site".into(), "a \"b\"".into())],
        time: vec![1_700_000_060, 1_700_000_120],
        columns: vec![
            column("account-id", text(["1000000000000001", "1000000000000001"])),
            column("srcaddr", address(v4([10, 0, 0, 1]))),
            column("srcport", int(443)),
            column("dstaddr", address(Ipv6Addr::LOCALHOST.octets())),
            column("dstport", int(65535)),
            column("protocol", int(6)),
            column("packets", int(i64::MAX)),
            column("bytes", text(["18446744073709551615", "-"])),
            column("log-status", text(["OK", "NODATA"])),
            column("ingressVRFID", int(7)),
            column("applicationName", text(["dns\n\u{1}ü", "-"])),
            column("exporter", text(["192.0.2.1", "fleet"])),
            column(
                "row-id",
                Values::Numbered {
                    prefix: "1-fl-9-3-".into(),
                    numbers: vec![41, u64::MAX],
                },
            ),
        ],
        ..Group::default()
    }
}

fn values(rows: usize) -> impl Strategy<Value = Values> {
    let absent = || vec(any::<bool>(), rows).prop_map(|some| mask_of(&some));
    let address = prop_oneof![any::<[u8; 4]>().prop_map(v4), any::<[u8; 16]>()];
    let texts = prop_oneof![
        Just("-".to_owned()),
        any::<u64>().prop_map(|number| number.to_string()),
        any::<[u8; 4]>().prop_map(|octets| Ipv4Addr::from(octets).to_string()),
        any::<String>(),
    ];
    let octets = vec(any::<u8>(), 0..8);
    prop_oneof![
        (vec(any::<i64>(), rows), absent())
            .prop_map(|(values, absent)| Values::Int { values, absent }),
        (vec(address, rows), absent())
            .prop_map(|(values, absent)| Values::Address { values, absent }),
        vec(texts, rows).prop_map(|texts| Values::Text {
            index: (0..).take(texts.len()).collect(),
            dictionary: texts.into_iter().map(Arc::from).collect(),
        }),
        (any::<String>(), vec(any::<u64>(), rows)).prop_map(|(prefix, numbers)| Values::Numbered {
            prefix: prefix.into(),
            numbers,
        }),
        (vec(octets, rows), vec(any::<bool>(), rows)).prop_map(|(octets, keys)| Values::Octets {
            index: (0..)
                .zip(keys)
                .map(|(at, key)| if key { at } else { Values::NO_KEY })
                .collect(),
            dictionary: octets.into_iter().map(Bytes::from).collect(),
        }),
    ]
}

fn mask_of(some: &[bool]) -> Mask {
    mask((0..some.len()).filter(|at| some[*at]))
}

/// Any group of a few rows: known columns with values of any kind, and unknown ones.
pub(crate) fn group() -> impl Strategy<Value = Group> {
    let rows = 1..4_usize;
    rows.prop_flat_map(|rows| {
        let known = crate::columns::KNOWN.iter().map(|(name, ..)| *name);
        let names: Vec<_> = known.chain(["octetDeltaCount", "ä \"x\"\\", "q"]).collect();
        let columns = proptest::sample::subsequence(names, 0..8).prop_flat_map(move |names| {
            names
                .into_iter()
                .map(|n| (Just(n), values(rows)))
                .collect::<Vec<_>>()
        });
        let head = (any::<String>(), any::<String>());
        let ns = prop_oneof![Just(Vec::new()), vec(0..1_000_000_000_u32, rows)];
        (head, vec(1..=u32::MAX, rows), ns, columns).prop_map(
            |((topic, source), time, time_ns, columns)| Group {
                topic: topic.into(),
                source: source.into(),
                tags: vec![("k".into(), "v".into())],
                time,
                time_ns,
                columns: columns
                    .into_iter()
                    .map(|(name, values)| column(name, values))
                    .collect(),
                ..Group::default()
            },
        )
    })
}
