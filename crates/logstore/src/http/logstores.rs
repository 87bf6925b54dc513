//! Logstores and their indexes: create, get, update, delete, list.

use flowlog_sls::operation::{ListRequest, LogstoreOperation};
use flowlog_sls::{Error, ErrorCode};
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::operations::{Place, unsupported};
use super::payload::{self, LogstoreBody, logstore_invalid};
use super::projects::{answered, ours};
use super::request::Call;
use super::{Server, consumers, shards};
use crate::store::{LogstoreInfo, NewLogstore};

/// Logstores that a Project has at most.
const MOST_LOGSTORES: usize = 200;
/// Shards of a Logstore for which nothing else is said.
const USUAL_SHARDS: u32 = 2;

/// `GET /logstores`
pub(super) fn list(server: &Server, call: &Call, request: &ListRequest) -> Result<Answer, Error> {
    let project = server.project(call)?;
    let logstores = server.logstore.logstores(project).unwrap_or_default();
    let usual = |key: &str| if key == "mode" { "standard" } else { "" };
    let (page, total) = request.page(
        logstores,
        |logstore| &logstore.name,
        |logstore, key| match logstore.properties.get(key).and_then(Value::as_str) {
            Some(value) => value,
            None => usual(key),
        },
    );
    let names: Vec<&str> = page.iter().map(|logstore| &*logstore.name).collect();
    Ok(Answer::json(
        &json!({ "count": names.len(), "total": total, "logstores": names }),
    ))
}

/// `POST /logstores`
pub(super) fn create(server: &Server, call: &Call) -> Result<Answer, Error> {
    let project = server.project(call)?;
    let LogstoreBody {
        name,
        ttl_days,
        shards,
        properties,
    } = payload::logstore(&call.body)?;
    let name = name.ok_or_else(|| logstore_invalid("logstoreName is required"))?;
    let known = server.logstore.logstores(project).unwrap_or_default();
    if known.len() >= MOST_LOGSTORES && known.iter().all(|logstore| *logstore.name != *name) {
        let message = format!("a project has at most {MOST_LOGSTORES} logstores");
        return Err(Error::new(ErrorCode::ProjectQuotaExceed, message));
    }
    let usual = NewLogstore::default();
    let new = NewLogstore {
        ttl_days: ttl_days.unwrap_or(usual.ttl_days),
        shards: shards.unwrap_or(USUAL_SHARDS),
        properties,
        ..usual
    };
    let made = server.logstore.create_logstore(project, &name, new);
    made.map_err(|error| {
        answered(error, |name| {
            logstore_invalid(format!("logstore name {name} is invalid"))
        })
    })?;
    Ok(Answer::done())
}

/// What concerns one Logstore.
pub(super) fn run(
    server: &Server,
    place: &Place,
    operation: &LogstoreOperation,
    body: &[u8],
) -> Result<Answer, Error> {
    let Place {
        project, logstore, ..
    } = place;
    match operation {
        LogstoreOperation::Get => get(server, place),
        LogstoreOperation::Update => update(server, place, body),
        LogstoreOperation::Delete => {
            let deleted = server.logstore.delete_logstore(project, logstore);
            deleted.map_err(ours).map(|()| Answer::done())
        }
        LogstoreOperation::CreateIndex => set_index(server, place, body, true),
        LogstoreOperation::ReplaceIndex => set_index(server, place, body, false),
        LogstoreOperation::GetIndex => get_index(place),
        LogstoreOperation::DeleteIndex => {
            if place.store.index.is_none() {
                return Err(no_index());
            }
            let deleted = server.logstore.set_index(project, logstore, None);
            deleted.map_err(ours).map(|()| Answer::done())
        }
        LogstoreOperation::Shard(number, operation) => {
            shards::run(server, place, *number, operation)
        }
        LogstoreOperation::ListShards => Ok(shards::list(server, place)),
        LogstoreOperation::ListConsumerGroups => Ok(consumers::list(place)),
        LogstoreOperation::CreateConsumerGroup => consumers::create(server, place, body),
        LogstoreOperation::ConsumerGroup(name, operation) => {
            consumers::run(server, place, (name, operation), body)
        }
        LogstoreOperation::PutLogs(_)
        | LogstoreOperation::GetLogs
        | LogstoreOperation::Search(_) => Err(unsupported()),
    }
}

fn get(server: &Server, place: &Place) -> Result<Answer, Error> {
    let info = server.logstore.logstore(&place.project, &place.logstore);
    let info = info.ok_or_else(|| Error::logstore_not_exist(&place.logstore))?;
    Ok(Answer::json(&shown(&info)))
}

fn update(server: &Server, place: &Place, body: &[u8]) -> Result<Answer, Error> {
    let sent = payload::logstore(body)?;
    if sent
        .name
        .as_ref()
        .is_some_and(|name| *name != place.logstore)
    {
        return Err(logstore_invalid("a logstore cannot get another name"));
    }
    let changed = server.logstore.update_logstore(
        &place.project,
        &place.logstore,
        sent.ttl_days,
        sent.properties,
    );
    changed.map_err(ours)?;
    Ok(Answer::done())
}

/// Everything that was said when it was made, and what the server knows.
fn shown(info: &LogstoreInfo) -> Map<String, Value> {
    let defaults = json!({
        "logstoreName": &*info.name,
        "ttl": info.ttl_days,
        "shardCount": info.shards,
        "enable_tracking": false,
        "autoSplit": false,
        "maxSplitShard": 64,
        "appendMeta": false,
        "telemetryType": "",
        "mode": "standard",
        "createTime": info.created,
        "lastModifyTime": info.modified,
    });
    let mut shown = match defaults {
        Value::Object(defaults) => defaults,
        _ => Map::new(),
    };
    shown.extend(info.properties.clone());
    shown
}

fn set_index(server: &Server, place: &Place, body: &[u8], new: bool) -> Result<Answer, Error> {
    match (&place.store.index, new) {
        (Some(_), true) => {
            let message = "log store index is already created";
            return Err(Error::new(ErrorCode::IndexAlreadyExist, message));
        }
        (None, false) => return Err(no_index()),
        _ => {}
    }
    let mut index = payload::index(body)?;
    index.last_modify_time = Some(server.now().seconds());
    let set = server
        .logstore
        .set_index(&place.project, &place.logstore, Some(index));
    set.map_err(ours)?;
    Ok(Answer::done())
}

fn get_index(place: &Place) -> Result<Answer, Error> {
    let index = place.store.index.as_deref().ok_or_else(no_index)?;
    let mut index = index.clone();
    index.index_mode.get_or_insert_with(|| "v2".to_owned());
    index.storage.get_or_insert_with(|| "pg".to_owned());
    index.ttl.get_or_insert(place.store.row.ttl_days.into());
    index
        .last_modify_time
        .get_or_insert(place.store.row.modified);
    Ok(Answer::json(&index))
}

/// Elsewhere than in a query, its status is 404.
fn no_index() -> Error {
    Error::index_not_exist().with_status(404)
}
