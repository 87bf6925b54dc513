//! What a record costs to decode: ours, `netflow_parser`, and copying the octets.
//!
//! Twenty fields as a router sends them; V5 30, V9 24, IPFIX 19 records a datagram; datagrams
//! differ, so that none is dropped as a duplicate. `settled` adds the interval that counts.
//!
//! Instructions: `valgrind --tool=callgrind --collect-atstart=no --toggle-collect='decode::peer'
//! --dump-after='decode::peer'` and the bench with `--test none` gives a file a version; with
//! `decode::ours` two, plain and settled.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowlog_decode::{Batch, Decoder, Outcome, Settings, Visitor};
use flowlog_record::{HashKey, Timestamp};
use netflow_parser::{NetflowPacket, NetflowParser};

/// Enough that the last 64 are always others.
const DATAGRAMS: usize = 128;
const EXPORTER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const EXPORT_SECONDS: u32 = 1_700_000_000;
const AT: Timestamp = Timestamp(1_700_000_000_500);
const UPTIME: u32 = 3_600_000;

/// (element, length) as a router sends them in V9.
const V9_FIELDS: [(u16, u16); 20] = [
    (8, 4),
    (12, 4),
    (15, 4),
    (10, 4),
    (14, 4),
    (2, 4),
    (1, 4),
    (22, 4),
    (21, 4),
    (7, 2),
    (11, 2),
    (6, 1),
    (4, 1),
    (5, 1),
    (16, 4),
    (17, 4),
    (9, 1),
    (13, 1),
    (61, 1),
    (89, 1),
];
/// The same in IPFIX, with absolute milliseconds and 64-bit counters.
const IPFIX_FIELDS: [(u16, u16); 20] = [
    (8, 4),
    (12, 4),
    (15, 4),
    (10, 4),
    (14, 4),
    (2, 8),
    (1, 8),
    (152, 8),
    (153, 8),
    (7, 2),
    (11, 2),
    (6, 1),
    (4, 1),
    (5, 1),
    (16, 4),
    (17, 4),
    (9, 1),
    (13, 1),
    (61, 1),
    (89, 1),
];

/// The datagrams of one version, and what is in them.
struct Load {
    name: &'static str,
    template: Option<Vec<u8>>,
    datagrams: Vec<Vec<u8>>,
    records: u64,
    octets: u64,
}

/// Octets by `to_be_bytes`, the low ones.
fn put(out: &mut Vec<u8>, value: u64, length: u16) {
    let octets = value.to_be_bytes();
    out.extend_from_slice(&octets[8 - usize::from(length)..]);
}

/// A number that looks random; the same in every run.
fn noise(seed: u64) -> u64 {
    let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

fn value(element: u16, seed: u64) -> u64 {
    let random = noise(seed);
    let last = u64::from(UPTIME) - (random & 0x3ff);
    let first = last - (random >> 30) % 4_096;
    let boot = u64::from(EXPORT_SECONDS) * 1000 - u64::from(UPTIME);
    match element {
        8 => 0x0a00_0000 | (random & 0x00ff_ffff),
        12 => 0xc0a8_0000 | (random >> 24 & 0xffff),
        15 => 0x0a00_00fe,
        10 => 1,
        14 => 2,
        2 => 1 + (random & 0x3f),
        1 => octets(seed),
        22 => first,
        21 => last,
        152 => boot + first,
        153 => boot + last,
        7 => 1_024 + (random >> 32) % 60_000,
        11 => 443,
        6 => 0x12,
        4 => 6,
        16 => 64_500,
        17 => 64_501,
        9 | 13 => 24,
        89 => 64,
        _ => 0,
    }
}

fn octets(seed: u64) -> u64 {
    64 + (noise(seed) >> 8 & 0xffff)
}

fn netflow5() -> Load {
    const LAYOUT: [(u16, u16); 20] = [
        (8, 4),
        (12, 4),
        (15, 4),
        (10, 2),
        (14, 2),
        (2, 4),
        (1, 4),
        (22, 4),
        (21, 4),
        (7, 2),
        (11, 2),
        (0, 1),
        (6, 1),
        (4, 1),
        (5, 1),
        (16, 2),
        (17, 2),
        (9, 1),
        (13, 1),
        (0, 2),
    ];
    load("v5", 30, None, |out, n, records| {
        let header = [
            (5, 2),
            (30, 2),
            (UPTIME.into(), 4),
            (EXPORT_SECONDS.into(), 4),
            (0, 4),
            (n * 30, 4),
            (0, 2),
            (0, 2),
        ];
        header
            .iter()
            .for_each(|&(value, length)| put(out, value, length));
        for seed in records {
            LAYOUT
                .iter()
                .for_each(|&(element, length)| put(out, value(element, seed), length));
        }
    })
}

fn netflow9() -> Load {
    let header = |out: &mut Vec<u8>, count: u64, n: u64| {
        let header = [
            (9, 2),
            (count, 2),
            (UPTIME.into(), 4),
            (EXPORT_SECONDS.into(), 4),
            (n, 4),
            (1, 4),
        ];
        header
            .iter()
            .for_each(|&(value, length)| put(out, value, length));
    };
    let mut template = Vec::new();
    header(&mut template, 1, u64::from(u32::MAX));
    put_template(&mut template, 0, &V9_FIELDS);
    load("v9", 24, Some(template), |out, n, records| {
        header(out, 24, n);
        put_set(out, &V9_FIELDS, records);
    })
}

fn ipfix() -> Load {
    let header = |out: &mut Vec<u8>, n: u64| {
        let header = [(10, 2), (0, 2), (EXPORT_SECONDS.into(), 4), (n, 4), (1, 4)];
        header
            .iter()
            .for_each(|&(value, length)| put(out, value, length));
    };
    let finish = |out: &mut Vec<u8>| {
        let length = u16::try_from(out.len()).unwrap();
        out[2..4].copy_from_slice(&length.to_be_bytes());
    };
    let mut template = Vec::new();
    header(&mut template, 0);
    put_template(&mut template, 2, &IPFIX_FIELDS);
    finish(&mut template);
    load("ipfix", 19, Some(template), |out, n, records| {
        header(out, n * 19);
        put_set(out, &IPFIX_FIELDS, records);
        finish(out);
    })
}

fn put_template(out: &mut Vec<u8>, set: u64, fields: &[(u16, u16)]) {
    let count = fields.len() as u64;
    let head = [(set, 2), (8 + 4 * count, 2), (256, 2), (count, 2)];
    head.iter()
        .for_each(|&(value, length)| put(out, value, length));
    for &(element, length) in fields {
        put(out, element.into(), 2);
        put(out, length.into(), 2);
    }
}

fn put_set(out: &mut Vec<u8>, fields: &[(u16, u16)], records: std::ops::Range<u64>) {
    let begin = out.len();
    put(out, 256, 2);
    put(out, 0, 2);
    for seed in records {
        fields
            .iter()
            .for_each(|&(element, length)| put(out, value(element, seed), length));
    }
    let length = u16::try_from(out.len() - begin).unwrap();
    out[begin + 2..begin + 4].copy_from_slice(&length.to_be_bytes());
}

fn load(
    name: &'static str,
    per_datagram: u64,
    template: Option<Vec<u8>>,
    write: impl Fn(&mut Vec<u8>, u64, std::ops::Range<u64>),
) -> Load {
    let count = DATAGRAMS as u64;
    let datagrams = (0..count).map(|n| {
        let mut out = Vec::new();
        write(&mut out, n, n * per_datagram..(n + 1) * per_datagram);
        out
    });
    Load {
        name,
        template,
        datagrams: datagrams.collect(),
        records: count * per_datagram,
        octets: (0..count * per_datagram).map(octets).sum(),
    }
}

/// Adds up what it is given, so that the records have to be there.
#[derive(Default)]
struct Sum<const SETTLE: bool> {
    records: u64,
    octets: u64,
}

impl<const SETTLE: bool> Visitor for Sum<SETTLE> {
    fn records(&mut self, batch: &mut Batch<'_>) {
        if SETTLE {
            batch.settle();
        }
        let records = black_box(&*batch.records);
        self.records += records.len() as u64;
        self.octets += records.iter().map(|record| record.octets).sum::<u64>();
    }
}

// Not inlined, as the peer: callgrind counts by function.
#[inline(never)]
fn ours<const SETTLE: bool>(decoder: &mut Decoder, load: &Load) -> (u64, u64) {
    let mut sum = Sum::<SETTLE>::default();
    for datagram in &load.datagrams {
        let decoded = decoder.decode(AT, EXPORTER, black_box(datagram), &mut sum);
        debug_assert!(matches!(decoded.outcome, Outcome::Accepted { .. }));
        let _ = black_box(decoded);
    }
    (sum.records, sum.octets)
}

fn decoder(load: &Load) -> Decoder {
    let mut decoder = Decoder::new(Settings::default(), HashKey::PUBLIC);
    let mut sum = Sum::<false>::default();
    if let Some(datagram) = &load.template {
        let _ = decoder.decode(AT, EXPORTER, datagram, &mut sum);
    }
    decoder
}

#[inline(never)]
fn peer(parser: &mut NetflowParser, load: &Load) -> u64 {
    let flows = |packet: &NetflowPacket| match packet {
        NetflowPacket::V5(packet) => packet.flowsets.len(),
        NetflowPacket::V9(packet) => packet
            .flowsets
            .iter()
            .map(|set| match &set.body {
                netflow_parser::variable_versions::v9::FlowSetBody::Data(data) => data.fields.len(),
                _ => 0,
            })
            .sum(),
        NetflowPacket::IPFix(packet) => packet
            .flowsets
            .iter()
            .map(|set| match &set.body {
                netflow_parser::variable_versions::ipfix::FlowSetBody::Data(data) => {
                    data.fields.len()
                }
                _ => 0,
            })
            .sum(),
        _ => 0,
    };
    let mut records = 0;
    for datagram in &load.datagrams {
        let parsed = parser.parse_bytes(black_box(datagram));
        records += parsed.packets.iter().map(flows).sum::<usize>() as u64;
        let _ = black_box(parsed);
    }
    records
}

fn copy(load: &Load, out: &mut [u8]) -> usize {
    let mut copied = 0;
    for datagram in &load.datagrams {
        let datagram = black_box(datagram);
        out[..datagram.len()].copy_from_slice(datagram);
        copied += black_box(&out[..datagram.len()]).len();
    }
    copied
}

fn bench(criterion: &mut Criterion) {
    for load in [netflow5(), netflow9(), ipfix()] {
        let mut group = criterion.benchmark_group(format!("decode/{}", load.name));
        group.throughput(Throughput::Elements(load.records));

        let expected = (load.records, load.octets);
        let mut plain = decoder(&load);
        assert_eq!(
            ours::<false>(&mut plain, &load),
            expected,
            "ours does the work"
        );
        group.bench_function("flowlog", |b| b.iter(|| ours::<false>(&mut plain, &load)));
        let mut settled = decoder(&load);
        assert_eq!(ours::<true>(&mut settled, &load), expected, "settled too");
        group.bench_function("flowlog settled", |b| {
            b.iter(|| ours::<true>(&mut settled, &load));
        });

        let mut parser = NetflowParser::default();
        if let Some(template) = &load.template {
            let _ = black_box(parser.parse_bytes(template));
        }
        assert_eq!(
            peer(&mut parser, &load),
            load.records,
            "the peer does the work"
        );
        group.bench_function("netflow_parser", |b| b.iter(|| peer(&mut parser, &load)));

        let mut out = vec![0; 2_048];
        let octets: usize = load.datagrams.iter().map(Vec::len).sum();
        assert_eq!(copy(&load, &mut out), octets, "every octet is copied");
        group.bench_function("memcpy", |b| b.iter(|| copy(&load, &mut out)));
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
