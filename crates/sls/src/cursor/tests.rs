use proptest::prelude::*;

use super::*;

#[test]
fn a_cursor_is_base64_of_a_decimal() {
    let text = "MTQ0NzI5OTYwNjg5NjYzMjM1Ng==";
    assert_eq!(Cursor::parse(text), Ok(Cursor(1_447_299_606_896_632_356)));
    assert_eq!(Cursor(1_447_299_606_896_632_356).to_string(), text);
}

#[test]
fn a_line_feed_behind_a_cursor_is_no_part_of_it() {
    assert_eq!(Cursor::parse("MTQ0\n"), Ok(Cursor(144)));
    assert_eq!(Cursor::parse_checkpoint("MTQ0\n"), Ok(Some(Cursor(144))));
    assert!(Cursor::parse("MT\nQ0").is_err());
}

#[test]
fn what_is_no_cursor_is_refused() {
    for text in [
        "",
        "x",
        "MDE=",
        "KzE=",
        "IDE=",
        "MTQ0",
        "OTk5OTk5OTk5OTk5OTk5OTk5OTk=",
    ] {
        let result = Cursor::parse(text);
        assert_eq!(result.is_ok(), text == "MTQ0", "{text}");
    }
    assert_eq!(
        Cursor::parse("x").unwrap_err().code,
        ErrorCode::ParameterInvalid
    );
    assert_eq!(Cursor::parse_checkpoint(""), Ok(None));
    assert_eq!(Cursor::parse_checkpoint("MTQ0"), Ok(Some(Cursor(144))));
    let error = Cursor::parse_checkpoint("144").unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidShardCheckPoint);
}

#[test]
fn a_cursor_is_asked_for_by_word_or_second() {
    let parse = |text| CursorFrom::parse(text).ok();
    assert_eq!(parse("begin"), Some(CursorFrom::Begin));
    assert_eq!(parse("End"), Some(CursorFrom::End));
    assert_eq!(
        parse("1700000000"),
        Some(CursorFrom::Received(1_700_000_000))
    );
    assert_eq!([parse(""), parse("-1"), parse("now")], [None; 3]);
}

proptest! {
    #[test]
    fn reading_undoes_writing(number: i64) {
        prop_assert_eq!(Cursor::parse(&Cursor(number).to_string()), Ok(Cursor(number)));
    }

    #[test]
    fn any_text_is_survived(text: String) {
        let _ = Cursor::parse(&text);
    }
}
