//! Keys and users, looked at together.

use std::collections::BTreeSet;

use flowlog_access::policy::Policy;

use super::Problem;
use crate::config::Config;
use crate::config::path::Path;

pub(super) fn check_keys(config: &Config) -> Result<(), Problem> {
    let mut seen = BTreeSet::new();
    let keys = config
        .access_key
        .iter()
        .map(|key| ("access_key", &key.key.id));
    let users = config.user.iter().map(|user| ("user", &user.id));
    let places = (0..config.access_key.len()).chain(0..config.user.len());
    for ((list, id), at) in keys.chain(users).zip(places) {
        if !seen.insert(id) {
            let path = Path::parse(list).item(at).key("id");
            let remedy = "give every key an id of its own";
            return Err(Problem::at(path, "another key has this id", remedy));
        }
    }
    let keys = config.access_key.iter();
    let for_ever = keys
        .clone()
        .position(|key| key.expires.is_some() && key.security_token.is_none());
    if let Some(at) = for_ever {
        let path = Path::parse("access_key").item(at).key("expires");
        let problem = "only a key with a security token can expire";
        return Err(Problem::at(path, problem, "add security_token = …"));
    }
    Ok(())
}

pub(super) fn check_users(config: &Config) -> Result<(), Problem> {
    let mut seen = BTreeSet::new();
    for (at, user) in config.user.iter().enumerate() {
        let path = Path::parse("user").item(at);
        if user.name.is_empty() || !seen.insert(&user.name) {
            let remedy = "give every user a name of its own";
            return Err(Problem::at(
                path.key("name"),
                "empty, or another user's",
                remedy,
            ));
        }
        for (policy, text) in user.policies.iter().enumerate() {
            let Err(problem) = serde_json::from_str::<Policy>(text) else {
                continue;
            };
            let path = path.key("policies").item(policy);
            let (wrong, remedy) = if problem.is_data() {
                ("no RAM policy", "correct the policy")
            } else {
                ("not JSON", "correct the JSON text")
            };
            return Err(Problem::at(path, format!("{wrong}: {problem}"), remedy));
        }
    }
    Ok(())
}
