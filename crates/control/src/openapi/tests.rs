use super::*;

#[test]
fn the_document_is_the_one_that_was_reviewed() {
    let text = serde_json::to_string_pretty(&openapi()).unwrap();
    insta::assert_snapshot!("openapi", text);
}
