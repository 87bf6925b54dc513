//! Time zones: offsets, and names of the tz database, which is part of the program.

use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// A time zone other than UTC.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Zone {
    pub(super) name: String,
    rules: Rules,
}

#[derive(Clone, Debug, PartialEq)]
enum Rules {
    /// Seconds east of Greenwich.
    Offset(i64),
    Named(TimeZone),
}

impl Zone {
    /// `+08:00`, `UTC+8`, `Asia/Shanghai`.
    pub(super) fn named(text: &str) -> Option<Self> {
        static DATABASE: OnceLock<TimeZoneDatabase> = OnceLock::new();
        let name = text.trim();
        if let Some(seconds) = offset(name) {
            let rules = Rules::Offset(seconds);
            let name = name.to_owned();
            return Some(Self { name, rules });
        }
        let inside = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
        if name.is_empty() || name.len() > 64 || !name.chars().all(inside) {
            return None;
        }
        let database = DATABASE.get_or_init(TimeZoneDatabase::bundled);
        let rules = Rules::Named(database.get(name).ok()?);
        let name = name.to_owned();
        Some(Self { name, rules })
    }

    /// Seconds east of Greenwich at a moment, milliseconds of the epoch.
    pub(super) fn offset_at(&self, millis: i64) -> i64 {
        match &self.rules {
            Rules::Offset(seconds) => *seconds,
            Rules::Named(zone) => {
                let at = Timestamp::from_millisecond(millis);
                at.map_or(0, |at| i64::from(zone.to_offset(at).seconds()))
            }
        }
    }

    /// The moment that a clock of the zone shows as `local`; where clocks go back, the first.
    pub(super) fn utc_of(&self, local: i64) -> i64 {
        let guess = local - 1000 * self.offset_at(local);
        local - 1000 * self.offset_at(guess)
    }
}

/// `+08:00`, `-0330`, `UTC+8`, `GMT-3`, `Z`, `UTC`
fn offset(text: &str) -> Option<i64> {
    let rest = ["UTC", "GMT", "Z"]
        .iter()
        .find_map(|name| text.strip_prefix(name))
        .unwrap_or(text);
    if rest.is_empty() {
        return (!text.is_empty()).then_some(0);
    }
    let (sign, digits) = match rest.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    if !hours
        .chars()
        .chain(minutes.chars())
        .all(|c| c.is_ascii_digit())
    {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}
