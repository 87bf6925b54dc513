use super::*;

#[test]
fn every_code_is_found_by_its_text() {
    for &code in ErrorCode::ALL {
        assert_eq!(ErrorCode::named(code.as_str()), Some(code));
    }
    assert_eq!(
        ErrorCode::named("RequestTimeTooSkewed"),
        Some(ErrorCode::RequestTimeExpired)
    );
    assert_eq!(ErrorCode::named("unauthorized"), None);
}

#[test]
fn codes_have_the_statuses_that_clients_decide_by() {
    let table = [
        (401, "Unauthorized SignatureNotMatch InvalidAccessKeyId"),
        (
            403,
            "WriteQuotaExceed ReadQuotaExceed ShardWriteQuotaExceed ShardReadQuotaExceed",
        ),
        (403, "MetaOperationQpsLimitExceeded ProjectForbidden"),
        (
            404,
            "ProjectNotExist LogStoreNotExist ConsumerGroupNotExist ShardNotExist",
        ),
        (411, "MissingContentLength"),
        (413, "PostBodyTooLarge"),
        (500, "InternalServerError RequestTimeout"),
        (503, "ServerBusy"),
        (
            400,
            "RequestTimeExpired InvalidDateFormat MissingDate ParameterInvalid PostBodyInvalid",
        ),
        (
            400,
            "IndexConfigNotExist InvalidCursor ConsumerGroupAlreadyExist ProjectAlreadyExist",
        ),
    ];
    for (status, names) in table {
        for name in names.split(' ') {
            assert_eq!(ErrorCode::named(name).unwrap().status(), status, "{name}");
        }
    }
}

#[test]
fn messages_are_those_of_the_service() {
    let errors = [
        (
            Error::project_not_exist("p"),
            404,
            "ProjectNotExist: The Project does not exist : p",
        ),
        (
            Error::logstore_not_exist("l"),
            404,
            "LogStoreNotExist: logstore l does not exist",
        ),
        (
            Error::index_not_exist(),
            400,
            "IndexConfigNotExist: logstore without index config",
        ),
        (
            Error::body_too_large(10_485_761, 10_485_760),
            413,
            "PostBodyTooLarge: Body size 10485761 must little than 10485760.",
        ),
        (
            Error::shard_not_exist(7).with_status(400),
            400,
            "ShardNotExist: Shard 7 does not exist",
        ),
    ];
    for (error, status, text) in errors {
        assert_eq!((error.status, &*alloc::format!("{error}")), (status, text));
    }
}

#[test]
fn the_body_has_two_keys() {
    let body = serde_json::to_string(&Error::parameter("say \"what\"")).unwrap();
    assert_eq!(
        body,
        r#"{"errorCode":"ParameterInvalid","errorMessage":"say \"what\""}"#
    );
    let read: ErrorBody = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&*read.code, &*read.message),
        ("ParameterInvalid", "say \"what\"")
    );
}

#[test]
fn a_long_name_is_cut_between_characters() {
    let name = "流".repeat(1000);
    assert_eq!(shown(&name).len(), 255);
}
