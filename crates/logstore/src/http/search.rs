//! Questions about logs: `GetLogs` of all versions, histograms, topics, SQL of a Project.

mod from;

use std::sync::Arc;

use flowlog_sls::operation::{LogstoreOperation, ProjectQuery, SearchRequest, TopicsRequest};
use flowlog_sls::{
    Error, ErrorCode, GetLogsRequest, GetLogsResponse, HistogramRequest, Operation, Progress,
    percent,
};
use serde_json::{Map, Value};
use tokio::sync::OwnedSemaphorePermit;

use super::answer::Answer;
use super::operations::{Place, blocking, unsupported};
use super::request::Call;
use super::{Server, payload, read};
use crate::topics;
use from::Named;

/// Answers a question; as many at a time as queries may run.
pub(super) async fn run(server: &Arc<Server>, call: Call) -> Result<Answer, Error> {
    let permit = server.query_permit().await?;
    let server = Arc::clone(server);
    blocking(move || {
        let answer = ask(&server, &call);
        drop(permit);
        // Compressing a large result takes its time too.
        answer.map(|answer| answer.compressed(call.asked.accepted))
    })
    .await
}

impl Server {
    /// Waits until another query may run.
    pub(super) async fn query_permit(&self) -> Result<OwnedSemaphorePermit, Error> {
        let permit = Arc::clone(&self.queries).acquire_owned().await;
        permit.map_err(|_| Error::new(ErrorCode::ServerBusy, "the server is stopping"))
    }
}

fn ask(server: &Server, call: &Call) -> Result<Answer, Error> {
    if let Operation::QueryProject(query) = &call.asked.operation {
        return project_sql(server, call, query);
    }
    let place = server.place(call)?;
    let Operation::Logstore(_, operation) = &call.asked.operation else {
        return Err(unsupported());
    };
    match operation {
        LogstoreOperation::GetLogs => {
            let request = payload::query(&call.body)?;
            get_logs(server, &place, &request).map(|answer| Answer::json(&answer))
        }
        LogstoreOperation::Search(request) => match request {
            SearchRequest::Logs(request) => {
                get_logs(server, &place, request).map(|answer| older(&answer))
            }
            SearchRequest::Histograms(request) => histograms(server, &place, request),
            SearchRequest::Topics(request) => list_topics(server, &place, request),
            SearchRequest::Context(request) => {
                let inner = server.logstore.inner();
                let answer = inner.context(&place.store, request)?;
                Ok(Answer::json(&answer))
            }
        },
        _ => Err(unsupported()),
    }
}

fn get_logs(
    server: &Server,
    place: &Place,
    request: &GetLogsRequest,
) -> Result<GetLogsResponse, Error> {
    server
        .logstore
        .query(&place.project, &place.logstore, request)
}

/// The older answer: rows alone, and the meta in headers.
fn older(answer: &GetLogsResponse) -> Answer {
    let mut shown = Answer::json(&answer.data);
    for (name, value) in answer.meta.headers() {
        shown = shown.with(name, value);
    }
    let info = query_info(answer);
    // A header is ASCII; the keys may not be.
    if info.is_ascii() {
        shown = shown.with("x-log-query-info", info);
    }
    shown
}

fn query_info(answer: &GetLogsResponse) -> String {
    let Ok(Value::Object(meta)) = serde_json::to_value(&answer.meta) else {
        return String::new();
    };
    let wanted = [
        "mode",
        "keys",
        "terms",
        "limited",
        "marker",
        "phraseQueryInfo",
        "shard",
        "scanBytes",
        "isAccurate",
        "columnTypes",
        "highlights",
    ];
    let is_wanted = |key: &str| wanted.contains(&key);
    let info: Map<String, Value> = meta.into_iter().filter(|(key, _)| is_wanted(key)).collect();
    Value::Object(info).to_string()
}

fn histograms(server: &Server, place: &Place, request: &HistogramRequest) -> Result<Answer, Error> {
    let inner = server.logstore.inner();
    let intervals = inner.histograms(&place.store, request)?;
    let total: u64 = intervals.iter().map(|interval| interval.count).sum();
    let progress = intervals
        .first()
        .map_or(Progress::Complete, |interval| interval.progress);
    Ok(Answer::json(&intervals)
        .with("x-log-progress", progress.as_str())
        .with("x-log-count", total.to_string()))
}

fn list_topics(server: &Server, place: &Place, request: &TopicsRequest) -> Result<Answer, Error> {
    let token = percent::decode(&request.token, false);
    let token = String::from_utf8_lossy(&token);
    let mut found = read::readable(server, place, || {
        topics::topics(&place.store, &token, request.line.saturating_add(1))
    })?;
    let next = found.split_off(request.line.min(found.len()));
    let next = next.first().map(|topic| percent::encode(topic.as_bytes()));
    Ok(Answer::json(&found)
        .with("x-log-count", found.len().to_string())
        .with("x-log-nexttoken", next.unwrap_or_default()))
}

/// SQL that names its Logstores; its period is that of the parameters, or all of time.
fn project_sql(server: &Server, call: &Call, query: &ProjectQuery) -> Result<Answer, Error> {
    let project = server.project(call)?;
    let Named { logstores, sql } = from::named(&query.query)?;
    let period = (query.from.unwrap_or(0), query.to.unwrap_or(u32::MAX.into()));
    let request = GetLogsRequest::new(period.0, period.1, format!("* | {sql}"));
    let answer = match logstores.as_slice() {
        [logstore] => server.logstore.query(project, logstore, &request)?,
        several => server.logstore.query_several(project, several, &request)?,
    };
    Ok(older(&answer))
}
