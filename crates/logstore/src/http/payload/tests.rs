use super::*;

fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> ErrorCode {
    outcome.unwrap_err().code
}

#[test]
fn a_logstore_keeps_what_is_not_known_and_forgets_what_is_not_said() {
    let body = br#"{"logstoreName":"one","ttl":30,"shardCount":2,"enable_tracking":false,
        "maxSplitShard":null,"createTime":5,"encrypt_conf":{"enable":true},"x":[1]}"#;
    let sent = logstore(body).unwrap();
    assert_eq!(sent.name.as_deref(), Some("one"));
    assert_eq!((sent.ttl_days, sent.shards), (Some(30), Some(2)));
    let properties = Value::Object(sent.properties).to_string();
    let wanted = r#"{"enable_tracking":false,"encrypt_conf":{"enable":true},"x":[1]}"#;
    assert_eq!(properties, wanted);
    let never = logstore(br#"{"autoSplit":false,"maxSplitShard":-1}"#).unwrap();
    let properties = Value::Object(never.properties).to_string();
    assert_eq!(properties, r#"{"autoSplit":false}"#);
    let nothing = logstore(b"{}").unwrap();
    assert_eq!(
        (nothing.name, nothing.ttl_days, nothing.shards),
        (None, None, None)
    );
}

#[test]
fn what_is_wrong_with_a_logstore_is_said() {
    for body in [
        r#"{"logstoreName":1}"#,
        r#"{"ttl":0}"#,
        r#"{"ttl":3651}"#,
        r#"{"ttl":"7"}"#,
        r#"{"shardCount":-1}"#,
        r#"{"autoSplit":"yes"}"#,
        r#"{"maxSplitShard":257}"#,
        r#"{"autoSplit":true,"maxSplitShard":-1}"#,
    ] {
        assert_eq!(
            code(logstore(body.as_bytes())),
            ErrorCode::LogStoreInfoInvalid,
            "{body}"
        );
    }
    assert_eq!(code(logstore(b"[]")), ErrorCode::PostBodyInvalid);
}

#[test]
fn every_body_that_is_wrong_has_the_code_of_its_operation() {
    assert_eq!(code(new_project(b"{}")), ErrorCode::ParameterInvalid);
    assert_eq!(
        code(new_project(br#"{"projectName":7}"#)),
        ErrorCode::ParameterInvalid
    );
    assert_eq!(code(new_project(b"x")), ErrorCode::PostBodyInvalid);
    assert_eq!(code(description(b"{}")), ErrorCode::ParameterInvalid);
    assert_eq!(code(index(br#"{"line":{}}"#)), ErrorCode::IndexInfoInvalid);
    assert_eq!(code(index(b"{}")), ErrorCode::IndexInfoInvalid);
    assert_eq!(code(query(b"[1]")), ErrorCode::PostBodyInvalid);
    assert_eq!(code(query(br#"{"from":1}"#)), ErrorCode::ParameterInvalid);
    assert_eq!(
        code(query(br#"{"from":"x","to":}"#)),
        ErrorCode::PostBodyInvalid
    );
    assert_eq!(
        code(consumer_group(br#"{"timeout":0}"#)),
        ErrorCode::JsonInfoInvalid
    );
    assert_eq!(
        code(consumer_group(br#"{"order":1}"#)),
        ErrorCode::JsonInfoInvalid
    );
    assert_eq!(code(heartbeat(br#"{"a":1}"#)), ErrorCode::JsonInfoInvalid);
    assert_eq!(code(checkpoint(br"{}")), ErrorCode::JsonInfoInvalid);
    let checkpoint = checkpoint(br#"{"shard":0,"checkpoint":"no cursor"}"#);
    assert_eq!(code(checkpoint), ErrorCode::InvalidShardCheckPoint);
}

#[test]
fn consumers_say_what_they_hold_and_how_far_they_are() {
    assert_eq!(heartbeat(b"").unwrap(), Vec::<u32>::new());
    assert_eq!(heartbeat(b"[0, 3]").unwrap(), [0, 3]);
    let body = format!(r#"{{"shard":3,"checkpoint":"{}"}}"#, Cursor(17));
    let wanted = CheckpointBody {
        shard: 3,
        cursor: Some(Cursor(17)),
    };
    assert_eq!(checkpoint(body.as_bytes()).unwrap(), wanted);
    assert_eq!(
        checkpoint(br#"{"shard":3,"checkpoint":""}"#)
            .unwrap()
            .cursor,
        None
    );
}
