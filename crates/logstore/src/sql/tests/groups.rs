//! Groups that are made while scanning are the groups that SQLite makes.

use bytes::Bytes;
use flowlog_sls::GetLogsRequest;
use flowlog_sls::index::{IndexConfig, KeyIndex, LineIndex};
use proptest::prelude::*;
use proptest::sample::select;

use super::rows;
use crate::Logstore;
use crate::batch::{Batch, Group, Log, LogGroup};
use crate::sample::{LOGSTORE, NOW, PROJECT, open_with, settings};

/// A row: second, and what it has for `a`, `n` (`d` is the same as a number) and `m`.
type Fields = (
    u32,
    Option<&'static str>,
    Option<&'static str>,
    Option<&'static str>,
);

fn fields() -> impl Strategy<Value = Fields> {
    let text = select(&["x", "y", "Z", "流量", "", "12", "x y"][..]);
    let long = select(
        &[
            "0",
            "1",
            "7",
            "-3",
            "100",
            "4294967296",
            " 8 ",
            "none",
            "9.5",
            "07",
        ][..],
    );
    let plain = select(&["1", "2", "30", "443"][..]);
    let maybe = proptest::option::weighted::<_>;
    (
        0..300_u32,
        maybe(0.9, text),
        maybe(0.8, long),
        maybe(0.95, plain),
    )
}

fn logstore(dir: &std::path::Path, parts: &[Vec<Fields>]) -> Logstore {
    let logstore = open_with(dir, settings());
    let keys = [
        ("a", KeyIndex::text()),
        ("n", KeyIndex::long()),
        ("m", KeyIndex::long()),
        ("mtext", KeyIndex::text()),
        ("d", KeyIndex::double()),
        ("#0", KeyIndex::long()),
    ];
    let index = IndexConfig {
        line: Some(LineIndex::usual()),
        keys: keys.map(|(name, key)| (name.to_owned(), key)).into(),
        ..IndexConfig::default()
    };
    logstore.set_index(PROJECT, LOGSTORE, Some(index)).unwrap();
    for (at, part) in parts.iter().enumerate() {
        let log = |(time, a, n, m): &Fields| {
            let pairs = [("a", a), ("n", n), ("d", n), ("m", m), ("mtext", m)];
            let pairs = pairs.into_iter().filter_map(|(key, value)| {
                value.map(|value| (key.into(), Bytes::from_static(value.as_bytes())))
            });
            Log {
                time: NOW + time,
                time_ns: None,
                contents: pairs.collect(),
            }
        };
        let group = Group::from(LogGroup {
            logs: part.iter().map(log).collect(),
            source: format!("s{}", at % 2).into(),
            ..LogGroup::default()
        });
        let batch = Batch {
            project: PROJECT.into(),
            logstore: LOGSTORE.into(),
            origin: None,
            groups: vec![group],
        };
        logstore.append(batch).wait().unwrap();
        if at % 3 == 1 {
            logstore.seal();
        }
    }
    logstore
}

const KEYS: &[&str] = &[
    "a",
    "n",
    "m",
    "mtext",
    "d",
    "__source__",
    "n % 3",
    "upper(a)",
    "__time__ - __time__ % 60",
    "date_trunc('minute', from_unixtime(__time__))",
    "__time__",
    "case when m > 2 then a else 'other' end",
];

const AGGREGATES: &[&str] = &[
    "count(*)",
    "count(1)",
    "count(n)",
    "count(a)",
    "sum(n)",
    "sum(n) * 8 + count(*)",
    "avg(m)",
    "round(avg(n), 3)",
    "min(n)",
    "max(n)",
    "min(a)",
    "max(mtext)",
    "sum(d)",
    "count(d)",
    "max(__time__) - min(__time__)",
    "count(distinct a)",
    "approx_distinct(n)",
    "if(sum(m) > 100, 'big', 'small')",
];

const CONDITIONS: &[&str] = &[
    "1 = 1",
    "n > 0",
    "n <> 7",
    "not n > 0",
    "n between -3 and 8",
    "7 <= n",
    "m in (2, 443)",
    "m not in (1, 30)",
    "a = 'x'",
    "a <> 'x'",
    "a > 'Z'",
    "a in ('x', '流量')",
    "a like '%量' or a like 'x_y'",
    "a not like 'x%'",
    "a is null",
    "n is not null and m >= 30",
    "d is null",
    "d is not null",
    "d > 7",
    "d = 9.5",
    "n = 1 or a is null or m < 2",
    "not (n = 1 or m = 2)",
    "__time__ >= 1700000100 and __time__ < 1700000200",
    "__source__ = 's1'",
    "mtext = '443'",
];

const HAVING: &[&str] = &[
    "count(*) > 1",
    "sum(n) is not null",
    "max(m) < 100 or min(a) = 'x'",
    "1 = 1",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn both_ways_give_the_same_rows(
        parts in proptest::collection::vec(proptest::collection::vec(fields(), 1..60), 1..5),
        queries in proptest::collection::vec(
            (
                proptest::sample::subsequence(KEYS, 0..3),
                proptest::sample::subsequence(AGGREGATES, 1..4),
                proptest::sample::subsequence(CONDITIONS, 0..3),
                select(HAVING),
                any::<bool>(),
            ),
            12,
        ),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let logstore = logstore(dir.path(), &parts);
        for (keys, aggregates, conditions, having, descending) in queries {
            let sql = |further: Option<&str>| statement(&keys, &aggregates, (&conditions, further), (having, descending));
            let ask = |sql: String| {
                let request = GetLogsRequest::new(i64::from(NOW) + 3, i64::from(NOW) + 250, format!("not n: 100 | {sql}"));
                let answer = logstore.query(PROJECT, LOGSTORE, &request).unwrap();
                (answer.data, answer.meta.keys, answer.meta.column_types)
            };
            let ours = sql(None);
            // What is no plain comparison is left to SQLite.
            let theirs = sql(Some("coalesce(1, 1) = 1"));
            prop_assert_eq!(ask(ours.clone()), ask(theirs), "{}", ours);
        }
    }
}

fn statement(
    keys: &[&str],
    aggregates: &[&str],
    (conditions, further): (&[&str], Option<&str>),
    (having, descending): (&str, bool),
) -> String {
    let named = |(at, item): (usize, &&str)| format!("{item} as c{at}");
    let items = keys.iter().chain(aggregates).enumerate().map(named);
    let items: Vec<String> = items.collect();
    let conditions: Vec<&str> = conditions.iter().copied().chain(further).collect();
    let filter = if conditions.is_empty() {
        String::new()
    } else {
        format!(" where ({})", conditions.join(") and ("))
    };
    let places: Vec<String> = (0..keys.len()).map(|at| format!("c{at}")).collect();
    let group = if keys.is_empty() {
        String::new()
    } else {
        format!(" group by {} having {having}", places.join(", "))
    };
    let items_text = items.join(", ");
    let direction = if descending { "desc" } else { "asc" };
    let order: Vec<String> = (1..=items.len())
        .map(|at| format!("{at} {direction}"))
        .collect();
    let order = order.join(", ");
    format!("select {items_text}{filter}{group} order by {order} limit 1000")
}

/// How many of its tables are tables of groups.
fn groups_made(sql: &str) -> usize {
    groups_made_with(&crate::sample::index(), sql)
}

fn groups_made_with(index: &IndexConfig, sql: &str) -> usize {
    let asked = crate::sql::dialect::Asked {
        now_millis: 0,
        period: (0, 1),
        grouping: true,
        typed: true,
    };
    let columns = |names: &crate::sql::dialect::Mentioned| crate::sql::columns(names, index);
    crate::sql::dialect::translate(sql, &asked, columns)
        .unwrap()
        .groupings
        .len()
}

#[test]
fn plain_groups_are_made_while_scanning() {
    for sql in [
        "select srcaddr, sum(bytes) as total group by srcaddr order by total desc limit 10",
        "select srcaddr, sum(bytes) where protocol = 6 and dstaddr <> '-' group by 1",
        "select count(*)",
        "select count(*) as c, avg(bytes) from log where bytes in (1, 2) having c > 1",
        "select l.srcaddr, count(distinct l.dstaddr) from log l group by l.srcaddr",
        "select __time__ - __time__ % 60 as t, count(*) group by t order by t",
        "select date_format(from_unixtime(__time__), '%H') h, max(bytes) - min(bytes) group by h",
        "select ip_prefix(srcaddr, 24) net, sum(bytes) group by net having sum(bytes) > 5",
        "select max(n) from (select count(*) n group by srcaddr)",
        "select compare(n, 60) from (select count(*) n from log)",
    ] {
        assert!(groups_made(sql) > 0, "{sql}");
    }
    for sql in [
        "select srcaddr, bytes",
        "select sum(bytes * 2)",
        "select count(*) where bytes % 2 = 0",
        "select count_if(bytes > 1)",
        "select srcaddr, rank() over (order by sum(bytes)) group by srcaddr",
        "select count(*) from log a join log b on a.bytes = b.bytes",
        "select srcaddr, (select count(*) from log) group by srcaddr limit 1",
        "select distinct srcaddr",
    ] {
        let outer = usize::from(sql.contains("from log) group"));
        assert_eq!(groups_made(sql), outer, "{sql}");
    }
}

#[test]
fn very_many_keys_are_left_to_sqlite() {
    let index = IndexConfig {
        keys: (0..70)
            .map(|n| (format!("k{n}"), KeyIndex::text()))
            .collect(),
        ..IndexConfig::default()
    };
    for (keys, made) in [(60, 1), (61, 0)] {
        let names: Vec<String> = (0..keys).map(|n| format!("k{n}")).collect();
        let names = names.join(", ");
        let sql = format!("select {names}, count(*) group by {names}");
        assert_eq!(groups_made_with(&index, &sql), made);
    }
}

#[test]
fn a_column_may_be_called_like_one_of_ours() {
    let dir = tempfile::tempdir().unwrap();
    let row = |n| (0, Some("x"), Some(n), None);
    let logstore = logstore(dir.path(), &[vec![row("1"), row("2")]]);
    let sql = "* | select \"#0\", count(*), sum(n) group by \"#0\"";
    assert_eq!(rows(&logstore, sql), "null,2,3");
}

#[test]
fn a_named_query_cannot_hide_the_table() {
    let dir = tempfile::tempdir().unwrap();
    let row = |n| (0, Some("x"), Some(n), None);
    let logstore = logstore(dir.path(), &[vec![row("1"), row("2")]]);
    for name in ["log", "LOG", "log_2"] {
        let sql = format!("with {name} as (select 5 as n) select sum(n) from {name}");
        let message = super::refused(&logstore, &sql);
        assert!(message.contains("give it another name"), "{message}");
    }
    let sql = "* | with log_of_mine as (select n where n > 1) select sum(n) from log_of_mine";
    assert_eq!(rows(&logstore, sql), "2");
}

#[test]
fn only_the_whole_sum_has_to_fit_64_bits_and_a_mean_never() {
    let dir = tempfile::tempdir().unwrap();
    let row = |n| (0, Some("x"), Some(n), None);
    let (most, least) = ("9223372036854775807", "-9223372036854775807");
    let parts = [vec![row(most), row("5")], vec![row(least)]];
    let logstore = logstore(dir.path(), &parts);
    assert_eq!(rows(&logstore, "* | select sum(n), count(*)"), "5,3");
    for sql in [
        "select avg(n) where n > 0",
        "select avg(n) where n > 0 and coalesce(1, 1) = 1",
    ] {
        let mean = rows(&logstore, &format!("* | {sql}"));
        assert_eq!(mean, "4.611686018427388E18");
    }
}

#[test]
fn sums_beyond_64_bits_are_an_error_either_way() {
    let dir = tempfile::tempdir().unwrap();
    let row = |n| (0, Some("x"), Some(n), None);
    let logstore = logstore(dir.path(), &[vec![row("9223372036854775807"), row("1")]]);
    for sql in ["select sum(n)", "select sum(n) where coalesce(1, 1) = 1"] {
        let message = super::refused(&logstore, sql);
        assert!(message.contains("integer overflow"), "{message}");
    }
    assert_eq!(
        rows(&logstore, "* | select sum(n), a where n > 1 group by a"),
        "9223372036854775807,x"
    );
}
