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
