//! Every error of the service that a request can meet, with its status; and what becomes of the
//! connection.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use flowlog_sls::Cursor;
use serde_json::{Value, json};

use super::{Reply, Sent, served, served_with};
use crate::Settings;
use crate::sample::{LOGSTORE, NOW, batch, open_with, settings};

const LB: &str = "/logstores/default/shards/lb";

fn get(target: &str) -> Sent {
    Sent::new("GET", target)
}

fn send(method: &'static str, target: &str, body: &Value) -> Sent {
    Sent::new(method, target).json(body)
}

/// A signed request of which the signature does not sign this.
fn with(name: &'static str, value: &str) -> Sent {
    Sent::get_logs("").signed_v1(NOW).header(name, value)
}

fn without(mut sent: Sent, name: &str) -> Sent {
    sent.headers.retain(|(known, _)| *known != name);
    sent
}

fn put(octets: &[u8]) -> Sent {
    Sent::new("POST", LB).protobuf(octets.len(), None, octets)
}

#[test]
fn who_asks_wrongly_is_told_what_is_wrong() {
    let signed = || Sent::get_logs("").signed_v1(NOW);
    let api = |version| Sent::get_logs("").header("x-log-apiversion", version);
    let cases = [
        (without(signed(), "host"), "400 MissingHost"),
        (with("host", "a/b"), "400 InvalidHost"),
        (without(signed(), "authorization"), "401 Unauthorized"),
        (with("authorization", "Basic x"), "400 ParameterInvalid"),
        (with("authorization", "LOG testak"), "400 ParameterInvalid"),
        (with("authorization", "LOG :x"), "400 MissAccessKeyId"),
        (with("authorization", "LOG other:x"), "401 Unauthorized"),
        (
            with("authorization", "LOG testak:eA=="),
            "401 SignatureNotMatch",
        ),
        (
            without(signed(), "x-log-signaturemethod"),
            "400 MissingSignatureMethod",
        ),
        (
            with("x-log-signaturemethod", "hmac-sha256"),
            "400 InvalidSignatureMethod",
        ),
        (without(signed(), "date"), "400 MissingDate"),
        (with("date", "yesterday"), "400 InvalidDateFormat"),
        (
            Sent::get_logs("").signed_v1(NOW - 901),
            "400 RequestTimeExpired",
        ),
        (
            Sent::get_logs("").signed_v1(NOW + 901),
            "400 RequestTimeExpired",
        ),
        (api("0.5.0").signed_v1(NOW), "400 InvalidAPIVersion"),
        (
            without(Sent::get_logs(""), "x-log-apiversion").signed_v1(NOW),
            "400 MissingAPIVersion",
        ),
        (with("content-md5", "zz"), "400 ParameterInvalid"),
    ];
    served(|port| {
        for (sent, code) in &cases {
            assert_eq!(sent.send(port).code(), *code, "{:?}", sent.headers);
        }
    });
}

#[test]
fn what_is_wrong_with_a_body_is_told_before_and_after_it_is_read() {
    let raw = |octets: &[u8]| put(octets);
    let named = |what: &str| {
        let body = json!({ what: "t".repeat(129), "__logs__": [{ "a": "b" }] });
        send("POST", LB, &body)
    };
    let cases = [
        (without(raw(b"x"), "content-type"), "400 MissingContentType"),
        (
            raw(b"x").header("content-type", "text/plain"),
            "400 InvalidContentType",
        ),
        (
            without(raw(b"x"), "x-log-bodyrawsize"),
            "400 MissingBodyRawSize",
        ),
        (
            raw(b"x").header("x-log-bodyrawsize", "many"),
            "400 InvalidBodyRawSize",
        ),
        (
            raw(b"x").header("x-log-bodyrawsize", "2"),
            "400 InvalidBodyRawSize",
        ),
        (
            raw(b"x").header("x-log-compresstype", "snappy"),
            "400 InvalidCompressType",
        ),
        (
            raw(b"x").header("x-log-compresstype", "zstd"),
            "400 PostBodyUncompressError",
        ),
        (raw(b"x"), "400 PostBodyInvalid"),
        (raw(b""), "400 PostBodyInvalid"),
        (named("__topic__"), "400 PostBodyInvalid"),
        (named("__source__"), "400 PostBodyInvalid"),
        (put(&vec![0; 10_485_761]), "413 PostBodyTooLarge"),
        (
            send(
                "POST",
                "/logstores",
                &json!({ "logstoreName": "x".repeat(2 << 20) }),
            ),
            "413 PostBodyTooLarge",
        ),
    ];
    served(|port| {
        for (sent, code) in cases {
            let about = format!("{} {:?}", sent.target, sent.headers);
            assert_eq!(sent.ask(port).code(), code, "{about}");
        }
    });
}

fn of_projects_and_logstores() -> Vec<(Sent, &'static str)> {
    let project = json!({ "projectName": "flow-logs", "description": "" });
    let logstore = |name: &str| send("POST", "/logstores", &json!({ "logstoreName": name }));
    let index = json!({ "keys": { "a": { "type": "long" } } });
    let bare = format!("/logstores/bare?type=log&from={NOW}&to={}", NOW + 1);
    vec![
        (get("/logstores").of("nobody"), "404 ProjectNotExist"),
        (get("/logstores/nothing"), "404 LogStoreNotExist"),
        (get("/nothing"), "400 NotSupported"),
        (send("POST", "/", &project), "400 ProjectAlreadyExist"),
        (logstore("default"), "400 LogStoreAlreadyExist"),
        (logstore("-"), "400 LogStoreInfoInvalid"),
        (
            send("POST", "/logstores/default/index", &index),
            "400 IndexAlreadyExist",
        ),
        (
            send("PUT", "/logstores/default/index", &json!({})),
            "400 IndexInfoInvalid",
        ),
        (logstore("bare"), "200"),
        (get("/logstores/bare/index"), "404 IndexConfigNotExist"),
        (get(&bare), "400 IndexConfigNotExist"),
    ]
}

fn of_shards() -> Vec<(Sent, &'static str)> {
    let shard =
        |method, below: &str| Sent::new(method, &format!("/logstores/default/shards/{below}"));
    let pull = |cursor: &str, count: &str| {
        shard("GET", &format!("0?type=log&cursor={cursor}&count={count}"))
    };
    let elsewhere = Cursor(5).to_string().replace('=', "%3D");
    let sequence = format!("route?key={}&seqid=x", "0".repeat(32));
    vec![
        (
            shard("GET", "9?type=cursor&from=begin"),
            "404 ShardNotExist",
        ),
        (
            shard("GET", "x?type=cursor&from=begin"),
            "400 ParameterInvalid",
        ),
        (
            shard("GET", "0?type=cursor&from=soon"),
            "400 ParameterInvalid",
        ),
        (pull(&elsewhere, "1"), "400 InvalidCursor"),
        (pull("!", "1"), "400 ParameterInvalid"),
        (pull(&elsewhere, "0"), "400 ParameterInvalid"),
        (shard("POST", "9?action=merge"), "400 ParameterInvalid"),
        (shard("POST", "0?action=merge"), "400 ParameterInvalid"),
        (shard("POST", "0?action=turn"), "400 ParameterInvalid"),
        (
            shard("POST", &sequence).protobuf(0, None, b""),
            "400 ParameterInvalid",
        ),
    ]
}

fn of_consumer_groups() -> Vec<(Sent, &'static str)> {
    let groups = "/logstores/default/consumergroups";
    let create = |name: &str, timeout: &Value| {
        let body = json!({ "consumerGroup": name, "timeout": timeout });
        send("POST", groups, &body)
    };
    let beat = format!("{groups}/readers?type=heartbeat&consumer=c");
    let save = format!("{groups}/readers?type=checkpoint&consumer=c&forceSuccess=true");
    let at = |shard: u32, cursor: &str| json!({ "shard": shard, "checkpoint": cursor });
    vec![
        (create("readers", &json!(60)), "200"),
        (
            create("readers", &json!(60)),
            "400 ConsumerGroupAlreadyExist",
        ),
        (create("x", &json!("y")), "400 JsonInfoInvalid"),
        (
            Sent::new("DELETE", &format!("{groups}/others")),
            "404 ConsumerGroupNotExist",
        ),
        (
            send("POST", &beat, &json!([0])),
            "400 NotExistConsumerWithBody",
        ),
        (
            send("POST", &save, &at(0, "!")),
            "400 InvalidShardCheckPoint",
        ),
        (send("POST", &save, &at(9, "")), "404 ShardNotExist"),
    ]
}

fn of_queries() -> Vec<(Sent, &'static str)> {
    let logs = |query: &str| get(&format!("/logstores/default?type=log&{query}"));
    let conditions = vec!["a"; 31].join("+or+");
    let queries = [
        logs("from=5&to=5"),
        logs("from=x&to=5"),
        logs("from=1&to=5&offset=-1"),
        logs("from=1&to=5&query=a%3A%3A"),
        logs(&format!("from=1&to=5&query={conditions}")),
        Sent::get_logs("* | select f(1)"),
        Sent::get_logs("* | drop table log"),
    ];
    queries.map(|sent| (sent, "400 ParameterInvalid")).into()
}

#[test]
fn what_is_not_there_or_there_already_has_its_code() {
    served(|port| {
        let all = [
            of_projects_and_logstores(),
            of_shards(),
            of_consumer_groups(),
            of_queries(),
        ];
        for (sent, code) in all.into_iter().flatten() {
            let about = format!("{} {}", sent.method, sent.target);
            let reply = sent.ask(port);
            match code {
                "200" => assert_eq!(reply.status, 200, "{about} {}", reply.body),
                code => assert_eq!(reply.code(), code, "{about} {}", reply.body),
            }
        }
    });
}

#[test]
fn more_than_a_project_or_a_logstore_may_have_is_refused() {
    served(|port| {
        for number in 1..200 {
            let body = json!({ "logstoreName": format!("store-{number}"), "shardCount": 1 });
            send("POST", "/logstores", &body).ask(port).is_done();
        }
        let one_more = json!({ "logstoreName": "one-more" });
        let reply = send("POST", "/logstores", &one_more).ask(port);
        assert_eq!(reply.code(), "400 ProjectQuotaExceed");
        let groups = "/logstores/default/consumergroups";
        for number in 0..30 {
            let body = json!({ "consumerGroup": format!("g{number}"), "timeout": 60 });
            send("POST", groups, &body).ask(port).is_done();
        }
        let body = json!({ "consumerGroup": "one-more", "timeout": 60 });
        let reply = send("POST", groups, &body).ask(port);
        assert_eq!(reply.code(), "403 ConsumerGroupQuotaExceed");
    });
}

#[test]
fn a_server_that_cannot_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut none = settings();
    none.query.concurrent = 0;
    let logstore = Arc::new(open_with(dir.path(), none));
    served_with(&logstore, |port| {
        assert_eq!(Sent::get_logs("").ask(port).code(), "403 ReadQuotaExceed");
    });
    drop(logstore);

    let logstore = Arc::new(open_with(dir.path(), Settings { ..settings() }));
    logstore.append(batch(0, 0, 30)).wait().unwrap();
    logstore.seal();
    // A file that cannot be read now, and may be sound.
    for segment in segments(dir.path()) {
        std::fs::remove_file(&segment).unwrap();
        std::os::unix::fs::symlink(&segment, &segment).unwrap();
    }
    served_with(&logstore, |port| {
        assert_eq!(
            Sent::get_logs("").ask(port).code(),
            "500 InternalServerError"
        );
    });
}

fn segments(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut segments(&path));
        } else if path.extension().is_some_and(|kind| kind == "parquet") {
            found.push(path);
        }
    }
    found
}

/// One request of several on a connection.
fn exchange(stream: &mut TcpStream, sent: &Sent) -> Reply {
    let mut octets = format!("{} {} HTTP/1.1\r\n", sent.method, sent.target).into_bytes();
    for (name, value) in &sent.headers {
        octets.extend(format!("{name}: {value}\r\n").bytes());
    }
    let has = |wanted: &str| sent.headers.iter().any(|(name, _)| *name == wanted);
    if !has("transfer-encoding") {
        octets.extend(format!("content-length: {}\r\n", sent.body.len()).bytes());
    }
    octets.extend(b"\r\n");
    if !has("expect") {
        octets.extend(&sent.body);
    }
    stream.write_all(&octets).unwrap();
    let mut reply = read_head(stream);
    if reply.starts_with(b"HTTP/1.1 100 ") {
        stream.write_all(&sent.body).unwrap();
        reply = read_head(stream);
    }
    let parsed = Reply::parse(&reply);
    let length = parsed.header("content-length").unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    reply.extend(body);
    Reply::parse(&reply)
}

fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut octet = [0];
        stream.read_exact(&mut octet).unwrap();
        head.extend(octet);
    }
    head
}

#[test]
fn a_connection_goes_on_after_a_refusal() {
    served(|port| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let large = vec![0; 11 << 20];
        let mut unknown = put(&large[..1 << 20]).signed_v1(NOW);
        unknown.headers.retain(|(name, _)| *name != "authorization");
        for (refused, code) in [
            (put(&large).signed_v1(NOW), "413 PostBodyTooLarge"),
            (unknown, "401 Unauthorized"),
            (
                put(&large[..5]).header("content-type", "a/b").signed_v4(),
                "400 InvalidContentType",
            ),
        ] {
            let reply = exchange(&mut stream, &refused);
            assert_eq!(reply.code(), code);
            assert_eq!(reply.header("connection"), None);
            let next = exchange(&mut stream, &Sent::get_logs("bytes = 1").signed_v1(NOW));
            assert_eq!(next.status, 200);
        }
        let mut endless = put(&[]).signed_v1(NOW);
        endless
            .headers
            .push(("transfer-encoding", "chunked".to_owned()));
        endless.body = b"3\r\nabc\r\n0\r\n\r\n".to_vec();
        assert_eq!(
            exchange(&mut stream, &endless).code(),
            "411 MissingContentLength"
        );
        let next = exchange(&mut stream, &Sent::get_logs("bytes = 1").signed_v1(NOW));
        assert_eq!(next.status, 200);
    });
}

#[test]
fn a_client_that_waits_is_told_to_send_or_not_to() {
    served(|port| {
        let waiting = |body: &Value, target: &str| {
            send("POST", target, body).header("expect", "100-continue")
        };
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let log = json!({ "__logs__": [{ "__time__": NOW, "a": "b" }] });
        let stored = exchange(&mut stream, &waiting(&log, LB).signed_v1(NOW));
        stored.is_done();
        let target = format!("/logstores/{LOGSTORE}/shards/route?key=1");
        let refused = exchange(&mut stream, &waiting(&log, &target).signed_v1(NOW));
        assert_eq!(refused.code(), "400 ParameterInvalid");
        assert_eq!(refused.header("connection"), Some("close"));
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    });
}
