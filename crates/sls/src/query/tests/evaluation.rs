use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use crate::index::{IndexConfig, KeyIndex, LineIndex};
use crate::query::*;
use crate::{Error, ErrorCode};

/// Addresses whole, numbers as numbers, `note` as words, everything else by the line.
fn index() -> IndexConfig {
    let keys = [
        ("srcaddr", KeyIndex::whole()),
        (
            "action",
            KeyIndex {
                case_sensitive: Some(false),
                ..KeyIndex::whole()
            },
        ),
        ("note", KeyIndex::text()),
        (
            "exact",
            KeyIndex {
                case_sensitive: Some(true),
                ..KeyIndex::text()
            },
        ),
        ("bytes", KeyIndex::long()),
        ("load", KeyIndex::double()),
        ("tcp-flags", KeyIndex::long()),
    ];
    IndexConfig {
        line: Some(LineIndex {
            exclude_keys: vec!["hidden".into()],
            ..LineIndex::usual()
        }),
        keys: keys
            .into_iter()
            .map(|(name, key)| (String::from(name), key))
            .collect(),
        ..IndexConfig::default()
    }
}

fn bind(text: &str, index: &IndexConfig) -> Result<Search, Error> {
    Search::bind(&Query::parse(text).unwrap().search, index)
}

fn row() -> [(&'static str, Value<'static>); 12] {
    [
        ("srcaddr", Value::from("10.0.0.1")),
        ("dstaddr", Value::from("2001:db8::1")),
        ("action", Value::from("ACCEPT")),
        ("note", Value::from("GET /index.html, Über流量 C-3")),
        ("exact", Value::from("Case Matters")),
        ("bytes", Value::Integer(1500)),
        ("load", Value::from("0.75")),
        ("tcp-flags", Value::from("18")),
        ("plain", Value::from("other text")),
        ("hidden", Value::from("secretword")),
        ("empty", Value::from("")),
        ("__tag__:host", Value::from("exp-1")),
    ]
}

#[track_caller]
fn check(found: bool, searches: &[&str]) {
    let mut index = index();
    index.keys.insert("empty".into(), KeyIndex::text());
    for text in searches {
        assert_eq!(
            bind(text, &index).unwrap().matches(&row()[..]),
            found,
            "{text}"
        );
    }
}

#[test]
fn words_of_a_field_are_found_by_its_rules() {
    check(
        true,
        &[
            "srcaddr: 10.0.0.1",
            "srcaddr: 10.0.*",
            "srcaddr: 10.0.0.?",
            "srcaddr: 1*.*1",
            "action: accept",
            "action: A*T",
            "note: get",
            "note: index.html",
            r#"note: "index.html GET""#,
            "note: ind*ml",
            "note: /ind*",
            "note: C-3",
            "exact: Case",
            "note: *",
            "empty: *",
            r#"empty: """#,
            r#"note: ", ""#,
        ],
    );
    check(
        false,
        &[
            "srcaddr: 10.0.0",
            "srcaddr: 10.0.0.1?",
            "action: acc",
            "note: index",
            r#"note: "index.html POST""#,
            r#"note: "ind*""#,
            "exact: case",
            r#"note: """#,
            "note: C",
        ],
    );
}

#[test]
fn a_phrase_has_its_words_in_order() {
    check(
        true,
        &[
            r#"note: #"GET /index.html""#,
            r#"#"other text""#,
            r#"note: #"get""#,
        ],
    );
    check(
        false,
        &[
            r#"note: #"index.html GET""#,
            r#"#"text other""#,
            r#"note: #"GET C-3""#,
        ],
    );
}

#[test]
fn a_question_mark_is_one_character() {
    check(
        true,
        &["note: \u{dc}b?r流?", "note: \u{dc}ber?*", "note: \u{dc}*??"],
    );
    check(
        false,
        &[
            "note: \u{dc}ber?",
            "note: \u{dc}ber流量?",
            "note: \u{dc}ber?*??",
        ],
    );
}

#[test]
fn numbers_are_compared_as_numbers() {
    check(
        true,
        &[
            "bytes > 1499",
            "bytes >= 1500",
            "bytes = 1500",
            "bytes <= 1500.0",
            "bytes < 1500.5",
            "bytes: 1500",
            "bytes: \"1500\"",
            "bytes in [1500 1500]",
            "bytes in (1 1e9)",
            "load > 0.7",
            "load in [0.75 1)",
            "load: 0.75",
            "tcp-flags = 18",
            "tcp-flags: 18",
        ],
    );
    check(
        false,
        &[
            "bytes > 1500",
            "bytes < 1500",
            "bytes = 1500.5",
            "bytes in (1500 2000]",
            "bytes in [2000 1000]",
            "load > 0.75",
            "load in (0.75 1]",
            "tcp-flags > 18",
        ],
    );
}

#[test]
fn full_text_looks_at_every_field_that_the_index_covers() {
    check(
        true,
        &[
            "other", "OTHER", "get", "10.0.0.1", "1500", "db8", "exp-1", "acc*", "Matters",
        ],
    );
    check(
        false,
        &["secretword", "matters", "10.0.0", "absent", "150?0"],
    );
}

#[test]
fn conditions_combine() {
    check(
        true,
        &[
            "other 10.0.0.1",
            "note: get and bytes > 1",
            "absent or get",
            "not absent",
            "not (get and absent)",
            "*",
            "",
            "* not absent",
            "not bytes > 1500",
        ],
    );
    check(
        false,
        &[
            "get absent",
            "not get",
            "not *",
            "not (get or absent)",
            "absent or bytes > 1500",
        ],
    );
}

#[test]
fn reserved_fields_need_no_index() {
    check(true, &["__tag__:host: exp-1", "__tag__:host: *"]);
    check(false, &["__topic__: x", "__source__: *", "__time__ > 1"]);
    let row = [
        ("__time__", Value::Integer(5)),
        ("__topic__", Value::from("flow_log")),
    ];
    let index = IndexConfig {
        keys: [("a".into(), KeyIndex::long())].into(),
        ..Default::default()
    };
    for text in ["__time__ > 4", "__topic__: flow_log", "__time__ in [5 6)"] {
        assert!(bind(text, &index).unwrap().matches(&row[..]), "{text}");
    }
}

#[test]
fn a_field_is_searched_as_the_index_has_it() {
    let cases = [
        ("foo: 1", "key (foo) is not config as key value config"),
        ("foo: *", "key (foo) is not config as key value config"),
        ("foo > 1", "key (foo) is not config as key value config"),
        ("note > 1", "key (note) is indexed as text"),
        ("note in [1 2]", "key (note) is indexed as text"),
        ("bytes: many", "key (bytes) is indexed as a number"),
        ("bytes: 15*", "key (bytes) is indexed as a number"),
        ("bytes: #\"1\"", "key (bytes) is indexed as a number"),
    ];
    for (text, message) in cases {
        let error = bind(text, &index()).unwrap_err();
        assert_eq!(error.code, ErrorCode::ParameterInvalid);
        assert!(error.message.starts_with(message), "{text}: {error}");
    }
    let numbers = IndexConfig {
        keys: [("a".into(), KeyIndex::long())].into(),
        ..Default::default()
    };
    assert!(
        bind("word", &numbers)
            .unwrap_err()
            .message
            .contains("full text")
    );
    let long = Text::Words("a ".repeat(65));
    let many = SearchExpression::Text {
        key: Some("note".into()),
        text: long,
    };
    assert!(
        Search::bind(&many, &index())
            .unwrap_err()
            .message
            .contains("at most 64 words")
    );
}

#[test]
fn without_a_line_full_text_looks_at_text_fields() {
    let index = IndexConfig {
        line: None,
        ..index()
    };
    let row = row();
    for (text, found) in [
        ("get", true),
        ("other", false),
        ("1500", false),
        ("10.0.0.1", true),
    ] {
        assert_eq!(
            bind(text, &index).unwrap().matches(&row[..]),
            found,
            "{text}"
        );
    }
}

#[test]
fn a_store_learns_what_it_can_push_down() {
    let search = bind(
        "srcaddr: 10.0.0.1 action: ACCEPT srcaddr: 10.* bytes in (1 9.5] note: get action: 7* \
         load < 1 (bytes > 1 or bytes < 0) not bytes = 5 other tcp-flags < 1e300 bytes in [3 2]",
        &index(),
    );
    let search = search.unwrap();
    let got: Vec<_> = search.required().map(|c| (c.key(), c.pushdown())).collect();
    let prefix = |text: &str| Some(Pushdown::Prefix(Box::from(text.as_bytes())));
    let want = [
        (Some("srcaddr"), Some(Pushdown::Equals(b"10.0.0.1"))),
        (Some("action"), Some(Pushdown::Present)), // case does not matter
        (Some("srcaddr"), prefix("10.")),
        (Some("bytes"), Some(Pushdown::Integers(2, 9))),
        (Some("note"), Some(Pushdown::Present)),
        (Some("action"), prefix("7")),
        (Some("load"), Some(Pushdown::Present)),
        (None, None),
        (
            Some("tcp-flags"),
            Some(Pushdown::Integers(i64::MIN, i64::MAX)),
        ),
        (Some("bytes"), Some(Pushdown::Nothing)),
    ];
    assert_eq!(got, want);
    assert!(bind("*", &index()).unwrap().finds_all());
    assert_eq!(search.conditions().len(), 13);
}

#[test]
fn a_condition_covers_its_field_or_what_the_line_covers() {
    let covers = |text: &str, key: &str| bind(text, &index()).unwrap().conditions()[0].covers(key);
    assert!(covers("note: a", "note") && !covers("note: a", "plain"));
    assert!(covers("a", "plain") && covers("a", "note") && covers("a", "bytes"));
    assert!(!covers("a", "hidden") && !covers("a", "__time__"));
}

#[test]
fn what_is_known_of_many_rows_prunes_them() {
    use Chance::{Always, Maybe, Never};
    let chance = |text: &str, known: &[Chance]| bind(text, &index()).unwrap().chance(|n| known[n]);
    assert_eq!(chance("a b", &[Maybe, Never]), Never);
    assert_eq!(chance("a b", &[Maybe, Always]), Maybe);
    assert_eq!(chance("a b", &[Always, Always]), Always);
    assert_eq!(chance("a or b", &[Maybe, Never]), Maybe);
    assert_eq!(chance("a or b", &[Never, Never]), Never);
    assert_eq!(chance("a or b", &[Maybe, Always]), Always);
    assert_eq!(chance("not a", &[Always]), Never);
    assert_eq!(chance("not (a or not b)", &[Never, Maybe]), Maybe);
    assert_eq!(chance("*", &[]), Always);
}

#[test]
fn a_hostile_pattern_ends_soon() {
    let text = "a".repeat(100_000);
    let pattern = "srcaddr: ".to_string() + &"a*".repeat(60) + "b";
    let search = bind(&pattern, &index()).unwrap();
    assert!(!search.matches(&[("srcaddr", Value::from(&*text))][..]));
}

/// The obvious way to match a pattern, in time that nobody waits for.
fn naive(pattern: &[char], word: &[char]) -> bool {
    match (pattern, word) {
        ([], []) => true,
        (['*', rest @ ..], _) => (0..=word.len()).any(|from| naive(rest, &word[from..])),
        (['?', rest @ ..], [_, after @ ..]) => naive(rest, after),
        ([c, rest @ ..], [d, after @ ..]) => c == d && naive(rest, after),
        _ => false,
    }
}

proptest! {
    #[test]
    fn patterns_match_as_the_obvious_way_does(pattern in "a[ab流]{0,2}[*?][ab流*?]{0,5}", word in "a[ab流]{0,8}") {
        let text = Text::Pattern(pattern.clone());
        let expression = SearchExpression::Text { key: Some("srcaddr".into()), text };
        let search = Search::bind(&expression, &index()).unwrap();
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        prop_assert_eq!(
            search.matches(&[("srcaddr", Value::from(&*word))][..]),
            naive(&chars(&pattern), &chars(&word))
        );
    }

    #[test]
    fn a_range_of_integers_is_exactly_what_the_condition_accepts(
        low in prop_oneof![any::<i64>().prop_map(Number::Integer), (-20.0..20.0).prop_map(Number::Float), (-5_i64..5).prop_map(Number::Integer)],
        high in prop_oneof![any::<i64>().prop_map(Number::Integer), (-20.0..20.0).prop_map(Number::Float), (-5_i64..5).prop_map(Number::Integer)],
        inclusive: (bool, bool),
        values in proptest::collection::vec(prop_oneof![any::<i64>(), -25_i64..25], 16),
    ) {
        let expression = SearchExpression::Between {
            key: "bytes".into(),
            low: Bound { number: low, inclusive: inclusive.0 },
            high: Bound { number: high, inclusive: inclusive.1 },
        };
        let search = Search::bind(&expression, &index()).unwrap();
        let condition = &search.conditions()[0];
        let pushdown = condition.pushdown();
        let (least, most) = match pushdown {
            Some(Pushdown::Integers(least, most)) => (least, most),
            _ => (1, 0),
        };
        prop_assert!(least <= most || pushdown == Some(Pushdown::Nothing));
        let mut values = values;
        for end in [least, most] {
            values.extend([end, end.saturating_sub(1), end.saturating_add(1)]);
        }
        for value in values {
            let inside = least <= value && value <= most;
            prop_assert_eq!(condition.accepts("bytes", Value::Integer(value)), inside, "{}", value);
            let text = value.to_string();
            prop_assert_eq!(condition.accepts("bytes", Value::from(&*text)), inside, "{}", value);
        }
    }

    #[test]
    fn any_search_over_any_octets_is_survived(
        text in r#"(note|bytes|srcaddr|load): ?[a-c"*?. 流1-9]{0,8}|.{0,12}"#, value: Vec<u8>, number: i64,
    ) {
        if let Ok(query) = Query::parse(&text)
            && let Ok(search) = Search::bind(&query.search, &index())
        {
            for value in [Value::Text(&value), Value::Integer(number)] {
                let row = ["note", "bytes", "srcaddr", "load"].map(|key| (key, value));
                let found = search.matches(&row[..]);
                let known: Vec<bool> = search.conditions().iter().map(|condition| {
                    row.iter().any(|(key, value)| condition.accepts(key, *value))
                }).collect();
                prop_assert_eq!(search.combine(|place| known[place]), found);
            }
        }
    }
}

/// `nested` is JSON with two values of their own; `open` JSON of which every value is text.
fn with_json() -> IndexConfig {
    let text = r#"{"line":{"token":[" "]},"keys":{
        "nested":{"type":"json","token":[" ",","],"caseSensitive":true,
            "json_keys":{"a.b":{"type":"long"},"user.name":{"type":"text"}}},
        "open":{"type":"json","token":[" "],"index_all":true,"json_keys":{"n":{"type":"double"}}}}}"#;
    serde_json::from_str::<IndexConfig>(text)
        .unwrap()
        .checked()
        .unwrap()
}

#[test]
fn a_condition_may_look_inside_json() {
    let index = with_json();
    let row = [
        (
            "nested",
            Value::from(r#"{"a":{"b":15},"user":{"name":"Ann B"},"a.c":1}"#),
        ),
        ("open", Value::from(r#"{"n":0.5,"x":{"y":"deep value"}}"#)),
        ("number", Value::Integer(7)),
    ];
    for (query, found) in [
        ("nested.a.b: 15", true),
        ("nested.a.b > 14 and nested.a.b in [15 15]", true),
        ("nested.a.b > 15", false),
        ("nested.user.name: Ann", true),
        ("nested.user.name: ann", false),
        ("nested.user.name: B*", true),
        ("nested.user.name: *", true),
        ("open.n < 1", true),
        ("open.n > 1", false),
        ("open.x.y: DEEP", true),
        ("open.x.z: *", false),
        ("not open.x.z: *", true),
        ("nested: Ann", false),
    ] {
        let search = bind(query, &index).unwrap();
        assert_eq!(search.matches(&row[..]), found, "{query}");
        let inside = search
            .conditions()
            .iter()
            .filter(|c| query.contains('.') && c.key().is_some());
        for condition in inside {
            assert!(
                condition.covers("nested") || condition.covers("open"),
                "{query}"
            );
            assert_eq!(condition.pushdown(), Some(Pushdown::Present), "{query}");
        }
    }
    let integers = [("nested", Value::Integer(7))];
    assert!(
        !bind("nested.a.b: 7", &index)
            .unwrap()
            .matches(&integers[..])
    );
    for query in [
        "nested.a: 1",
        "nested.a.c: 1",
        "nested.a.b: x",
        "nested.user.name > 1",
        "number.a: 1",
    ] {
        let error = bind(query, &index).unwrap_err();
        assert_eq!(error.code, ErrorCode::ParameterInvalid, "{query}");
    }
}
