//! What is known of the Exporters: clocks, timeouts, rates, flows; §3, §4, §5, §6.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use crate::counters::{rate, uniflows};
use crate::flow::{Flow, Key, Sampler};
use crate::split::Factor;
use crate::stream::{Content, Datagram, Header, Record};
use crate::times::{self, Boot};

const TEN_MINUTES: i64 = 600_000;
const TIMEOUTS: [i64; 11] = [
    10_000, 30_000, 60_000, 120_000, 180_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000,
    6_000_000,
];
const UNLEARNED: i64 = 60_000;

/// What the inventory states of all Exporters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stated {
    pub active_timeout: Option<i64>,
    pub keeps_start: bool,
    /// A rate, and whether it goes before all else.
    pub sampling: Option<(Factor, bool)>,
}

#[derive(Debug)]
pub struct Known {
    stated: Stated,
    exporters: BTreeMap<IpAddr, Exporter>,
    /// So far.
    flows: u64,
}

#[derive(Debug)]
struct Exporter {
    first_heard: i64,
    last_heard: i64,
    /// Arrival, and `A − X`.
    offsets: Vec<(i64, i64)>,
    durations: VecDeque<i64>,
    /// Pipeline time, and the active timeout from then on.
    timeouts: Vec<(i64, i64)>,
    domains: BTreeMap<u32, Domain>,
}

#[derive(Debug, Default)]
struct Domain {
    /// The last datagrams as they were.
    ring: VecDeque<(Header, Vec<u8>)>,
    /// Arrival, and `X − 21`.
    boots: Vec<(i64, i64)>,
    /// Element 160 of options.
    boot: Option<i64>,
    /// Rates of options by sampler.
    rates: BTreeMap<Option<u64>, Factor>,
    /// `SysUptime` and `X` of the last datagram that fitted, and when one came since that did not.
    uptime: Option<(u32, i64, Option<i64>)>,
    flows: BTreeMap<Key, Remembered>,
}

/// A flow whose totals or start are remembered.
#[derive(Clone, Copy, Debug)]
struct Remembered {
    start: i64,
    end: i64,
    packets: u64,
    octets: u64,
    seen: i64,
}

impl Known {
    pub fn new(stated: Stated) -> Self {
        Self {
            stated,
            exporters: BTreeMap::new(),
            flows: 0,
        }
    }

    /// Learns from a datagram that arrived at pipeline time `now`, and gives its flows; `None` for
    /// one that came already. `octets` are its octets on the wire.
    pub fn observe(&mut self, datagram: &Datagram, octets: &[u8], now: i64) -> Option<Vec<Flow>> {
        let stated = self.stated;
        let at = datagram.at;
        let x = datagram.header.export_time();
        let exporter = (self.exporters.entry(datagram.from)).or_insert_with(|| Exporter {
            first_heard: at,
            last_heard: at,
            offsets: Vec::new(),
            durations: VecDeque::new(),
            timeouts: Vec::new(),
            domains: BTreeMap::new(),
        });
        let domain = (exporter.domains.entry(datagram.header.domain())).or_default();
        let identity = (datagram.header, octets.to_vec());
        if domain.ring.contains(&identity) {
            return None;
        }
        domain.ring.push_back(identity);
        if domain.ring.len() > 64 {
            domain.ring.pop_front();
        }
        exporter.last_heard = at;
        exporter.offsets.push((at, at - x));
        domain.restart(&datagram.header, now);
        let mut flows = Vec::new();
        for content in &datagram.content {
            match content {
                Content::Options { scope, fields } => exporter.options(datagram, scope, fields),
                Content::Flow(record) => {
                    for mut flow in exporter.flows(datagram, record, now, stated) {
                        self.flows += 1;
                        flow.number = self.flows;
                        flows.push(flow);
                    }
                }
            }
        }
        Some(flows)
    }

    pub fn last_heard(&self, exporter: IpAddr) -> i64 {
        self.exporters[&exporter].last_heard
    }

    /// By how much times of `exporter` are shifted, as of its last datagram.
    pub fn shift(&self, exporter: IpAddr) -> i64 {
        self.exporters[&exporter].shift()
    }

    /// What is known by now of the rate of records that came without one.
    pub fn rate(&self, exporter: IpAddr, sampler: Sampler) -> Option<Factor> {
        let domain = self.exporters[&exporter].domains.get(&sampler.domain)?;
        domain.rate(sampler.id)
    }

    pub fn active_timeout(&self, exporter: IpAddr) -> i64 {
        self.active_timeout_at(exporter, i64::MAX)
    }

    /// The active timeout as it was known when pipeline time reached `time`.
    pub fn active_timeout_at(&self, exporter: IpAddr, time: i64) -> i64 {
        if let Some(stated) = self.stated.active_timeout {
            return stated;
        }
        let Some(exporter) = self.exporters.get(&exporter) else {
            return UNLEARNED;
        };
        let known = exporter.timeouts.iter().rfind(|(since, _)| *since < time);
        known.map_or(UNLEARNED, |&(_, timeout)| timeout)
    }
}

impl Exporter {
    fn shift(&self) -> i64 {
        let &(at, own) = self.offsets.last().expect("it was heard");
        let least = self
            .offsets
            .iter()
            .filter(|(heard, _)| *heard > at - TEN_MINUTES);
        let least = least.map(|&(_, offset)| offset).min().unwrap_or(own);
        match least.abs() {
            0..=2_000 => 0,
            ..=TEN_MINUTES => least,
            _ => own,
        }
    }

    fn options(&mut self, datagram: &Datagram, scope: &Record, fields: &Record) {
        let domain = self
            .domains
            .get_mut(&datagram.header.domain())
            .expect("made");
        if let Some(boot) = fields.get(160) {
            domain.boot = Some(times::signed(boot));
        }
        if let Some(rate) = rate(fields) {
            let is_ipfix = matches!(datagram.header, Header::Ipfix { .. });
            let id = fields.get(48).or(fields.get(302));
            let id = id.or(is_ipfix.then(|| scope.get(302)).flatten());
            domain.rates.insert(id, rate);
        }
    }

    /// The uniflows of one record, settled.
    fn flows(
        &mut self,
        datagram: &Datagram,
        record: &Record,
        now: i64,
        stated: Stated,
    ) -> Vec<Flow> {
        let header = &datagram.header;
        let x = header.export_time();
        let shift = self.shift();
        let timeout = stated.active_timeout.unwrap_or_else(|| self.learned());
        let first_heard = self.first_heard;
        let domain = self.domains.get_mut(&header.domain()).expect("made");
        let boot = domain.boot_of(record, header, datagram.at);
        let told = times::told(record, header, boot);
        let settled = times::settle(told, x);
        let (start, end) = (settled.start, settled.end);
        // 0 is reserved and says nothing.
        let reason = record.get(136).filter(|&reason| reason != 0);
        let ended = matches!(reason, Some(1 | 3 | 4 | 5));
        let mut flows = Vec::new();
        for mut flow in uniflows(record, datagram.from, header.domain()) {
            (flow.start, flow.end) = (start, end);
            flow.factor = rate_of(&flow, record, header, domain, stated);
            let finished = flow.tcp_flags.is_some_and(|flags| flags & 5 != 0);
            flow.ended = ended || finished;
            let totals = is_total(record);
            if totals || stated.keeps_start {
                let began = start + shift >= first_heard || ended;
                domain.remember(&mut flow, totals, began, now, timeout);
            }
            let long = reason.is_none() && 10 * (flow.end - flow.start) >= 8 * timeout;
            flow.continues = reason == Some(2) || long;
            flow.active_timeout = timeout;
            flows.push(flow);
        }
        if settled.lasted {
            self.durations.push_back(end - start);
        }
        if self.durations.len() > 1024 {
            self.durations.pop_front();
        }
        self.timeouts.push((now, self.learned()));
        flows
    }

    fn learned(&self) -> i64 {
        let seen = self.durations.len();
        if seen < 128 {
            return UNLEARNED;
        }
        let covers = |timeout: &i64| {
            let covered = self.durations.iter().filter(|&d| d <= timeout).count();
            covered * 100 >= seen * 99
        };
        TIMEOUTS.into_iter().find(covers).unwrap_or(6_000_000)
    }
}

fn is_total(record: &Record) -> bool {
    (record.has(85) || record.has(86)) && !record.has(1) && !record.has(2)
}

/// The rate by its sources in their order.
fn rate_of(
    flow: &Flow,
    record: &Record,
    header: &Header,
    domain: &Domain,
    stated: Stated,
) -> Option<Factor> {
    let header = match *header {
        Header::V5 { sampling, .. } => Factor::new(u64::from(sampling & 0x3fff), 1),
        _ => None,
    };
    let forced = stated.sampling.filter(|(_, force)| *force);
    let plain = stated.sampling.filter(|(_, force)| !force);
    (forced.map(|(factor, _)| factor))
        .or_else(|| rate(record))
        .or_else(|| domain.rate(flow.sampler.id))
        .or(header)
        .or(plain.map(|(factor, _)| factor))
}

impl Domain {
    /// The rate that options told of a sampler, or of the only one.
    fn rate(&self, id: Option<u64>) -> Option<Factor> {
        if let Some(rate) = self.rates.get(&id) {
            return Some(*rate);
        }
        match (id, self.rates.len()) {
            (None, 1) => self.rates.values().next().copied(),
            _ => None,
        }
    }

    fn boot_of(&mut self, record: &Record, header: &Header, at: i64) -> Boot {
        if header.uptime().is_some() {
            return Boot::Header;
        }
        if let Some(boot) = record.get(160).map(times::signed).or(self.boot) {
            return Boot::Known(boot);
        }
        if let Some(end) = record.get(21) {
            self.boots
                .push((at, header.export_time() - times::signed(end)));
        }
        let recent = self
            .boots
            .iter()
            .filter(|(heard, _)| *heard > at - TEN_MINUTES);
        let least = recent.map(|&(_, boot)| boot).min();
        Boot::Learned(least.unwrap_or(header.export_time()))
    }

    /// `SysUptime` that jumps in two datagrams running: the Exporter has started again.
    fn restart(&mut self, header: &Header, now: i64) {
        let Some(uptime) = header.uptime() else {
            return;
        };
        let x = header.export_time();
        let Some((last, last_x, jumped)) = self.uptime else {
            self.uptime = Some((uptime, x, None));
            return;
        };
        let passed = i64::from(uptime) - i64::from(last) - (x - last_x);
        let jump = i64::from(
            u32::try_from(passed.rem_euclid(1 << 32))
                .expect("32 bits")
                .cast_signed(),
        );
        self.uptime = if jump.abs() <= 60_000 {
            Some((uptime, x, None))
        } else if let Some(since) = jumped {
            // The one before came after the restart as well.
            self.flows.retain(|_, flow| flow.seen >= since);
            Some((uptime, x, None))
        } else {
            Some((last, last_x, Some(now)))
        };
    }

    /// Totals become deltas, and a kept start the interval since the last record.
    fn remember(&mut self, flow: &mut Flow, totals: bool, began: bool, now: i64, timeout: i64) {
        let known = self.flows.get(&flow.key).copied();
        // Twice the timeout and the longest hold there is.
        let kept = 2 * timeout + 300_000;
        let known = known.filter(|known| now - known.seen <= kept);
        let known = known.filter(|known| (known.start - flow.start).abs() <= 1000);
        let told = Remembered {
            start: flow.start,
            end: flow.end,
            packets: flow.packets,
            octets: flow.octets,
            seen: now,
        };
        match known {
            Some(last) => {
                if totals && flow.packets >= last.packets && flow.octets >= last.octets {
                    flow.packets -= last.packets;
                    flow.octets -= last.octets;
                }
                if flow.end > last.end {
                    flow.start = last.end + 1;
                }
            }
            None => flow.baseline = totals && !began,
        }
        self.flows.insert(flow.key, told);
    }
}
