//! A record as a flow log counts it: its interval by the flow log's clock, its threshold.

use flowlog_record::{Fields, FlowRecord};
use serde::{Deserialize, Serialize};

use crate::cell::{NEVER, TIME_BOUND, presence_of};
use crate::rates::Rates;
use crate::rules::{Aging, Origin, Rules, TimeSource};
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

/// How long behind its end a record keeps a period open, and whether the flow ended.
#[inline]
pub(crate) fn threshold(record: &FlowRecord, aging: Option<Aging>) -> (i64, bool) {
    let ended = record.fields.contains(Fields::ENDED);
    let Some(Aging { inactive_ms, .. }) = aging else {
        return (NEVER, ended);
    };
    if ended {
        return (inactive_ms.min(ENDED_MS), true);
    }
    if record.fields.contains(Fields::CONTINUES) {
        let timeout = record.active_timeout;
        let next_report = timeout.millis().saturating_add(timeout.jitter_millis());
        return (inactive_ms.max(next_report), false);
    }
    (inactive_ms, false)
}

/// The record under these rules.
#[inline]
pub(crate) fn measure(
    record: &FlowRecord,
    (start, end): (i64, i64),
    rules: &Rules,
    rates: &mut Rates,
) -> Measured {
    let (threshold, ended) = threshold(record, rules.aging);
    Measured {
        start,
        end,
        total: Counted {
            packets: record.packets,
            octets: record.octets,
        },
        tcp_flags: record.tcp_flags,
        presence: presence_of(record.fields),
        sampling: record.sampling,
        code: rates.code(record.sampling),
        threshold,
        ended,
    }
}

#[cfg(test)]
mod tests;
