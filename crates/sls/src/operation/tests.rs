use alloc::vec;

use super::*;
use crate::{Cursor, CursorFrom, HashKey};

fn parse(method: &str, target: &str) -> Result<Operation, Error> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Operation::parse(&OperationParts {
        method,
        path,
        parameters: &Parameters::parse(query)?,
        has_project: true,
    })
}

fn below(method: &str, target: &str) -> LogstoreOperation {
    match parse(method, &format!("/logstores/my_store{target}")) {
        Ok(Operation::Logstore(name, operation)) if name == "my_store" => operation,
        other => panic!("{method} {target}: {other:?}"),
    }
}

#[test]
fn every_operation_has_its_action_and_its_resource() {
    let hour = "from=1&to=3601&query=";
    let cursor = Cursor(7);
    let table = [
        ("POST /", "CreateProject", "project/p"),
        ("GET /", "GetProject", "project/p"),
        ("PUT /", "UpdateProject", "project/p"),
        ("DELETE /", "DeleteProject", "project/p"),
        (
            "GET /logs?query=select+1+from+x",
            "GetProjectLogs",
            "project/p",
        ),
        (
            "GET /logstores?offset=0&size=500",
            "ListLogStores",
            "project/p/logstore/*",
        ),
        ("POST /logstores", "CreateLogStore", "project/p/logstore/*"),
        ("GET /logstores/s", "GetLogStore", "project/p/logstore/s"),
        ("PUT /logstores/s", "UpdateLogStore", "project/p/logstore/s"),
        (
            "DELETE /logstores/s",
            "DeleteLogStore",
            "project/p/logstore/s",
        ),
        (
            "POST /logstores/s",
            "PostLogStoreLogs",
            "project/p/logstore/s",
        ),
        (
            "POST /logstores/s/shards/lb",
            "PostLogStoreLogs",
            "project/p/logstore/s",
        ),
        (
            "POST /logstores/s/shards/route?key=00000000000000000000000000000001",
            "PostLogStoreLogs",
            "project/p/logstore/s",
        ),
        (
            "POST /logstores/s/logs",
            "GetLogStoreLogs",
            "project/p/logstore/s",
        ),
        (
            &format!("GET /logstores/s?type=log&{hour}"),
            "GetLogStoreLogs",
            "project/p/logstore/s",
        ),
        (
            &format!("GET /logstores/s?type=histogram&{hour}"),
            "GetLogStoreHistogram",
            "project/p/logstore/s",
        ),
        (
            &format!("GET /logstores/s/index?type=histogram&{hour}"),
            "GetLogStoreHistogram",
            "project/p/logstore/s",
        ),
        (
            "GET /logstores/s?type=topic&token=&line=5",
            "ListTopics",
            "project/p/logstore/s",
        ),
        (
            "GET /logstores/s?type=context_log&pack_id=a&pack_meta=b",
            "GetLogStoreContextLogs",
            "project/p/logstore/s",
        ),
        (
            "POST /logstores/s/index",
            "CreateIndex",
            "project/p/logstore/s",
        ),
        (
            "PUT /logstores/s/index",
            "UpdateIndex",
            "project/p/logstore/s",
        ),
        ("GET /logstores/s/index", "GetIndex", "project/p/logstore/s"),
        (
            "DELETE /logstores/s/index",
            "DeleteIndex",
            "project/p/logstore/s",
        ),
        (
            "GET /logstores/s/shards",
            "ListShards",
            "project/p/logstore/s",
        ),
        (
            "GET /logstores/s/shards/0?type=cursor&from=begin",
            "GetCursorOrData",
            "project/p/logstore/s",
        ),
        (
            &format!("GET /logstores/s/shards/0?type=logs&count=1&cursor={cursor}"),
            "GetCursorOrData",
            "project/p/logstore/s",
        ),
        (
            "POST /logstores/s/shards/0?action=split",
            "SplitShard",
            "project/p/logstore/s",
        ),
        (
            "POST /logstores/s/shards/0?action=merge",
            "MergeShards",
            "project/p/logstore/s",
        ),
        (
            "DELETE /logstores/s/shards/0",
            "DeleteShard",
            "project/p/logstore/s",
        ),
        (
            "GET /logstores/s/consumergroups",
            "ListConsumerGroup",
            "project/p/logstore/s/consumergroup/*",
        ),
        (
            "POST /logstores/s/consumergroups",
            "CreateConsumerGroup",
            "project/p/logstore/s/consumergroup/*",
        ),
        (
            "PUT /logstores/s/consumergroups/g",
            "UpdateConsumerGroup",
            "project/p/logstore/s/consumergroup/g",
        ),
        (
            "DELETE /logstores/s/consumergroups/g",
            "DeleteConsumerGroup",
            "project/p/logstore/s/consumergroup/g",
        ),
        (
            "POST /logstores/s/consumergroups/g?type=heartbeat&consumer=c",
            "ConsumerGroupHeartBeat",
            "project/p/logstore/s/consumergroup/g",
        ),
        (
            "POST /logstores/s/consumergroups/g?type=checkpoint&consumer=&forceSuccess=True",
            "ConsumerGroupUpdateCheckPoint",
            "project/p/logstore/s/consumergroup/g",
        ),
        (
            "GET /logstores/s/consumergroups/g",
            "GetConsumerGroupCheckPoint",
            "project/p/logstore/s/consumergroup/g",
        ),
    ];
    for (request, action, resource) in table {
        let (method, target) = request.split_once(' ').unwrap();
        let operation = parse(method, target).unwrap();
        assert_eq!(operation.action(), format!("log:{action}"), "{request}");
        assert_eq!(operation.resource("p"), resource, "{request}");
        let named = target.starts_with("/logstores/").then_some("s");
        assert_eq!(operation.logstore(), named, "{request}");
    }
}

#[test]
fn a_host_without_a_project_lists_projects() {
    let list = |query: &str| {
        Operation::parse(&OperationParts {
            method: "GET",
            path: "/",
            parameters: &Parameters::parse(query).unwrap(),
            has_project: false,
        })
    };
    let request = |part: &str, offset, size| ListRequest {
        part: part.to_owned(),
        properties: Vec::new(),
        offset,
        size,
    };
    let of_group = ListRequest {
        properties: vec![("resourceGroupId", "rg-1".to_owned())],
        ..request("", 0, 500)
    };
    let wanted = [
        ("", request("", 0, 500)),
        ("offset=&size=&projectName=", request("", 0, 500)),
        ("offset=3&size=9&projectName=ab", request("ab", 3, 9)),
        ("size=1000000", request("", 0, 500)),
        ("resourceGroupId=&mode=query", request("", 0, 500)),
        ("resourceGroupId=None", request("", 0, 500)),
        ("resourceGroupId=rg-1", of_group),
    ];
    for (query, wanted) in wanted {
        assert_eq!(list(query), Ok(Operation::ListProjects(wanted)), "{query}");
    }
    assert_eq!(
        list("offset=-1").unwrap_err().code,
        ErrorCode::ParameterInvalid
    );
    assert_eq!(list("").unwrap().action(), "log:ListProject");
    assert_eq!(list("").unwrap().resource(""), "project/*");
}

#[test]
fn a_page_counts_what_it_does_not_show() {
    let names = ["abc", "bcd", "xbc", "xyz", "bc"];
    let request = ListRequest {
        part: "bc".to_owned(),
        properties: Vec::new(),
        offset: 1,
        size: 2,
    };
    let page = |request: &ListRequest| request.page(names, |name| name, |name, _| name);
    assert_eq!(page(&request), (vec!["bcd", "xbc"], 4));
    let exact = ListRequest {
        properties: vec![("mode", "xbc".to_owned())],
        offset: 0,
        ..request
    };
    assert_eq!(page(&exact), (vec!["xbc"], 1));
}

#[test]
fn shards_are_asked_for_cursors_and_logs() {
    use ShardOperation::{GetCursor, GetCursorTime, PullLogs};
    let shard = |target: &str| match below("GET", target) {
        LogstoreOperation::Shard(3, operation) => operation,
        other => panic!("{target}: {other:?}"),
    };
    let cursor = Cursor(1_447_299_606_896_632_356);
    assert_eq!(
        shard("/shards/3?type=cursor&from=1700000000"),
        GetCursor(CursorFrom::Received(1_700_000_000))
    );
    assert_eq!(
        shard(&format!("/shards/3?type=cursor_time&cursor={cursor}")),
        GetCursorTime(cursor)
    );
    let pull = |end, count| {
        PullLogs(PullRequest {
            cursor,
            end,
            count,
            query: None,
        })
    };
    let base = format!("/shards/3?type=log&cursor={cursor}");
    assert_eq!(shard(&base), pull(None, 1000));
    assert_eq!(shard(&format!("{base}&count=5000")), pull(None, 1000));
    let end = Cursor(1_447_299_606_896_632_360);
    for spelling in ["end_cursor", "endCursor"] {
        let target = format!("{base}&count=7&{spelling}={end}");
        assert_eq!(shard(&target), pull(Some(end), 7));
    }
    for (sent, query) in [("*", None), ("", None), ("a:+b", Some("a: b"))] {
        let PullLogs(request) = shard(&format!("{base}&query={sent}")) else {
            panic!("{sent}");
        };
        assert_eq!(request.query.as_deref(), query);
    }
}

#[test]
fn a_key_may_come_with_a_number() {
    let key = HashKey(1 << 127);
    let route = |more: &str| {
        parse(
            "POST",
            &format!("/logstores/s/shards/route?key={key}{more}"),
        )
    };
    let put = |route| Operation::Logstore("s".into(), LogstoreOperation::PutLogs(route));
    assert_eq!(route(""), Ok(put(Route::Key(key))));
    assert_eq!(route("&seqid="), Ok(put(Route::Key(key))));
    assert_eq!(route("&seqid=0"), Ok(put(Route::Sequence(key, 0))));
    assert_eq!(route("&seqid=77"), Ok(put(Route::Sequence(key, 77))));
    for wrong in ["-1", "x", "18446744073709551615", "1.5"] {
        let error = route(&format!("&seqid={wrong}")).unwrap_err();
        assert_eq!(error.code, ErrorCode::ParameterInvalid, "{wrong}");
    }
}

#[test]
fn shards_are_split_and_merged() {
    let change = |target: &str| match below("POST", target) {
        LogstoreOperation::Shard(0, operation) => operation,
        other => panic!("{target}: {other:?}"),
    };
    let key = HashKey(1 << 127);
    assert_eq!(
        change(&format!("/shards/0?action=split&key={key}")),
        ShardOperation::Split {
            key: Some(key),
            count: 2
        }
    );
    assert_eq!(
        change("/shards/0?action=split&shardCount=3"),
        ShardOperation::Split {
            key: None,
            count: 3
        }
    );
    assert_eq!(change("/shards/0?action=merge"), ShardOperation::Merge);
}

#[test]
fn consumer_groups_take_what_python_sends() {
    let group = |method, target: &str| match below(method, target) {
        LogstoreOperation::ConsumerGroup(name, operation) if name == "g" => operation,
        other => panic!("{target}: {other:?}"),
    };
    assert_eq!(
        group(
            "POST",
            "/consumergroups/g?type=checkpoint&consumer=&forceSuccess=True"
        ),
        ConsumerGroupOperation::SaveCheckpoint {
            consumer: String::new(),
            force: true
        }
    );
    assert_eq!(
        group("POST", "/consumergroups/g?type=heartbeat&consumer=c-1"),
        ConsumerGroupOperation::Heartbeat {
            consumer: "c-1".to_owned()
        }
    );
    assert_eq!(
        group("GET", "/consumergroups/g?shard=2"),
        ConsumerGroupOperation::GetCheckpoints { shard: Some(2) }
    );
}

#[test]
fn what_is_no_operation_is_not_supported() {
    for request in [
        "GET /nothing",
        "PATCH /",
        "PUT /logstores",
        "GET /logstores/s/logs",
        "GET /logstores/s/shards/0/more",
        "PUT /logstores/s/shards/0",
        "POST /logstores//nothing",
        "DELETE /logstores/s/consumergroups",
        "GET /logstores/s/shards/0?type=log&cursor=MA==&processor=x",
    ] {
        let (method, target) = request.split_once(' ').unwrap();
        let error = parse(method, target).unwrap_err();
        assert_eq!(error.code, ErrorCode::NotSupported, "{request}");
    }
}

#[test]
fn parameters_that_are_wrong_are_named() {
    for (request, word) in [
        ("GET /logs", "query"),
        ("GET /logstores?size=x", "size"),
        ("GET /logstores/s?type=other", "other"),
        ("GET /logstores/s?type=log", "from"),
        ("GET /logstores/s?type=topic&line=-1", "line"),
        ("GET /logstores/s?type=context_log&pack_id=a", "pack_meta"),
        ("GET /logstores/s/shards/0", "type"),
        ("GET /logstores/s/shards/0?type=cursor", "from"),
        ("GET /logstores/s/shards/0?type=cursor&from=-1", "from"),
        ("GET /logstores/s/shards/0?type=logs&cursor=x", "cursor"),
        (
            "GET /logstores/s/shards/0?type=logs&cursor=MA==&count=0",
            "count",
        ),
        (
            "GET /logstores/s/shards/x?type=cursor&from=end",
            "invalid shard id",
        ),
        ("POST /logstores/s/shards/route", "key"),
        ("POST /logstores/s/shards/route?key=12", "32"),
        ("POST /logstores/s/shards/0", "action"),
        (
            "POST /logstores/s/shards/0?action=split&shardCount=1",
            "shardCount",
        ),
        (
            "POST /logstores/s/consumergroups/g?type=heartbeat",
            "consumer",
        ),
        ("POST /logstores/s/consumergroups/g?type=x", "type"),
        ("GET /logstores/%ff", "UTF-8"),
    ] {
        let (method, target) = request.split_once(' ').unwrap();
        let error = parse(method, target).unwrap_err();
        assert_eq!(error.code, ErrorCode::ParameterInvalid, "{request}");
        assert!(error.message.contains(word), "{request}: {error}");
    }
}

#[test]
fn a_path_says_which_methods_it_has() {
    assert_eq!(allowed("/"), ["GET", "POST", "PUT", "DELETE"]);
    assert_eq!(allowed("/logstores"), ["GET", "POST"]);
    assert_eq!(allowed("/logstores/s/logs"), ["POST"]);
    assert_eq!(allowed("/logstores/s/shards"), ["GET"]);
    assert_eq!(allowed("/logstores/s/shards/0"), ["GET", "POST", "DELETE"]);
    assert!(allowed("/nothing").is_empty());
}

#[test]
fn paths_may_be_encoded_and_end_with_a_slash() {
    assert_eq!(below("GET", "/"), LogstoreOperation::Get);
    assert_eq!(
        parse("GET", "/logstores/my%5Fstore"),
        Ok(Operation::Logstore(
            "my_store".to_owned(),
            LogstoreOperation::Get
        ))
    );
    assert!(matches!(
        parse("GET", "/logstores?"),
        Ok(Operation::ListLogstores(_))
    ));
}
