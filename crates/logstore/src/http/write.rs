//! `PutLogs`: answered when the logs are on disk.

use std::sync::Arc;

use flowlog_sls::operation::{LogstoreOperation, Route};
use flowlog_sls::{Error, ErrorCode, Operation};
use tokio::sync::oneshot;

use super::Server;
use super::answer::Answer;
use super::operations::{Place, blocking};
use super::request::Call;
use crate::batch::{Batch, Group, Origin};
use crate::error::{AppendError, Refused};
use crate::stats::count;
use crate::store::Appended;

/// Stores what was sent. Its memory is given back when it is on disk.
pub(super) async fn put_logs(server: &Arc<Server>, mut call: Call) -> Result<Answer, Error> {
    let memory = call.memory.take();
    let place = server.place(&call)?;
    let route = match call.asked.operation {
        Operation::Logstore(_, LogstoreOperation::PutLogs(route)) => route,
        _ => Route::Balanced,
    };
    let (done, stored) = oneshot::channel();
    let writing = Arc::clone(server);
    let submitted = blocking(move || {
        let mut batch = batch(&writing, &place, &call)?;
        if let Route::Sequence(key, number) = route {
            batch.origin = Some(Origin::of_sequence(key.0, number));
            for group in &mut batch.groups {
                group.numbers = vec![number; group.rows()];
            }
        }
        writing
            .logstore
            .append_routed(batch, route, move |outcome| {
                // The client may be gone.
                drop(done.send(outcome));
            });
        Ok(Answer::done())
    });
    let answer = submitted.await?;
    let stopped = |_| Error::new(ErrorCode::ServerBusy, "the server is stopping");
    let outcome: Result<Appended, Refused> = stored.await.map_err(stopped)?;
    drop(memory);
    let appended = outcome.map_err(|refused| answered(&refused.error))?;
    if let (Route::Sequence(key, number), true) = (route, appended.repeated > 0) {
        let message = format!(
            "seqid {number} is not greater than that of what was last written under key {key}"
        );
        return Err(Error::new(ErrorCode::InvalidSequenceId, message));
    }
    count(&server.logstore.inner().counters.rows_put, appended.rows);
    Ok(answer)
}

fn batch(server: &Server, place: &Place, call: &Call) -> Result<Batch, Error> {
    let envelope = call.asked.envelope.as_ref();
    let envelope = envelope
        .ok_or_else(|| Error::new(ErrorCode::InternalServerError, "the body was not announced"))?;
    let now = server.now();
    let mut groups = envelope.open(&call.body, now)?;
    if place.store.append_meta {
        let received: Arc<str> = now.seconds().to_string().into();
        let client: Arc<str> = call.peer.to_string().into();
        for group in &mut groups {
            append_meta(group, &client, &received);
        }
    }
    Ok(Batch {
        project: place.project.as_str().into(),
        logstore: place.logstore.as_str().into(),
        origin: None,
        groups,
    })
}

fn append_meta(group: &mut Group, client: &Arc<str>, received: &Arc<str>) {
    for (key, value) in [("__client_ip__", client), ("__receive_time__", received)] {
        group.tags.push((key.into(), Arc::clone(value)));
    }
}

fn answered(error: &AppendError) -> Error {
    match error {
        AppendError::Invalid(problem) => {
            Error::new(ErrorCode::PostBodyInvalid, problem.to_string())
        }
        AppendError::TooLong => Error::new(ErrorCode::PostBodyTooLarge, error.to_string()),
        AppendError::NoSuchLogstore { logstore, .. } => Error::logstore_not_exist(logstore),
        AppendError::Full => {
            let message = "the disk, or its budget, is full, and there is nothing left to delete";
            Error::new(ErrorCode::WriteQuotaExceed, message)
        }
        AppendError::Journal(problem) => {
            Error::new(ErrorCode::InternalServerError, problem.to_string())
        }
        AppendError::Closed => Error::new(ErrorCode::ServerBusy, error.to_string()),
    }
}
