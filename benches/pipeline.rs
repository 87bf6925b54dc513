//! What a record costs from the datagram to the updated flow table, and from there to a row: the
//! partition as the daemon runs it, a parser with a hash table as people write it, and copying.
//!
//! 20 fields, 100,000 flows, the built-in flow log (1 minute and 300 s/15 s). All datagrams arrive
//! within one second, so that the table is what is measured; `rows` closes the window.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use flowlog_exporter_sim::Blaster;
use flowlog_flowlog::{FlowLog, Inventory, Mode};
use flowlog_pipeline::{Generation, Partition, Settings};
use flowlog_record::{FlowLogIndex, HashKey, Timestamp, Version};
use netflow_parser::variable_versions::v9::FlowSetBody;
use netflow_parser::{NetflowPacket, NetflowParser};

const FLOWS: u32 = 100_000;
const DATAGRAMS: usize = 16_384;
const AT: Timestamp = Timestamp(1_700_000_010_000);
const EXPORTER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

struct Load {
    datagrams: Vec<Vec<u8>>,
    records: u64,
    octets: u64,
}

fn load(version: Version) -> Load {
    let mut blaster = Blaster::new(version, 1, FLOWS);
    let mut load = Load {
        datagrams: Vec::new(),
        records: 0,
        octets: 0,
    };
    for _ in 0..DATAGRAMS {
        let mut out = Vec::new();
        let counts = blaster.datagram(AT, Blaster::records_per_datagram(version), &mut out);
        load.records += counts.records;
        load.octets += u64::try_from(out.len()).unwrap();
        load.datagrams.push(out);
    }
    load
}

fn partition() -> Partition {
    let inventory = Inventory::new(Vec::new()).unwrap();
    let generation = Generation::compile(&inventory, &[FlowLog::built_in()], Mode::Open).unwrap();
    Partition::new(&Settings::with_key(HashKey::PUBLIC), &generation)
}

fn feed(partition: &mut Partition, load: &Load) -> u64 {
    let mut records = 0;
    for octets in &load.datagrams {
        records += partition.handle_datagram(AT, EXPORTER, octets).flow_records;
    }
    records
}

/// Records by flow, in a hash table, as a first version would count them.
fn peer(
    parser: &mut NetflowParser,
    table: &mut hashbrown::HashMap<Vec<u8>, u64>,
    load: &Load,
) -> u64 {
    let mut records = 0;
    for octets in &load.datagrams {
        let packets = parser.parse_bytes(octets).packets.into_iter();
        let sets = packets.flat_map(|packet| match packet {
            NetflowPacket::V9(packet) => packet.flowsets,
            _ => Vec::new(),
        });
        let flows = sets.flat_map(|set| match set.body {
            FlowSetBody::Data(data) => data.fields,
            _ => Vec::new(),
        });
        for fields in flows {
            let mut key = Vec::with_capacity(64);
            for (_, value) in fields.iter().take(2) {
                key.extend_from_slice(format!("{value:?}").as_bytes());
            }
            *table.entry(key).or_default() += 1;
            records += 1;
        }
    }
    records
}

fn updates(c: &mut Criterion) {
    for (name, version) in [
        ("v5", Version::V5),
        ("v9", Version::V9),
        ("ipfix", Version::Ipfix),
    ] {
        let load = load(version);
        let mut group = c.benchmark_group(format!("pipeline/{name}"));
        group
            .throughput(Throughput::Elements(load.records))
            .sample_size(10);
        let mut warm = partition();
        assert_eq!(
            feed(&mut warm, &load),
            load.records,
            "every record is decoded"
        );
        let ledger = warm.flow_log_ledger(FlowLogIndex(0));
        assert_eq!(
            ledger.matched.records, load.records,
            "every record is matched"
        );
        group.bench_function("ours", |b| b.iter(|| black_box(feed(&mut warm, &load))));
        if version == Version::V9 {
            let mut parser = NetflowParser::default();
            let mut table = hashbrown::HashMap::new();
            assert_eq!(
                peer(&mut parser, &mut table, &load),
                load.records,
                "the peer does its work"
            );
            group.bench_function("netflow_parser and a hash table", |b| {
                b.iter(|| black_box(peer(&mut parser, &mut table, &load)));
            });
        }
        let mut copy = vec![0; usize::try_from(load.octets).unwrap()];
        group.bench_function("memcpy", |b| {
            b.iter(|| {
                let mut rest = copy.as_mut_slice();
                for octets in &load.datagrams {
                    let (place, behind) = rest.split_at_mut(octets.len());
                    place.copy_from_slice(octets);
                    rest = behind;
                }
                black_box(rest.len())
            });
        });
        group.finish();
    }
}

fn rows(c: &mut Criterion) {
    let load = load(Version::V9);
    let count = |mut partition: Partition| {
        partition.handle_tick(AT.plus(600_000));
        partition.take_rows().len()
    };
    let filled = || {
        let mut partition = partition();
        feed(&mut partition, &load);
        partition
    };
    let expected = count(filled());
    assert!(expected > 50_000, "the window has rows: {expected}");
    let mut group = c.benchmark_group("pipeline/rows");
    group
        .throughput(Throughput::Elements(u64::try_from(expected).unwrap()))
        .sample_size(10);
    group.bench_function("a window closes", |b| {
        b.iter_batched(
            filled,
            |partition| assert_eq!(count(partition), expected),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, updates, rows);
criterion_main!(benches);
