//! The requests.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use serde::{Deserialize, Deserializer, Serialize};

use crate::limits::MAX_LINES;
use crate::{Error, Parameters};

/// `GetLogs`: the body of `POST /logstores/{ls}/logs`, or the parameters of the older
/// `GET /logstores/{ls}?type=log`.
///
/// Everything but `from` and `to` may be absent or `null`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the shape is the service's")]
pub struct GetLogsRequest {
    /// Start, seconds of the epoch, inclusive.
    pub from: i64,
    /// End, seconds of the epoch, exclusive.
    pub to: i64,
    /// Only logs of this topic; empty for all.
    #[serde(default, deserialize_with = "or_default")]
    pub topic: String,
    /// `search` or `search | SQL`; empty for all.
    #[serde(default, deserialize_with = "or_default")]
    pub query: String,
    /// How many logs of a search; see [`GetLogsRequest::page`].
    #[serde(default = "hundred", deserialize_with = "or_hundred")]
    pub line: i64,
    /// How many logs of a search to skip.
    #[serde(default, deserialize_with = "or_default")]
    pub offset: i64,
    /// Newest first.
    #[serde(default, deserialize_with = "or_default")]
    pub reverse: bool,
    /// Ask for more processors; there is nothing to switch here.
    #[serde(default, deserialize_with = "or_default")]
    pub power_sql: bool,
    /// Direction of a scan.
    #[serde(default = "yes", deserialize_with = "or_yes")]
    pub forward: bool,
    /// Order by nanoseconds.
    #[serde(default = "yes", deserialize_with = "or_yes")]
    pub accurate: bool,
    /// Nanoseconds beyond `from`, 0 to 999 999 999.
    #[serde(default, deserialize_with = "or_default")]
    pub from_ns: i64,
    /// Nanoseconds beyond `to`, 0 to 999 999 999.
    #[serde(default, deserialize_with = "or_default")]
    pub to_ns: i64,
    /// Mark what was found; not done.
    #[serde(default, deserialize_with = "or_default")]
    pub highlight: bool,
    /// Settings of a session; not used.
    #[serde(default, deserialize_with = "or_default")]
    pub session: String,
}

const fn hundred() -> i64 {
    100
}

const fn yes() -> bool {
    true
}

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

fn or_hundred<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(hundred()))
}

fn or_yes<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(yes()))
}

impl GetLogsRequest {
    /// A request for everything that `query` finds in a period, with the defaults.
    pub fn new(from: i64, to: i64, query: impl Into<String>) -> Self {
        Self {
            from,
            to,
            topic: String::new(),
            query: query.into(),
            line: hundred(),
            offset: 0,
            reverse: false,
            power_sql: false,
            forward: true,
            accurate: true,
            from_ns: 0,
            to_ns: 0,
            highlight: false,
            session: String::new(),
        }
    }

    /// From the parameters of `GET /logstores/{ls}?type=log`.
    ///
    /// # Errors
    /// `ParameterInvalid` when `from` or `to` is absent, or a number or truth value is none.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, Error> {
        let (from, to) = (required(parameters, "from")?, required(parameters, "to")?);
        Ok(Self {
            topic: parameters.get("topic").unwrap_or_default().to_owned(),
            line: parameters.number("line", hundred())?,
            offset: parameters.number("offset", 0)?,
            reverse: parameters.flag("reverse", false)?,
            power_sql: parameters.flag("powerSql", false)?,
            forward: parameters.flag("forward", true)?,
            accurate: parameters.flag("accurate", true)?,
            from_ns: parameters.number("fromNs", 0)?,
            to_ns: parameters.number("toNs", 0)?,
            session: parameters.get("session").unwrap_or_default().to_owned(),
            ..Self::new(from, to, parameters.get("query").unwrap_or_default())
        })
    }

    /// The period.
    ///
    /// # Errors
    /// `ParameterInvalid`, see [`TimeRange::new`].
    pub fn time_range(&self) -> Result<TimeRange, Error> {
        TimeRange::new((self.from, self.from_ns), (self.to, self.to_ns))
    }

    /// `(offset, line)` of a search: at most 100 logs, whatever was asked for; 0 asks for none.
    ///
    /// # Errors
    /// `ParameterInvalid` when either is negative.
    pub fn page(&self) -> Result<(u64, u64), Error> {
        // the service answers a negative offset with this very text
        let offset = u64::try_from(self.offset)
            .map_err(|_| Error::parameter("limit expression is required"))?;
        let line = u64::try_from(self.line)
            .map_err(|_| Error::parameter("The parameter line must not be negative"))?;
        Ok((offset, line.min(MAX_LINES)))
    }
}

/// `GetHistograms`: the parameters of `GET /logstores/{ls}?type=histogram`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistogramRequest {
    /// The period.
    pub time_range: TimeRange,
    /// Only logs of this topic; empty for all.
    pub topic: String,
    /// `search` or `search | SQL`; only the search counts.
    pub query: String,
    /// Length of an interval in seconds; absent: the service chooses.
    pub interval: Option<i64>,
    /// Only logs of this shard, which may be none that there is; absent or -1 for all.
    pub shard: Option<i64>,
}

impl HistogramRequest {
    /// From the parameters.
    ///
    /// # Errors
    /// `ParameterInvalid` when `from` or `to` is absent or they are no period, or a number is none
    /// or `interval` is not positive.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, Error> {
        let from = (
            required(parameters, "from")?,
            parameters.number("fromNs", 0)?,
        );
        let to = (required(parameters, "to")?, parameters.number("toNs", 0)?);
        let interval = match parameters.get("interval") {
            None => None,
            Some(_) => Some(parameters.number("interval", 0)?).filter(|&seconds| seconds != 0),
        };
        if interval.is_some_and(|seconds| seconds < 0) {
            return Err(Error::parameter(
                "The parameter interval must be a positive integer",
            ));
        }
        Ok(Self {
            time_range: TimeRange::new(from, to)?,
            topic: parameters.get("topic").unwrap_or_default().to_owned(),
            query: parameters.get("query").unwrap_or_default().to_owned(),
            interval,
            shard: Some(parameters.number("shard", -1)?).filter(|&shard| shard != -1),
        })
    }
}

fn required(parameters: &Parameters, key: &str) -> Result<i64, Error> {
    if parameters.get(key).is_none() {
        return Err(Error::parameter(format!("The parameter {key} is required")));
    }
    parameters.number(key, 0)
}

/// A period `[from, to)` that is not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    from_ns: i64,
    to_ns: i64,
}

impl TimeRange {
    /// A period from seconds of the epoch with the nanoseconds beyond them.
    ///
    /// # Errors
    /// `ParameterInvalid` when a time is negative, or `to` is not after `from`.
    pub fn new(from: (i64, i64), to: (i64, i64)) -> Result<Self, Error> {
        let (from_ns, to_ns) = (nanoseconds("from", from)?, nanoseconds("to", to)?);
        if from_ns < to_ns {
            return Ok(Self { from_ns, to_ns });
        }
        let message = format!(
            "The parameter from ({}) must be less than to ({})",
            from.0, to.0
        );
        Err(Error::parameter(message))
    }

    /// Start in seconds, rounded down.
    pub const fn from_seconds(self) -> i64 {
        self.from_ns.div_euclid(1_000_000_000)
    }

    /// End in seconds, rounded up.
    pub const fn to_seconds(self) -> i64 {
        let whole = self.to_ns.div_euclid(1_000_000_000);
        if self.to_ns.rem_euclid(1_000_000_000) == 0 {
            whole
        } else {
            whole + 1
        }
    }

    /// Start in nanoseconds, inclusive.
    pub const fn from_nanoseconds(self) -> i64 {
        self.from_ns
    }

    /// End in nanoseconds, exclusive.
    pub const fn to_nanoseconds(self) -> i64 {
        self.to_ns
    }

    /// Whether a log with this time is inside.
    pub fn contains(self, seconds: i64, nanoseconds: u32) -> bool {
        let at = seconds
            .saturating_mul(1_000_000_000)
            .saturating_add(i64::from(nanoseconds));
        self.from_ns <= at && at < self.to_ns
    }
}

/// Nanoseconds of the epoch; the last representable one stands for everything after it (2262).
fn nanoseconds(name: &str, (seconds, part): (i64, i64)) -> Result<i64, Error> {
    if seconds < 0 || !(0..1_000_000_000).contains(&part) {
        return Err(Error::parameter(format!(
            "The parameter {name} must be a positive integer"
        )));
    }
    Ok(seconds.saturating_mul(1_000_000_000).saturating_add(part))
}
