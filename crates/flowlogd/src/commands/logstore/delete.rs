//! `flowlogd logstore delete`.

use std::io::{self, BufRead, IsTerminal};

use super::{Call, Client, DeleteLogstoreArgs, Failure};
use crate::output::say;

pub(super) fn delete(args: &DeleteLogstoreArgs) -> Result<(), Failure> {
    let (project, logstore) = super::names(&args.project, &args.logstore)?;
    let (project, logstore) = (project.as_str(), logstore.as_str());
    if !args.yes && !io::stdin().is_terminal() {
        return Err(Failure::usage(format!(
            "deleting {project}/{logstore} deletes all its rows, and nobody is here to be asked; \
             say --yes"
        )));
    }
    let config = args.place.load()?;
    let client = Client::of(&config, Some(project))?;
    // what is not there need not be asked about
    super::described(&client, logstore)?;
    if !args.yes && !is_meant(project, logstore) {
        return Err(Failure::failed("nothing was deleted"));
    }
    client.send(&Call::new("DELETE", &["logstores", logstore]))?;
    say(format_args!("deleted {project}/{logstore}"));
    Ok(())
}

fn is_meant(project: &str, logstore: &str) -> bool {
    say(format_args!(
        "this deletes {project}/{logstore} with all its rows; type its name, {logstore}, to go on:"
    ));
    let mut typed = String::new();
    io::stdin().lock().read_line(&mut typed).is_ok() && typed.trim() == logstore
}
