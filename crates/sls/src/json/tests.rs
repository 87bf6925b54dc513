use super::*;

#[test]
fn a_value_comes_back_as_it_was_sent() {
    let text = r#"{"z":[1,-2,1.5,18446744073709551615,"x",true,null],"a":{"b":[]},"":{}}"#;
    let value: Json = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&value).unwrap(), text);
}
