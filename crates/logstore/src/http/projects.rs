//! Projects: create, get, update, delete, list.

use flowlog_record::Timestamp;
use flowlog_sls::operation::ListRequest;
use flowlog_sls::{Error, ErrorCode, date};
use serde_json::{Map, Value, json};

use super::Server;
use super::answer::Answer;
use super::payload;
use super::request::Call;
use crate::error::ManageError;
use crate::store::ProjectInfo;

/// `POST /`
pub(super) fn create(server: &Server, call: &Call) -> Result<Answer, Error> {
    let new = payload::new_project(&call.body)?;
    let made = server
        .logstore
        .create_project_with(&new.name, &new.description, new.properties);
    made.map_err(|error| {
        answered(error, |name| {
            Error::parameter(format!("project name {name} is invalid"))
        })
    })?;
    Ok(Answer::done())
}

/// `GET /` on the host of a Project.
pub(super) fn get(server: &Server, call: &Call) -> Result<Answer, Error> {
    let name = server.project(call)?;
    let project = server.logstore.project(name);
    let project = project.ok_or_else(|| Error::project_not_exist(name))?;
    Ok(Answer::json(&shown(server, &project)))
}

/// `PUT /`
pub(super) fn update(server: &Server, call: &Call) -> Result<Answer, Error> {
    let name = server.project(call)?;
    let description = payload::description(&call.body)?;
    let changed = server.logstore.update_project(name, &description);
    changed.map_err(ours)?;
    Ok(Answer::done())
}

/// `DELETE /`
pub(super) fn delete(server: &Server, call: &Call) -> Result<Answer, Error> {
    let name = server.project(call)?;
    server.logstore.delete_project(name).map_err(ours)?;
    Ok(Answer::done())
}

/// `GET /` on a host without a Project.
pub(super) fn list(server: &Server, request: &ListRequest) -> Answer {
    let projects = server.logstore.projects();
    let (page, total) = request.page(
        projects,
        |project| &project.name,
        |project, key| {
            project
                .properties
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
        },
    );
    let page: Vec<_> = page.iter().map(|project| shown(server, project)).collect();
    Answer::json(&json!({ "count": page.len(), "total": total, "projects": page }))
}

fn shown(server: &Server, project: &ProjectInfo) -> Map<String, Value> {
    let mut shown = Map::new();
    let mut set = |key: &str, value: Value| {
        shown.insert(key.to_owned(), value);
    };
    set("projectName", (&*project.name).into());
    set("description", project.description.as_str().into());
    set("status", "Normal".into());
    set("owner", "".into());
    set("region", server.access.region.as_str().into());
    set("createTime", moment(project.created).into());
    set("lastModifyTime", moment(project.modified).into());
    set("resourceGroupId", "".into());
    set("dataRedundancyType", "LRS".into());
    for (key, value) in &project.properties {
        if !value.is_null() {
            set(key, value.clone());
        }
    }
    shown
}

/// `2023-11-14 22:13:20`
fn moment(seconds: i64) -> String {
    let text = date::log_date(Timestamp(seconds.saturating_mul(1000)));
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-{} {}:{}:{}",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(9, 11),
        part(11, 13),
        part(13, 15)
    )
}

/// The answer to what cannot be made or changed; a name that is none depends on what was named.
pub(super) fn answered(error: ManageError, invalid_name: impl FnOnce(&str) -> Error) -> Error {
    match error {
        ManageError::InvalidName(name) => invalid_name(
            name.get(..name.floor_char_boundary(100))
                .unwrap_or_default(),
        ),
        ManageError::OutOfRange(what) => Error::new(
            ErrorCode::LogStoreInfoInvalid,
            format!("{what} is out of range"),
        ),
        ManageError::NoSuchProject(name) => Error::project_not_exist(&name),
        ManageError::NoSuchLogstore(name) => Error::logstore_not_exist(&name),
        ManageError::ProjectExists(name) => Error::project_already_exist(&name),
        ManageError::LogstoreExists(name) => Error::logstore_already_exist(&name),
        error @ (ManageError::Metadata(_) | ManageError::Open(_)) => {
            tracing::error!(%error, "cannot bring a change to disk");
            Error::new(ErrorCode::InternalServerError, error.to_string())
        }
    }
}

/// The same where no new name is given.
pub(super) fn ours(error: ManageError) -> Error {
    answered(error, Error::logstore_not_exist)
}
