//! What comes out: rows as the columns of the SAG layout with our own behind, without `row-id`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::flow::{Flow, Key, Present, Sampler};
use crate::split::{Factor, Share};

/// A row: column → text.
pub type Columns = BTreeMap<String, String>;

pub const ACCOUNT: &str = "1000000000000001";

/// What gathers in a row before it leaves.
#[derive(Clone, Debug)]
pub struct Gathered {
    pub start: i64,
    /// The last millisecond of what is in it.
    pub last: i64,
    /// A record reaches past the window.
    pub goes_on: bool,
    present: Present,
    tcp_flags: Option<u16>,
    packets_raw: u128,
    octets_raw: u128,
    /// Of what came with a rate.
    packets_scaled: u128,
    octets_scaled: u128,
    factors: BTreeSet<Factor>,
    /// The rate of the last record that had one: it holds for those behind it that have none.
    last_rate: Option<Factor>,
    /// What came before any rate was known: raw, by whom to ask.
    unknown: BTreeMap<Sampler, (u128, u128)>,
    /// The last stretch that each record gave.
    given: BTreeMap<u64, Given>,
    split: bool,
}

/// A stretch of a record.
#[derive(Clone, Copy, Debug)]
struct Given {
    /// Up to there.
    to: i64,
    given: (u128, u128),
    whole: (u128, u128),
}

/// How a row leaves.
#[derive(Clone, Copy, Debug)]
pub struct Leaving {
    pub end: i64,
    pub window: Option<i64>,
    pub late: bool,
    pub reason: &'static str,
}

impl Gathered {
    /// A row that begins at `start` and has nothing yet.
    pub fn from(start: i64) -> Self {
        Self {
            start,
            last: start,
            goes_on: false,
            present: Present::default(),
            tcp_flags: None,
            packets_raw: 0,
            octets_raw: 0,
            packets_scaled: 0,
            octets_scaled: 0,
            factors: BTreeSet::new(),
            last_rate: None,
            unknown: BTreeMap::new(),
            given: BTreeMap::new(),
            split: false,
        }
    }

    /// Adds what `flow` has for this row, from and to the given milliseconds.
    pub fn add(&mut self, flow: &Flow, share: Share, (from, to): (i64, i64)) {
        self.present = self.present.or(flow.present);
        self.tcp_flags = match (self.tcp_flags, flow.tcp_flags) {
            (Some(ours), Some(theirs)) => Some(ours | theirs),
            (ours, theirs) => ours.or(theirs),
        };
        self.packets_raw += share.packets;
        self.octets_raw += share.octets;
        let stretch = self.given.entry(flow.number).or_insert(Given {
            to: from - 1,
            given: (0, 0),
            whole: (flow.packets.into(), flow.octets.into()),
        });
        // Two stretches of one record with another row between them: it was split.
        self.split |= stretch.to != from - 1;
        stretch.to = to;
        stretch.given.0 += share.packets;
        stretch.given.1 += share.octets;
        if let Some(factor) = flow.factor {
            // A record that knows its rate makes it known to the row, for what was there before and
            // for what comes behind it.
            for raw in std::mem::take(&mut self.unknown).into_values() {
                self.scale(raw, factor);
            }
            self.last_rate = Some(factor);
        }
        if let Some(factor) = self.last_rate {
            self.factors.insert(factor);
            let (packets, octets) = share.scaled(factor);
            self.packets_scaled += packets;
            self.octets_scaled += octets;
        } else {
            let (packets, octets) = self.unknown.entry(flow.sampler).or_default();
            *packets += share.packets;
            *octets += share.octets;
        }
    }

    fn scale(&mut self, (packets, octets): (u128, u128), by: Factor) {
        self.factors.insert(by);
        self.packets_scaled += by.of(packets);
        self.octets_scaled += by.of(octets);
    }

    pub fn raw(&self) -> (u128, u128) {
        (self.packets_raw, self.octets_raw)
    }

    /// The columns. `rate` says what is known by now of a sampler.
    pub fn leave(
        mut self,
        exporter: IpAddr,
        key: &Key,
        leaving: Leaving,
        rate: impl Fn(Sampler) -> Option<Factor>,
    ) -> Columns {
        let mut still_unknown = false;
        for (sampler, raw) in std::mem::take(&mut self.unknown) {
            if let Some(factor) = rate(sampler) {
                self.scale(raw, factor);
            } else {
                still_unknown = true;
                self.packets_scaled += raw.0;
                self.octets_scaled += raw.1;
            }
        }
        let mut factors = self.factors.iter();
        let sampling = match (factors.next(), factors.next(), still_unknown) {
            (Some(factor), None, false) if factor.denominator == 1 => factor.numerator.to_string(),
            (Some(factor), None, false) => format!("{}/{}", factor.numerator, factor.denominator),
            _ => "-".to_owned(),
        };
        let seconds = |millis: i64| millis.div_euclid(1000).to_string();
        let address = |address: Option<IpAddr>| address.map(|address| address.to_string());
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let is_whole = |given: &Given| given.given == given.whole;
        let distribution = if !self.split && self.given.values().all(is_whole) {
            "direct"
        } else {
            "proportional"
        };
        let present = self.present;
        [
            ("Instance_id", "sag-default".to_owned()),
            ("snid", "-".to_owned()),
            ("ali-uid", ACCOUNT.to_owned()),
            ("start", seconds(self.start)),
            ("end", seconds(leaving.end)),
            ("start-ms", self.start.to_string()),
            ("end-ms", leaving.end.to_string()),
            (
                "protocol",
                or_dash(present.protocol.then(|| key.protocol.to_string())),
            ),
            ("srcaddr", or_dash(address(key.source))),
            ("srcport", key.source_port.to_string()),
            ("dstaddr", or_dash(address(key.destination))),
            ("dstport", key.destination_port.to_string()),
            ("packets", self.packets_scaled.to_string()),
            ("bytes", self.octets_scaled.to_string()),
            (
                "tcp-flags",
                or_dash(self.tcp_flags.map(|flags| flags.to_string())),
            ),
            ("tos", or_dash(present.tos.then(|| key.tos.to_string()))),
            (
                "inport",
                or_dash(present.ingress.then(|| key.ingress.to_string())),
            ),
            (
                "outport",
                or_dash(present.egress.then(|| key.egress.to_string())),
            ),
            ("exporter", exporter.to_string()),
            ("window", or_dash(leaving.window.map(seconds))),
            ("packets_raw", self.packets_raw.to_string()),
            ("bytes_raw", self.octets_raw.to_string()),
            ("sampling", sampling),
            ("distribution", distribution.to_owned()),
            ("late", leaving.late.to_string()),
            ("reason", leaving.reason.to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}
