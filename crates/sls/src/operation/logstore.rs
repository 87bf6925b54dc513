//! The operations on one Logstore: itself, its logs, index, shards and consumer groups.

mod shard;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use crate::error::shown;
use crate::{Error, GetLogsRequest, HashKey, HistogramRequest, Parameters};

pub use shard::{PullRequest, ShardOperation};

/// An operation on one Logstore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogstoreOperation {
    /// `GET /logstores/{name}`
    Get,
    /// `PUT /logstores/{name}`
    Update,
    /// `DELETE /logstores/{name}`
    Delete,
    /// `POST …/shards/lb[?key=]`, `POST …/shards/route?key=`, `POST /logstores/{name}`
    PutLogs(Route),
    /// `POST …/logs`: the request is in the body.
    GetLogs,
    /// `GET /logstores/{name}?type=…`
    Search(SearchRequest),
    /// `POST …/index`
    CreateIndex,
    /// `PUT …/index`
    ReplaceIndex,
    /// `GET …/index`
    GetIndex,
    /// `DELETE …/index`
    DeleteIndex,
    /// `GET …/shards`
    ListShards,
    /// Everything below `…/shards/{id}`.
    Shard(u32, ShardOperation),
    /// `GET …/consumergroups`
    ListConsumerGroups,
    /// `POST …/consumergroups`: the name is in the body.
    CreateConsumerGroup,
    /// Everything below `…/consumergroups/{name}`.
    ConsumerGroup(String, ConsumerGroupOperation),
}

/// How a shard is chosen for what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The server chooses.
    Balanced,
    /// The shard that has this key.
    Key(HashKey),
    /// The same, unless something with this number or a greater one was written under the key.
    Sequence(HashKey, u64),
}

/// A question about logs whose parameters stand in the request line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchRequest {
    /// `type=log`: the older `GetLogs`.
    Logs(GetLogsRequest),
    /// `type=histogram`
    Histograms(HistogramRequest),
    /// `type=topic`
    Topics(TopicsRequest),
    /// `type=context_log`
    Context(ContextRequest),
}

/// Which topics are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicsRequest {
    /// How many at most.
    pub line: usize,
    /// The first topic that is wanted; empty for the first of all.
    pub token: String,
}

/// Which neighbours of a log are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextRequest {
    /// The tag `__pack_id__` of the log.
    pub pack_id: String,
    /// The field `__pack_meta__` of the log.
    pub pack_meta: String,
    /// Logs before it.
    pub back_lines: usize,
    /// Logs behind it.
    pub forward_lines: usize,
}

/// An operation on one consumer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsumerGroupOperation {
    /// `PUT …`
    Update,
    /// `DELETE …`
    Delete,
    /// `POST …?type=heartbeat&consumer=`
    Heartbeat {
        /// Whose.
        consumer: String,
    },
    /// `POST …?type=checkpoint&consumer=&forceSuccess=`
    SaveCheckpoint {
        /// Whose; empty for nobody's.
        consumer: String,
        /// Whether the consumer need not hold the shard.
        force: bool,
    },
    /// `GET …[?shard=]`
    GetCheckpoints {
        /// Of this shard alone.
        shard: Option<u32>,
    },
}

impl LogstoreOperation {
    /// The operation of a method and the path below `/logstores/{name}`; `None` when there is none.
    pub(super) fn parse(
        method: &str,
        path: &[&str],
        parameters: &Parameters,
    ) -> Result<Option<Self>, Error> {
        let operation = match (method, path) {
            ("GET", []) => match SearchRequest::of(parameters)? {
                Some(request) => Self::Search(request),
                None => Self::Get,
            },
            ("PUT", []) => Self::Update,
            ("DELETE", []) => Self::Delete,

            ("POST", ["shards", "lb"]) if parameters.get("key").is_some() => {
                Self::PutLogs(Route::by_key(parameters)?)
            }
            ("POST", [] | ["shards", "lb"]) => Self::PutLogs(Route::Balanced),
            ("POST", ["shards", "route"]) => Self::PutLogs(Route::by_key(parameters)?),
            ("POST", ["logs"]) => Self::GetLogs,
            ("GET", ["index"]) if parameters.get("type") == Some("histogram") => {
                Self::Search(histograms(parameters)?)
            }
            ("POST", ["index"]) => Self::CreateIndex,
            ("PUT", ["index"]) => Self::ReplaceIndex,
            ("GET", ["index"]) => Self::GetIndex,
            ("DELETE", ["index"]) => Self::DeleteIndex,
            ("GET", ["shards"]) => Self::ListShards,
            (method, ["shards", id]) => {
                return shard::operation(method, id, parameters);
            }
            ("GET", ["consumergroups"]) => Self::ListConsumerGroups,
            ("POST", ["consumergroups"]) => Self::CreateConsumerGroup,
            (method, ["consumergroups", name]) => {
                let operation = ConsumerGroupOperation::parse(method, parameters)?;
                return Ok(operation.map(|o| Self::ConsumerGroup((*name).to_owned(), o)));
            }
            _ => return Ok(None),
        };
        Ok(Some(operation))
    }

    /// The action that a policy allows or denies.
    pub const fn action(&self) -> &'static str {
        match self {
            Self::Get => "log:GetLogStore",
            Self::Update => "log:UpdateLogStore",
            Self::Delete => "log:DeleteLogStore",
            Self::PutLogs(_) => "log:PostLogStoreLogs",
            Self::GetLogs | Self::Search(SearchRequest::Logs(_)) => "log:GetLogStoreLogs",
            Self::Search(SearchRequest::Histograms(_)) => "log:GetLogStoreHistogram",
            Self::Search(SearchRequest::Topics(_)) => "log:ListTopics",
            Self::Search(SearchRequest::Context(_)) => "log:GetLogStoreContextLogs",
            Self::CreateIndex => "log:CreateIndex",
            Self::ReplaceIndex => "log:UpdateIndex",
            Self::GetIndex => "log:GetIndex",
            Self::DeleteIndex => "log:DeleteIndex",
            Self::ListShards => "log:ListShards",
            Self::Shard(_, operation) => operation.action(),
            Self::ListConsumerGroups => "log:ListConsumerGroup",
            Self::CreateConsumerGroup => "log:CreateConsumerGroup",
            Self::ConsumerGroup(_, operation) => operation.action(),
        }
    }

    /// What stands behind the Logstore in the name of the resource.
    pub(super) fn resource(&self) -> String {
        match self {
            Self::ListConsumerGroups | Self::CreateConsumerGroup => "/consumergroup/*".to_owned(),
            Self::ConsumerGroup(name, _) => format!("/consumergroup/{name}"),
            _ => String::new(),
        }
    }
}

impl ConsumerGroupOperation {
    const fn action(&self) -> &'static str {
        match self {
            Self::Update => "log:UpdateConsumerGroup",
            Self::Delete => "log:DeleteConsumerGroup",
            Self::Heartbeat { .. } => "log:ConsumerGroupHeartBeat",
            Self::SaveCheckpoint { .. } => "log:ConsumerGroupUpdateCheckPoint",
            Self::GetCheckpoints { .. } => "log:GetConsumerGroupCheckPoint",
        }
    }

    fn parse(method: &str, parameters: &Parameters) -> Result<Option<Self>, Error> {
        let consumer = parameters.get("consumer").unwrap_or_default();
        let operation = match method {
            "PUT" => Self::Update,
            "DELETE" => Self::Delete,
            "GET" => Self::GetCheckpoints {
                shard: parameters.get("shard").map(shard_id).transpose()?,
            },
            "POST" => match parameters.get("type") {
                Some("heartbeat") => Self::Heartbeat {
                    consumer: required(parameters, "consumer")?.to_owned(),
                },
                Some("checkpoint") => Self::SaveCheckpoint {
                    consumer: consumer.to_owned(),
                    force: parameters.flag("forceSuccess", false)?,
                },
                other => return Err(unknown("type", other)),
            },
            _ => return Ok(None),
        };
        Ok(Some(operation))
    }
}

impl Route {
    fn by_key(parameters: &Parameters) -> Result<Self, Error> {
        let key = HashKey::parse(required(parameters, "key")?)?;
        let Some(number) = parameters.get("seqid") else {
            return Ok(Self::Key(key));
        };
        let number = number.parse().ok().filter(|number| *number < u64::MAX);
        number
            .map(|number| Self::Sequence(key, number))
            .ok_or_else(|| Error::parameter("The parameter seqid must be a number from 0"))
    }
}

impl SearchRequest {
    fn of(parameters: &Parameters) -> Result<Option<Self>, Error> {
        let request = match parameters.get("type") {
            None => return Ok(None),
            Some("log") => Self::Logs(GetLogsRequest::from_parameters(parameters)?),
            Some("histogram") => histograms(parameters)?,
            Some("topic") => Self::Topics(TopicsRequest {
                line: lines(parameters, "line", 100)?,
                token: parameters.get("token").unwrap_or_default().to_owned(),
            }),
            Some("context_log") => Self::Context(ContextRequest {
                pack_id: required(parameters, "pack_id")?.to_owned(),
                pack_meta: required(parameters, "pack_meta")?.to_owned(),
                back_lines: lines(parameters, "back_lines", 0)?,
                forward_lines: lines(parameters, "forward_lines", 0)?,
            }),
            other => return Err(unknown("type", other)),
        };
        Ok(Some(request))
    }
}

fn histograms(parameters: &Parameters) -> Result<SearchRequest, Error> {
    HistogramRequest::from_parameters(parameters).map(SearchRequest::Histograms)
}

fn shard_id(text: &str) -> Result<u32, Error> {
    text.parse()
        .map_err(|_| Error::parameter(format!("invalid shard id \"{}\"", shown(text))))
}

fn lines(parameters: &Parameters, key: &str, default: i64) -> Result<usize, Error> {
    let number = parameters.number(key, default)?;
    let number = usize::try_from(number)
        .map_err(|_| Error::parameter(format!("The parameter {key} must not be negative")))?;
    Ok(number.min(100))
}

fn required<'p>(parameters: &'p Parameters, key: &str) -> Result<&'p str, Error> {
    parameters
        .get(key)
        .ok_or_else(|| Error::parameter(format!("The parameter {key} is required")))
}

fn unknown(key: &str, value: Option<&str>) -> Error {
    match value {
        None => Error::parameter(format!("The parameter {key} is required")),
        Some(value) => Error::parameter(format!(
            "The parameter {key} \"{}\" is not known",
            shown(value)
        )),
    }
}
