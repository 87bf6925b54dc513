//! Does what is asked for, each kind of operation where it may take its time.

use std::sync::Arc;

use flowlog_sls::operation::{LogstoreOperation, SearchRequest, ShardOperation};
use flowlog_sls::{Error, ErrorCode, GetLogsRequest, Operation};

use super::answer::Answer;
use super::request::Call;
use super::{Server, logstores, payload, projects, read, write};
use crate::store::Store;

/// The Logstore that a request is for.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) project: String,
    pub(super) logstore: String,
    pub(super) store: Arc<Store>,
}

/// Does what is asked for.
pub(super) async fn run(server: &Arc<Server>, call: Call) -> Answer {
    let outcome = match &call.asked.operation {
        Operation::Logstore(_, LogstoreOperation::PutLogs(_)) => {
            write::put_logs(server, call).await
        }
        Operation::Logstore(_, LogstoreOperation::Shard(_, ShardOperation::PullLogs(_))) => {
            read::pull_logs(server, call).await
        }
        Operation::Logstore(
            _,
            LogstoreOperation::GetLogs | LogstoreOperation::Search(SearchRequest::Logs(_)),
        ) => get_logs(server, call).await,
        _ => manage(server, call).await,
    };
    outcome.unwrap_or_else(|error| Answer::error(&error))
}

impl Server {
    /// The Project that a request names.
    pub(super) fn project<'c>(&self, call: &'c Call) -> Result<&'c str, Error> {
        let name = call.asked.project.as_deref().unwrap_or_default();
        if self.logstore.inner().catalog().has_project(name) {
            Ok(name)
        } else {
            Err(Error::project_not_exist(name))
        }
    }

    /// The Logstore that a request is for.
    pub(super) fn place(&self, call: &Call) -> Result<Place, Error> {
        let project = self.project(call)?;
        let logstore = call.asked.operation.logstore().unwrap_or_default();
        let store = self
            .logstore
            .inner()
            .catalog()
            .store(project, logstore)
            .cloned();
        Ok(Place {
            project: project.to_owned(),
            logstore: logstore.to_owned(),
            store: store.ok_or_else(|| Error::logstore_not_exist(logstore))?,
        })
    }
}

/// On a thread where it may wait for the disk.
pub(super) async fn blocking(
    work: impl FnOnce() -> Result<Answer, Error> + Send + 'static,
) -> Result<Answer, Error> {
    let failed = |_| Error::new(ErrorCode::InternalServerError, "the operation failed");
    tokio::task::spawn_blocking(work).await.map_err(failed)?
}

/// What changes or tells how things are.
async fn manage(server: &Arc<Server>, call: Call) -> Result<Answer, Error> {
    let server = Arc::clone(server);
    blocking(move || match &call.asked.operation {
        Operation::ListProjects(request) => Ok(projects::list(&server, request)),
        Operation::CreateProject => projects::create(&server, &call),
        Operation::GetProject => projects::get(&server, &call),
        Operation::UpdateProject => projects::update(&server, &call),
        Operation::DeleteProject => projects::delete(&server, &call),
        Operation::ListLogstores(request) => logstores::list(&server, &call, request),
        Operation::CreateLogstore => logstores::create(&server, &call),
        Operation::Logstore(_, operation) => {
            let place = server.place(&call)?;
            logstores::run(&server, &place, operation, &call.body)
        }
        Operation::QueryProject(_) => Err(unsupported()),
    })
    .await
}

/// `GetLogs` of all versions.
async fn get_logs(server: &Arc<Server>, call: Call) -> Result<Answer, Error> {
    let place = server.place(&call)?;
    let request: GetLogsRequest = match &call.asked.operation {
        Operation::Logstore(_, LogstoreOperation::Search(SearchRequest::Logs(request))) => {
            request.clone()
        }
        _ => payload::query(&call.body)?,
    };
    let stopped = |_| Error::new(ErrorCode::ServerBusy, "the server is stopping");
    let permit = Arc::clone(&server.queries)
        .acquire_owned()
        .await
        .map_err(stopped)?;
    let server = Arc::clone(server);
    blocking(move || {
        let answer = server
            .logstore
            .query(&place.project, &place.logstore, &request);
        drop(permit);
        // Writing a large result as JSON takes its time too.
        answer.map(|answer| Answer::json(&answer).compressed(call.asked.accepted))
    })
    .await
}

/// An operation that has its place but is not done here.
pub(super) fn unsupported() -> Error {
    Error::new(ErrorCode::NotSupported, "this operation is not supported")
}
