//! The way out: what leaves the tables becomes a numbered row and moves in the ledger.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use flowlog_record::{
    Distribution, ExporterId, FlowLogIndex, LogStatus, ObservationDomain, Reason, Row, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::cell::{PROPORTIONAL, presence_parts};
use crate::exporters::Exporters;
use crate::key::{Key, unpack};
use crate::ledger::{Amount, FlowLogLedger};
use crate::measure::TimeChanges;
use crate::notice::Notice;
use crate::rates::{Added, Rates, Samplers, Share, Sums, UNKNOWN, scaled};
use crate::rules::{KeyLayout, Limits, Rules};
use crate::split::Counted;
use crate::table::Measured;
use crate::windows::{Holds, Pane, Windows};

/// The books of one flow log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) flow_log: FlowLogIndex,
    pub(crate) layout: KeyLayout,
    /// The number of the next row.
    pub(crate) number: u64,
    pub(crate) ledger: FlowLogLedger,
    pub(crate) changes: TimeChanges,
    pub(crate) rates: Rates,
}

/// What all flow logs of a partition share.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    /// Pipeline time.
    pub(crate) now: i64,
    /// Open rows.
    pub(crate) rows: u64,
    pub(crate) exporters: Exporters,
    /// What is said of watched resources, until somebody takes it.
    pub(crate) notices: Vec<Notice>,
}

/// A period on its way out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Period {
    pub(crate) start: i64,
    pub(crate) last: i64,
    pub(crate) packets: u64,
    pub(crate) octets: u64,
    pub(crate) records: u64,
    pub(crate) tcp_flags: u16,
    pub(crate) presence: u8,
    pub(crate) code: u8,
    pub(crate) extra: Option<Box<[String]>>,
}

/// Why and how a period leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leave {
    pub(crate) reason: Reason,
    /// The column `end`.
    pub(crate) end: i64,
    pub(crate) pane: Pane,
    pub(crate) late: bool,
}

/// What a flow log asks of its rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) windows: &'a Windows,
    pub(crate) holds: &'a Holds,
}

/// Where rows go while something is advanced or observed.
pub(crate) struct Outlet<'a> {
    pub(crate) terms: Terms<'a>,
    pub(crate) account: &'a mut Account,
    pub(crate) shared: &'a mut Shared,
    pub(crate) each: &'a mut dyn FnMut(Row),
    /// Pipeline time at which rows leave.
    pub(crate) at: i64,
    /// The Observation Domain of the datagram that is observed.
    pub(crate) domain: ObservationDomain,
    /// What else rows name of a record, asked for the first of each.
    pub(crate) extra: Extra<'a>,
}

/// Further texts of a record of the batch, by its place.
pub(crate) type Extra<'a> = Option<&'a mut dyn FnMut(u8) -> Option<Box<[String]>>>;

/// The same for a while.
pub(crate) fn lend<'b>(extra: &'b mut Extra<'_>) -> Extra<'b> {
    match extra {
        Some(extra) => Some(&mut **extra),
        None => None,
    }
}

/// An Exporter without any.
static NO_SAMPLERS: Samplers = Samplers::none();

impl Outlet<'_> {
    /// What a share adds to the scaled side of a row of `exporter` that had `before`.
    pub(crate) fn added(
        &self,
        exporter: ExporterId,
        (measured, share): (&Measured, Share),
        before: Counted,
    ) -> Added<'_> {
        let exporter = self.shared.exporters.get(exporter);
        Added {
            sampling: measured.sampling,
            code: measured.code,
            share,
            before,
            rates: &self.account.rates,
            domain: self.domain,
            samplers: exporter.map_or(&NO_SAMPLERS, |known| &known.samplers),
        }
    }

    /// What else a row names whose first record this is.
    pub(crate) fn extra(&mut self, record: u8) -> Option<Box<[String]>> {
        self.extra.as_mut().and_then(|extra| extra(record))
    }

    /// A row was opened.
    pub(crate) fn opened<K: Key>(&mut self, key: &K) {
        self.shared.rows = self.shared.rows.saturating_add(1);
        self.shared.exporters.row_opened(key.exporter());
    }

    /// A row leaves for good. A period without packets and octets gives no row.
    pub(crate) fn leave<K: Key>(
        &mut self,
        key: &K,
        period: &Period,
        sums: Option<&Sums>,
        leave: Leave,
    ) {
        self.shared.rows = self.shared.rows.saturating_sub(1);
        self.emit(key, period, sums, leave);
        self.shared.exporters.row_left(key.exporter());
    }

    /// The counters of a row leave; the row stays open.
    pub(crate) fn emit<K: Key>(
        &mut self,
        key: &K,
        period: &Period,
        sums: Option<&Sums>,
        leave: Leave,
    ) {
        let raw = Counted {
            packets: period.packets,
            octets: period.octets,
        };
        if raw.is_zero() {
            return;
        }
        let amount = Amount::of(period.records, raw);
        self.account.ledger.open -= amount;
        self.account.ledger.emitted += amount;
        let exporter = self.shared.exporters.get(key.exporter());
        let samplers = exporter.map_or(&NO_SAMPLERS, |known| &known.samplers);
        let (counted, sampling) = match (sums, period.code) {
            (Some(sums), _) => sums.result(samplers),
            (None, UNKNOWN) => scaled(samplers.first_rate(), raw),
            (None, code) => scaled(self.account.rates.factor(code), raw),
        };
        let (has_source, has_destination, present) = presence_parts(period.presence);
        let row = Row {
            flow_log: self.account.flow_log,
            exporter: exporter.map(|known| known.address).unwrap_or_default(),
            key: unpack(key, self.account.layout),
            has_source,
            has_destination,
            present,
            // What is forced out may end before it began: at the present.
            start: Timestamp(period.start.min(leave.end)),
            end: Timestamp(leave.end),
            window: leave.pane.window(),
            packets: counted.packets,
            octets: counted.octets,
            packets_raw: raw.packets,
            octets_raw: raw.octets,
            sampling,
            tcp_flags: period.tcp_flags,
            distribution: if period.presence & PROPORTIONAL == 0 {
                Distribution::Direct
            } else {
                Distribution::Proportional
            },
            late: leave.late,
            reason: leave.reason,
            status: LogStatus::Ok,
            left_at: Timestamp(self.at),
            number: 0,
            records: period.records,
            extra: period.extra.clone(),
        };
        self.send(row);
    }

    /// Numbers a row and hands it over.
    pub(crate) fn send(&mut self, mut row: Row) {
        row.number = self.account.number;
        self.account.number = self.account.number.wrapping_add(1);
        self.account.ledger.rows = self.account.ledger.rows.wrapping_add(1);
        (self.each)(row);
    }
}
