//! The spellings of a point in time in requests: `Date` (RFC 9110 §5.6.7, IMF-fixdate), `x-log-date`
//! (`YYYYMMDDTHHMMSSZ`), and `Timestamp` of the RPC API (`YYYY-MM-DDThh:mm:ssZ`). All are whole
//! seconds of UTC.

use alloc::format;
use alloc::string::String;

use flowlog_record::Timestamp;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Reads `Tue, 14 Nov 2023 22:13:20 GMT`. The name of the day is not compared with the date.
pub fn parse_http_date(text: &str) -> Option<Timestamp> {
    let (day_name, rest) = text.split_once(", ")?;
    DAYS.contains(&day_name).then_some(())?;
    let mut words = rest.split(' ');
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let (time, zone) = (words.next()?, words.next()?);
    if words.next().is_some() || !matches!(zone, "GMT" | "UTC" | "+0000") {
        return None;
    }
    let month = i64::try_from(MONTHS.iter().position(|name| *name == month)?).ok()? + 1;
    let mut parts = time.split(':');
    let clock = [parts.next()?, parts.next()?, parts.next()?];
    if parts.next().is_some() {
        return None;
    }
    let [hour, minute, second] = clock;
    at(
        [number(year, 4)?, month, number(day, 2)?],
        [number(hour, 2)?, number(minute, 2)?, number(second, 2)?],
    )
}

/// Reads `20231114T221320Z`.
pub fn parse_log_date(text: &str) -> Option<Timestamp> {
    if text.len() != 16 || text.get(8..9)? != "T" || text.get(15..)? != "Z" {
        return None;
    }
    let part = |from: usize, to: usize| number(text.get(from..to)?, to - from);
    at(
        [part(0, 4)?, part(4, 6)?, part(6, 8)?],
        [part(9, 11)?, part(11, 13)?, part(13, 15)?],
    )
}

/// Reads `2023-11-14T22:13:20Z`.
pub fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let (octets, date) = (text.as_bytes(), text.strip_suffix('Z')?);
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let stands = |&(place, separator): &(usize, u8)| octets.get(place) == Some(&separator);
    if octets.len() != 20 || !separators.iter().all(stands) {
        return None;
    }
    let part = |from: usize, to: usize| number(date.get(from..to)?, to - from);
    at(
        [part(0, 4)?, part(5, 7)?, part(8, 10)?],
        [part(11, 13)?, part(14, 16)?, part(17, 19)?],
    )
}

/// Writes the `Timestamp` of `at`: `2023-11-14T22:13:20Z`.
pub fn timestamp(at: Timestamp) -> String {
    let (days, [hour, minute, second]) = clock(at);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Writes the `Date` of `at`: `Tue, 14 Nov 2023 22:13:20 GMT`.
pub fn http_date(at: Timestamp) -> String {
    let (days, [hour, minute, second]) = clock(at);
    let (year, month, day) = civil(days);
    let day_name = name(&DAYS, (days + 3).rem_euclid(7));
    let month_name = name(&MONTHS, month - 1);
    format!("{day_name}, {day:02} {month_name} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Writes the `x-log-date` of `at`: `20231114T221320Z`.
pub fn log_date(at: Timestamp) -> String {
    let (days, [hour, minute, second]) = clock(at);
    let (year, month, day) = civil(days);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

fn name<'n>(names: &[&'n str], place: i64) -> &'n str {
    usize::try_from(place)
        .ok()
        .and_then(|place| names.get(place).copied())
        .unwrap_or_default()
}

/// A decimal of at most `digits` digits and at least one.
fn number(text: &str, digits: usize) -> Option<i64> {
    let fits = (1..=digits).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

/// Days since the epoch, and hour, minute and second of the day.
fn clock(at: Timestamp) -> (i64, [i64; 3]) {
    let seconds = at.seconds();
    let of_day = seconds.rem_euclid(86_400);
    (
        seconds.div_euclid(86_400),
        [of_day / 3600, of_day / 60 % 60, of_day % 60],
    )
}

fn at([year, month, day]: [i64; 3], [hour, minute, second]: [i64; 3]) -> Option<Timestamp> {
    // a leap second is read as the second after it
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_from_civil(year, month, day);
    if civil(days) != (year, month, day) {
        return None;
    }
    Some(Timestamp(
        (days * 86_400 + hour * 3600 + minute * 60 + second) * 1000,
    ))
}

/// Days since 1970-01-01 of a date of the Gregorian calendar (years begin in March, so that the
/// leap day is a year's last; 719 468 days lie between 0000-03-01 and the epoch).
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month (from 1) and day (from 1) of a day since 1970-01-01.
const fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests;
