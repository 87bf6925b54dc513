//! Splitting, merging and deleting shards.

use serde_json::{Value, json};

use super::{Reply, Sent, served};
use crate::sample::NOW;

const STORE: &str = "/logstores/divided";

struct Shards(u16);

impl Shards {
    fn change(&self, method: &'static str, below: &str) -> Reply {
        Sent::new(method, &format!("{STORE}/shards{below}")).ask(self.0)
    }

    /// Number, status and first two digits of the range of each shard.
    fn list(&self) -> Vec<String> {
        let reply = self.change("GET", "").value();
        reply.as_array().unwrap().iter().map(shown).collect()
    }

    fn put(&self, key: &str) {
        let body = json!({ "__logs__": [{ "__time__": NOW, "key": key }] });
        let target = format!("{STORE}/shards/route?key={key:0<32}");
        Sent::new("POST", &target).json(&body).ask(self.0).is_done();
    }

    /// How many `LogGroup`s a shard has.
    fn groups(&self, shard: u32) -> String {
        let cursor = self.change("GET", &format!("/{shard}?type=cursor&from=begin"));
        let cursor = cursor.value()["cursor"].as_str().unwrap().to_owned();
        let reply = self.change("GET", &format!("/{shard}?type=log&cursor={cursor}"));
        reply.header("x-log-count").unwrap().to_owned()
    }
}

fn shown(shard: &Value) -> String {
    let text = |key: &str| shard[key].as_str().unwrap().to_owned();
    let (begin, end) = (text("inclusiveBeginKey"), text("exclusiveEndKey"));
    format!(
        "{} {} {}-{}",
        shard["shardID"],
        text("status"),
        &begin[..2],
        &end[..2]
    )
}

fn with_shards(count: u32, test: impl FnOnce(&Shards)) {
    served(|port| {
        let create = json!({ "logstoreName": "divided", "shardCount": count });
        Sent::new("POST", "/logstores")
            .json(&create)
            .ask(port)
            .is_done();
        test(&Shards(port));
    });
}

#[test]
fn a_shard_is_split_and_its_children_take_its_keys() {
    with_shards(1, |shards| {
        shards.put("10");
        let changed = shards.change("POST", "/0?action=split").value();
        let changed: Vec<String> = changed.as_array().unwrap().iter().map(shown).collect();
        let wanted = ["0 readonly 00-ff", "1 readwrite 00-80", "2 readwrite 80-ff"];
        assert_eq!(changed, wanted);
        assert_eq!(shards.list(), wanted);
        let key = format!("{:0<32}", "a0");
        let split = shards.change("POST", &format!("/2?action=split&key={key}"));
        assert_eq!(split.value().as_array().unwrap().len(), 3);
        assert_eq!(
            shards.list()[3..],
            ["3 readwrite 80-a0", "4 readwrite a0-ff"]
        );
        for key in ["00", "7f", "80", "9f", "a0", "ff"] {
            shards.put(key);
        }
        let groups: Vec<String> = (0..5).map(|shard| shards.groups(shard)).collect();
        assert_eq!(groups, ["1", "2", "0", "2", "2"]);
        let three = shards
            .change("POST", "/1?action=split&shardCount=3")
            .value();
        assert_eq!(three.as_array().unwrap().len(), 4);
    });
}

#[test]
fn neighbours_are_merged_and_what_is_readonly_is_deleted() {
    with_shards(3, |shards| {
        shards.put("60");
        let merged = shards.change("POST", "/1?action=merge").value();
        let merged: Vec<String> = merged.as_array().unwrap().iter().map(shown).collect();
        let wanted = ["1 readonly 55-aa", "2 readonly aa-ff", "3 readwrite 55-ff"];
        assert_eq!(merged, wanted);
        shards.put("60");
        assert_eq!(
            (shards.groups(1), shards.groups(3)),
            ("1".to_owned(), "1".to_owned())
        );
        shards.change("DELETE", "/1").is_done();
        let left = ["0 readwrite 00-55", "2 readonly aa-ff", "3 readwrite 55-ff"];
        assert_eq!(shards.list(), left);
        let gone = shards.change("GET", "/1?type=cursor&from=begin");
        assert_eq!(gone.code(), "404 ShardNotExist");
    });
}

#[test]
fn what_cannot_become_of_a_shard_is_said() {
    with_shards(2, |shards| {
        shards.change("POST", "/0?action=split").value();
        let key = format!("{:0<32}", "80");
        for (method, below, code) in [
            ("POST", "/1?action=merge".to_owned(), "400 ParameterInvalid"),
            ("POST", "/0?action=split".to_owned(), "400 ParameterInvalid"),
            ("POST", "/0?action=merge".to_owned(), "400 ParameterInvalid"),
            (
                "POST",
                format!("/2?action=split&key={key}"),
                "400 ParameterInvalid",
            ),
            ("POST", "/9?action=split".to_owned(), "400 ParameterInvalid"),
            ("POST", "/9?action=merge".to_owned(), "400 ParameterInvalid"),
            ("DELETE", "/1".to_owned(), "400 ParameterInvalid"),
            ("DELETE", "/9".to_owned(), "404 ShardNotExist"),
        ] {
            assert_eq!(shards.change(method, &below).code(), code, "{below}");
        }
        let full = "/1?action=split&shardCount=64";
        shards.change("POST", full).value();
        assert_eq!(shards.list().len(), 68);
    });
}

#[test]
fn a_group_in_order_reads_children_after_their_parent() {
    with_shards(1, |shards| {
        shards.put("10");
        let group = json!({ "consumerGroup": "readers", "timeout": 60, "order": true });
        let target = format!("{STORE}/consumergroups");
        Sent::new("POST", &target)
            .json(&group)
            .ask(shards.0)
            .is_done();
        shards.change("POST", "/0?action=split").value();
        let post = |query: &str, body: &Value| {
            let target = format!("{STORE}/consumergroups/readers?consumer=a&{query}");
            Sent::new("POST", &target).json(body).ask(shards.0)
        };
        let beat = |holds: Value| post("type=heartbeat", &holds).value();
        assert_eq!(beat(json!([])), json!([0]));
        let end = shards.change("GET", "/0?type=cursor&from=end").value();
        let saved = json!({ "shard": 0, "checkpoint": end["cursor"] });
        post("type=checkpoint", &saved).is_done();
        assert_eq!(beat(json!([0])), json!([0, 1, 2]));
    });
}
