use flowlog_sls::index::LineIndex;
use flowlog_sls::log_group::LogGroup;

use super::*;

/// The vector of the protocol's description: `srcaddr=10.0.0.1`, tag `host=exp-1`.
const GROUP: &str = "0a200880e2cfaa0612130a0773726361646472120831302e302e302e312515cd5b071a08666c6f\
                     775f6c6f6722093139322e302e322e31320d0a04686f737412056578702d31";

fn row() -> Row {
    let octets: Vec<u8> = (0..GROUP.len() / 2)
        .map(|at| u8::from_str_radix(&GROUP[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    let group = LogGroup::parse(&octets).unwrap();
    let log = group.logs().next().unwrap();
    Row::of(&group, &log)
}

#[test]
fn a_row_has_its_fields_and_those_of_its_group() {
    let object = serde_json::Value::Object(row().into_object());
    let expected = serde_json::json!({
        "__time__": "1700000000", "__source__": "192.0.2.1", "__topic__": "flow_log",
        "__tag__:host": "exp-1", "srcaddr": "10.0.0.1",
    });
    assert_eq!(object, expected);
}

#[test]
fn rows_are_found_as_the_logstore_finds_them() {
    let index = IndexConfig {
        line: Some(LineIndex::usual()),
        ..IndexConfig::default()
    };
    for (query, found) in [
        ("*", true),
        ("10.0.0.1", true),
        ("10.0.0.2", false),
        ("__topic__: flow_log", true),
        ("__tag__:host: exp-2", false),
        ("not 10.0.0.2 and exp-1", true),
        ("__time__ >= 1700000001", false),
    ] {
        let search = Search::bind(&search(query).unwrap(), &index).unwrap();
        assert_eq!(row().is_found(&search), found, "{query}");
    }
}

#[test]
fn sql_is_refused_with_what_can_be_followed() {
    let failure = search("srcaddr: 10.0.0.1 | select count(*)").unwrap_err();
    assert_eq!(failure.status(), 2);
    let message = failure.message().unwrap();
    assert!(
        message.contains("\"| select count(*)\" is SQL")
            && message.contains("follow \"srcaddr: 10.0.0.1\""),
        "{message}"
    );
    assert_eq!(search("a and").unwrap_err().status(), 2);
}
