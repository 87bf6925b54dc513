use alloc::format;
use alloc::string::ToString;

use super::*;

#[test]
fn generated_keys_have_the_usual_shape_and_depend_on_every_quarter_of_the_octets() {
    let mut octets = [0; 64];
    let zero = AccessKey::generate(&octets);
    assert_eq!(zero.id.as_str(), "LTAI00000000000000000000");
    assert_eq!(zero.secret.expose(), "0".repeat(30));
    for place in [15, 31, 47, 63] {
        octets[place] = 61;
    }
    let key = AccessKey::generate(&octets);
    assert_eq!(key.id.as_str(), "LTAIz000000000z000000000");
    assert_eq!(key.secret.expose(), "z00000000000000z00000000000000");
    octets = [0xff; 64];
    let key = AccessKey::generate(&octets);
    assert_eq!((key.id.as_str().len(), key.secret.expose().len()), (24, 30));
    assert!(AccessKeyId::new(key.id.as_str()).is_ok());
    assert!(Secret::new(key.secret.expose()).is_ok());
}

#[test]
fn a_secret_is_not_printed() {
    let key = AccessKey {
        id: AccessKeyId::new("testak").unwrap(),
        secret: Secret::new("hunter2").unwrap(),
    };
    assert_eq!(
        format!("{key:?}"),
        r#"AccessKey { id: "testak", secret: Secret(…) }"#
    );
}

#[test]
fn an_id_has_no_character_that_separates() {
    for id in ["a:b", "a/b", "a,b", "a b", "a=b", "ä", "a\n"] {
        assert_eq!(
            AccessKeyId::new(id),
            Err(InvalidCredential::Character),
            "{id}"
        );
    }
    assert_eq!(AccessKeyId::new(""), Err(InvalidCredential::Length));
    assert_eq!(
        AccessKeyId::new(&"a".repeat(129)),
        Err(InvalidCredential::Length)
    );
    assert_eq!(
        AccessKeyId::new("LTAI5t_a.b-c@d").unwrap().to_string(),
        "LTAI5t_a.b-c@d"
    );
}

#[test]
fn a_secret_is_visible_ascii() {
    assert_eq!(Secret::new("a b"), Err(InvalidCredential::Character));
    assert_eq!(Secret::new("ß"), Err(InvalidCredential::Character));
    assert_eq!(Secret::new(""), Err(InvalidCredential::Length));
    assert_eq!(
        Secret::new(&"a".repeat(257)),
        Err(InvalidCredential::Length)
    );
}

#[test]
fn secrets_are_equal_when_every_octet_is() {
    let secret = Secret::new("abcdef").unwrap();
    assert_eq!(secret, Secret::new("abcdef").unwrap());
    assert_ne!(secret, Secret::new("abcdeg").unwrap());
    assert_ne!(secret, Secret::new("abcde").unwrap());
}
