use super::*;

#[test]
fn the_name_behind_from_is_the_logstore() {
    for (sql, named, written) in [
        ("select 1 from one", "one", "select 1 from log"),
        (
            "SELECT 1 FROM \"a-b\" where x",
            "a-b",
            "SELECT 1 FROM log where x",
        ),
        (
            "select 1 from a-b limit 5",
            "a-b",
            "select 1 from log limit 5",
        ),
        (
            "select x from (select 'from y' as x, \"from\" from  one) join one on 1",
            "one",
            "select x from (select 'from y' as x, \"from\" from  log) join log on 1",
        ),
        (
            "select 'it''s from x' from one",
            "one",
            "select 'it''s from x' from log",
        ),
    ] {
        let found = super::named(sql).unwrap();
        assert_eq!(
            (found.logstores, &*found.sql),
            (vec![named.to_owned()], written),
            "{sql}"
        );
    }
}

#[test]
fn several_logstores_are_several_tables_with_their_names() {
    for (sql, written) in [
        (
            "select a.x, \"b-c\".y from a join \"b-c\" on a.x = \"b-c\".x",
            "select a.x, \"b-c\".y from log AS \"a\" join log_2 AS \"b-c\" on a.x = \"b-c\".x",
        ),
        (
            "select 1 from a t left join b-c as u on t.x = u.x where 1",
            "select 1 from log t left join log_2 as u on t.x = u.x where 1",
        ),
        (
            "select 1 from (select 2 from a) s, (select 3 from b-c limit 1)",
            "select 1 from (select 2 from log AS \"a\") s, (select 3 from log_2 AS \"b-c\" limit 1)",
        ),
    ] {
        let found = named(sql).unwrap();
        assert_eq!(
            (found.logstores.join(" "), &*found.sql),
            ("a b-c".to_owned(), written)
        );
    }
}

#[test]
fn no_name_and_too_many_are_refused() {
    for sql in [
        "",
        "select 1",
        "select 'from x'",
        "select 1 from",
        "select 1 from \"x",
        "select 1 from a join b join c join d join e join f join g join h join i",
    ] {
        assert!(named(sql).is_err(), "{sql}");
    }
}
