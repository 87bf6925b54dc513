//! How many logs a search finds in each interval of time.

use std::sync::Arc;

use flowlog_sls::query::{Query, Search};
use flowlog_sls::{Error, ErrorCode, Histogram, HistogramRequest, Progress, TimeRange};

use crate::chunk::Field;
use crate::query::{Deadline, Hits, Scan, Wanted, place};
use crate::segment::SegmentError;
use crate::stats::count;
use crate::store::{Inner, Store};

/// Intervals where the request does not say how long they are.
const USUAL_INTERVALS: i64 = 60;
/// Intervals at most.
const MOST_INTERVALS: i64 = 10_000;
/// Lengths of intervals in seconds, as a person would choose them.
const LENGTHS: [i64; 19] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
    172_800,
];

impl Inner {
    /// Counts what the search part of a query finds.
    ///
    /// # Errors
    /// `IndexConfigNotExist`, `ShardNotExist`, `ParameterInvalid`, `ReadQuotaExceed`,
    /// `InternalServerError`.
    pub(crate) fn histograms(
        &self,
        store: &Store,
        request: &HistogramRequest,
    ) -> Result<Vec<Histogram>, Error> {
        let outcome = if let Some(_running) = self.enter_query() {
            self.count_intervals(store, request)
        } else {
            count(&self.counters.queries_refused, 1);
            let message = "too many queries are running, try again later";
            Err(Error::new(ErrorCode::ReadQuotaExceed, message))
        };
        count(&self.counters.queries, 1);
        count(&self.counters.queries_failed, u64::from(outcome.is_err()));
        outcome
    }

    fn count_intervals(
        &self,
        store: &Store,
        request: &HistogramRequest,
    ) -> Result<Vec<Histogram>, Error> {
        let index = store.index.as_ref().ok_or_else(Error::index_not_exist)?;
        let query = Query::parse(&request.query)?;
        let wanted = Arc::new(Wanted {
            time: request.time_range,
            topic: request.topic.clone(),
            search: Search::bind(&query.search, index)?,
        });
        let mut intervals = Intervals::new(request.time_range, request.interval)?;
        let deadline = Deadline::within(self.settings.query.deadline);
        let snapshots = match request.shard {
            None => store.shards.iter().map(|shard| shard.snapshot()).collect(),
            Some(number) => {
                let shard = u32::try_from(number).ok().and_then(|id| store.shard(id));
                vec![
                    shard
                        .ok_or_else(|| Error::shard_not_exist(number))?
                        .snapshot(),
                ]
            }
        };
        let mut scan = Scan::new(wanted, Arc::clone(&self.counters), deadline, snapshots);
        while let Some(hits) = scan.next_hits() {
            let segment = hits.segment.clone();
            if let Err(error) = intervals.add(&hits) {
                scan.give_up(segment, error);
            }
        }
        let unreadable = std::mem::take(&mut scan.unreadable);
        let incomplete = self.set_aside(store, unreadable)? || scan.too_late;
        Ok(intervals.finish(incomplete))
    }
}

/// Intervals that cover a period, all of one length; where that is asked for, or the period is a
/// prime or so, the last may be shorter.
#[derive(Debug)]
struct Intervals {
    from: i64,
    to: i64,
    length: i64,
    counts: Vec<u64>,
}

impl Intervals {
    fn new(period: TimeRange, length: Option<i64>) -> Result<Self, Error> {
        let (from, to) = (period.from_seconds(), period.to_seconds());
        let seconds = to.saturating_sub(from);
        let length = length.unwrap_or_else(|| even_length(seconds));
        let intervals = seconds.saturating_add(length - 1) / length;
        if intervals > MOST_INTERVALS {
            let message =
                format!("The parameter interval makes more than {MOST_INTERVALS} of them");
            return Err(Error::parameter(message));
        }
        let intervals = usize::try_from(intervals).unwrap_or(1);
        Ok(Self {
            from,
            to,
            length,
            counts: vec![0; intervals],
        })
    }

    fn add(&mut self, hits: &Hits) -> Result<(), SegmentError> {
        if let Some((least, greatest)) = hits.chunk.times()
            && self.place(least) == self.place(greatest)
        {
            let rows = u64::try_from(hits.rows.len()).unwrap_or(0);
            self.count(least, rows);
            return Ok(());
        }
        let times = hits.chunk.lane(&Field::Time)?;
        for row in hits.rows.iter() {
            self.count(times.cell(place(row)).int().unwrap_or(0), 1);
        }
        Ok(())
    }

    fn place(&self, time: i64) -> i64 {
        time.saturating_sub(self.from).div_euclid(self.length)
    }

    fn count(&mut self, time: i64, rows: u64) {
        let at = usize::try_from(self.place(time)).ok();
        if let Some(count) = at.and_then(|at| self.counts.get_mut(at)) {
            *count += rows;
        }
    }

    fn finish(self, incomplete: bool) -> Vec<Histogram> {
        let progress = if incomplete {
            Progress::Incomplete
        } else {
            Progress::Complete
        };
        let starts = (0..).map(|n: i64| self.from.saturating_add(n.saturating_mul(self.length)));
        let interval = |(from, count): (i64, &u64)| Histogram {
            from,
            to: from.saturating_add(self.length).min(self.to),
            count: *count,
            progress,
        };
        starts.zip(&self.counts).map(interval).collect()
    }
}

/// The length nearest to the usual one that divides a period evenly; the usual one where a period
/// has no such length near it.
fn even_length(seconds: i64) -> i64 {
    let usual = usual_length(seconds);
    let counts = (1..=2 * USUAL_INTERVALS).filter(|count| seconds % count == 0);
    let lengths = counts.map(|count| seconds / count);
    let near = lengths.filter(|length| length / usual < 4 && *length > 0);
    near.min_by_key(|length| length.abs_diff(usual))
        .unwrap_or(usual)
}

/// The shortest of the usual lengths that makes few enough intervals.
fn usual_length(seconds: i64) -> i64 {
    let fits = |length: &i64| seconds <= length.saturating_mul(USUAL_INTERVALS);
    let usual = LENGTHS.into_iter().find(fits);
    usual.unwrap_or_else(|| seconds / USUAL_INTERVALS + 1)
}

#[cfg(test)]
mod tests;
