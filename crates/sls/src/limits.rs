//! What the service takes at most.

use alloc::format;

use flowlog_record::Timestamp;

use crate::{Error, ErrorCode};

/// The largest body of a request as sent, octets; more is 413 `PostBodyTooLarge`.
pub const MAX_BODY_OCTETS: u64 = 10_485_760;
/// The largest LogGroup before compression, octets.
pub const MAX_RAW_OCTETS: u64 = 10_485_760;
/// The longest topic or source, octets.
pub const MAX_TOPIC_OCTETS: usize = 128;
/// How far before now the time of a log may lie, seconds: 7 days.
pub const MAX_LOG_AGE_SECONDS: i64 = 7 * 86_400;
/// How far after now the time of a log may lie, seconds: 15 minutes.
pub const MAX_LOG_LEAD_SECONDS: i64 = 15 * 60;
/// The most logs that a search answers at once.
pub const MAX_LINES: u64 = 100;
/// The most rows that SQL answers.
pub const MAX_SQL_ROWS: u64 = 1_000_000;
/// The most groups that `PullLogs` answers at once.
pub const MAX_PULL_COUNT: u64 = 1000;

/// Whether `name` can be a project: 3 to 63 of `a-z 0-9 -`, with a letter or digit at both ends.
pub fn is_project_name(name: &str) -> bool {
    is_name(name, b"-")
}

/// Whether `name` can be a Logstore or a consumer group: as a project, and also `_`.
pub fn is_logstore_name(name: &str) -> bool {
    is_name(name, b"-_")
}

fn is_name(name: &str, signs: &[u8]) -> bool {
    let alphanumeric = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let ends = name.bytes().next().zip(name.bytes().next_back());
    (3..=63).contains(&name.len())
        && name.bytes().all(|c| alphanumeric(c) || signs.contains(&c))
        && ends.is_some_and(|(first, last)| alphanumeric(first) && alphanumeric(last))
}

/// Holds the time of a log (seconds of the epoch) against the clock.
///
/// # Errors
/// `PostBodyInvalid` when it lies more than 7 days before or 15 minutes after `now`.
pub fn check_log_time(time: u32, now: Timestamp) -> Result<(), Error> {
    let age = now.seconds().saturating_sub(i64::from(time));
    if (-MAX_LOG_LEAD_SECONDS..=MAX_LOG_AGE_SECONDS).contains(&age) {
        return Ok(());
    }
    let message = format!(
        "log time {time} is out of range: it must lie within 7 days before and 15 minutes after \
         the server time {}",
        now.seconds()
    );
    Err(Error::new(ErrorCode::PostBodyInvalid, message))
}

#[cfg(test)]
mod tests;
