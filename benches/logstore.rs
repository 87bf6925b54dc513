//! What does it cost to keep a row, and to ask for it?
//!
//! *Keep*: batches of flow rows go into the Logstore until they are in a segment on disk; the floor
//! is a plain file to which as many octets are written and synced as the Logstore has written. The
//! octets of a row on disk are printed.
//! *Put*, *found*: see [`put`].
//! *Ask*: a search and two statements of SQL over a million rows in segments.

#[path = "logstore/put.rs"]
mod put;

use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flowlog_logstore::batch::{Batch, Column, Group, Mask, Origin, Values};
use flowlog_logstore::{Compression, Logstore, Settings};
use flowlog_sls::GetLogsRequest;
use flowlog_sls::index::{IndexConfig, KeyIndex, LineIndex};

const PROJECT: &str = "flow-logs";
const LOGSTORE: &str = "default";
const START: u32 = 1_700_000_000;
/// Rows of a batch, as a partition hands them over.
const BATCH: u64 = 1000;

/// A seeded stream of numbers (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `limit`, small numbers more often than large ones.
    fn skewed(&mut self, limit: u64) -> u64 {
        let (a, b) = (self.next() % limit, self.next() % limit);
        a * b / limit
    }
}

/// Rows as a flow log of a Smart Access Gateway has them, our own columns behind them.
fn batch(first: u64, numbers: &mut Numbers) -> Batch {
    let rows = usize::try_from(BATCH).unwrap();
    let time = START + u32::try_from(first / 10_000).unwrap();
    let same = |text: &str| Values::Text {
        dictionary: vec![text.into()],
        index: vec![0; rows],
    };
    let ints = |f: &mut dyn FnMut() -> u64| Values::Int {
        values: (0..rows).map(|_| i64::try_from(f()).unwrap()).collect(),
        absent: Mask::default(),
    };
    let mut addresses = |net: u8, hosts: u64| {
        let mut address = || {
            let host = numbers.skewed(hosts);
            let [.., c, d] = host.to_be_bytes();
            Ipv4Addr::new(10, net, c, d).to_ipv6_mapped().octets()
        };
        let values = (0..rows).map(|_| address()).collect();
        Values::Address {
            values,
            absent: Mask::default(),
        }
    };
    let (source, destination) = (addresses(1, 4000), addresses(2, 60_000));
    let time_of = u64::from(time);
    let columns = vec![
        ("Instance_id", same("sag-0123456789abcdefgh")),
        ("snid", same("sage6nniq3")),
        ("ali-uid", same("1000000000000001")),
        ("start", ints(&mut || time_of - 60 + numbers.next() % 60)),
        ("end", ints(&mut || time_of)),
        (
            "protocol",
            ints(&mut || {
                if numbers.next().is_multiple_of(5) {
                    17
                } else {
                    6
                }
            }),
        ),
        ("srcaddr", source),
        ("srcport", ints(&mut || 1024 + numbers.next() % 64_000)),
        ("dstaddr", destination),
        (
            "dstport",
            ints(&mut || [443, 53, 80, 22, 8443][usize::try_from(numbers.skewed(5)).unwrap()]),
        ),
        ("packets", ints(&mut || 1 + numbers.skewed(200))),
        ("bytes", ints(&mut || 64 + numbers.skewed(200_000))),
        (
            "tcp-flags",
            ints(&mut || [27, 24, 2, 18][usize::try_from(numbers.next() % 4).unwrap()]),
        ),
        ("tos", ints(&mut || 0)),
        ("inport", ints(&mut || 1 + numbers.next() % 4)),
        ("outport", ints(&mut || 5 + numbers.next() % 2)),
        ("exporter", same("192.0.2.1")),
        ("window", ints(&mut || time_of / 60 * 60)),
        ("packets_raw", ints(&mut || 1 + numbers.skewed(200))),
        ("bytes_raw", ints(&mut || 64 + numbers.skewed(200_000))),
        ("sampling", same("1")),
        ("distribution", same("direct")),
        ("late", same("false")),
        ("reason", same("window")),
        (
            "row-id",
            Values::Numbered {
                prefix: "0-default-0-".into(),
                numbers: (first..first + BATCH).collect(),
            },
        ),
    ];
    let columns = columns.into_iter().map(|(name, values)| Column {
        name: name.into(),
        values,
    });
    let group = Group {
        topic: "flow_log".into(),
        source: "192.0.2.1".into(),
        time: vec![time; rows],
        columns: columns.collect(),
        numbers: (first..first + BATCH).collect(),
        ..Group::default()
    };
    Batch {
        project: PROJECT.into(),
        logstore: LOGSTORE.into(),
        origin: Some(Origin {
            epoch: 0,
            flow_log: "default".into(),
            partition: 0,
            first,
            next: first + BATCH,
        }),
        groups: vec![group],
    }
}

fn batches(rows: u64) -> Vec<Batch> {
    let mut numbers = Numbers(1);
    (0..rows / BATCH)
        .map(|n| batch(n * BATCH, &mut numbers))
        .collect()
}

fn index() -> IndexConfig {
    let longs = [
        "start", "end", "protocol", "srcport", "dstport", "packets", "bytes", "window",
    ];
    let texts = ["srcaddr", "dstaddr", "exporter", "reason", "row-id"];
    let longs = longs.map(|key| (key.to_owned(), KeyIndex::long()));
    let texts = texts.map(|key| (key.to_owned(), KeyIndex::whole()));
    IndexConfig {
        line: Some(LineIndex::usual()),
        keys: longs.into_iter().chain(texts).collect(),
        max_text_len: 2048,
        ..IndexConfig::default()
    }
}

fn open(dir: &std::path::Path, compression: Compression) -> Logstore {
    let settings = Settings {
        compression,
        ..Settings::default()
    };
    let (logstore, _) = Logstore::open(dir, settings).unwrap();
    logstore
        .ensure_logstore(PROJECT, LOGSTORE, index())
        .unwrap();
    logstore
}

/// Whether one of the arguments that choose benchmarks begins so; without one, everything is chosen
/// that is not long.
fn chosen(name: &str, long: bool) -> bool {
    let mut filters = std::env::args()
        .skip(1)
        .filter(|text| !text.starts_with('-'));
    let is_number = |text: &str| text.parse::<f64>().is_ok();
    let filters: Vec<String> = filters.by_ref().filter(|text| !is_number(text)).collect();
    filters.iter().any(|filter| filter.starts_with(name)) || (filters.is_empty() && !long)
}

/// Appends all, without waiting for each, and seals.
fn ingest(logstore: &Logstore, batches: Vec<Batch>) {
    let receipts: Vec<_> = batches
        .into_iter()
        .map(|batch| logstore.append(batch))
        .collect();
    for receipt in receipts {
        receipt.wait().unwrap();
    }
}

fn keep(criterion: &mut Criterion) {
    const ROWS: u64 = 200_000;
    if !chosen("keep", false) {
        return;
    }
    let all = batches(ROWS);
    let mut group = criterion.benchmark_group("logstore/keep");
    group.sample_size(10).throughput(Throughput::Elements(ROWS));
    let mut written = 0;
    for (name, compression) in [("zstd", Compression::Zstd), ("lz4", Compression::Lz4)] {
        let dir = tempfile::tempdir().unwrap();
        let logstore = open(dir.path(), compression);
        ingest(&logstore, all.clone());
        logstore.seal();
        let stats = logstore.stats();
        assert_eq!((stats.rows, stats.segments_sealed), (ROWS, 1));
        println!(
            "{name}: {:.1} octets a row in the journal, {:.1} in a segment",
            stats.journal_octets as f64 / ROWS as f64,
            stats.segment_octets as f64 / ROWS as f64,
        );
        written = stats.journal_octets + stats.segment_octets;
        drop(logstore);
        for (step, sealing) in [("log", false), ("log and segment", true)] {
            group.bench_function(BenchmarkId::new(name, step), |bencher| {
                bencher.iter_batched(
                    || {
                        let dir = tempfile::tempdir().unwrap();
                        (open(dir.path(), compression), dir, all.clone())
                    },
                    |(logstore, dir, batches)| {
                        ingest(&logstore, batches);
                        if sealing {
                            logstore.seal();
                        }
                        (logstore, dir)
                    },
                    criterion::BatchSize::PerIteration,
                );
            });
        }
    }
    let octets = vec![0x5a_u8; usize::try_from(written).unwrap()];
    group.bench_function("floor: one file of as many octets", |bencher| {
        bencher.iter_batched(
            || tempfile::tempdir().unwrap(),
            |dir| {
                let mut file = File::create(dir.path().join("floor")).unwrap();
                file.write_all(&octets).unwrap();
                file.sync_data().unwrap();
                dir
            },
            criterion::BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn ask(criterion: &mut Criterion) {
    const ROWS: u64 = 1_000_000;
    if !chosen("ask", false) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let logstore = Arc::new(open(dir.path(), Compression::Zstd));
    ingest(&logstore, batches(ROWS));
    logstore.seal();
    let mut group = criterion.benchmark_group("logstore/ask");
    group.sample_size(10).throughput(Throughput::Elements(ROWS));
    for (name, query, rows) in [
        (
            "search one address",
            "dstaddr: 10.2.0.77 and bytes > 1000",
            100,
        ),
        ("search full text", "\"10.2.0.77\"", 100),
        ("count", "* | select count(*) as n", 1),
        (
            "sum by port",
            "* | select dstport, sum(bytes) as b group by dstport order by b desc",
            5,
        ),
        (
            "top talkers",
            "protocol = 6 | select srcaddr, sum(bytes) as b group by srcaddr order by b desc limit 10",
            10,
        ),
        (
            "top talkers, row by row",
            "protocol = 6 | select srcaddr, sum(bytes + 0) as b group by srcaddr order by b desc limit 10",
            10,
        ),
    ] {
        let request = GetLogsRequest::new(i64::from(START), i64::from(START) + 86_400, query);
        let answer = logstore.query(PROJECT, LOGSTORE, &request).unwrap();
        assert!(
            answer.data.len() <= rows && !answer.data.is_empty(),
            "{name}"
        );
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(logstore.query(PROJECT, LOGSTORE, &request).unwrap()));
        });
    }
    group.finish();
}

/// Ten million rows in segments, as a dashboard asks of them. With `FLOWLOG_NFCAPD` naming a
/// directory of files of `nfcapd` with as many flows, `nfdump -s` is asked too. With
/// `FLOWLOG_SEGMENTS` naming a directory that is not there yet, the segments stay in it, for DuckDB.
fn talkers(criterion: &mut Criterion) {
    const ROWS: u64 = 10_000_000;
    if !chosen("talkers", true) {
        // It takes a minute to fill; it is asked for by its name.
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("FLOWLOG_SEGMENTS").map(std::path::PathBuf::from);
    let path = kept.as_deref().unwrap_or(dir.path());
    let logstore = open(path, Compression::Zstd);
    let mut numbers = Numbers(1);
    for first in (0..ROWS).step_by(1_000_000) {
        let part = (first..first + 1_000_000).step_by(usize::try_from(BATCH).unwrap());
        ingest(&logstore, part.map(|n| batch(n, &mut numbers)).collect());
    }
    logstore.seal();
    assert_eq!(logstore.stats().rows, ROWS);
    let mut group = criterion.benchmark_group("logstore/talkers");
    group.sample_size(10).throughput(Throughput::Elements(ROWS));
    for (name, query, rows) in [
        (
            "top 10 sources",
            "* | select srcaddr, sum(bytes) as b group by srcaddr order by b desc limit 10",
            10,
        ),
        (
            "filter",
            "protocol: 17 and dstport: 53 and bytes > 100000 | select count(*) as n",
            1,
        ),
        (
            "a minute's sums",
            "* | select __time__ - __time__ % 60 as t, protocol, sum(bytes) as b, count(*) as n \
             group by t, protocol order by t limit 1000",
            1000,
        ),
    ] {
        let request = GetLogsRequest::new(i64::from(START), i64::from(START) + 86_400, query);
        let answer = logstore.query(PROJECT, LOGSTORE, &request).unwrap();
        assert!(
            answer.data.len() <= rows && !answer.data.is_empty(),
            "{name}"
        );
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(logstore.query(PROJECT, LOGSTORE, &request).unwrap()));
        });
    }
    if let Ok(files) = std::env::var("FLOWLOG_NFCAPD") {
        let nfdump = || {
            let mut command = std::process::Command::new("nfdump");
            command.args(["-R", &files, "-s", "srcip/bytes", "-n", "10"]);
            let output = command.output().unwrap();
            assert!(output.status.success());
            output.stdout
        };
        let said = String::from_utf8(nfdump()).unwrap();
        assert!(said.contains("Top 10 Src IP"), "{said}");
        group.bench_function("peer: nfdump -s srcip/bytes", |bencher| {
            bencher.iter(|| black_box(nfdump()));
        });
    }
    group.finish();
}

criterion_group!(benches, keep, put::through_http, put::found, ask, talkers);
criterion_main!(benches);
