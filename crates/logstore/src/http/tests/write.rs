//! `PutLogs`, in all its forms.

use std::sync::Arc;

use flowlog_sls::log_group::LogGroupWriter;
use serde_json::{Value, json};

use super::{Reply, Sent, served, served_with};
use crate::sample::{self, Hands, LOGSTORE, NOW};
use crate::{Logstore, Settings};

/// A LogGroup of so many logs.
fn logs(host: &str, numbers: std::ops::Range<u32>) -> Vec<u8> {
    let mut writer = LogGroupWriter::new();
    for number in numbers {
        writer.log(NOW + number, None, |contents| {
            contents.pair(b"srcaddr", format!("10.9.0.{number}").as_bytes());
            contents.pair(b"bytes", number.to_string().as_bytes());
        });
    }
    writer.topic(b"put");
    writer.source(b"192.0.2.9");
    writer.tag(b"host", host.as_bytes());
    writer.octets().to_vec()
}

fn put(target: &str, raw: &[u8]) -> Sent {
    Sent::new("POST", target).protobuf(raw.len(), None, raw)
}

fn found(port: u16, query: &str) -> Vec<Value> {
    let reply = Sent::get_logs(query).ask(port).value();
    reply["data"].as_array().unwrap().clone()
}

#[test]
fn logs_are_there_when_they_are_acknowledged_however_they_came() {
    served(|port| {
        let raw = logs("exp-1", 0..3);
        let lz4 = lz4_flex::block::compress(&raw);
        let deflate = miniz_oxide::deflate::compress_to_vec_zlib(&raw, 6);
        let zstd = zstd::bulk::compress(&raw, 1).unwrap();
        let target = format!("/logstores/{LOGSTORE}/shards/lb");
        let packed = [("lz4", lz4), ("deflate", deflate), ("zstd", zstd)];
        put(&target, &raw).ask(port).is_done();
        for (count, (name, body)) in packed.iter().enumerate() {
            let sent = Sent::new("POST", &target).protobuf(raw.len(), Some(name), body);
            sent.signed_v4().send(port).is_done();
            assert_eq!(
                found(port, "__topic__: put").len(),
                3 * (count + 2),
                "{name}"
            );
        }
        put(&format!("/logstores/{LOGSTORE}"), &raw)
            .ask(port)
            .is_done();
        let route = format!("/logstores/{LOGSTORE}/shards/route?key={}", "f".repeat(32));
        put(&route, &raw).ask(port).is_done();
        let json = json!({ "__topic__": "put", "__logs__": [{ "__time__": NOW, "bytes": "1" }] });
        Sent::new("POST", &target).json(&json).ask(port).is_done();
        let all = found(port, "__topic__: put");
        assert_eq!(all.len(), 19);
        let wanted = json!({ "__time__": "1700000000", "__topic__": "put",
            "__source__": "192.0.2.9", "__tag__:host": "exp-1", "srcaddr": "10.9.0.0",
            "bytes": "0" });
        assert_eq!(all[0], wanted);
    });
}

#[test]
fn what_is_wrong_with_logs_has_its_code_and_nothing_is_stored() {
    served(|port| {
        let target = format!("/logstores/{LOGSTORE}/shards/lb");
        let raw = logs("exp-1", 0..3);
        let code = |sent: Sent| sent.ask(port).code();
        let sized = |raw: usize, compression, body: &[u8]| {
            Sent::new("POST", &target).protobuf(raw, compression, body)
        };
        assert_eq!(
            code(sized(raw.len(), None, &raw[1..])),
            "400 InvalidBodyRawSize"
        );
        assert_eq!(
            code(sized(raw.len() - 1, None, &raw[1..])),
            "400 PostBodyInvalid"
        );
        assert_eq!(
            code(sized(raw.len(), Some("lz4"), &raw)),
            "400 PostBodyUncompressError"
        );
        assert_eq!(
            code(sized(raw.len(), Some("gzip"), &raw)),
            "400 InvalidCompressType"
        );
        assert_eq!(
            code(sized(10_485_761, Some("lz4"), &raw)),
            "413 PostBodyTooLarge"
        );
        let early = logs("exp-1", 901..902);
        assert_eq!(code(put(&target, &early)), "400 PostBodyInvalid");
        let plain = put(&target, &raw).header("content-type", "text/plain");
        assert_eq!(code(plain), "400 InvalidContentType");
        assert_eq!(
            code(put("/logstores/nothing/shards/lb", &raw)),
            "404 LogStoreNotExist"
        );
        let route = format!("/logstores/{LOGSTORE}/shards/route?key=1");
        assert_eq!(code(put(&route, &raw)), "400 ParameterInvalid");
        let by_key = format!("{target}?key=1");
        assert_eq!(code(put(&by_key, &raw)), "400 ParameterInvalid");
        let by_header = put(&target, &raw).header("x-log-hashkey", "1");
        assert_eq!(code(by_header), "400 ParameterInvalid");
        assert!(found(port, "__topic__: put").is_empty());
    });
}

#[test]
fn a_key_chooses_the_shard_in_every_spelling() {
    served(|port| {
        let body = json!({ "logstoreName": "keyed", "shardCount": 2 });
        Sent::new("POST", "/logstores")
            .json(&body)
            .ask(port)
            .is_done();
        let raw = logs("exp-1", 0..1);
        let key = "f".repeat(32);
        for target in [
            format!("/logstores/keyed/shards/route?key={key}"),
            format!("/logstores/keyed/shards/lb?key={key}"),
        ] {
            put(&target, &raw).ask(port).is_done();
        }
        for target in ["/logstores/keyed/shards/lb", "/logstores/keyed"] {
            let sent = put(target, &raw).header("x-log-hashkey", &key);
            sent.ask(port).is_done();
        }
        let pulled = |shard: u32| {
            let at = format!("/logstores/keyed/shards/{shard}");
            let cursor = Sent::new("GET", &format!("{at}?type=cursor&from=begin"));
            let cursor = cursor.ask(port).value()["cursor"]
                .as_str()
                .unwrap()
                .to_owned();
            let cursor = cursor.replace('=', "%3D");
            let pull = Sent::new("GET", &format!("{at}?type=log&count=100&cursor={cursor}"));
            pull.ask(port).header("x-log-count").unwrap().to_owned()
        };
        assert_eq!((&*pulled(0), &*pulled(1)), ("0", "4"));
    });
}

#[test]
fn the_client_and_the_time_are_added_where_that_is_wanted() {
    served(|port| {
        let create = json!({ "logstoreName": "with-meta", "appendMeta": true });
        Sent::new("POST", "/logstores")
            .json(&create)
            .ask(port)
            .is_done();
        let index = json!({ "line": { "token": [" "] } });
        Sent::new("POST", "/logstores/with-meta/index")
            .json(&index)
            .ask(port)
            .is_done();
        put("/logstores/with-meta/shards/lb", &logs("exp-1", 0..1))
            .ask(port)
            .is_done();
        let query = json!({ "from": NOW, "to": NOW + 10, "query": "*" });
        let reply = Sent::new("POST", "/logstores/with-meta/logs")
            .json(&query)
            .ask(port);
        let row = &reply.value()["data"][0];
        assert_eq!(row["__tag__:__client_ip__"], "127.0.0.1");
        assert_eq!(row["__tag__:__receive_time__"], "1700000000");
    });
}

#[test]
fn without_room_on_the_disk_logs_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        disk_budget: Some(1),
        clock: Hands::default().clock(),
        ..sample::settings()
    };
    let logstore: Arc<Logstore> = Arc::new(sample::open_with(dir.path(), settings));
    served_with(&logstore, |port| {
        let target = format!("/logstores/{LOGSTORE}/shards/lb");
        let raw = logs("exp-1", 0..3);
        let mut refused: Option<Reply> = None;
        for _ in 0..50 {
            let reply = put(&target, &raw).ask(port);
            if reply.status != 200 {
                refused = Some(reply);
                break;
            }
            // The sealer sees to the budget.
            logstore.seal();
        }
        assert_eq!(refused.unwrap().code(), "403 WriteQuotaExceed");
    });
}

#[test]
fn logs_go_from_shard_to_shard_in_turn() {
    served(|port| {
        let create = json!({ "logstoreName": "turns", "shardCount": 2 });
        Sent::new("POST", "/logstores")
            .json(&create)
            .ask(port)
            .is_done();
        for _ in 0..4 {
            put("/logstores/turns/shards/lb", &logs("exp-1", 0..1))
                .ask(port)
                .is_done();
        }
        let high = format!("/logstores/turns/shards/route?key={}", "f".repeat(32));
        put(&high, &logs("exp-1", 0..1)).ask(port).is_done();
        let groups = |shard: u32| {
            let cursor = |from: &str| {
                let target = format!("/logstores/turns/shards/{shard}?type=cursor&from={from}");
                let reply = Sent::new("GET", &target).ask(port).value();
                let cursor = reply["cursor"].as_str().unwrap().to_owned();
                flowlog_sls::Cursor::parse(&cursor).unwrap().0
            };
            cursor("end") - cursor("begin")
        };
        assert_eq!((groups(0), groups(1)), (2, 3));
    });
}

#[test]
fn what_has_a_number_is_stored_once_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let route = |key: u128, number: &str| {
        format!("/logstores/{LOGSTORE}/shards/route?key={key:032x}&seqid={number}")
    };
    let stored = |port, key, number: u32| {
        let raw = logs("exp-1", number..number + 1);
        put(&route(key, &number.to_string()), &raw).ask(port)
    };
    let again = |port| {
        for number in [0, 6, 7] {
            assert_eq!(stored(port, 1, number).code(), "400 InvalidSequenceId");
        }
        assert_eq!(found(port, "__topic__: put").len(), 3);
    };
    let logstore = Arc::new(sample::open(dir.path()));
    served_with(&logstore, |port| {
        stored(port, 1, 0).is_done();
        stored(port, 1, 7).is_done();
        // Another key has numbers of its own.
        stored(port, 2, 3).is_done();
        again(port);
        let raw = logs("exp-1", 0..1);
        assert_eq!(
            put(&route(1, "x"), &raw).ask(port).code(),
            "400 ParameterInvalid"
        );
    });
    drop(logstore);
    let logstore = Arc::new(sample::open(dir.path()));
    served_with(&logstore, again);
    logstore.seal();
    drop(logstore);
    let logstore = Arc::new(sample::open(dir.path()));
    served_with(&logstore, |port| {
        again(port);
        // The keys that were used last are known, the others begin anew.
        stored(port, 1, 8).is_done();
        for key in 3..=9 {
            stored(port, key, 5).is_done();
        }
        assert_eq!(stored(port, 1, 8).code(), "400 InvalidSequenceId");
        stored(port, 2, 3).is_done();
    });
    logstore.seal();
    drop(logstore);
    let logstore = Arc::new(sample::open(dir.path()));
    served_with(&logstore, |port| {
        assert_eq!(stored(port, 9, 5).code(), "400 InvalidSequenceId");
        assert_eq!(stored(port, 2, 3).code(), "400 InvalidSequenceId");
        stored(port, 1, 5).is_done();
    });
}
