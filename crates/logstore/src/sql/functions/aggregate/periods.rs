//! `compare`: the same number in this period and in earlier ones.

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::Value;
use serde_json::Value as Json;

use super::{Registry, State};
use crate::sql::functions::json;
use crate::sql::functions::value::{int, real, to_real};

pub(super) fn add(to: &mut Registry<'_>) -> Result<()> {
    to.add("#compare", &[-1], |_| Periods::default())
}

/// The most periods that are compared.
pub(in crate::sql) const MOST_PERIODS: usize = 16;

/// For each period the sum of its values.
#[derive(Default)]
struct Periods {
    sums: Vec<Option<f64>>,
    /// Beginnings of the earlier periods, for `ts_compare`.
    times: Vec<f64>,
}

impl State for Periods {
    /// `#compare(x, period, periods[, seconds …])`: with seconds, those follow in the result, taken
    /// from the greatest time of the group.
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        let size = |n: Option<i64>| n.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let (period, count) = (size(int(ctx, 1)?), size(int(ctx, 2)?));
        self.sums.resize(count.min(MOST_PERIODS + 1), None);
        self.times.clear();
        for at in 3..ctx.len() {
            self.times.extend(int(ctx, at)?.map(to_real));
        }
        if let (Some(value), Some(sum)) = (real(ctx, 0)?, self.sums.get_mut(period)) {
            *sum = Some(sum.unwrap_or(0.0) + value);
        }
        Ok(())
    }

    /// Now, then, then …, now / then, now / then …
    fn result(&mut self) -> Result<Value> {
        let now = self.sums.first().copied().flatten();
        let ratio = |then: &Option<f64>| {
            let (now, then) = (now?, (*then)?);
            Some(now / then).filter(|ratio| ratio.is_finite())
        };
        let earlier = self.sums.get(1..).unwrap_or_default();
        let mut all: Vec<Json> = self.sums.iter().map(|sum| Json::from(*sum)).collect();
        all.extend(earlier.iter().map(|then| Json::from(ratio(then))));
        all.extend(self.times.iter().map(|time| Json::from(*time)));
        json::printed("compare", &Json::Array(all))
    }
}
