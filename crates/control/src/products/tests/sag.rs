use flowlog_flowlog::{Product::Sag, ResourceKind};
use serde_json::json;

use super::*;

const SLS: &str = "RegionId=cn-shanghai&OutputType=sls&SlsRegionId=cn-shanghai&ProjectName=proj-1&LogstoreName=store-1";
const NETFLOW: &str = "RegionId=cn-shanghai&OutputType=netflow&NetflowServerIp=192.168.0.2";

fn api() -> Api {
    let mut one = resource("sag-one", ResourceKind::Sag);
    one.region = Some("cn-shanghai".into());
    one.name = "branch".into();
    one.description = "old town".into();
    let mut far = resource("sag-far", ResourceKind::Sag);
    far.region = Some("cn-hangzhou".into());
    let mut old = resource("sag-old", ResourceKind::Sag);
    old.flow_logs = Some(false);
    Api::with(vec![one, far, old])
}

fn id_of(answer: &Map<String, Value>) -> String {
    format!(
        "RegionId=cn-shanghai&FlowLogId={}",
        text(answer, "FlowLogId")
    )
}

fn shown(api: &mut Api, filter: &str) -> Vec<Value> {
    let answer = api.done(
        Sag,
        "DescribeFlowLogs",
        &format!("RegionId=cn-shanghai&{filter}"),
    );
    answer["FlowLogs"]["FlowLogSetType"]
        .as_array()
        .unwrap()
        .clone()
}

/// What is asked for, a parameter, a value (`None`: left out), and what is said of it.
const REFUSED: &[(&str, &str, Option<&str>, &str)] = &[
    (SLS, "RegionId", None, "MissingRegionId"),
    (SLS, "RegionId", Some("mars"), "IllegalParam.RegionId"),
    (SLS, "OutputType", None, "IllegalParam.OutputType"),
    (SLS, "OutputType", Some("SLS"), "IllegalParam.OutputType"),
    (SLS, "ActiveAging", Some("59"), "IllegalParam.ActiveAging"),
    (SLS, "ActiveAging", Some("6001"), "IllegalParam.ActiveAging"),
    (SLS, "ActiveAging", Some("x"), "IllegalParam.ActiveAging"),
    (SLS, "ActiveAging", Some(""), "IllegalParam.ActiveAging"),
    (SLS, "InactiveAging", Some(""), "IllegalParam.InactiveAging"),
    (
        NETFLOW,
        "NetflowServerPort",
        Some("%2B9995"),
        "IllegalParam.NetflowServerPort",
    ),
    ("RegionId=mars", "OutputType", None, "IllegalParam.RegionId"),
    (
        SLS,
        "InactiveAging",
        Some("9"),
        "IllegalParam.InactiveAging",
    ),
    (
        SLS,
        "InactiveAging",
        Some("601"),
        "IllegalParam.InactiveAging",
    ),
    (SLS, "SlsRegionId", None, "MissingParam.SlsRegionId"),
    (SLS, "SlsRegionId", Some("mars"), "IllegalParam.SlsRegionId"),
    (SLS, "ProjectName", Some(""), "MissingParam.ProjectName"),
    (SLS, "LogstoreName", None, "MissingParam.LogstoreName"),
    (SLS, "ProjectName", Some("A"), "InvalidParameter"),
    (SLS, "Name", Some("http%3A%2F%2Fx"), "InvalidParameter"),
    (
        NETFLOW,
        "NetflowServerIp",
        None,
        "MissingParam.NetflowServerIp",
    ),
    (
        NETFLOW,
        "NetflowServerIp",
        Some("example.org"),
        "IllegalParam.NetflowServerIp",
    ),
    (
        NETFLOW,
        "NetflowServerIp",
        Some("198.51.100.7"),
        "IllegalParam.NetflowServerIp",
    ),
    (
        NETFLOW,
        "NetflowServerPort",
        Some(""),
        "MissingParam.NetflowServerPort",
    ),
    (
        NETFLOW,
        "NetflowServerPort",
        Some("0"),
        "IllegalParam.NetflowServerPort",
    ),
    (
        NETFLOW,
        "NetflowServerPort",
        Some("65536"),
        "IllegalParam.NetflowServerPort",
    ),
    (
        NETFLOW,
        "NetflowVersion",
        Some(""),
        "MissingParam.NetflowVersion",
    ),
    (
        NETFLOW,
        "NetflowVersion",
        Some("V7"),
        "IllegalParam.NetflowVersion",
    ),
    (
        NETFLOW,
        "OutputType",
        Some("all"),
        "MissingParam.SlsRegionId",
    ),
];

#[test]
fn every_wrong_parameter_has_its_code() {
    let mut api = api();
    for &(new, name, value, code) in REFUSED {
        let text = but(new, name, value);
        assert_eq!(api.code(Sag, "CreateFlowLog", &text), code, "{text}");
    }
    assert_eq!(shown(&mut api, "").len(), 0);
}

#[test]
fn calls_act_at_once_and_states_are_held() {
    let mut api = api();
    let answer = api.done(Sag, "CreateFlowLog", SLS);
    let id = id_of(&answer);
    assert_eq!(shown(&mut api, "")[0]["Status"], "Active");
    assert_eq!(
        api.code(Sag, "ActiveFlowLog", &id),
        "IncorrectStatus.FlowLog"
    );
    api.done(Sag, "DeactiveFlowLog", &id);
    assert_eq!(shown(&mut api, "")[0]["Status"], "Inactive");
    assert_eq!(
        api.code(Sag, "DeactiveFlowLog", &id),
        "IncorrectStatus.FlowLog"
    );
    api.done(Sag, "ActiveFlowLog", &id);
    api.done(Sag, "DeleteFlowLog", &id);
    assert_eq!(shown(&mut api, "").len(), 0);
    for action in [
        "ActiveFlowLog",
        "DeactiveFlowLog",
        "DeleteFlowLog",
        "ModifyFlowLogAttribute",
        "DescribeFlowLogSags",
    ] {
        assert_eq!(
            api.code(Sag, action, &id),
            "InvalidFlowLogId.NotFound",
            "{action}"
        );
        assert_eq!(
            api.code(Sag, action, "RegionId=cn-shanghai"),
            "MissingParam.FlowLogId"
        );
        assert_eq!(
            api.code(Sag, action, "RegionId=mars&FlowLogId=x"),
            "IllegalParam.RegionId"
        );
    }
}

#[test]
fn what_is_shown_is_what_was_asked_for() {
    let mut api = api();
    let answer = api.settled(
        Sag,
        "CreateFlowLog",
        &format!("{NETFLOW}&Name=n&Description=d&ActiveAging=60&InactiveAging=10"),
    );
    let expected = json!({
        "FlowLogId": answer["FlowLogId"],
        "Name": "n",
        "Description": "d",
        "Status": "Active",
        "OutputType": "netflow",
        "ActiveAging": 60,
        "InactiveAging": 10,
        "TotalSagNum": 0,
        "SlsRegionId": "",
        "ProjectName": "",
        "LogstoreName": "",
        "NetflowServerIp": "192.168.0.2",
        "NetflowServerPort": "9995",
        "NetflowVersion": "V9",
        "ResourceGroupId": answer["ResourceGroupId"],
    });
    assert_eq!(shown(&mut api, ""), [expected]);
    for (filter, count) in [
        ("FlowLogName=n", 1),
        ("FlowLogName=x", 0),
        ("Description=d", 1),
        ("OutputType=netflow", 1),
        ("OutputType=sls", 0),
        ("Status=Active", 1),
        ("Status=Inactive", 0),
        ("FlowLogId=fl-x", 0),
    ] {
        assert_eq!(shown(&mut api, filter).len(), count, "{filter}");
    }
    assert_eq!(
        api.code(
            Sag,
            "DescribeFlowLogs",
            "RegionId=cn-shanghai&Status=active"
        ),
        "IllegalParam.Status"
    );
    assert_eq!(
        api.code(Sag, "DescribeFlowLogs", "RegionId=cn-shanghai&PageSize=0"),
        "InvalidParameter"
    );
    let page = api.done(Sag, "DescribeFlowLogs", "RegionId=cn-shanghai&PageNumber=3");
    assert_eq!(
        (&page["PageNumber"], &page["PageSize"], &page["TotalCount"]),
        (&json!(3), &json!(10), &json!(1))
    );
}

#[test]
fn what_is_modified_is_checked_as_a_whole() {
    let mut api = api();
    let answer = api.done(Sag, "CreateFlowLog", NETFLOW);
    let id = id_of(&answer);
    // As Terraform sends it: empty where nothing is used.
    api.done(
        Sag,
        "ModifyFlowLogAttribute",
        &format!("{id}&Name=x&SlsRegionId=&ProjectName=&LogstoreName="),
    );
    assert_eq!(shown(&mut api, "")[0]["Name"], "x");
    assert_eq!(
        api.code(
            Sag,
            "ModifyFlowLogAttribute",
            &format!("{id}&OutputType=all")
        ),
        "MissingParam.SlsRegionId"
    );
    assert_eq!(
        api.code(
            Sag,
            "ModifyFlowLogAttribute",
            &format!("{id}&NetflowServerPort=")
        ),
        "MissingParam.NetflowServerPort"
    );
    assert_eq!(
        api.code(
            Sag,
            "ModifyFlowLogAttribute",
            &format!("{id}&ActiveAging=1")
        ),
        "IllegalParam.ActiveAging"
    );
    let sls = format!(
        "{id}&OutputType=sls&SlsRegionId=cn-shanghai&ProjectName=proj-1&LogstoreName=store-1"
    );
    api.done(Sag, "ModifyFlowLogAttribute", &sls);
    let it = shown(&mut api, "").remove(0);
    assert_eq!(
        (
            &it["OutputType"],
            &it["ProjectName"],
            &it["NetflowServerPort"]
        ),
        (&json!("sls"), &json!("proj-1"), &json!("9995"))
    );
}

#[test]
fn an_instance_has_one_flow_log() {
    let mut api = api();
    let (a, b) = (
        api.done(Sag, "CreateFlowLog", SLS),
        api.done(Sag, "CreateFlowLog", SLS),
    );
    let (a, b) = (id_of(&a), id_of(&b));
    let with = |id: &str, sag: &str| format!("{id}&SmartAGId={sag}");
    assert_eq!(api.code(Sag, "AssociateFlowLog", &a), "MissingSmartAGId");
    for (sag, code) in [
        ("sag-none", "InvalidSmartAGId.NotFound"),
        ("sag-far", "InvalidSmartAGId.NotFound"),
        ("sag-old", "OperationUnsupported.AssociateFlowLog"),
    ] {
        assert_eq!(api.code(Sag, "AssociateFlowLog", &with(&a, sag)), code);
    }
    let unbound = |api: &mut Api| {
        let answer = api.done(Sag, "DescribeUnbindFlowLogSags", "RegionId=cn-shanghai");
        let ids = answer["Sags"]["Sag"]
            .as_array()
            .unwrap()
            .iter()
            .map(|sag| sag["SmartAGId"].as_str().unwrap().to_owned());
        let ids: Vec<_> = ids.collect();
        assert_eq!(answer["Count"], ids.len());
        ids
    };
    assert_eq!(unbound(&mut api), ["sag-old", "sag-one"]);
    api.done(Sag, "AssociateFlowLog", &with(&a, "sag-one"));
    api.done(Sag, "AssociateFlowLog", &with(&a, "sag-one"));
    assert_eq!(
        api.code(Sag, "AssociateFlowLog", &with(&b, "sag-one")),
        "OperationFailed.AssociateFlowLog"
    );
    assert_eq!(unbound(&mut api), ["sag-old"]);
    let answer = api.done(Sag, "DescribeFlowLogSags", &a);
    let sag = json!({"SmartAGId": "sag-one", "Name": "branch", "Description": "old town"});
    assert_eq!(
        (&answer["Sags"]["Sag"], &answer["TotalCount"]),
        (&json!([sag]), &json!(1))
    );
    assert_eq!(shown(&mut api, "")[0]["TotalSagNum"], 1);
    assert_eq!(
        api.code(Sag, "DeleteFlowLog", &a),
        "DependencyViolation.FlowLog"
    );
    api.done(Sag, "DisassociateFlowLog", &with(&b, "sag-one"));
    assert_eq!(shown(&mut api, "")[0]["TotalSagNum"], 1);
    assert_eq!(
        api.code(Sag, "DisassociateFlowLog", &with(&a, "sag-none")),
        "InvalidSmartAGId.NotFound"
    );
    api.done(Sag, "DisassociateFlowLog", &with(&a, "sag-one"));
    api.done(Sag, "DeleteFlowLog", &a);
    assert_eq!(
        api.code(Sag, "DescribeUnbindFlowLogSags", ""),
        "MissingParameter"
    );
}

#[test]
fn an_account_has_as_many_as_it_may() {
    let mut api = api();
    api.settings.quota.sag = 1;
    api.done(Sag, "CreateFlowLog", SLS);
    assert_eq!(api.code(Sag, "CreateFlowLog", SLS), "QuotaExceeded.Flowlog");
}

#[test]
fn the_pipeline_gets_the_instances_and_the_aging() {
    let mut api = api();
    let id = id_of(&api.done(
        Sag,
        "CreateFlowLog",
        &format!("{SLS}&ActiveAging=60&InactiveAging=10"),
    ));
    api.done(Sag, "AssociateFlowLog", &format!("{id}&SmartAGId=sag-one"));
    let definition = api.book.definitions().remove(0);
    let flow_log = definition.validate(&api.inventory).unwrap();
    assert_eq!(flow_log.resources(), [ResourceId::new("sag-one").unwrap()]);
    let aging = flow_log.aging().unwrap();
    assert_eq!(
        (aging.active.millis(), aging.inactive.millis()),
        (60_000, 10_000)
    );
    assert_eq!(flow_log.status(), flowlog_flowlog::Status::Active);
    assert_eq!(flow_log.output(), flowlog_flowlog::Output::Sls);
    api.done(
        Sag,
        "ModifyFlowLogAttribute",
        &format!("{id}&OutputType=netflow&NetflowServerIp=192.168.0.2&NetflowVersion=V5"),
    );
    let definition = api.book.definitions().remove(0);
    assert_eq!(definition.status, flowlog_flowlog::Status::Active);
    let flow_log = definition.validate(&api.inventory).unwrap();
    assert_eq!(flow_log.output(), flowlog_flowlog::Output::Netflow);
    let collector = flow_log.collector().unwrap();
    assert_eq!(collector.server, "192.168.0.2:9995".parse().unwrap());
    assert_eq!(collector.version, flowlog_flowlog::NetflowVersion::V5);
}
