use alloc::string::ToString;

use super::DurationText;
use crate::form::Shorthand;

#[test]
fn durations_have_units() {
    for (text, millis) in [
        ("300s", 300_000),
        ("300", 300_000),
        ("5m", 300_000),
        ("2h", 7_200_000),
        ("7d", 604_800_000),
        ("250ms", 250),
        ("0s", 0),
    ] {
        assert_eq!(DurationText::from_text(text), Ok(DurationText(millis)));
    }
    assert_eq!(DurationText::from_number(15), Ok(DurationText(15_000)));
}

#[test]
fn what_is_no_duration_says_what_one_looks_like() {
    for text in [
        "",
        "s",
        "5 m",
        "-5s",
        "1.5s",
        "5w",
        "99999999999999999999s",
        "9999999999999999999d",
    ] {
        let error = DurationText::from_text(text).unwrap_err();
        assert_eq!(error.value, text);
        assert!(error.remedy.contains("\"300s\""));
    }
}

#[test]
fn durations_print_as_they_are_read() {
    for text in ["300s", "0s", "250ms", "86400s"] {
        assert_eq!(DurationText::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(DurationText::parse("5m").unwrap().to_string(), "300s");
}
