use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn at(json: &str, path: &str) -> Option<String> {
    let found = at_path(json.as_bytes(), path)?;
    Some(String::from_utf8(found.into_owned()).unwrap())
}

#[test]
fn a_value_is_found_by_its_path() {
    let json = r#" { "a" : {"b": "x y", "c": [1, {"d": 2}], "e.f": true, "n": null},
        "a.g": 1.50, "": 7, "\u0061\"": -3, "z": "null" , "s": "\ud83d\ude00\n\/" } "#;
    for (path, value) in [
        ("a.b", Some("x y")),
        ("a.c", Some(r#"[1, {"d": 2}]"#)),
        ("a.e.f", Some("true")),
        ("a.n", None),
        ("a.g", Some("1.50")),
        ("", Some("7")),
        ("a\"", Some("-3")),
        ("z", Some("null")),
        ("s", Some("😀\n/")),
        ("b", None),
        ("a.c.d", None),
        ("a.b.c", None),
        ("a.", None),
        (".", None),
    ] {
        assert_eq!(at(json, path).as_deref(), value, "{path}");
    }
}

#[test]
fn what_is_no_object_has_nothing() {
    for json in [
        "",
        "1",
        "\"a\"",
        "[{\"a\":1}]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{a:1}",
        "{\"a\":}",
        "{\"a\":\"x",
    ] {
        assert_eq!(at(json, "a"), None, "{json}");
    }
    assert_eq!(
        at(r#"{"a":"\ud800x\uZZ"}"#, "a").as_deref(),
        Some("\u{fffd}x\u{fffd}ZZ")
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-c\"\\\\\n😀.]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c\"]{1,2}", inner, 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Every path of an object, with its value as text.
fn paths(prefix: &str, json: &Value, found: &mut Vec<(String, Option<String>)>) {
    for (name, value) in json.as_object().into_iter().flatten() {
        let path = format!("{prefix}{name}");
        let text = match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        found.push((path.clone(), text));
        paths(&format!("{path}."), value, found);
    }
}

proptest! {
    #[test]
    fn every_value_of_any_object_is_found(json in any_json()) {
        let mut all = Vec::new();
        paths("", &json, &mut all);
        let text = json.to_string();
        for (path, value) in all {
            prop_assert_eq!(at(&text, &path), value, "{} in {}", path, &text);
        }
    }

    #[test]
    fn any_text_is_survived(text in "[{}\\[\\]\",:\\\\ua-c0 n]{0,40}", path in "[a-c.]{0,4}") {
        let _: Option<Cow<'_, [u8]>> = at_path(text.as_bytes(), &path);
    }
}
