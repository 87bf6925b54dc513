//! Which operation a request asks for: method, path and parameters as one value.
//!
//! Nothing here looks at a body. What a request may do is decided by [`Operation::action`] and
//! [`Operation::resource`]; whether what it names exists, by the server.

mod logstore;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::shown;
use crate::{Error, ErrorCode, Parameters, percent};

pub use logstore::{
    ConsumerGroupOperation, ContextRequest, LogstoreOperation, PullRequest, Route, SearchRequest,
    ShardOperation, TopicsRequest,
};

/// An operation on Projects, on one Project, or on a Logstore of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `GET /` on a host without a Project.
    ListProjects(ListRequest),
    /// `POST /`: the name is in the body.
    CreateProject,
    /// `GET /`
    GetProject,
    /// `PUT /`
    UpdateProject,
    /// `DELETE /`
    DeleteProject,
    /// `GET /logs`: SQL that names its Logstore.
    QueryProject(ProjectQuery),
    /// `GET /logstores`
    ListLogstores(ListRequest),
    /// `POST /logstores`: the name is in the body.
    CreateLogstore,
    /// Everything below `/logstores/{name}`.
    Logstore(String, LogstoreOperation),
}

/// Which names of a list are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListRequest {
    /// A part of the name; empty for all.
    pub part: String,
    /// Properties, and what they have to be.
    pub properties: Vec<(&'static str, String)>,
    /// How many to pass over.
    pub offset: usize,
    /// How many at most.
    pub size: usize,
}

/// SQL over a Logstore that it names itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectQuery {
    /// The statement.
    pub query: String,
    /// Start, seconds of the epoch, when it is said beside the statement.
    pub from: Option<i64>,
    /// End, seconds of the epoch, exclusive.
    pub to: Option<i64>,
}

/// What of a request says which operation it is.
#[derive(Clone, Copy, Debug)]
pub struct OperationParts<'a> {
    /// The method in upper case.
    pub method: &'a str,
    /// The path as sent.
    pub path: &'a str,
    /// The parameters.
    pub parameters: &'a Parameters,
    /// Whether the request names a Project.
    pub has_project: bool,
}

/// The most names that a list has.
const MOST_LISTED: usize = 500;

impl Operation {
    /// The operation of a request.
    ///
    /// # Errors
    /// `NotSupported` for a method and path that are no operation, [`allowed`] says which methods
    /// the path has; `ParameterInvalid` for parameters that are not what the operation takes.
    pub fn parse(parts: &OperationParts<'_>) -> Result<Self, Error> {
        let path = segments(parts.path)?;
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let OperationParts {
            method, parameters, ..
        } = parts;
        match (*method, path.as_slice()) {
            ("GET", []) if parts.has_project => Ok(Self::GetProject),
            ("GET", []) => {
                let properties = ["resourceGroupId"];
                ListRequest::of(parameters, "projectName", &properties).map(Self::ListProjects)
            }
            ("POST", []) => Ok(Self::CreateProject),
            ("PUT", []) => Ok(Self::UpdateProject),
            ("DELETE", []) => Ok(Self::DeleteProject),
            ("GET", ["logs"]) => ProjectQuery::of(parameters).map(Self::QueryProject),
            ("GET", ["logstores"]) => {
                let properties = ["telemetryType", "mode"];
                ListRequest::of(parameters, "logstoreName", &properties).map(Self::ListLogstores)
            }
            ("POST", ["logstores"]) => Ok(Self::CreateLogstore),
            (method, ["logstores", name, below @ ..]) => {
                match LogstoreOperation::parse(method, below, parameters)? {
                    Some(operation) => Ok(Self::Logstore((*name).to_owned(), operation)),
                    None => Err(unsupported(parts)),
                }
            }
            _ => Err(unsupported(parts)),
        }
    }

    /// The action that a policy allows or denies.
    pub const fn action(&self) -> &'static str {
        match self {
            Self::ListProjects(_) => "log:ListProject",
            Self::CreateProject => "log:CreateProject",
            Self::GetProject => "log:GetProject",
            Self::UpdateProject => "log:UpdateProject",
            Self::DeleteProject => "log:DeleteProject",
            Self::QueryProject(_) => "log:GetProjectLogs",
            Self::ListLogstores(_) => "log:ListLogStores",
            Self::CreateLogstore => "log:CreateLogStore",
            Self::Logstore(_, operation) => operation.action(),
        }
    }

    /// What the action is done to, as a policy names it behind `acs:log:{region}:{account}:`.
    /// `project` is the one that the request names.
    pub fn resource(&self, project: &str) -> String {
        match self {
            Self::ListProjects(_) => "project/*".to_owned(),
            Self::CreateProject
            | Self::GetProject
            | Self::UpdateProject
            | Self::DeleteProject
            | Self::QueryProject(_) => format!("project/{project}"),
            Self::ListLogstores(_) | Self::CreateLogstore => {
                format!("project/{project}/logstore/*")
            }
            Self::Logstore(logstore, operation) => {
                let below = operation.resource();
                format!("project/{project}/logstore/{logstore}{below}")
            }
        }
    }

    /// The Logstore that it concerns.
    pub fn logstore(&self) -> Option<&str> {
        match self {
            Self::Logstore(name, _) => Some(name),
            _ => None,
        }
    }
}

/// The methods under which a path is an operation; empty when there is none.
pub fn allowed(path: &str) -> Vec<&'static str> {
    let methods = ["GET", "POST", "PUT", "DELETE"];
    // With the parameters that some paths need to be one.
    let usual = Parameters::from_iter([("type", "checkpoint"), ("action", "merge")]);
    let is_one = |method: &str| {
        let outcome = Operation::parse(&OperationParts {
            method,
            path,
            parameters: &usual,
            has_project: true,
        });
        !matches!(outcome, Err(error) if error.code == ErrorCode::NotSupported)
    };
    methods
        .into_iter()
        .filter(|method| is_one(method))
        .collect()
}

impl ListRequest {
    fn of(parameters: &Parameters, name: &str, properties: &[&'static str]) -> Result<Self, Error> {
        // A client that was given nothing may send what its language calls that.
        let wanted = |key: &&'static str| {
            let value = parameters.get(key).filter(|value| *value != "None")?;
            Some((*key, value.to_owned()))
        };
        let number = |key, default| {
            let number = parameters.number(key, default)?;
            usize::try_from(number)
                .map_err(|_| Error::parameter(format!("The parameter {key} must not be negative")))
        };
        Ok(Self {
            part: parameters.get(name).unwrap_or_default().to_owned(),
            properties: properties.iter().filter_map(wanted).collect(),
            offset: number("offset", 0)?,
            size: number("size", 500)?.min(MOST_LISTED),
        })
    }

    /// The page of `items` that is wanted, and how many there are on all pages.
    pub fn page<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        name: impl Fn(&T) -> &str,
        property: impl for<'t> Fn(&'t T, &str) -> &'t str,
    ) -> (Vec<T>, usize) {
        let mut total = 0;
        let mut page = Vec::new();
        for item in items {
            let mut properties = self.properties.iter();
            let wanted = name(&item).contains(&self.part)
                && properties.all(|(key, wanted)| property(&item, key) == wanted);
            if !wanted {
                continue;
            }
            if total >= self.offset && page.len() < self.size {
                page.push(item);
            }
            total += 1;
        }
        (page, total)
    }
}

impl ProjectQuery {
    fn of(parameters: &Parameters) -> Result<Self, Error> {
        let query = parameters
            .get("query")
            .ok_or_else(|| Error::parameter("The parameter query is required"))?;
        let number = |key| match parameters.get(key) {
            None => Ok(None),
            Some(_) => parameters.number(key, 0).map(Some),
        };
        Ok(Self {
            query: query.to_owned(),
            from: number("from")?,
            to: number("to")?,
        })
    }
}

/// The decoded segments of a path; a slash at the end adds none.
fn segments(path: &str) -> Result<Vec<String>, Error> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let decoded = |segment| {
        String::from_utf8(percent::decode(segment, false).into_owned())
            .map_err(|_| Error::parameter("the path is not UTF-8 once decoded"))
    };
    path.split('/').map(decoded).collect()
}

fn unsupported(parts: &OperationParts<'_>) -> Error {
    let message = format!(
        "{} {} is not supported",
        shown(parts.method),
        shown(parts.path)
    );
    Error::new(ErrorCode::NotSupported, message)
}

#[cfg(test)]
mod tests;
