//! The value at which another is greatest or least, and the greatest or least of all.

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::Value;
use serde_json::Value as Json;

use super::{Registry, Share, State};
use crate::sql::functions::json::{element, printed};
use crate::sql::functions::value::{int, order, owned, wrong};

pub(super) fn add(to: &mut Registry<'_>) -> Result<()> {
    to.add("max_by", &[2], |share| By::of(true, share))?;
    to.add("min_by", &[2], |share| By::of(false, share))?;
    to.add("max_by", &[3], |share| Most::of(true, true, share))?;
    to.add("min_by", &[3], |share| Most::of(false, true, share))?;
    to.add("#max_n", &[2], |share| Most::of(true, false, share))?;
    to.add("#min_n", &[2], |share| Most::of(false, false, share))
}

/// The first argument where the second is greatest or least.
struct By {
    greatest: bool,
    best: Option<(Value, Value)>,
    _share: Share,
}

impl By {
    fn of(greatest: bool, share: Share) -> Self {
        Self {
            greatest,
            best: None,
            _share: share,
        }
    }
}

impl State for By {
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        let by = owned(ctx, 1)?;
        if by == Value::Null {
            return Ok(());
        }
        let better = self.best.as_ref().is_none_or(|(_, known)| {
            let order = order(&by, known);
            if self.greatest {
                order.is_gt()
            } else {
                order.is_lt()
            }
        });
        if better {
            self.best = Some((owned(ctx, 0)?, by));
        }
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        let best = self.best.as_ref();
        Ok(best.map_or(Value::Null, |(value, _)| value.clone()))
    }
}

/// The n greatest or least values, or the values where another is, best first.
struct Most {
    greatest: bool,
    by_another: bool,
    /// Best first.
    best: Vec<(Value, Json)>,
    share: Share,
}

/// The most values that may be asked for.
const MOST: i64 = 10_000;

impl Most {
    fn of(greatest: bool, by_another: bool, share: Share) -> Self {
        Self {
            greatest,
            by_another,
            best: Vec::new(),
            share,
        }
    }
}

fn size(json: &Json) -> usize {
    64 + match json {
        Json::String(text) => text.len(),
        other if other.is_array() || other.is_object() => other.to_string().len(),
        _ => 0,
    }
}

impl State for Most {
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        let (by, count) = if self.by_another { (1, 2) } else { (0, 1) };
        let count = int(ctx, count)?.filter(|count| (1..=MOST).contains(count));
        let count = count.and_then(|count| usize::try_from(count).ok());
        let count = count.ok_or_else(|| wrong(format!("the count must be 1 to {MOST}")))?;
        let by = owned(ctx, by)?;
        if by == Value::Null {
            return Ok(());
        }
        let greatest = self.greatest;
        let before = |(known, _): &(Value, Json)| {
            let order = order(known, &by);
            if greatest {
                order.is_ge()
            } else {
                order.is_le()
            }
        };
        let at = self.best.partition_point(before);
        if at >= count {
            return Ok(());
        }
        let value = element(ctx.get_raw(0));
        self.share.take(size(&value))?;
        self.best.insert(at, (by, value));
        for (_, value) in self.best.drain(count.min(self.best.len())..) {
            self.share.give(size(&value));
        }
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        if self.best.is_empty() {
            return Ok(Value::Null);
        }
        let values = self.best.iter().map(|(_, value)| value.clone());
        printed("max_by", &values.collect())
    }
}
