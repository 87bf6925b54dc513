//! Times as the command line has them: a Unix time, RFC 3339, or in words.
//!
//! ```text
//! time  = "now" / "today" / "yesterday"        midnight of UTC
//!       / seconds / milliseconds               of the UTC epoch
//!       / RFC 3339 / YYYY-MM-DD
//!       / ( "-" / "+" ) span                   -15m
//!       / span "ago"                           15m ago, 1 hour ago, an hour ago
//!       / "last" [ number ] unit               last hour, last 15 minutes
//! span  = number unit, beside each other or apart
//! unit  = s / m / h / d / w, or second, minute, hour, day, week, with or without an s
//! ```
//! Case does not matter.

use flowlog_record::Timestamp;

/// Unix times above this are milliseconds: it is the year 5138 in seconds.
const MILLISECONDS_FROM: i64 = 100_000_000_000;
/// Seconds.
const DAY: i64 = 86_400;

/// Seconds of the UTC epoch. `option` is what errors call the argument.
pub(super) fn parse(option: &str, text: &str, now: Timestamp) -> Result<i64, String> {
    let text = text.trim();
    let now = now.seconds();
    let lower = text.to_ascii_lowercase();
    let midnight = now - now.rem_euclid(DAY);
    match lower.as_str() {
        "now" => return Ok(now),
        "today" => return Ok(midnight),
        "yesterday" => return Ok(midnight.saturating_sub(DAY)),
        _ => {}
    }
    if let Ok(number) = text.parse::<i64>()
        && number >= 0
        && !text.starts_with('+')
    {
        let is_millis = number >= MILLISECONDS_FROM;
        return Ok(if is_millis { number / 1000 } else { number });
    }
    if let Some(distance) = distance(&lower) {
        return Ok(now.saturating_add(distance));
    }
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(at.as_second());
    }
    // a date with a time but without a zone would lose its time
    if text.len() == 10
        && let Ok(day) = text.parse::<jiff::civil::Date>()
        && let Ok(midnight) = day.to_zoned(jiff::tz::TimeZone::UTC)
    {
        return Ok(midnight.timestamp().as_second());
    }
    Err(format!(
        "{option} {text}: not a time; write now, today, yesterday, a time before now such as -15m, \
         \"1 hour ago\" or \"last hour\", a Unix time, or RFC 3339 such as 2026-11-21T09:15:00Z"
    ))
}

/// How long a span is, in seconds: `15m`, `15 minutes`, `hour`. `option` is what errors call it.
pub(super) fn span(option: &str, text: &str) -> Result<i64, String> {
    length(&text.trim().to_ascii_lowercase())
        .filter(|&seconds| seconds > 0)
        .ok_or_else(|| {
            format!("{option} {text}: not a span; write 90s, 15m, 2h, 1d, \"15 minutes\" or hour")
        })
}

/// Seconds from now on; less than nothing for the past.
fn distance(text: &str) -> Option<i64> {
    if let Some(span) = text.strip_prefix('-') {
        return counted(span).map(i64::wrapping_neg);
    }
    if let Some(span) = text.strip_prefix('+') {
        return counted(span);
    }
    let before = match text.strip_suffix(" ago") {
        Some(span) => Some(span),
        None => text.strip_prefix("last "),
    };
    before.and_then(length).map(i64::wrapping_neg)
}

/// A span, or a unit alone, which is one of it.
fn length(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = ["an ", "a "]
        .iter()
        .find_map(|article| text.strip_prefix(article))
        .unwrap_or(text);
    match counted(text) {
        Some(seconds) => Some(seconds),
        None => unit(text),
    }
}

/// A number and its unit.
fn counted(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, rest) = text.split_at_checked(digits)?;
    let number: i64 = number.parse().ok()?;
    Some(number.saturating_mul(unit(rest.trim())?))
}

fn unit(text: &str) -> Option<i64> {
    let seconds = match text {
        "s" | "sec" | "second" | "seconds" => 1,
        "m" | "min" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => DAY,
        "w" | "week" | "weeks" => 7 * DAY,
        _ => return None,
    };
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_999);

    #[test]
    fn every_form_is_understood() {
        for (text, seconds) in [
            ("now", 1_700_000_000),
            ("0", 0),
            ("1700000060", 1_700_000_060),
            ("1700000060000", 1_700_000_060),
            ("-15m", 1_699_999_100),
            ("-1d", 1_699_913_600),
            ("-90s", 1_699_999_910),
            ("+1h", 1_700_003_600),
            ("2023-11-14T22:13:20Z", 1_700_000_000),
            ("2023-11-14T23:13:20+01:00", 1_700_000_000),
            ("2023-11-14", 1_699_920_000),
            ("today", 1_699_920_000),
            ("Yesterday", 1_699_833_600),
            ("1 hour ago", 1_699_996_400),
            ("an hour ago", 1_699_996_400),
            ("15m ago", 1_699_999_100),
            ("2 Days ago", 1_699_827_200),
            ("last hour", 1_699_996_400),
            ("last 15 minutes", 1_699_999_100),
            ("last week", 1_699_395_200),
            ("- 15 min", 1_699_999_100),
        ] {
            assert_eq!(parse("--from", text, NOW), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_said() {
        for text in [
            "",
            "-",
            "-15",
            "15m",
            "the day before yesterday",
            "ago",
            "last",
            "hour",
            "an hour",
            "1 fortnight ago",
            "2023-11-14T22:13:20",
            "-1y",
            "1e9",
        ] {
            let error = parse("--from", text, NOW).unwrap_err();
            assert!(
                error.starts_with(&format!("--from {text}: not a time; write now, today")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_span_is_a_number_and_a_unit_or_a_unit() {
        for (text, seconds) in [
            ("15m", 900),
            ("15 minutes", 900),
            ("hour", 3600),
            ("a day", 86_400),
        ] {
            assert_eq!(span("--last", text), Ok(seconds), "{text}");
        }
        for text in ["", "15", "0m", "-15m", "now", "m15"] {
            let error = span("--last", text).unwrap_err();
            assert!(
                error.starts_with(&format!("--last {text}: not a span; write 90s")),
                "{error}"
            );
        }
    }

    #[test]
    fn far_times_do_not_overflow() {
        for text in ["-213503982334d", "+213503982334d", "9223372036854775807"] {
            parse("--to", text, Timestamp::MIN).unwrap();
            parse("--to", text, Timestamp::MAX).unwrap();
        }
    }
}
