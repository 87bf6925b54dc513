//! One field of a Template, executed over a whole batch.
//!
//! What a field means is decided when the Template arrives; over a batch it is a loop that loads,
//! swaps octets and stores. A width is dispatched on once a batch, not once a value.

use flowlog_record::{Address, Fields, FlowRecord, Timestamp};

use super::place::{Place, Row};
use crate::moment::{MICROSECONDS, Moment, NANOSECONDS, ntp_millis};

/// A field of the Template and the field of the Flow Record that it fills.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    place: Place,
    target: Target,
}

/// Fills the fields of all columns in each record of the batch.
pub(super) fn run(columns: &[Column], rows: &[Row], moment: &Moment, records: &mut [FlowRecord]) {
    let (rows, last_rows) = rows.as_chunks();
    let (records, last_records) = records.as_chunks_mut();
    let mut batch = Fours {
        records,
        last_records,
    };
    for column in columns {
        let cells = Cells {
            rows,
            last_rows,
            place: column.place,
        };
        column.run(cells, moment, &mut batch);
    }
}

/// The records of a batch, four at a time: a loop costs as much as what is done in it.
struct Fours<'a> {
    records: &'a mut [[FlowRecord; 4]],
    last_records: &'a mut [FlowRecord],
}

/// What a column fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    SourceIpv4,
    DestinationIpv4,
    SourceIpv6,
    DestinationIpv6,
    Octets,
    Packets,
    IngressInterface,
    EgressInterface,
    SourcePort,
    DestinationPort,
    /// A second port element beside one that is already there: at most one of them is not zero.
    OtherSourcePort,
    OtherDestinationPort,
    TcpFlags,
    IcmpTypeCode,
    IcmpType,
    IcmpCode,
    Protocol,
    ClassOfService,
    Direction,
    ForwardingStatus,
    FirewallEvent,
    EndReason,
    DurationMillis,
    DurationMicros,
    Start(Clock),
    End(Clock),
    Observed(Clock),
    /// Element 160 beside times since boot; the bits say which of them.
    Boot {
        start: bool,
        end: bool,
    },
}

/// How a point in time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Clock {
    /// Milliseconds of the epoch.
    Millis,
    /// NTP format, microseconds.
    Micros,
    /// NTP format, nanoseconds.
    Nanos,
    /// Seconds of the epoch.
    Seconds,
    /// `SysUptime` in V5 and V9, against the header's.
    Switched,
    /// `SysUptime` in IPFIX, against nothing that the header has.
    SinceBoot,
    /// Microseconds before the export.
    MicrosBefore,
}

impl Target {
    /// Octets that its field of the Flow Record has: more are not read.
    const fn width(self) -> u8 {
        match self {
            Self::Protocol
            | Self::ClassOfService
            | Self::Direction
            | Self::ForwardingStatus
            | Self::FirewallEvent
            | Self::EndReason
            | Self::IcmpType
            | Self::IcmpCode => 1,
            Self::SourcePort
            | Self::DestinationPort
            | Self::OtherSourcePort
            | Self::OtherDestinationPort
            | Self::TcpFlags
            | Self::IcmpTypeCode => 2,
            Self::IngressInterface
            | Self::EgressInterface
            | Self::DurationMillis
            | Self::DurationMicros
            | Self::SourceIpv4
            | Self::DestinationIpv4 => 4,
            Self::Octets | Self::Packets | Self::Boot { .. } => 8,
            Self::Start(clock) | Self::End(clock) | Self::Observed(clock) => clock.width(),
            Self::SourceIpv6 | Self::DestinationIpv6 => 16,
        }
    }
}

impl Clock {
    /// Whether it wants eight octets, no more and no less.
    pub(super) const fn is_ntp(self) -> bool {
        matches!(self, Self::Micros | Self::Nanos)
    }

    pub(super) const fn width(self) -> u8 {
        match self {
            Self::Millis | Self::Micros | Self::Nanos => 8,
            Self::Seconds | Self::Switched | Self::SinceBoot | Self::MicrosBefore => 4,
        }
    }
}

impl Column {
    pub(super) fn new(place: Place, target: Target) -> Self {
        Self {
            place: place.low(target.width()),
            target,
        }
    }

    /// Whether it counts from the Exporter's boot.
    pub(super) const fn reads_uptime(self) -> bool {
        matches!(
            self.target,
            Target::Start(Clock::SinceBoot) | Target::End(Clock::SinceBoot)
        )
    }

    /// Fills its field in each record of the batch.
    #[expect(
        clippy::inline_always,
        reason = "its only call is in the loop over the columns"
    )]
    #[inline(always)]
    fn run(self, column: Cells<'_>, moment: &Moment, records: &mut Fours<'_>) {
        match self.target {
            Target::SourceIpv4 => {
                column.each(records, |r, o| r.source = Address::from_ipv4_octets(o));
            }
            Target::DestinationIpv4 => {
                column.each(records, |r, o| r.destination = Address::from_ipv4_octets(o));
            }
            Target::SourceIpv6 => {
                column.each(records, |r, o| r.source = Address::from_ipv6_octets(o));
            }
            Target::DestinationIpv6 => {
                column.each(records, |r, o| r.destination = Address::from_ipv6_octets(o));
            }
            Target::Octets => column.unsigned64(records, |r, v| r.octets = v),
            Target::Packets => column.unsigned64(records, |r, v| r.packets = v),
            Target::Start(clock) => column.time(clock, moment, records, |r, t| r.start = t),
            Target::End(clock) => column.time(clock, moment, records, |r, t| r.end = t),
            Target::Observed(clock) => column.time(clock, moment, records, |r, t| r.observed = t),
            Target::Boot { start, end } => column.boot(records, start, end),
            target => column.small(target, records),
        }
    }
}

/// The values of one column.
#[derive(Clone, Copy)]
struct Cells<'a> {
    rows: &'a [[Row; 4]],
    last_rows: &'a [Row],
    place: Place,
}

impl Cells<'_> {
    /// The targets of one, two and four octets.
    fn small(self, target: Target, records: &mut Fours<'_>) {
        match target {
            Target::IngressInterface => self.unsigned32(records, |r, v| r.ingress_interface = v),
            Target::EgressInterface => self.unsigned32(records, |r, v| r.egress_interface = v),
            Target::DurationMillis => self.unsigned32(records, |r, v| r.duration = v),
            Target::DurationMicros => self.unsigned32(records, |r, v| r.duration = v / 1000),
            Target::SourcePort => self.unsigned16(records, |r, v| r.source_port = v),
            Target::DestinationPort => self.unsigned16(records, |r, v| r.destination_port = v),
            Target::OtherSourcePort => self.unsigned16(records, |r, v| r.source_port |= v),
            Target::OtherDestinationPort => {
                self.unsigned16(records, |r, v| r.destination_port |= v);
            }
            Target::TcpFlags => self.unsigned16(records, |r, v| r.tcp_flags = v),
            Target::IcmpTypeCode => self.unsigned16(records, |r, v| r.icmp_type_code = v),
            Target::IcmpType => {
                self.each(records, |r, [v]| r.icmp_type_code |= u16::from(v) << 8);
            }
            Target::IcmpCode => self.each(records, |r, [v]| r.icmp_type_code |= u16::from(v)),
            Target::Protocol => self.each(records, |r, [v]| r.protocol = v),
            Target::ClassOfService => self.each(records, |r, [v]| r.tos = v),
            Target::Direction => self.each(records, |r, [v]| r.direction = v),
            Target::ForwardingStatus => self.each(records, |r, [v]| r.forwarding_status = v),
            Target::FirewallEvent => self.each(records, |r, [v]| r.firewall_event = v),
            Target::EndReason => self.each(records, |r, [v]| r.end_reason = v),
            _ => {}
        }
    }

    #[inline]
    fn each<const N: usize>(self, records: &mut Fours<'_>, set: impl Fn(&mut FlowRecord, [u8; N])) {
        let offset = usize::from(self.place.offset);
        let set = |record: &mut FlowRecord, row: &Row| {
            if let Some(&value) = row.get(offset..).and_then(<[u8]>::first_chunk) {
                set(record, value);
            }
        };
        for (records, rows) in records.records.iter_mut().zip(self.rows) {
            for (record, row) in records.iter_mut().zip(rows) {
                set(record, row);
            }
        }
        for (record, row) in records.last_records.iter_mut().zip(self.last_rows) {
            set(record, row);
        }
    }

    #[inline]
    fn unsigned16(self, records: &mut Fours<'_>, set: impl Fn(&mut FlowRecord, u16)) {
        match self.place.width {
            1 => self.each(records, |r, [v]| set(r, u16::from(v))),
            _ => self.each(records, |r, o| set(r, u16::from_be_bytes(o))),
        }
    }

    #[inline]
    fn unsigned32(self, records: &mut Fours<'_>, set: impl Fn(&mut FlowRecord, u32)) {
        match self.place.width {
            1 => self.each(records, |r, [v]| set(r, u32::from(v))),
            2 => self.each(records, |r, o| set(r, u32::from(u16::from_be_bytes(o)))),
            3 => self.each(records, |r, [a, b, c]| {
                set(r, u32::from_be_bytes([0, a, b, c]));
            }),
            _ => self.each(records, |r, o| set(r, u32::from_be_bytes(o))),
        }
    }

    #[inline]
    fn unsigned64(self, records: &mut Fours<'_>, set: impl Fn(&mut FlowRecord, u64)) {
        match self.place.width {
            4 => self.each(records, |r, o| set(r, u64::from(u32::from_be_bytes(o)))),
            8 => self.each(records, |r, o| set(r, u64::from_be_bytes(o))),
            _ => self.odd(records, set),
        }
    }

    /// Integers of reduced size other than four octets: rare, one loop for all.
    #[inline(never)]
    fn odd(self, records: &mut Fours<'_>, set: impl Fn(&mut FlowRecord, u64)) {
        let records = records
            .records
            .as_flattened_mut()
            .iter_mut()
            .chain(&mut *records.last_records);
        let rows = self.rows.as_flattened().iter().chain(self.last_rows);
        for (record, row) in records.zip(rows) {
            set(record, self.place.unsigned(row));
        }
    }

    #[inline]
    fn time(
        self,
        clock: Clock,
        moment: &Moment,
        records: &mut Fours<'_>,
        set: impl Fn(&mut FlowRecord, Timestamp),
    ) {
        let boot = moment.boot.unwrap_or_default();
        match clock {
            Clock::Millis => self.unsigned64(records, |r, v| set(r, Timestamp(clamped(v)))),
            Clock::Micros => self.each(records, |r, o| set(r, ntp_millis(o, MICROSECONDS))),
            Clock::Nanos => self.each(records, |r, o| set(r, ntp_millis(o, NANOSECONDS))),
            Clock::Seconds => {
                self.unsigned32(records, |r, v| set(r, Timestamp(i64::from(v) * 1000)));
            }
            Clock::Switched => {
                let uptimes = moment.uptimes();
                self.unsigned32(records, |r, v| set(r, uptimes.at(v)));
            }
            Clock::SinceBoot => self.unsigned32(records, |r, v| set(r, boot.plus(i64::from(v)))),
            Clock::MicrosBefore => {
                self.unsigned32(records, |r, v| set(r, moment.micros_before(v)));
            }
        }
    }

    /// Times since boot become absolute by the record's own element 160; 0 says nothing.
    fn boot(self, records: &mut Fours<'_>, start: bool, end: bool) {
        self.unsigned64(records, |record, boot| {
            let boot = clamped(boot);
            if boot == 0 {
                record.fields |= Fields::SINCE_BOOT;
            }
            if start {
                record.start = record.start.plus(boot);
            }
            if end {
                record.end = record.end.plus(boot);
            }
        });
    }
}

/// Milliseconds of the epoch as a signed number; what is beyond it is far out of range anyway.
#[inline]
fn clamped(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}
