//! The aggregator against a slow, obvious model: random records, reordered and late, of several
//! Exporters, under all combinations of window, aging and hold, with changes of rules, saving and
//! restoring in between.

use flowlog_aggregate::{
    Aggregator, Aging, Amount, FlowLogLedger, Hold, KeyLayout, Limits, Origin, Rules, TimeSource,
};
use flowlog_record::{
    Action, ActiveTimeout, Address, Direction, ExporterId, Fields, FlowLogIndex, FlowRecord,
    HashKey, ObservationDomain, Placed, ResourceIndex, Row, Sampling, Timestamp, Window,
};
use proptest::prelude::*;

use crate::slow::Model;

const LOG: FlowLogIndex = FlowLogIndex(3);
/// Not a multiple of anything.
const BEGIN: i64 = 1_700_000_012_345;

/// One thing that happens, relative to the time before.
#[derive(Clone, Debug)]
enum Step {
    Tick(i64),
    Datagram {
        after: i64,
        exporter: u32,
        domain: u32,
        timeout: u32,
        records: Vec<Seed>,
    },
    /// The rate of a sampler becomes known.
    Learn {
        exporter: u32,
        domain: u32,
        sampler: Option<u64>,
        rate: u8,
    },
    Change(Option<Rules>),
    SaveAndRestore,
}

/// A record, relative to the arrival of its datagram.
#[derive(Clone, Debug)]
struct Seed {
    key: u8,
    ago: i64,
    duration: i64,
    packets: u64,
    octets: u64,
    sampling: u8,
    kind: u8,
    flags: u16,
    presence: u16,
}

fn millis() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 0..1_500i64,
        4 => 0..20_000i64,
        2 => 0..90_000i64,
        1 => 0..700_000i64,
        1 => (0..60i64).prop_map(|seconds| seconds * 1_000),
    ]
}

fn seed() -> impl Strategy<Value = Seed> {
    let ago = prop_oneof![
        12 => millis(),
        1 => -2_000..0i64,
        1 => 0..9_000_000i64,
        1 => 6_000_000..6_500_000i64,
    ];
    let duration = prop_oneof![6 => millis(), 1 => Just(0), 1 => 0..6_200_000i64];
    let count = prop_oneof![
        1 => Just(0u64),
        2 => Just(1u64),
        4 => 2..40u64,
        2 => 1..100_000u64,
        1 => any::<u64>(),
    ];
    (
        (0..4u8, ago, duration, count.clone(), count),
        (0..8u8, 0..8u8, 0..512u16, any::<u16>()),
    )
        .prop_map(
            |((key, ago, duration, packets, octets), (sampling, kind, flags, presence))| Seed {
                key,
                ago,
                duration,
                packets,
                octets,
                sampling,
                kind,
                flags,
                presence,
            },
        )
}

fn aging() -> impl Strategy<Value = Aging> {
    let active = prop_oneof![Just(60_000), Just(300_000), 5_000..400_000i64];
    let inactive = prop_oneof![Just(15_000), 1_000..90_000i64];
    (active, inactive).prop_map(|(active_ms, inactive_ms)| Aging {
        active_ms,
        inactive_ms,
    })
}

fn rules() -> impl Strategy<Value = Rules> {
    let window = prop::option::weighted(
        0.7,
        prop_oneof![
            Just(Window::OneMinute),
            Just(Window::FiveMinutes),
            Just(Window::TenMinutes)
        ],
    );
    let hold = prop_oneof![
        3 => Just(Hold::Auto),
        1 => Just(Hold::Fixed(0)),
        2 => (0..200_000i64).prop_map(Hold::Fixed),
    ];
    let source = prop_oneof![
        6 => Just(TimeSource::Corrected),
        1 => Just(TimeSource::Exporter),
        1 => Just(TimeSource::Arrival),
    ];
    let lateness = prop_oneof![2 => Just(7_200_000i64), 1 => Just(0)];
    (
        window,
        prop::option::weighted(0.6, aging()),
        prop::bool::weighted(0.05),
        hold,
        lateness,
        source,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(window, aging, per_record, hold, lateness, source, events, gateway)| Rules {
                window,
                aging,
                per_record,
                hold,
                allowed_lateness_ms: lateness,
                time_source: source,
                events,
                layout: if gateway {
                    KeyLayout::Gateway
                } else {
                    KeyLayout::Connection
                },
            },
        )
}

fn step() -> impl Strategy<Value = Step> {
    let timeout = prop_oneof![
        4 => Just(60_000u32),
        2 => Just(10_000u32),
        2 => Just(1_800_000u32),
        1 => Just(6_000_000u32),
        1 => 1_000..6_000_000u32,
    ];
    prop_oneof![
        2 => millis().prop_map(Step::Tick),
        20 => (millis(), (0..2u32, 0..2u32), timeout, prop::collection::vec(seed(), 1..4)).prop_map(
            |(after, (exporter, domain), timeout, records)| Step::Datagram {
                after,
                exporter,
                domain,
                timeout,
                records,
            },
        ),
        1 => prop::option::weighted(0.8, rules()).prop_map(Step::Change),
        1 => Just(Step::SaveAndRestore),
        2 => (0..2u32, 0..2u32, prop::option::of(Just(1u64)), 1..6u8).prop_map(
            |(exporter, domain, sampler, rate)| Step::Learn { exporter, domain, sampler, rate },
        ),
    ]
}

fn sampling_of(seed: u8) -> Sampling {
    let ratio = |n, d| Sampling::ratio(n, d).unwrap();
    match seed {
        0 | 6 => Sampling::UNKNOWN,
        7 => Sampling::unknown_of(1),
        1 | 2 => Sampling::NONE,
        3 => ratio(10, 1),
        4 => ratio(3, 2),
        _ => ratio(1_000_003, 7),
    }
}

fn record_of(seed: &Seed, arrival: i64, timeout: ActiveTimeout) -> FlowRecord {
    let mut fields = Fields::from_bits_truncate(u64::from(seed.presence) & 0x3e3);
    match seed.kind {
        0 => fields |= Fields::ENDED,
        1 | 2 => fields |= Fields::CONTINUES,
        3 if seed.presence & 0xc000 == 0 => fields |= Fields::BASELINE,
        4 if seed.presence & 0xc000 == 0 => fields |= Fields::EGRESS_COPY,
        _ => {}
    }
    let sampling = sampling_of(seed.sampling);
    let end = arrival - seed.ago;
    let (source, destination) = if seed.key == 3 {
        (Address::UNSPECIFIED, Address::from_ipv6_octets([7; 16]))
    } else {
        let source = Address::from_ipv4_octets([10, 0, 0, seed.key]);
        (source, Address::from_ipv4_octets([10, 1, 0, 1]))
    };
    FlowRecord {
        source,
        destination,
        start: Timestamp(end - seed.duration),
        end: Timestamp(end),
        octets: seed.octets,
        packets: seed.packets,
        sampling,
        fields,
        active_timeout: timeout,
        tcp_flags: seed.flags,
        protocol: 6,
        tos: seed.key & 1,
        source_port: 1_024,
        destination_port: 443,
        ingress_interface: 9,
        ..FlowRecord::EMPTY
    }
}

fn placed_of((n, record): (usize, &FlowRecord)) -> Placed {
    let directions = [Direction::Unknown, Direction::In, Direction::Out];
    Placed {
        record: u8::try_from(n).unwrap(),
        direction: directions[usize::from(record.tcp_flags & 7).min(2)],
        action: if record.tcp_flags & 0x18 == 0 {
            Action::Reject
        } else {
            Action::Accept
        },
        path: 17,
        resource: ResourceIndex(5),
    }
}

/// Rows without their numbers, in an order that does not depend on the table.
fn comparable(rows: &[Row]) -> Vec<String> {
    let unnumbered = |row: &Row| {
        let mut row = row.clone();
        row.number = 0;
        format!("{row:?}")
    };
    let mut rows: Vec<String> = rows.iter().map(unnumbered).collect();
    rows.sort_unstable();
    rows
}

/// Both, fed with the same.
struct Pair {
    aggregator: Aggregator,
    model: Model,
    rows: Vec<Row>,
    numbered: u64,
    now: i64,
    key: HashKey,
    limits: Limits,
}

impl Pair {
    fn new(rules: Rules) -> Self {
        let mut pair = Self {
            aggregator: Aggregator::new(Limits::DEFAULT, HashKey::PUBLIC),
            model: Model::new(),
            rows: Vec::new(),
            numbered: 0,
            now: BEGIN,
            key: HashKey::PUBLIC,
            limits: Limits::DEFAULT,
        };
        pair.change(Some(rules));
        pair
    }

    fn change(&mut self, rules: Option<Rules>) {
        let rows = &mut self.rows;
        self.aggregator
            .set_flow_log(LOG, rules, Timestamp(self.now), &mut |row| rows.push(row));
        self.model.set_flow_log(LOG, rules, self.now);
    }

    fn step(&mut self, step: &Step, ticks: bool) {
        let rows = &mut self.rows;
        match step {
            Step::Tick(after) => {
                self.now += after;
                if ticks {
                    self.aggregator
                        .advance(Timestamp(self.now), &mut |row| rows.push(row));
                }
                self.model.advance(self.now);
            }
            Step::Datagram {
                after,
                exporter,
                domain,
                timeout,
                records,
            } => {
                self.now += after;
                let timeout = ActiveTimeout::from_millis(*timeout).unwrap();
                let origin = Origin {
                    exporter: ExporterId(*exporter),
                    address: Address::from_ipv4_octets([192, 0, 2, 7]),
                    domain: ObservationDomain(*domain),
                    at: Timestamp(self.now),
                    shift: i64::from(*exporter) * -777,
                    active_timeout: timeout,
                    first_heard: Timestamp(BEGIN),
                };
                let records: Vec<FlowRecord> = records
                    .iter()
                    .map(|seed| record_of(seed, self.now, timeout))
                    .collect();
                let placed: Vec<Placed> = records.iter().enumerate().map(placed_of).collect();
                self.aggregator
                    .advance(Timestamp(self.now), &mut |row| rows.push(row));
                self.aggregator
                    .observe(LOG, &origin, &records, &placed, &mut |row| rows.push(row));
                self.model.observe(LOG, &origin, &records, &placed);
            }
            Step::Learn {
                exporter,
                domain,
                sampler,
                rate,
            } => {
                let (exporter, domain) = (ExporterId(*exporter), ObservationDomain(*domain));
                let rate = sampling_of(*rate);
                let rate_of = |id| (id == *sampler).then_some(rate);
                // Options come in a datagram, which is an input as any other.
                let now = Timestamp(self.now);
                self.aggregator.advance(now, &mut |row| rows.push(row));
                self.model.advance(self.now);
                self.aggregator.learn_rates(exporter, domain, rate_of);
                self.model.learn(exporter, (domain, *sampler), rate);
            }
            Step::Change(rules) => self.change(*rules),
            Step::SaveAndRestore => {
                let octets = self.aggregator.save();
                self.aggregator = Aggregator::restore(&octets, self.limits, self.key).unwrap();
            }
        }
    }

    fn compare(&mut self) {
        for row in &self.rows {
            assert_eq!(row.number, self.numbered);
            self.numbered += 1;
        }
        let (mut ours, mut theirs) = (comparable(&self.rows), comparable(&self.model.rows));
        ours.retain(|row| {
            theirs
                .iter()
                .position(|other| other == row)
                .map(|n| theirs.remove(n))
                .is_none()
        });
        assert!(
            ours.is_empty() && theirs.is_empty(),
            "ours: {ours:#?}\nmodel: {theirs:#?}"
        );
        let ledger = self.aggregator.ledger(LOG);
        assert!(ledger.balances());
        assert_eq!(*ledger, self.model.ledger(LOG));
        assert_eq!(self.aggregator.open_rows(), self.model.open_rows());
        self.rows.clear();
        self.model.rows.clear();
    }

    fn finish(&mut self) {
        let rows = &mut self.rows;
        self.aggregator
            .finish(Timestamp(self.now), &mut |row| rows.push(row));
        self.model.finish();
        self.compare();
        assert_eq!(self.aggregator.open_rows(), 0);
        assert_eq!(self.aggregator.next_due(), None);
    }
}

/// The rows of a sequence as they leave, with numbers, and the ledger at its end.
fn run(
    steps: &[Step],
    rules: Rules,
    (limits, key): (Limits, HashKey),
    saves: bool,
) -> (Vec<Row>, FlowLogLedger) {
    let mut pair = Pair::new(rules);
    pair.aggregator = Aggregator::new(limits, key);
    pair.key = key;
    pair.limits = limits;
    pair.change(Some(rules));
    for step in steps {
        if saves || !matches!(step, Step::SaveAndRestore) {
            pair.step(step, true);
        }
        assert!(pair.aggregator.ledger(LOG).balances());
    }
    let rows = &mut pair.rows;
    pair.aggregator
        .finish(Timestamp(pair.now), &mut |row| rows.push(row));
    assert_eq!(pair.aggregator.open_rows(), 0);
    let ledger = *pair.aggregator.ledger(LOG);
    assert_eq!(ledger.open, Amount::default());
    (pair.rows, ledger)
}

const ANOTHER_KEY: HashKey = HashKey([1, u64::MAX, 3, 0x8000_0000_0000_0001]);

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn rows_are_those_of_the_model(
        first in rules(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut pair = Pair::new(first);
        for step in &steps {
            pair.step(step, true);
            pair.compare();
        }
        pair.finish();
    }

    #[test]
    fn ticks_change_no_row(
        first in rules(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut pair = Pair::new(first);
        for step in &steps {
            pair.step(step, false);
        }
        let rows = &mut pair.rows;
        pair.aggregator.advance(Timestamp(pair.now), &mut |row| rows.push(row));
        pair.model.advance(pair.now);
        pair.compare();
        pair.finish();
    }

    #[test]
    fn neither_saving_nor_the_secret_changes_a_row_or_its_number(
        first in rules(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let plain = run(&steps, first, (Limits::DEFAULT, HashKey::PUBLIC), false);
        prop_assert_eq!(&run(&steps, first, (Limits::DEFAULT, HashKey::PUBLIC), true), &plain);
        prop_assert_eq!(&run(&steps, first, (Limits::DEFAULT, ANOTHER_KEY), false), &plain);
    }

    #[test]
    fn a_small_table_loses_nothing(
        first in rules(),
        steps in prop::collection::vec(step(), 1..60),
        most in 1..12u64,
    ) {
        let limits = Limits { rows: most, exporters: 1 };
        let (rows, ledger) = run(&steps, first, (limits, HashKey::PUBLIC), true);
        let mut emitted = Amount::default();
        for row in &rows {
            emitted += Amount {
                records: row.records,
                packets: row.packets_raw.into(),
                octets: row.octets_raw.into(),
            };
        }
        prop_assert_eq!(emitted, ledger.emitted);
        prop_assert_eq!(&run(&steps, first, (limits, ANOTHER_KEY), false).0, &rows);
    }
}

fn cases() -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|cases| cases.parse().ok()).unwrap_or(300)
}
