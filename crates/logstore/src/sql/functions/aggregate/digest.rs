//! `approx_percentile`: exact while there are few values, a t-digest beyond.

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::{Value, ValueRef};
use serde_json::Value as Json;

use super::{Registry, Share, State};
use crate::sql::functions::json;
use crate::sql::functions::value::{or_null, real, wrong};

pub(super) fn add(to: &mut Registry<'_>) -> Result<()> {
    to.add("approx_percentile", &[2, 3, 4], Percentile::of)
}

/// Values that are kept before they are put together.
const MOST_KEPT: usize = 8192;
/// The more, the smaller what is put together: about so many remain.
const COMPRESSION: f64 = 1000.0;

/// Values with their weights: each its own, or means of neighbours.
struct Percentile {
    values: Vec<(f64, f64)>,
    shares: Vec<f64>,
    /// The shares were an array.
    many: bool,
    /// Every value was an integer: then so is the result.
    integers: bool,
    share: Share,
}

impl Percentile {
    fn of(share: Share) -> Self {
        Self {
            values: Vec::new(),
            shares: Vec::new(),
            many: false,
            integers: true,
            share,
        }
    }

    /// Puts neighbours together, fewer towards the ends, as t-digests do.
    fn compress(&mut self) {
        self.values.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let total: f64 = self.values.iter().map(|(_, weight)| weight).sum();
        let mut merged: Vec<(f64, f64)> = Vec::new();
        let (mut behind, mut limit) = (0.0, limit_after(0.0));
        for (value, weight) in std::mem::take(&mut self.values) {
            match merged.last_mut() {
                Some((mean, sum)) if (behind + *sum + weight) / total <= limit => {
                    *sum += weight;
                    *mean += (value - *mean) * weight / *sum;
                }
                last => {
                    behind += last.map_or(0.0, |(_, sum)| *sum);
                    limit = limit_after(behind / total);
                    merged.push((value, weight));
                }
            }
        }
        self.values = merged;
    }

    /// The least value that is not below the given share of all.
    fn at(&self, share: f64) -> Option<f64> {
        let total: f64 = self.values.iter().map(|(_, weight)| weight).sum();
        let mut behind = 0.0;
        let reached = self.values.iter().find(|(_, weight)| {
            behind += weight;
            behind >= share * total
        });
        reached.or(self.values.last()).map(|(value, _)| *value)
    }

    /// The integer that a value stands for, when all were integers.
    fn rounded(&self, value: f64) -> Option<i64> {
        // A double in these bounds is an integer once rounded.
        let fits = self.integers && value.abs() < 9.2e18;
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            reason = "no double becomes an integer in another way"
        )]
        fits.then(|| value.round() as i64)
    }

    fn read_shares(&mut self, ctx: &Context<'_>, at: usize) -> Result<()> {
        let many = matches!(ctx.get_raw(at), ValueRef::Text(_));
        let shares = if many {
            let array = json::array(ctx, at)?.unwrap_or_default();
            array.iter().filter_map(Json::as_f64).collect()
        } else {
            real(ctx, at)?.into_iter().collect::<Vec<f64>>()
        };
        if shares.is_empty() || !shares.iter().all(|share| (0.0..=1.0).contains(share)) {
            return Err(wrong(
                "approx_percentile: a share is a number between 0 and 1, or an array of them",
            ));
        }
        (self.shares, self.many) = (shares, many);
        Ok(())
    }
}

/// The share of all that what begins at a share may reach: one step of the scale
/// k(q) = COMPRESSION / 2π · asin(2q − 1).
fn limit_after(share: f64) -> f64 {
    let turn = 2.0 * std::f64::consts::PI;
    let k = COMPRESSION / turn * (2.0 * share.clamp(0.0, 1.0) - 1.0).asin();
    let next = (k + 1.0) * turn / COMPRESSION;
    if next >= std::f64::consts::FRAC_PI_2 {
        1.0
    } else {
        f64::midpoint(next.sin(), 1.0)
    }
}

impl State for Percentile {
    /// `(x, share)`, `(x, weight, share)`, either with an accuracy that is ours behind them.
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        let Some(value) = real(ctx, 0)? else {
            return Ok(());
        };
        let weighted = ctx.len() > 2;
        if self.shares.is_empty() {
            self.read_shares(ctx, if weighted { 2 } else { 1 })?;
        }
        let weight = if weighted { real(ctx, 1)? } else { Some(1.0) };
        let weight = weight.unwrap_or(0.0);
        if weight <= 0.0 || !weight.is_finite() || value.is_nan() {
            return Ok(());
        }
        self.share.take(16)?;
        self.integers &= matches!(ctx.get_raw(0), ValueRef::Integer(_));
        self.values.push((value, weight));
        if self.values.len() > MOST_KEPT {
            let before = self.values.len();
            self.compress();
            self.share
                .give(16 * before.saturating_sub(self.values.len()));
        }
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        self.values.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        if self.values.is_empty() {
            return Ok(Value::Null);
        }
        if !self.many {
            let share = self.shares.first().copied().unwrap_or(0.5);
            let value = |value: f64| match self.rounded(value) {
                Some(integer) => Value::Integer(integer),
                None => Value::Real(value),
            };
            return Ok(or_null(self.at(share), value));
        }
        let value = |value: f64| match self.rounded(value) {
            Some(integer) => Json::from(integer),
            None => Json::from(value),
        };
        let all = self
            .shares
            .iter()
            .map(|share| self.at(*share).map_or(Json::Null, value));
        json::printed("approx_percentile", &all.collect())
    }
}
