//! A record as a flow log counts it: its interval by the flow log's clock, its threshold.

use flowlog_record::{Fields, FlowRecord};
use serde::{Deserialize, Serialize};

use crate::cell::{NEVER, TIME_BOUND, presence_of};
use crate::rows::Stretch;
use crate::rules::{Aging, Origin, TimeSource};
use crate::split::Counted;
use crate::table::Measured;

/// An end this far behind the arrival is moved to the arrival (aggregation §3).
const MOST_AHEAD_MS: i64 = 1_000;
/// No interval is longer: the longest active timeout and a minute (aggregation §2).
const MOST_SPAN_MS: i64 = 6_060_000;
/// What is left to a flow that ended by its own word.
const ENDED_MS: i64 = 2_000;

/// How often times had to be changed, beyond the clock model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeChanges {
    /// Records that ended more than a second after they arrived: moved to end at their arrival.
    pub moved: u64,
    /// Records longer than 6060 s: cut at their start.
    pub span_clamped: u64,
}

/// First and last millisecond of a record by the flow log's clock.
#[inline]
pub(crate) fn interval(
    record: &FlowRecord,
    origin: &Origin,
    source: TimeSource,
    changes: &mut TimeChanges,
) -> (i64, i64) {
    let (start, end) = (record.start.millis(), record.end.millis());
    let arrival = origin.at.millis();
    let (mut start, mut end) = match source {
        TimeSource::Corrected => (
            start.saturating_add(origin.shift),
            end.saturating_add(origin.shift),
        ),
        TimeSource::Exporter => (start, end),
        TimeSource::Arrival => {
            let duration = end.saturating_sub(start).max(0);
            (arrival.saturating_sub(duration), arrival)
        }
    };
    if end > arrival.saturating_add(MOST_AHEAD_MS) {
        start = start.saturating_sub(end.saturating_sub(arrival));
        end = arrival;
        changes.moved = changes.moved.wrapping_add(1);
    }
    if end.saturating_sub(start) > MOST_SPAN_MS {
        start = end.saturating_sub(MOST_SPAN_MS);
        changes.span_clamped = changes.span_clamped.wrapping_add(1);
    }
    let end = end.clamp(-TIME_BOUND, TIME_BOUND);
    (start.clamp(-TIME_BOUND, end), end)
}

/// What a record says of the flow behind its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outlook {
    /// The flow ended by its own word.
    pub(crate) ended: bool,
    /// An active timeout explains the record: the next report comes within this. Else 0.
    next_report: i64,
}

impl Outlook {
    #[inline]
    pub(crate) fn of(record: &FlowRecord) -> Self {
        let timeout = record.active_timeout;
        let next_report = timeout.millis().saturating_add(timeout.jitter_millis());
        let continues = record.fields.contains(Fields::CONTINUES);
        Self {
            ended: record.fields.contains(Fields::ENDED),
            next_report: if continues { next_report } else { 0 },
        }
    }

    /// How long behind the end of the record the period stays open.
    #[inline]
    pub(crate) fn threshold(self, aging: Option<Aging>) -> i64 {
        match aging {
            None => NEVER,
            Some(Aging { inactive_ms, .. }) if self.ended => inactive_ms.min(ENDED_MS),
            Some(Aging { inactive_ms, .. }) => inactive_ms.max(self.next_report),
        }
    }
}

/// A record that takes the long way.
pub(crate) fn measure<K>(
    record: &FlowRecord,
    stretch: &Stretch<K>,
    aging: Option<Aging>,
) -> Measured {
    let outlook = Outlook::of(record);
    Measured {
        start: stretch.start,
        end: stretch.end,
        total: Counted::of(record),
        tcp_flags: record.tcp_flags,
        presence: presence_of(record.fields),
        sampling: record.sampling,
        code: stretch.code,
        threshold: outlook.threshold(aging),
        outlook,
        record: stretch.record,
    }
}

#[cfg(test)]
mod tests;
