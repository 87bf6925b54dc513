//! A LogGroup as JSON:
//! `{"__topic__":"","__source__":"","__logs__":[{"__time__":1,…}],"__tags__":{}}`.

use flowlog_record::Timestamp;
use flowlog_sls::limits::{MAX_TOPIC_OCTETS, check_log_time};
use flowlog_sls::{Error, Json};
use serde::Deserialize;

use super::{invalid, no_logs};
use crate::batch::{Group, GroupBuilder};
use crate::http::payload::not_json;

#[derive(Deserialize)]
struct Sent {
    #[serde(rename = "__topic__", default)]
    topic: Option<String>,
    #[serde(rename = "__source__", default)]
    source: Option<String>,
    #[serde(rename = "__tags__", default)]
    tags: Json,
    #[serde(rename = "__logs__", default)]
    logs: Vec<Json>,
}

/// A LogGroup as columns. A value that is no string is its JSON text; a log without `__time__` is
/// of now.
pub(super) fn group(body: &[u8], now: Timestamp) -> Result<Group, Error> {
    let sent: Sent = serde_json::from_slice(body).map_err(|error| not_json(&error))?;
    if sent.logs.is_empty() {
        return Err(no_logs());
    }
    let (topic, source) = (
        sent.topic.unwrap_or_default(),
        sent.source.unwrap_or_default(),
    );
    if topic.len() > MAX_TOPIC_OCTETS || source.len() > MAX_TOPIC_OCTETS {
        let message = format!("Topic and Source must have at most {MAX_TOPIC_OCTETS} octets");
        return Err(invalid(message));
    }
    let tags = match sent.tags {
        Json::Null => Vec::new(),
        Json::Object(pairs) => pairs,
        _ => return Err(invalid("__tags__ must be an object".to_owned())),
    };
    let mut builder = GroupBuilder::new(sent.logs.len());
    for log in sent.logs {
        let Json::Object(pairs) = log else {
            return Err(invalid("a log must be an object".to_owned()));
        };
        row(&mut builder, pairs, now)?;
    }
    Ok(Group {
        topic: topic.into(),
        source: source.into(),
        tags: tags
            .into_iter()
            .map(|(key, value)| (key.into(), text(value).into()))
            .collect(),
        ..builder.finish()
    })
}

fn row(
    builder: &mut GroupBuilder,
    pairs: Vec<(String, Json)>,
    now: Timestamp,
) -> Result<(), Error> {
    let mut time = u32::try_from(now.seconds()).unwrap_or(u32::MAX);
    let mut contents = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        if key == "__time__" {
            let wrong = || invalid("__time__ must be seconds of the epoch".to_owned());
            time = text(value).parse().map_err(|_| wrong())?;
        } else {
            contents.push((key, text(value)));
        }
    }
    check_log_time(time, now)?;
    if contents.is_empty() {
        return Err(invalid("a log without contents".to_owned()));
    }
    let contents = contents
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_bytes()));
    builder.row(time, None, contents);
    Ok(())
}

fn text(value: Json) -> String {
    match value {
        Json::String(text) => text,
        other => serde_json::to_string(&other).unwrap_or_default(),
    }
}
