//! The pipeline itself, driven as the daemon drives it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use flowlog_aggregate::FlowLogLedger;
use flowlog_flowlog::{
    ActiveAging, AllowedLateness, CaptureWindow, Definition, FlowLog, FlowLogId, InactiveAging,
    Inventory, Layout, Mode, Names, Resource, ResourceId, ResourceKind, StatedSampling, Status,
};
use flowlog_pipeline::{Generation, Partition, Settings};
use flowlog_record::{
    ActiveTimeout, FlowLogIndex, HashKey, Sampling, SamplingOverride, Timestamp, Window,
};

use crate::encode::Encoder;
use crate::flow_log::{Hold, Rules, TimeSource, Window as ModelWindow};
use crate::known::Stated;
use crate::row::{ACCOUNT, Columns};
use crate::stream::Input;

pub struct Real {
    inventory: Inventory,
    flow_logs: Vec<FlowLog>,
    partition: Partition,
    /// Rows by flow log, with `row-id`.
    pub rows: Vec<Vec<Columns>>,
    /// Raw packets and octets of those rows.
    pub sums: Vec<(u128, u128)>,
}

impl Real {
    pub fn new(rules: &[Rules], stated: Stated) -> Self {
        let inventory = inventory(stated);
        let flow_logs: Vec<FlowLog> = (0..)
            .zip(rules)
            .map(|(at, rules)| flow_log(&format!("fl-{at}"), rules, &inventory))
            .collect();
        let generation =
            Generation::compile(&inventory, &flow_logs, Mode::Strict).expect("valid flow logs");
        Self {
            partition: Partition::new(&settings(), &generation),
            rows: vec![Vec::new(); flow_logs.len()],
            sums: vec![(0, 0); flow_logs.len()],
            inventory,
            flow_logs,
        }
    }

    /// Gives it an input, and says when that was.
    pub fn handle(&mut self, input: &Input, encoder: &mut Encoder) -> i64 {
        match input {
            Input::Tick(now) => {
                self.tick(*now);
                *now
            }
            Input::Off(now) => {
                self.deactivate(*now);
                *now
            }
            Input::Restart => {
                self.restart();
                0
            }
            Input::Datagram(datagram) => {
                self.datagram(datagram.at, datagram.from, &encoder.encode(datagram));
                datagram.at
            }
        }
    }

    fn tick(&mut self, now: i64) {
        self.partition.handle_tick(Timestamp(now));
        self.take();
    }

    fn datagram(&mut self, at: i64, from: IpAddr, octets: &[u8]) {
        let _ = self.partition.handle_datagram(Timestamp(at), from, octets);
        self.take();
    }

    fn restart(&mut self) {
        let saved = self.partition.save();
        let generation = self.generation();
        self.partition = Partition::restore(&saved, &settings(), &generation).expect("its own");
        self.take();
    }

    fn generation(&self) -> Generation {
        Generation::compile(&self.inventory, &self.flow_logs, Mode::Strict).expect("valid")
    }

    /// All flow logs are switched off.
    fn deactivate(&mut self, now: i64) {
        let off = |flow_log: &FlowLog| flow_log.clone().with_status(Status::Inactive);
        self.flow_logs = self.flow_logs.iter().map(off).collect();
        let generation = self.generation();
        self.partition.handle_change(Timestamp(now), &generation);
        self.take();
    }

    pub fn finish(&mut self) {
        self.partition.finish();
        self.take();
    }

    pub fn duplicates(&self) -> u64 {
        self.partition.ledger().datagrams.duplicate
    }

    pub fn accepted(&self) -> u64 {
        let datagrams = &self.partition.ledger().datagrams;
        assert_eq!(datagrams.partly_malformed, 0, "{datagrams:?}");
        datagrams.accepted
    }

    pub fn ledger(&self, flow_log: usize) -> &FlowLogLedger {
        let index = FlowLogIndex(u16::try_from(flow_log).expect("few"));
        self.partition.flow_log_ledger(index)
    }

    fn take(&mut self) {
        for row in self.partition.take_rows() {
            let at = usize::from(row.flow_log.0);
            let flow_log = &self.flow_logs[at];
            let names = Names {
                inventory: &self.inventory,
                account: ACCOUNT,
                epoch: 0,
                partition: 0,
                flow_log: flow_log.id().as_str(),
            };
            let mut columns = BTreeMap::new();
            Layout::for_flow_log(flow_log).render(&row, &names, |column, text| {
                columns.insert(column.name().to_owned(), text.to_owned());
            });
            // To the millisecond, which the columns do not say.
            columns.insert("start-ms".to_owned(), row.start.millis().to_string());
            columns.insert("end-ms".to_owned(), row.end.millis().to_string());
            let number = |column: &str| columns[column].parse::<u128>().expect("a number");
            self.sums[at].0 += number("packets_raw");
            self.sums[at].1 += number("bytes_raw");
            self.rows[at].push(columns);
        }
    }
}

fn settings() -> Settings {
    Settings::with_key(HashKey::PUBLIC)
}

fn inventory(stated: Stated) -> Inventory {
    let id = ResourceId::new(flowlog_flowlog::SAG_DEFAULT).expect("an id");
    let mut resource = Resource::new(id, ResourceKind::Sag);
    resource.active_timeout = stated.active_timeout.map(|millis| {
        let millis = u32::try_from(millis).expect("32 bits");
        ActiveTimeout::from_millis(millis).expect("a timeout")
    });
    resource.keeps_start = stated.keeps_start.then_some(true);
    resource.sampling = stated.sampling.map(|(factor, force)| {
        let numerator = u64::try_from(factor.numerator).expect("64 bits");
        let denominator = u32::try_from(factor.denominator).expect("32 bits");
        let sampling = Sampling::ratio(numerator, denominator).expect("a factor");
        StatedSampling(SamplingOverride { sampling, force })
    });
    Inventory::new(vec![resource]).expect("a valid inventory")
}

fn flow_log(name: &str, rules: &Rules, inventory: &Inventory) -> FlowLog {
    let seconds = |millis: i64| u64::try_from(millis / 1000).expect("not negative");
    let mut definition = Definition::new(FlowLogId::new(name).expect("a name"));
    definition.window = match rules.window {
        ModelWindow::Absent => None,
        ModelWindow::PerRecord => Some(CaptureWindow::PerRecord),
        ModelWindow::Of(60_000) => Some(CaptureWindow::Of(Window::OneMinute)),
        ModelWindow::Of(300_000) => Some(CaptureWindow::Of(Window::FiveMinutes)),
        ModelWindow::Of(600_000) => Some(CaptureWindow::Of(Window::TenMinutes)),
        ModelWindow::Of(other) => panic!("there is no window of {other} ms"),
    };
    if let Some((active, inactive)) = rules.aging {
        let active = ActiveAging::from_seconds(seconds(active)).expect("in range");
        let inactive = InactiveAging::from_seconds(seconds(inactive)).expect("in range");
        definition.active_aging = Some(active);
        definition.inactive_aging = Some(inactive);
    }
    definition.hold = match rules.hold {
        Hold::Auto => flowlog_flowlog::Hold::Auto,
        Hold::Fixed(millis) => {
            flowlog_flowlog::Hold::Fixed(u64::try_from(millis).expect("not negative"))
        }
    };
    definition.allowed_lateness =
        AllowedLateness::from_seconds(seconds(rules.allowed_lateness)).expect("in range");
    definition.time_source = match rules.time_source {
        TimeSource::Corrected => flowlog_flowlog::TimeSource::Corrected,
        TimeSource::Exporter => flowlog_flowlog::TimeSource::Exporter,
        TimeSource::Arrival => flowlog_flowlog::TimeSource::Arrival,
    };
    definition.events = rules.events;
    definition.validate(inventory).expect("a valid flow log")
}
