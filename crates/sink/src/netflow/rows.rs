//! Rows as they stand in the Logstore, read as records to be exported.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use flowlog_export::Record;
use flowlog_logstore::batch::{Cell, Group, Values};
use flowlog_record::{Action, Direction, Timestamp};

/// Lengths of capture windows, seconds.
const WINDOWS: [i64; 3] = [60, 300, 600];

/// The columns of a group that are exported.
#[derive(Clone, Copy)]
struct Columns<'a> {
    source: Option<&'a Values>,
    destination: Option<&'a Values>,
    source_port: Option<&'a Values>,
    destination_port: Option<&'a Values>,
    protocol: Option<&'a Values>,
    packets: Option<&'a Values>,
    octets: Option<&'a Values>,
    start: Option<&'a Values>,
    end: Option<&'a Values>,
    window: Option<&'a Values>,
    reason: Option<&'a Values>,
    status: Option<&'a Values>,
    exporter: Option<&'a Values>,
    direction: Option<&'a Values>,
    action: Option<&'a Values>,
    tcp_flags: Option<&'a Values>,
    tos: Option<&'a Values>,
    ingress: Option<&'a Values>,
    egress: Option<&'a Values>,
    source_as: Option<&'a Values>,
    destination_as: Option<&'a Values>,
}

/// The records of some rows. Rows that stand for no flow (`NODATA`, `SKIPDATA`) are left out.
pub(super) fn records(group: &Group, rows: Range<usize>) -> impl Iterator<Item = Record> {
    let columns = Columns::of(group);
    let exporter = group.source.parse();
    let exporter = exporter.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    rows.filter(move |row| columns.is_flow(*row))
        .map(move |row| columns.record(row, exporter))
}

impl<'a> Columns<'a> {
    fn of(group: &'a Group) -> Self {
        let named = |name: &str| group.column(name);
        Self {
            source: named("srcaddr"),
            destination: named("dstaddr"),
            source_port: named("srcport"),
            destination_port: named("dstport"),
            protocol: named("protocol"),
            packets: named("packets"),
            octets: named("bytes"),
            start: named("start"),
            end: named("end"),
            window: named("window"),
            reason: named("reason"),
            status: named("log-status"),
            exporter: named("exporter"),
            direction: named("direction"),
            action: named("action"),
            tcp_flags: named("tcp-flags"),
            tos: named("tos"),
            ingress: named("inport"),
            egress: named("outport"),
            source_as: named("bgpSourceAsNumber"),
            destination_as: named("bgpDestinationAsNumber"),
        }
    }
}

impl Columns<'_> {
    fn is_flow(&self, row: usize) -> bool {
        !matches!(self.status.map(|values| values.cell(row)), Some(Cell::Octets(text)) if text != b"OK")
    }

    fn record(&self, row: usize, exporter: IpAddr) -> Record {
        let start = integer(self.start, row);
        Record {
            source: address(self.source, row),
            destination: address(self.destination, row),
            source_port: number(self.source_port, row),
            destination_port: number(self.destination_port, row),
            protocol: number(self.protocol, row),
            packets: number(self.packets, row),
            octets: number(self.octets, row),
            first: Timestamp(start.saturating_mul(1000)),
            last: self.last(row, start),
            exporter: address(self.exporter, row).unwrap_or(exporter),
            direction: match text(self.direction, row) {
                b"in" => Direction::In,
                b"out" => Direction::Out,
                _ => Direction::Unknown,
            },
            action: if text(self.action, row) == b"REJECT" {
                Action::Reject
            } else {
                Action::Accept
            },
            tcp_flags: number(self.tcp_flags, row),
            tos: number(self.tos, row),
            ingress_interface: number(self.ingress, row),
            egress_interface: number(self.egress, row),
            source_as: number(self.source_as, row),
            destination_as: number(self.destination_as, row),
        }
    }

    /// The last millisecond. An end that is that of a window, or of an active aging period, is the
    /// first moment behind it.
    fn last(&self, row: usize, start: i64) -> Timestamp {
        let end = integer(self.end, row).max(start);
        let window = self.window.and_then(|values| values.cell(row).int());
        let is_windows = window.is_some_and(|window| WINDOWS.contains(&end.saturating_sub(window)));
        let is_behind = end > start && (is_windows || text(self.reason, row) == b"active");
        let end = end.saturating_mul(1000);
        Timestamp(if is_behind { end - 1 } else { end })
    }
}

fn text(values: Option<&Values>, row: usize) -> &[u8] {
    match values.map(|values| values.cell(row)) {
        Some(Cell::Octets(text)) => text,
        _ => b"-",
    }
}

fn integer(values: Option<&Values>, row: usize) -> i64 {
    let cell = values.map_or(Cell::NoKey, |values| values.cell(row));
    cell.int().unwrap_or(0)
}

/// What does not fit is the greatest that does; what is absent is 0.
fn number<N: TryFrom<i64> + Bounded>(values: Option<&Values>, row: usize) -> N {
    let value = integer(values, row).max(0);
    N::try_from(value).unwrap_or(N::GREATEST)
}

trait Bounded {
    const GREATEST: Self;
}

macro_rules! bounded {
    ($($number:ty)*) => { $(impl Bounded for $number { const GREATEST: Self = Self::MAX; })* };
}

bounded!(u8 u16 u32 u64);

fn address(values: Option<&Values>, row: usize) -> Option<IpAddr> {
    match values?.cell(row) {
        Cell::Address(octets) => Some(IpAddr::V6(Ipv6Addr::from(octets)).to_canonical()),
        Cell::Octets(text) => std::str::from_utf8(text).ok()?.parse().ok(),
        _ => None,
    }
}
