//! An answer as XML: a field is an element, a list is its element again and again.

use serde_json::{Map, Value};

/// The document of an object.
pub(super) fn document(root: &str, object: &Map<String, Value>) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    element(root, &mut text, |text| fields(object, text));
    text
}

fn fields(object: &Map<String, Value>, text: &mut String) {
    for (name, value) in object {
        match value {
            Value::Array(items) => {
                for item in items {
                    element(name, text, |text| content(item, text));
                }
            }
            value => element(name, text, |text| content(value, text)),
        }
    }
}

fn content(value: &Value, text: &mut String) {
    match value {
        Value::Object(object) => fields(object, text),
        Value::String(value) => escape(value, text),
        Value::Null | Value::Array(_) => {}
        other => text.push_str(&other.to_string()),
    }
}

fn element(name: &str, text: &mut String, content: impl FnOnce(&mut String)) {
    text.push('<');
    text.push_str(name);
    text.push('>');
    content(text);
    text.push_str("</");
    text.push_str(name);
    text.push('>');
}

/// Characters that XML 1.0 does not have become U+FFFD.
fn escape(value: &str, text: &mut String) {
    for c in value.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\t' | '\n' => text.push(c),
            '\r' => text.push_str("&#13;"),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => text.push('\u{fffd}'),
            c => text.push(c),
        }
    }
}
