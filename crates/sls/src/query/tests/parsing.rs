use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use proptest::prelude::*;

use crate::ErrorCode;
use crate::query::*;

fn search(text: &str) -> SearchExpression {
    Query::parse(text).unwrap().search
}

/// The canonical text of a search.
fn canonical(text: &str) -> String {
    search(text).to_string()
}

fn error(text: &str) -> (usize, QueryProblem) {
    let error = Query::parse(text).unwrap_err();
    (error.offset, error.problem)
}

#[test]
fn every_form_of_a_condition_is_understood() {
    let forms = [
        ("", "*"),
        ("  ", "*"),
        ("*", "*"),
        ("word", r#""word""#),
        (r#""two words""#, r#""two words""#),
        ("key: value", r#""key": "value""#),
        ("key:value", r#""key": "value""#),
        ("key : value", r#""key": "value""#),
        (r#""my key":"a:b|c""#, r#""my key": "a:b|c""#),
        ("tcp-flags: 18", r#""tcp-flags": "18""#),
        ("abc*", "abc*"),
        ("a?c", "a?c"),
        ("key: 10.0.*", r#""key": 10.0.*"#),
        ("key: *", r#""key": *"#),
        (r#"key: """#, r#""key": """#),
        (r#"key: "*""#, r#""key": "*""#),
        ("bytes>1", r#""bytes" > 1"#),
        ("bytes >= -1.5", r#""bytes" >= -1.5"#),
        ("bytes < 1e3", r#""bytes" < 1000.0"#),
        ("bytes<=007", r#""bytes" <= 7"#),
        ("bytes = 7", r#""bytes" = 7"#),
        ("bytes in [1 10]", r#""bytes" in [1 10]"#),
        ("bytes IN(1 10]", r#""bytes" in (1 10]"#),
        ("bytes in [ 1, 10 )", r#""bytes" in [1 10)"#),
        (r#"#"a b""#, r#"#"a b""#),
        (r#"key: #"a b""#, r#""key": #"a b""#),
        ("__topic__: flow_log", r#""__topic__": "flow_log""#),
        ("__tag__:host: exp-1", r#""__tag__:host": "exp-1""#),
        ("__tag__:n > 1", r#""__tag__:n" > 1"#),
        (r#""__tag__:host": exp-1"#, r#""__tag__:host": "exp-1""#),
        ("srcaddr: 2001:db8::1", r#""srcaddr": "2001:db8::1""#),
        ("#tag", r##""#tag""##),
    ];
    for (text, want) in forms {
        assert_eq!(canonical(text), want, "{text}");
    }
}

#[test]
fn words_combine_by_and_or_not_and_by_standing_together() {
    let forms = [
        ("a b", r#""a" and "b""#),
        ("a AND b Or c", r#"("a" and "b") or "c""#),
        ("a or b c", r#""a" or ("b" and "c")"#),
        ("a and (b or c)", r#""a" and ("b" or "c")"#),
        ("not a b", r#"not "a" and "b""#),
        ("a not b", r#""a" and not "b""#),
        ("a and not not b", r#""a" and not not "b""#),
        ("not(a or b)c", r#"not ("a" or "b") and "c""#),
        ("(a)", r#""a""#),
        ("((a b)) c", r#"("a" and "b") and "c""#),
        ("k: a j: b", r#""k": "a" and "j": "b""#),
        (r#""and" "OR""#, r#""and" and "OR""#),
        ("a in b", r#""a" and "in" and "b""#),
        (
            "android notes order",
            r#""android" and "notes" and "order""#,
        ),
        ("* and a", r#"* and "a""#),
    ];
    for (text, want) in forms {
        assert_eq!(canonical(text), want, "{text}");
    }
}

#[test]
fn an_escape_stands_for_a_quotation_mark_or_itself() {
    let expression = search(r#"k: "a\"b\\" j: "C:\dir""#);
    let want = |key: &str, text: &str| SearchExpression::Text {
        key: Some(key.to_owned()),
        text: Text::Words(text.to_owned()),
    };
    let parts = Vec::from([want("k", "a\"b\\"), want("j", "C:\\dir")]);
    assert_eq!(expression, SearchExpression::And(parts));
}

#[test]
fn the_sql_begins_behind_the_first_bar_that_is_not_quoted() {
    let cases = [
        ("* | select 1", "*", Some("select 1"), 4),
        ("*|select a || 'b' | c", "*", Some("select a || 'b' | c"), 2),
        (
            r#"k: "a|b" | select 1 "#,
            r#"k: "a|b""#,
            Some("select 1"),
            11,
        ),
        (r#""a\"|" | s"#, r#""a\"|""#, Some("s"), 9),
        ("| select 1", "", Some("select 1"), 2),
        (" a ", "a", None, 3),
        ("流 |\n select '流'", "流", Some("select '流'"), 7),
    ];
    for (text, search_text, sql, sql_offset) in cases {
        let query = Query::parse(text).unwrap();
        assert_eq!(
            (query.search_text, query.sql, query.sql_offset),
            (search_text, sql, sql_offset)
        );
    }
    assert_eq!(error("a | "), (4, QueryProblem::EmptySql));
}

#[test]
fn errors_say_where_and_what() {
    use QueryProblem as P;
    let cases = [
        (r#"a "b"#, 2, P::UnclosedQuote),
        (r#"k: "b\""#, 3, P::UnclosedQuote),
        ("(a", 0, P::UnclosedParenthesis),
        ("a)", 1, P::UnopenedParenthesis),
        ("a and ()", 7, P::MissingCondition),
        ("a and", 5, P::MissingCondition),
        ("or a", 0, P::MissingCondition),
        ("a and or b", 6, P::MissingCondition),
        ("not", 3, P::MissingCondition),
        (": a", 0, P::Unexpected(':')),
        ("a: b : c", 5, P::Unexpected(':')),
        ("(a: b > 1)", 6, P::Unexpected('>')),
        ("a]", 1, P::Unexpected(']')),
        ("(a ] b)", 3, P::Unexpected(']')),
        ("a:", 2, P::MissingValue),
        ("(a: )", 4, P::MissingValue),
        ("a: >1", 3, P::Unexpected('>')),
        ("a: (b or c)", 3, P::Unexpected('(')),
        ("a >", 3, P::MissingValue),
        ("a > b", 4, P::NotANumber),
        ("a = \"1\"", 4, P::NotANumber),
        ("a > 1x", 4, P::NotANumber),
        ("a > inf", 4, P::NotANumber),
        ("a > 1e999", 4, P::NotANumber),
        ("a in [1 10", 5, P::MalformedRange),
        ("a in [1]", 7, P::MalformedRange),
        ("a in [1 2 3]", 5, P::MalformedRange),
        ("a in [x 2]", 6, P::NotANumber),
        ("a in (b or c)", 6, P::NotANumber),
        ("*a", 0, P::LeadingWildcard),
        ("k: ?a", 3, P::LeadingWildcard),
        (r#""""#, 0, P::EmptyWord),
        (r#"a #"""#, 2, P::EmptyWord),
    ];
    for (text, offset, problem) in cases {
        assert_eq!(error(text), (offset, problem), "{text}");
    }
}

#[test]
fn an_error_becomes_parameter_invalid_with_a_remedy() {
    let error = crate::Error::from(Query::parse("a > b").unwrap_err());
    assert_eq!(
        (error.status, error.code),
        (400, ErrorCode::ParameterInvalid)
    );
    assert_eq!(
        error.message,
        "query error at offset 4: a number is expected; text is searched with key: value"
    );
    let limit = QueryProblem::TooManyConditions.to_string();
    assert!(limit.ends_with(&MAX_CONDITIONS.to_string()), "{limit}");
    let limit = QueryProblem::TooLong.to_string();
    assert!(limit.contains(&MAX_QUERY_OCTETS.to_string()), "{limit}");
    let limit = QueryProblem::TooDeep.to_string();
    assert!(limit.ends_with(&MAX_DEPTH.to_string()), "{limit}");
}

#[test]
fn size_depth_and_number_of_conditions_are_bounded() {
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Query::parse(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(
        error(&nested(MAX_DEPTH + 1)),
        (MAX_DEPTH, QueryProblem::TooDeep)
    );
    assert!(Query::parse(&("not ".repeat(MAX_DEPTH) + "a")).is_ok());
    assert_eq!(error(&"not ".repeat(10_000)).1, QueryProblem::TooDeep);
    assert!(Query::parse(&"(a) ".repeat(MAX_CONDITIONS)).is_ok());
    assert_eq!(
        error(&"a ".repeat(MAX_CONDITIONS + 1)),
        (60, QueryProblem::TooManyConditions)
    );
    assert!(Query::parse(&"a".repeat(MAX_QUERY_OCTETS)).is_ok());
    let long = "a".repeat(MAX_QUERY_OCTETS + 1);
    assert_eq!(error(&long), (MAX_QUERY_OCTETS, QueryProblem::TooLong));
}

#[test]
fn terms_are_the_words_that_are_wanted() {
    let terms = search("a k: b* not c (j: #\"d e\" or n > 1)").terms();
    let pairs: Vec<_> = terms.iter().map(|term| (&*term.key, &*term.term)).collect();
    assert_eq!(pairs, [("", "a"), ("k", "b*"), ("j", "d e")]);
}

const SIGNS: &[&str] = &[
    "a", "k", "1", "-2.5", " ", ":", "(", ")", "[", "]", "\"", "\\", "|", "*", "?", "#", "and",
    " or ", " not ", " in ", ">", "<=", "=", "__tag__", "流", ",",
];

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::Integer),
        any::<f64>()
            .prop_filter("finite", |n| n.is_finite())
            .prop_map(Number::Float),
    ]
}

fn bound() -> impl Strategy<Value = Bound> {
    (number(), any::<bool>()).prop_map(|(number, inclusive)| Bound { number, inclusive })
}

fn comparison() -> impl Strategy<Value = Comparison> {
    prop_oneof![
        Just(Comparison::Less),
        Just(Comparison::AtMost),
        Just(Comparison::Equal),
        Just(Comparison::AtLeast),
        Just(Comparison::Greater),
    ]
}

fn condition() -> impl Strategy<Value = SearchExpression> {
    let text = || {
        prop_oneof![
            ".{1,8}".prop_map(Text::Words),
            r#"[a-z"\\|:() ]{1,8}"#.prop_map(Text::Words),
            "[a-z流.-]{1,4}[*?][a-z*?]{0,3}".prop_map(Text::Pattern),
            ".{1,8}".prop_map(Text::Phrase),
        ]
    };
    prop_oneof![
        Just(SearchExpression::All),
        (proptest::option::of(".{0,6}"), text())
            .prop_map(|(key, text)| SearchExpression::Text { key, text }),
        ".{0,6}".prop_map(|key| SearchExpression::Exists { key }),
        (".{0,6}", comparison(), number()).prop_map(|(key, comparison, number)| {
            SearchExpression::Compare {
                key,
                comparison,
                number,
            }
        }),
        (".{0,6}", bound(), bound()).prop_map(|(key, low, high)| SearchExpression::Between {
            key,
            low,
            high
        }),
    ]
}

fn expression() -> impl Strategy<Value = SearchExpression> {
    condition().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|inner| SearchExpression::Not(Box::new(inner))),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(SearchExpression::And),
            proptest::collection::vec(inner, 2..4).prop_map(SearchExpression::Or),
        ]
    })
}

proptest! {
    #[test]
    fn parsing_undoes_printing(expression in expression()) {
        let text = expression.to_string();
        match Query::parse(&text) {
            Ok(query) => prop_assert_eq!(query.search, expression, "{}", text),
            // a tree may have more conditions than a query
            Err(error) => prop_assert_eq!(error.problem, QueryProblem::TooManyConditions, "{}", text),
        }
    }

    #[test]
    fn any_text_is_survived(text: String) {
        let _ = Query::parse(&text);
    }

    #[test]
    fn text_made_of_signs_is_survived_and_printed_the_same(
        parts in proptest::collection::vec(proptest::sample::select(SIGNS), 0..24)
    ) {
        let text: String = parts.concat();
        if let Ok(query) = Query::parse(&text) {
            let printed = query.search.to_string();
            prop_assert_eq!(search(&printed), query.search, "{} / {}", text, printed);
        }
    }
}
