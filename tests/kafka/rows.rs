//! Rows of flow logs for the suite, and what a reader makes of them.

use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc};

use flowlog_logstore::batch::{Column, Group, Mask, Values};

use crate::broker::Record;

/// So many rows of partition 3 of a flow log, numbered from `first`; every seventh has no addresses.
pub fn group(flow_log: &str, first: u64, count: u64) -> Group {
    let numbers: Vec<u64> = (first..first + count).collect();
    let absent = || {
        let mut absent = Mask::default();
        let rows = numbers.iter().enumerate();
        rows.filter(|(_, number)| *number % 7 == 6)
            .for_each(|(row, _)| absent.insert(row));
        absent
    };
    let address = |value: fn(u64) -> u32| Values::Address {
        values: numbers
            .iter()
            .map(|number| Ipv4Addr::from(value(*number)).to_ipv6_mapped().octets())
            .collect(),
        absent: absent(),
    };
    let int = |value: fn(u64) -> u64| Values::Int {
        values: numbers
            .iter()
            .map(|number| i64::try_from(value(*number)).unwrap())
            .collect(),
        absent: absent(),
    };
    let text = |texts: &[&str]| Values::Text {
        dictionary: texts.iter().map(|text| Arc::from(*text)).collect(),
        index: (0..)
            .zip(&numbers)
            .map(|(row, _): (u32, _)| row % u32::try_from(texts.len()).unwrap())
            .collect(),
    };
    let columns = [
        ("Instance_id", text(&["sag-0123456789abcdefgh"])),
        ("snid", text(&["-", "sn \"1\"\\", "größe\u{1}\n"])),
        ("ali-uid", text(&["1000000000000001"])),
        ("start", int(|n| 1_700_000_000 + n)),
        ("end", int(|n| 1_700_000_060 + n)),
        ("protocol", int(|n| 6 + 11 * (n % 2))),
        (
            "srcaddr",
            address(|n| 0x0a00_0000 + u32::try_from(n % 251).unwrap()),
        ),
        ("srcport", int(|n| 1024 + n % 60_000)),
        (
            "dstaddr",
            address(|n| 0xc000_0200 + u32::try_from(n % 5).unwrap()),
        ),
        ("dstport", int(|_| 443)),
        ("packets", int(|n| n)),
        ("bytes", int(|n| n * 1_000_003)),
        ("tcp-flags", int(|n| n % 64)),
        ("exporter", address(|_| 0xcb00_7101)),
        ("sampling", text(&["1", "1000/3"])),
        ("late", text(&["false", "true"])),
        ("bgpSourceAsNumber", int(|n| 64_496 + n)),
        ("applicationName", text(&["dns", "-"])),
    ];
    let mut columns: Vec<_> = columns
        .into_iter()
        .map(|(name, values)| Column {
            name: name.into(),
            values,
        })
        .collect();
    columns.push(Column {
        name: "row-id".into(),
        values: Values::Numbered {
            prefix: format!("1-{flow_log}-3-").into(),
            numbers: numbers.clone(),
        },
    });
    Group {
        topic: "flow_log".into(),
        source: "203.0.113.1".into(),
        time: numbers
            .iter()
            .map(|n| 1_700_000_060 + u32::try_from(*n).unwrap())
            .collect(),
        columns,
        numbers,
        ..Group::default()
    }
}

/// A row with a text of so many octets.
pub fn long(number: u64, octets: usize) -> Group {
    let mut group = group("long", number, 1);
    group.columns.push(Column {
        name: "note".into(),
        values: Values::Text {
            // Compression must not make it small.
            dictionary: vec![noise(number, octets).into()],
            index: vec![0],
        },
    });
    group
}

fn noise(seed: u64, octets: usize) -> String {
    let mut state = seed + 1;
    let letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + u8::try_from(state % 94).unwrap())
    };
    std::iter::repeat_with(letter).take(octets).collect()
}

/// The texts of a row as the Logstore shows them, without what is absent.
pub fn texts(group: &Group, row: usize) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::from([
        ("__time__".to_owned(), group.time[row].to_string()),
        ("__topic__".to_owned(), group.topic.to_string()),
        ("__source__".to_owned(), group.source.to_string()),
    ]);
    for column in &group.columns {
        let mut scratch = Vec::new();
        let text = column.values.cell(row).text(&mut scratch).unwrap();
        let text = String::from_utf8(text.to_vec()).unwrap();
        if text != "-" {
            texts.insert(column.name.to_string(), text);
        }
    }
    texts
}

/// The number in the row-id of a JSON record.
pub fn number(record: &Record) -> u64 {
    let row: serde_json::Value = serde_json::from_slice(&record.value).unwrap();
    let id = row["row-id"].as_str().unwrap();
    id.rsplit_once('-').unwrap().1.parse().unwrap()
}

/// What a reader keeps that knows one number for each topic partition.
pub fn once(records: &[Record]) -> Vec<u64> {
    let mut seen: BTreeMap<u32, u64> = BTreeMap::new();
    let mut kept = Vec::new();
    for record in records {
        let number = number(record);
        let known = seen.get(&record.partition);
        if known.is_none_or(|known| number > *known) {
            seen.insert(record.partition, number);
            kept.push(number);
        }
    }
    kept.sort_unstable();
    kept
}
