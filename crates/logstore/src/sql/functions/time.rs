//! Functions of time. A timestamp is the text that the service prints, `2023-11-14 22:13:20.000`,
//! in UTC; a number is seconds of the epoch.

use std::fmt::Write as _;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, Result};

use super::civil::Civil;

pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("from_unixtime", 1, flags, |ctx| {
        Ok(moment(ctx, 0)?.map(print))
    })?;
    connection.create_scalar_function("to_unixtime", 1, flags, |ctx| {
        #[expect(
            clippy::as_conversions,
            clippy::cast_precision_loss,
            reason = "the years with four digits fit 53 bits"
        )]
        Ok(moment(ctx, 0)?.map(|civil| civil.millis() as f64 / 1000.0))
    })?;
    connection.create_scalar_function("date_trunc", 2, flags, |ctx| {
        let unit: String = ctx.get(0)?;
        moment(ctx, 1)?
            .map(|civil| truncate(&unit, civil).map(print))
            .transpose()
    })?;
    connection.create_scalar_function("date_format", 2, flags, |ctx| {
        let format: String = ctx.get(1)?;
        moment(ctx, 0)?
            .map(|civil| written(&format, civil))
            .transpose()
    })?;
    for (name, part) in PARTS {
        connection
            .create_scalar_function(name, 1, flags, move |ctx| Ok(moment(ctx, 0)?.map(part)))?;
    }
    Ok(())
}

type Part = fn(Civil) -> i64;

const PARTS: [(&str, Part); 8] = [
    ("year", |civil| civil.year),
    ("month", |civil| civil.month),
    ("day", |civil| civil.day),
    ("hour", |civil| civil.hour),
    ("minute", |civil| civil.minute),
    ("second", |civil| civil.second),
    ("day_of_week", |civil| civil.weekday() + 1),
    ("day_of_year", Civil::day_of_year),
];

/// An argument as a point in time; `None` for NULL.
fn moment(ctx: &Context<'_>, at: usize) -> Result<Option<Civil>> {
    let civil = match ctx.get_raw(at) {
        ValueRef::Null => return Ok(None),
        ValueRef::Integer(seconds) => seconds.checked_mul(1000).and_then(Civil::from_millis),
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            reason = "saturates"
        )]
        ValueRef::Real(seconds) => Civil::from_millis((seconds * 1000.0).round() as i64),
        ValueRef::Text(text) => std::str::from_utf8(text).ok().and_then(Civil::parse),
        ValueRef::Blob(_) => None,
    };
    civil.map(Some).ok_or_else(|| wrong("not a point in time"))
}

fn wrong(message: &str) -> Error {
    Error::UserFunctionError(message.into())
}

fn print(civil: Civil) -> String {
    let Civil {
        year,
        month,
        day,
        hour,
        minute,
        second,
        millisecond,
    } = civil;
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{millisecond:03}")
}

fn truncate(unit: &str, civil: Civil) -> Result<Civil> {
    let second = Civil {
        millisecond: 0,
        ..civil
    };
    let minute = Civil {
        second: 0,
        ..second
    };
    let hour = Civil {
        minute: 0,
        ..minute
    };
    let day = Civil { hour: 0, ..hour };
    let month = Civil { day: 1, ..day };
    Ok(match &*unit.to_ascii_lowercase() {
        "second" => second,
        "minute" => minute,
        "hour" => hour,
        "day" => day,
        "week" => {
            let monday = day.millis() - day.weekday() * 86_400_000;
            Civil::from_millis(monday).ok_or_else(|| wrong("not a point in time"))?
        }
        "month" => month,
        "quarter" => Civil {
            month: (month.month - 1) / 3 * 3 + 1,
            ..month
        },
        "year" => Civil { month: 1, ..month },
        _ => {
            return Err(wrong(
                "date_trunc: the unit must be second, minute, hour, day, week, \
            month, quarter or year",
            ));
        }
    })
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// As `MySQL` writes it.
fn written(format: &str, civil: Civil) -> Result<String> {
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let Some(specifier) = chars.next() else { break };
        // Writing to a string cannot fail.
        let _: std::fmt::Result = write_part(&mut out, specifier, civil)?;
    }
    Ok(out)
}

fn write_part(out: &mut String, specifier: char, civil: Civil) -> Result<std::fmt::Result> {
    let Civil {
        year,
        month,
        day,
        hour,
        minute,
        second,
        millisecond,
    } = civil;
    let hour12 = (hour + 11) % 12 + 1;
    let half = if hour < 12 { "AM" } else { "PM" };
    let name = |names: &[&'static str], at: i64| {
        usize::try_from(at)
            .ok()
            .and_then(|at| names.get(at))
            .copied()
            .unwrap_or_default()
    };
    let month_name = name(&MONTHS, month - 1);
    let day_name = name(&DAYS, civil.weekday());
    let short = |name: &'static str| name.get(..3).unwrap_or(name);
    Ok(match specifier {
        'Y' => write!(out, "{year:04}"),
        'y' => write!(out, "{:02}", year % 100),
        'm' => write!(out, "{month:02}"),
        'c' => write!(out, "{month}"),
        'd' => write!(out, "{day:02}"),
        'e' => write!(out, "{day}"),
        'H' => write!(out, "{hour:02}"),
        'k' => write!(out, "{hour}"),
        'h' | 'I' => write!(out, "{hour12:02}"),
        'l' => write!(out, "{hour12}"),
        'i' => write!(out, "{minute:02}"),
        's' | 'S' => write!(out, "{second:02}"),
        'f' => write!(out, "{millisecond:03}000"),
        'p' => write!(out, "{half}"),
        'T' => write!(out, "{hour:02}:{minute:02}:{second:02}"),
        'r' => write!(out, "{hour12:02}:{minute:02}:{second:02} {half}"),
        'j' => write!(out, "{:03}", civil.day_of_year()),
        'M' => write!(out, "{month_name}"),
        'b' => write!(out, "{}", short(month_name)),
        'W' => write!(out, "{day_name}"),
        'a' => write!(out, "{}", short(day_name)),
        'w' => write!(out, "{}", (civil.weekday() + 1) % 7),
        '%' => write!(out, "%"),
        other => return Err(wrong(&format!("date_format: %{other} is not supported"))),
    })
}
