use proptest::prelude::*;

use super::*;

#[test]
fn all_spellings_name_the_same_second() {
    let at = Timestamp(1_700_000_000_000);
    assert_eq!(http_date(at), "Tue, 14 Nov 2023 22:13:20 GMT");
    assert_eq!(log_date(at), "20231114T221320Z");
    assert_eq!(parse_http_date("Tue, 14 Nov 2023 22:13:20 GMT"), Some(at));
    assert_eq!(parse_log_date("20231114T221320Z"), Some(at));
    assert_eq!(timestamp(at), "2023-11-14T22:13:20Z");
    assert_eq!(parse_timestamp("2023-11-14T22:13:20Z"), Some(at));
    assert_eq!(log_date(Timestamp(951_782_400_000)), "20000229T000000Z");
    assert_eq!(http_date(Timestamp(-1000)), "Wed, 31 Dec 1969 23:59:59 GMT");
}

#[test]
fn what_is_no_date_is_refused() {
    for text in [
        "",
        "Tue, 14 Nov 2023 22:13:20",
        "Tue, 14 Nov 2023 22:13:20 CET",
        "Tue, 31 Nov 2023 22:13:20 GMT",
        "Tue, 14 Nov 2023 24:13:20 GMT",
        "Tue, 14 Nov 2023 22:13 GMT",
        "Tue, 14 Nov 2023 22:13:20 GMT x",
        "Tue, 14 XXX 2023 22:13:20 GMT",
        "Foo, 14 Nov 2023 22:13:20 GMT",
        "Tue, -4 Nov 2023 22:13:20 GMT",
        "Tue, 0 Nov 2023 22:13:20 GMT",
    ] {
        assert_eq!(parse_http_date(text), None, "{text}");
    }
    for text in [
        "",
        "20231114T221320",
        "20231131T221320Z",
        "20231114 221320Z",
        "+0231114T221320Z",
        "２０２３11T2Z",
    ] {
        assert_eq!(parse_log_date(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn reading_undoes_writing(seconds in 0_i64..253_402_300_800) {
        let at = Timestamp(seconds * 1000);
        prop_assert_eq!(parse_http_date(&http_date(at)), Some(at));
        prop_assert_eq!(parse_log_date(&log_date(at)), Some(at));
    }

    #[test]
    fn any_text_and_any_time_are_survived(text: String, at: i64) {
        let _ = (parse_http_date(&text), parse_log_date(&text));
        prop_assert!(!http_date(Timestamp(at)).is_empty());
    }
}

#[test]
fn what_is_no_timestamp_is_refused() {
    for text in [
        "",
        "2023-11-14T22:13:20",
        "2023-11-14 22:13:20Z",
        "2023-11-14T22:13:20+00:00",
        "2023-13-14T22:13:20Z",
        "2023-02-29T22:13:20Z",
        "2023-11-14T24:13:20Z",
        "2023-1-14T022:13:20Z",
        "２023-11-14T22:13:2",
    ] {
        assert_eq!(parse_timestamp(text), None, "{text}");
    }
}
