//! `ROLLUP`, `CUBE` and `GROUPING SETS`.

use super::{filled, refused, rows};

#[test]
fn a_grouping_by_sets_has_the_rows_of_each_set() {
    let (_dir, logstore) = filled();
    for (sql, answer) in [
        (
            "select action, protocol, count(*) as c group by rollup(action, protocol) \
             order by action, protocol",
            "ACCEPT,6,150;ACCEPT,17,120;ACCEPT,null,270;REJECT,17,30;REJECT,null,30;null,null,300",
        ),
        (
            "select action, protocol, count(*) as c, grouping(action, protocol) as g \
             group by cube(action, protocol) order by g, action, protocol",
            "ACCEPT,6,150,0;ACCEPT,17,120,0;REJECT,17,30,0;ACCEPT,null,270,1;REJECT,null,30,1;\
             null,6,150,2;null,17,150,2;null,null,300,3",
        ),
        (
            "select action, protocol, sum(bytes) as b from log \
             group by grouping sets ((action), (protocol)) order by b desc",
            "ACCEPT,null,40230;null,17,22500;null,6,22350;REJECT,null,4620",
        ),
        (
            "select protocol % 2 as odd, count(*) as c group by rollup(odd) order by c, odd",
            "0,150;1,150;null,300",
        ),
        (
            "select action, count(*) as c group by grouping sets ((1), ()) having count(*) > 100 \
             order by c desc",
            "null,300;ACCEPT,270",
        ),
        (
            "select dstport, action, count(*) as c group by dstport, rollup(action) \
             order by dstport, c",
            "53,REJECT,30;53,ACCEPT,120;53,null,150;443,ACCEPT,150;443,null,150",
        ),
        (
            "select max(c) as most from (select action, count(*) as c group by rollup(action))",
            "300",
        ),
        (
            "select action group by rollup(action) order by action",
            "ACCEPT;REJECT;null",
        ),
        (
            "select count(*) as c where bytes < 0 group by grouping sets (())",
            "0",
        ),
    ] {
        assert_eq!(rows(&logstore, &format!("* | {sql}")), answer, "{sql}");
    }
}

#[test]
fn a_grouping_by_too_many_sets_or_by_nothing_known_is_refused() {
    let (_dir, logstore) = filled();
    let many = "srcaddr, dstaddr, action, protocol, bytes, srcport";
    for (sql, reason) in [
        (
            format!("select count(*) group by cube({many})"),
            "at most 50 sets",
        ),
        (
            "select count(*) group by rollup(9)".to_owned(),
            "position 9",
        ),
        (
            "select grouping(action) group by action".to_owned(),
            "grouping",
        ),
    ] {
        let said = refused(&logstore, &sql);
        assert!(said.contains(reason), "{sql}: {said}");
    }
}
