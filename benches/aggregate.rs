//! What an update of a row costs, by the number of live flows: ours, a plain table of `hashbrown`
//! that only adds, and adding into an array whose place is known.
//!
//! - `update`: records inside one window, of flows that have a row; flows at random.
//! - `span`: records over two windows, as an active timeout of a minute gives them; two rows each.
//! - `window`: rows are opened and leave with their window, one record each.
//!
//! Batches of 64, under the built-in flow log (1 minute, 300 s/15 s). Making the records is part of
//! what is measured, the same for all. A live row takes 80 octets with IPv4 addresses, 105 with
//! IPv6 (held to 128 below).

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flowlog_aggregate::{Aggregator, Limits, Origin, Rules};
use flowlog_record::{
    ActiveTimeout, Address, ExporterId, Fields, FlowLogIndex, FlowRecord, HashKey,
    ObservationDomain, Placed, Sampling, Timestamp,
};
use hashbrown::HashMap;

const LOG: FlowLogIndex = FlowLogIndex(0);
const BATCH: usize = 64;
/// Updates of one iteration.
const UPDATES: usize = 64 * BATCH;
/// The start of a minute.
const MINUTE: i64 = 1_700_000_040_000;
const NOW: Timestamp = Timestamp(MINUTE + 30_000);
const OCTETS: u64 = 6_000;
const FLOWS: [u32; 4] = [1_000, 100_000, 1_000_000, 10_000_000];

/// The record of a flow.
fn record(flow: u32, spans: bool) -> FlowRecord {
    let [_, _, _, low] = flow.to_be_bytes();
    let (start, end) = if spans {
        (MINUTE - 30_000, MINUTE + 29_900)
    } else {
        (MINUTE + 5_000, MINUTE + 25_000)
    };
    FlowRecord {
        source: Address::from_ipv4_octets((0x0a00_0000 + flow).to_be_bytes()),
        destination: Address::from_ipv4_octets([192, 168, 1, low]),
        source_port: 1_024 + u16::from(low),
        destination_port: 443,
        protocol: 6,
        ingress_interface: 1,
        egress_interface: 2,
        start: Timestamp(start),
        end: Timestamp(end),
        octets: OCTETS,
        packets: 10,
        tcp_flags: 0x1a,
        sampling: Sampling::NONE,
        fields: Fields::SOURCE | Fields::DESTINATION | Fields::OCTETS | Fields::CONTINUES,
        ..FlowRecord::EMPTY
    }
}

/// Flows at random, the same for every contestant.
struct Random(u64);

impl Random {
    fn flow(&mut self, flows: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(((self.0 >> 32) * u64::from(flows)) >> 32).unwrap()
    }
}

fn origin() -> Origin {
    Origin {
        exporter: ExporterId(1),
        address: Address::from_ipv4_octets([192, 0, 2, 1]),
        domain: ObservationDomain(0),
        at: NOW,
        shift: 0,
        active_timeout: ActiveTimeout::UNLEARNED,
        first_heard: Timestamp(MINUTE),
    }
}

struct Ours {
    aggregator: Aggregator,
    records: Vec<FlowRecord>,
    placed: Vec<Placed>,
    random: Random,
    spans: bool,
}

impl Ours {
    fn new(flows: u32, spans: bool) -> Self {
        let limits = Limits {
            rows: 1 << 30,
            ..Limits::DEFAULT
        };
        let mut aggregator = Aggregator::new(limits, HashKey::PUBLIC);
        aggregator.set_flow_log(LOG, Some(Rules::BUILT_IN), NOW, &mut |_| ());
        let place = |record| Placed {
            record,
            ..Placed::default()
        };
        let mut ours = Self {
            aggregator,
            records: Vec::with_capacity(BATCH),
            placed: (0..64).map(place).collect(),
            random: Random(0x9e37_79b9_7f4a_7c15),
            spans,
        };
        ours.fill(flows);
        ours
    }

    /// Every flow once.
    fn fill(&mut self, flows: u32) {
        let mut all = 0..flows;
        while !all.is_empty() {
            let spans = self.spans;
            self.records.clear();
            let some = all.by_ref().take(BATCH);
            self.records.extend(some.map(|flow| record(flow, spans)));
            self.observe();
        }
    }

    fn observe(&mut self) {
        let placed = &self.placed[..self.records.len()];
        self.aggregator.advance(NOW, &mut |_| ());
        self.aggregator
            .observe(LOG, &origin(), &self.records, placed, &mut |_| ());
    }

    fn update(&mut self, flows: u32) {
        for _ in 0..UPDATES / BATCH {
            self.records.clear();
            for _ in 0..BATCH {
                let flow = self.random.flow(flows);
                self.records.push(record(flow, self.spans));
            }
            self.observe();
        }
    }

    fn updates(&self) -> u64 {
        self.aggregator.ledger(LOG).open.records
    }

    /// All rows leave.
    fn leave(&mut self) -> u64 {
        let mut octets = 0;
        let later = NOW.plus(3_600_000);
        self.aggregator
            .advance(later, &mut |row| octets += row.octets);
        octets
    }
}

type SimpleKey = (Address, Address, u16, u16, u8, u8, u32, u32);

/// A table that knows no windows, no time and no end: keys and sums.
#[derive(Default)]
struct Plain {
    rows: HashMap<SimpleKey, [u64; 4]>,
}

impl Plain {
    fn update(&mut self, record: &FlowRecord) {
        let key = (
            record.source,
            record.destination,
            record.source_port,
            record.destination_port,
            record.protocol,
            record.tos,
            record.ingress_interface,
            record.egress_interface,
        );
        let [packets, octets, flags, records] = self.rows.entry(key).or_default();
        *packets += record.packets;
        *octets += record.octets;
        *flags |= u64::from(record.tcp_flags);
        *records += 1;
    }
}

fn update(c: &mut Criterion) {
    let mut group = c.benchmark_group("aggregate/update");
    group
        .throughput(Throughput::Elements(UPDATES as u64))
        .sample_size(20);
    for flows in FLOWS {
        let mut ours = Ours::new(flows, false);
        ours.update(flows);
        assert_eq!(ours.updates(), u64::from(flows) + UPDATES as u64);
        assert_eq!(ours.aggregator.open_rows(), u64::from(flows));
        let most = 128 * u64::from(flows).max(16_384);
        assert!(
            ours.aggregator.octets() <= most,
            "{}",
            ours.aggregator.octets()
        );
        group.bench_function(BenchmarkId::new("ours", flows), |b| {
            b.iter(|| ours.update(flows))
        });
        assert_eq!(ours.leave() % OCTETS, 0);
        drop(ours);

        let mut plain = Plain::default();
        (0..flows).for_each(|flow| plain.update(&record(flow, false)));
        assert_eq!(plain.rows.len(), usize::try_from(flows).unwrap());
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        group.bench_function(BenchmarkId::new("hashbrown", flows), |b| {
            b.iter(|| {
                for _ in 0..UPDATES {
                    plain.update(&record(random.flow(flows), false));
                }
            });
        });
        drop(plain);

        let mut sums = vec![[0_u64; 2]; usize::try_from(flows).unwrap()];
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        group.bench_function(BenchmarkId::new("floor", flows), |b| {
            b.iter(|| {
                for _ in 0..UPDATES {
                    let flow = random.flow(flows);
                    let record = black_box(record(flow, false));
                    let [packets, octets] = &mut sums[usize::try_from(flow).unwrap()];
                    *packets += record.packets;
                    *octets += record.octets;
                }
            });
        });
    }
    group.finish();
}

fn span(c: &mut Criterion) {
    let mut group = c.benchmark_group("aggregate/span");
    group
        .throughput(Throughput::Elements(UPDATES as u64))
        .sample_size(20);
    for flows in [1_000, 100_000, 1_000_000] {
        let mut ours = Ours::new(flows, true);
        ours.update(flows);
        assert_eq!(ours.updates(), u64::from(flows) + UPDATES as u64);
        assert_eq!(ours.aggregator.open_rows(), 2 * u64::from(flows));
        group.bench_function(BenchmarkId::new("ours", flows), |b| {
            b.iter(|| ours.update(flows))
        });
    }
    group.finish();
}

fn window(c: &mut Criterion) {
    let mut group = c.benchmark_group("aggregate/window");
    for flows in [1_000_u32, 100_000] {
        group
            .throughput(Throughput::Elements(u64::from(flows)))
            .sample_size(20);
        group.bench_function(BenchmarkId::new("open", flows), |b| {
            b.iter_batched_ref(
                || Ours::new(0, false),
                |ours| {
                    ours.fill(flows);
                    assert_eq!(ours.aggregator.open_rows(), u64::from(flows));
                },
                BatchSize::PerIteration,
            );
        });
        group.bench_function(BenchmarkId::new("leave", flows), |b| {
            b.iter_batched_ref(
                || Ours::new(flows, false),
                |ours| assert_eq!(ours.leave(), u64::from(flows) * OCTETS),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, update, span, window);
criterion_main!(benches);
