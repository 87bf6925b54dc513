//! Functions of time.
//!
//! A timestamp is the text that the service prints, `2023-11-14 22:13:20.000`, in UTC; with a zone
//! behind it (`… Asia/Shanghai`, `… +08:00`) it is what a clock there shows. A date is
//! `2023-11-14`. A number is seconds of the epoch.

mod civil;
mod format;
mod moment;
mod unit;
mod zone;

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::{Value, ValueRef};

use super::value::{Scalar, int, or_null, real, scalar, text, to_int, to_real, wrong};

use civil::Civil;
use moment::{Moment, moment};
use unit::Unit;
use zone::Zone;

pub(super) const SCALARS: &[Scalar] = &[
    scalar("from_unixtime", &[1, 2], from_unixtime),
    scalar("to_unixtime", &[1], |ctx| {
        Ok(or_null(moment(ctx, 0)?, |moment| {
            Value::Real(to_real(moment.millis()) / 1000.0)
        }))
    }),
    scalar("date_trunc", &[2], date_trunc),
    scalar("date_format", &[2], date_format),
    scalar("date_parse", &[2], date_parse),
    scalar("date_add", &[3], date_add),
    scalar("date_diff", &[3], date_diff),
    scalar("at_timezone", &[2], at_timezone),
    scalar("from_iso8601_timestamp", &[1], cast_timestamp),
    scalar("from_iso8601_date", &[1], cast_date),
    scalar("to_iso8601", &[1], to_iso8601),
    scalar("#shifted", &[3], shifted),
    scalar("#bucket", &[2], bucket),
];

/// A part of a time.
pub(super) type Part = fn(Civil) -> i64;

/// Parts of a time.
pub(super) const PARTS: &[(&str, Part)] = &[
    ("year", |civil| civil.year),
    ("quarter", |civil| (civil.month + 2) / 3),
    ("month", |civil| civil.month),
    ("week", |civil| civil.week().1),
    ("week_of_year", |civil| civil.week().1),
    ("year_of_week", |civil| civil.week().0),
    ("yow", |civil| civil.week().0),
    ("day", |civil| civil.day),
    ("day_of_month", |civil| civil.day),
    ("day_of_week", |civil| civil.weekday() + 1),
    ("dow", |civil| civil.weekday() + 1),
    ("day_of_year", Civil::day_of_year),
    ("doy", Civil::day_of_year),
    ("hour", |civil| civil.hour),
    ("minute", |civil| civil.minute),
    ("second", |civil| civil.second),
    ("millisecond", |civil| civil.millisecond),
];

/// A part of the time of argument 0.
pub(super) fn part(ctx: &Context<'_>, of: Part) -> Result<Value> {
    Ok(or_null(moment(ctx, 0)?, |moment| {
        Value::Integer(of(moment.civil))
    }))
}

/// A moment, milliseconds of the epoch, as the service prints it.
pub(super) fn print(millis: i64) -> Option<String> {
    Moment::from_millis(millis).map(|moment| moment.print())
}

/// A text as a timestamp, as the service prints it.
pub(in crate::sql) fn timestamp(text: &str) -> Option<String> {
    let moment = Moment::parse(text)?;
    let is_date = false;
    Some(Moment { is_date, ..moment }.print())
}

/// A text as a date.
pub(in crate::sql) fn date(text: &str) -> Option<String> {
    Some(Moment {
        is_date: true,
        ..Moment::parse(text)?
    })
    .map(|date| date.print())
}

pub(super) fn cast_timestamp(ctx: &Context<'_>) -> Result<Value> {
    let is_date = false;
    Ok(or_null(moment(ctx, 0)?, |moment| {
        Moment { is_date, ..moment }.value()
    }))
}

pub(super) fn cast_date(ctx: &Context<'_>) -> Result<Value> {
    let is_date = true;
    Ok(or_null(moment(ctx, 0)?, |moment| {
        Moment { is_date, ..moment }.value()
    }))
}

fn beyond() -> rusqlite::Error {
    wrong("not a point in time between the years 0 and 9999")
}

fn zone(ctx: &Context<'_>, at: usize) -> Result<Option<Zone>> {
    let Some(name) = text(ctx, at) else {
        return Ok(None);
    };
    let zone = Zone::named(&name);
    zone.map(Some).ok_or_else(|| {
        let name: String = name.chars().take(50).collect();
        wrong(format!(
            "'{name}' is no time zone; write 'Asia/Shanghai' or '+08:00'"
        ))
    })
}

fn from_unixtime(ctx: &Context<'_>) -> Result<Value> {
    let Some(seconds) = real(ctx, 0)? else {
        return Ok(Value::Null);
    };
    let utc = match ctx.get_raw(0) {
        ValueRef::Integer(seconds) => seconds.checked_mul(1000),
        _ => Some(to_int((seconds * 1000.0).round())),
    };
    let utc = utc.and_then(Moment::from_millis).ok_or_else(beyond)?;
    if ctx.len() == 1 {
        return Ok(utc.value());
    }
    let Some(zone) = zone(ctx, 1)? else {
        return Ok(Value::Null);
    };
    Ok(utc.at(zone).ok_or_else(beyond)?.value())
}

fn at_timezone(ctx: &Context<'_>) -> Result<Value> {
    let Some((moment, zone)) = moment(ctx, 0)?.zip(zone(ctx, 1)?) else {
        return Ok(Value::Null);
    };
    Ok(moment.at(zone).ok_or_else(beyond)?.value())
}

fn date_trunc(ctx: &Context<'_>) -> Result<Value> {
    let Some((unit, moment)) = text(ctx, 0).zip(moment(ctx, 1)?) else {
        return Ok(Value::Null);
    };
    let cut = Unit::named(&unit)?.cut(moment.civil).ok_or_else(beyond)?;
    Ok(moment.showing(cut).value())
}

fn date_format(ctx: &Context<'_>) -> Result<Value> {
    let Some((moment, format)) = moment(ctx, 0)?.zip(text(ctx, 1)) else {
        return Ok(Value::Null);
    };
    super::value::bounded("date_format", format::write(&format, moment.civil)?)
}

fn date_parse(ctx: &Context<'_>) -> Result<Value> {
    let Some((text, format)) = text(ctx, 0).zip(text(ctx, 1)) else {
        return Ok(Value::Null);
    };
    let civil = format::read(&format, &text)?;
    let moment = Moment::from_millis(civil.millis()).ok_or_else(beyond)?;
    Ok(moment.value())
}

fn date_add(ctx: &Context<'_>) -> Result<Value> {
    let (Some(unit), Some(count), Some(moment)) = (text(ctx, 0), int(ctx, 1)?, moment(ctx, 2)?)
    else {
        return Ok(Value::Null);
    };
    let later = Unit::named(&unit)?.add(moment.civil, count);
    Ok(moment.showing(later.ok_or_else(beyond)?).value())
}

fn date_diff(ctx: &Context<'_>) -> Result<Value> {
    let (Some(unit), Some(from), Some(to)) = (text(ctx, 0), moment(ctx, 1)?, moment(ctx, 2)?)
    else {
        return Ok(Value::Null);
    };
    let utc = |moment: &Moment| Civil::from_millis(moment.millis()).ok_or_else(beyond);
    let count = Unit::named(&unit)?.between(utc(&from)?, utc(&to)?);
    Ok(Value::Integer(count))
}

/// A time plus so many months and milliseconds.
fn shifted(ctx: &Context<'_>) -> Result<Value> {
    let (Some(moment), Some(months), Some(millis)) = (moment(ctx, 0)?, int(ctx, 1)?, int(ctx, 2)?)
    else {
        return Ok(Value::Null);
    };
    let later = Unit::Months(1)
        .add(moment.civil, months)
        .and_then(|civil| Unit::Fixed(1).add(civil, millis));
    let days = millis % 86_400_000 == 0;
    let shown = moment.showing(later.ok_or_else(beyond)?);
    let is_date = shown.is_date && days;
    Ok(Moment { is_date, ..shown }.value())
}

fn to_iso8601(ctx: &Context<'_>) -> Result<Value> {
    let Some(moment) = moment(ctx, 0)? else {
        return Ok(Value::Null);
    };
    if moment.is_date {
        return Ok(moment.value());
    }
    let written = format::write("%Y-%m-%dT%T.%f", moment.civil)?;
    let written = written.strip_suffix("000").unwrap_or(&written);
    let seconds = moment
        .zone
        .as_ref()
        .map_or(0, |zone| zone.offset_at(moment.millis()));
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
    Ok(Value::Text(if seconds == 0 {
        format!("{written}Z")
    } else {
        format!("{written}{sign}{hours:02}:{minutes:02}")
    }))
}

/// `#bucket(time, seconds)`: the beginning, seconds of the epoch, of the stretch in which it is.
fn bucket(ctx: &Context<'_>) -> Result<Value> {
    let Some((moment, length)) = moment(ctx, 0)?.zip(int(ctx, 1)?) else {
        return Ok(Value::Null);
    };
    let seconds = moment.millis().div_euclid(1000);
    Ok(or_null(seconds.checked_rem_euclid(length), |rest| {
        Value::Integer(seconds - rest)
    }))
}

#[cfg(test)]
mod tests;
