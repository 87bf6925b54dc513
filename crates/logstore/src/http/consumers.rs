//! Consumer groups: create, update, delete, list, heartbeats, checkpoints.

use flowlog_sls::assignment::Heartbeat;
use flowlog_sls::operation::ConsumerGroupOperation;
use flowlog_sls::{Cursor, Error, ErrorCode};
use serde_json::{Value, json};

use super::Server;
use super::answer::Answer;
use super::operations::Place;
use super::payload::{self, CheckpointBody};
use crate::store::{Checkpoint, ConsumerGroupSettings};

/// Seconds without a heartbeat after which a consumer is gone, where nothing else is said.
const USUAL_TIMEOUT: u32 = 60;

/// `POST …/consumergroups`
pub(super) fn create(server: &Server, place: &Place, body: &[u8]) -> Result<Answer, Error> {
    let sent = payload::consumer_group(body)?;
    let name = sent.name.filter(|name| is_name(name)).ok_or_else(|| {
        let message = "consumerGroup must have 1 to 128 letters, digits, '_', '-' or '.'";
        Error::new(ErrorCode::JsonInfoInvalid, message)
    })?;
    let settings = ConsumerGroupSettings {
        timeout: sent.timeout.unwrap_or(USUAL_TIMEOUT),
        in_order: sent.order.unwrap_or_default(),
    };
    let inner = server.logstore.inner();
    inner.create_consumer_group(&place.store, &name, settings)?;
    Ok(Answer::done())
}

/// `GET …/consumergroups`
pub(super) fn list(place: &Place) -> Answer {
    let groups = place.store.groups.list().into_iter();
    let shown = groups.map(|(name, settings)| {
        json!({ "name": &*name, "timeout": settings.timeout, "order": settings.in_order })
    });
    Answer::json(&shown.collect::<Vec<Value>>())
}

/// What concerns one consumer group.
pub(super) fn run(
    server: &Server,
    place: &Place,
    (name, operation): (&str, &ConsumerGroupOperation),
    body: &[u8],
) -> Result<Answer, Error> {
    let inner = server.logstore.inner();
    let store = &place.store;
    match operation {
        ConsumerGroupOperation::Update => {
            let sent = payload::consumer_group(body)?;
            inner.update_consumer_group(store, name, (sent.timeout, sent.order))?;
            Ok(Answer::done())
        }
        ConsumerGroupOperation::Delete => {
            inner.delete_consumer_group(store, name)?;
            Ok(Answer::done())
        }
        ConsumerGroupOperation::Heartbeat { consumer } => {
            let holds = payload::heartbeat(body)?;
            let heartbeat = Heartbeat {
                consumer,
                holds: &holds,
            };
            let shards = inner.heartbeat(store, name, heartbeat)?;
            Ok(Answer::json(&shards))
        }
        ConsumerGroupOperation::SaveCheckpoint { consumer, force } => {
            let CheckpointBody { shard, cursor } = payload::checkpoint(body)?;
            let place = (shard, cursor.map(|cursor| cursor.0));
            inner.save_checkpoint(store, name, place, (consumer, *force))?;
            Ok(Answer::done())
        }
        ConsumerGroupOperation::GetCheckpoints { shard } => {
            let mut all = inner.checkpoints(store, name)?;
            all.retain(|checkpoint| shard.is_none_or(|shard| checkpoint.shard == shard));
            let shown: Vec<Value> = all.iter().map(shown).collect();
            Ok(Answer::json(&shown))
        }
    }
}

fn shown(checkpoint: &Checkpoint) -> Value {
    let cursor = checkpoint.cursor.map(|cursor| Cursor(cursor).to_string());
    json!({
        "shard": checkpoint.shard,
        "checkpoint": cursor.unwrap_or_default(),
        "updateTime": checkpoint.updated,
        "consumer": checkpoint.consumer,
    })
}

fn is_name(name: &str) -> bool {
    let fits = |c: u8| c.is_ascii_alphanumeric() || b"_-.".contains(&c);
    (1..=128).contains(&name.len()) && name.bytes().all(fits)
}
