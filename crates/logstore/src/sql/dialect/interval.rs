//! `INTERVAL '1' HOUR`

use flowlog_sls::Error;
use sqlparser::ast::{DateTimeField, Interval};

use super::build::{literal, number};

/// The length as months and milliseconds.
pub(super) fn length(interval: &Interval, sign: i64) -> Result<(i64, i64), Error> {
    let wrong = || Error::parameter(format!("the SQL is wrong: {interval} is no interval"));
    let written = literal(&interval.value).and_then(|text| text.trim().parse().ok());
    let count: i64 = written
        .or_else(|| number(&interval.value))
        .ok_or_else(wrong)?;
    let (months, millis) = match interval.leading_field.as_ref().ok_or_else(wrong)? {
        DateTimeField::Year | DateTimeField::Years => (12, 0),
        DateTimeField::Quarter => (3, 0),
        DateTimeField::Month | DateTimeField::Months => (1, 0),
        DateTimeField::Week(_) | DateTimeField::Weeks => (0, 604_800_000),
        DateTimeField::Day | DateTimeField::Days => (0, 86_400_000),
        DateTimeField::Hour | DateTimeField::Hours => (0, 3_600_000),
        DateTimeField::Minute | DateTimeField::Minutes => (0, 60_000),
        DateTimeField::Second | DateTimeField::Seconds => (0, 1000),
        DateTimeField::Millisecond | DateTimeField::Milliseconds => (0, 1),
        _ => return Err(wrong()),
    };
    if interval.last_field.is_some() {
        return Err(wrong());
    }
    let times = |unit: i64| unit.checked_mul(count)?.checked_mul(sign);
    times(months).zip(times(millis)).ok_or_else(wrong)
}
