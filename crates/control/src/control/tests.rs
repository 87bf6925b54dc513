//! The whole of a request but its connection: signatures, rights, the disk, the audit.

use std::net::SocketAddr;
use std::sync::Weak;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use flowlog_access::rpc::{Parameters, sign_v1};
use flowlog_access::{AccessKey, AccessKeyId, Secret, User};
use flowlog_flowlog::{Resource, ResourceId, ResourceKind};
use serde_json::json;

use super::*;
use crate::answer::{Answer, JSON, XML};
use crate::audit::Audited;
use crate::http::{Received, respond};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

#[derive(Debug)]
struct Everywhere;

impl Destinations for Everywhere {
    fn has_project(&self, _: &str, _: &str) -> bool {
        true
    }

    fn delivers(&self, _: &str) -> bool {
        true
    }

    fn may_export_to(&self, _: SocketAddr) -> bool {
        true
    }

    fn has_logstore(&self, _: &str, _: &str, _: &str) -> bool {
        true
    }
}

#[derive(Debug, Default)]
struct Recorded(Mutex<Vec<Audited>>);

impl Audit for Recorded {
    fn record(&self, call: Audited) {
        lock(&self.0).push(call);
    }
}

/// The API in a directory, with a pipeline that applies at once what it is told.
struct Served {
    control: Arc<Control>,
    audit: Arc<Recorded>,
    nonces: &'static AtomicU32,
}

/// Nonces that were never there, not before a restart either.
static NONCES: AtomicU32 = AtomicU32::new(0);

fn key(id: &str) -> AccessKey {
    AccessKey {
        id: AccessKeyId::new(id).unwrap(),
        secret: Secret::new("secret").unwrap(),
    }
}

fn keyring() -> Keyring {
    let mut keyring = Keyring::new(key("root"));
    let reads = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["vpc:Describe*","vpc:DeactiveFlowLog"],"Resource":"acs:vpc:*:1000000000000001:flowlog/*","Condition":{"IpAddress":{"acs:SourceIp":"192.0.2.0/24"}}}]}"#;
    let owns = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"vpc:DeleteFlowLog","Resource":"*","Condition":{"StringEquals":{"acs:ResourceTag/keep":"yes"}}}]}"#;
    let keeps = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"vpc:*","Resource":"*","Condition":{"StringEquals":{"acs:ResourceTag/keep":"yes"}}}]}"#;
    for (name, policy) in [("auditor", reads), ("owner", owns), ("keeper", keeps)] {
        let user = User {
            name: name.into(),
            key: key(name),
            active: true,
            policies: vec![serde_json::from_str(policy).unwrap()],
        };
        keyring.add_user(user).unwrap();
    }
    keyring
}

fn inventory() -> Inventory {
    let id = ResourceId::new("sag-one").unwrap();
    Inventory::new(vec![Resource::new(id, ResourceKind::Sag)]).unwrap()
}

impl Served {
    fn open(directory: &Path) -> Self {
        let audit = Arc::new(Recorded::default());
        let recorded = Arc::clone(&audit);
        let control = Arc::new_cyclic(|control: &Weak<Control>| {
            let pipeline = Weak::clone(control);
            let beginning = Beginning {
                settings: Settings::new("1000000000000001", ["cn-hangzhou"]),
                inventory: inventory(),
                keyring: Arc::new(keyring()),
                hash_key: HashKey::PUBLIC,
                destinations: Arc::new(Everywhere),
                audit: recorded,
                changed: Box::new(move || {
                    let control = pipeline.upgrade().unwrap();
                    control.applied(control.wanted().generation);
                }),
                clock: || NOW,
            };
            Control::open(&directory.join("control.sqlite"), beginning).unwrap()
        });
        Self {
            control,
            audit,
            nonces: &NONCES,
        }
    }

    /// A request signed in the first way by `who`.
    fn signed(&self, who: &str, version: &str, text: &str) -> Parameters {
        let nonce = self.nonces.fetch_add(1, Ordering::Relaxed);
        let mut parameters = Parameters::parse(text).unwrap();
        for (name, value) in [
            ("Version", version),
            ("AccessKeyId", who),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", &nonce.to_string()),
            ("Timestamp", "2027-01-15T08:00:00Z"),
        ] {
            parameters.push(name, value);
        }
        let signature = sign_v1("POST", &parameters, &Secret::new("secret").unwrap());
        parameters.push("Signature", &signature);
        parameters
    }

    fn send(&self, query: Parameters) -> Answer {
        respond(&self.control, &received(query))
    }

    fn call(&self, who: &str, text: &str) -> Value {
        self.call_of(who, "2016-04-28", text)
    }

    fn call_of(&self, who: &str, version: &str, text: &str) -> Value {
        let answer = self.send(self.signed(who, version, text));
        serde_json::from_str(&answer.body).unwrap()
    }
}

fn received(query: Parameters) -> Received {
    Received {
        method: "POST".into(),
        path: "/".into(),
        query: Ok(query),
        headers: vec![("host".into(), "localhost:9081".into())],
        body: Ok(Bytes::new()),
        origin: Origin {
            peer: "192.0.2.1".parse().unwrap(),
            secure: false,
        },
    }
}

const NEW: &str = "Action=CreateFlowLog&RegionId=cn-hangzhou&ResourceType=VPC&ResourceId=vpc-1&TrafficType=All&ProjectName=proj-1&LogStoreName=store-1&Tag.1.Key=keep&Tag.1.Value=yes";
const ALL: &str = "Action=DescribeFlowLogs&RegionId=cn-hangzhou";

#[test]
fn an_answer_has_an_id_and_an_error_says_where_to_look() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::open(dir.path());
    let answer = served.send(served.signed("root", "2016-04-28", ALL));
    assert_eq!((answer.status, answer.content_type), (200, JSON));
    let id = answer.request_id;
    assert_eq!(id.len(), 36);
    assert!(
        id.bytes()
            .all(|c| c == b'-' || c.is_ascii_digit() || (b'A'..=b'F').contains(&c))
    );
    assert!(answer.body.contains(&id));
    let answer = served.send(served.signed(
        "root",
        "2016-04-28",
        "Action=DeleteFlowLog&RegionId=cn-hangzhou&FlowLogId=fl-x",
    ));
    assert_eq!(answer.status, 400);
    let id = answer.request_id;
    let expected = json!({
        "RequestId": id,
        "HostId": "localhost:9081",
        "Code": "InvalidInstanceId.NotFound",
        "Message": "The specfied instance is not existed.",
        "Recommend": format!("https://api.aliyun.com/troubleshoot?q=InvalidInstanceId.NotFound&product=Vpc&requestId={id}"),
    });
    assert_eq!(
        serde_json::from_str::<Value>(&answer.body).unwrap(),
        expected
    );
}

#[test]
fn xml_is_written_when_it_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::open(dir.path());
    served.call("root", &format!("{NEW}&FlowLogName=a%3Cb%26c%01"));
    let answer = served.send(served.signed("root", "2016-04-28", &format!("{ALL}&Format=XML")));
    assert_eq!((answer.status, answer.content_type), (200, XML));
    let body = answer.body;
    assert!(
        body.starts_with(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><DescribeFlowLogsResponse><RequestId>"
        ),
        "{body}"
    );
    assert!(
        body.ends_with("</FlowLog></FlowLogs></DescribeFlowLogsResponse>"),
        "{body}"
    );
    assert!(
        body.contains("<FlowLogName>a&lt;b&amp;c\u{fffd}</FlowLogName>"),
        "{body}"
    );
    assert!(
        body.contains("<AggregationInterval>10</AggregationInterval>"),
        "{body}"
    );
    assert!(
        body.contains("<TrafficPath><TrafficPathList>all</TrafficPathList></TrafficPath>"),
        "{body}"
    );
    let answer =
        served.send(served.signed("root", "2016-04-28", "Action=DescribeFlowLogs&Format=xml"));
    assert!(
        answer.body.contains("<Error><RequestId>"),
        "{}",
        answer.body
    );
    assert!(
        answer
            .body
            .contains("q=MissingRegionId&amp;product=Vpc&amp;requestId="),
        "{}",
        answer.body
    );
}

#[test]
fn what_is_wrong_with_a_request_is_said_before_anything_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::open(dir.path());
    let code = |received: &Received| {
        let answer = respond(&served.control, received);
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        (answer.status, body["Code"].as_str().unwrap().to_owned())
    };
    let request = |text: &str| received(served.signed("root", "2016-04-28", text));
    let with = |change: fn(&mut Received)| {
        let mut received = request(ALL);
        change(&mut received);
        code(&received)
    };
    let is = |status, code: &str| (status, code.to_owned());
    assert_eq!(
        with(|it| it.method = "PUT".into()),
        is(403, "UnsupportedHTTPMethod")
    );
    assert_eq!(
        with(|it| it.path = "/x".into()),
        is(404, "InvalidAction.NotFound")
    );
    assert_eq!(
        with(|it| it.body = Err(problem::TOO_LARGE)),
        is(413, "InvalidParameter")
    );
    assert_eq!(
        with(|it| it.query = Err(problem::UNREADABLE)),
        is(400, "InvalidParameter")
    );
    assert_eq!(
        with(|it| it.method = "GET".into()),
        is(400, "SignatureDoesNotMatch")
    );
    assert_eq!(
        code(&request("Action=Nothing")),
        is(404, "InvalidAction.NotFound")
    );
    let version = received(served.signed("root", "2016-04-29", ALL));
    assert_eq!(code(&version), is(404, "InvalidVersion"));
    assert_eq!(
        code(&received(Parameters::default())),
        is(400, "MissingAction")
    );
    // Of a known version and action the product counts.
    let cen = received(served.signed("root", "2017-09-12", "Action=CreateFlowLog"));
    assert_eq!(code(&cen), is(404, "InvalidAction.NotFound"));
    assert_eq!(served.call("root", ALL)["TotalCount"], "0");
}

#[test]
fn a_request_counts_once_and_a_bad_signature_burns_no_nonce() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::open(dir.path());
    let good = served.signed("root", "2016-04-28", ALL);
    let mut bad = good.clone();
    bad.push("Extra", "1");
    let code = |query: &Parameters| {
        let answer = served.send(query.clone());
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        body["Code"].as_str().unwrap_or("fine").to_owned()
    };
    assert_eq!(code(&bad), "SignatureDoesNotMatch");
    assert_eq!(code(&good), "fine");
    assert_eq!(code(&good), "SignatureNonceUsed");
    // What has changed something does not change it again after a restart either.
    let made = served.signed("root", "2016-04-28", NEW);
    assert_eq!(code(&made), "fine");
    drop(served);
    let served = Served::open(dir.path());
    let code = |query: &Parameters| {
        let answer = served.send(query.clone());
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        body["Code"].as_str().unwrap_or("fine").to_owned()
    };
    assert_eq!(code(&made), "SignatureNonceUsed");
    // Also one that failed for another reason.
    let failed = served.signed("root", "2016-04-28", "Action=DescribeFlowLogs");
    assert_eq!(code(&failed), "MissingRegionId");
    assert_eq!(code(&failed), "SignatureNonceUsed");
}

#[test]
fn a_user_does_what_its_policies_allow_and_is_told_what_they_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::open(dir.path());
    let made = served.call("owner", NEW);
    let id = made["FlowLogId"].as_str().unwrap();
    let on = |action: &str| format!("Action={action}&RegionId=cn-hangzhou&FlowLogId={id}");
    assert_eq!(served.call("auditor", ALL)["TotalCount"], "1");
    let refused = served.call("auditor", &on("DeleteFlowLog"));
    assert_eq!(refused["Code"], "Forbidden.RAM");
    assert_eq!(
        refused["Message"],
        "User not authorized to operate on the specified resource, or this API doesn't support RAM."
    );
    let expected = json!({
        "AuthAction": "vpc:DeleteFlowLog",
        "AuthResource": format!("acs:vpc:cn-hangzhou:1000000000000001:flowlog/{id}"),
        "AuthPrincipalType": "SubUser",
        "AuthPrincipalOwnerId": "1000000000000001",
        "AuthPrincipalDisplayName": "auditor",
        "NoPermissionType": "ImplicitDeny",
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    });
    assert_eq!(refused["AccessDeniedDetail"], expected);
    // Rights come before what is asked for.
    assert_eq!(
        served.call("auditor", "Action=CreateFlowLog")["Code"],
        "Forbidden.RAM"
    );
    assert_eq!(
        served.call_of(
            "auditor",
            "2018-03-13",
            "Action=DescribeUnbindFlowLogSags&RegionId=cn-hangzhou"
        )["Code"],
        "Forbidden"
    );
    // What is denied stays denied, whatever else is allowed.
    let denied = served.call("owner", &on("DeleteFlowLog"));
    assert_eq!(
        denied["AccessDeniedDetail"]["NoPermissionType"],
        "ExplicitDeny"
    );
    assert_eq!(served.call("root", &on("DeleteFlowLog"))["Success"], "true");
}

#[test]
fn a_condition_on_the_address_looks_at_the_address() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::open(dir.path());
    let mut received = received(served.signed("auditor", "2016-04-28", ALL));
    received.origin.peer = "198.51.100.1".parse().unwrap();
    assert_eq!(respond(&served.control, &received).status, 403);
}

#[test]
fn every_call_that_changes_something_is_audited_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::open(dir.path());
    let made = served.call("root", NEW);
    served.call("root", ALL);
    served.call("auditor", NEW);
    served.call(
        "root",
        "Action=ActiveFlowLog&RegionId=cn-hangzhou&FlowLogId=fl-x",
    );
    let calls = lock(&served.audit.0).clone();
    let said: Vec<_> = calls
        .iter()
        .map(|call| {
            (
                &*call.caller,
                &*call.action,
                &*call.flow_log,
                &*call.outcome,
            )
        })
        .collect();
    let id = made["FlowLogId"].as_str().unwrap();
    assert_eq!(
        said,
        [
            ("root", "vpc:CreateFlowLog", id, "Success"),
            ("auditor", "vpc:CreateFlowLog", "", "Forbidden.RAM"),
            (
                "root",
                "vpc:ActiveFlowLog",
                "fl-x",
                "InvalidInstanceId.NotFound"
            ),
        ]
    );
    let first = &calls[0];
    assert_eq!(
        (first.at, first.source),
        (NOW, "192.0.2.1".parse().unwrap())
    );
    assert_eq!(
        (&*first.region, &*first.access_key),
        ("cn-hangzhou", "root")
    );
    assert_eq!(first.request_id, made["RequestId"]);
    let parameters: Value = serde_json::from_str(&first.parameters).unwrap();
    assert_eq!(parameters["ResourceId"], "vpc-1");
    assert_eq!(
        (parameters.get("Signature"), parameters.get("AccessKeyId")),
        (None, None)
    );
}

#[test]
fn what_was_answered_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::open(dir.path());
    let id = served.call("root", NEW)["FlowLogId"].clone();
    let cen = "Action=CreateFlowlog&RegionId=cn-hangzhou&CenId=cen-1&ClientToken=t";
    let token = served.call_of("root", "2017-09-12", cen);
    let sag = served.call_of("root", "2018-03-13", "Action=CreateFlowLog&RegionId=cn-hangzhou&OutputType=sls&SlsRegionId=cn-hangzhou&ProjectName=p-1&LogstoreName=l-1");
    let one = format!(
        "RegionId=cn-hangzhou&FlowLogId={}",
        sag["FlowLogId"].as_str().unwrap()
    );
    served.call_of(
        "root",
        "2018-03-13",
        &format!("Action=AssociateFlowLog&{one}&SmartAGId=sag-one"),
    );
    let id = id.as_str().unwrap();
    served.call(
        "root",
        &format!("Action=DeactiveFlowLog&RegionId=cn-hangzhou&FlowLogId={id}"),
    );
    let before = served.control.wanted().flow_logs;
    let list = |served: &Served| served.call("root", ALL)["FlowLogs"].clone();
    let shown = list(&served);
    assert_eq!(shown["FlowLog"][0]["Status"], "Inactive");
    drop(served);

    let served = Served::open(dir.path());
    assert_eq!(
        served.control.wanted(),
        Wanted {
            generation: 0,
            flow_logs: before
        }
    );
    assert_eq!(list(&served), shown);
    let again = served.call_of("root", "2017-09-12", &format!("{cen}&Again=no"));
    assert_eq!(again["Code"], "IdempotentParameterMismatch");
    assert_eq!(
        served.call_of("root", "2017-09-12", cen)["FlowLogId"],
        token["FlowLogId"]
    );
    served.call(
        "root",
        &format!("Action=DeleteFlowLog&RegionId=cn-hangzhou&FlowLogId={id}"),
    );
    drop(served);
    let served = Served::open(dir.path());
    assert_eq!(served.call("root", ALL)["TotalCount"], "0");
    // A number is not used twice while the flow log behind it is there.
    let next = served.call("root", NEW);
    assert_eq!(next["Success"], "true");
}

#[test]
fn of_two_who_activate_at_once_one_does() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::open(dir.path());
    let id = served.call("root", NEW)["FlowLogId"].clone();
    let id = id.as_str().unwrap();
    served.call(
        "root",
        &format!("Action=DeactiveFlowLog&RegionId=cn-hangzhou&FlowLogId={id}"),
    );
    let activate = format!("Action=ActiveFlowLog&RegionId=cn-hangzhou&FlowLogId={id}");
    let outcomes: Vec<Value> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| served.call("root", &activate)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let done = outcomes.iter().filter(|it| it["Success"] == "true").count();
    let refused = outcomes
        .iter()
        .filter(|it| it["Code"] == "IncorrectStatus.flowlog")
        .count();
    assert_eq!((done, refused), (1, 3));
}

#[test]
fn calls_beyond_the_limit_are_told_when_to_come_again() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::open(dir.path());
    let limited = Settings {
        calls_per_minute: 2,
        ..Settings::new("1000000000000001", ["cn-hangzhou"])
    };
    served
        .control
        .reload(limited, inventory(), Arc::new(keyring()));
    served.call("root", ALL);
    served.call("root", ALL);
    let answer = served.send(served.signed("root", "2016-04-28", ALL));
    assert_eq!((answer.status, answer.retry_after), (400, Some(60_000)));
    assert!(answer.body.contains("\"Throttling.User\""));
    assert_eq!(
        served.call("root", "Action=DescribeRegions")["Code"],
        Value::Null
    );
}

#[test]
fn a_database_of_a_later_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("control.sqlite");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(
        Database::open(&path),
        Err(DatabaseError::TooNew(99))
    ));
}

#[test]
fn a_tag_that_a_policy_looks_at_cannot_be_taken_off_by_who_is_denied_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::open(dir.path());
    let made = served.call("root", NEW);
    let id = made["FlowLogId"].as_str().unwrap();
    let on = format!("RegionId=cn-hangzhou&ResourceType=FLOWLOG&ResourceId.1={id}");
    let untag = format!("Action=UntagResources&{on}&TagKey.1=keep");
    assert_eq!(served.call("keeper", &untag)["Code"], "Forbidden.RAM");
    let tag = format!("Action=TagResources&{on}&Tag.1.Key=keep&Tag.1.Value=no");
    assert_eq!(served.call("keeper", &tag)["Code"], "Forbidden.RAM");
    assert!(served.call("root", &untag)["Code"].is_null());
    assert!(served.call("keeper", &tag)["Code"].is_null());
    let audited = lock(&served.audit.0);
    assert!(
        audited.iter().skip(1).all(|call| call.flow_log == id),
        "{audited:?}"
    );
}

#[test]
fn tags_change_without_a_word_to_the_pipeline() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::open(dir.path());
    let made = served.call("root", NEW);
    let id = made["FlowLogId"].as_str().unwrap();
    let before = served.control.wanted().generation;
    let on = format!("RegionId=cn-hangzhou&ResourceType=FLOWLOG&ResourceId.1={id}");
    let tag = format!("Action=TagResources&{on}&Tag.1.Key=a&Tag.1.Value=b");
    assert!(served.call("root", &tag)["Code"].is_null());
    assert_eq!(served.control.wanted().generation, before);
    drop(served);
    let served = Served::open(dir.path());
    let shown = served.call("root", ALL);
    let tags = &shown["FlowLogs"]["FlowLog"][0]["Tags"]["Tag"];
    assert_eq!(tags[1], json!({"Key": "a", "Value": "b"}));
}

#[test]
fn an_answer_in_xml_is_called_as_its_action_was_spelled() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::open(dir.path());
    let made = served.call("root", NEW);
    let id = made["FlowLogId"].as_str().unwrap();
    for action in ["UntagResources", "UnTagResources"] {
        let text = format!(
            "Action={action}&RegionId=cn-hangzhou&ResourceType=FLOWLOG&ResourceId.1={id}&All=true&Format=XML"
        );
        let answer = served.send(served.signed("root", "2016-04-28", &text));
        let name = format!("<{action}Response>");
        assert!(answer.body.contains(&name), "{}", answer.body);
    }
}
