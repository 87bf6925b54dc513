//! Where rows go beside the embedded Logstore.

use flowlog_sink::Endpoint;

use super::{Problem, sized, spanned};
use crate::config::Config;
use crate::config::path::Path;

const DAY_MS: u64 = 86_400_000;

pub(super) fn check_sink(config: &Config) -> Result<(), Problem> {
    let sink = &config.sink;
    sized("sink.max_backlog", sink.max_backlog, 1 << 20..=1 << 50)?;
    let age = sink.max_backlog_age.millis();
    spanned("sink.max_backlog_age", age, 60_000..=3650 * DAY_MS)?;
    spanned("sink.drain", sink.drain.millis(), 0..=3_600_000)
}

pub(super) fn check_regions(config: &Config) -> Result<(), Problem> {
    for (name, region) in &config.sls.region {
        let path = || Path::parse("sls.region").key(name);
        if !config.regions.contains(name) {
            let remedy = "name it in regions, or take it out";
            return Err(Problem::at(
                path(),
                "no region of this configuration",
                remedy,
            ));
        }
        if region.endpoint.parse::<Endpoint>().is_err() {
            let remedy = "write https://HOST or http://HOST:PORT, without a path";
            return Err(Problem::at(path().key("endpoint"), "no endpoint", remedy));
        }
        let (key, problem, remedy) = match (&region.secret, &region.secret_file) {
            (Some(_), Some(_)) => (
                "secret_file",
                "secret is written as well",
                "write one of them",
            ),
            (None, None) => (
                "secret",
                "no secret",
                "write secret = …, or secret_file = …",
            ),
            _ => continue,
        };
        return Err(Problem::at(path().key(key), problem, remedy));
    }
    Ok(())
}
