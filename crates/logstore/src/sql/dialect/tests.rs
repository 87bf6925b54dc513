use super::*;

fn statement(text: &str) -> Result<Statement, Error> {
    let asked = Asked {
        now_millis: 1_700_000_000_000,
        period: (1_700_000_000, 1_700_003_600),
        grouping: false,
        typed: true,
    };
    translate(text, &asked, |_| Vec::new())
}

/// What SQLite gets, without the quotation marks of names.
fn sql(text: &str) -> String {
    statement(text).unwrap().sql.replace('"', "")
}

#[test]
fn the_table_and_the_limit_may_be_left_out() {
    for (from, to) in [
        ("select 1", "SELECT 1 AS _col0 FROM log LIMIT 100"),
        ("SELECT a;", "SELECT a FROM log LIMIT 100"),
        ("select a from log limit 5", "SELECT a FROM log LIMIT 5"),
        (
            "select a where b = 1",
            "SELECT a FROM log WHERE b = 1 LIMIT 100",
        ),
        (
            "select count(*) as c group by a having c > 1 order by c desc limit 3, 4",
            "SELECT count(*) AS c FROM log GROUP BY a HAVING c > 1 ORDER BY c DESC NULLS LAST LIMIT 3, 4",
        ),
        (
            "select max(c) from (select count(*) c group by a)",
            "SELECT max(c) AS _col0 FROM (SELECT count(*) AS c FROM log GROUP BY a) LIMIT 100",
        ),
        (
            "select a, (select max(b)) m union select b, 1",
            "SELECT a, (SELECT max(b) AS _col0 FROM log) AS m FROM log UNION SELECT b, 1 AS _col1 \
             FROM log LIMIT 100",
        ),
        (
            "with t as (select a) select * from t",
            "WITH t AS (SELECT a FROM log) SELECT * FROM t LIMIT 100",
        ),
        (
            "select a is distinct from b",
            "SELECT a IS DISTINCT FROM b AS _col0 FROM log LIMIT 100",
        ),
        (
            "select row_number() over (partition by a order by b)",
            "SELECT row_number() OVER (PARTITION BY a ORDER BY b) AS _col0 FROM log LIMIT 100",
        ),
        (
            "select a limit 7 offset 3",
            "SELECT a FROM log LIMIT 7 OFFSET 3",
        ),
        ("select a offset 3", "SELECT a FROM log LIMIT 100 OFFSET 3"),
        (
            "select x.a from log x join log y on x.a = y.b",
            "SELECT x.a FROM log x JOIN log y ON x.a = y.b LIMIT 100",
        ),
        (
            "select m.k, o from log cross join unnest(b) as m(k, v) cross join unnest(c) with ordinality as n(x, o)",
            "SELECT m.key, (n.key + 1) AS _col1 FROM log CROSS JOIN json_each(#json(b)) AS m CROSS JOIN json_each(#json(c)) AS n LIMIT 100",
        ),
        (
            "select a, n from log cross join unnest(split(b, ',')) as t(n)",
            "SELECT a, t.value FROM log CROSS JOIN json_each(#json(split(b, ?1))) AS t LIMIT 100",
        ),
    ] {
        assert_eq!(sql(from), to, "{from}");
    }
}

#[test]
fn names_are_quoted_and_texts_are_parameters() {
    let translated = statement(
        "select 'it''s', \"tcp-flags\" as time, 'it''s', count(*) -- from x\n where k = 'a\\'",
    )
    .unwrap();
    assert_eq!(
        translated.sql,
        "SELECT ?1 AS \"_col0\", \"tcp-flags\" AS \"time\", ?1 AS \"_col2\", \"count\"(*) AS \
         \"_col3\" FROM \"log\" WHERE \"k\" = ?2 LIMIT 100"
    );
    assert_eq!(translated.texts, ["it's", "a\\"]);
}

#[test]
fn what_sqlite_lacks_becomes_a_function() {
    for (from, to) in [
        ("try_cast(b as bigint)", "#bigint?(b)"),
        ("try(json_extract(a, b))", "#try(json_extract?(a, b))"),
        ("if(a, b, c)", "CASE WHEN a THEN b ELSE c END"),
        ("a + interval '2' hour", "#shifted(a, 0, 7200000)"),
        ("a - interval '1' month", "#shifted(a, -1, 0)"),
        ("extract(day from a)", "day(a)"),
        ("substring(a from 2 for 3)", "substr(a, 2, 3)"),
        ("position(a in b)", "strpos(b, a)"),
        ("a[1]", "#subscript(a, 1)"),
        ("max(a, 3)", "#max_n(a, 3)"),
        ("a at time zone b", "at_timezone(a, b)"),
        ("cast(a > 1 as varchar)", "#truth(a > 1)"),
        ("timestamp '2023-11-14 22:13'", "?1"),
    ] {
        let whole = format!("select {from} as x");
        let wanted = format!("SELECT {to} AS x FROM log LIMIT 100");
        assert_eq!(sql(&whole), wanted, "{from}");
    }
}

#[test]
fn columns_that_are_true_or_false_are_known() {
    for (text, truths) in [
        ("select a > 1 as x, a, not b, true t", "_col2 t x"),
        ("select if(a, b = 1, null) x, if(a, 1, 2) y", "x"),
        ("select x, y from (select a = 1 as x, b as y)", "x"),
        ("select * from (select a = 1 as x, b as y)", "x"),
        ("select t.x from (select regexp_like(a, 'b') as x) t", "x"),
        (
            "with t as (select a in (1) x) select max(x) from t",
            "_col0",
        ),
        ("select a like 'b' or c is null", "_col0"),
        (
            "select cast(a as boolean) x, coalesce(a = 1, false) y",
            "x y",
        ),
        ("select count(*), case a when 1 then 'x' end", ""),
    ] {
        let found = statement(text).unwrap().truths;
        let found: Vec<String> = found.into_iter().collect();
        assert_eq!(found.join(" "), truths, "{text}");
    }
}

#[test]
fn what_cannot_be_one_query_is_refused() {
    for (text, message) in [
        ("select 1; select 2", "one statement"),
        ("delete from log", "must begin with SELECT"),
        (
            "with t as (delete from log returning *) select 1",
            "the SQL is wrong",
        ),
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
        ("select a limit", "the SQL is wrong"),
        ("select a b c", "c is not expected at line 1, column 12"),
        (
            "select a from log for update",
            "a clause that is not supported",
        ),
        (
            "select a from log, lateral (select 1)",
            "a table that is not supported",
        ),
        ("select a from t(1)", "a table that is not supported"),
        ("select a from \"#x\"", "table '\"#x\"' does not exist"),
        ("select \"a\"\"b\"", "a quotation mark"),
        ("select x'00'", "is no value here"),
        ("select a -> b", "what is not supported"),
        (
            "select first_value(a) ignore nulls over ()",
            "what is not supported",
        ),
        ("", "must begin with SELECT"),
    ] {
        let error = statement(text).unwrap_err();
        assert!(error.message.contains(message), "{text}: {}", error.message);
    }
}

#[test]
fn no_statement_is_too_long_or_too_deep() {
    let refused = |text: &str| statement(text).unwrap_err().message;
    let deep = format!("select {}1{}", "(".repeat(500), ")".repeat(500));
    assert!(refused(&deep).contains("too deep"), "{}", refused(&deep));
    let deep = format!("select {}1{}", "(select ".repeat(500), ")".repeat(500));
    assert!(refused(&deep).contains("too deep"), "{}", refused(&deep));
    let deep = format!("select {}a", "not ".repeat(150));
    assert!(
        refused(&deep).contains("the SQL is wrong"),
        "{}",
        refused(&deep)
    );
    for operator in ["+", "and", "||", "union select", "is null or", "in (1) and"] {
        let chain = |times: usize| format!("select 1{}", format!(" {operator} 1").repeat(times));
        assert!(refused(&chain(201)).contains("too long"), "{operator}");
        // As deep as a tree may be; it must be walked.
        let _: Result<Statement, Error> = statement(&chain(200));
    }
    let values = (0..9000)
        .map(|n| n.to_string())
        .collect::<Vec<_>>()
        .join(", ");
    assert!(statement(&format!("select 1 where a in ({values})")).is_ok());
    assert!(refused(&format!("select {values}, {values}")).contains("too long"));
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_strange(text in "(select |from |log |limit |group by |with t as |union |is |distinct |cast|interval |case when |end |[a-z0-9_.,;()*'\"|<>=+/ \n流\\[\\]-]){0,60}") {
        for text in [text.clone(), format!("select {text}")] {
            if let Ok(statement) = statement(&text) {
                proptest::prop_assert!(!statement.sql.contains('\''), "{}", statement.sql);
            }
        }
    }
}
