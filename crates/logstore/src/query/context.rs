//! The neighbours of a log: what came before it and behind it from the same place.
//!
//! A writer numbers its `LogGroup`s with the tag `__pack_id__` = `STREAM-NUMBER`, both hexadecimal. All
//! logs of a stream are in the order of these numbers, whatever shard they went to, and within a
//! LogGroup in the order in which they were sent. Where a log is, `__pack_meta__` tells:
//! `SHARD|CURSOR|TIME|POSITION`; a search that ends in `| with_pack_meta` shows it.

use std::collections::BTreeMap;
use std::sync::Arc;

use flowlog_sls::operation::ContextRequest;
use flowlog_sls::query::{Search, SearchExpression};
use flowlog_sls::{ContextResponse, Cursor, Error, LogRow, TimeRange};

use super::rows::{self, Candidate, Order, Page, Source};
use super::scan::{Deadline, Hits, Scan, Wanted, place};
use crate::chunk::Field;
use crate::segment::SegmentError;
use crate::shard::Snapshot;
use crate::store::{Inner, Store};

/// The tag that numbers the `LogGroup`s of a stream.
const PACK_ID: &str = "__pack_id__";
/// Neighbours are at most so many seconds away.
const REACH: i64 = 86_400;

/// The numbers of shards by their ids.
pub(super) type Numbers = BTreeMap<i64, u32>;

/// A log among those of its stream.
struct Anchor<'a> {
    stream: &'a str,
    order: Order,
    time: i64,
}

/// What was found around it.
struct Around<'a> {
    anchor: Anchor<'a>,
    back: Page,
    forward: Page,
    /// The log itself.
    own: Page,
}

/// The number of every shard.
pub(super) fn numbers(store: &Store) -> Numbers {
    let shards = store.shards.iter();
    shards.map(|shard| (shard.id, shard.number())).collect()
}

/// Where a log is.
pub(super) fn pack_meta(row: &LogRow, order: Order, numbers: &Numbers) -> String {
    let (.., shard, cursor, position) = order;
    let shard = numbers.get(&shard).copied().unwrap_or_default();
    let time = row.get("__time__").unwrap_or_default();
    format!("{shard}|{}|{time}|{position}", Cursor(cursor))
}

impl Inner {
    /// The neighbours of a log.
    ///
    /// # Errors
    /// `ParameterInvalid` when the log cannot be told or is not there.
    pub(crate) fn context(
        &self,
        store: &Store,
        request: &ContextRequest,
    ) -> Result<ContextResponse, Error> {
        let numbers = numbers(store);
        let anchor = Anchor::parse(request, &numbers)?;
        let wanted = Arc::new(Wanted {
            time: TimeRange::new(
                (anchor.time.saturating_sub(REACH).max(0), 0),
                (anchor.time.saturating_add(REACH), 0),
            )?,
            topic: String::new(),
            search: Search::bind(
                &SearchExpression::All,
                &flowlog_sls::index::IndexConfig::default(),
            )?,
        });
        let deadline = Deadline::within(self.settings.query.deadline);
        let snapshots: Vec<Snapshot> = store.shards.iter().map(|shard| shard.snapshot()).collect();
        let mut scan = Scan::new(wanted, Arc::clone(&self.counters), deadline, snapshots);
        let mut around = Around {
            anchor,
            back: Page::new(request.back_lines, true),
            forward: Page::new(request.forward_lines, false),
            own: Page::new(1, false),
        };
        while let Some(hits) = scan.next_hits() {
            let segment = hits.segment.clone();
            if let Err(error) = around.add(&hits) {
                scan.give_up(segment, error);
            }
        }
        let (candidates, back_lines) = around.sorted();
        let found = rows::placed(&mut scan, &candidates, &self.settings.query)?;
        let unreadable = std::mem::take(&mut scan.unreadable);
        let incomplete = self.set_aside(store, unreadable)? || scan.too_late;
        if candidates.get(back_lines).is_none() && !incomplete {
            let message = "there is no log of this pack_id and pack_meta";
            return Err(Error::parameter(message));
        }
        let mut answer = ContextResponse {
            progress: super::progress(incomplete),
            ..ContextResponse::default()
        };
        for (at, mut row) in found {
            let meta = candidates.get(at).map(|candidate| candidate.rank.order);
            let meta = meta.map(|order| pack_meta(&row, order, &numbers));
            let number = at.cast_signed() - back_lines.cast_signed();
            answer.back_lines += usize::from(number < 0);
            answer.forward_lines += usize::from(number > 0);
            answer.total_lines += 1;
            row.0
                .push(("__index_number__".to_owned(), number.to_string()));
            row.0
                .push(("__pack_meta__".to_owned(), meta.unwrap_or_default()));
            answer.logs.push(row);
        }
        Ok(answer)
    }
}

impl<'a> Anchor<'a> {
    fn parse(request: &'a ContextRequest, numbers: &Numbers) -> Result<Self, Error> {
        let wrong = |name: &str, form: &str| {
            Error::parameter(format!("The parameter {name} is invalid: it is {form}"))
        };
        let (stream, counter) = split(&request.pack_id)
            .ok_or_else(|| wrong("pack_id", "PREFIX-NUMBER, as the tag __pack_id__ has it"))?;
        let meta = || {
            let mut parts = request.pack_meta.split('|');
            let number: u32 = parts.next()?.parse().ok()?;
            let cursor = Cursor::parse(parts.next()?).ok()?;
            let time: u32 = parts.next()?.parse().ok()?;
            let position: i64 = parts.next()?.parse().ok()?;
            let shard = numbers.iter().find(|(_, known)| **known == number);
            let ends = parts.next().is_none();
            ends.then_some((shard.map_or(0, |(id, _)| *id), cursor.0, time, position))
        };
        let (shard, cursor, time, position) =
            meta().ok_or_else(|| wrong("pack_meta", "what __pack_meta__ of the log says"))?;
        Ok(Self {
            stream,
            order: (counter, 0, shard, cursor, position),
            time: time.into(),
        })
    }
}

impl Around<'_> {
    fn add(&mut self, hits: &Hits) -> Result<(), SegmentError> {
        let ids = hits.chunk.lane(&Field::Tag(PACK_ID.into()))?;
        let Some(source) = Source::of(hits) else {
            return Ok(());
        };
        let mut scratch = Vec::new();
        for row in hits.rows.iter() {
            let Some(id) = ids.cell(place(row)).text(&mut scratch) else {
                continue;
            };
            let id = std::str::from_utf8(id).ok().and_then(split);
            let Some((_, counter)) = id.filter(|(stream, _)| *stream == self.anchor.stream) else {
                continue;
            };
            let (cursor, position) = hits.chunk.place(place(row))?;
            let order = (counter, 0, hits.shard, cursor, position);
            let page = match order.cmp(&self.anchor.order) {
                std::cmp::Ordering::Less => &mut self.back,
                std::cmp::Ordering::Equal => &mut self.own,
                std::cmp::Ordering::Greater => &mut self.forward,
            };
            page.offer(order, &source, row);
        }
        Ok(())
    }

    /// All that was found in the order of the stream, and how many of it come before the log.
    fn sorted(self) -> (Vec<Candidate>, usize) {
        let mut all = self.back.sorted();
        all.reverse();
        let before = all.len();
        all.extend(self.own.sorted());
        if all.len() == before {
            // Without the log itself its neighbours are none.
            return (Vec::new(), 0);
        }
        all.extend(self.forward.sorted());
        (all, before)
    }
}

/// The stream and the number of a `__pack_id__`.
fn split(pack_id: &str) -> Option<(&str, i64)> {
    let (stream, number) = pack_id.rsplit_once('-')?;
    let number = u64::from_str_radix(number, 16).ok()?;
    Some((stream, i64::try_from(number).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests;
