use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

#[test]
fn only_unreserved_characters_stay() {
    assert_eq!(encode("aZ09-_.~".as_bytes()), "aZ09-_.~");
    assert_eq!(
        encode("note: \"流\"+&".as_bytes()),
        "note%3A%20%22%E6%B5%81%22%2B%26"
    );
}

#[test]
fn a_plus_is_a_space_in_a_parameter_alone() {
    assert_eq!(&*decode("a+b%2B", true), b"a b+");
    assert_eq!(&*decode("a+b%2B", false), b"a+b+");
}

#[test]
fn a_broken_escape_stays_as_it_is() {
    for text in ["%", "%4", "%zz", "100%", "%%41"] {
        let want = text.replace("%41", "A");
        assert_eq!(&*decode(text, true), want.as_bytes(), "{text}");
    }
}

#[test]
fn hexadecimal_text_has_exactly_the_length() {
    assert_eq!(from_hex::<2>("0aFf"), Some([0x0a, 0xff]));
    for text in ["0aF", "0a", "0aff00", "0g00", ""] {
        assert_eq!(from_hex::<2>(text), None, "{text}");
    }
    assert_eq!(hex_lower(&[0x0a, 0xff]), "0aff");
    assert_eq!(hex_upper(&[0x0a, 0xff]), "0AFF");
}

proptest! {
    #[test]
    fn decoding_undoes_encoding(octets: Vec<u8>, plus: bool) {
        let text = encode(&octets);
        prop_assert_eq!(&*decode(&text, plus), &octets[..]);
    }

    #[test]
    fn any_text_is_decoded_to_at_most_its_length(text: String, plus: bool) {
        prop_assert!(decode(&text, plus).len() <= text.len());
    }
}
