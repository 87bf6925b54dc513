//! A row as text, and its reserved fields.

use alloc::string::String;
use core::fmt::Write as _;

use flowlog_record::{LogStatus, Row, Timestamp};

use super::Layout;
use super::column::Column;
use super::identity::Names;
use super::value::Value;

/// `__topic__` of every row.
pub const SLS_TOPIC: &str = "flow_log";

/// The oldest time that Simple Log Service takes, in seconds before its own: 7 days.
const OLDEST_SECONDS: i64 = 7 * 86_400;
/// The furthest ahead, in seconds: 15 minutes.
const AHEAD_SECONDS: i64 = 15 * 60;

/// `__time__` of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowTime {
    /// Seconds of the epoch.
    pub seconds: i64,
    /// Whether it is not the row's `end`, because Simple Log Service would refuse that.
    pub clamped: bool,
}

/// `__time__` of a row that is delivered at `now`: its `end`, clamped to what Simple Log Service
/// accepts (7 days back, 15 minutes ahead).
pub fn row_time(row: &Row, now: Timestamp) -> RowTime {
    let end = row.end.seconds();
    let now = now.seconds();
    let least = now.saturating_sub(OLDEST_SECONDS);
    let most = now.saturating_add(AHEAD_SECONDS);
    let seconds = end.clamp(least, most);
    RowTime {
        seconds,
        clamped: seconds != end,
    }
}

/// `__source__` of a row: its Exporter; `-` for what is said of all Exporters of a resource.
pub fn row_source(row: &Row) -> Value<'static> {
    match row.status {
        LogStatus::Ok => Value::Address(row.exporter),
        LogStatus::NoData | LogStatus::SkipData { .. } => Value::Absent,
    }
}

impl Layout {
    /// Gives each column with the text of its value, in order; optional ones only if there is one. The reserved fields `__time__`
    /// ([`row_time`]), `__source__` ([`row_source`]) and `__topic__` ([`SLS_TOPIC`]) are the caller's.
    pub fn render(&self, row: &Row, names: &Names<'_>, mut each: impl FnMut(&Column, &str)) {
        let mut text = String::new();
        for column in self.columns() {
            let value = column.value(row, names);
            if column.is_optional() && value == Value::Absent {
                continue;
            }
            text.clear();
            // Writing into a String cannot fail.
            let _ = write!(text, "{value}");
            each(column, &text);
        }
    }
}
