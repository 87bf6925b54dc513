//! A LogGroup as a client sent it becomes columns.

use std::sync::Arc;

use flowlog_sls::log_group::LogGroup;
use flowlog_sls::{Error, ErrorCode};

use super::{Group, GroupBuilder};

/// The columns of a LogGroup in Protocol Buffers, with everything that was sent; `check` looks at the
/// time of each log. The octets are gone through once.
///
/// # Errors
/// `PostBodyInvalid` when it is malformed, or not UTF-8 where it must be: a value may be any octets;
/// what `check` says.
pub(crate) fn from_sent(
    octets: &[u8],
    check: impl Fn(u32) -> Result<(), Error>,
) -> Result<Group, Error> {
    let mut builder = GroupBuilder::new(LogGroup::count(octets));
    let sent = LogGroup::read(octets, |time, time_ns, contents| {
        check(time)?;
        let row = builder.row_of(time, time_ns, contents.iter().copied());
        row.map_err(|key| not_utf8("a key", key.0))
    })?;
    sent.check_names()?;
    let mut tags = Vec::new();
    for (key, value) in sent.tags() {
        tags.push((text("a tag", key)?, text("a tag", value)?));
    }
    Ok(Group {
        topic: text("Topic", sent.topic())?,
        source: text("Source", sent.source())?,
        tags,
        ..builder.finish()
    })
}

fn text(what: &str, octets: &[u8]) -> Result<Arc<str>, Error> {
    str::from_utf8(octets)
        .map(Arc::from)
        .map_err(|_| not_utf8(what, octets))
}

fn not_utf8(what: &str, octets: &[u8]) -> Error {
    let shown = octets.get(..octets.len().min(64)).unwrap_or_default();
    let message = format!("{what} is not UTF-8: {}", shown.escape_ascii());
    Error::new(ErrorCode::PostBodyInvalid, message)
}
