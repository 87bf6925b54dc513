use super::*;

fn sql(text: &str) -> String {
    let translated = translate(text).unwrap().sql;
    translated.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_table_and_the_limit_may_be_left_out() {
    for (from, to) in [
        ("select 1", "select 1 FROM log LIMIT 100"),
        ("SELECT a;", "SELECT a FROM log LIMIT 100"),
        ("select a from log limit 5", "select a from log limit 5"),
        (
            "select a where b = 1",
            "select a FROM log where b = 1 LIMIT 100",
        ),
        (
            "select count(*) as c group by a having c > 1 order by c desc limit 3, 4",
            "select count(*) as c FROM log group by a having c > 1 order by c desc limit 3, 4",
        ),
        (
            "select max(c) from (select count(*) c group by a)",
            "select max(c) from (select count(*) c FROM log group by a) LIMIT 100",
        ),
        (
            "select a, (select max(b)) m union select b, 1",
            "select a, (select max(b) FROM log ) m FROM log union select b, 1 FROM log LIMIT 100",
        ),
        (
            "with t as (select a) select * from t",
            "with t as (select a FROM log ) select * from t LIMIT 100",
        ),
        (
            "select a is distinct from b",
            "select a is distinct from b FROM log LIMIT 100",
        ),
        (
            "select row_number() over (partition by a order by b)",
            "select row_number() over (partition by a order by b) FROM log LIMIT 100",
        ),
        (
            "select a limit 7 offset 3",
            "select a FROM log limit 7 offset 3",
        ),
    ] {
        assert_eq!(sql(from), to, "{from}");
    }
}

#[test]
fn words_in_quotes_and_comments_are_left_alone() {
    for (from, to) in [
        (
            "select 'from', \"limit\"",
            "select 'from', \"limit\" FROM log LIMIT 100",
        ),
        (
            "select 'it''s from ('",
            "select 'it''s from (' FROM log LIMIT 100",
        ),
        (
            "select a -- from x limit 1\n where b",
            "select a -- from x limit 1 FROM log where b LIMIT 100",
        ),
        ("select a /* from ( */", "select a FROM log LIMIT 100"),
    ] {
        assert_eq!(sql(from), to, "{from}");
    }
}

#[test]
fn functions_get_the_name_they_have_here() {
    assert_eq!(
        sql("select approx_distinct(a), TRY_CAST (b as bigint), 'approx_distinct(x)'"),
        "select count(DISTINCT a), cast(b as bigint), 'approx_distinct(x)' FROM log LIMIT 100"
    );
}

#[test]
fn what_cannot_be_one_query_is_refused() {
    for (text, message) in [
        ("select 1; select 2", "one statement"),
        ("delete from log", "must begin with SELECT"),
        ("select (1", "parentheses"),
        ("select 1)", "parentheses"),
        ("select 'a", "not closed"),
        ("select \"a", "not closed"),
        ("select /* a", "comment"),
        ("select `a`", "means nothing"),
        ("select ?", "means nothing"),
        ("select a limit 1000001", "greater than 1000000"),
        ("select a limit 0, 1000001", "greater than 1000000"),
        ("select a limit (select 5)", "must be a number"),
        ("select a limit", "must be a number"),
        ("", "must begin with SELECT"),
    ] {
        let error = translate(text).unwrap_err();
        assert!(error.message.contains(message), "{text}: {}", error.message);
    }
}

#[test]
fn expressions_without_a_name_are_known() {
    for (text, unnamed) in [
        (
            "select a, log.b, \"tcp-flags\" from log",
            Some(vec![false, false, false]),
        ),
        (
            "select count(*), sum(a) as s, sum(b) t",
            Some(vec![true, false, false]),
        ),
        (
            "select distinct a + b, case when a then b end, c \"x\"",
            Some(vec![true, true, false]),
        ),
        (
            "select a = b, 'x', 5, null, not a",
            Some(vec![true, true, true, true, true]),
        ),
        (
            "select case a when 1 then 2 end as d, (select max(q)) z",
            Some(vec![false, false]),
        ),
        ("select *, a", None),
        ("select log.*", None),
        ("select a * b", Some(vec![true])),
        (
            "with t as (select 1 as x) select x, x + 1 from t",
            Some(vec![false, true]),
        ),
    ] {
        assert_eq!(translate(text).unwrap().unnamed, unnamed, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_strange(text in "(select|from|log|limit|group|by|with|as|union|is|distinct|[a-z0-9_.,;()*'\"|<>=+/ \n流-]){0,60}") {
        for text in [text.clone(), format!("select {text}")] {
            if let Ok(statement) = translate(&text) {
                // What was put in can be taken for what it is: it needs nothing more.
                let again = translate(&statement.sql).unwrap();
                proptest::prop_assert_eq!(again.sql, statement.sql);
            }
        }
    }
}
