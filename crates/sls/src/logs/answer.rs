//! The answers.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Json;

/// The body of the answer to `POST /logstores/{ls}/logs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GetLogsResponse {
    /// What was done.
    pub meta: GetLogsMeta,
    /// The logs, or the rows of the SQL.
    pub data: Vec<LogRow>,
}

/// Whether all that was asked for was looked at. Clients repeat what is `Incomplete`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// Everything was looked at.
    #[default]
    Complete,
    /// Time or memory ran out.
    Incomplete,
}

impl Progress {
    /// The word in `meta.progress` and `x-log-progress`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "Complete",
            Self::Incomplete => "Incomplete",
        }
    }
}

/// A word that was searched for; the key is empty for a search in all of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// Key or empty.
    #[serde(default)]
    pub key: String,
    /// The word.
    #[serde(default)]
    pub term: String,
}

/// What was done for an answer. The keys are exactly those of the service, its spelling mistake
/// included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GetLogsMeta {
    /// Whether everything was looked at.
    pub progress: Progress,
    /// The SQL.
    pub agg_query: String,
    /// The search.
    pub where_query: String,
    /// Whether there is SQL.
    #[serde(rename = "hasSQL")]
    pub has_sql: bool,
    /// Logs looked at.
    pub processed_rows: u64,
    /// How long it took, milliseconds.
    pub elapsed_millisecond: u64,
    /// Processor time of the SQL, seconds.
    pub cpu_sec: f64,
    /// Processors used.
    pub cpu_cores: u32,
    /// The limit of the SQL, or 0.
    pub limited: u64,
    /// Rows in the answer.
    pub count: u64,
    /// Octets looked at.
    pub processed_bytes: u64,
    /// `logs`; sic.
    #[serde(rename = "telementryType")]
    pub telemetry_type: String,
    /// As asked for.
    #[serde(rename = "powerSql")]
    pub power_sql: bool,
    /// SQL that the service added.
    #[serde(rename = "insertedSQL")]
    pub inserted_sql: String,
    /// The columns in their order.
    pub keys: Vec<String>,
    /// The words searched for.
    pub terms: Vec<Term>,
    /// 0, an ordinary query.
    pub mode: i32,
    /// Octets scanned without an index.
    pub scan_bytes: u64,
    /// Whether the order is exact to the nanosecond.
    pub is_accurate: bool,
    /// SQL types of the columns: `varchar`, `bigint`, `double`.
    pub column_types: Vec<String>,
    /// Always empty here.
    pub highlights: Vec<Json>,
    /// Always `null` here.
    pub marker: Json,
    /// Always 0 here.
    pub shard: i32,
    /// Always `null` here.
    pub phrase_query_info: Json,
}

impl Default for GetLogsMeta {
    fn default() -> Self {
        Self {
            progress: Progress::Complete,
            agg_query: String::new(),
            where_query: String::new(),
            has_sql: false,
            processed_rows: 0,
            elapsed_millisecond: 0,
            cpu_sec: 0.0,
            cpu_cores: 0,
            limited: 0,
            count: 0,
            processed_bytes: 0,
            telemetry_type: "logs".to_owned(),
            power_sql: false,
            inserted_sql: String::new(),
            keys: Vec::new(),
            terms: Vec::new(),
            mode: 0,
            scan_bytes: 0,
            is_accurate: true,
            column_types: Vec::new(),
            highlights: Vec::new(),
            marker: Json::Null,
            shard: 0,
            phrase_query_info: Json::Null,
        }
    }
}

impl GetLogsMeta {
    /// The headers of the older answer (`GET …?type=log`), which has no place for the meta in its
    /// body. Queries that are not visible ASCII are left out: some clients cannot parse the header.
    /// `x-log-query-info` is JSON and left to who can write it.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = Vec::from([
            ("x-log-progress", self.progress.as_str().to_owned()),
            ("x-log-count", self.count.to_string()),
            ("x-log-processed-rows", self.processed_rows.to_string()),
            (
                "x-log-elapsed-millisecond",
                self.elapsed_millisecond.to_string(),
            ),
            ("x-log-has-sql", self.has_sql.to_string()),
            ("x-log-cpu-sec", format!("{:.3}", self.cpu_sec)),
            ("x-log-cpu-cores", self.cpu_cores.to_string()),
        ]);
        for (name, value) in [
            ("x-log-where-query", &self.where_query),
            ("x-log-agg-query", &self.agg_query),
        ] {
            if value.bytes().all(|c| c == b' ' || c.is_ascii_graphic()) {
                headers.push((name, value.clone()));
            }
        }
        headers
    }
}

/// One log or one row: texts by key, in their order. Every value is a string in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogRow(pub Vec<(String, String)>);

impl LogRow {
    /// The value of the first column of this name.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }
}

impl Serialize for LogRow {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de> Deserialize<'de> for LogRow {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Pairs)
    }
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = LogRow;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose values are strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LogRow, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(LogRow(pairs))
    }
}

/// The body of the answer to `GET /logstores/{ls}?type=context_log`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ContextResponse {
    /// Whether everything was looked at.
    pub progress: Progress,
    /// Logs in the answer, that which was asked about included.
    pub total_lines: usize,
    /// Logs before it.
    pub back_lines: usize,
    /// Logs behind it.
    pub forward_lines: usize,
    /// The logs in their order; `__index_number__` of the log itself is 0.
    pub logs: Vec<LogRow>,
}

/// One interval of `GetHistograms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Start, seconds, inclusive.
    pub from: i64,
    /// End, seconds, exclusive.
    pub to: i64,
    /// Logs inside.
    pub count: u64,
    /// Whether everything was looked at.
    pub progress: Progress,
}
