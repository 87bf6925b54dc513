//! Shards: list, split, merge, delete.

use flowlog_sls::Error;
use flowlog_sls::operation::ShardOperation;
use serde_json::{Value, json};

use super::answer::Answer;
use super::operations::Place;
use super::{Server, read};
use crate::store::{Reshard, ShardInfo};

/// `GET …/shards`
pub(super) fn list(server: &Server, place: &Place) -> Answer {
    let shards = server.logstore.shards(&place.project, &place.logstore);
    let shards: Vec<Value> = shards.unwrap_or_default().iter().map(shown).collect();
    Answer::json(&shards)
}

/// What concerns one shard.
pub(super) fn run(
    server: &Server,
    place: &Place,
    number: u32,
    operation: &ShardOperation,
) -> Result<Answer, Error> {
    let what = match operation {
        ShardOperation::Split { key, count } => Reshard::Split(*key, *count),
        ShardOperation::Merge => Reshard::Merge,
        ShardOperation::Delete => Reshard::Delete,
        _ => return read::cursor(server, place, number, operation),
    };
    let changed = server
        .logstore
        .reshard(&place.project, &place.logstore, number, what)?;
    if what == Reshard::Delete {
        return Ok(Answer::done());
    }
    let changed: Vec<Value> = changed.iter().map(shown).collect();
    Ok(Answer::json(&changed))
}

fn shown(shard: &ShardInfo) -> Value {
    json!({
        "shardID": shard.number,
        "status": if shard.readonly { "readonly" } else { "readwrite" },
        "inclusiveBeginKey": shard.range.begin.to_string(),
        "exclusiveEndKey": shard.range.end.to_string(),
        "createTime": shard.created,
    })
}
