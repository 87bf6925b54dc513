//! How many rows does one core make into messages, and bring to a Kafka cluster?
//!
//! *JSON*, *protobuf*: rows of a group written one by one into a buffer that is used again. The
//! peers build an owned message for each row, a `serde_json` object or a `prost` message, and let that
//! be written; the floor copies the octets that ours has written.
//! *Produce*: with `FLOWLOG_KAFKA=HOST:PORT`, where the topic `flowlog-bench` exists or is made by
//! itself; attempts of 50 000 rows until each row is confirmed. Printed once: rows for each second of
//! CPU of this process, the threads of `librdkafka` included.

use std::fs;
use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowlog_kafka::{Encoding, FlowLogRow, GroupEncoder, Producer, Rows, Settings, Topic};
use flowlog_logstore::batch::{Cell, Column, Group, Mask, Values};
use prost::Message as _;
use serde_json::{Map, Value};

/// Rows of a group, as a partition hands them over.
const GROUP: u32 = 1000;
/// Groups of an attempt.
const GROUPS: u32 = 50;

/// Rows as a flow log of a Smart Access Gateway has them, our own columns behind them.
fn group(first: u32) -> Group {
    let rows = first..first + GROUP;
    let hash = |row: u32, salt: u32| (row ^ salt).wrapping_mul(0x9e37_79b9).rotate_left(15);
    let same = |text: &str| Values::Text {
        dictionary: vec![text.into()],
        index: vec![0; usize::try_from(GROUP).unwrap()],
    };
    let ints = |value: &dyn Fn(u32) -> u32| Values::Int {
        values: rows.clone().map(|row| i64::from(value(row))).collect(),
        absent: Mask::default(),
    };
    let addresses = |value: &dyn Fn(u32) -> u32| Values::Address {
        values: rows
            .clone()
            .map(|row| Ipv4Addr::from(value(row)).to_ipv6_mapped().octets())
            .collect(),
        absent: Mask::default(),
    };
    let time = 1_700_000_060;
    let columns = [
        ("Instance_id", same("sag-0123456789abcdefgh")),
        ("snid", same("sage6nniq3")),
        ("ali-uid", same("1000000000000001")),
        ("start", ints(&|row| time - hash(row, 1) % 60)),
        ("end", ints(&|_| time)),
        ("protocol", ints(&|row| 6 + 11 * (row % 2))),
        (
            "srcaddr",
            addresses(&|row| 0x0a01_0000 + hash(row, 2) % 4_000),
        ),
        ("srcport", ints(&|row| 1_024 + hash(row, 3) % 60_000)),
        (
            "dstaddr",
            addresses(&|row| 0x0a02_0000 + hash(row, 4) % 60_000),
        ),
        (
            "dstport",
            ints(&|row| [443, 53, 80, 8080][usize::try_from(row % 4).unwrap()]),
        ),
        ("packets", ints(&|row| 1 + hash(row, 5) % 1_000)),
        ("bytes", ints(&|row| 64 + hash(row, 6) % 1_000_000)),
        ("tcp-flags", ints(&|row| hash(row, 7) % 64)),
        ("tos", ints(&|_| 0)),
        ("inport", ints(&|row| 1 + hash(row, 8) % 8)),
        ("outport", ints(&|row| 1 + hash(row, 9) % 8)),
        ("exporter", addresses(&|_| 0xcb00_7101)),
        ("window", ints(&|_| time - 60)),
        ("packets_raw", ints(&|row| 1 + hash(row, 5) % 1_000)),
        ("bytes_raw", ints(&|row| 64 + hash(row, 6) % 1_000_000)),
        ("sampling", same("1")),
        ("distribution", same("direct")),
        ("late", same("false")),
        ("reason", same("window")),
        (
            "row-id",
            Values::Numbered {
                prefix: "1-default-17-".into(),
                numbers: rows.clone().map(u64::from).collect(),
            },
        ),
    ];
    Group {
        topic: "flow_log".into(),
        source: "203.0.113.1".into(),
        time: vec![time; usize::try_from(GROUP).unwrap()],
        columns: columns
            .into_iter()
            .map(|(name, values)| Column {
                name: name.into(),
                values,
            })
            .collect(),
        ..Group::default()
    }
}

/// A row as an owned object.
fn object(group: &Group, row: usize) -> Value {
    let mut object = Map::new();
    object.insert("__time__".to_owned(), group.time[row].into());
    object.insert("__topic__".to_owned(), (*group.topic).into());
    object.insert("__source__".to_owned(), (*group.source).into());
    let mut scratch = Vec::new();
    for column in &group.columns {
        let cell = column.values.cell(row);
        let value = if let Cell::Int(value) = cell {
            value.into()
        } else {
            let text = cell.text(&mut scratch).unwrap();
            std::str::from_utf8(text).unwrap().into()
        };
        object.insert(column.name.to_string(), value);
    }
    Value::Object(object)
}

/// A row as an owned message.
fn message(group: &Group, row: usize) -> FlowLogRow {
    let cell = |name: &str| group.column(name).unwrap().cell(row);
    let int = |name| cell(name).int().and_then(|value| u64::try_from(value).ok());
    let text = |name| {
        let mut scratch = Vec::new();
        let text = cell(name).text(&mut scratch).map(<[u8]>::to_vec);
        text.map(|text| String::from_utf8(text).unwrap())
    };
    let address = |name| match cell(name) {
        Cell::Address(octets) => Some(octets[12..].to_vec()),
        _ => None,
    };
    FlowLogRow {
        time: group.time[row],
        topic: group.topic.to_string(),
        source: group.source.to_string(),
        row_id: text("row-id"),
        srcaddr: address("srcaddr"),
        srcport: int("srcport"),
        dstaddr: address("dstaddr"),
        dstport: int("dstport"),
        protocol: int("protocol"),
        packets: int("packets"),
        bytes: int("bytes"),
        start: int("start"),
        end: int("end"),
        tcp_flags: int("tcp-flags"),
        exporter: address("exporter"),
        tos: int("tos"),
        instance_id: text("Instance_id"),
        snid: text("snid"),
        ali_uid: text("ali-uid"),
        inport: int("inport"),
        outport: int("outport"),
        window: int("window"),
        packets_raw: int("packets_raw"),
        bytes_raw: int("bytes_raw"),
        sampling: text("sampling"),
        distribution: text("distribution"),
        late: text("late"),
        reason: text("reason"),
        ..FlowLogRow::default()
    }
}

fn encode(group: &Group, encoding: Encoding, out: &mut Vec<u8>) -> usize {
    let encoder = GroupEncoder::new(encoding, group);
    let mut octets = 0;
    for row in 0..group.rows() {
        out.clear();
        encoder.encode(row, out);
        octets += black_box(&*out).len();
    }
    octets
}

fn encodings(c: &mut Criterion) {
    let rows = group(0);
    let mut out = Vec::new();
    for row in 0..rows.rows() {
        out.clear();
        GroupEncoder::new(Encoding::Json, &rows).encode(row, &mut out);
        let read: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(read, object(&rows, row));
        out.clear();
        GroupEncoder::new(Encoding::Protobuf, &rows).encode(row, &mut out);
        assert_eq!(out, message(&rows, row).encode_to_vec());
    }
    for (name, encoding) in [("json", Encoding::Json), ("protobuf", Encoding::Protobuf)] {
        let octets = encode(&rows, encoding, &mut out);
        println!("{name}: {} octets a row", octets / rows.rows());
        let mut bench = c.benchmark_group(format!("kafka/{name}"));
        bench.throughput(Throughput::Elements(u64::from(GROUP)));
        bench.bench_function("ours", |b| b.iter(|| encode(&rows, encoding, &mut out)));
        bench.bench_function("owned", |b| {
            b.iter(|| {
                for row in 0..rows.rows() {
                    black_box(match encoding {
                        Encoding::Json => serde_json::to_vec(&object(&rows, row)).unwrap(),
                        Encoding::Protobuf => message(&rows, row).encode_to_vec(),
                    });
                }
            });
        });
        out.clear();
        GroupEncoder::new(encoding, &rows).encode(0, &mut out);
        let row = out.clone();
        bench.bench_function("memcpy", |b| {
            b.iter(|| {
                for _ in 0..rows.rows() {
                    out.clear();
                    out.extend_from_slice(black_box(&row));
                    black_box(&out);
                }
            });
        });
    }
}

/// The CPU that this process has had.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let behind = stat.rsplit_once(") ").unwrap().1;
    let ticks = behind.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(10 * ticks)
}

fn produce(c: &mut Criterion) {
    let Ok(brokers) = std::env::var("FLOWLOG_KAFKA") else {
        println!("kafka/produce: skipped, FLOWLOG_KAFKA is not set");
        return;
    };
    let groups: Vec<_> = (0..GROUPS).map(|at| group(at * GROUP)).collect();
    let rows = Rows::new("default", &groups);
    for (name, encoding) in [("json", Encoding::Json), ("protobuf", Encoding::Protobuf)] {
        let mut settings = Settings::new(&brokers, Topic::new("flowlog-bench").unwrap());
        settings.encoding = encoding;
        let producer = Producer::open(settings).unwrap();
        let deliver = || {
            let delivered = producer.deliver(rows).unwrap();
            assert_eq!((delivered.rows, delivered.rejected), (rows.len(), 0));
        };
        // The first one waits for connections.
        deliver();
        let (began, before) = (Instant::now(), cpu());
        (0..20).for_each(|_| deliver());
        let (wall, cpu) = (began.elapsed(), cpu() - before);
        let rate = |time: Duration| {
            20 * u64::try_from(rows.len()).unwrap() * 1000
                / u64::try_from(time.as_millis()).unwrap()
        };
        println!("{name}: {} rows/s, {} rows/s of CPU", rate(wall), rate(cpu));

        let mut bench = c.benchmark_group("kafka/produce");
        bench.sample_size(10);
        bench.throughput(Throughput::Elements(u64::try_from(rows.len()).unwrap()));
        bench.bench_function(name, |b| b.iter(deliver));
    }
}

criterion_group!(benches, encodings, produce);
criterion_main!(benches);
