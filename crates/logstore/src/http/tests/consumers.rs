//! Consumer groups.

use flowlog_sls::Cursor;
use serde_json::{Value, json};

use super::{Reply, Sent, served};
use crate::sample::NOW;

const GROUPS: &str = "/logstores/consumed/consumergroups";

struct Groups(u16);

impl Groups {
    fn send(&self, method: &'static str, below: &str, body: Option<&Value>) -> Reply {
        let sent = Sent::new(method, &format!("{GROUPS}{below}"));
        match body {
            Some(body) => sent.json(body).ask(self.0),
            None => sent.ask(self.0),
        }
    }

    fn create(&self, name: &str) -> Reply {
        let body = json!({ "consumerGroup": name, "timeout": 60, "order": false });
        self.send("POST", "", Some(&body))
    }

    fn beat(&self, consumer: &str, holds: &Value) -> Reply {
        let below = format!("/readers?type=heartbeat&consumer={consumer}");
        self.send("POST", &below, Some(holds))
    }

    fn save(&self, query: &str, shard: u32, checkpoint: &str) -> Reply {
        let body = json!({ "shard": shard, "checkpoint": checkpoint });
        let below = format!("/readers?type=checkpoint&{query}");
        self.send("POST", &below, Some(&body))
    }
}

fn with_group(test: impl FnOnce(&Groups)) {
    served(|port| {
        let create = json!({ "logstoreName": "consumed", "shardCount": 2 });
        Sent::new("POST", "/logstores")
            .json(&create)
            .ask(port)
            .is_done();
        let groups = Groups(port);
        groups.create("readers").is_done();
        test(&groups);
    });
}

#[test]
fn groups_are_made_changed_listed_and_deleted() {
    with_group(|groups| {
        assert_eq!(
            groups.create("readers").code(),
            "400 ConsumerGroupAlreadyExist"
        );
        assert_eq!(groups.create("").code(), "400 JsonInfoInvalid");
        let update = json!({ "order": true, "timeout": 40 });
        groups.send("PUT", "/readers", Some(&update)).is_done();
        let list = || groups.send("GET", "", None).value();
        let wanted = json!([{ "name": "readers", "timeout": 40, "order": true }]);
        assert_eq!(list(), wanted);
        for n in 1..30 {
            groups.create(&format!("more-{n}")).is_done();
        }
        assert_eq!(
            groups.create("one-too-many").code(),
            "403 ConsumerGroupQuotaExceed"
        );
        groups.send("DELETE", "/readers", None).is_done();
        assert_eq!(list().as_array().unwrap().len(), 29);
        for reply in [
            groups.send("DELETE", "/readers", None),
            groups.send("PUT", "/readers", Some(&update)),
            groups.send("GET", "/readers", None),
            groups.beat("a", &json!([])),
            groups.save("consumer=&forceSuccess=true", 0, ""),
        ] {
            assert_eq!(reply.code(), "404 ConsumerGroupNotExist");
        }
    });
}

#[test]
fn shards_are_shared_by_those_who_send_heartbeats() {
    with_group(|groups| {
        assert_eq!(groups.beat("a", &json!([])).value(), json!([0, 1]));
        assert_eq!(groups.beat("b", &json!([])).value(), json!([]));
        assert_eq!(groups.beat("a", &json!([0, 1])).value(), json!([0]));
        assert_eq!(groups.beat("a", &json!([0])).value(), json!([0]));
        assert_eq!(groups.beat("b", &json!([])).value(), json!([1]));
        let unknown = groups.beat("c", &json!([1]));
        assert_eq!(unknown.code(), "400 NotExistConsumerWithBody");
        assert_eq!(groups.beat("b", &json!({})).code(), "400 JsonInfoInvalid");
    });
}

#[test]
fn checkpoints_are_those_of_who_holds_the_shard() {
    with_group(|groups| {
        let get = |query: &str| {
            groups
                .send("GET", &format!("/readers{query}"), None)
                .value()
        };
        let empty = |shard: u32| json!({ "shard": shard, "checkpoint": "", "updateTime": 0, "consumer": "" });
        assert_eq!(get(""), json!([empty(0), empty(1)]));
        let cursor = Cursor(i64::from(NOW) * 1_000_000_000 + 7).to_string();
        let refused = groups.save("consumer=a&forceSuccess=False", 1, &cursor);
        assert_eq!(refused.code(), "400 ConsumerNotMatch");
        groups.beat("a", &json!([])).value();
        groups
            .save("consumer=a&forceSuccess=False", 1, &cursor)
            .is_done();
        let saved = json!({ "shard": 1, "checkpoint": cursor, "consumer": "a",
            "updateTime": 1_700_000_000_000_000_i64 });
        assert_eq!(get(""), json!([empty(0), saved]));
        assert_eq!(get("?shard=1"), json!([saved]));
        assert_eq!(get("?shard=9"), json!([]));
        // Python sends it like this.
        groups
            .save("consumer=&forceSuccess=True", 0, &cursor)
            .is_done();
        assert_eq!(get("?shard=0")[0]["consumer"], "");
        groups.save("consumer=&forceSuccess=True", 0, "").is_done();
        assert_eq!(get("?shard=0"), json!([empty(0)]));
        let wrong = groups.save("consumer=&forceSuccess=True", 0, "no cursor");
        assert_eq!(wrong.code(), "400 InvalidShardCheckPoint");
        let nowhere = groups.save("consumer=&forceSuccess=True", 9, &cursor);
        assert_eq!(nowhere.code(), "404 ShardNotExist");
    });
}
