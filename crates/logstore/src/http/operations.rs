//! Does what is asked for, each kind of operation where it may take its time.

use std::sync::Arc;

use flowlog_sls::operation::{LogstoreOperation, ShardOperation};
use flowlog_sls::{Error, ErrorCode, Operation};

use super::answer::Answer;
use super::request::Call;
use super::{Server, logstores, projects, read, search, write};
use crate::store::{SPOOL, Store};

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
        Operation::QueryProject(_)
        | Operation::Logstore(_, LogstoreOperation::GetLogs | LogstoreOperation::Search(_)) => {
            search::run(server, call).await
        }
        _ => manage(server, call).await,
    };
    outcome.unwrap_or_else(|error| Answer::error(&error))
}

impl Server {
    /// The Project that a request names.
    pub(super) fn project<'c>(&self, call: &'c Call) -> Result<&'c str, Error> {
        let name = call.asked.project.as_deref().unwrap_or_default();
        if name != SPOOL && self.logstore.inner().catalog().has_project(name) {
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

/// An operation that has its place but is not done here.
pub(super) fn unsupported() -> Error {
    Error::new(ErrorCode::NotSupported, "this operation is not supported")
}
