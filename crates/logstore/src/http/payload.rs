//! The bodies of requests that have JSON: what they say, in types that cannot be wrong.

use flowlog_sls::index::IndexConfig;
use flowlog_sls::operation::{ConsumerGroupOperation, LogstoreOperation};
use flowlog_sls::{Cursor, Error, ErrorCode, GetLogsRequest, Operation};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A Project to be made.
#[derive(Debug, PartialEq)]
pub(super) struct NewProject {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) properties: Map<String, Value>,
}

/// A Logstore to be made or changed; what is absent is not said.
#[derive(Debug, PartialEq)]
pub(super) struct LogstoreBody {
    pub(super) name: Option<String>,
    pub(super) ttl_days: Option<u32>,
    pub(super) shards: Option<u32>,
    pub(super) properties: Map<String, Value>,
}

/// A consumer group to be made or changed; what is absent is not said.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct ConsumerGroupBody {
    #[serde(default, rename = "consumerGroup")]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) timeout: Option<u32>,
    #[serde(default)]
    pub(super) order: Option<bool>,
}

/// How far a shard was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CheckpointBody {
    pub(super) shard: u32,
    /// Absent: not at all.
    pub(super) cursor: Option<Cursor>,
}

/// Reads the body that an operation takes, only to say whether it can be.
pub(super) fn check(operation: &Operation, body: &[u8]) -> Result<(), Error> {
    match operation {
        Operation::CreateProject => new_project(body).map(drop),
        Operation::UpdateProject => description(body).map(drop),
        Operation::CreateLogstore => logstore(body).map(drop),
        Operation::Logstore(_, operation) => match operation {
            LogstoreOperation::Update => logstore(body).map(drop),
            LogstoreOperation::GetLogs => query(body).map(drop),
            LogstoreOperation::CreateIndex | LogstoreOperation::ReplaceIndex => {
                index(body).map(drop)
            }
            LogstoreOperation::CreateConsumerGroup
            | LogstoreOperation::ConsumerGroup(_, ConsumerGroupOperation::Update) => {
                consumer_group(body).map(drop)
            }
            LogstoreOperation::ConsumerGroup(_, ConsumerGroupOperation::Heartbeat { .. }) => {
                heartbeat(body).map(drop)
            }
            LogstoreOperation::ConsumerGroup(_, ConsumerGroupOperation::SaveCheckpoint { .. }) => {
                checkpoint(body).map(drop)
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// `{"projectName","description",…}`
pub(super) fn new_project(body: &[u8]) -> Result<NewProject, Error> {
    let mut properties = object(body)?;
    let name = text(&mut properties, "projectName")?
        .ok_or_else(|| Error::parameter("projectName is required"))?;
    let description = text(&mut properties, "description")?.unwrap_or_default();
    Ok(NewProject {
        name,
        description,
        properties,
    })
}

/// `{"description"}`
pub(super) fn description(body: &[u8]) -> Result<String, Error> {
    let description = text(&mut object(body)?, "description")?;
    description.ok_or_else(|| Error::parameter("description is required"))
}

/// `{"logstoreName","ttl","shardCount",…}`
pub(super) fn logstore(body: &[u8]) -> Result<LogstoreBody, Error> {
    let mut properties = object(body)?;
    let name = match properties.shift_remove("logstoreName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => return Err(logstore_invalid("logstoreName must be a string")),
    };
    let ttl_days = number(&mut properties, "ttl", (1, 3650))?;
    let shards = number(&mut properties, "shardCount", (1, 256))?;
    // Set by the server, and sent back by clients that change what they got.
    for ours in ["createTime", "lastModifyTime"] {
        properties.shift_remove(ours);
    }
    properties.retain(|_, value| !value.is_null());
    for key in ["enable_tracking", "autoSplit", "appendMeta"] {
        if properties.get(key).is_some_and(|value| !value.is_boolean()) {
            return Err(logstore_invalid(format!("{key} must be true or false")));
        }
    }
    for key in ["telemetryType", "mode"] {
        if properties.get(key).is_some_and(|value| !value.is_string()) {
            return Err(logstore_invalid(format!("{key} must be a string")));
        }
    }
    let mode = properties.get("mode").and_then(Value::as_str);
    if mode.is_some_and(|mode| !matches!(mode, "standard" | "query")) {
        return Err(logstore_invalid("mode must be standard or query"));
    }
    for key in ["hot_ttl", "infrequentAccessTTL"] {
        if properties.get(key).is_some_and(|value| !value.is_i64()) {
            return Err(logstore_invalid(format!("{key} must be an integer")));
        }
    }
    // How the Java SDK says that there is none.
    let splits = properties.get("autoSplit") == Some(&Value::Bool(true));
    if !splits && properties.get("maxSplitShard").and_then(Value::as_i64) == Some(-1) {
        properties.shift_remove("maxSplitShard");
    }
    let split = properties.get("maxSplitShard").map(Value::as_u64);
    if split.is_some_and(|split| !split.is_some_and(|split| (1..=256).contains(&split))) {
        return Err(logstore_invalid(
            "maxSplitShard must be within range [1, 256]",
        ));
    }
    Ok(LogstoreBody {
        name,
        ttl_days,
        shards,
        properties,
    })
}

/// The description of an index.
pub(super) fn index(body: &[u8]) -> Result<IndexConfig, Error> {
    let index: IndexConfig = serde_json::from_slice(body).map_err(|error| {
        let message = format!("required field token is lacking or of error format: {error}");
        Error::new(ErrorCode::IndexInfoInvalid, message)
    })?;
    index.checked()
}

/// `GetLogs`, versions 2 and 3.
pub(super) fn query(body: &[u8]) -> Result<GetLogsRequest, Error> {
    serde_json::from_slice(body).map_err(|error| match object(body) {
        Err(no_object) => no_object,
        Ok(_) => Error::parameter(format!("a parameter of the request is wrong: {error}")),
    })
}

/// `{"consumerGroup","timeout","order"}`
pub(super) fn consumer_group(body: &[u8]) -> Result<ConsumerGroupBody, Error> {
    let group: ConsumerGroupBody = serde_json::from_slice(body).map_err(group_invalid)?;
    if group.timeout == Some(0) {
        return Err(group_invalid("timeout must be positive"));
    }
    Ok(group)
}

/// The numbers of the shards that a consumer holds; nothing for none.
pub(super) fn heartbeat(body: &[u8]) -> Result<Vec<u32>, Error> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_slice(body).map_err(group_invalid)
}

/// `{"shard","checkpoint"}`
pub(super) fn checkpoint(body: &[u8]) -> Result<CheckpointBody, Error> {
    #[derive(Deserialize)]
    struct Sent {
        shard: u32,
        #[serde(default)]
        checkpoint: Option<String>,
    }
    let sent: Sent = serde_json::from_slice(body).map_err(group_invalid)?;
    Ok(CheckpointBody {
        shard: sent.shard,
        cursor: Cursor::parse_checkpoint(&sent.checkpoint.unwrap_or_default())?,
    })
}

/// The code for a body that is no JSON, or not the right one.
pub(super) fn not_json(error: &serde_json::Error) -> Error {
    let message = format!("The request body is not valid JSON object: {error}");
    Error::new(ErrorCode::PostBodyInvalid, message)
}

/// The code for a description of a Logstore that is wrong.
pub(super) fn logstore_invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::LogStoreInfoInvalid, message)
}

fn group_invalid(problem: impl std::fmt::Display) -> Error {
    let message = format!("the JSON of a consumer group is invalid: {problem}");
    Error::new(ErrorCode::JsonInfoInvalid, message)
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Error> {
    serde_json::from_slice(body).map_err(|error| not_json(&error))
}

fn text(object: &mut Map<String, Value>, key: &str) -> Result<Option<String>, Error> {
    match object.shift_remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::parameter(format!("{key} must be a string"))),
    }
}

fn number(
    object: &mut Map<String, Value>,
    key: &str,
    (least, greatest): (u32, u32),
) -> Result<Option<u32>, Error> {
    let value = match object.shift_remove(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value.as_u64().and_then(|value| u32::try_from(value).ok()),
    };
    let value = value.filter(|value| (least..=greatest).contains(value));
    value.map(Some).ok_or_else(|| {
        logstore_invalid(format!("{key} must be within range [{least}, {greatest}]"))
    })
}

#[cfg(test)]
mod tests;
