//! The number of threads changes no row: partitions are spread over one, two and eight workers, whose
//! ticks come at odd times and whose news reach the merger in any order.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU16;

use flowlog_collect::partition_of;
use flowlog_flowlog::{Definition, FlowLog, Inventory, Mode, Resource};
use flowlog_pipeline::{Generation, Merger, Partition, Settings};
use flowlog_record::{HashKey, LogStatus, Row, Timestamp};
use proptest::prelude::*;

const PARTITIONS: NonZeroU16 = NonZeroU16::new(8).unwrap();
/// A whole minute, in seconds.
const START: u32 = 1_700_000_040;

const CONFIG: &str = r#"
[[resource]]
id = "vpc-1"
kind = "vpc"
[[resource]]
id = "eni-1"
kind = "eni"
parent = "vpc-1"
prefixes = ["10.0.1.0/24"]
[[resource]]
id = "eni-2"
kind = "eni"
parent = "vpc-1"
prefixes = ["10.0.2.0/24"]
active_timeout = "180s"
[[resource]]
id = "eni-3"
kind = "eni"
parent = "vpc-1"
prefixes = ["10.0.3.0/24"]
[[flow_log]]
name = "all"
resource = "vpc-1"
window = "1m"
[[flow_log]]
name = "some"
resource = "eni-1"
window = "5m"
active_aging = "60s"
"#;

fn generation() -> Generation {
    let mut config: toml::Table = toml::from_str(CONFIG).unwrap();
    let mut part = |name| config.remove(name).unwrap();
    let resources: Vec<Resource> = part("resource").try_into().unwrap();
    let definitions: Vec<Definition> = part("flow_log").try_into().unwrap();
    let inventory = Inventory::new(resources).unwrap();
    let flow_logs: Vec<FlowLog> = definitions
        .into_iter()
        .map(|definition| definition.validate(&inventory).unwrap())
        .collect();
    Generation::compile(&inventory, &flow_logs, Mode::Open).unwrap()
}

/// What one Exporter sends at a time.
#[derive(Clone, Debug)]
struct Sent {
    exporter: u8,
    /// Milliseconds since the start.
    at: u32,
    interfaces: Vec<u8>,
    octets: Vec<u8>,
}

impl Sent {
    fn from(&self) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, self.exporter).into()
    }

    fn arrival(&self) -> Timestamp {
        after(self.at)
    }
}

fn after(millis: u32) -> Timestamp {
    Timestamp((i64::from(START)) * 1_000 + i64::from(millis))
}

fn netflow5(sent: &Sent, sequence: u32, length: u32) -> Vec<u8> {
    let mut octets = vec![0, 5];
    octets.extend(u16::try_from(sent.interfaces.len()).unwrap().to_be_bytes());
    let uptime = 10_000_000 + sent.at;
    for word in [
        uptime,
        START + sent.at / 1_000,
        sent.at % 1_000 * 1_000_000,
        sequence,
        0,
    ] {
        octets.extend(word.to_be_bytes());
    }
    for interface in &sent.interfaces {
        let mut record = [0; 48];
        record[..4].copy_from_slice(&[172, 16, 0, 1]);
        record[4..8].copy_from_slice(&[10, 0, *interface, 7]);
        record[16..20].copy_from_slice(&10_u32.to_be_bytes());
        record[20..24].copy_from_slice(&1_000_u32.to_be_bytes());
        record[24..28].copy_from_slice(&(uptime - length).to_be_bytes());
        record[28..32].copy_from_slice(&uptime.to_be_bytes());
        record[38] = 6;
        octets.extend(record);
    }
    octets
}

/// Datagrams of six Exporters over a quarter of an hour or so, some after a gap, some damaged.
fn scripts() -> impl Strategy<Value = Vec<Sent>> {
    let one = (
        1..7_u8,
        0..30_000_u32,
        prop::collection::vec(1..4_u8, 0..4),
        prop_oneof![6 => Just(0), 1 => 1..40_u32],
        prop_oneof![4 => Just(5_000), 1 => 0..200_000_u32],
        prop::bool::weighted(0.05),
    );
    prop::collection::vec(one, 1..80).prop_map(|all| {
        let mut sequences = [0_u32; 8];
        let mut now = 0;
        let sent = |(exporter, wait, interfaces, gap, length, is_cut)| {
            now += wait;
            let mut sent = Sent {
                exporter,
                at: now,
                interfaces,
                octets: Vec::new(),
            };
            let sequence = &mut sequences[usize::from(exporter)];
            *sequence += gap;
            sent.octets = netflow5(&sent, *sequence, length);
            *sequence += u32::try_from(sent.interfaces.len()).unwrap();
            if is_cut {
                sent.octets.truncate(sent.octets.len() - 7);
            }
            sent
        };
        all.into_iter().map(sent).collect()
    })
}

/// One thread: its partitions, its datagrams, and the time of its next tick.
struct Worker {
    partitions: Vec<(u16, Partition)>,
    datagrams: std::vec::IntoIter<Sent>,
    next: Option<Sent>,
    tick: u32,
}

impl Worker {
    /// Works until its next tick.
    fn turn(&mut self) {
        while let Some(sent) = self.next.take_if(|sent| sent.at <= self.tick) {
            let number = partition_of(sent.from(), PARTITIONS);
            let mut partitions = self.partitions.iter_mut();
            let (_, partition) = partitions.find(|(known, _)| *known == number).unwrap();
            let _ = partition.handle_datagram(sent.arrival(), sent.from(), &sent.octets);
            self.next = self.datagrams.next();
        }
        for (_, partition) in &mut self.partitions {
            partition.handle_tick(after(self.tick));
        }
        self.tick += 1_000;
    }
}

/// The rows of all partitions, and those of the merger behind them.
fn rows(script: &[Sent], workers: u16, turns: &[usize]) -> Vec<Vec<Row>> {
    let generation = generation();
    let settings = Settings::with_key(HashKey::PUBLIC);
    let end = script.last().map_or(0, |sent| sent.at) + 900_000;
    let mut all: Vec<Worker> = (0..workers)
        .map(|worker| {
            let is_own = |number: u16| number % workers == worker;
            let own = (0..PARTITIONS.get()).filter(|number| is_own(*number));
            let datagrams = script.iter().cloned();
            let datagrams = datagrams.filter(|it| is_own(partition_of(it.from(), PARTITIONS)));
            let mut datagrams = datagrams.collect::<Vec<_>>().into_iter();
            Worker {
                partitions: own
                    .map(|number| (number, Partition::new(&settings, &generation)))
                    .collect(),
                next: datagrams.next(),
                datagrams,
                tick: u32::from(worker) * 137,
            }
        })
        .collect();
    let mut merger = Merger::new(PARTITIONS.get());
    let mut out = vec![Vec::new(); usize::from(PARTITIONS.get()) + 1];
    let mut turns = turns.iter().cycle();
    loop {
        let behind: Vec<usize> = (0..all.len()).filter(|n| all[*n].tick <= end).collect();
        if behind.is_empty() {
            break;
        }
        let turn = turns.next().copied().unwrap_or(0);
        let worker = &mut all[behind[turn % behind.len()]];
        for _ in 0..=turn % 40 {
            worker.turn();
        }
        for (number, partition) in &mut worker.partitions {
            out[usize::from(*number)].extend(partition.take_rows());
            merger.handle_notices(*number, partition.now(), partition.take_notices());
        }
        merger.advance();
        out[usize::from(merger.number())].extend(merger.take_rows());
    }
    for (number, mut partition) in all.into_iter().flat_map(|worker| worker.partitions) {
        // Every worker has its own last tick: finish at the same time.
        partition.handle_tick(after(end + 100_000));
        partition.finish();
        out[usize::from(number)].extend(partition.take_rows());
        merger.handle_notices(number, partition.now(), partition.take_notices());
    }
    merger.finish();
    out[usize::from(merger.number())].extend(merger.take_rows());
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_number_of_workers_changes_no_row(
        script in scripts(),
        turns in prop::collection::vec(0..1_000_usize, 1..50),
    ) {
        let one = rows(&script, 1, &[0]);
        for workers in [1, 2, 8] {
            prop_assert_eq!(&rows(&script, workers, &turns), &one, "{} workers", workers);
        }
        let merged = one.last().unwrap();
        let flows = one.iter().flatten().filter(|row| row.status == LogStatus::Ok);
        let flows: Vec<_> = flows.collect();
        for row in merged {
            prop_assert_ne!(row.status, LogStatus::Ok);
            let is_same = |flow: &&&Row| {
                let same = (flow.flow_log, flow.key.resource, flow.window);
                same == (row.flow_log, row.key.resource, row.window) && !flow.late
            };
            if row.status == LogStatus::NoData {
                prop_assert_eq!(flows.iter().find(is_same), None);
            }
        }
    }
}

#[test]
fn silence_and_loss_are_told() {
    let sent = |exporter, at, sequence, interfaces: &[u8]| {
        let mut sent = Sent {
            exporter,
            at,
            interfaces: interfaces.to_vec(),
            octets: Vec::new(),
        };
        sent.octets = netflow5(&sent, sequence, 1_000);
        sent
    };
    let script = [
        sent(1, 10_000, 0, &[1, 2]),
        sent(2, 70_000, 0, &[1]),
        sent(1, 130_000, 5, &[]),
    ];
    let rows = rows(&script, 2, &[0]);
    let of = |status| {
        let merged = rows.last().unwrap().iter();
        merged.filter(|row| row.status == status).count()
    };
    assert!(of(LogStatus::NoData) > 10);
    assert_eq!(of(LogStatus::SkipData { lost_records: 2 }), 1);
    assert_eq!(of(LogStatus::SkipData { lost_records: 1 }), 1);
}
