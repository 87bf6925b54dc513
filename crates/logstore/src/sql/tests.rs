mod groups;
mod inside;
mod periods;
mod sets;

use flowlog_sls::GetLogsRequest;

use crate::sample::{LOGSTORE, NOW, PROJECT, ask, batch, open, open_with, settings};
use crate::{Logstore, QueryLimits, Settings};

/// 300 rows: some in a segment, some in the head.
fn filled() -> (tempfile::TempDir, Logstore) {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    logstore.append(batch(0, 0, 120)).wait().unwrap();
    logstore.seal();
    logstore.append(batch(0, 120, 300)).wait().unwrap();
    (dir, logstore)
}

/// The rows as `a,b;c,d`.
fn rows(logstore: &Logstore, query: &str) -> String {
    let answer = ask(logstore, query);
    assert!(answer.meta.has_sql);
    let values = |row: &flowlog_sls::LogRow| {
        row.0
            .iter()
            .map(|(_, value)| value.clone())
            .collect::<Vec<_>>()
            .join(",")
    };
    answer.data.iter().map(values).collect::<Vec<_>>().join(";")
}

fn refused(logstore: &Logstore, sql: &str) -> String {
    let query = format!("* | {sql}");
    let request = GetLogsRequest::new(i64::from(NOW), i64::from(NOW) + 1000, query);
    let error = logstore.query(PROJECT, LOGSTORE, &request).unwrap_err();
    assert_eq!(error.code, flowlog_sls::ErrorCode::ParameterInvalid);
    error.message
}

#[test]
fn a_column_of_texts_is_no_number() {
    let (_dir, logstore) = filled();
    for sql in [
        "select sum(srcaddr)",
        "select avg(log.srcaddr) from log",
        "select action, stddev(srcaddr) group by action",
        "select approx_percentile(srcaddr, 0.5)",
        "select count(*) where srcaddr > 100",
        "select count(*) where -1 <> (\"row-id\")",
        "select count(*) where srcaddr between 1 and 2",
        "select count(*) where bytes = 1 and srcaddr in ('a', 5)",
        "select max(n) from (select sum(dstaddr) n)",
    ] {
        let message = refused(&logstore, sql);
        let said = message.contains("indexed as text") && message.contains("as bigint)");
        assert!(said, "{sql}: {message}");
    }
    for (sql, answer) in [
        ("select sum(cast(srcport as varchar)) > 5", "true"),
        (
            "select sum(srcaddr) from (select bytes as srcaddr where bytes < 3)",
            "3",
        ),
        (
            "select count(*) where srcaddr = '10.0.0.1' or bytes < 2",
            "3",
        ),
        ("select min(srcaddr), max(srcaddr)", "10.0.0.0,10.0.0.99"),
    ] {
        assert_eq!(rows(&logstore, &format!("* | {sql}")), answer, "{sql}");
    }
}

#[test]
fn columns_are_there_when_they_are_named_or_all_are_meant() {
    let (_dir, logstore) = filled();
    let all = ask(&logstore, "* | select * from log where bytes = 7");
    let named = [
        "__time__",
        "__topic__",
        "__source__",
        "srcaddr",
        "bytes",
        "window",
    ];
    assert!(
        named
            .iter()
            .all(|key| all.meta.keys.contains(&(*key).to_owned()))
    );
    for (sql, answer) in [
        ("select SRCADDR where BYTES = 7", "10.0.0.7"),
        (
            "select count(*) from log a join log b using (bytes) where a.bytes < 3",
            "3",
        ),
        (
            "select count(*) from log a natural join (select srcaddr, bytes from log) b where a.bytes < 3",
            "3",
        ),
    ] {
        assert_eq!(rows(&logstore, &format!("* | {sql}")), answer, "{sql}");
    }
}

const ANSWERS: [(&str, &str); 41] = [
    (
        "* | select window, count(*) n where bytes < 9 group by window order by window",
        "60,7;null,2",
    ),
    (
        "* | select part, count(*) n from log cross join unnest(split(srcaddr, '.')) as t(part) group by part order by n desc, part limit 2",
        "0,602;10,302",
    ),
    (
        "* | select srcaddr, sum(bytes) as \"end\", max(bytes) > 298 big group by 1 having sum(bytes) > 344 order by \"end\" desc limit 2",
        "10.0.0.49,348,true;10.0.0.48,346,false",
    ),
    (
        "* | select ip_prefix(srcaddr, 28) net, approx_distinct(srcaddr), array_sort(array_agg(distinct protocol)) group by net order by net limit 2",
        "10.0.0.0/28,16,[6,17];10.0.0.112/28,16,[6,17]",
    ),
    (
        "* | select a.srcaddr, b.n from log a join (select srcaddr, count(*) n group by srcaddr) b on a.srcaddr = b.srcaddr where a.bytes = 7",
        "10.0.0.7,2",
    ),
    ("* | select count(*)", "300"),
    (
        "* | select count(1), sum(bytes), min(bytes), max(bytes) from log",
        "300,44850,0,299",
    ),
    (
        "* | select avg(bytes), avg(bytes) * 2, sum(bytes) / 7",
        "149.5,299.0,6407",
    ),
    ("bytes < 10 | select sum(bytes) as s", "45"),
    (
        "* | select protocol, count(*) as n, sum(bytes) as b group by protocol order by b desc",
        "17,150,22500;6,150,22350",
    ),
    (
        "* | select __time__ - __time__ % 100 as time, count(*) as n group by time order by time",
        "1700000000,100;1700000100,100;1700000200,100",
    ),
    (
        "* | select srcaddr, bytes where srcaddr = '10.0.0.7' order by bytes",
        "10.0.0.7,7;10.0.0.7,257",
    ),
    (
        "* | select bytes where srcaddr like '10.0.0.24%' and bytes > 248 order by 1",
        "249;274",
    ),
    (
        "* | select bytes where srcaddr LIKE '10.0.0.9' or bytes in (3, 4) order by bytes",
        "3;4;9;259",
    ),
    ("* | select count(*) where action like 'reject'", "0"),
    (
        "* | select action, count_if(bytes > 100) c group by action order by c",
        "REJECT,20;ACCEPT,179",
    ),
    (
        "* | select approx_distinct(srcaddr), count(distinct srcaddr)",
        "250,250",
    ),
    (
        "* | select max_by(srcaddr, bytes), min_by(srcaddr, bytes)",
        "10.0.0.49,10.0.0.0",
    ),
    (
        "* | select case when bytes < 100 then 'low' else 'high' end as k, count(*) group by k order by k",
        "high,200;low,100",
    ),
    (
        "* | select count(window), count(*) - count(window), sum(window)",
        "257,43,15420",
    ),
    (
        "* | select coalesce(window, -1) where bytes in (7, 8) order by bytes",
        "-1;60",
    ),
    (
        "* | select concat(srcaddr, ':', srcport) where bytes = 5",
        "10.0.0.5:5",
    ),
    (
        "* | select max(n), min(n) from (select srcaddr, count(*) as n from log group by srcaddr)",
        "2,1",
    ),
    (
        "* | select srcaddr, sum(bytes) s group by srcaddr having s > 346 order by s desc limit 2",
        "10.0.0.49,348",
    ),
    ("* | select bytes order by bytes limit 2, 3", "2;3;4"),
    (
        "* | select bytes order by bytes desc limit 2 offset 1",
        "298;297",
    ),
    (
        "* | select round(avg(bytes) / 7, 2), round(2.5), round(7), ceil(1.2), floor(-1.2)",
        "21.36,3.0,7,2.0,-2.0",
    ),
    (
        "* | select cast('12' as bigint) + 1, cast(5 as varchar), cast(5 as double) limit 1",
        "13,5,5.0",
    ),
    (
        "* | select 7 / 2, 7 % 4, 7.0 / 2, 1e10, -1.5e-7, null, 'it''s' limit 1",
        "3,3,3.5,1.0E10,-1.5E-7,null,it's",
    ),
    (
        "* | select date_format(from_unixtime(__time__), '%Y-%m-%d %H:%i:%s') where bytes = 0",
        "2023-11-14 22:13:20",
    ),
    (
        "* | select date_trunc('minute', __time__) t, count(*) group by t order by t limit 2",
        "2023-11-14 22:13:00.000,40;2023-11-14 22:14:00.000,60",
    ),
    ("* | select \"row-id\" where bytes = 120", "0-default-0-120"),
    (
        "* | select __source__, \"__tag__:host\", __topic__ where bytes = 1",
        "192.0.2.1,192.0.2.1,flow_log",
    ),
    (
        "* | select count(*) where __time__ >= 1700000100 and __time__ < 1700000110",
        "10",
    ),
    ("* | select count(*) where __time__ = 1700000250", "1"),
    (
        "srcaddr: 10.0.0.3 | select arbitrary(srcaddr), approx_percentile(bytes, 0.5)",
        "10.0.0.3,3",
    ),
    (
        "* | select stddev_pop(protocol), variance(protocol) > 30",
        "5.5,true",
    ),
    (
        "* | select a.n + b.n from (select count(*) n) a, (select max(bytes) n) b",
        "599",
    ),
    (
        "* | with t as (select bytes where bytes < 3) select sum(bytes) from t",
        "3",
    ),
    (
        "* | select bytes, row_number() over (order by bytes desc) r where bytes < 3 order by r",
        "2,1;1,2;0,3",
    ),
    (
        "* | select regexp_extract(srcaddr, '(\\d+)$', 1), strpos(srcaddr, '.'), split_part(srcaddr, '.', 2) where bytes = 42",
        "42,3,0",
    ),
];

fn check(logstore: &Logstore) {
    for (query, expected) in ANSWERS {
        assert_eq!(rows(logstore, query), expected, "{query}");
    }
}

#[test]
fn sql_answers_the_same_before_and_after_sealing() {
    let (_dir, logstore) = filled();
    check(&logstore);
    logstore.seal();
    check(&logstore);
}

/// Asks for seconds `from` to `to` of the sample.
fn rows_of(logstore: &Logstore, (from, to): (i64, i64), query: &str) -> String {
    let request = GetLogsRequest::new(i64::from(NOW) + from, i64::from(NOW) + to, query);
    let answer = logstore.query(PROJECT, LOGSTORE, &request).unwrap();
    let values = |row: &flowlog_sls::LogRow| {
        let values = row.0.iter().map(|(_, value)| value.clone());
        values.collect::<Vec<_>>().join(",")
    };
    answer.data.iter().map(values).collect::<Vec<_>>().join(";")
}

#[test]
fn columns_have_names_and_types() {
    let (_dir, logstore) = filled();
    let answer = ask(
        &logstore,
        "bytes < 3 | select srcaddr, count(*), avg(bytes) as a, sum(bytes) \"x y\", null group by 1 limit 7",
    );
    assert_eq!(answer.meta.keys, ["srcaddr", "_col1", "a", "x y", "_col4"]);
    assert_eq!(
        answer.meta.column_types,
        ["varchar", "bigint", "double", "bigint", "varchar"]
    );
    assert_eq!((answer.meta.limited, answer.meta.count), (7, 3));
    assert_eq!(answer.meta.where_query, "bytes < 3");
    assert!(answer.meta.agg_query.starts_with("select srcaddr"));
    assert_eq!(answer.data[0].get("_col4"), Some("null"));
    let all = ask(&logstore, "* | select * limit 1");
    assert!(
        all.meta.keys.contains(&"srcaddr".to_owned())
            && all.meta.keys.contains(&"__time__".to_owned())
    );
}

#[test]
fn a_hundred_rows_come_unless_asked_for_more() {
    let (_dir, logstore) = filled();
    assert_eq!(ask(&logstore, "* | select bytes").data.len(), 100);
    assert_eq!(
        ask(&logstore, "* | select bytes limit 1000").data.len(),
        300
    );
}

#[test]
fn what_is_wrong_is_said() {
    let (_dir, logstore) = filled();
    for (sql, said) in [
        (
            "select ip_to_country(srcaddr)",
            "function ip_to_country is not supported",
        ),
        (
            "select load_extension('x')",
            "function load_extension is not supported",
        ),
        (
            "select randomblob(1000000000)",
            "function randomblob is not supported",
        ),
        ("select zeroblob(1)", "function zeroblob is not supported"),
        ("select a.b.c(1)", "function a.b.c is not supported"),
        (
            "select bytes from json_each('[1]')",
            "a table that is not supported",
        ),
        (
            "select key from json_each",
            "table 'json_each' does not exist",
        ),
        ("select unknown", "column 'unknown' cannot be resolved"),
        (
            "select srcaddr where action = \"ACCEPT\"",
            "column 'ACCEPT' cannot be resolved",
        ),
        (
            "select 1 from elsewhere",
            "table 'elsewhere' does not exist",
        ),
        ("select sql from sqlite_master", "the SQL may only read"),
        ("select count(*", "parentheses"),
        ("select from where", "the SQL is wrong"),
        ("select bytes group by", "the SQL is wrong"),
        (
            "with recursive t(n) as (select 1 from log union all select n + 1 from t) select n from t",
            "WITH RECURSIVE is not supported",
        ),
        (
            "select * from pragma_database_list",
            "the SQL may only read",
        ),
        (
            "select date_trunc('fortnight', __time__)",
            "the unit must be",
        ),
        ("select regexp_like(srcaddr, '(')", "the SQL is wrong"),
    ] {
        let message = refused(&logstore, sql);
        assert!(message.contains(said), "{sql}: {message}");
    }
}

#[test]
fn sql_has_no_more_time_and_room_than_it_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let limits = QueryLimits {
        deadline: std::time::Duration::from_millis(100),
        octets: 1000,
        ..QueryLimits::default()
    };
    let settings = Settings {
        clock: crate::Clock::system(),
        query: limits,
        ..settings()
    };
    let logstore = open_with(dir.path(), settings);
    logstore.append(batch(0, 0, 300)).wait().unwrap();
    let message = refused(
        &logstore,
        "select count(*) from log a, log b, log c, log d where a.bytes + b.bytes + c.bytes = d.bytes * 3.1",
    );
    assert!(message.contains("takes too long"), "{message}");
    let message = refused(&logstore, "select srcaddr limit 1000");
    assert!(message.contains("too large"), "{message}");
}

#[test]
fn a_row_that_fulfils_any_part_of_an_or_comes_once() {
    let (_dir, logstore) = filled();
    for (condition, answer) in [
        ("bytes = 5 or bytes = 6", "5;6"),
        (
            "bytes = 5 or bytes = 6 or srcaddr = '10.0.0.7'",
            "5;6;7;257",
        ),
        (
            "bytes = 5 or protocol = 99 or bytes > 298 or bytes < 1",
            "0;5;299",
        ),
        ("bytes in (5, 6) or srcaddr = '10.0.0.6'", "5;6;256"),
    ] {
        let query = format!("* | select bytes where {condition} order by bytes");
        assert_eq!(rows(&logstore, &query), answer, "{condition}");
    }
}

#[test]
fn comparisons_are_pushed_down_to_the_row_groups() {
    let (_dir, logstore) = filled();
    logstore.seal();
    let read = |query: &str| {
        let before = logstore.stats();
        let answer = rows(&logstore, query);
        let after = logstore.stats();
        (answer, after.row_groups_read - before.row_groups_read)
    };
    // Row groups have 50 rows; there are 3 and 4 of them.
    assert_eq!(read("* | select count(*)"), ("300".to_owned(), 7));
    assert_eq!(
        read("* | select count(*) where bytes = 299"),
        ("1".to_owned(), 1)
    );
    assert_eq!(
        read("* | select count(*) where bytes >= 290"),
        ("10".to_owned(), 1)
    );
    assert_eq!(
        read("* | select count(*) where __time__ < 1700000010"),
        ("10".to_owned(), 1)
    );
    assert_eq!(
        read("* | select count(*) where bytes in (1, 299)"),
        ("2".to_owned(), 2)
    );
    // The same where every row goes through SQLite.
    for (condition, answer, row_groups) in [
        ("bytes in (1, 299, 7)", "1;7;299", 2),
        ("bytes between 98 and 101", "98;99;100;101", 2),
        ("bytes > 297.5", "298;299", 1),
        ("bytes in (select max(bytes) from log)", "299", 8),
    ] {
        assert_eq!(
            read(&format!(
                "* | select bytes where {condition} order by bytes"
            )),
            (answer.to_owned(), row_groups),
            "{condition}"
        );
    }
    assert_eq!(
        read("srcaddr: 10.0.0.0 and bytes < 10 | select count(*)"),
        ("1".to_owned(), 1)
    );
}
