use alloc::borrow::ToOwned;

use super::*;
use crate::Secret;

fn key(id: &str, secret: &str) -> AccessKey {
    AccessKey {
        id: AccessKeyId::new(id).unwrap(),
        secret: Secret::new(secret).unwrap(),
    }
}

#[test]
fn a_key_is_found_by_its_whole_id() {
    let mut ring = Keyring::new(key("root", "a"));
    ring.add(key("next", "b")).unwrap();
    assert_eq!(ring.find("root").map(|key| key.secret.expose()), Some("a"));
    assert_eq!(ring.find("next").map(|key| key.secret.expose()), Some("b"));
    assert_eq!(ring.find("roo"), None);
    assert_eq!(ring.find(""), None);
    assert_eq!(ring.root().id.as_str(), "root");
}

#[test]
fn an_id_is_there_once() {
    let mut ring = Keyring::new(key("root", "a"));
    assert_eq!(
        ring.add(key("root", "b")),
        Err(DuplicateAccessKeyId(AccessKeyId::new("root").unwrap()))
    );
    assert_eq!(ring.find("root").map(|key| key.secret.expose()), Some("a"));
}

fn temporary(id: &str, expires: Option<i64>) -> TemporaryKey {
    TemporaryKey {
        key: key(id, "c"),
        token: SecurityToken::new("tok/en==").unwrap(),
        expires: expires.map(Timestamp),
    }
}

#[test]
fn a_temporary_key_counts_with_its_token_and_in_its_time() {
    let mut ring = Keyring::new(key("root", "a"));
    ring.add_temporary(temporary("STS.a", Some(1000))).unwrap();
    ring.add_temporary(temporary("STS.b", None)).unwrap();
    assert!(ring.add_temporary(temporary("root", None)).is_err());
    assert!(ring.add(key("STS.a", "b")).is_err());
    let check = |ring: &Keyring, id: &str, token, now| {
        ring.check(id, token, Timestamp(now))
            .map(|key| key.id.as_str().to_owned())
    };
    let token = Some("tok/en==");
    assert_eq!(check(&ring, "STS.a", token, 999), Ok("STS.a".to_owned()));
    assert_eq!(check(&ring, "STS.a", token, 1000), Err(KeyRefused::Expired));
    assert_eq!(
        check(&ring, "STS.a", Some("other"), 999),
        Err(KeyRefused::Token)
    );
    assert_eq!(check(&ring, "STS.a", None, 1001), Err(KeyRefused::Token));
    assert_eq!(
        check(&ring, "STS.b", token, i64::MAX),
        Ok("STS.b".to_owned())
    );
    assert_eq!(check(&ring, "root", token, 0), Ok("root".to_owned()));
    assert_eq!(check(&ring, "nobody", token, 0), Err(KeyRefused::Unknown));
    ring.expire(Timestamp(1000));
    assert_eq!(check(&ring, "STS.a", token, 0), Err(KeyRefused::Unknown));
    assert!(ring.find("STS.b").is_some());
}

#[test]
fn a_token_is_shown_to_nobody() {
    let token = SecurityToken::new("tok/en==").unwrap();
    assert_eq!(alloc::format!("{token:?}"), "SecurityToken(\u{2026})");
    assert!(token.is("tok/en==") && !token.is("tok/en=") && !token.is(""));
    for wrong in ["", "a b", "\n", &"x".repeat(4097)] {
        assert!(SecurityToken::new(wrong).is_err());
    }
}
