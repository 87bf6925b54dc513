//! Functions that keep one value.

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::{Value, ValueRef};

use super::{Registry, State};
use crate::sql::functions::value::{int, or_null, owned, real, to_real, truth};

pub(super) fn add(to: &mut Registry<'_>) -> Result<()> {
    to.add("count_if", &[1], |_| CountIf(0))?;
    to.add("arbitrary", &[1], |_| First(Value::Null))?;
    to.add("any_value", &[1], |_| First(Value::Null))?;
    to.add("bool_and", &[1], |_| Every::of(true))?;
    to.add("every", &[1], |_| Every::of(true))?;
    to.add("bool_or", &[1], |_| Every::of(false))?;
    to.add("bitwise_and_agg", &[1], |_| Bits::of(|a, b| a & b))?;
    to.add("bitwise_or_agg", &[1], |_| Bits::of(|a, b| a | b))?;
    to.add("geometric_mean", &[1], |_| GeometricMean(0.0, 0))?;
    to.add("#total", &[1], |_| Total::default())?;
    to.add("#last", &[1], |_| Last(Value::Null))
}

fn is_true(value: ValueRef<'_>) -> Option<bool> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(value) => Some(value != 0),
        ValueRef::Real(value) => Some(value != 0.0),
        ValueRef::Text(_) | ValueRef::Blob(_) => Some(false),
    }
}

struct CountIf(i64);

impl State for CountIf {
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        self.0 += i64::from(is_true(ctx.get_raw(0)) == Some(true));
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        Ok(Value::Integer(self.0))
    }
}

/// The first value that is not NULL.
struct First(Value);

impl State for First {
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        if self.0 == Value::Null {
            self.0 = owned(ctx, 0)?;
        }
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        Ok(self.0.clone())
    }
}

/// The last value that is not NULL.
struct Last(Value);

impl State for Last {
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        if ctx.get_raw(0) != ValueRef::Null {
            self.0 = owned(ctx, 0)?;
        }
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        Ok(self.0.clone())
    }
}

/// The sum as a double, exact as long as the integers of which it is made have one of 128 bits.
#[derive(Default)]
struct Total {
    integers: i128,
    reals: f64,
}

impl State for Total {
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        match ctx.get_raw(0) {
            ValueRef::Integer(value) => {
                self.integers = self.integers.saturating_add(i128::from(value));
            }
            ValueRef::Real(value) => self.reals += value,
            _ => {}
        }
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        #[expect(
            clippy::as_conversions,
            clippy::cast_precision_loss,
            reason = "a double is asked for"
        )]
        let integers = self.integers as f64;
        Ok(Value::Real(integers + self.reals))
    }
}

struct Every {
    all: bool,
    outcome: Option<bool>,
}

impl Every {
    fn of(all: bool) -> Self {
        let outcome = None;
        Self { all, outcome }
    }
}

impl State for Every {
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        if let Some(truth) = is_true(ctx.get_raw(0)) {
            let so_far = self.outcome.unwrap_or(self.all);
            self.outcome = Some(if self.all {
                so_far && truth
            } else {
                so_far || truth
            });
        }
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        Ok(or_null(self.outcome, truth))
    }
}

struct Bits {
    combine: fn(i64, i64) -> i64,
    bits: Option<i64>,
}

impl Bits {
    fn of(combine: fn(i64, i64) -> i64) -> Self {
        let bits = None;
        Self { combine, bits }
    }
}

impl State for Bits {
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        if let Some(value) = int(ctx, 0)? {
            self.bits = Some(self.bits.map_or(value, |bits| (self.combine)(bits, value)));
        }
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        Ok(or_null(self.bits, Value::Integer))
    }
}

/// The sum of the logarithms, and of how many.
struct GeometricMean(f64, i64);

impl State for GeometricMean {
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        if let Some(value) = real(ctx, 0)? {
            self.0 += value.ln();
            self.1 += 1;
        }
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        let count = Some(self.1).filter(|count| *count > 0);
        Ok(or_null(count, |count| {
            Value::Real((self.0 / to_real(count)).exp())
        }))
    }
}
