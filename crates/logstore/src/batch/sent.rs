//! A LogGroup as a client sent it becomes columns.

use std::sync::Arc;

use flowlog_sls::log_group::LogGroup;
use flowlog_sls::{Error, ErrorCode};

use super::{Group, GroupBuilder};

/// The columns of a LogGroup, with everything that was sent.
///
/// # Errors
/// `PostBodyInvalid` when it is not UTF-8 where it must be: a value may be any octets.
pub(crate) fn from_sent(sent: &LogGroup<'_>) -> Result<Group, Error> {
    let mut builder = GroupBuilder::new(sent.len());
    for log in sent.logs() {
        if let Some((key, _)) = log.contents().find(|(key, _)| str::from_utf8(key).is_err()) {
            return Err(not_utf8("a key", key));
        }
        let contents = log
            .contents()
            .map(|(key, value)| (str::from_utf8(key).unwrap_or_default(), value));
        builder.row(log.time, log.time_ns, contents);
    }
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
