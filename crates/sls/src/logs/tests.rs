use alloc::borrow::ToOwned;
use alloc::vec::Vec;
use alloc::{format, vec};

use super::*;
use crate::{ErrorCode, Parameters};

#[test]
fn a_request_needs_only_from_and_to() {
    let want = GetLogsRequest::new(1, 2, "");
    let texts = [
        r#"{"from":1,"to":2}"#,
        r#"{"from":1,"to":2,"topic":null,"query":null,"line":null,"forward":null,"accurate":null,
            "reverse":null,"fromNs":null,"session":null,"unknown":[1]}"#,
    ];
    for text in texts {
        assert_eq!(serde_json::from_str::<GetLogsRequest>(text).unwrap(), want);
    }
    assert!(serde_json::from_str::<GetLogsRequest>(r#"{"from":1}"#).is_err());
    assert_eq!((want.line, want.forward, want.accurate), (100, true, true));
}

#[test]
fn a_request_has_the_keys_of_the_service() {
    let text = serde_json::to_string(&GetLogsRequest::new(1, 2, "* | select 1")).unwrap();
    assert_eq!(
        text,
        r#"{"from":1,"to":2,"topic":"","query":"* | select 1","line":100,"offset":0,"#.to_owned()
            + r#""reverse":false,"powerSql":false,"forward":true,"accurate":true,"fromNs":0,"#
            + r#""toNs":0,"highlight":false,"session":""}"#
    );
}

#[test]
fn the_older_request_has_the_same_in_parameters() {
    let parameters = Parameters::parse(
        "type=log&from=1&to=2&topic=t&query=a+b&line=&offset=3&reverse=True&powerSql=false",
    );
    let request = GetLogsRequest::from_parameters(&parameters.unwrap()).unwrap();
    let want = GetLogsRequest {
        topic: "t".into(),
        offset: 3,
        reverse: true,
        ..GetLogsRequest::new(1, 2, "a b")
    };
    assert_eq!(request, want);
    for query in [
        "from=1",
        "to=1",
        "from=x&to=2",
        "from=1&to=2&line=x",
        "from=1&to=2&reverse=x",
    ] {
        let error = GetLogsRequest::from_parameters(&Parameters::parse(query).unwrap());
        assert_eq!(
            error.unwrap_err().code,
            ErrorCode::ParameterInvalid,
            "{query}"
        );
    }
}

#[test]
fn a_page_has_at_most_a_hundred_logs_and_no_negative_part() {
    let page = |offset, line| {
        GetLogsRequest {
            line,
            offset,
            ..GetLogsRequest::new(1, 2, "")
        }
        .page()
    };
    assert_eq!(page(7, 1000), Ok((7, 100)));
    assert_eq!(page(0, 0), Ok((0, 0)));
    assert_eq!(
        page(-1, 10).unwrap_err().message,
        "limit expression is required"
    );
    assert_eq!(page(0, -1).unwrap_err().code, ErrorCode::ParameterInvalid);
}

#[test]
fn a_period_is_not_empty_and_ends_before_its_end() {
    let range = TimeRange::new((10, 5), (20, 0)).unwrap();
    assert_eq!((range.from_seconds(), range.to_seconds()), (10, 20));
    assert_eq!(TimeRange::new((10, 5), (20, 1)).unwrap().to_seconds(), 21);
    assert!(range.contains(10, 5) && range.contains(19, 999_999_999));
    assert!(!range.contains(10, 4) && !range.contains(20, 0) && !range.contains(i64::MAX, 0));
    for (from, to) in [
        ((2, 0), (2, 0)),
        ((3, 0), (2, 0)),
        ((-1, 0), (2, 0)),
        ((1, -1), (2, 0)),
    ] {
        assert_eq!(
            TimeRange::new(from, to).unwrap_err().code,
            ErrorCode::ParameterInvalid
        );
    }
    let always = TimeRange::new((0, 0), (i64::MAX, 0)).unwrap();
    assert!(always.contains(4_000_000_000, 0));
}

#[test]
fn a_histogram_may_choose_its_interval() {
    let parse = |query: &str| HistogramRequest::from_parameters(&Parameters::parse(query).unwrap());
    let request =
        parse("type=histogram&from=1&to=2&topic=&query=x+%7C+select+1&interval=").unwrap();
    assert_eq!((&*request.query, request.interval), ("x | select 1", None));
    assert_eq!(parse("from=1&to=2&interval=60").unwrap().interval, Some(60));
    for query in [
        "from=1&to=1",
        "from=1&to=2&interval=-1",
        "from=1&to=2&interval=x",
        "from=1",
    ] {
        assert_eq!(
            parse(query).unwrap_err().code,
            ErrorCode::ParameterInvalid,
            "{query}"
        );
    }
}

#[test]
fn the_meta_has_exactly_the_documented_keys() {
    let text = serde_json::to_string(&GetLogsMeta::default()).unwrap();
    assert_eq!(
        text,
        r#"{"progress":"Complete","aggQuery":"","whereQuery":"","hasSQL":false,"#.to_owned()
            + r#""processedRows":0,"elapsedMillisecond":0,"cpuSec":0.0,"cpuCores":0,"limited":0,"#
            + r#""count":0,"processedBytes":0,"telementryType":"logs","powerSql":false,"#
            + r#""insertedSQL":"","keys":[],"terms":[],"mode":0,"scanBytes":0,"isAccurate":true,"#
            + r#""columnTypes":[],"highlights":[],"marker":null,"shard":0,"phraseQueryInfo":null}"#
    );
    assert_eq!(
        serde_json::from_str::<GetLogsMeta>(&text).unwrap(),
        GetLogsMeta::default()
    );
}

#[test]
fn a_row_keeps_its_order_and_holds_strings_alone() {
    let row = LogRow(vec![("z".into(), "1".into()), ("a".into(), "\"".into())]);
    let text = serde_json::to_string(&row).unwrap();
    assert_eq!(text, r#"{"z":"1","a":"\""}"#);
    assert_eq!(serde_json::from_str::<LogRow>(&text).unwrap(), row);
    assert_eq!((row.get("a"), row.get("b")), (Some("\""), None));
    assert!(serde_json::from_str::<LogRow>(r#"{"a":1}"#).is_err());
}

#[test]
fn the_older_answer_has_headers_of_visible_ascii_alone() {
    let meta = GetLogsMeta {
        where_query: "流".into(),
        agg_query: "select 1".into(),
        has_sql: true,
        count: 3,
        cpu_sec: 0.25,
        ..GetLogsMeta::default()
    };
    let lines: Vec<_> = meta
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    assert_eq!(
        lines,
        [
            "x-log-progress: Complete",
            "x-log-count: 3",
            "x-log-processed-rows: 0",
            "x-log-elapsed-millisecond: 0",
            "x-log-has-sql: true",
            "x-log-cpu-sec: 0.250",
            "x-log-cpu-cores: 0",
            "x-log-agg-query: select 1",
        ]
    );
}
