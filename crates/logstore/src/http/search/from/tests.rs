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
        let found = logstore(sql).unwrap();
        assert_eq!(found, (named.to_owned(), written.to_owned()), "{sql}");
    }
}

#[test]
fn no_name_or_two_are_refused() {
    for sql in [
        "",
        "select 1",
        "select 'from x'",
        "select 1 from",
        "select 1 from \"x",
        "select \u{6d41} from a join b",
    ] {
        assert!(logstore(sql).is_err(), "{sql}");
    }
}
