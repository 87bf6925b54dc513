//! What a reader finds is what was put in, value by value, and where it belongs.

use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
    process::{Command, Stdio},
    thread,
};

use flowlog_kafka::{Compression, Encoding, Rows};
use flowlog_logstore::batch::Values;
use serde_json::Value;

use crate::{
    broker::{Record, said, shared},
    producer,
    rows::{group, number, texts},
};

const ROWS: u64 = 210;

/// The texts of a record, by the row's number.
fn by_number(
    records: &[Record],
    read: impl Fn(&Record) -> BTreeMap<String, String>,
) -> BTreeMap<u64, BTreeMap<String, String>> {
    let rows = records.iter().map(read);
    rows.map(|row| {
        let id = &row["row-id"];
        (id.rsplit_once('-').unwrap().1.parse().unwrap(), row)
    })
    .collect()
}

#[test]
fn json_is_read_back_value_by_value_with_numbers_strings_and_nulls() {
    let Some(broker) = shared(&["json:4"]) else {
        return;
    };
    let producer = producer(&broker.address(), "json", |_| {});
    let groups = [group("fl-json", 0, 100), group("fl-json", 100, ROWS - 100)];
    let delivered = producer.deliver(Rows::new("fl-json", &groups)).unwrap();
    assert_eq!((delivered.rows, delivered.rejected), (210, 0));

    let records = broker.read("json", "read_uncommitted");
    assert_eq!(records.len(), 210);
    let read = by_number(&records, |record| {
        let row: Value = serde_json::from_slice(&record.value).unwrap();
        let row = row.as_object().unwrap();
        assert_eq!(row.len(), 22, "absent values are there too");
        for name in ["__time__", "srcport", "packets", "bgpSourceAsNumber"] {
            assert!(row[name].is_number() || row[name].is_null(), "{name}");
        }
        row.iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| {
                let text = value.as_str().map(str::to_owned);
                (name.clone(), text.unwrap_or_else(|| value.to_string()))
            })
            .collect()
    });
    assert_eq!(read.len(), 210);
    for (number, row) in read {
        let number = usize::try_from(number).unwrap();
        // The texts repeat within each group.
        let (group, at) = if number < 100 {
            (&groups[0], number)
        } else {
            (&groups[1], number - 100)
        };
        assert_eq!(row, texts(group, at), "row {number}");
    }
}

#[test]
fn protobuf_is_read_back_by_the_schema_alone() {
    let Some(broker) = shared(&["protobuf:4"]) else {
        return;
    };
    let producer = producer(&broker.address(), "protobuf", |settings| {
        settings.encoding = Encoding::Protobuf;
        settings.compression = Compression::Zstd;
    });
    let groups = [group("fl-pb", 0, 21)];
    producer.deliver(Rows::new("fl-pb", &groups)).unwrap();

    let records = broker.read("protobuf", "read_uncommitted");
    let read = by_number(&records, protoc);
    assert_eq!(read.len(), 21);
    for (number, row) in read {
        let expected = texts(&groups[0], usize::try_from(number).unwrap());
        assert_eq!(row, expected, "row {number}");
    }
}

/// The texts of a message, by `protoc` and the schema.
fn protoc(record: &Record) -> BTreeMap<String, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &record.value).unwrap();
    let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/kafka/proto");
    let mut command = Command::new("protoc");
    command
        .arg(format!("--proto_path={}", proto.display()))
        .args(["--decode=flowlog.FlowLogRow", "flow_log_row.proto"])
        .stdin(Stdio::from(file.reopen().unwrap()));
    let mut row = BTreeMap::new();
    let mut key = None;
    for line in said(&mut command).lines() {
        let line = line.trim();
        let Some((name, value)) = line.split_once(": ") else {
            assert!(matches!(line, "further {" | "}"), "{line}");
            continue;
        };
        let octets = value
            .strip_prefix('"')
            .map(|text| unescape(text.strip_suffix('"').unwrap()));
        let text = || String::from_utf8(octets.clone().unwrap()).unwrap();
        match (name, key.take()) {
            ("key", _) => key = Some(text()),
            ("value", Some(key)) => {
                row.insert(key, text());
            }
            ("time" | "topic" | "source", _) => {
                let text = octets.is_some().then(text);
                let name = format!("__{name}__");
                row.insert(name, text.unwrap_or_else(|| value.to_owned()));
            }
            ("srcaddr" | "dstaddr" | "exporter", _) => {
                row.insert(name.to_owned(), address(&octets.unwrap()).to_string());
            }
            ("instance_id", _) => {
                row.insert("Instance_id".to_owned(), text());
            }
            (name, _) => {
                let text = octets.is_some().then(text);
                let name = name.replace('_', "-");
                row.insert(name, text.unwrap_or_else(|| value.to_owned()));
            }
        }
    }
    row
}

fn address(octets: &[u8]) -> IpAddr {
    match <[u8; 4]>::try_from(octets) {
        Ok(octets) => Ipv4Addr::from(octets).into(),
        Err(_) => Ipv6Addr::from(<[u8; 16]>::try_from(octets).unwrap()).into(),
    }
}

/// What `protoc` escapes as C does.
fn unescape(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text.bytes().peekable();
    while let Some(octet) = rest.next() {
        if octet != b'\\' {
            octets.push(octet);
            continue;
        }
        match rest.next().unwrap() {
            b'n' => octets.push(b'\n'),
            b'r' => octets.push(b'\r'),
            b't' => octets.push(b'\t'),
            digit @ b'0'..=b'7' => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    value = 8 * value + u32::from(rest.next().unwrap() - b'0');
                }
                octets.push(u8::try_from(value).unwrap());
            }
            other => octets.push(other),
        }
    }
    octets
}

#[test]
fn a_flow_and_its_way_back_are_in_one_partition_in_order() {
    let Some(broker) = shared(&["flows:8"]) else {
        return;
    };
    let forth = group("fl-flows", 0, ROWS);
    let mut back = forth.clone();
    for column in &mut back.columns {
        column.name = match &*column.name {
            "srcaddr" => "dstaddr".into(),
            "dstaddr" => "srcaddr".into(),
            "srcport" => "dstport".into(),
            "dstport" => "srcport".into(),
            other => other.into(),
        };
        if let Values::Numbered { numbers, .. } = &mut column.values {
            numbers.iter_mut().for_each(|number| *number += ROWS);
        }
    }
    let groups = [forth, back];
    let producer = producer(&broker.address(), "flows", |_| {});
    producer.deliver(Rows::new("fl-flows", &groups)).unwrap();

    let mut places: BTreeMap<Vec<u8>, (u32, Vec<u64>)> = BTreeMap::new();
    for record in broker.read("flows", "read_uncommitted") {
        let number = number(&record);
        let (partition, numbers) = places
            .entry(record.key)
            .or_insert((record.partition, Vec::new()));
        assert_eq!(*partition, record.partition);
        numbers.push(number);
    }
    let partitions: std::collections::BTreeSet<_> =
        places.values().map(|(partition, _)| *partition).collect();
    assert!(partitions.len() > 4, "spread over {partitions:?}");
    for (_, numbers) in places.values() {
        assert!(numbers.is_sorted(), "{numbers:?}");
        assert_eq!(numbers.len() % 2, 0, "there and back: {numbers:?}");
    }
}

#[test]
fn each_flow_log_has_its_topic_while_many_deliver_at_once() {
    let topics: Vec<String> = (0..4).map(|n| format!("flow-logs.fl-{n}")).collect();
    let create: Vec<_> = topics.iter().map(|topic| format!("{topic}:2")).collect();
    let create: Vec<&str> = create.iter().map(String::as_str).collect();
    let Some(broker) = shared(&create) else {
        return;
    };
    let producer = producer(&broker.address(), "flow-logs.{flow_log}", |settings| {
        // Less than one attempt has, so that all of them wait for room.
        settings.queue_rows = 500;
    });
    thread::scope(|scope| {
        for n in 0..4 {
            let producer = &producer;
            scope.spawn(move || {
                let flow_log = format!("fl-{n}");
                for batch in 0..3 {
                    let groups = [group(&flow_log, batch * 2_000, 2_000)];
                    let delivered = producer.deliver(Rows::new(&flow_log, &groups)).unwrap();
                    assert_eq!(delivered.rows, 2_000);
                }
            });
        }
    });
    for topic in &topics {
        let mut numbers: Vec<_> = broker
            .read(topic, "read_uncommitted")
            .iter()
            .map(number)
            .collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..6_000), "{topic}");
    }
}
