//! What strangers send to the Logstore's interface: searches and LogGroups.

use std::sync::LazyLock;

use flowlog_record::Timestamp;
use flowlog_sls::index::IndexConfig;
use flowlog_sls::log_group::{LogGroup, LogGroupWriter, append_log_group, log_groups};
use flowlog_sls::query::{
    Chance, Condition, Fields, MAX_QUERY_OCTETS, Query, QueryProblem, Search, SearchExpression,
    Value,
};

/// One key of each type, and full text.
static INDEX: LazyLock<IndexConfig> = LazyLock::new(|| {
    let text = r#"
        [line]
        token = [",", " ", ";", "=", "/", ":"]

        [keys.word]
        type = "text"
        token = []

        [keys.text]
        type = "text"
        token = [" ", "/"]
        chn = true

        [keys.long]
        type = "long"

        [keys.double]
        type = "double"
    "#;
    toml::from_str(text).expect("an index")
});

const ROWS: [&[(&str, Value<'static>)]; 4] = [
    &[],
    &[
        ("word", Value::Text(b"accept")),
        ("long", Value::Integer(443)),
        ("text", Value::Text(b"")),
    ],
    &[
        (
            "text",
            Value::Text("the quick/brown \u{72d0}\u{72f8} FOX".as_bytes()),
        ),
        ("double", Value::Text(b"-1.5e3")),
        ("other", Value::Text(b"a=b;c")),
    ],
    &[
        ("word", Value::Text(b"\xff\xfe")),
        ("long", Value::Integer(i64::MIN)),
    ],
];

/// A search that parses is written so that it parses to the same search; bound to an index both
/// find the same rows, and `not` finds the others.
pub fn search_query(octets: &[u8]) {
    let Ok(text) = str::from_utf8(octets) else {
        return;
    };
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(error) => {
            assert!(
                text.is_char_boundary(error.offset),
                "{error:?} stands between characters"
            );
            assert!(!error.problem.to_string().is_empty());
            return;
        }
    };
    assert!(text[query.sql_offset..].starts_with(query.sql.unwrap_or("")));
    assert!(text.trim_start().starts_with(query.search_text));
    let written = query.search.to_string();
    match Query::parse(&written) {
        Ok(again) => {
            assert_eq!(again.search, query.search, "{written}");
            assert_eq!(again.sql, None, "{written}");
        }
        Err(error) => {
            let too_long = written.len() > MAX_QUERY_OCTETS;
            assert!(
                too_long && error.problem == QueryProblem::TooLong,
                "{written}: {error:?}"
            );
        }
    }
    assert!(query.search.terms().len() <= 30);
    let Ok(search) = Search::bind(&query.search, &INDEX) else {
        return;
    };
    let negated = SearchExpression::Not(Box::new(query.search));
    let negated = Search::bind(&negated, &INDEX).expect("binds as what it negates");
    assert!(!search.finds_all() || ROWS.iter().all(|row| search.matches(*row)));
    for row in ROWS {
        let found = search.matches(row);
        assert_ne!(negated.matches(row), found);
        check_chance(&search, row, found);
        let required = search.required().all(|condition| fulfils(row, condition));
        assert!(required || !found, "what is found has what is required");
    }
}

/// What is said of many rows holds for one of them, however little is known of each condition.
fn check_chance(search: &Search, row: &[(&str, Value<'_>)], found: bool) {
    let fulfils = |place: usize| fulfils(row, &search.conditions()[place]);
    assert_eq!(search.combine(fulfils), found);
    for vague in 0..4 {
        let chance = search.chance(|place| match (place % 4 == vague, fulfils(place)) {
            (true, _) => Chance::Maybe,
            (false, true) => Chance::Always,
            (false, false) => Chance::Never,
        });
        let holds = match chance {
            Chance::Always => found,
            Chance::Never => !found,
            Chance::Maybe => true,
        };
        assert!(holds, "{chance:?} of a row that is found: {found}");
    }
    assert!(
        search
            .conditions()
            .iter()
            .all(|condition| match condition.key() {
                Some(key) => condition.covers(key),
                None => true,
            })
    );
}

fn fulfils(row: &[(&str, Value<'_>)], condition: &Condition) -> bool {
    match condition.key() {
        Some(key) => Fields::get(row, key).is_some_and(|value| condition.accepts(key, value)),
        None => row.any(&mut |key, value| condition.accepts(key, value)),
    }
}

/// A LogGroup that is taken has what it says, and what is written of it is the same group.
pub fn log_group(octets: &[u8]) {
    for group in log_groups(octets).flatten() {
        check(&group);
    }
    let Ok(group) = LogGroup::parse(octets) else {
        return;
    };
    check(&group);
    let mut writer = LogGroupWriter::new();
    for log in group.logs() {
        let written = writer.log(log.time, log.time_ns, |contents| {
            for (key, value) in log.contents() {
                contents.pair(key, value);
            }
        });
        assert!(written, "a log that was taken has contents");
    }
    writer.topic(group.topic());
    writer.source(group.source());
    for (key, value) in group.tags() {
        writer.tag(key, value);
    }
    let again = LogGroup::parse(writer.octets()).expect("what is written parses");
    assert_eq!((again.len(), again.topic()), (group.len(), group.topic()));
    assert_eq!(again.source(), group.source());
    assert!(again.tags().eq(group.tags()));
    for (ours, theirs) in again.logs().zip(group.logs()) {
        assert_eq!((ours.time, ours.time_ns), (theirs.time, theirs.time_ns));
        assert!(ours.contents().eq(theirs.contents()));
    }
    let mut list = Vec::new();
    append_log_group(&mut list, writer.octets());
    append_log_group(&mut list, group.octets());
    let both: Vec<_> = log_groups(&list).collect();
    assert!(matches!(&both[..], [Ok(first), Ok(second)]
        if first.octets() == writer.octets() && second.octets() == octets));
}

fn check(group: &LogGroup<'_>) {
    assert_eq!(group.logs().count(), group.len());
    assert_eq!(group.is_empty(), group.logs().next().is_none());
    assert!(group.logs().all(|log| log.contents().next().is_some()));
    let times = group
        .logs()
        .all(|log| log.time.abs_diff(1_700_000_000) <= 900);
    assert!(
        !times
            || group.topic().len() > 128
            || group.source().len() > 128
            || group.check(Timestamp(1_700_000_000_000)).is_ok()
    );
}
