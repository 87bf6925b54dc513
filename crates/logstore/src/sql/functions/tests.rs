use std::collections::BTreeSet;

use proptest::prelude::*;
use rusqlite::Connection;

use super::Budget;
use super::value::text_of;
use crate::sql::dialect::{Asked, translate};

/// 2023-11-14 22:13:20.250
const NOW: i64 = 1_700_000_000_250;

/// What an expression is, where `v` is 3, 1, NULL, 4 and 2.
fn evaluate(sql: &str) -> Result<String, String> {
    let connection = Connection::open_in_memory().unwrap();
    super::register(&connection, &Budget::of(1 << 20)).unwrap();
    evaluate_with(&connection, sql)
}

fn evaluate_with(connection: &Connection, sql: &str) -> Result<String, String> {
    let values = "(VALUES (3), (1), (NULL), (4), (2))";
    let sql = format!("SELECT {sql} FROM (SELECT column1 AS v FROM {values})");
    let asked = Asked {
        now_millis: NOW,
        period: (1_700_000_000, 1_700_003_600),
        grouping: false,
        typed: true,
    };
    let statement = translate(&sql, &asked, |_| Vec::new()).map_err(|error| error.message)?;
    let text = |row: &rusqlite::Row<'_>| Ok(text_of(row.get_ref(0)?));
    let texts = rusqlite::params_from_iter(&statement.texts);
    let value = connection
        .query_row(&statement.sql, texts, text)
        .map_err(|error| error.to_string())?;
    let value = value.unwrap_or_else(|| "null".to_owned());
    Ok(match (&*value, statement.truths.is_empty()) {
        ("0", false) => "false".to_owned(),
        ("1", false) => "true".to_owned(),
        _ => value,
    })
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (sql, value) in cases {
        assert_eq!(evaluate(sql).as_deref(), Ok(*value), "{sql}");
    }
}

#[track_caller]
fn refuse(cases: &[(&str, &str)]) {
    for (sql, said) in cases {
        let error = evaluate(sql).unwrap_err();
        assert!(error.contains(said), "{sql}: {error}");
    }
}

#[test]
fn aggregates_say_what_their_namesakes_say() {
    check(&[
        ("count_if(v > 1)", "3"),
        ("max_by(v, -v)", "1"),
        ("min_by('x' || v, -v)", "x4"),
        ("max_by(v, v, 2)", "[4,3]"),
        ("min_by('x' || v, v, 3)", r#"["x1","x2","x3"]"#),
        ("max(v, 2)", "[4,3]"),
        ("min(v, 9)", "[1,2,3,4]"),
        ("arbitrary(v)", "3"),
        ("bool_and(v > 0)", "true"),
        ("bool_or(v > 3)", "true"),
        ("every(v > 1)", "false"),
        ("bitwise_and_agg(v)", "0"),
        ("bitwise_or_agg(v)", "7"),
        ("round(geometric_mean(v), 6)", "2.213364"),
        ("array_agg(v)", "[3,1,null,4,2]"),
        ("array_agg('a' || v) filter (where v > 2)", r#"["a3","a4"]"#),
        ("array_agg(v order by v desc)", "[4,3,2,1,null]"),
        ("histogram(v % 2)", r#"{"0":2,"1":2}"#),
        ("map_agg(v, v * v)", r#"{"1":1,"2":4,"3":9,"4":16}"#),
        ("checksum(v) = checksum(5 - v)", "true"),
        ("checksum(v) = checksum(6 - v)", "false"),
        ("length(checksum(v))", "12"),
        ("approx_distinct(v % 2)", "2"),
        ("count(distinct v)", "4"),
        ("approx_percentile(v, 0.5)", "2"),
        ("approx_percentile(v, 1)", "4"),
        ("approx_percentile(v, array[0.25, 0.5, 0.99])", "[1,2,4]"),
        ("approx_percentile(v, v, 0.5)", "3"),
        ("variance(v)", "1.6666666666666667"),
        ("var_samp(v) = variance(v)", "true"),
        ("stddev_pop(v)", "1.118033988749895"),
        ("round(skewness(v * v), 4)", "0.4095"),
        ("round(kurtosis(v * v), 4)", "-0.5917"),
        ("corr(v, 2 * v)", "1.0"),
        ("covar_pop(v, 2 * v)", "2.5"),
        (
            "regr_slope(3 * v + 1, v) + regr_intercept(3 * v + 1, v)",
            "4.0",
        ),
        ("sum(v) filter (where v > 2)", "7"),
    ]);
    check(&[
        ("max_by(v, v) filter (where v > 9)", "null"),
        ("array_agg(v) filter (where v > 9)", "[]"),
        ("approx_percentile(v, 0.5) filter (where v > 9)", "null"),
        ("count_if(v > 1) filter (where v > 9)", "0"),
        ("geometric_mean(v) filter (where v > 9)", "null"),
        ("checksum(v) filter (where v > 9)", "null"),
    ]);
    refuse(&[
        ("approx_percentile(v, 2)", "between 0 and 1"),
        ("max_by(v, v, 0)", "1 to 10000"),
        ("stddev('a')", "a number is needed"),
    ]);
}

#[test]
fn aggregates_slide_over_windows_that_begin_with_their_partition() {
    let connection = Connection::open_in_memory().unwrap();
    super::register(&connection, &Budget::of(1 << 20)).unwrap();
    let sum = |frame: &str| {
        let inner = format!(
            "SELECT count_if(v > 1) OVER (ORDER BY v {frame}) c FROM (SELECT 1 v UNION SELECT 2 UNION SELECT 3)"
        );
        let sql = format!("SELECT group_concat(c) FROM ({inner})");
        connection.query_row(&sql, [], |row| row.get::<_, String>(0))
    };
    assert_eq!(sum("").unwrap(), "0,1,2");
    let sliding = sum("ROWS 1 PRECEDING").unwrap_err().to_string();
    assert!(sliding.contains("begins with the partition"), "{sliding}");
}

const TIMES: &[(&str, &str)] = &[
    ("from_unixtime(1700000000)", "2023-11-14 22:13:20.000"),
    ("from_unixtime(1700000000.25)", "2023-11-14 22:13:20.250"),
    (
        "from_unixtime(1700000000, 'Asia/Shanghai')",
        "2023-11-15 06:13:20.000 Asia/Shanghai",
    ),
    (
        "from_unixtime(1700000000, '-03:30')",
        "2023-11-14 18:43:20.000 -03:30",
    ),
    ("to_unixtime('2023-11-14 22:13:20')", "1.7E9"),
    (
        "to_unixtime(from_unixtime(1700000000, 'Asia/Shanghai'))",
        "1.7E9",
    ),
    (
        "to_unixtime(timestamp '2023-11-15 06:13:20 +08:00')",
        "1.7E9",
    ),
    (
        "hour(from_unixtime(1700000000) at time zone 'Asia/Shanghai')",
        "6",
    ),
    (
        "date_format(from_unixtime(1700000000, 'UTC+8'), '%H:%i')",
        "06:13",
    ),
    (
        "date_trunc('day', from_unixtime(1700000000, 'Asia/Shanghai'))",
        "2023-11-15 00:00:00.000 Asia/Shanghai",
    ),
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
    ("date_trunc('month', date '2023-11-14')", "2023-11-01"),
    ("date_trunc('day', null)", "null"),
    (
        "date_format(1700000000, '%Y-%m-%dT%H:%i:%S.%f')",
        "2023-11-14T22:13:20.000000",
    ),
    (
        "date_format(1700000000, '%W %a %M %b %e %j %h %l %p %y %v %x 100%%')",
        "Tuesday Tue November Nov 14 318 10 10 PM 23 46 2023 100%",
    ),
    (
        "date_format(0, '%T %r %c %k %w')",
        "00:00:00 12:00:00 AM 1 0 4",
    ),
    (
        "date_parse('14/Nov/2023:22:13:20', '%d/%b/%Y:%H:%i:%s')",
        "2023-11-14 22:13:20.000",
    ),
    (
        "date_parse('2023-11-14 10:13:20.25 pm', '%Y-%m-%d %h:%i:%s.%f %p')",
        "2023-11-14 22:13:20.250",
    ),
    (
        "date_parse('5.1.70', '%e.%c.%y')",
        "1970-01-05 00:00:00.000",
    ),
    (
        "date_add('month', 1, '2024-01-31 10:00:00')",
        "2024-02-29 10:00:00.000",
    ),
    ("date_add('day', -1, date '2024-03-01')", "2024-02-29"),
    (
        "date_diff('day', '2023-11-14 23:00:00', '2023-11-16 22:00:00')",
        "1",
    ),
    (
        "date_diff('month', date '2024-01-31', date '2024-03-30')",
        "1",
    ),
    (
        "date_diff('month', date '2024-03-30', date '2024-01-31')",
        "-1",
    ),
    (
        "date_diff('year', date '2020-02-29', date '2024-02-29')",
        "4",
    ),
    ("date_diff('second', 1700000000, 1700000090)", "90"),
    (
        "timestamp '2023-11-14 22:13' + interval '2' hour",
        "2023-11-15 00:13:00.000",
    ),
    ("date '2024-02-29' - interval '1' year", "2023-02-28"),
    (
        "date '2024-02-29' + interval '90' minute",
        "2024-02-29 01:30:00.000",
    ),
    (
        "cast('2023-11-14' as timestamp) < timestamp '2023-11-14 00:00:01'",
        "true",
    ),
    ("cast('2023-11-14 22:13:20' as date)", "2023-11-14"),
    ("date('2023-11-14 22:13:20')", "2023-11-14"),
    ("try_cast('soon' as timestamp)", "null"),
    (
        "to_iso8601(from_unixtime(1700000000, '+08:00'))",
        "2023-11-15T06:13:20.000+08:00",
    ),
    ("to_iso8601(0)", "1970-01-01T00:00:00.000Z"),
    (
        "from_iso8601_timestamp('2023-11-15T06:13:20+08:00')",
        "2023-11-15 06:13:20.000 +08:00",
    ),
    (
        "year(0) || month(0) || day(0) || hour(0) || day_of_week(0)",
        "19701104",
    ),
    (
        "quarter(0) || week(0) || year_of_week(date '2024-12-30') || doy(86400)",
        "1120252",
    ),
    (
        "extract(minute from 1700000000) + extract(dow from 0)",
        "17",
    ),
    ("now()", "2023-11-14 22:13:20.250"),
    ("current_timestamp", "2023-11-14 22:13:20.250"),
    ("current_date", "2023-11-14"),
    ("current_time", "22:13:20.250"),
    ("date_diff('second', from_unixtime(1700000000), now())", "0"),
];

#[test]
fn time_is_told_as_presto_tells_it() {
    check(TIMES);
    refuse(&[
        ("date_trunc('fortnight', 0)", "the unit must be"),
        ("date_format(0, '%Q')", "%Q is not supported"),
        ("date_parse('x', '%Y')", "is not written as"),
        ("date_parse('2023-02-30', '%Y-%m-%d')", "is not written as"),
        ("from_unixtime('2023-02-30')", "a number is needed"),
        ("from_unixtime(9223372036854775807)", "not a point in time"),
        ("from_unixtime(0, 'Nowhere/City')", "no time zone"),
        ("from_unixtime(0, '../../etc/passwd')", "no time zone"),
        ("date_add('year', 99999999, 0)", "not a point in time"),
        (
            "date_add('day', 9223372036854775807, 0)",
            "not a point in time",
        ),
        ("timestamp 'yesterday'", "is no TIMESTAMP"),
        ("interval '1' day", "INTERVAL"),
        ("now() + interval 'many' day", "is no interval"),
    ]);
}

const TEXTS: &[(&str, &str)] = &[
    ("concat('a', 1, 2.5)", "a12.5"),
    ("concat('a', null)", "null"),
    ("concat('[1]', '[2,\"b\"]')", "[1,2,\"b\"]"),
    ("length('流量')", "2"),
    ("lower('ÄB') || upper('ß')", "äbSS"),
    (
        "trim('  a ') || '|' || ltrim(' b ') || '|' || rtrim(' c ')",
        "a|b | c",
    ),
    (
        "trim(both 'x' from 'xxaxx') || trim(leading 'x' from 'xb')",
        "ab",
    ),
    (
        "lpad('7', 3, '0') || rpad('abc', 2, '-') || rpad('a', 4, 'xy')",
        "007abaxyx",
    ),
    (
        "replace('aXbX', 'X', '--') || replace('aXb', 'X')",
        "a--b--ab",
    ),
    ("reverse('流a')", "a流"),
    ("reverse(array[1, 2])", "[2,1]"),
    ("split('a,b,c', ',')", r#"["a","b","c"]"#),
    ("split('a,b,c', ',', 2)", r#"["a","b,c"]"#),
    ("split('a,b,c', ',')[2]", "b"),
    ("split_part('a.b.c', '.', 2)", "b"),
    ("split_part('a', '.', 2)", "null"),
    ("split_to_map('a=1;b=2', ';', '=')['b']", "2"),
    ("strpos('流量', '量')", "2"),
    ("strpos('abc', 'x')", "0"),
    ("strpos('a.b.c', '.', 2)", "4"),
    ("position('b' in 'abc')", "2"),
    ("substr('流量abc', 2, 2)", "量a"),
    (
        "substr('abc', -2) || substr('abc', 0) || substring('abc' from 3 for 5)",
        "bcc",
    ),
    (
        "starts_with('abc', 'ab') and ends_with('abc', 'bc')",
        "true",
    ),
    ("chr(27969)", "流"),
    ("codepoint('流')", "27969"),
    ("levenshtein_distance('kitten', 'sitting')", "3"),
    ("hamming_distance('abc', 'abd')", "1"),
    ("from_utf8(to_utf8('流'))", "流"),
    ("to_hex(to_utf8('az'))", "617A"),
    ("from_utf8(from_hex('617a'))", "az"),
    ("crc32('123456789')", "3421780262"),
    ("'abc' like 'a%' and 'ABC' not like 'a%'", "true"),
    (
        "'a_c' like 'a!_c' escape '!' and 'abc' not like 'a!_c' escape '!'",
        "true",
    ),
    (
        "'流量' like '_量' and 'abcbc' like 'a%bc' and '' like '%' and 'a' like '%%a%%'",
        "true",
    ),
    (
        "'abc' like 'ab' or 'abc' like '_bd' or 'abc' like '%c_'",
        "false",
    ),
    ("'it''s' || ' \\ '' ?1'", "it's \\ ' ?1"),
];

#[test]
fn texts_are_handled_by_characters() {
    check(TEXTS);
    refuse(&[
        ("split_part('a', 'b', 0)", "count from 1"),
        ("split('a', '')", "the delimiter is empty"),
        ("chr(55296)", "no character"),
        ("codepoint('ab')", "one character"),
        ("hamming_distance('a', 'ab')", "differ in length"),
        ("from_hex('6')", "pairs of digits"),
        ("'a' like 'a' escape '!!'", "one character"),
    ]);
}

#[test]
fn patterns_are_found() {
    check(&[
        ("regexp_like('eth0/1', '^eth\\d')", "true"),
        ("regexp_extract('port 443', '\\d+')", "443"),
        ("regexp_extract('a=1', '(\\w)=(\\d)', 2)", "1"),
        ("regexp_extract_all('a1b22', '\\d+')", r#"["1","22"]"#),
        (
            "regexp_extract_all('a1b22', '([a-z])\\d', 1)",
            r#"["a","b"]"#,
        ),
        ("regexp_replace('a1b2', '\\d', '-')", "a-b-"),
        ("regexp_replace('a1b2', '([a-z])(\\d)', '$2$1')", "1a2b"),
        ("regexp_replace('a1b2', '\\d')", "ab"),
        ("regexp_count('a1b22', '\\d+')", "2"),
        ("regexp_split('a1b22c', '\\d+')", r#"["a","b","c"]"#),
        ("regexp_like(null, 'a')", "null"),
    ]);
    refuse(&[
        ("regexp_like('a', '(')", "unclosed group"),
        ("regexp_extract('a', 'a', 1)", "so many groups"),
        ("regexp_like('a', '(a{1000}){1000}')", "size limit"),
    ]);
}

#[test]
fn addresses_have_networks() {
    check(&[
        ("ip_prefix('192.0.2.77', 24)", "192.0.2.0/24"),
        ("ip_prefix('192.0.2.77', 0)", "0.0.0.0/0"),
        ("ip_prefix('2001:db8:1:2::77', 48)", "2001:db8:1::/48"),
        ("is_subnet_of('10.0.0.0/8', '10.200.3.4')", "true"),
        ("is_subnet_of('10.0.0.1/8', '11.0.0.1')", "false"),
        ("is_subnet_of('10.0.0.0/8', '-')", "false"),
        ("is_subnet_of('::/0', '10.0.0.1')", "false"),
        ("is_subnet_of('2001:db8::/32', '2001:db8::1')", "true"),
        ("is_prefix_subnet_of('10.0.0.0/8', '10.1.0.0/16')", "true"),
        ("is_prefix_subnet_of('10.1.0.0/16', '10.0.0.0/8')", "false"),
        ("ip_subnet_min('192.0.2.77/24')", "192.0.2.0"),
        ("ip_subnet_max('192.0.2.77/24')", "192.0.2.255"),
        (
            "ip_subnet_max('::/0')",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ),
        (
            "ip_subnet_range('192.0.2.0/30')",
            r#"["192.0.2.0","192.0.2.3"]"#,
        ),
        (
            "ip_to_domain('10.1.2.3') || ip_to_domain('8.8.8.8') || ip_to_domain('-')",
            "intranetinternetinvalid",
        ),
        (
            "is_private_ip('fd00::1') and is_private_ip('100.64.0.1')",
            "true",
        ),
        (
            "is_ipv4('1.2.3.4') and is_ipv6('::') and not is_ipv4('::')",
            "true",
        ),
        ("bigint_to_ip(ip_to_bigint('192.0.2.1') + 1)", "192.0.2.2"),
        ("try(ip_prefix('-', 24))", "null"),
    ]);
    refuse(&[
        ("ip_prefix('-', 24)", "is no IP address"),
        ("ip_prefix('10.0.0.1', 33)", "33 bits"),
        ("is_subnet_of('ten', '10.0.0.1')", "is no network"),
        (
            "ip_to_country('8.8.8.8')",
            "function ip_to_country is not supported: it needs a database",
        ),
    ]);
}

#[test]
fn web_addresses_fall_into_parts() {
    let url = "'https://u@example.com:8443/a%20b?q=1%2B2&r=x+y#top'";
    let part = |name: &str| evaluate(&format!("url_extract_{name}({url})")).unwrap();
    let parts = ["protocol", "host", "port", "path", "query", "fragment"].map(part);
    assert_eq!(
        parts.join(" "),
        "https example.com 8443 /a b q=1%2B2&r=x+y top"
    );
    check(&[
        (&format!("url_extract_parameter({url}, 'q')"), "1+2"),
        (&format!("url_extract_parameter({url}, 'r')"), "x y"),
        (&format!("url_extract_parameter({url}, 's')"), "null"),
        ("url_extract_host('http://[::1]:80/')", "[::1]"),
        ("url_extract_host('no url')", "null"),
        ("url_encode('a b/流')", "a+b%2F%E6%B5%81"),
        ("url_decode('a+b%2F%E6%B5%81%')", "a b/流%"),
    ]);
}

const ARRAYS: &[(&str, &str)] = &[
    ("array[1, 'a', null, 2.5]", r#"[1,"a",null,2.5]"#),
    ("array[array[1], array[2, 3]][2][1]", "2"),
    ("cardinality(array[1, 2])", "2"),
    ("contains(array[1, 2], 2)", "true"),
    ("array_position(array['a', 'b'], 'b')", "2"),
    ("array_distinct(array[1, 2, 1])", "[1,2]"),
    ("array_sort(array[3, null, 1])", "[1,3,null]"),
    ("array_max(array[3, 10]) - array_min(array[3, 10])", "7"),
    (
        "array_join(array[1, null, 'c'], '-') || array_join(array[null], '-', '?')",
        "1-c?",
    ),
    ("array_remove(array[1, 2, 1], 1)", "[2]"),
    ("array_union(array[1, 2], array[2, 3])", "[1,2,3]"),
    ("array_intersect(array[1, 2], array[2, 3])", "[2]"),
    ("array_except(array[1, 2], array[2, 3])", "[1]"),
    ("slice(array[1, 2, 3], 2, 5)", "[2,3]"),
    ("sequence(1, 7, 3)", "[1,4,7]"),
    ("flatten(array[array[1], array[2]])", "[1,2]"),
    ("element_at(array[1, 2], -1)", "2"),
    ("element_at(array[1, 2], 3)", "null"),
    ("map(array['a', 'b'], array[1, 2])['b']", "2"),
    (
        "map_keys(map(array['a'], array[1])) || map_values(map(array['a'], array[1]))",
        r#"["a"][1]"#,
    ),
    ("transform(array[1, 2], x -> x * 10)", "[10,20]"),
    ("filter(array[1, 2, 3], x -> x > 1)", "[2,3]"),
    ("any_match(array[1, 2], x -> x = 2)", "true"),
    ("all_match(array[], x -> x = 2)", "true"),
    ("none_match(array[1, 2], x -> x = 2)", "false"),
    (
        "json_extract('{\"a\":{\"b c\":[1,{\"d\":2}]}}', '$.a[\"b c\"][1]')",
        r#"{"d":2}"#,
    ),
    ("json_extract_scalar('{\"a\":[true]}', '$.a[0]')", "true"),
    ("json_extract_scalar('{\"a\":[1]}', '$.a')", "null"),
    (
        "json_extract_long('{\"a\":7}', '$.a') + json_extract_double('{\"a\":0.5}', '$.a')",
        "7.5",
    ),
    ("json_extract('no json', '$.a')", "null"),
    ("json_size('{\"a\":[1,2]}', '$.a')", "2"),
    ("json_array_length('[1,2]')", "2"),
    ("json_array_get('[1,2]', -1)", "2"),
    ("json_array_contains('[1,2]', 2)", "true"),
    ("json_format(json_parse('[1, 2]'))", "[1,2]"),
    ("cast('[1, 2]' as array(bigint))[1]", "1"),
];

#[test]
fn arrays_and_maps_are_json() {
    check(ARRAYS);
    refuse(&[
        ("array[1][2]", "count from 1; 2 is not among 1"),
        ("map(array['a'], array[1])['b']", "does not have the key"),
        ("sequence(1, 1000000)", "100000 elements"),
        ("sequence(1, 2, 0)", "must lead to the end"),
        ("json_extract('{}', '$.')", "is no path"),
        ("cardinality('a')", "is no JSON"),
        (
            "reduce(array[1], 0, (s, x) -> s + x, s -> s)",
            "reduce is not supported",
        ),
        (
            "transform(array[1], x -> transform(array[x], y -> y))",
            "is written",
        ),
    ]);
}

#[test]
fn numbers_are_reckoned() {
    check(&[
        ("abs(-3) + abs(-0.5)", "3.5"),
        ("round(2.5)", "3.0"),
        ("round(-2.567, 1)", "-2.6"),
        ("round(7)", "7"),
        ("round(1234, -2)", "1200"),
        ("round(null)", "null"),
        ("truncate(-2.7)", "-2.0"),
        ("truncate(2.789, 2)", "2.78"),
        ("ceil(1.2) + floor(-1.2)", "0.0"),
        ("mod(7, 4)", "3"),
        ("mod(7, 0)", "null"),
        ("mod(7.5, 2)", "1.5"),
        ("power(2, 10)", "1024.0"),
        (
            "sqrt(16) + cbrt(27) + ln(1) + log2(8) + log10(100) + log(16, 2)",
            "16.0",
        ),
        ("round(degrees(pi()), 3) + sign(-5)", "179.0"),
        ("round(exp(1) - e(), 9)", "0.0"),
        ("greatest(1, 3.5, 2)", "3.5"),
        ("least('b', 'a')", "a"),
        ("least(1, null)", "null"),
        ("width_bucket(5.3, 0, 10, 5)", "3"),
        (
            "width_bucket(-1, 0, 10, 5) || width_bucket(99, 0, 10, 5)",
            "06",
        ),
        ("width_bucket(5, array[1, 5, 9])", "2"),
        (
            "bitwise_and(6, 3) + bitwise_or(4, 1) + bitwise_xor(7, 2) + bitwise_not(0)",
            "11",
        ),
        (
            "bitwise_left_shift(1, 4) + bitwise_right_shift(16, 2)",
            "20",
        ),
        ("bit_count(-7, 8)", "6"),
        ("to_base(255, 16) || from_base('ff', 16)", "ff255"),
        ("is_nan(0.5) or is_infinite(infinity())", "true"),
        ("7 / 2", "3"),
        ("7 / 0", "null"),
    ]);
    refuse(&[
        ("sqrt('a')", "a number is needed"),
        ("abs(-9223372036854775807 - 1)", "too small"),
        ("bit_count(300, 8)", "more bits"),
        ("width_bucket(1, 2, 2, 3)", "must differ"),
    ]);
}

#[test]
fn types_are_changed_on_request() {
    check(&[
        (
            "cast('12' as bigint) + cast(2.5 as bigint) + cast(true as integer)",
            "16",
        ),
        ("cast('1.5' as double) + cast(1 as double)", "2.5"),
        ("cast(1 as varchar) || cast(0.5 as varchar(10))", "10.5"),
        (
            "cast(v > 1 as varchar) || cast(false as varchar)",
            "truefalse",
        ),
        ("cast('true' as boolean)", "true"),
        ("try_cast('a' as bigint)", "null"),
        ("try(cast('a' as bigint))", "null"),
        ("try(1 / 0)", "null"),
        (
            "coalesce(try(cast('a' as bigint)), try(date_parse('a', '%Y')), 9)",
            "9",
        ),
        (
            "typeof(1) || typeof('a') || typeof(1.5) || typeof(1 = 1)",
            "bigintvarchardoubleboolean",
        ),
        ("if(v > 1, 'big', 'small')", "big"),
        ("if(v > 9, 'big')", "null"),
        ("nullif(1, 1)", "null"),
        ("case v when 3 then 'three' else 'other' end", "three"),
        ("v between 2 and 4", "true"),
        ("v in (1, 2) or v is null", "false"),
        ("v is distinct from null", "true"),
        ("format_data_size(1536) || format_data_size(5)", "1.5KB5B"),
        ("parse_data_size('1.5KB')", "1536.0"),
        (
            "format_duration(93784)",
            "1 day, 2 hours, 3 minutes, 4 seconds",
        ),
    ]);
    refuse(&[
        ("cast('a' as bigint)", "cannot cast 'a' to bigint"),
        ("cast('maybe' as boolean)", "cannot cast 'maybe' to boolean"),
        ("cast(1 as interval)", "cast to INTERVAL is not supported"),
        ("if(1)", "another number of arguments"),
    ]);
}

#[test]
fn many_values_are_summed_up_in_little_memory() {
    let numbers = "(WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 200000) SELECT n FROM t)";
    let connection = Connection::open_in_memory().unwrap();
    super::register(&connection, &Budget::of(400_000)).unwrap();
    let ask = |expression: &str| -> rusqlite::Result<f64> {
        let sql = format!("SELECT {expression} FROM {numbers}");
        connection.query_row(&sql, [], |row| row.get::<_, f64>(0))
    };
    let near = |found: f64, value: f64| assert!((found / value - 1.0).abs() < 0.03, "{found}");
    near(ask("approx_distinct(n) + 0.0").unwrap(), 200_000.0);
    near(ask("approx_distinct(n % 3000) + 0.0").unwrap(), 3000.0);
    near(ask("approx_percentile(n, 0.5)").unwrap(), 100_000.0);
    near(
        ask("approx_percentile(-n * 1.5, 0.01)").unwrap(),
        -297_000.0,
    );
    let error = ask("length(array_agg(n))").unwrap_err().to_string();
    assert!(error.contains("too much memory"), "{error}");
    // What a statement took it has given back.
    near(ask("approx_distinct(n) + 0.0").unwrap(), 200_000.0);
}

#[test]
fn no_function_makes_a_text_without_bounds() {
    refuse(&[
        ("lpad('a', 1000000000, 'b')", "too long"),
        ("rpad('a', -1, 'b')", "must not be negative"),
        (
            "replace(lpad('', 100000, 'a'), 'a', lpad('', 1000, 'b'))",
            "too long",
        ),
        (
            "replace(lpad('', 100000, 'a'), '', lpad('', 1000, 'b'))",
            "too long",
        ),
        (
            "regexp_replace(lpad('', 100000, 'a'), 'a', lpad('', 1000, 'b'))",
            "too long",
        ),
        (
            "concat(lpad('', 200000, 'a'), lpad('', 200000, 'a'), lpad('', 200000, 'a'), lpad('', 200000, 'a'), lpad('', 200000, 'a'), lpad('', 200000, 'a'))",
            "too long",
        ),
        (
            "levenshtein_distance(lpad('', 100000, 'a'), lpad('', 100000, 'b'))",
            "4096 octets",
        ),
        (
            "array_join(split(lpad('', 200000, ','), ','), lpad('', 1000, 'b'))",
            "too long",
        ),
        ("repeat('a', 9)", "function repeat is not supported"),
        (
            "printf('%1000000000d', 1)",
            "function printf is not supported",
        ),
        ("zeroblob(1000000000)", "function zeroblob is not supported"),
        ("group_concat(v)", "function group_concat is not supported"),
        (
            "json_group_array(v)",
            "function json_group_array is not supported",
        ),
        ("\"#bigint\"('1')", "is not supported"),
        ("json_each('[]')", "is not supported"),
    ]);
}

#[test]
fn what_is_listed_is_there_and_what_is_not_is_refused() {
    let listed: BTreeSet<&str> = include_str!("../functions.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! "))
        .take_while(|line| !line.starts_with("What the service"))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect();
    let known = super::scalars().map(|scalar| scalar.name);
    let known = known.chain(super::math::REALS.iter().map(|(name, _)| *name));
    let known = known.chain(super::time::PARTS.iter().map(|(name, _)| *name));
    let known = known.chain(super::aggregate::names());
    let known = known.chain(super::BUILT_IN).chain(super::REWRITTEN);
    let known: BTreeSet<&str> = known
        .filter(|name| !name.starts_with('#') && *name != "json_each")
        .collect();
    assert_eq!(listed, known);
    let connection = Connection::open_in_memory().unwrap();
    super::register(&connection, &Budget::of(0)).unwrap();
    let mut statement = connection
        .prepare("SELECT DISTINCT name FROM pragma_function_list")
        .unwrap();
    let there = statement.query_map([], |row| row.get(0)).unwrap();
    let there: BTreeSet<String> = there.collect::<Result<_, _>>().unwrap();
    for name in known.iter().filter(|name| !super::REWRITTEN.contains(name)) {
        assert!(there.contains(*name), "{name}");
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
        assert!(there.contains(name) && !super::is_allowed(name), "{name}");
    }
    for name in &super::TRUTHS {
        assert!(known.contains(name), "{name}");
    }
}

proptest! {
    #[test]
    fn no_value_is_too_strange_for_a_function(
        name in proptest::sample::select(super::scalars().map(|scalar| (scalar.name, scalar.arguments)).collect::<Vec<_>>()),
        values in proptest::collection::vec(proptest::sample::select(&[
            "NULL", "0", "-1", "9223372036854775807", "-9223372036854775807 - 1", "1e308", "-0.5", "''", "'a'", "'流量'",
            "'[1,\"a\",null]'", "'{\"a\":[1]}'", "'2023-11-14 22:13:20'", "'-9999-99-99'", "x'ff00'", "'10.0.0.1/8'",
            "'::1'", "'$.a[0]'", "'%Y-%m-%d'", "'day'", "'+08:00'", "'http://a:1/?b=c#d'",
        ][..]), 4),
    ) {
        let (name, arguments) = name;
        let connection = Connection::open_in_memory().unwrap();
        super::register(&connection, &Budget::of(1 << 16)).unwrap();
        for count in arguments {
            let count = usize::try_from(*count).unwrap_or(3);
            for suffix in ["", "?"] {
                let sql = format!("SELECT \"{name}{suffix}\"({})", values[..count].join(", "));
                let outcome = connection.query_row(&sql, [], |row| Ok(text_of(row.get_ref(0)?)));
                prop_assert!(suffix.is_empty() || outcome.is_ok(), "{}: {:?}", sql, outcome);
            }
        }
    }
}
