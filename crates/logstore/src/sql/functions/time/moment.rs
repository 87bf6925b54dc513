//! A point in time as SQL has it: text, or seconds of the epoch.

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::{Value, ValueRef};

use super::civil::Civil;
use super::zone::Zone;
use crate::sql::functions::value::{text_of, to_int, wrong};

/// A point in time, as its clock shows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moment {
    /// What the clock shows.
    pub(super) civil: Civil,
    /// Where the clock is; `None` for UTC.
    pub(super) zone: Option<Zone>,
    /// A day without a time.
    pub(super) is_date: bool,
}

impl Moment {
    /// From milliseconds of the epoch.
    pub(super) fn from_millis(millis: i64) -> Option<Self> {
        Some(Self {
            civil: Civil::from_millis(millis)?,
            zone: None,
            is_date: false,
        })
    }

    /// `2023-11-14`, `2023-11-14 22:13:20.000`, either followed by a time zone.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(civil) = Civil::parse(text) {
            let is_date = text.len() == 10;
            return Some(Self {
                civil,
                zone: None,
                is_date,
            });
        }
        // The zone begins behind the seconds: after a space, or with a sign.
        let time = text.get(11..)?;
        let at = 11 + time.find([' ', '+', '-'])?;
        let (local, zone) = text.split_at_checked(at)?;
        Some(Self {
            civil: Civil::parse(local)?,
            zone: Some(Zone::named(zone)?),
            is_date: false,
        })
    }

    /// Milliseconds of the epoch.
    pub(super) fn millis(&self) -> i64 {
        let local = self.civil.millis();
        self.zone.as_ref().map_or(local, |zone| zone.utc_of(local))
    }

    /// The same moment on a clock elsewhere.
    pub(super) fn at(&self, zone: Zone) -> Option<Self> {
        let utc = self.millis();
        Some(Self {
            civil: Civil::from_millis(utc + 1000 * zone.offset_at(utc))?,
            zone: Some(zone),
            is_date: false,
        })
    }

    /// The same clock showing something else.
    pub(super) fn showing(&self, civil: Civil) -> Self {
        Self {
            civil,
            ..self.clone()
        }
    }

    /// As the service prints it.
    pub(super) fn print(&self) -> String {
        let Civil {
            year,
            month,
            day,
            hour,
            minute,
            second,
            millisecond,
        } = self.civil;
        let date = format!("{year:04}-{month:02}-{day:02}");
        if self.is_date {
            return date;
        }
        let time = format!("{date} {hour:02}:{minute:02}:{second:02}.{millisecond:03}");
        match &self.zone {
            Some(zone) => format!("{time} {}", zone.name),
            None => time,
        }
    }

    pub(super) fn value(&self) -> Value {
        Value::Text(self.print())
    }
}

/// An argument as a point in time; `None` for NULL.
pub(super) fn moment(ctx: &Context<'_>, at: usize) -> Result<Option<Moment>> {
    let raw = ctx.get_raw(at);
    let moment = match raw {
        ValueRef::Null => return Ok(None),
        ValueRef::Integer(seconds) => seconds.checked_mul(1000).and_then(Moment::from_millis),
        ValueRef::Real(seconds) => Moment::from_millis(to_int((seconds * 1000.0).round())),
        ValueRef::Text(text) => std::str::from_utf8(text).ok().and_then(Moment::parse),
        ValueRef::Blob(_) => None,
    };
    moment.map(Some).ok_or_else(|| {
        let text: String = text_of(raw).unwrap_or_default().chars().take(50).collect();
        wrong(format!(
            "'{text}' is not a point in time; write seconds or '2023-11-14 22:13:20'"
        ))
    })
}
