use alloc::string::ToString;
use alloc::vec::Vec;

use super::*;
use crate::ErrorCode;

fn bounds(count: u32) -> Vec<alloc::string::String> {
    let parts = KeyRange::ALL.parts(count).unwrap();
    assert_eq!(parts.first().unwrap().begin, KeyRange::ALL.begin);
    assert_eq!(parts.last().unwrap().end, KeyRange::ALL.end);
    for pair in parts.windows(2) {
        assert_eq!(pair[0].end, pair[1].begin);
    }
    parts
        .iter()
        .skip(1)
        .map(|part| part.begin.to_string())
        .collect()
}

#[test]
fn all_keys_divide_as_the_service_divides_them() {
    assert_eq!(bounds(1).len(), 0);
    assert_eq!(bounds(2), ["80000000000000000000000000000000"]);
    assert_eq!(
        bounds(3),
        [
            "55555555555555555555555555555555",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        ]
    );
    assert_eq!(bounds(4)[0], "40000000000000000000000000000000");
    assert_eq!(bounds(256).len(), 255);
    assert_eq!(KeyRange::ALL.parts(0), None);
}

#[test]
fn a_range_without_room_does_not_divide() {
    let narrow = KeyRange {
        begin: HashKey(5),
        end: HashKey(6),
    };
    assert_eq!(narrow.parts(2), None);
    assert_eq!(narrow.parts(1), Some(alloc::vec![narrow]));
    assert_eq!(narrow.split_at(HashKey(5)), None);
    assert_eq!(narrow.split_at(HashKey(6)), None);
}

#[test]
fn the_last_range_has_the_last_key() {
    let [left, right] = KeyRange::ALL.split_at(HashKey(7)).unwrap();
    assert!(left.contains(HashKey(6)) && !left.contains(HashKey(7)));
    assert!(right.contains(HashKey(7)) && right.contains(HashKey(u128::MAX)));
    assert_eq!(left.joined(&right), Some(KeyRange::ALL));
    assert_eq!(right.joined(&left), None);
}

#[test]
fn a_key_is_32_digits_of_either_case() {
    let text = "00000000000000000000000000000aBc";
    assert_eq!(HashKey::parse(text).unwrap(), HashKey(0xabc));
    assert_eq!(HashKey(0xabc).to_string(), text.to_ascii_lowercase());
    for wrong in [
        "",
        "abc",
        "+0000000000000000000000000000abc",
        "0000000000000000000000000000000g",
    ] {
        assert_eq!(
            HashKey::parse(wrong).unwrap_err().code,
            ErrorCode::ParameterInvalid
        );
    }
}
