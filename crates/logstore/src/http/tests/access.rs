use flowlog_access::User;
use flowlog_sls::ErrorCode;

use super::*;

/// A user who may read what is in one Logstore, from this machine.
fn reader() -> User {
    let policy = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["log:Get*","log:ListLogStores"],"Resource":"acs:log:cn-hangzhou:1000000000000001:project/proj/logstore/*","Condition":{"IpAddress":{"acs:SourceIp":"127.0.0.0/8"}}}]}"#;
    User {
        name: "reader".into(),
        key: AccessKey {
            id: AccessKeyId::new("reader").unwrap(),
            secret: Secret::new("secret").unwrap(),
        },
        active: true,
        policies: vec![serde_json::from_str(policy).unwrap()],
    }
}

fn asked(method: &str, path: &str, project: Option<&str>) -> super::super::request::Asked {
    let parameters = Parameters::default();
    super::super::request::Asked {
        project: project.map(str::to_owned),
        operation: flowlog_sls::Operation::parse(&flowlog_sls::operation::OperationParts {
            method,
            path,
            parameters: &parameters,
            has_project: project.is_some(),
        })
        .unwrap(),
        envelope: None,
        accepted: None,
    }
}

#[test]
fn a_user_may_do_what_its_policies_say_and_the_account_everything() {
    let mut keyring = Keyring::new(key());
    let reader = reader();
    let id = reader.key.id.clone();
    keyring.add_user(reader).unwrap();
    let keyring = Arc::new(keyring);
    let access = super::super::Access {
        keys: super::super::Keys::new(Arc::clone(&keyring)),
        region: "cn-hangzhou".into(),
        account: "1000000000000001".into(),
    };
    let now = Timestamp(i64::from(NOW) * 1000);
    let from = |address: &str| {
        let address = address.parse().unwrap();
        let peer = flowlog_http::Peer {
            address,
            secure: false,
        };
        (peer, now)
    };
    let here = from("127.0.0.1");
    let me = (&*keyring, &id);
    let read = asked("GET", "/logstores/store", Some("proj"));
    assert_eq!(access.check(me, &read, here), Ok(()));
    let elsewhere = from("192.0.2.1");
    assert!(access.check(me, &read, elsewhere).is_err());
    let list = asked("GET", "/logstores", Some("proj"));
    assert_eq!(access.check(me, &list, here), Ok(()));
    let other = asked("GET", "/logstores/store", Some("other"));
    let delete = asked("DELETE", "/logstores/store", Some("proj"));
    let refused = access.check(me, &delete, here).unwrap_err();
    assert_eq!(
        (refused.status, refused.code),
        (401, ErrorCode::Unauthorized)
    );
    assert_eq!(
        refused.message,
        "denied by sts or ram, action: log:DeleteLogStore, resource: acs:log:cn-hangzhou:1000000000000001:project/proj/logstore/store"
    );
    assert!(access.check(me, &other, here).is_err());
    for any in [read, list, other, delete] {
        assert_eq!(
            access.check((&*keyring, &key().id), &any, elsewhere),
            Ok(())
        );
    }
}

#[test]
fn keys_that_are_exchanged_count_from_then_on() {
    let other = AccessKey {
        id: AccessKeyId::new("other").unwrap(),
        secret: Secret::new("secret").unwrap(),
    };
    let keys = super::super::Keys::new(Arc::new(Keyring::new(key())));
    let shared = keys.clone();
    keys.replace(Arc::new(Keyring::new(other)));
    let now = Timestamp(i64::from(NOW) * 1000);
    assert!(shared.current().check("other", None, now).is_ok());
    assert!(
        shared
            .current()
            .check(key().id.as_str(), None, now)
            .is_err()
    );
}
