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
    let access = super::super::Access {
        keyring: Arc::new(keyring),
        region: "cn-hangzhou".into(),
        account: "1000000000000001".into(),
    };
    let now = Timestamp(i64::from(NOW) * 1000);
    let here = ("127.0.0.1".parse().unwrap(), now);
    let read = asked("GET", "/logstores/store", Some("proj"));
    assert_eq!(access.check(&id, &read, here), Ok(()));
    let elsewhere = ("192.0.2.1".parse().unwrap(), now);
    assert!(access.check(&id, &read, elsewhere).is_err());
    let list = asked("GET", "/logstores", Some("proj"));
    assert_eq!(access.check(&id, &list, here), Ok(()));
    let other = asked("GET", "/logstores/store", Some("other"));
    let delete = asked("DELETE", "/logstores/store", Some("proj"));
    let refused = access.check(&id, &delete, here).unwrap_err();
    assert_eq!(
        (refused.status, refused.code),
        (401, ErrorCode::Unauthorized)
    );
    assert_eq!(
        refused.message,
        "denied by sts or ram, action: log:DeleteLogStore, resource: acs:log:cn-hangzhou:1000000000000001:project/proj/logstore/store"
    );
    assert!(access.check(&id, &other, here).is_err());
    for any in [read, list, other, delete] {
        assert_eq!(access.check(&key().id, &any, elsewhere), Ok(()));
    }
}
