//! `flowlogd logstore info`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Call, Client, Failure, InfoArgs};
use crate::output::Format;

#[derive(Deserialize)]
struct Shard {
    #[serde(rename = "shardID")]
    number: u32,
    status: String,
    #[serde(rename = "inclusiveBeginKey")]
    begin: String,
    #[serde(rename = "exclusiveEndKey")]
    end: String,
}

pub(super) fn info(args: &InfoArgs) -> Result<(), Failure> {
    let (project, logstore) = super::names(&args.project, &args.logstore)?;
    let logstore = logstore.as_str();
    let config = args.presented.place.load()?;
    let client = Client::of(&config, Some(project.as_str()))?;
    let described = super::described(&client, logstore)?;
    let index = super::index(&client, logstore)?;
    let shards: Vec<Shard> = client.json(&Call::new("GET", &["logstores", logstore, "shards"]))?;
    let mut facts: Vec<(String, Value)> = vec![
        ("project".to_owned(), project.as_str().into()),
        ("logstore".to_owned(), logstore.into()),
        ("ttl_days".to_owned(), described.ttl.into()),
        ("rows".to_owned(), rows(&client, logstore)?.into()),
        ("created".to_owned(), moment(described.created).into()),
        ("modified".to_owned(), moment(described.modified).into()),
        ("index".to_owned(), super::keys(index.as_ref()).into()),
        (
            "full_text".to_owned(),
            index.is_some_and(|index| index.line.is_some()).into(),
        ),
    ];
    let mut output = super::output(&args.presented);
    if args.presented.format == Format::Json {
        let shards: Vec<Value> = shards.iter().map(shown).collect();
        facts.push(("shards".to_owned(), shards.into()));
        output.json(&facts.into_iter().collect::<Map<_, _>>())?;
        return Ok(output.finish()?);
    }
    for shard in &shards {
        let (status, begin, end) = (&shard.status, &shard.begin, &shard.end);
        let name = format!("shard {}", shard.number);
        facts.push((name, format!("{status} {begin} {end}").into()));
    }
    let mut rows = output.rows(["what", "value"]);
    for (name, value) in facts {
        let value = match value {
            Value::String(text) => text,
            Value::Null => "-".to_owned(),
            value => value.to_string(),
        };
        rows.row([name, value])?;
    }
    rows.finish()?;
    Ok(output.finish()?)
}

/// How many rows it has; `None` where nothing can be searched, because there is no index.
fn rows(client: &Client, logstore: &str) -> Result<Option<u64>, Failure> {
    let end = u32::MAX.to_string();
    let parameters = [
        ("type", "histogram"),
        ("from", "0"),
        ("to", &end),
        ("query", "*"),
    ];
    match client.send(&Call::new("GET", &["logstores", logstore]).with(parameters)) {
        Ok(answered) => Ok((answered.header("x-log-count")).and_then(|count| count.parse().ok())),
        Err(error) if error.is("IndexConfigNotExist") => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn shown(shard: &Shard) -> Value {
    json!({
        "shard": shard.number,
        "status": shard.status,
        "begin": shard.begin,
        "end": shard.end,
    })
}

/// Seconds of the epoch as RFC 3339.
fn moment(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |at| at.to_string())
}
