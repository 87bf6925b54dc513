//! `flowlogd logstore create`.

use std::collections::BTreeMap;

use flowlog_sls::index::{IndexConfig, KeyIndex, LineIndex};
use serde_json::json;

use super::{Call, Client, CreateLogstoreArgs, Failure};
use crate::output::say;

pub(super) fn create(args: &CreateLogstoreArgs) -> Result<(), Failure> {
    let (project, logstore) = super::names(&args.project, &args.logstore)?;
    let index = IndexConfig {
        line: Some(LineIndex::usual()),
        keys: keys(&args.index).map_err(Failure::Usage)?,
        ..IndexConfig::default()
    };
    let config = args.place.load()?;
    let client = Client::of(&config, Some(project.as_str()))?;
    let new = json!({ "projectName": project.as_str(), "description": "" });
    match client.send(&Call::new("POST", &[]).body(&new)) {
        Err(error) if !error.is("ProjectAlreadyExist") => return Err(error.into()),
        _ => {}
    }
    let new = json!({
        "logstoreName": logstore.as_str(),
        "ttl": args.ttl,
        "shardCount": args.shards,
    });
    client.send(&Call::new("POST", &["logstores"]).body(&new))?;
    let path = ["logstores", logstore.as_str(), "index"];
    client
        .send(&Call::new("POST", &path).body(&json!(index)))
        .inspect_err(|_| say("the Logstore was created, but its index was not"))?;
    say(format_args!(
        "created {}/{}",
        project.as_str(),
        logstore.as_str()
    ));
    Ok(())
}

/// The keys of an index, written `key:type`.
fn keys(texts: &[String]) -> Result<BTreeMap<String, KeyIndex>, String> {
    let mut keys = BTreeMap::new();
    for text in texts {
        let (name, kind) = text.rsplit_once(':').unwrap_or((text, ""));
        let key = match kind {
            "text" => KeyIndex::text(),
            "long" => KeyIndex::long(),
            "double" => KeyIndex::double(),
            "json" => KeyIndex {
                kind: flowlog_sls::index::IndexType::Json,
                ..KeyIndex::text()
            },
            _ => {
                return Err(format!(
                    "--index {text}: not a key and its type; write KEY:text, KEY:long, KEY:double \
                     or KEY:json"
                ));
            }
        };
        if name.is_empty() {
            return Err(format!("--index {text}: a key has a name"));
        }
        if keys.insert(name.to_owned(), key).is_some() {
            return Err(format!("--index {text}: the key is named twice"));
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_a_name_and_a_type() {
        let texts = ["a:text", "b:long", "__tag__:c:double", "d:json"].map(str::to_owned);
        let index = IndexConfig {
            keys: keys(&texts).unwrap(),
            ..IndexConfig::default()
        };
        assert_eq!(
            super::super::keys(Some(&index)),
            "__tag__:c:double,a:text,b:long,d:json"
        );
    }

    #[test]
    fn what_is_no_key_is_said() {
        for (texts, problem) in [
            (&["a"][..], "--index a: not a key"),
            (&["a:int"], "--index a:int: not a key"),
            (&[":long"], "a key has a name"),
            (
                &["a:long", "a:text"],
                "--index a:text: the key is named twice",
            ),
        ] {
            let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
            let error = keys(&texts).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }
}
