//! From the times that a record carries to the interval that counts (aggregation §3, §4).

use flowlog_record::{ActiveTimeout, Fields, FlowRecord, Timestamp};

use crate::batch::Batch;
use crate::clock::SlidingMinimum;
use crate::durations::Durations;
use crate::exporter::TimeCounts;
use crate::plan::Plan;

/// How long before the export a flow may have ended: the longest active timeout and a minute.
const OLDEST_MS: i64 = 6_060_000;
/// How far behind the export an end may lie.
const AHEAD_MS: i64 = 60_000;
/// The longest interval of a record.
const LONGEST_MS: i64 = 6_060_000;
/// How far behind its arrival a flow may have ended.
const FUTURE_MS: i64 = 1_000;

/// FIN or RST.
const ENDING_FLAGS: u16 = 0x01 | 0x04;

/// Settles every record of a batch, in order.
pub(crate) fn settle(batch: &mut Batch<'_>) {
    let exporter = &mut *batch.exporter;
    let mut settling = Settling {
        export: batch.header.export_time,
        latest: batch
            .header
            .at
            .plus(FUTURE_MS)
            .plus(exporter.shift.saturating_neg()),
        at: batch.header.at,
        boot: batch.session.boot,
        may_wrap: batch.origin.plan.is_some_and(Plan::reads_uptime),
        durations: &mut exporter.durations,
        stated: exporter.stated,
        counts: &mut exporter.stats.times,
    };
    for record in batch.records.iter_mut() {
        settling.record(record);
    }
}

/// What settling goes by, for one batch.
struct Settling<'a> {
    /// `X`
    export: Timestamp,
    /// The latest end that is not in the future, by the Exporter's clock.
    latest: Timestamp,
    at: Timestamp,
    boot: &'a mut SlidingMinimum,
    /// The times count from a boot, in 32 bits of milliseconds.
    may_wrap: bool,
    durations: &'a mut Durations,
    stated: Option<ActiveTimeout>,
    counts: &'a mut TimeCounts,
}

impl Settling<'_> {
    #[inline]
    fn record(&mut self, record: &mut FlowRecord) {
        const BOTH: Fields = Fields::START.union(Fields::END);
        let times = record.fields & (BOTH | Fields::SINCE_BOOT);
        let span = record.end.millis().wrapping_sub(record.start.millis());
        let is_common = times == BOTH
            && self.is_in_range(record.end)
            && self.is_not_ahead(record.start)
            && (0..=LONGEST_MS).contains(&span);
        let (duration, has_duration) = if is_common {
            (span, true)
        } else {
            self.replace_times(record)
        };
        if record.end > self.latest {
            self.counts.future += 1;
        }
        if has_duration && !record.fields.contains(Fields::REVERSE) {
            self.durations.observe(duration);
        }
        self.conclude(record, duration);
    }

    /// Gives a record the interval that its own start and end are not; returns how long it is, and
    /// whether that is the Exporter's word.
    #[cold]
    fn replace_times(&mut self, record: &mut FlowRecord) -> (i64, bool) {
        let (start, end, has_duration) = self.uncommon(record);
        let (start, duration) = self.ordered(start, end);
        record.start = start;
        record.end = end;
        (duration, has_duration)
    }

    /// The interval of a record whose own start and end do not give it, and whether its length is
    /// the Exporter's word.
    fn uncommon(&mut self, record: &FlowRecord) -> (Timestamp, Timestamp, bool) {
        let (start, end) = self.own_times(record);
        let duration = record
            .fields
            .contains(Fields::DURATION)
            .then(|| i64::from(record.duration));
        let observed = (record.fields.contains(Fields::OBSERVED)
            && self.is_in_range(record.observed))
        .then_some(record.observed);
        let from_start = start
            .zip(duration)
            .map(|(start, duration)| (start, start.plus(duration)))
            .filter(|&(_, end)| self.is_in_range(end));
        let alone = end.or_else(|| start.filter(|&start| self.is_in_range(start)));
        let (count, times) = match (start, end, observed) {
            (Some(start), Some(end), _) => return (start, end, true),
            (None, Some(end), _) if duration.is_some() => {
                let start = end.plus(-duration.unwrap_or_default());
                (&mut self.counts.by_duration, (start, end))
            }
            (Some(start), None, Some(end)) if from_start.is_none() => {
                (&mut self.counts.by_observation, (start, end))
            }
            _ => match (from_start, alone, observed, duration) {
                (Some(times), ..) => (&mut self.counts.by_duration, times),
                (_, Some(time), ..) => (&mut self.counts.one_time, (time, time)),
                (_, _, Some(time), _) => (&mut self.counts.observation_alone, (time, time)),
                (_, _, _, Some(duration)) => {
                    let start = self.export.plus(-duration);
                    (&mut self.counts.export_and_duration, (start, self.export))
                }
                _ => (&mut self.counts.export_time, (self.export, self.export)),
            },
        };
        *count += 1;
        let has_duration = times.0 != times.1 || duration.is_some();
        (times.0, times.1, has_duration)
    }

    /// Start and end as far as the record has them, absolute and in range.
    fn own_times(&mut self, record: &FlowRecord) -> (Option<Timestamp>, Option<Timestamp>) {
        let has = |fields| record.fields.contains(fields);
        let mut start = has(Fields::START).then_some(record.start);
        let mut end = has(Fields::END).then_some(record.end);
        if has(Fields::SINCE_BOOT) {
            (start, end) = self.since_boot(start, end);
        } else if self.may_wrap && end.or(start).is_some_and(|time| !self.is_in_range(time)) {
            start = start.map(|time| self.unwrapped(time));
            end = end.map(|time| self.unwrapped(time));
        }
        let there = (start.is_some(), end.is_some());
        start = start.filter(|&start| self.is_not_ahead(start));
        end = end.filter(|&end| self.is_in_range(end));
        if there != (start.is_some(), end.is_some()) {
            self.counts.out_of_range += 1;
        }
        (start, end)
    }

    /// A time that elements 21 and 22 tell relative to element 160, by as many wraps of 49.7 days
    /// later as bring it next to the export: the modular difference that V9 has.
    fn unwrapped(&self, time: Timestamp) -> Timestamp {
        let ago = self.export.since(time).rem_euclid(1 << 32);
        let ago = if ago >= 1 << 31 { ago - (1 << 32) } else { ago };
        self.export.plus(-ago)
    }

    /// Times that count from a boot that nothing tells, by the least `X − 21` of ten minutes.
    fn since_boot(
        &mut self,
        start: Option<Timestamp>,
        end: Option<Timestamp>,
    ) -> (Option<Timestamp>, Option<Timestamp>) {
        let Some(latest) = end.or(start) else {
            return (None, None);
        };
        let boot = self.boot.observe(self.at, self.export.since(latest));
        let absolute = |time: Timestamp| time.plus(boot);
        let absolute_end = end.map(absolute);
        // Without an end in range the distance from it says nothing: the duration is 0.
        if absolute_end.is_some_and(|end| !self.is_in_range(end)) {
            return (None, absolute_end);
        }
        (start.map(absolute), absolute_end)
    }

    /// The start, brought before the end and near enough to it, and how far it is from there.
    fn ordered(&mut self, start: Timestamp, end: Timestamp) -> (Timestamp, i64) {
        // The end is near the export time and the start not far ahead of it: no overflow.
        let span = end.millis().wrapping_sub(start.millis());
        if (0..=LONGEST_MS).contains(&span) {
            return (start, span);
        }
        if span < 0 {
            self.counts.inverted += 1;
            return (end, 0);
        }
        self.counts.span_clamped += 1;
        (end.plus(-LONGEST_MS), LONGEST_MS)
    }

    /// What the settled interval says of the flow: ended, or cut by the active timeout.
    #[inline]
    fn conclude(&self, record: &mut FlowRecord, duration: i64) {
        let timeout = self.stated.unwrap_or(self.durations.learned());
        record.active_timeout = timeout;
        let has_ending_flags = record.tcp_flags & ENDING_FLAGS != 0;
        let (ended, continues) = match record.end_reason {
            0 => (has_ending_flags, duration * 10 >= timeout.millis() * 8),
            reason => (
                has_ending_flags || matches!(reason, 1 | 3 | 4 | 5),
                reason == 2,
            ),
        };
        let said = match (ended, continues) {
            (true, _) => Fields::ENDED,
            (_, true) => Fields::CONTINUES,
            _ => Fields::empty(),
        };
        record.fields |= said;
    }

    /// `[X − 6060 s, X + 60 s]`, where an end may lie.
    #[inline]
    fn is_in_range(&self, time: Timestamp) -> bool {
        // One comparison: what is before the oldest wraps to beyond the span.
        let oldest = self.export.millis().wrapping_sub(OLDEST_MS);
        let span = (OLDEST_MS + AHEAD_MS).unsigned_abs();
        time.millis().wrapping_sub(oldest).cast_unsigned() <= span
    }

    /// Where a start may lie: one that is too old is clamped, not missing.
    #[inline]
    fn is_not_ahead(&self, time: Timestamp) -> bool {
        time.millis() <= self.export.millis().wrapping_add(AHEAD_MS)
    }
}

#[cfg(test)]
mod tests;
