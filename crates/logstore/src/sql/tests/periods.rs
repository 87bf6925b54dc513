//! Queries that depend on their period: comparisons with earlier ones, and series of time.

use flowlog_sls::GetLogsRequest;

use super::{filled, refused, rows_of};
use crate::sample::{LOGSTORE, NOW, PROJECT};

const WRONG_COMPARISONS: &[(&str, &str)] = &[
    ("select compare(count(*), 5)", "it stands over a sub-query"),
    (
        "select compare(n, -5) from (select count(*) n)",
        "numbers of seconds",
    ),
    (
        "select compare(n) from (select count(*) n)",
        "numbers of seconds",
    ),
    (
        "select compare(n, 5), compare(n, 6) from (select count(*) n)",
        "the same periods",
    ),
    (
        "select ts_compare(n, 5) from (select count(*) n)",
        "needs GROUP BY a time",
    ),
    (
        "select 1 + compare(n, 5) from (select count(*) n)",
        "function compare cannot be used like this",
    ),
];

#[test]
fn periods_are_compared_with_earlier_ones() {
    let (_dir, logstore) = filled();
    let ask = |period, query| rows_of(&logstore, period, query);
    // Bytes are the second of a row; there are 300.
    assert_eq!(
        ask(
            (100, 200),
            "* | select compare(n, 100) from (select sum(bytes) as n from log)"
        ),
        "[14950.0,4950.0,3.0202020202020203]"
    );
    assert_eq!(
        ask(
            (100, 200),
            "* | select compare(n, 100, 5000) from (select count(*) as n)"
        ),
        "[100.0,100.0,0.0,1.0,null]"
    );
    assert_eq!(
        ask(
            (280, 320),
            "bytes > 170 | select d[1] now, d[2] earlier, d[3] ratio from \
             (select compare(n, 120) d from (select count(*) n))"
        ),
        "20.0,29.0,0.6896551724137931"
    );
    assert_eq!(
        ask(
            (100, 200),
            "* | select protocol, compare(n, 50) as d from \
             (select protocol, sum(bytes) n group by protocol) group by protocol order by protocol"
        ),
        "6,[7450.0,4950.0,1.505050505050505];17,[7500.0,5000.0,1.5]"
    );
    assert_eq!(
        ask(
            (100, 200),
            "* | select t, ts_compare(n, 50) as d from (select __time__ - __time__ % 50 as t, \
             sum(bytes) n from log where log.bytes < 160 group by t order by t) group by t order by t"
        ),
        "1700000100,[6225.0,3725.0,1.6711409395973154,1700000050.0];\
         1700000150,[1545.0,6225.0,0.24819277108433735,1700000100.0]"
    );
    for (sql, said) in WRONG_COMPARISONS {
        let message = refused(&logstore, sql);
        assert!(message.contains(said), "{sql}: {message}");
    }
}

const WRONG_SERIES: &[(&str, &str)] = &[
    (
        "select time_series(__time__, '10x', '%i', '0') t group by t",
        "the window is",
    ),
    (
        "select time_series(__time__, '1s', '%i', 'x') t group by t",
        "the padding is",
    ),
    (
        "select time_series(__time__, '1s') t group by t",
        "four arguments",
    ),
    (
        "select time_series(__time__, '1s', '%i', '0') t, count(*) n group by t order by n + 1",
        "ORDER BY names a column",
    ),
    (
        "select 1 + time_series(__time__, '1s', '%i', '0') group by 1",
        "function time_series cannot be used like this",
    ),
];

#[test]
fn a_series_has_a_row_for_every_stretch_of_the_period() {
    let (_dir, logstore) = filled();
    let ask = |padding: &str, rest: &str| {
        let query = format!(
            "bytes in [10 19] or bytes in [40 49] | select \
             time_series(__time__, '10s', '%i:%s', '{padding}') as t, count(*) as n, max(bytes) m {rest}"
        );
        rows_of(&logstore, (0, 60), &query)
    };
    let by = "group by t order by t";
    assert_eq!(
        ask("0", by),
        "13:20,0,0;13:30,10,19;13:40,0,0;13:50,0,0;14:00,10,49;14:10,0,0"
    );
    assert_eq!(
        ask("null", by),
        "13:20,null,null;13:30,10,19;13:40,null,null;13:50,null,null;14:00,10,49;14:10,null,null"
    );
    assert_eq!(
        ask("last", by),
        "13:20,null,null;13:30,10,19;13:40,10,19;13:50,10,19;14:00,10,49;14:10,10,49"
    );
    assert_eq!(
        ask("next", "group by t order by t desc limit 3"),
        "14:10,null,null;14:00,10,49;13:50,10,49"
    );
    assert_eq!(
        ask("avg", "group by 1 order by 1 limit 1, 3"),
        "13:30,10,19;13:40,10.0,34.0;13:50,10.0,34.0"
    );
    assert_eq!(
        ask("0", "group by t order by m desc, t limit 2"),
        "14:00,10,49;13:30,10,19"
    );
    assert_eq!(
        ask(
            "0",
            ", protocol p group by t, protocol order by t, p limit 2"
        ),
        "13:30,5,18,6;13:30,5,19,17"
    );
    assert_eq!(
        rows_of(
            &logstore,
            (0, 60),
            "* | select max(n), min(n), count(*) from (select \
             time_series(__time__, '1m', '%H:%i', '0') t, count(*) n from log where bytes < 1 group by t)"
        ),
        "1,0,2"
    );
    for (sql, said) in WRONG_SERIES {
        let message = refused(&logstore, sql);
        assert!(message.contains(said), "{sql}: {message}");
    }
    let request = GetLogsRequest::new(
        0,
        i64::from(NOW),
        "* | select time_series(__time__, '1s', '%i', '0') t, count(*) n group by t",
    );
    let error = logstore.query(PROJECT, LOGSTORE, &request).unwrap_err();
    assert!(error.message.contains("more than 10000 windows"), "{error}");
}
