use flowlog_flowlog::{Product::Cen, ResourceKind};
use serde_json::json;

use super::*;

const NEW: &str = "RegionId=cn-hangzhou&CenId=cen-1&ProjectName=proj-1&LogStoreName=store-1";

fn create(api: &mut Api) -> String {
    let answer = api.settled(Cen, "CreateFlowlog", NEW);
    format!(
        "RegionId=cn-hangzhou&FlowLogId={}",
        text(&answer, "FlowLogId")
    )
}

fn shown(api: &mut Api, filter: &str) -> Vec<Value> {
    let answer = api.done(Cen, "DescribeFlowlogs", filter);
    answer["FlowLogs"]["FlowLog"].as_array().unwrap().clone()
}

fn status(api: &mut Api) -> Value {
    shown(api, "")
        .first()
        .map_or(json!("gone"), |it| it["Status"].clone())
}

#[test]
fn every_wrong_parameter_has_its_code() {
    let mut api = Api::new();
    for (name, value, code) in [
        ("RegionId", None, "MissingRegionId"),
        ("RegionId", Some("mars"), "OperationUnsupported.action"),
        ("CenId", None, "MissingCenId"),
        ("CenId", Some(""), "MissingCenId"),
        ("CenId", Some("vpc-1"), "InvalidParameter"),
        ("CenId", Some("cen-"), "InvalidParameter"),
        ("TransitRouterId", Some("cen-1"), "InvalidParameter"),
        (
            "TransitRouterAttachmentId",
            Some("tr-1"),
            "InvalidParameter",
        ),
        ("Interval", Some(""), "InvalidParameter"),
        ("Tag.1.Key", Some("k"), "InvalidParameter"),
        ("Interval", Some("61"), "InvalidParameter"),
        ("Interval", Some("x"), "InvalidParameter"),
        (
            "LogFormatString",
            Some("%24%7Bbytes%7D"),
            "InvalidParameter",
        ),
        ("LogFormatString", Some("srcaddr"), "InvalidParameter"),
        ("FlowLogName", Some("http%3A%2F%2Fx"), "InvalidParameter"),
        ("ProjectName", Some("A"), "InvalidParameter"),
        ("LogStoreName", Some("x"), "InvalidParameter"),
        ("Tag.1.Key", Some("acs%3Ax"), "InvalidParameter"),
        ("Tag.1.Value", Some("v"), "InvalidParameter"),
        ("ClientToken", Some("%E4%B8%AD"), "InvalidParameter"),
    ] {
        let text = but(NEW, name, value);
        assert_eq!(api.code(Cen, "CreateFlowlog", &text), code, "{text}");
    }
    let long = "k".repeat(65);
    assert_eq!(
        api.code(Cen, "CreateFlowlog", &format!("{NEW}&Tag.1.Key={long}")),
        "InvalidParameter"
    );
    assert_eq!(
        api.code(Cen, "CreateFlowlog", &format!("{NEW}&ClientToken={long}")),
        "InvalidParameter"
    );
    assert_eq!(status(&mut api), "gone");
}

#[test]
fn a_flow_log_goes_through_its_states() {
    let mut api = Api::new();
    let answer = api.done(Cen, "CreateFlowlog", NEW);
    let id = format!(
        "RegionId=cn-hangzhou&FlowLogId={}",
        text(&answer, "FlowLogId")
    );
    assert_eq!(status(&mut api), "Creating");
    for action in [
        "ActiveFlowLog",
        "DeactiveFlowLog",
        "DeleteFlowlog",
        "ModifyFlowLogAttribute",
    ] {
        assert_eq!(api.code(Cen, action, &id), "IncorrectStatus.flowlog");
    }
    api.settle();
    assert_eq!(status(&mut api), "Active");
    assert_eq!(
        api.code(Cen, "ActiveFlowLog", &id),
        "IncorrectStatus.flowlog"
    );
    for (action, under_way, then) in [
        ("DeactiveFlowLog", "Modifying", "Inactive"),
        ("ModifyFlowLogAttribute", "Modifying", "Inactive"),
        ("ActiveFlowLog", "Modifying", "Active"),
        ("DeleteFlowlog", "Deleting", "gone"),
    ] {
        api.done(Cen, action, &id);
        assert_eq!(status(&mut api), under_way, "{action}");
        api.settle();
        assert_eq!(status(&mut api), then, "{action}");
    }
    assert_eq!(
        api.code(Cen, "ActiveFlowLog", &id),
        "InvalidFlowlogId.NotFound"
    );
}

#[test]
fn a_cen_that_is_named_must_be_the_right_one() {
    let mut api = Api::new();
    let id = create(&mut api);
    let wrong = format!("{id}&CenId=cen-2");
    assert_eq!(
        api.code(Cen, "DeactiveFlowLog", &wrong),
        "InvalidFlowlogId.NotFound"
    );
    let elsewhere = but(&id, "RegionId", Some("cn-shanghai"));
    assert_eq!(
        api.code(Cen, "DeactiveFlowLog", &elsewhere),
        "InvalidFlowlogId.NotFound"
    );
    let nowhere = but(&id, "RegionId", Some("mars"));
    assert_eq!(
        api.code(Cen, "DeactiveFlowLog", &nowhere),
        "OperationUnsupported.action"
    );
    assert_eq!(
        api.code(Cen, "DeactiveFlowLog", "RegionId=cn-hangzhou"),
        "MissingFlowLogId"
    );
    api.done(Cen, "DeactiveFlowLog", &format!("{id}&CenId=cen-1"));
}

#[test]
fn the_same_token_gets_the_same_answer_and_makes_nothing_twice() {
    let mut api = Api::new();
    let new = format!("{NEW}&ClientToken=t");
    let first = api.done(Cen, "CreateFlowlog", &new);
    let again = api.done(
        Cen,
        "CreateFlowlog",
        &format!("{new}&SignatureNonce=other&Timestamp=later"),
    );
    assert_eq!(first, again);
    api.settle();
    assert_eq!(shown(&mut api, "").len(), 1);
    let other = but(&new, "CenId", Some("cen-2"));
    assert_eq!(
        api.code(Cen, "CreateFlowlog", &other),
        "IdempotentParameterMismatch"
    );
    assert_eq!(
        api.code(Cen, "CreateFlowlog", NEW),
        "InvalidFlowlogId.exist"
    );
    // Of another operation it is another token; it holds for changes as well.
    let id = format!(
        "RegionId=cn-hangzhou&FlowLogId={}&ClientToken=t",
        text(&first, "FlowLogId")
    );
    api.settled(Cen, "DeactiveFlowLog", &id);
    api.settled(Cen, "DeactiveFlowLog", &id);
    assert_eq!(status(&mut api), "Inactive");
    // A refusal is not remembered, and a day later nothing is.
    let fresh = "RegionId=cn-hangzhou&CenId=cen-1&ClientToken=u";
    assert_eq!(
        api.code(Cen, "CreateFlowlog", fresh),
        "InvalidFlowlogId.exist"
    );
    api.now = api.now.plus(24 * 60 * 60 * 1000);
    assert_eq!(
        api.code(Cen, "CreateFlowlog", &new),
        "InvalidFlowlogId.exist"
    );
}

#[test]
fn what_is_shown_is_what_was_asked_for() {
    let mut api = Api::new();
    let more = "&FlowLogName=n&Description=d&Interval=60&LogFormatString=%24%7Bsrcaddr%7D%24%7Bdstaddr%7D%24%7Bbytes%7D&TransitRouterId=tr-1&TransitRouterAttachmentId=tr-attach-1&Tag.1.Key=k&Tag.1.Value=v";
    let answer = api.settled(Cen, "CreateFlowlog", &format!("{NEW}{more}"));
    let expected = json!({
        "FlowLogId": answer["FlowLogId"],
        "FlowLogName": "n",
        "Description": "d",
        "RegionId": "cn-hangzhou",
        "CenId": "cen-1",
        "TransitRouterId": "tr-1",
        "TransitRouterAttachmentId": "tr-attach-1",
        "ProjectName": "proj-1",
        "LogStoreName": "store-1",
        "Interval": 60,
        "LogFormatString": "${srcaddr}${dstaddr}${bytes}",
        "FlowLogVersion": "3",
        "Status": "Active",
        "CreationTime": "2027-01-15T08:00:00Z",
        "Tags": {"Tag": [{"Key": "k", "Value": "v"}]},
        "ResourceStatus": "NotInInventory",
    });
    assert_eq!(shown(&mut api, ""), [expected]);
    for (filter, count) in [
        ("RegionId=cn-hangzhou", 1),
        ("RegionId=cn-shanghai", 0),
        ("CenId=cen-1", 1),
        ("CenId=cen-2", 0),
        ("Interval=60", 1),
        ("Interval=600", 0),
        ("TransitRouterId=tr-1", 1),
        ("FlowLogVersion=3", 1),
        ("FlowLogVersion=2", 0),
        ("TransitRouterAttachmentId=tr-attach-1", 1),
        ("Status=Active", 1),
        ("Status=InActive", 0),
        ("Tag.1.Key=k", 1),
        ("Tag.1.Key=x", 0),
        ("FlowLogId=flowlog-x", 0),
        ("ClientToken=ignored", 1),
        ("Interval=", 1),
    ] {
        assert_eq!(shown(&mut api, filter).len(), count, "{filter}");
    }
    assert_eq!(
        api.code(Cen, "DescribeFlowlogs", "Interval=x"),
        "InvalidParameter"
    );
    assert_eq!(
        api.code(Cen, "DescribeFlowlogs", "PageSize=0"),
        "InvalidParameter"
    );
    let id = format!(
        "RegionId=cn-hangzhou&FlowLogId={}",
        text(&answer, "FlowLogId")
    );
    api.settled(Cen, "DeactiveFlowLog", &id);
    assert_eq!(shown(&mut api, "Status=InActive").len(), 1);
    assert_eq!(shown(&mut api, "Status=Inactive").len(), 1);
}

#[test]
fn a_flow_log_without_a_destination_gets_one() {
    let mut api = Api::new();
    let answer = api.settled(
        Cen,
        "CreateFlowlog",
        "RegionId=cn-hangzhou&CenId=cen-1&Interval=0",
    );
    let it = shown(&mut api, "").remove(0);
    assert_eq!(
        (&it["ProjectName"], &it["Interval"]),
        (&json!("flow-logs"), &json!(600))
    );
    assert_eq!(it["LogStoreName"], answer["FlowLogId"]);
}

#[test]
fn parts_of_another_cen_are_refused() {
    let cen = resource("cen-1", ResourceKind::Cen);
    let mut router = resource("tr-1", ResourceKind::TransitRouter);
    router.parent = Some(cen.id.clone());
    let mut attachment = resource("tr-attach-1", ResourceKind::Attachment);
    attachment.parent = Some(router.id.clone());
    let mut api = Api::with(vec![
        cen,
        router,
        attachment,
        resource("tr-free", ResourceKind::TransitRouter),
        resource("vpc-1", ResourceKind::Vpc),
    ]);
    let wrong = "RegionId=cn-hangzhou&CenId=cen-2&TransitRouterId=tr-1";
    assert_eq!(api.code(Cen, "CreateFlowlog", wrong), "InvalidParameter");
    // One that the inventory does not put anywhere may be part of any.
    let free = "RegionId=cn-hangzhou&CenId=cen-2&TransitRouterId=tr-free";
    api.done(Cen, "CreateFlowlog", free);
    let beside = "RegionId=cn-hangzhou&CenId=cen-1&TransitRouterId=tr-2&TransitRouterAttachmentId=tr-attach-1";
    assert_eq!(api.code(Cen, "CreateFlowlog", beside), "InvalidParameter");
    let foreign = "RegionId=cn-hangzhou&CenId=vpc-1";
    assert_eq!(api.code(Cen, "CreateFlowlog", foreign), "InvalidParameter");
    api.done(
        Cen,
        "CreateFlowlog",
        "RegionId=cn-hangzhou&CenId=cen-1&TransitRouterId=tr-1",
    );
    api.settings.strict_resources = true;
    assert_eq!(
        api.code(Cen, "CreateFlowlog", "RegionId=cn-hangzhou&CenId=cen-2"),
        "InvalidParameter"
    );
    api.settings.quota.cen = 2;
    assert_eq!(
        api.code(Cen, "CreateFlowlog", "RegionId=cn-hangzhou&CenId=cen-1"),
        "QuotaExceeded.FlowlogCount"
    );
    api.settings.create_logstores = false;
    assert_eq!(api.code(Cen, "CreateFlowlog", NEW), "SourceProjectNotExist");
}
