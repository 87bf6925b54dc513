//! Times as the command line has them: a Unix time, RFC 3339, `now`, `-15m`.

use flowlog_record::Timestamp;

use crate::config::Span;

/// Unix times above this are milliseconds: it is the year 5138 in seconds.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// Seconds of the UTC epoch. `option` is what errors call the argument.
pub(super) fn parse(option: &str, text: &str, now: Timestamp) -> Result<i64, String> {
    let text = text.trim();
    let now = now.seconds();
    if text == "now" {
        return Ok(now);
    }
    if let Ok(number) = text.parse::<i64>()
        && number >= 0
        && !text.starts_with('+')
    {
        let is_millis = number >= MILLISECONDS_FROM;
        return Ok(if is_millis { number / 1000 } else { number });
    }
    let relative = match text.split_at_checked(1) {
        Some(("-", span)) => Some((-1, span)),
        Some(("+", span)) => Some((1, span)),
        _ => None,
    };
    if let Some((sign, span)) = relative
        && let Ok(span) = span.parse::<Span>()
    {
        let seconds = i64::try_from(span.millis() / 1000).unwrap_or(i64::MAX);
        return Ok(now.saturating_add(seconds.saturating_mul(sign)));
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
        "{option} {text}: not a time; write a Unix time, RFC 3339 such as 2026-11-21T09:15:00Z, \
         \"now\", or a time before now such as -15m, -2h or -1d"
    ))
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
            "yesterday",
            "2023-11-14T22:13:20",
            "-1y",
            "1e9",
        ] {
            let error = parse("--from", text, NOW).unwrap_err();
            assert!(
                error.starts_with("--from ") && error.contains("not a time"),
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
