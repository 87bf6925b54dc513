//! `flowlogd logstore`: the Logstores of the running daemon, over its own API.

mod create;
mod delete;
mod info;
mod list;

use flowlog_flowlog::{LogstoreName, ProjectName};
use flowlog_sls::index::{IndexConfig, IndexType};
use serde::Deserialize;

use super::client::{Call, CallError, Client};
use super::{
    CreateLogstoreArgs, DeleteLogstoreArgs, Failure, InfoArgs, ListArgs, LogstoreArgs,
    LogstoreCommand, Presented,
};
use crate::output::{Highlight, Output};

pub(super) fn logstore(args: &LogstoreArgs) -> Result<(), Failure> {
    match &args.command {
        LogstoreCommand::List(args) => list::list(args),
        LogstoreCommand::Create(args) => create::create(args),
        LogstoreCommand::Delete(args) => delete::delete(args),
        LogstoreCommand::Info(args) => info::info(args),
    }
}

/// What `GetLogstore` answers, as far as it is shown.
#[derive(Debug, Deserialize)]
struct Described {
    ttl: u32,
    #[serde(rename = "shardCount")]
    shards: u32,
    #[serde(rename = "createTime")]
    created: i64,
    #[serde(rename = "lastModifyTime")]
    modified: i64,
}

/// Project and Logstore, both checked.
fn names(project: &str, logstore: &str) -> Result<(ProjectName, LogstoreName), Failure> {
    let project = project_name(project)?;
    let logstore =
        LogstoreName::new(logstore).map_err(|error| Failure::usage(format!("LOGSTORE {error}")))?;
    Ok((project, logstore))
}

fn project_name(project: &str) -> Result<ProjectName, Failure> {
    ProjectName::new(project).map_err(|error| Failure::usage(format!("PROJECT {error}")))
}

fn described(client: &Client, logstore: &str) -> Result<Described, CallError> {
    client.json(&Call::new("GET", &["logstores", logstore]))
}

/// The index; `None` when there is none.
fn index(client: &Client, logstore: &str) -> Result<Option<IndexConfig>, CallError> {
    match client.json(&Call::new("GET", &["logstores", logstore, "index"])) {
        Ok(index) => Ok(Some(index)),
        Err(error) if error.is("IndexConfigNotExist") => Ok(None),
        Err(error) => Err(error),
    }
}

/// The keys of an index as `create --index` takes them.
fn keys(index: Option<&IndexConfig>) -> String {
    let keys = index.iter().flat_map(|index| &index.keys);
    let keys: Vec<String> = keys
        .map(|(name, key)| format!("{name}:{}", type_name(key.kind)))
        .collect();
    keys.join(",")
}

fn type_name(kind: IndexType) -> &'static str {
    match kind {
        IndexType::Text => "text",
        IndexType::Long => "long",
        IndexType::Double => "double",
        IndexType::Json => "json",
    }
}

fn output(presented: &Presented) -> Output {
    let highlight = presented.color.is_wanted().then(Highlight::default);
    Output::stdout(presented.format).highlighted(highlight)
}
