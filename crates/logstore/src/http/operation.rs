//! The operations, by method and path.

use std::sync::Arc;

use bytes::Bytes;
use flowlog_sls::{Error, ErrorCode, GetLogsRequest, Parameters};
use hyper::Method;

use super::Server;
use super::answer::Answer;

/// A request that is whole and signed by a key we know.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// As sent.
    pub(super) path: String,
    #[expect(dead_code, reason = "for the operations that have no body")]
    pub(super) parameters: Parameters,
    pub(super) project: Option<String>,
    pub(super) body: Bytes,
}

/// Does what is asked for.
pub(super) async fn run(server: &Server, call: Call) -> Answer {
    let path = call.path.clone();
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let outcome = match (&call.method, segments.as_slice()) {
        (&Method::POST, ["logstores", logstore, "logs"]) => get_logs(server, &call, logstore).await,
        _ => Err(unsupported(&call)),
    };
    outcome.unwrap_or_else(|error| Answer::error(&error))
}

fn unsupported(call: &Call) -> Error {
    let message = format!("{} {} is not supported", call.method, call.path);
    Error::new(ErrorCode::NotSupported, message)
}

/// `GetLogs`, versions 2 and 3: the request in the body.
async fn get_logs(server: &Server, call: &Call, logstore: &str) -> Result<Answer, Error> {
    let project = call
        .project
        .clone()
        .ok_or_else(|| Error::project_not_exist(""))?;
    let request: GetLogsRequest = serde_json::from_slice(&call.body).map_err(|error| {
        let message = format!("The request body is not valid JSON object: {error}");
        Error::new(ErrorCode::PostBodyInvalid, message)
    })?;
    let stopped = |_| Error::new(ErrorCode::ServerBusy, "the server is stopping");
    let permit = Arc::clone(&server.queries)
        .acquire_owned()
        .await
        .map_err(stopped)?;
    let store = Arc::clone(&server.logstore);
    let logstore = logstore.to_owned();
    let query = tokio::task::spawn_blocking(move || {
        let answer = store.query(&project, &logstore, &request);
        drop(permit);
        // Writing a large result as JSON takes its time too.
        answer.map(|answer| Answer::json(&answer))
    });
    let failed = |_| Error::new(ErrorCode::InternalServerError, "the query failed");
    query.await.map_err(failed)?
}
