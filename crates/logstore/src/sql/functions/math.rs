//! Numbers.

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::{Value, ValueRef};

use super::json;
use super::value::{
    Scalar, int, or_null, order, owned, real, scalar, text, to_int, to_real, truth, wrong,
};

pub(super) const SCALARS: &[Scalar] = &[
    scalar("abs", &[1], abs),
    scalar("round", &[1, 2], |ctx| to_digits(ctx, f64::round)),
    scalar("truncate", &[1, 2], |ctx| to_digits(ctx, f64::trunc)),
    scalar("ceil", &[1], |ctx| map_real(ctx, f64::ceil)),
    scalar("ceiling", &[1], |ctx| map_real(ctx, f64::ceil)),
    scalar("floor", &[1], |ctx| map_real(ctx, f64::floor)),
    scalar("mod", &[2], modulo),
    scalar("pow", &[2], |ctx| two_reals(ctx, f64::powf)),
    scalar("power", &[2], |ctx| two_reals(ctx, f64::powf)),
    scalar("atan2", &[2], |ctx| two_reals(ctx, f64::atan2)),
    scalar("log", &[2], |ctx| two_reals(ctx, f64::log)),
    scalar("greatest", &[-1], |ctx| extreme(ctx, true)),
    scalar("least", &[-1], |ctx| extreme(ctx, false)),
    scalar("width_bucket", &[2, 4], width_bucket),
    scalar("e", &[0], |_| Ok(Value::Real(std::f64::consts::E))),
    scalar("pi", &[0], |_| Ok(Value::Real(std::f64::consts::PI))),
    scalar("infinity", &[0], |_| Ok(Value::Real(f64::INFINITY))),
    scalar("is_finite", &[1], |ctx| test(ctx, f64::is_finite)),
    scalar("is_infinite", &[1], |ctx| test(ctx, f64::is_infinite)),
    scalar("is_nan", &[1], |ctx| test(ctx, f64::is_nan)),
    scalar("bitwise_and", &[2], |ctx| two_ints(ctx, |a, b| a & b)),
    scalar("bitwise_or", &[2], |ctx| two_ints(ctx, |a, b| a | b)),
    scalar("bitwise_xor", &[2], |ctx| two_ints(ctx, |a, b| a ^ b)),
    scalar("bitwise_not", &[1], |ctx| {
        Ok(or_null(int(ctx, 0)?, |a| Value::Integer(!a)))
    }),
    scalar("bitwise_left_shift", &[2], |ctx| {
        two_ints(ctx, |a, b| shifted(a, b, i64::checked_shl))
    }),
    scalar("bitwise_right_shift", &[2], |ctx| {
        two_ints(ctx, |a, b| {
            shifted(a, b, |a, b| {
                a.cast_unsigned().checked_shr(b).map(u64::cast_signed)
            })
        })
    }),
    scalar("bit_count", &[2], bit_count),
    scalar("to_base", &[2], to_base),
    scalar("from_base", &[2], from_base),
];

/// A function of one number.
pub(super) type Real = fn(f64) -> f64;

/// Functions of one number.
pub(super) const REALS: &[(&str, Real)] = &[
    ("sqrt", f64::sqrt),
    ("cbrt", f64::cbrt),
    ("exp", f64::exp),
    ("ln", f64::ln),
    ("log2", f64::log2),
    ("log10", f64::log10),
    ("sin", f64::sin),
    ("cos", f64::cos),
    ("tan", f64::tan),
    ("asin", f64::asin),
    ("acos", f64::acos),
    ("atan", f64::atan),
    ("sinh", f64::sinh),
    ("cosh", f64::cosh),
    ("tanh", f64::tanh),
    ("degrees", f64::to_degrees),
    ("radians", f64::to_radians),
];

fn abs(ctx: &Context<'_>) -> Result<Value> {
    match ctx.get_raw(0) {
        ValueRef::Integer(value) => value
            .checked_abs()
            .map(Value::Integer)
            .ok_or_else(|| wrong("abs: the number is too small")),
        _ => Ok(or_null(real(ctx, 0)?, |value| Value::Real(value.abs()))),
    }
}

/// An integer stays one.
fn map_real(ctx: &Context<'_>, function: fn(f64) -> f64) -> Result<Value> {
    match ctx.get_raw(0) {
        ValueRef::Integer(value) => Ok(Value::Integer(value)),
        _ => Ok(or_null(real(ctx, 0)?, |value| Value::Real(function(value)))),
    }
}

/// `round(x)`, `round(x, digits)`, and so on; an integer stays one.
fn to_digits(ctx: &Context<'_>, function: fn(f64) -> f64) -> Result<Value> {
    let digits = if ctx.len() > 1 { int(ctx, 1)? } else { Some(0) };
    let Some(digits) = digits else {
        return Ok(Value::Null);
    };
    match ctx.get_raw(0) {
        ValueRef::Integer(value) if digits >= 0 => Ok(Value::Integer(value)),
        raw => {
            let digits = i32::try_from(digits.clamp(-300, 300)).unwrap_or(0);
            let scale = 10_f64.powi(digits.abs());
            let changed = |value: f64| {
                let (scaled, back): (f64, fn(f64, f64) -> f64) = if digits < 0 {
                    (value / scale, |a, b| a * b)
                } else {
                    (value * scale, |a, b| a / b)
                };
                if scaled.is_finite() {
                    back(function(scaled), scale)
                } else {
                    value
                }
            };
            let whole = matches!(raw, ValueRef::Integer(_));
            Ok(or_null(real(ctx, 0)?, |value| {
                if whole {
                    Value::Integer(to_int(changed(value)))
                } else {
                    Value::Real(changed(value))
                }
            }))
        }
    }
}

fn modulo(ctx: &Context<'_>) -> Result<Value> {
    if let (ValueRef::Integer(a), ValueRef::Integer(b)) = (ctx.get_raw(0), ctx.get_raw(1)) {
        return Ok(or_null(a.checked_rem(b), Value::Integer));
    }
    two_reals(ctx, |a, b| a % b)
}

fn two_reals(ctx: &Context<'_>, function: fn(f64, f64) -> f64) -> Result<Value> {
    let both = real(ctx, 0)?.zip(real(ctx, 1)?);
    Ok(or_null(both, |(a, b)| Value::Real(function(a, b))))
}

fn two_ints(ctx: &Context<'_>, function: fn(i64, i64) -> i64) -> Result<Value> {
    let both = int(ctx, 0)?.zip(int(ctx, 1)?);
    Ok(or_null(both, |(a, b)| Value::Integer(function(a, b))))
}

/// Nothing is left of what is shifted further than it is wide.
fn shifted(value: i64, by: i64, shift: fn(i64, u32) -> Option<i64>) -> i64 {
    u32::try_from(by)
        .ok()
        .and_then(|by| shift(value, by))
        .unwrap_or(0)
}

fn test(ctx: &Context<'_>, function: fn(f64) -> bool) -> Result<Value> {
    Ok(or_null(real(ctx, 0)?, |value| truth(function(value))))
}

fn extreme(ctx: &Context<'_>, greatest: bool) -> Result<Value> {
    let mut best: Option<Value> = None;
    for at in 0..ctx.len() {
        let value = owned(ctx, at)?;
        if value == Value::Null {
            return Ok(Value::Null);
        }
        let better = best.as_ref().is_none_or(|best| {
            let order = order(&value, best);
            if greatest {
                order.is_gt()
            } else {
                order.is_lt()
            }
        });
        if better {
            best = Some(value);
        }
    }
    Ok(best.unwrap_or(Value::Null))
}

/// `width_bucket(x, low, high, n)`: 0 below, n + 1 at or beyond; `width_bucket(x, bounds)`: how many
/// bounds are not above.
fn width_bucket(ctx: &Context<'_>) -> Result<Value> {
    let Some(x) = real(ctx, 0)? else {
        return Ok(Value::Null);
    };
    if ctx.len() == 2 {
        let Some(bounds) = json::array(ctx, 1)? else {
            return Ok(Value::Null);
        };
        let below = bounds
            .iter()
            .filter(|bound| bound.as_f64().is_some_and(|bound| bound <= x));
        return Ok(super::value::integer(below.count()));
    }
    let (low, high, buckets) = (real(ctx, 1)?, real(ctx, 2)?, int(ctx, 3)?);
    let (Some(low), Some(high), Some(buckets)) = (low, high, buckets) else {
        return Ok(Value::Null);
    };
    if buckets < 1 || (high - low).abs() <= 0.0 {
        return Err(wrong(
            "width_bucket: the bounds must differ, with at least one bucket",
        ));
    }
    let share = (x - low) / (high - low);
    let bucket = if share < 0.0 {
        0
    } else {
        to_int((share * to_real(buckets)).floor())
            .saturating_add(1)
            .min(buckets.saturating_add(1))
    };
    Ok(Value::Integer(bucket))
}

/// The ones of a number in two's complement of so many bits.
fn bit_count(ctx: &Context<'_>) -> Result<Value> {
    let Some((value, bits)) = int(ctx, 0)?.zip(int(ctx, 1)?) else {
        return Ok(Value::Null);
    };
    let bits = u32::try_from(bits)
        .ok()
        .filter(|bits| (2..=64).contains(bits));
    let bits = bits.ok_or_else(|| wrong("bit_count: 2 to 64 bits"))?;
    let mask = u64::MAX >> (64 - bits);
    let beyond = value >> (bits - 1);
    if beyond != 0 && beyond != -1 {
        return Err(wrong("bit_count: the number needs more bits"));
    }
    let ones = (value.cast_unsigned() & mask).count_ones();
    Ok(Value::Integer(i64::from(ones)))
}

fn radix(ctx: &Context<'_>) -> Result<Option<u32>> {
    let Some(radix) = int(ctx, 1)? else {
        return Ok(None);
    };
    let radix = u32::try_from(radix)
        .ok()
        .filter(|radix| (2..=36).contains(radix));
    radix
        .map(Some)
        .ok_or_else(|| wrong("the base must be 2 to 36"))
}

fn to_base(ctx: &Context<'_>) -> Result<Value> {
    let Some((value, radix)) = int(ctx, 0)?.zip(radix(ctx)?) else {
        return Ok(Value::Null);
    };
    let mut digits = Vec::new();
    let mut left = value.unsigned_abs();
    loop {
        let digit = u32::try_from(left % u64::from(radix)).unwrap_or(0);
        digits.extend(char::from_digit(digit, radix));
        left /= u64::from(radix);
        if left == 0 {
            break;
        }
    }
    digits.extend((value < 0).then_some('-'));
    Ok(Value::Text(digits.into_iter().rev().collect()))
}

fn from_base(ctx: &Context<'_>) -> Result<Value> {
    let Some((text, radix)) = text(ctx, 0).zip(radix(ctx)?) else {
        return Ok(Value::Null);
    };
    let value = i64::from_str_radix(&text, radix);
    value
        .map(Value::Integer)
        .map_err(|_| wrong(format!("from_base: '{text}' is no number of base {radix}")))
}
