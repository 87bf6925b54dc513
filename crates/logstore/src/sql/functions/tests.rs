use proptest::prelude::*;
use rusqlite::Connection;

use super::civil::Civil;
use super::scalar::text_of;

fn evaluate(sql: &str) -> Result<String, String> {
    let connection = Connection::open_in_memory().unwrap();
    super::register(&connection).unwrap();
    let text = |row: &rusqlite::Row<'_>| Ok(text_of(row.get_ref(0)?));
    let values = "(VALUES (3), (1), (NULL), (4), (2))";
    let sql = format!("SELECT {sql} FROM (SELECT column1 AS v FROM {values})");
    let value = connection
        .query_row(&sql, [], text)
        .map_err(|error| error.to_string())?;
    Ok(value.unwrap_or_else(|| "null".to_owned()))
}

#[test]
fn functions_do_what_their_namesakes_do() {
    for (sql, value) in [
        ("concat('a', 1, 2.5)", "a12.5"),
        ("concat('a', null)", "null"),
        ("round(2.5)", "3.0"),
        ("round(-2.567, 1)", "-2.6"),
        ("round(7)", "7"),
        ("round(null)", "null"),
        ("truncate(-2.7)", "-2.0"),
        ("mod(7, 4)", "3"),
        ("mod(7, 0)", "null"),
        ("mod(7.5, 2)", "1.5"),
        ("power(2, 10)", "1024.0"),
        ("sqrt(16)", "4.0"),
        ("greatest(1, 3.5, 2)", "3.5"),
        ("least('b', 'a')", "a"),
        ("least(1, null)", "null"),
        ("strpos('流量', '量')", "2"),
        ("strpos('abc', 'x')", "0"),
        ("split_part('a.b.c', '.', 2)", "b"),
        ("split_part('a', '.', 2)", "null"),
        ("reverse('流a')", "a流"),
        ("starts_with('abc', 'ab') + ends_with('abc', 'bc')", "2"),
        ("regexp_like('eth0/1', '^eth\\d')", "1"),
        ("regexp_extract('port 443', '\\d+')", "443"),
        ("regexp_extract('a=1', '(\\w)=(\\d)', 2)", "1"),
        ("regexp_replace('a1b2', '\\d', '-')", "a-b-"),
        ("count_if(v > 1)", "3"),
        ("max_by(v, -v)", "1"),
        ("min_by('x' || v, -v)", "x4"),
        ("arbitrary(v)", "3"),
        ("bool_and(v > 0)", "1"),
        ("bool_or(v > 3)", "1"),
        ("bool_and(v > 1)", "0"),
        ("approx_percentile(v, 0.5)", "2.0"),
        ("approx_percentile(v, 1)", "4.0"),
        ("variance(v)", "1.6666666666666667"),
        ("stddev_pop(v)", "1.118033988749895"),
    ] {
        assert_eq!(evaluate(sql).as_deref(), Ok(value), "{sql}");
    }
}

#[test]
fn time_is_told_as_presto_tells_it() {
    for (sql, value) in [
        ("from_unixtime(1700000000)", "2023-11-14 22:13:20.000"),
        ("from_unixtime(1700000000.25)", "2023-11-14 22:13:20.250"),
        ("to_unixtime('2023-11-14 22:13:20')", "1.7E9"),
        (
            "date_trunc('second', '2023-11-14T22:13:20.9Z')",
            "2023-11-14 22:13:20.000",
        ),
        (
            "date_trunc('minute', 1700000000)",
            "2023-11-14 22:13:00.000",
        ),
        ("date_trunc('hour', 1700000000)", "2023-11-14 22:00:00.000"),
        ("date_trunc('day', 1700000000)", "2023-11-14 00:00:00.000"),
        ("date_trunc('week', 1700000000)", "2023-11-13 00:00:00.000"),
        ("date_trunc('month', 1700000000)", "2023-11-01 00:00:00.000"),
        (
            "date_trunc('quarter', 1700000000)",
            "2023-10-01 00:00:00.000",
        ),
        ("date_trunc('year', 1700000000)", "2023-01-01 00:00:00.000"),
        ("date_trunc('day', null)", "null"),
        (
            "date_format(1700000000, '%Y-%m-%dT%H:%i:%S.%f')",
            "2023-11-14T22:13:20.000000",
        ),
        (
            "date_format(1700000000, '%W %a %M %b %e %j %h %l %p %y 100%%')",
            "Tuesday Tue November Nov 14 318 10 10 PM 23 100%",
        ),
        (
            "date_format(0, '%T %r %c %k %w')",
            "00:00:00 12:00:00 AM 1 0 4",
        ),
        (
            "year(0) || month(0) || day(0) || hour(0) || day_of_week(0)",
            "19701104",
        ),
    ] {
        assert_eq!(evaluate(sql).as_deref(), Ok(value), "{sql}");
    }
    for sql in [
        "date_trunc('fortnight', 0)",
        "date_format(0, '%Q')",
        "from_unixtime('2023-02-30')",
        "from_unixtime(9223372036854775807)",
        "from_unixtime(x'00')",
        "sqrt('a')",
        "split_part('a', 'b', 0)",
        "approx_percentile(v, 2)",
        "regexp_like('a', '(')",
    ] {
        assert!(evaluate(sql).is_err(), "{sql}");
    }
}

#[test]
fn what_is_listed_is_there_and_what_is_not_is_refused() {
    let connection = Connection::open_in_memory().unwrap();
    super::register(&connection).unwrap();
    let mut statement = connection
        .prepare("SELECT DISTINCT name FROM pragma_function_list")
        .unwrap();
    let known = statement.query_map([], |row| row.get(0)).unwrap();
    let known: Vec<String> = known.collect::<Result<_, _>>().unwrap();
    for name in super::BUILT_IN
        .iter()
        .chain(&super::scalar::NAMES)
        .chain(&super::aggregate::NAMES)
    {
        assert!(known.iter().any(|known| known == name), "{name}");
        assert!(super::is_allowed(&name.to_ascii_uppercase()));
    }
    for name in [
        "load_extension",
        "randomblob",
        "zeroblob",
        "printf",
        "sqlite_version",
        "json",
    ] {
        assert!(
            known.iter().any(|known| known == name) && !super::is_allowed(name),
            "{name}"
        );
    }
}

proptest! {
    #[test]
    fn every_millisecond_has_one_date(millis in -62_167_219_200_000..253_402_300_800_000_i64) {
        let civil = Civil::from_millis(millis).unwrap();
        prop_assert_eq!(civil.millis(), millis);
        let Civil { year, month, day, hour, minute, second, millisecond } = civil;
        let text = format!(
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{millisecond:03}"
        );
        prop_assert_eq!(Civil::parse(&text), Some(civil));
    }

    #[test]
    fn no_text_is_too_strange_for_a_date(text in "[0-9TZ: .+-]{0,30}") {
        if let Some(civil) = Civil::parse(&text) {
            prop_assert_eq!(Civil::from_millis(civil.millis()), Some(civil));
        }
    }
}
