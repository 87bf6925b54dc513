//! A statement that takes too much memory is ended. SQLite's memory is the process's, so that this
//! test has a process of its own.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use flowlog_logstore::batch::{Batch, Column, Group, Mask, Values};
use flowlog_logstore::{Logstore, QueryLimits, Settings};
use flowlog_sls::index::{IndexConfig, KeyIndex};
use flowlog_sls::{ErrorCode, GetLogsRequest};

/// A Logstore with 100,000 numbers and room for few of them in SQL.
fn filled(dir: &std::path::Path) -> Logstore {
    let query = QueryLimits {
        sql_memory: 4 << 20,
        ..QueryLimits::default()
    };
    let (logstore, _) = Logstore::open(
        dir,
        Settings {
            query,
            ..Settings::default()
        },
    )
    .unwrap();
    let index = IndexConfig {
        keys: [("n".to_owned(), KeyIndex::long())].into(),
        max_text_len: 2048,
        ..IndexConfig::default()
    };
    logstore
        .ensure_logstore("flow-logs", "default", index)
        .unwrap();
    let numbers = Values::Int {
        values: (0..100_000).collect(),
        absent: Mask::default(),
    };
    let group = Group {
        time: vec![1; 100_000],
        columns: vec![Column {
            name: "n".into(),
            values: numbers,
        }],
        ..Group::default()
    };
    let batch = Batch {
        project: "flow-logs".into(),
        logstore: "default".into(),
        origin: None,
        groups: vec![group],
    };
    logstore.append(batch).wait().unwrap();
    logstore
}

#[test]
fn sql_that_takes_too_much_memory_is_ended_and_others_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = filled(dir.path());
    let ask = |sql: &str| {
        let request = GetLogsRequest::new(0, 10, format!("* | {sql}"));
        logstore.query("flow-logs", "default", &request)
    };
    for sql in [
        "select max(c) from (select concat('a long text for a group ', n) k, count(*) c group by k)",
        "select n, concat('a long text to be ordered by ', n) k order by k desc limit 100000",
        "select concat(n, replace(replace('xxxxxxxxxx', 'x', 'yyyyyyyyyy'), 'y', \
         replace('zzzzzzzzzz', 'z', '0123456789'))) k group by k",
    ] {
        let error = ask(sql).unwrap_err();
        assert_eq!(error.code, ErrorCode::ParameterInvalid);
        assert!(
            error.message.contains("too much memory"),
            "{}",
            error.message
        );
        assert_eq!(
            ask("select sum(n) as s").unwrap().data[0].get("s"),
            Some("4999950000")
        );
    }
    logstore
        .ensure_logstore("flow-logs", "another", IndexConfig::default())
        .unwrap();
}
