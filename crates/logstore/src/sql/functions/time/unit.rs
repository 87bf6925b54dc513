//! Units of time: cutting to them, adding them, counting them.

use rusqlite::Result;

use super::civil::Civil;
use crate::sql::functions::value::wrong;

/// A unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// So many milliseconds.
    Fixed(i64),
    /// So many months.
    Months(i64),
}

const DAY: i64 = 86_400_000;

impl Unit {
    pub(super) fn named(name: &str) -> Result<Self> {
        let name = name.trim().to_ascii_lowercase();
        Ok(match name.strip_suffix('s').unwrap_or(&name) {
            "millisecond" => Self::Fixed(1),
            "second" => Self::Fixed(1000),
            "minute" => Self::Fixed(60_000),
            "hour" => Self::Fixed(3_600_000),
            "day" => Self::Fixed(DAY),
            "week" => Self::Fixed(7 * DAY),
            "month" => Self::Months(1),
            "quarter" => Self::Months(3),
            "year" => Self::Months(12),
            _ => {
                return Err(wrong(format!(
                    "'{name}': the unit must be millisecond, second, minute, hour, day, week, \
                     month, quarter or year"
                )));
            }
        })
    }

    /// The beginning of the unit in which a time is.
    pub(super) fn cut(self, civil: Civil) -> Option<Civil> {
        match self {
            Self::Fixed(length) => {
                // Weeks begin on Monday, and the epoch on a Thursday.
                let shift = if length == 7 * DAY { 3 * DAY } else { 0 };
                let millis = civil.millis() + shift;
                Civil::from_millis(millis - millis.rem_euclid(length) - shift)
            }
            Self::Months(length) => {
                let months = civil.year * 12 + civil.month - 1;
                first_of(months - months.rem_euclid(length))
            }
        }
    }

    /// A time that much later; the last day of a month where that one is shorter.
    pub(super) fn add(self, civil: Civil, count: i64) -> Option<Civil> {
        match self {
            Self::Fixed(length) => {
                Civil::from_millis(civil.millis().checked_add(length.checked_mul(count)?)?)
            }
            Self::Months(length) => later(civil, length.checked_mul(count)?),
        }
    }

    /// How many whole units lie between two times.
    pub(super) fn between(self, from: Civil, to: Civil) -> i64 {
        match self {
            Self::Fixed(length) => (to.millis() - from.millis()) / length,
            Self::Months(length) => {
                let months = (to.year - from.year) * 12 + to.month - from.month;
                // The last month is whole when its day and time are reached.
                let sign = (to.millis() - from.millis()).signum();
                let whole = later(from, months)
                    .is_none_or(|reached| (to.millis() - reached.millis()) * sign >= 0);
                (if whole { months } else { months - sign }) / length
            }
        }
    }
}

fn first_of(months: i64) -> Option<Civil> {
    let civil = Civil {
        year: months.div_euclid(12),
        month: months.rem_euclid(12) + 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        millisecond: 0,
    };
    Civil::from_millis(civil.millis())
}

/// So many months later.
pub(super) fn later(civil: Civil, months: i64) -> Option<Civil> {
    let months = (civil.year * 12 + civil.month - 1).checked_add(months)?;
    if !(0..=120_000).contains(&months) {
        return None;
    }
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let next = first_of(months.checked_add(1)?)?;
    let last = Civil::from_millis(next.millis() - DAY)?.day;
    let civil = Civil {
        year,
        month,
        day: civil.day.min(last),
        ..civil
    };
    Civil::from_millis(civil.millis())
}
