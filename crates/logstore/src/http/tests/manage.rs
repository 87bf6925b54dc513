//! Projects, Logstores, indexes and lists of shards.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Sent, served, served_with};
use crate::sample::open;

fn new_project(name: &str) -> Value {
    json!({ "projectName": name, "description": "mine", "resourceGroupId": "rg-1" })
}

#[test]
fn a_spool_is_no_project_for_clients() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = Arc::new(open(dir.path()));
    logstore.ensure_spool("fl-1").unwrap();
    served_with(&logstore, |port| {
        let hidden = |sent: Sent| sent.of("nobody").header("x-log-project", crate::SPOOL);
        for method in ["GET", "DELETE"] {
            for path in ["/", "/logstores/fl-1"] {
                let code = hidden(Sent::new(method, path)).ask(port).code();
                assert!(code.starts_with('4'), "{method} {path}: {code}");
            }
        }
    });
    assert_eq!(logstore.spools().len(), 1);
}

#[test]
fn projects_are_made_changed_listed_and_deleted() {
    served(|port| {
        let at_project = |name: &str| Sent::new("POST", "/").of(name).json(&new_project(name));
        at_project("proj-one").ask(port).is_done();
        // Some clients name it in the body alone.
        let bare = Sent::new("POST", "/").bare().json(&new_project("proj-two"));
        bare.ask(port).is_done();
        assert_eq!(
            at_project("proj-one").ask(port).code(),
            "400 ProjectAlreadyExist"
        );
        assert_eq!(at_project("Proj").ask(port).code(), "400 ParameterInvalid");
        let get = || Sent::new("GET", "/").of("proj-one").ask(port).value();
        let project = get();
        let wanted = json!({
            "projectName": "proj-one", "description": "mine", "status": "Normal", "owner": "",
            "region": "cn-shanghai", "createTime": "2023-11-14 22:13:20",
            "lastModifyTime": "2023-11-14 22:13:20", "resourceGroupId": "rg-1",
            "dataRedundancyType": "LRS",
        });
        assert_eq!(project, wanted);
        let update = Sent::new("PUT", "/").of("proj-one");
        update
            .json(&json!({ "description": "yours" }))
            .ask(port)
            .is_done();
        assert_eq!(get()["description"], "yours");
        let list = |query: &str| {
            Sent::new("GET", &format!("/?{query}"))
                .bare()
                .ask(port)
                .value()
        };
        let names = |list: &Value| -> Vec<String> {
            let projects = list["projects"].as_array().unwrap().iter();
            projects
                .map(|p| p["projectName"].as_str().unwrap().to_owned())
                .collect()
        };
        let all = list("offset=0&size=100");
        assert_eq!(all["projects"][1]["region"], "cn-shanghai");
        assert_eq!(names(&all), ["flow-logs", "proj-one", "proj-two"]);
        assert_eq!(
            names(&list("resourceGroupId=rg-1")),
            ["proj-one", "proj-two"]
        );
        assert_eq!(names(&list("resourceGroupId=rg-2")), Vec::<String>::new());
        let some = list("projectName=proj&offset=1&size=1");
        assert_eq!(names(&some), ["proj-two"]);
        assert_eq!((&some["count"], &some["total"]), (&json!(1), &json!(2)));
        Sent::new("DELETE", "/").of("proj-two").ask(port).is_done();
        assert_eq!(names(&list("")), ["flow-logs", "proj-one"]);
        for method in ["GET", "PUT", "DELETE"] {
            let gone = Sent::new(method, "/").of("proj-two");
            let gone = if method == "PUT" {
                gone.json(&json!({}))
            } else {
                gone
            };
            assert_eq!(gone.ask(port).code(), "404 ProjectNotExist", "{method}");
        }
    });
}

#[test]
fn a_logstore_keeps_everything_that_was_said_of_it() {
    served(|port| {
        let create = |body: &Value| Sent::new("POST", "/logstores").json(body).ask(port);
        create(&json!({
            "logstoreName": "store_one", "ttl": 7, "shardCount": 3, "enable_tracking": true,
            "autoSplit": true, "maxSplitShard": 32, "appendMeta": true, "telemetryType": "",
            "hot_ttl": -1, "encrypt_conf": { "enable": false },
        }))
        .is_done();
        create(&json!({ "logstoreName": "store-two", "ttl": 30, "shardCount": 1 })).is_done();
        create(&json!({ "logstoreName": "store-three" })).is_done();
        let get = |name: &str| {
            Sent::new("GET", &format!("/logstores/{name}"))
                .ask(port)
                .value()
        };
        let one = get("store_one");
        let wanted = json!({
            "logstoreName": "store_one", "ttl": 7, "shardCount": 3, "enable_tracking": true,
            "autoSplit": true, "maxSplitShard": 32, "appendMeta": true, "telemetryType": "",
            "mode": "standard", "createTime": 1_700_000_000, "lastModifyTime": 1_700_000_000,
            "hot_ttl": -1, "encrypt_conf": { "enable": false },
        });
        assert_eq!(one, wanted);
        assert_eq!(
            (
                &get("store-three")["ttl"],
                &get("store-three")["shardCount"]
            ),
            (&json!(30), &json!(2))
        );
        // Clients send back what they got, with something changed.
        let mut changed = one;
        changed["ttl"] = json!(14);
        changed["appendMeta"] = json!(false);
        let update = |name: &str, body: &Value| {
            Sent::new("PUT", &format!("/logstores/{name}"))
                .json(body)
                .ask(port)
        };
        update("store_one", &changed).is_done();
        assert_eq!(get("store_one"), changed);
        assert_eq!(
            update("store-two", &changed).code(),
            "400 LogStoreInfoInvalid"
        );
    });
}

#[test]
fn logstores_are_listed_and_deleted() {
    served(|port| {
        for name in ["store_one", "store-two", "store-three"] {
            let body = json!({ "logstoreName": name });
            Sent::new("POST", "/logstores")
                .json(&body)
                .ask(port)
                .is_done();
        }
        let list = |query: &str| {
            Sent::new("GET", &format!("/logstores?{query}"))
                .ask(port)
                .value()
        };
        let all = json!({ "count": 4, "total": 4,
            "logstores": ["default", "store-three", "store-two", "store_one"] });
        assert_eq!(list(""), all);
        assert_eq!(list("offset=&size=&logstoreName=&telemetryType=None"), all);
        let some = json!({ "count": 1, "total": 2, "logstores": ["store-two"] });
        assert_eq!(list("logstoreName=store-&offset=1&size=5"), some);
        let body = json!({ "logstoreName": "of-metrics", "telemetryType": "Metrics",
            "mode": "query" });
        let create = Sent::new("POST", "/logstores").json(&body);
        create.ask(port).is_done();
        for query in [
            "telemetryType=Metrics",
            "mode=query",
            "mode=query&telemetryType=Metrics",
        ] {
            assert_eq!(list(query)["logstores"], json!(["of-metrics"]), "{query}");
        }
        assert_eq!(list("mode=standard&telemetryType=")["total"], 4);
        assert_eq!(list("telemetryType=None")["total"], 5);
        Sent::new("DELETE", "/logstores/store-two")
            .ask(port)
            .is_done();
        let gone = Sent::new("GET", "/logstores/store-two").ask(port);
        assert_eq!(gone.code(), "404 LogStoreNotExist");
    });
}

#[test]
fn what_is_wrong_with_a_logstore_has_its_code() {
    served(|port| {
        let create = |body: &Value| Sent::new("POST", "/logstores").json(body).ask(port).code();
        for (body, code) in [
            (
                json!({ "logstoreName": "default" }),
                "400 LogStoreAlreadyExist",
            ),
            (json!({ "logstoreName": "X" }), "400 LogStoreInfoInvalid"),
            (json!({ "ttl": 7 }), "400 LogStoreInfoInvalid"),
            (
                json!({ "logstoreName": "abc", "ttl": 0 }),
                "400 LogStoreInfoInvalid",
            ),
            (
                json!({ "logstoreName": "abc", "shardCount": 0 }),
                "400 LogStoreInfoInvalid",
            ),
            (
                json!({ "logstoreName": "abc", "mode": "other" }),
                "400 LogStoreInfoInvalid",
            ),
            (
                json!({ "logstoreName": "abc", "mode": 1 }),
                "400 LogStoreInfoInvalid",
            ),
            (
                json!({ "logstoreName": "abc", "telemetryType": 1 }),
                "400 LogStoreInfoInvalid",
            ),
            (
                json!({ "logstoreName": "abc", "hot_ttl": "7" }),
                "400 LogStoreInfoInvalid",
            ),
            (
                json!({ "logstoreName": "abc", "infrequentAccessTTL": 1.5 }),
                "400 LogStoreInfoInvalid",
            ),
            (
                json!({ "logstoreName": "abc", "maxSplitShard": 0 }),
                "400 LogStoreInfoInvalid",
            ),
            (
                json!({ "logstoreName": "abc", "maxSplitShard": 257 }),
                "400 LogStoreInfoInvalid",
            ),
            (json!([]), "400 PostBodyInvalid"),
        ] {
            assert_eq!(create(&body), code, "{body}");
        }
        let elsewhere = Sent::new("POST", "/logstores").of("nobody");
        let elsewhere = elsewhere.json(&json!({ "logstoreName": "abc" }));
        assert_eq!(elsewhere.ask(port).code(), "404 ProjectNotExist");
    });
}

#[test]
fn an_index_is_made_replaced_shown_and_deleted() {
    served(|port| {
        let create = json!({ "logstoreName": "indexed" });
        Sent::new("POST", "/logstores")
            .json(&create)
            .ask(port)
            .is_done();
        let send = |method, body: &Value| {
            Sent::new(method, "/logstores/indexed/index")
                .json(body)
                .ask(port)
        };
        let get = || Sent::new("GET", "/logstores/indexed/index").ask(port);
        assert_eq!(get().code(), "404 IndexConfigNotExist");
        let index = json!({
            "line": { "token": [",", " "], "caseSensitive": false, "chn": false },
            "keys": { "srcaddr": { "type": "text", "token": [], "caseSensitive": true,
                "chn": false, "alias": "", "doc_value": true, "mystery": 7 } },
            "scan_index": true,
        });
        assert_eq!(send("PUT", &index).code(), "404 IndexConfigNotExist");
        send("POST", &index).is_done();
        assert_eq!(send("POST", &index).code(), "400 IndexAlreadyExist");
        let shown = get().value();
        assert_eq!(shown["keys"]["srcaddr"], index["keys"]["srcaddr"]);
        assert_eq!(shown["scan_index"], true);
        let ours = [
            "index_mode",
            "storage",
            "lastModifyTime",
            "ttl",
            "max_text_len",
        ];
        let ours = ours.map(|key| shown[key].clone());
        assert_eq!(json!(ours), json!(["v2", "pg", 1_700_000_000, 30, 2048]));
        let replaced = json!({ "keys": { "bytes": { "type": "long" } } });
        send("PUT", &replaced).is_done();
        assert_eq!(get().value()["keys"]["bytes"]["type"], "long");
        assert_eq!(
            send("PUT", &json!({ "keys": { "a": { "type": "text" } } })).code(),
            "400 IndexInfoInvalid"
        );
        let delete = || Sent::new("DELETE", "/logstores/indexed/index").ask(port);
        delete().is_done();
        assert_eq!(delete().code(), "404 IndexConfigNotExist");
        let query = Sent::new("POST", "/logstores/indexed/logs");
        let query = query.json(&json!({ "from": 1, "to": 2, "query": "*" }));
        assert_eq!(query.ask(port).code(), "400 IndexConfigNotExist");
    });
}

#[test]
fn the_shards_divide_the_keys() {
    served(|port| {
        let create = json!({ "logstoreName": "divided", "shardCount": 2 });
        Sent::new("POST", "/logstores")
            .json(&create)
            .ask(port)
            .is_done();
        let shards = Sent::new("GET", "/logstores/divided/shards")
            .ask(port)
            .value();
        let wanted = json!([
            { "shardID": 0, "status": "readwrite",
              "inclusiveBeginKey": "00000000000000000000000000000000",
              "exclusiveEndKey": "80000000000000000000000000000000",
              "createTime": 1_700_000_000 },
            { "shardID": 1, "status": "readwrite",
              "inclusiveBeginKey": "80000000000000000000000000000000",
              "exclusiveEndKey": "ffffffffffffffffffffffffffffffff",
              "createTime": 1_700_000_000 },
        ]);
        assert_eq!(shards, wanted);
    });
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    served(|port| {
        let reply = Sent::new("GET", "/logstores/default/logs").ask(port);
        assert_eq!(reply.code(), "400 NotSupported");
        assert_eq!(reply.header("allow"), Some("POST"));
        let reply = Sent::new("GET", "/nothing").ask(port);
        assert_eq!(
            (reply.code().as_str(), reply.header("allow")),
            ("400 NotSupported", None)
        );
    });
}

#[test]
fn an_absolute_request_line_names_the_project() {
    served(|port| {
        let mut sent = Sent::new("GET", "/logstores").bare().signed_v1(super::NOW);
        sent.target = "http://flow-logs.localhost:8080/logstores".to_owned();
        let reply = sent.send(port);
        assert_eq!(reply.value()["logstores"], json!(["default"]));
    });
}

#[test]
fn answers_are_compressed_for_those_who_can_read_them() {
    served(|port| {
        let ask = |accept| {
            Sent::get_logs("*")
                .header("accept-encoding", accept)
                .ask(port)
        };
        let plain = ask("deflate, gzip");
        assert_eq!(plain.header("x-log-compresstype"), None);
        assert_eq!(plain.value()["data"].as_array().unwrap().len(), 100);
        let packed = ask("lz4");
        assert_eq!(packed.header("x-log-compresstype"), Some("lz4"));
        let size: usize = packed.header("x-log-bodyrawsize").unwrap().parse().unwrap();
        let json = lz4_flex::block::decompress(&packed.octets, size).unwrap();
        let data: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(data["data"], plain.value()["data"]);
        let packed = ask("gzip, zstd;q=0.5");
        assert_eq!(packed.header("x-log-compresstype"), Some("zstd"));
    });
}
