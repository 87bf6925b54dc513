//! Cursors and `PullLogs`.

use flowlog_sls::Cursor;
use flowlog_sls::log_group::{LogGroup, LogGroupWriter, log_groups};
use serde_json::json;

use super::{Reply, Sent, served};
use crate::sample::NOW;

const STORE: &str = "/logstores/pulled";

fn log_group(number: u32) -> Vec<u8> {
    let mut writer = LogGroupWriter::new();
    writer.log(NOW + number, None, |contents| {
        contents.pair(b"number", number.to_string().as_bytes());
        contents.pair(b"octets", b"\xff\xfe");
    });
    writer.topic(b"t");
    writer.source(b"s");
    writer.octets().to_vec()
}

fn with_groups(count: u32, test: impl FnOnce(u16)) {
    served(|port| {
        let create = json!({ "logstoreName": "pulled", "shardCount": 1 });
        Sent::new("POST", "/logstores")
            .json(&create)
            .ask(port)
            .is_done();
        for number in 0..count {
            let raw = log_group(number);
            let put = Sent::new("POST", &format!("{STORE}/shards/lb"));
            put.protobuf(raw.len(), None, &raw).ask(port).is_done();
        }
        test(port);
    });
}

fn cursor(port: u16, from: &str) -> Cursor {
    let target = format!("{STORE}/shards/0?type=cursor&from={from}");
    let reply = Sent::new("GET", &target).ask(port).value();
    Cursor::parse(reply["cursor"].as_str().unwrap()).unwrap()
}

fn pull(port: u16, cursor: Cursor, more: &str, accept: &str) -> Reply {
    let target = format!("{STORE}/shards/0?type=logs&cursor={cursor}{more}");
    let sent = Sent::new("GET", &target).header("accept", "application/x-protobuf");
    let sent = if accept.is_empty() {
        sent
    } else {
        sent.header("accept-encoding", accept)
    };
    sent.ask(port)
}

/// The body of a pull, after its headers were checked against it.
fn list(reply: &Reply) -> Vec<u8> {
    assert_eq!(reply.status, 200, "{}", reply.body);
    let size: usize = reply.header("x-log-bodyrawsize").unwrap().parse().unwrap();
    let list = match reply.header("x-log-compresstype") {
        None => reply.octets.clone(),
        Some("lz4") => lz4_flex::block::decompress(&reply.octets, size).unwrap(),
        Some("zstd") => zstd::bulk::decompress(&reply.octets, size).unwrap(),
        Some(other) => panic!("{other}"),
    };
    assert_eq!(list.len(), size);
    let groups: Vec<LogGroup<'_>> = log_groups(&list).map(Result::unwrap).collect();
    assert_eq!(
        reply.header("x-log-count"),
        Some(groups.len().to_string().as_str())
    );
    list
}

#[test]
fn log_groups_are_pulled_as_they_were_put() {
    with_groups(5, |port| {
        let (begin, end) = (cursor(port, "begin"), cursor(port, "end"));
        assert_eq!(end.0 - begin.0, 5);
        for accept in ["", "lz4", "zstd", "deflate"] {
            let reply = pull(port, begin, "&count=1000", accept);
            let compressed = matches!(accept, "lz4" | "zstd").then_some(accept);
            assert_eq!(reply.header("x-log-compresstype"), compressed);
            let list = list(&reply);
            let octets: Vec<&[u8]> = log_groups(&list).map(|g| g.unwrap().octets()).collect();
            let wanted: Vec<Vec<u8>> = (0..5).map(log_group).collect();
            assert_eq!(octets, wanted);
            assert_eq!(reply.header("x-log-cursor"), Some(end.to_string().as_str()));
            let final_one = (end.0 - 1).to_string();
            assert_eq!(
                reply.header("x-log-read-last-cursor"),
                Some(final_one.as_str())
            );
            assert_eq!(reply.header("x-log-cursor-time"), Some("1700000000"));
            assert_eq!(reply.header("x-log-end-of-cursor"), Some("1"));
            assert_eq!(reply.header("content-type"), Some("application/x-protobuf"));
        }
    });
}

#[test]
fn a_pull_ends_where_it_is_told() {
    with_groups(5, |port| {
        let begin = cursor(port, "begin");
        let place = |beyond: i64| Cursor(begin.0 + beyond);
        for (more, count) in [
            ("&count=2".to_owned(), 2),
            (format!("&count=9&end_cursor={}", place(3)), 3),
            (format!("&count=2&endCursor={}", place(3)), 2),
            (format!("&end_cursor={}", place(0)), 0),
        ] {
            let reply = pull(port, begin, &more, "lz4");
            assert_eq!(log_groups(&list(&reply)).count(), count, "{more}");
            let next = place(i64::try_from(count).unwrap()).to_string();
            assert_eq!(reply.header("x-log-cursor"), Some(next.as_str()), "{more}");
            assert_eq!(reply.header("x-log-end-of-cursor"), None);
        }
    });
}

#[test]
fn at_the_end_nothing_is_answered_and_the_cursor_stays() {
    with_groups(1, |port| {
        let end = cursor(port, "end");
        let reply = pull(port, end, "&count=10", "lz4");
        assert_eq!((reply.status, reply.octets.len()), (200, 0));
        for (name, value) in [
            ("x-log-bodyrawsize", "0"),
            ("x-log-count", "0"),
            ("x-log-cursor", &end.to_string()),
            ("x-log-end-of-cursor", "1"),
        ] {
            assert_eq!(reply.header(name), Some(value));
        }
        for absent in [
            "content-type",
            "x-log-compresstype",
            "x-log-read-last-cursor",
        ] {
            assert_eq!(reply.header(absent), None);
        }
    });
}

#[test]
fn cursors_have_times_and_those_of_others_are_refused() {
    with_groups(2, |port| {
        let begin = cursor(port, "begin");
        assert_eq!(cursor(port, "0"), begin);
        assert_eq!(cursor(port, &NOW.to_string()), begin);
        assert_eq!(cursor(port, &(NOW + 1).to_string()), cursor(port, "end"));
        let time = |cursor: Cursor| {
            let target = format!("{STORE}/shards/0?type=cursor_time&cursor={cursor}");
            Sent::new("GET", &target).ask(port)
        };
        for beyond in 0..=2 {
            let reply = time(Cursor(begin.0 + beyond)).value();
            assert_eq!(reply, json!({ "cursor_time": NOW }));
        }
        for foreign in [Cursor(begin.0 - 1), Cursor(begin.0 + 3), Cursor(0)] {
            assert_eq!(time(foreign).code(), "400 InvalidCursor");
            assert_eq!(pull(port, foreign, "", "lz4").code(), "400 InvalidCursor");
        }
        let code = |target: &str| {
            Sent::new("GET", &format!("{STORE}{target}"))
                .ask(port)
                .code()
        };
        assert_eq!(code("/shards/9?type=cursor&from=end"), "404 ShardNotExist");
        assert_eq!(
            code("/shards/0?type=logs&cursor=no"),
            "400 ParameterInvalid"
        );
        assert_eq!(code("/shards/0?type=cursor&from=x"), "400 ParameterInvalid");
    });
}

#[test]
fn a_pull_with_a_query_brings_what_it_leaves_and_says_what_there_was() {
    with_groups(5, |port| {
        let (begin, end) = (cursor(port, "begin"), cursor(port, "end"));
        for (query, numbers) in [
            ("number:+3", vec![3]),
            ("*+%7C+where+number+in+('1','4')", vec![1, 4]),
            ("absent:+*", vec![]),
        ] {
            let reply = pull(port, begin, &format!("&query={query}"), "lz4");
            let list = list(&reply);
            let octets: Vec<&[u8]> = log_groups(&list).map(|g| g.unwrap().octets()).collect();
            let wanted: Vec<Vec<u8>> = numbers.iter().copied().map(log_group).collect();
            assert_eq!(octets, wanted, "{query}");
            let end_cursor = end.to_string();
            let lines = numbers.len().to_string();
            for (name, value) in [
                ("x-log-cursor", &*end_cursor),
                ("x-log-rawdatacount", "5"),
                ("x-log-rawdatalines", "5"),
                ("x-log-resultlines", &*lines),
                ("x-log-failedlines", "0"),
            ] {
                assert_eq!(reply.header(name), Some(value), "{query}");
            }
            assert!(reply.header("x-log-rawdatasize").unwrap() != "0");
        }
        for (more, code) in [
            ("&query=number+%3E+and", "400 ParameterInvalid"),
            ("&query=*+%7C+select+1", "400 ParameterInvalid"),
            ("&processor=p", "400 NotSupported"),
        ] {
            assert_eq!(pull(port, begin, more, "lz4").code(), code);
            // Whoever waits at the end is told as well.
            assert_eq!(pull(port, end, more, "lz4").code(), code);
        }
    });
}
