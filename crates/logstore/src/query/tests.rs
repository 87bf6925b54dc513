use flowlog_sls::{ErrorCode, GetLogsRequest, Progress};

use crate::batch::{Batch, Group, Log, LogGroup};
use crate::sample::{LOGSTORE, NOW, PROJECT, ask, batch, open, row_ids};
use crate::{Logstore, QueryLimits, Settings};

/// 300 rows of two partitions; the first half in a segment, the rest in the head.
fn filled() -> (tempfile::TempDir, Logstore) {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    logstore.append(batch(0, 0, 100)).wait().unwrap();
    logstore.append(batch(1, 100, 150)).wait().unwrap();
    logstore.seal();
    logstore.append(batch(0, 150, 250)).wait().unwrap();
    logstore.append(batch(1, 250, 300)).wait().unwrap();
    (dir, logstore)
}

fn numbers(logstore: &Logstore, query: &str) -> Vec<u64> {
    let ids = row_ids(logstore, query);
    ids.iter()
        .map(|id| id.rsplit('-').next().unwrap().parse().unwrap())
        .collect()
}

fn error(logstore: &Logstore, query: &str) -> flowlog_sls::Error {
    let request = GetLogsRequest::new(i64::from(NOW), i64::from(NOW) + 1000, query);
    logstore.query(PROJECT, LOGSTORE, &request).unwrap_err()
}

/// A LogGroup of one row.
fn sent(contents: &[(&str, &str)]) -> Batch {
    let contents = contents.iter();
    let log = Log {
        time: NOW,
        time_ns: None,
        contents: contents
            .map(|(key, value)| ((*key).into(), value.to_string().into()))
            .collect(),
    };
    Batch {
        project: PROJECT.into(),
        logstore: LOGSTORE.into(),
        origin: None,
        groups: vec![Group::from(LogGroup {
            logs: vec![log],
            ..LogGroup::default()
        })],
    }
}

#[test]
fn a_key_beside_the_columns_is_found_where_others_have_it_as_a_column() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    let names: Vec<String> = (0..300).map(|at| format!("k{at}")).collect();
    let mut many: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "1")).collect();
    many.extend([("srcaddr", "10.0.0.2"), ("bytes", "700")]);
    logstore
        .append(sent(&[("srcaddr", "10.0.0.1"), ("bytes", "5")]))
        .wait()
        .unwrap();
    logstore.append(sent(&many)).wait().unwrap();
    let answers = || {
        [
            "bytes = 700",
            "srcaddr: 10.0.0.2",
            "10.0.0.2",
            "* | select srcaddr, bytes where bytes > 100",
            "* | select srcaddr, sum(bytes) group by srcaddr order by srcaddr",
        ]
        .map(|query| ask(&logstore, query).data)
    };
    let before = answers();
    assert!(before.iter().all(|rows| !rows.is_empty()));
    logstore.seal();
    assert_eq!(answers(), before);
}

fn check_searches(logstore: &Logstore) {
    let having = |f: &dyn Fn(u64) -> bool| (0..300).filter(|n| f(*n)).collect::<Vec<u64>>();
    assert_eq!(numbers(logstore, ""), having(&|_| true));
    assert_eq!(numbers(logstore, "srcaddr: 10.0.0.7"), [7, 257]);
    assert_eq!(
        numbers(logstore, "srcaddr: 10.0.0.1?"),
        having(&|n| (10..20).contains(&(n % 250)))
    );
    assert!(numbers(logstore, "srcaddr: 10.0.9.*").is_empty());
    assert_eq!(
        numbers(logstore, "dstport: 53 and protocol = 17"),
        having(&|n| n % 2 == 1)
    );
    assert_eq!(
        numbers(logstore, "bytes >= 140 and bytes < 160"),
        (140..160).collect::<Vec<_>>()
    );
    assert_eq!(
        numbers(logstore, "bytes in [98 102]"),
        [98, 99, 100, 101, 102]
    );
    assert_eq!(
        numbers(logstore, "action: reject"),
        having(&|n| n % 10 == 9)
    );
    assert_eq!(
        numbers(logstore, "reject not bytes < 200"),
        having(&|n| n % 10 == 9 && n >= 200)
    );
    assert_eq!(numbers(logstore, "window: *"), having(&|_| true));
    assert_eq!(numbers(logstore, "window = 60"), having(&|n| n % 7 != 0));
    assert_eq!(
        numbers(logstore, "__source__: 192.0.2.2"),
        having(&|n| (50..100).contains(&n)
            || (125..150).contains(&n)
            || (200..250).contains(&n)
            || (275..300).contains(&n))
    );
    assert_eq!(
        numbers(logstore, "__tag__:host: 192.0.2.1 and bytes > 270"),
        [271, 272, 273, 274]
    );
    assert_eq!(
        numbers(
            logstore,
            "row-id: 0-default-1-120 or row-id: 0-default-0-220"
        ),
        [120, 220]
    );
    assert_eq!(numbers(logstore, "10.0.1.33"), [33, 283]);
    assert_eq!(
        numbers(logstore, "__topic__: flow_log and not action: accept"),
        having(&|n| n % 10 == 9)
    );
}

#[test]
fn searches_find_the_same_in_head_and_segments() {
    let (_dir, logstore) = filled();
    check_searches(&logstore);
    logstore.seal();
    check_searches(&logstore);
    assert!(logstore.stats().row_groups_skipped > 0);
}

#[test]
fn logs_come_in_the_order_of_their_time_page_by_page() {
    let (_dir, logstore) = filled();
    let from = i64::from(NOW);
    let mut request = GetLogsRequest::new(from + 10, from + 290, "");
    let page = |request: &GetLogsRequest| {
        let answer = logstore.query(PROJECT, LOGSTORE, request).unwrap();
        let times = answer
            .data
            .iter()
            .map(|row| row.get("__time__").unwrap().parse::<i64>());
        times.map(|time| time.unwrap() - from).collect::<Vec<_>>()
    };
    assert_eq!(page(&request), (10..110).collect::<Vec<_>>());
    (request.line, request.offset) = (5, 140);
    assert_eq!(page(&request), (150..155).collect::<Vec<_>>());
    request.reverse = true;
    assert_eq!(page(&request), (145..150).rev().collect::<Vec<_>>());
    request.offset = 278;
    assert_eq!(page(&request), [11, 10]);
    request.line = 0;
    assert!(page(&request).is_empty());
    request.offset = 2_000_000;
    let error = logstore.query(PROJECT, LOGSTORE, &request).unwrap_err();
    assert_eq!(error.code, ErrorCode::ParameterInvalid);
}

#[test]
fn a_log_has_everything_that_was_stored() {
    let (_dir, logstore) = filled();
    for query in ["bytes = 21", "bytes = 171"] {
        let answer = ask(&logstore, query);
        let number = query.rsplit(' ').next().unwrap();
        let expected = format!(
            "__time__=1700000{number:0>3} __source__=192.0.2.1 __topic__=flow_log \
             __tag__:host=192.0.2.1 srcaddr=10.0.0.{number} dstaddr=10.0.1.{number} \
             srcport={number} dstport=53 protocol=17 packets=1 bytes={number} window={} \
             action=ACCEPT row-id=0-default-0-{number}",
            if number == "21" { "-" } else { "60" },
        );
        let pairs: Vec<_> = answer.data[0]
            .0
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        assert_eq!(pairs.join(" "), expected);
        assert_eq!(answer.meta.keys.len(), pairs.len());
        assert_eq!((answer.meta.count, answer.meta.has_sql), (1, false));
        assert_eq!(answer.meta.where_query, query);
    }
}

#[test]
fn what_a_client_wrote_comes_back_in_its_order_and_to_the_octet() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    let pair = |key: &str, value: &[u8]| (key.into(), bytes::Bytes::copy_from_slice(value));
    let many: Vec<_> = (0..300).map(|n| pair(&format!("k{n}"), b"1")).collect();
    let contents = [
        vec![pair("b", b"007"), pair("a", b"1"), pair("b", b"again")],
        vec![
            pair("a", b"-5"),
            pair("c", "流".as_bytes()),
            pair("__time__", b"mine"),
        ],
        vec![pair("c", b"\xff\xfe"), pair("b", b"")],
        many.into_iter().rev().collect(),
    ];
    let log = |(n, contents): (usize, &Vec<_>)| Log {
        time: NOW + u32::try_from(n).unwrap(),
        time_ns: (n == 1).then_some(123_456_789),
        contents: contents.clone(),
    };
    let group = Group::from(LogGroup {
        logs: contents.iter().enumerate().map(log).collect(),
        tags: vec![("t".into(), "\"quoted\"".into())],
        ..LogGroup::default()
    });
    let batch = Batch {
        project: PROJECT.into(),
        logstore: LOGSTORE.into(),
        origin: None,
        groups: vec![group],
    };
    logstore.append(batch).wait().unwrap();
    let shown = || {
        let answer = ask(&logstore, "");
        let own = |row: &flowlog_sls::LogRow| {
            let mut pairs = row.0.clone();
            assert_eq!(pairs.remove(0).0, "__time__");
            pairs.retain(|(key, value)| {
                !(key == "__source__" || key == "__topic__" || value == "\"quoted\"")
            });
            let pairs: Vec<_> = pairs.iter().map(|(k, v)| format!("{k}={v}")).collect();
            pairs.join(" ")
        };
        answer.data.iter().map(own).collect::<Vec<_>>()
    };
    let before = shown();
    assert_eq!(before[0], "b=007 a=1 b=again");
    assert_eq!(
        before[1],
        "__time_ns_part__=123456789 a=-5 c=流 __time__=mine"
    );
    assert_eq!(before[2], "c=\u{fffd}\u{fffd} b=");
    assert!(before[3].starts_with("k299=1 k298=1") && before[3].ends_with("k1=1 k0=1"));
    logstore.seal();
    assert_eq!(logstore.stats().segments_sealed, 1);
    assert_eq!(shown(), before);
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let (_dir, logstore) = filled();
    let request = GetLogsRequest::new(1, 2, "");
    let code = |project, name| logstore.query(project, name, &request).unwrap_err().code;
    assert_eq!(code("nobody", LOGSTORE), ErrorCode::ProjectNotExist);
    assert_eq!(code(PROJECT, "nothing"), ErrorCode::LogStoreNotExist);
    assert_eq!(
        error(&logstore, "nokey: 1").code,
        ErrorCode::ParameterInvalid
    );
    assert_eq!(error(&logstore, "(").code, ErrorCode::ParameterInvalid);
    logstore.set_index(PROJECT, LOGSTORE, None).unwrap();
    assert_eq!(code(PROJECT, LOGSTORE), ErrorCode::IndexConfigNotExist);
    assert_eq!(logstore.stats().queries_failed, 5);
}

#[test]
fn too_many_queries_at_once_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let limits = QueryLimits {
        concurrent: 0,
        ..QueryLimits::default()
    };
    let settings = Settings {
        query: limits,
        ..crate::sample::settings()
    };
    let logstore = crate::sample::open_with(dir.path(), settings);
    assert_eq!(error(&logstore, "").code, ErrorCode::ReadQuotaExceed);
    assert_eq!(logstore.stats().queries_refused, 1);
}

#[test]
fn a_damaged_segment_is_set_aside_and_said() {
    let (dir, logstore) = filled();
    let segment = || {
        let files = walk(dir.path());
        files
            .into_iter()
            .find(|path| path.extension().is_some_and(|e| e == "parquet"))
    };
    let path = segment().unwrap();
    let mut octets = std::fs::read(&path).unwrap();
    let end = octets.len();
    octets[end - 40..].fill(0xa5);
    std::fs::write(&path, octets).unwrap();
    let answer = ask(&logstore, "");
    assert_eq!(answer.meta.progress, Progress::Incomplete);
    assert_eq!(segment(), None);
    assert!(path.with_extension("unreadable").exists());
    assert_eq!(logstore.stats().segments_set_aside, 1);
    assert_eq!(numbers(&logstore, ""), (150..300).collect::<Vec<_>>());
    let counted = ask(&logstore, "* | select count(*) as n");
    assert_eq!(counted.data[0].get("n"), Some("150"));
    drop(logstore);
    let logstore = open(dir.path());
    assert_eq!(numbers(&logstore, ""), (150..300).collect::<Vec<_>>());
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}
