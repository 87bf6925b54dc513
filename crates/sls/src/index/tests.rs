use alloc::string::ToString;
use alloc::vec;

use proptest::prelude::*;

use super::*;

fn words<'t>(rules: &TextRules, text: &'t str) -> Vec<&'t str> {
    rules
        .tokens(text.as_bytes())
        .map(|word| core::str::from_utf8(word).unwrap())
        .collect()
}

#[test]
fn text_falls_into_words_at_the_delimiters() {
    let rules = KeyIndex::text().rules();
    assert_eq!(
        words(&rules, "GET /a-b/c?d=1, \"é\"\n"),
        ["GET", "a-b", "c", "d", "1", "é"]
    );
    assert_eq!(words(&rules, " , "), [""; 0]);
    assert_eq!(words(&KeyIndex::whole().rules(), "a, b"), ["a, b"]);
    assert_eq!(words(&KeyIndex::whole().rules(), ""), [""; 0]);
}

#[test]
fn delimiters_beyond_ascii_and_chinese_words_are_characters() {
    let rules = TextRules::new(&["。", " "], false, false);
    assert_eq!(words(&rules, "流量。é abc"), ["流量", "é", "abc"]);
    let rules = TextRules::new(&[" "], false, true);
    assert_eq!(words(&rules, "a流量b é"), ["a", "流", "量", "b", "é"]);
    let broken: Vec<_> = rules.tokens(b"\xe6\xb5 \xff\xe6\xb5\x81").collect();
    assert_eq!(broken, [&b"\xe6\xb5"[..], b"\xff", b"\xe6\xb5\x81"]);
}

#[test]
fn decimals_are_canonical() {
    for value in [0, 7, -7, 10, i64::MAX, i64::MIN] {
        let text = Decimal::of(value);
        assert_eq!(text.as_bytes(), value.to_string().as_bytes());
    }
}

#[test]
fn unknown_keys_come_back_as_they_were_sent() {
    let text = concat!(
        r#"{"ttl":30,"line":{"token":[","," "],"caseSensitive":false,"chn":false,"#,
        r#""auto_key_detect":true},"keys":{"bytes":{"type":"long","alias":"","doc_value":true},"#,
        r#""srcaddr":{"type":"text","token":[","],"caseSensitive":false,"chn":true,"alias":"a","#,
        r#""doc_value":false,"x":[{"y":1.5}]}},"max_text_len":2048,"log_reduce":false,"#,
        r#""log_reduce_white_list":["a"],"scan_index":null}"#
    );
    let config = serde_json::from_str::<IndexConfig>(text)
        .unwrap()
        .checked()
        .unwrap();
    assert_eq!(serde_json::to_string(&config).unwrap(), text);
}

#[test]
fn what_is_absent_is_filled_in() {
    let text = r#"{"keys":{"a":{"type":"text","token":[]},"b":{"type":"long","token":[","]}}}"#;
    let config = serde_json::from_str::<IndexConfig>(text)
        .unwrap()
        .checked()
        .unwrap();
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"{"keys":{"a":{"type":"text","token":[],"caseSensitive":false,"chn":false,"#,
            r#""alias":"","doc_value":true},"b":{"type":"long","alias":"","doc_value":true}},"#,
            r#""max_text_len":2048,"log_reduce":false}"#
        )
    );
}

#[test]
fn a_wrong_description_is_refused() {
    for text in [
        "{}",
        r#"{"keys":null,"line":null}"#,
        r#"{"line":{"chn":false}}"#,
        r#"{"line":{"token":["ab"]}}"#,
        r#"{"line":{"token":[""]}}"#,
        r#"{"line":{"token":[],"include_keys":["a"],"exclude_keys":["b"]}}"#,
        r#"{"keys":{"a":{"type":"text"}}}"#,
        r#"{"keys":{"":{"type":"long"}}}"#,
        r#"{"keys":{"a":{"type":"long"}},"max_text_len":63}"#,
    ] {
        let config: IndexConfig = serde_json::from_str(text).unwrap();
        assert_eq!(
            config.checked().unwrap_err().code,
            ErrorCode::IndexInfoInvalid,
            "{text}"
        );
    }
    let keys = (0..=MAX_KEYS)
        .map(|n| (n.to_string(), KeyIndex::long()))
        .collect();
    let config = IndexConfig {
        keys,
        ..IndexConfig::default()
    };
    assert_eq!(
        config.checked().unwrap_err().code,
        ErrorCode::IndexInfoInvalid
    );
}

#[test]
fn full_text_covers_the_named_keys() {
    let all = LineIndex::usual();
    let some = LineIndex {
        include_keys: vec!["a".into()],
        ..LineIndex::usual()
    };
    let others = LineIndex {
        exclude_keys: vec!["a".into()],
        ..LineIndex::usual()
    };
    let covers = |line: &LineIndex| (line.covers("a"), line.covers("b"));
    assert_eq!(
        [covers(&all), covers(&some), covers(&others)],
        [(true, true), (true, false), (false, true)]
    );
}

proptest! {
    #[test]
    fn words_and_delimiters_are_the_whole_text(
        text: Vec<u8>, tokens in proptest::collection::vec("[ ,a-c。é]", 0..4), chn: bool,
    ) {
        let rules = TextRules::new(&tokens, true, chn);
        let kept: usize = rules.tokens(&text).map(<[u8]>::len).sum();
        prop_assert!(rules.tokens(&text).all(|word| !word.is_empty()));
        let (valid, dropped) = match core::str::from_utf8(&text) {
            Ok(valid) => (true, valid.chars().filter(|&c| rules.is_delimiter(c)).map(char::len_utf8).sum()),
            Err(_) => (false, 0),
        };
        prop_assert!(!valid || kept + dropped == text.len());
    }
}

#[test]
fn values_inside_json_have_an_index_of_their_own() {
    let with = |more: &str| {
        let text =
            format!(r#"{{"keys":{{"j":{{"type":"json","token":[","],"max_depth":3{more}}}}}}}"#);
        serde_json::from_str::<IndexConfig>(&text)
            .map_err(|error| error.to_string())
            .and_then(|index| index.checked().map_err(|error| error.to_string()))
    };
    let listed =
        r#","index_all":false,"json_keys":{"a.b":{"type":"long","doc_value":false,"x":1}}"#;
    let index = with(listed).unwrap();
    let long = Inside {
        key: "j",
        path: "a.b",
        kind: IndexType::Long,
        doc_value: false,
    };
    assert_eq!(index.inside("j.a.b"), Some(long));
    for name in ["j", "j.a", "j.", "a.b", "k.a.b", ""] {
        assert_eq!(index.inside(name), None, "{name}");
    }
    let text = serde_json::to_string(&index).unwrap();
    assert!(text.contains(r#""json_keys":{"a.b":{"type":"long","doc_value":false,"x":1}}"#));
    let open = with(r#","index_all":true,"json_keys":null"#).unwrap();
    assert_eq!(
        open.inside("j.x.y").map(|inside| inside.kind),
        Some(IndexType::Text)
    );
    assert_eq!(open.inside("j."), None);
    for wrong in [
        r#","json_keys":{"a":{"type":"json"}}"#,
        r#","json_keys":{"a":{"type":"int"}}"#,
        r#","json_keys":{"a":{}}"#,
        r#","json_keys":[1]"#,
        r#","index_all":"yes""#,
    ] {
        assert!(with(wrong).is_err(), "{wrong}");
    }
}
