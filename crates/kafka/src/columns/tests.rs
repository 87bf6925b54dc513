use super::*;

#[test]
fn names_and_tags_are_distinct_and_in_order() {
    assert!(KNOWN.windows(2).all(|pair| pair[0].1 < pair[1].1));
    let mut names: Vec<_> = KNOWN.iter().map(|(name, ..)| *name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), KNOWN.len());
}

#[test]
fn only_the_one_writing_of_a_number_is_one() {
    for (text, expected) in [
        ("0", Some(0)),
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("00", None),
        ("01", None),
        ("-1", None),
        ("+1", None),
        ("1 ", None),
        ("", None),
        ("-", None),
        ("1/2", None),
    ] {
        assert_eq!(number(text.as_bytes()), expected, "{text}");
    }
}
