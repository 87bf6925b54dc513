//! The operations on one shard: cursors, pulls, splits and merges.

use alloc::borrow::ToOwned;
use alloc::string::String;

use super::{LogstoreOperation, required, shard_id, unknown};
use crate::limits::MAX_PULL_COUNT;
use crate::{Cursor, CursorFrom, Error, ErrorCode, HashKey, Parameters};

/// An operation on one shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShardOperation {
    /// `GET …?type=cursor&from=`
    GetCursor(CursorFrom),
    /// `GET …?type=cursor_time&cursor=`
    GetCursorTime(Cursor),
    /// `GET …?type=log` or `type=logs`
    PullLogs(PullRequest),
    /// `POST …?action=split`
    Split {
        /// Where; absent: in the middle.
        key: Option<HashKey>,
        /// Into how many; 2 when a key is given.
        count: u32,
    },
    /// `POST …?action=merge`
    Merge,
    /// `DELETE …`
    Delete,
}

/// Which `LogGroup`s of a shard are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// From here on.
    pub cursor: Cursor,
    /// To before here.
    pub end: Option<Cursor>,
    /// How many at most, 1 to 1000.
    pub count: usize,
    /// Which of their logs: `search`, or `search | where condition`; absent for all.
    pub query: Option<String>,
}

/// The operation on the shard of this number; `None` when there is none.
pub(super) fn operation(
    method: &str,
    id: &str,
    parameters: &Parameters,
) -> Result<Option<LogstoreOperation>, Error> {
    let Some(operation) = ShardOperation::parse(method, parameters)? else {
        return Ok(None);
    };
    let id = shard_id(id)?;
    Ok(Some(LogstoreOperation::Shard(id, operation)))
}

impl ShardOperation {
    pub(super) const fn action(&self) -> &'static str {
        match self {
            Self::GetCursor(_) | Self::GetCursorTime(_) | Self::PullLogs(_) => {
                "log:GetCursorOrData"
            }
            Self::Split { .. } => "log:SplitShard",
            Self::Merge => "log:MergeShards",
            Self::Delete => "log:DeleteShard",
        }
    }

    fn parse(method: &str, parameters: &Parameters) -> Result<Option<Self>, Error> {
        match method {
            "GET" => Self::of_type(parameters).map(Some),
            "POST" => Self::of_action(parameters).map(Some),
            "DELETE" => Ok(Some(Self::Delete)),
            _ => Ok(None),
        }
    }

    fn of_type(parameters: &Parameters) -> Result<Self, Error> {
        match parameters.get("type") {
            Some("cursor") => {
                let from = required(parameters, "from")?;
                CursorFrom::parse(from).map(Self::GetCursor)
            }
            Some("cursor_time") => {
                Cursor::parse(required(parameters, "cursor")?).map(Self::GetCursorTime)
            }
            Some("log" | "logs") => PullRequest::of(parameters).map(Self::PullLogs),
            other => Err(unknown("type", other)),
        }
    }

    fn of_action(parameters: &Parameters) -> Result<Self, Error> {
        match parameters.get("action") {
            Some("split") => {
                let key = parameters.get("key").map(HashKey::parse).transpose()?;
                let count = parameters.number("shardCount", 2)?;
                let count = u32::try_from(count)
                    .ok()
                    .filter(|count| (2..=64).contains(count))
                    .ok_or_else(|| {
                        Error::parameter("The parameter shardCount must be within range [2, 64]")
                    })?;
                Ok(Self::Split { key, count })
            }
            Some("merge") => Ok(Self::Merge),
            other => Err(unknown("action", other)),
        }
    }
}

impl PullRequest {
    fn of(parameters: &Parameters) -> Result<Self, Error> {
        if parameters.get("processor").is_some() {
            let message = "pulling with processor is not supported; pull with query";
            return Err(Error::new(ErrorCode::NotSupported, message));
        }
        // `*` is what no filter is.
        let query = parameters.get("query").map(str::trim);
        let query = query.filter(|query| !matches!(*query, "" | "*"));
        let end = parameters
            .get("end_cursor")
            .or_else(|| parameters.get("endCursor"));
        let most = i64::try_from(MAX_PULL_COUNT).unwrap_or(i64::MAX);
        let count = parameters.number("count", most)?;
        let count = usize::try_from(count.min(most)).ok().filter(|n| *n > 0);
        Ok(Self {
            cursor: Cursor::parse(required(parameters, "cursor")?)?,
            end: end.map(Cursor::parse).transpose()?,
            count: count.ok_or_else(|| {
                Error::parameter("The parameter count must be within range [1, 1000]")
            })?,
            query: query.map(ToOwned::to_owned),
        })
    }
}
