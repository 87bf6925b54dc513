//! `flowlogd logstore list`.

use serde::Deserialize;

use super::{Call, CallError, Client, Failure, ListArgs};
use crate::config::Config;

/// Names that one answer has at most (SLS, `ListLogStores`).
const PAGE: usize = 500;

#[derive(Deserialize)]
struct Projects {
    total: usize,
    projects: Vec<Project>,
}

#[derive(Deserialize)]
struct Project {
    #[serde(rename = "projectName")]
    name: String,
}

#[derive(Deserialize)]
struct Logstores {
    logstores: Vec<String>,
}

pub(super) fn list(args: &ListArgs) -> Result<(), Failure> {
    let only = args
        .project
        .as_deref()
        .map(super::project_name)
        .transpose()?;
    let config = args.presented.place.load()?;
    let projects = match &only {
        Some(project) => vec![project.as_str().to_owned()],
        None => projects(&config)?,
    };
    let mut output = super::output(&args.presented);
    let mut rows = output.rows(["project", "logstore", "ttl_days", "shards", "index"]);
    for project in projects {
        let client = Client::of(&config, Some(&project))?;
        let logstores = client.json::<Logstores>(&Call::new("GET", &["logstores"]));
        let logstores = match logstores {
            // deleted between two questions
            Err(error) if only.is_none() && error.is("ProjectNotExist") => continue,
            logstores => logstores?.logstores,
        };
        for logstore in logstores {
            match row(&client, &project, &logstore) {
                Err(error) if error.is("LogStoreNotExist") => {}
                row => rows.row(row?)?,
            }
        }
    }
    rows.finish()?;
    Ok(output.finish()?)
}

fn projects(config: &Config) -> Result<Vec<String>, Failure> {
    let client = Client::of(config, None)?;
    let mut names = Vec::new();
    loop {
        let (offset, size) = (names.len().to_string(), PAGE.to_string());
        let call = Call::new("GET", &[]).with([("offset", &*offset), ("size", &*size)]);
        let page: Projects = client.json(&call)?;
        let is_last = page.projects.is_empty();
        names.extend(page.projects.into_iter().map(|project| project.name));
        if is_last || names.len() >= page.total {
            return Ok(names);
        }
    }
}

fn row(client: &Client, project: &str, logstore: &str) -> Result<[String; 5], CallError> {
    let described = super::described(client, logstore)?;
    let index = super::index(client, logstore)?;
    Ok([
        project.to_owned(),
        logstore.to_owned(),
        described.ttl.to_string(),
        described.shards.to_string(),
        super::keys(index.as_ref()),
    ])
}
