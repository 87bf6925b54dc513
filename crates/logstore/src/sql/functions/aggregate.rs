//! Functions of many values.

use std::cmp::Ordering;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering as Memory};

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error, Result};

/// The functions of this module.
pub(super) const NAMES: [&str; 14] = [
    "count_if",
    "max_by",
    "min_by",
    "arbitrary",
    "any_value",
    "bool_and",
    "bool_or",
    "every",
    "approx_percentile",
    "stddev",
    "stddev_samp",
    "stddev_pop",
    "variance",
    "var_pop",
];

/// The numbers that all groups of a statement may keep for percentiles.
const MOST_KEPT: usize = 4_000_000;

pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_aggregate_function("count_if", 1, flags, CountIf)?;
    connection.create_aggregate_function("max_by", 2, flags, By { greatest: true })?;
    connection.create_aggregate_function("min_by", 2, flags, By { greatest: false })?;
    connection.create_aggregate_function("arbitrary", 1, flags, Arbitrary)?;
    connection.create_aggregate_function("any_value", 1, flags, Arbitrary)?;
    connection.create_aggregate_function("bool_and", 1, flags, Every { all: true })?;
    connection.create_aggregate_function("every", 1, flags, Every { all: true })?;
    connection.create_aggregate_function("bool_or", 1, flags, Every { all: false })?;
    let percentile = Percentile {
        kept: Arc::default(),
    };
    connection.create_aggregate_function("approx_percentile", 2, flags, percentile)?;
    for (name, sample, root) in [
        ("stddev", true, true),
        ("stddev_samp", true, true),
        ("stddev_pop", false, true),
        ("variance", true, false),
        ("var_pop", false, false),
    ] {
        connection.create_aggregate_function(name, 1, flags, Spread { sample, root })?;
    }
    Ok(())
}

/// How SQLite orders values: NULL, numbers, texts, octets.
pub(super) fn order(a: &Value, b: &Value) -> Ordering {
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "to compare with one"
    )]
    let real = |value: i64| value as f64;
    let class = |value: &Value| match value {
        Value::Null => 0,
        Value::Integer(_) | Value::Real(_) => 1,
        Value::Text(_) => 2,
        Value::Blob(_) => 3,
    };
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
        (Value::Integer(a), Value::Real(b)) => real(*a).total_cmp(b),
        (Value::Real(a), Value::Integer(b)) => a.total_cmp(&real(*b)),
        (Value::Real(a), Value::Real(b)) => a.total_cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Blob(a), Value::Blob(b)) => a.cmp(b),
        _ => class(a).cmp(&class(b)),
    }
}

fn truth(value: ValueRef<'_>) -> Option<bool> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(value) => Some(value != 0),
        ValueRef::Real(value) => Some(value != 0.0),
        ValueRef::Text(_) | ValueRef::Blob(_) => Some(false),
    }
}

fn owned(value: ValueRef<'_>) -> Result<Value> {
    Value::try_from(value).map_err(|error| Error::UserFunctionError(error.to_string().into()))
}

struct CountIf;

impl Aggregate<i64, i64> for CountIf {
    fn init(&self, _: &mut Context<'_>) -> Result<i64> {
        Ok(0)
    }

    fn step(&self, ctx: &mut Context<'_>, count: &mut i64) -> Result<()> {
        *count += i64::from(truth(ctx.get_raw(0)) == Some(true));
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, count: Option<i64>) -> Result<i64> {
        Ok(count.unwrap_or(0))
    }
}

/// The first argument where the second is greatest or least.
struct By {
    greatest: bool,
}

impl Aggregate<Option<(Value, Value)>, Value> for By {
    fn init(&self, _: &mut Context<'_>) -> Result<Option<(Value, Value)>> {
        Ok(None)
    }

    fn step(&self, ctx: &mut Context<'_>, best: &mut Option<(Value, Value)>) -> Result<()> {
        let by = owned(ctx.get_raw(1))?;
        if by == Value::Null {
            return Ok(());
        }
        let better = best.as_ref().is_none_or(|(_, known)| {
            let order = order(&by, known);
            if self.greatest {
                order.is_gt()
            } else {
                order.is_lt()
            }
        });
        if better {
            *best = Some((owned(ctx.get_raw(0))?, by));
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, best: Option<Option<(Value, Value)>>) -> Result<Value> {
        Ok(best.flatten().map_or(Value::Null, |(value, _)| value))
    }
}

/// The first value that is not NULL.
struct Arbitrary;

impl Aggregate<Value, Value> for Arbitrary {
    fn init(&self, _: &mut Context<'_>) -> Result<Value> {
        Ok(Value::Null)
    }

    fn step(&self, ctx: &mut Context<'_>, value: &mut Value) -> Result<()> {
        if *value == Value::Null {
            *value = owned(ctx.get_raw(0))?;
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, value: Option<Value>) -> Result<Value> {
        Ok(value.unwrap_or(Value::Null))
    }
}

struct Every {
    all: bool,
}

impl Aggregate<Option<bool>, Option<bool>> for Every {
    fn init(&self, _: &mut Context<'_>) -> Result<Option<bool>> {
        Ok(None)
    }

    fn step(&self, ctx: &mut Context<'_>, outcome: &mut Option<bool>) -> Result<()> {
        if let Some(truth) = truth(ctx.get_raw(0)) {
            let so_far = outcome.unwrap_or(self.all);
            *outcome = Some(if self.all {
                so_far && truth
            } else {
                so_far || truth
            });
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, outcome: Option<Option<bool>>) -> Result<Option<bool>> {
        Ok(outcome.flatten())
    }
}

/// The least value that is not below the given share of all; exact, but bounded.
struct Percentile {
    kept: Arc<AtomicUsize>,
}

impl Aggregate<(Vec<f64>, f64), Option<f64>> for Percentile {
    fn init(&self, _: &mut Context<'_>) -> Result<(Vec<f64>, f64)> {
        Ok((Vec::new(), 0.5))
    }

    fn step(&self, ctx: &mut Context<'_>, (values, share): &mut (Vec<f64>, f64)) -> Result<()> {
        let Some(value) = ctx.get::<Option<f64>>(0)? else {
            return Ok(());
        };
        *share = ctx.get(1)?;
        if !(0.0..=1.0).contains(share) {
            let message = "approx_percentile: the share must be between 0 and 1";
            return Err(Error::UserFunctionError(message.into()));
        }
        if self.kept.fetch_add(1, Memory::Relaxed) >= MOST_KEPT {
            let message = "approx_percentile: too many values";
            return Err(Error::UserFunctionError(message.into()));
        }
        values.push(value);
        Ok(())
    }

    fn finalize(
        &self,
        _: &mut Context<'_>,
        values: Option<(Vec<f64>, f64)>,
    ) -> Result<Option<f64>> {
        let Some((mut values, share)) = values else {
            return Ok(None);
        };
        self.kept.fetch_sub(values.len(), Memory::Relaxed);
        values.sort_by(f64::total_cmp);
        #[expect(
            clippy::as_conversions,
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a number of values, which is at most four million"
        )]
        let place = (share * values.len() as f64).ceil() as usize;
        Ok(values.get(place.saturating_sub(1)).copied())
    }
}

/// Count, mean and sum of squared differences, as Welford has it.
struct Spread {
    sample: bool,
    root: bool,
}

impl Aggregate<(f64, f64, f64), Option<f64>> for Spread {
    fn init(&self, _: &mut Context<'_>) -> Result<(f64, f64, f64)> {
        Ok((0.0, 0.0, 0.0))
    }

    fn step(
        &self,
        ctx: &mut Context<'_>,
        (count, mean, squares): &mut (f64, f64, f64),
    ) -> Result<()> {
        let Some(value) = ctx.get::<Option<f64>>(0)? else {
            return Ok(());
        };
        *count += 1.0;
        let before = value - *mean;
        *mean += before / *count;
        *squares += before * (value - *mean);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, all: Option<(f64, f64, f64)>) -> Result<Option<f64>> {
        let Some((count, _, squares)) = all else {
            return Ok(None);
        };
        let divisor = if self.sample { count - 1.0 } else { count };
        if divisor <= 0.0 {
            return Ok(None);
        }
        let variance = squares / divisor;
        Ok(Some(if self.root { variance.sqrt() } else { variance }))
    }
}
