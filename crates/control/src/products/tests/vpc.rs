use flowlog_flowlog::{Product::Vpc, ResourceKind};
use serde_json::json;

use super::*;

const NEW: &str = "RegionId=cn-hangzhou&ResourceType=VPC&ResourceId=vpc-1&TrafficType=All&ProjectName=proj-1&LogStoreName=store-1";

fn one(id: &str) -> String {
    format!("RegionId=cn-hangzhou&FlowLogId={id}")
}

fn create(api: &mut Api) -> String {
    let answer = api.settled(Vpc, "CreateFlowLog", NEW);
    text(&answer, "FlowLogId").to_owned()
}

fn shown(api: &mut Api, filter: &str) -> Vec<Value> {
    let text = format!("RegionId=cn-hangzhou&{filter}");
    let answer = api.done(Vpc, "DescribeFlowLogs", &text);
    answer["FlowLogs"]["FlowLog"].as_array().unwrap().clone()
}

fn status(api: &mut Api) -> String {
    let all = shown(api, "");
    all.first()
        .map_or("gone", |it| it["Status"].as_str().unwrap())
        .to_owned()
}

/// A parameter, a value (`None`: left out), and what is said of it.
const REFUSED: &[(&str, Option<&str>, &str)] = &[
    ("RegionId", None, "MissingParameter"),
    ("RegionId", Some(""), "MissingParameter"),
    ("RegionId", Some("mars"), "InvalidRegionId.NotFound"),
    ("ResourceType", None, "MissingParameter"),
    (
        "ResourceType",
        Some("vpc"),
        "OperationUnsupported.ResourceType",
    ),
    (
        "ResourceType",
        Some("VSwitch"),
        "InvalidResourceType.NotFound",
    ),
    ("ResourceId", None, "MissingParameter"),
    ("ResourceId", Some("eni-1"), "InvalidResourceType.NotFound"),
    ("TrafficType", None, "MissingParameter"),
    ("TrafficType", Some("all"), "ParameterInvalid"),
    (
        "AggregationInterval",
        Some("2"),
        "IllegalParam.AggregationInterval",
    ),
    (
        "AggregationInterval",
        Some("ten"),
        "IllegalParam.AggregationInterval",
    ),
    (
        "AggregationInterval",
        Some(""),
        "IllegalParam.AggregationInterval",
    ),
    (
        "AggregationInterval",
        Some("%2B5"),
        "IllegalParam.AggregationInterval",
    ),
    ("IpVersion", Some("IPv6"), "IllegalParam.IpVersion"),
    (
        "TrafficPath.1",
        Some("virtualBorderRouter"),
        "IllegalParam.TrafficPath",
    ),
    ("ResourceId", Some("vpc-"), "InvalidResourceType.NotFound"),
    ("TrafficPath.1", Some("bridge"), "IllegalParam.TrafficPath"),
    ("ProjectName", None, "ParameterInvalid"),
    ("LogStoreName", Some(""), "ParameterInvalid"),
    ("ProjectName", Some("No"), "ParameterInvalid"),
    ("LogStoreName", Some("-no"), "ParameterInvalid"),
    ("FlowLogName", Some("http%3A%2F%2Fx"), "ParameterInvalid"),
    ("Description", Some("https%3A%2F%2Fx"), "ParameterInvalid"),
    (
        "TrafficAnalyzerId",
        Some("ta-1"),
        "OperationDenied.NisTrafficAnalyzerNotFound",
    ),
    ("Tag.1.Value", Some("v"), "MissingParam.TagKey"),
    ("Tag.1.Key", Some("k"), "MissingParam.TagValue"),
    ("Tag.1.Key", Some("aliyunx"), "IllegalParam.TagKey"),
    ("Tag.1.Key", Some("acs%3Ax"), "IllegalParam.TagKey"),
    (
        "ResourceGroupId",
        Some("group"),
        "IllegalParam.ResourceGroupId",
    ),
];

#[test]
fn every_wrong_parameter_has_its_code_and_changes_nothing() {
    let mut api = Api::new();
    for (name, value, code) in REFUSED {
        let text = but(NEW, name, *value);
        assert_eq!(api.code(Vpc, "CreateFlowLog", &text), *code, "{text}");
    }
    let long = "x".repeat(129);
    for (more, code) in [
        (
            "&TrafficPath.1=all&TrafficPath.2=vbr",
            "IllegalParam.TrafficPath",
        ),
        (
            "&TrafficPath.1=vbr&TrafficPath.3=vbr",
            "DuplicatedParam.TrafficPath",
        ),
        (
            "&IpVersion=DualStack&TrafficPath.1=vbr",
            "UnsupportedFeature.UserDefinedTrafficPathIpv6",
        ),
        (
            "&Tag.1.Key=k&Tag.1.Value=http%3A%2F%2Fx",
            "IllegalParam.TagValue",
        ),
        ("&Tag.1.Key=k&Tag.2.Key=k", "IllegalParam.TagKey"),
        (&format!("&FlowLogName={long}"), "ParameterInvalid"),
        (&format!("&Description={long}{long}"), "ParameterInvalid"),
        (
            &format!("&LogFormat={}", "x".repeat(4097)),
            "ParameterInvalid",
        ),
        (&tags(21), "ParameterInvalid"),
        (&format!("&Tag.1.Key={long}"), "IllegalParam.TagKey"),
    ] {
        let text = format!("{NEW}{more}");
        assert_eq!(api.code(Vpc, "CreateFlowLog", &text), code, "{text}");
    }
    let none = but(&but(NEW, "ProjectName", None), "LogStoreName", None);
    assert_eq!(
        api.code(Vpc, "CreateFlowLog", &none),
        "MissingParam.TrafficAnalyzerIdOrLogProjectOrLogStore"
    );
    assert_eq!(shown(&mut api, "").len(), 0);
}

/// So many tags.
fn tags(count: usize) -> String {
    let tag = |n| format!("&Tag.{n}.Key=k{n}&Tag.{n}.Value=v");
    (1..=count).map(tag).collect()
}

#[test]
fn the_longest_of_everything_is_taken() {
    let mut api = Api::new();
    let chinese = "%E4%B8%AD";
    let longest = format!(
        "&FlowLogName={}&Description={}{}",
        chinese.repeat(128),
        chinese.repeat(256),
        tags(20)
    );
    let longest = but(&longest, "Tag.20.Value", Some(&"v".repeat(128)));
    let longest = but(&longest, "Tag.20.Key", Some(&"k".repeat(128)));
    let names = but(NEW, "ProjectName", Some(&"p".repeat(63)));
    let names = but(&names, "LogStoreName", Some("l_1"));
    api.done(Vpc, "CreateFlowLog", &format!("{names}{longest}"));
    assert_eq!(
        shown(&mut api, "")[0]["Tags"]["Tag"]
            .as_array()
            .unwrap()
            .len(),
        20
    );
    for name in ["ProjectName", "LogStoreName"] {
        for wrong in ["p".repeat(2), "p".repeat(64)] {
            let text = but(NEW, name, Some(&wrong));
            assert_eq!(api.code(Vpc, "CreateFlowLog", &text), "ParameterInvalid");
        }
    }
}

#[test]
fn tokens_of_the_service_are_checked_and_heeded() {
    let mut api = Api::new();
    let long = "t".repeat(65);
    for action in ["GetFlowLogServiceStatus", "OpenFlowLogService"] {
        for token in [&long, "%E4%B8%AD"] {
            let text = format!("RegionId=cn-hangzhou&ClientToken={token}");
            assert_eq!(api.code(Vpc, action, &text), "ParameterInvalid");
        }
        api.done(
            Vpc,
            action,
            &format!("RegionId=cn-hangzhou&ClientToken={}", &long[1..]),
        );
    }
    let other = format!("RegionId=cn-shanghai&ClientToken={}", &long[1..]);
    assert_eq!(
        api.code(Vpc, "OpenFlowLogService", &other),
        "IdempotentParameterMismatch"
    );
}

#[test]
fn the_first_thing_that_is_wrong_is_the_one_that_is_said() {
    let mut api = Api::new();
    let mut all = "RegionId=mars&ResourceType=Car&ResourceId=eni-1&TrafficType=Some&AggregationInterval=3&IpVersion=6&TrafficPath.1=x&ProjectName=NO&Tag.1.Key=aliyun&ResourceGroupId=g".to_owned();
    for (name, right, code) in [
        ("RegionId", "cn-hangzhou", "InvalidRegionId.NotFound"),
        ("ResourceType", "VPC", "OperationUnsupported.ResourceType"),
        ("ResourceId", "vpc-1", "InvalidResourceType.NotFound"),
        ("TrafficType", "All", "ParameterInvalid"),
        (
            "AggregationInterval",
            "5",
            "IllegalParam.AggregationInterval",
        ),
        ("IpVersion", "IPV4", "IllegalParam.IpVersion"),
        ("TrafficPath.1", "all", "IllegalParam.TrafficPath"),
        ("LogStoreName", "store", "ParameterInvalid"),
        ("ProjectName", "proj", "ParameterInvalid"),
        ("Tag.1.Key", "k", "IllegalParam.TagKey"),
        ("Tag.1.Value", "", "MissingParam.TagValue"),
        ("ResourceGroupId", "rg-1", "IllegalParam.ResourceGroupId"),
    ] {
        assert_eq!(api.code(Vpc, "CreateFlowLog", &all), code);
        all = but(&all, name, Some(right));
    }
    api.done(Vpc, "CreateFlowLog", &all);
}

#[test]
fn a_flow_log_goes_through_its_states() {
    let mut api = Api::new();
    let answer = api.done(Vpc, "CreateFlowLog", NEW);
    assert_eq!(answer["Success"], "true");
    let id = one(text(&answer, "FlowLogId"));
    let wrong =
        |api: &mut Api, action| assert_eq!(api.code(Vpc, action, &id), "IncorrectStatus.flowlog");
    assert_eq!(status(&mut api), "Activating");
    for action in [
        "ActiveFlowLog",
        "DeactiveFlowLog",
        "DeleteFlowLog",
        "ModifyFlowLogAttribute",
    ] {
        wrong(&mut api, action);
    }
    api.settle();
    assert_eq!(status(&mut api), "Active");
    wrong(&mut api, "ActiveFlowLog");
    api.done(Vpc, "DeactiveFlowLog", &id);
    assert_eq!(status(&mut api), "Deactivating");
    api.settle();
    assert_eq!(status(&mut api), "Inactive");
    wrong(&mut api, "DeactiveFlowLog");
    api.done(
        Vpc,
        "ModifyFlowLogAttribute",
        &format!("{id}&AggregationInterval=1"),
    );
    assert_eq!(status(&mut api), "Modifying");
    api.settle();
    assert_eq!(status(&mut api), "Inactive");
    api.done(Vpc, "ActiveFlowLog", &id);
    assert_eq!(status(&mut api), "Activating");
    api.settle();
    api.done(Vpc, "DeleteFlowLog", &id);
    assert_eq!(status(&mut api), "Deleting");
    wrong(&mut api, "DeleteFlowLog");
    api.settle();
    assert_eq!(status(&mut api), "gone");
    assert_eq!(
        api.code(Vpc, "DeleteFlowLog", &id),
        "InvalidInstanceId.NotFound"
    );
}

#[test]
fn a_flow_log_is_found_in_its_region_alone() {
    let mut api = Api::new();
    let id = create(&mut api);
    for action in [
        "ActiveFlowLog",
        "DeactiveFlowLog",
        "DeleteFlowLog",
        "ModifyFlowLogAttribute",
    ] {
        let elsewhere = format!("RegionId=cn-shanghai&FlowLogId={id}");
        assert_eq!(
            api.code(Vpc, action, &elsewhere),
            "InvalidInstanceId.NotFound"
        );
        let nowhere = format!("RegionId=mars&FlowLogId={id}");
        assert_eq!(api.code(Vpc, action, &nowhere), "InvalidRegionId.NotFound");
        assert_eq!(
            api.code(Vpc, action, "RegionId=cn-hangzhou"),
            "MissingFlowLogId"
        );
        assert_eq!(
            api.code(Vpc, action, &format!("FlowLogId={id}")),
            "MissingRegionId"
        );
    }
}

#[test]
fn what_is_shown_is_what_was_asked_for() {
    let mut api = Api::new();
    let more = "&FlowLogName=n%20%E4%B8%AD&Description=d&AggregationInterval=5&TrafficPath.2=vbr&TrafficPath.1=ecr&Tag.2.Key=b&Tag.2.Value=&Tag.1.Key=a&Tag.1.Value=1&ResourceGroupId=rg-1";
    let answer = api.settled(Vpc, "CreateFlowLog", &format!("{NEW}{more}"));
    let expected = json!({
        "FlowLogId": answer["FlowLogId"],
        "FlowLogName": "n 中",
        "Description": "d",
        "RegionId": "cn-hangzhou",
        "ResourceType": "VPC",
        "ResourceId": "vpc-1",
        "TrafficType": "All",
        "ProjectName": "proj-1",
        "LogStoreName": "store-1",
        "AggregationInterval": 5,
        "TrafficPath": {"TrafficPathList": ["ecr", "vbr"]},
        "Status": "Active",
        "BusinessStatus": "Normal",
        "CreationTime": "2027-01-15T08:00:00Z",
        "FlowLogDeliverStatus": "FAILED",
        "FlowLogDeliverErrorMessage": "ProjectNotExist",
        "ResourceGroupId": "rg-1",
        "ServiceType": "",
        "IpVersion": "IPv4",
        "LogFormat": "",
        "Tags": {"Tag": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]},
        "ResourceStatus": "NotInInventory",
    });
    assert_eq!(shown(&mut api, ""), [expected]);
    api.places = Places::new(vec![("proj-1", vec![])]);
    assert_eq!(
        shown(&mut api, "")[0]["FlowLogDeliverErrorMessage"],
        "UnavaliableTarget"
    );
    api.places = Places::new(vec![("proj-1", vec!["store-1"])]);
    assert_eq!(shown(&mut api, "")[0]["FlowLogDeliverStatus"], "SUCCESS");
    // A full disk takes nothing, whatever is there.
    api.places.takes = false;
    assert_eq!(
        shown(&mut api, "")[0]["FlowLogDeliverErrorMessage"],
        "UnavaliableTarget"
    );
}

#[test]
fn filters_are_exact_and_all_of_them_count() {
    let mut api = Api::new();
    let more = "&FlowLogName=n%20%E4%B8%AD&Description=d&Tag.2.Key=b&Tag.2.Value=&Tag.1.Key=a&Tag.1.Value=1&ResourceGroupId=rg-1";
    api.settled(Vpc, "CreateFlowLog", &format!("{NEW}{more}"));
    for filter in [
        "FlowLogName=n%20%E4%B8%AD",
        "Description=d",
        "ResourceType=VPC",
        "ResourceId=vpc-1",
        "TrafficType=All",
        "ProjectName=proj-1",
        "LogStoreName=store-1",
        "Status=Active",
        "VpcId=vpc-1",
        "ResourceGroupId=rg-1",
        "Tags.1.Key=a&Tags.1.Value=1",
        "Tags.1.Key=b",
        "FlowLogName=",
    ] {
        assert_eq!(shown(&mut api, filter).len(), 1, "{filter}");
    }
    for filter in [
        "FlowLogName=n",
        "Description=D",
        "ResourceType=VSwitch",
        "TrafficType=Drop",
        "Status=Inactive",
        "VpcId=vpc-2",
        "Tags.1.Key=a&Tags.1.Value=2",
        "Tags.1.Key=c",
        "FlowLogId=fl-none",
        "Tags.1.Key=a&Tags.2.Key=c",
    ] {
        assert_eq!(shown(&mut api, filter).len(), 0, "{filter}");
    }
}

#[test]
fn pages_divide_the_list_and_counters_are_texts() {
    let mut api = Api::new();
    api.settings.quota.vpc = 100;
    for n in 0..53 {
        api.settled(
            Vpc,
            "CreateFlowLog",
            &but(NEW, "ResourceId", Some(&format!("vpc-{n}"))),
        );
    }
    let mut page = |text: &str| {
        api.done(
            Vpc,
            "DescribeFlowLogs",
            &format!("RegionId=cn-hangzhou&{text}"),
        )
    };
    let count =
        |answer: &Map<String, Value>| answer["FlowLogs"]["FlowLog"].as_array().unwrap().len();
    let first = page("");
    assert_eq!(
        (count(&first), &first["PageSize"], &first["TotalCount"]),
        (20, &json!("20"), &json!("53"))
    );
    let large = page("PageSize=500");
    assert_eq!((count(&large), &large["PageSize"]), (50, &json!("50")));
    let last = page("PageSize=50&PageNumber=2");
    assert_eq!((count(&last), &last["PageNumber"]), (3, &json!("2")));
    assert_eq!(last["FlowLogs"]["FlowLog"][0]["ResourceId"], "vpc-50");
    assert_eq!(
        count(&page("PageNumber=9223372036854775807&PageSize=50")),
        0
    );
    for wrong in [
        "PageSize=0",
        "PageSize=-1",
        "PageSize=ten",
        "PageNumber=0",
        "PageNumber=99999999999999999999",
    ] {
        let text = format!("RegionId=cn-hangzhou&{wrong}");
        assert_eq!(
            api.code(Vpc, "DescribeFlowLogs", &text),
            "ParameterInvalid",
            "{wrong}"
        );
    }
}

#[test]
fn a_resource_has_one_flow_log_and_an_account_as_many_as_it_may() {
    let mut api = Api::new();
    create(&mut api);
    assert_eq!(
        api.code(Vpc, "CreateFlowLog", NEW),
        "InvalidResourceId.NotFound"
    );
    api.settled(
        Vpc,
        "CreateFlowLog",
        &but(NEW, "RegionId", Some("cn-shanghai")),
    );
    for n in 2..10 {
        api.settled(
            Vpc,
            "CreateFlowLog",
            &but(NEW, "ResourceId", Some(&format!("vpc-{n}"))),
        );
    }
    let eleventh = but(NEW, "ResourceId", Some("vpc-11"));
    assert_eq!(
        api.code(Vpc, "CreateFlowLog", &eleventh),
        "QuotaExceeded.FlowlogCount"
    );
}

#[test]
fn what_is_modified_changes_and_the_rest_stays() {
    let mut api = Api::new();
    let id = one(&create(&mut api));
    for (text, code) in [
        ("&AggregationInterval=2", "IllegalParam.AggregationInterval"),
        ("&IpVersion=x", "IllegalParam.IpVersion"),
        ("&FlowLogName=http%3A%2F%2Fx", "ParameterInvalid"),
    ] {
        assert_eq!(
            api.code(Vpc, "ModifyFlowLogAttribute", &format!("{id}{text}")),
            code
        );
    }
    let text =
        format!("{id}&FlowLogName=new&AggregationInterval=1&IpVersion=DualStack&LogFormat=f");
    api.settled(Vpc, "ModifyFlowLogAttribute", &text);
    let it = shown(&mut api, "").remove(0);
    assert_eq!(
        (&it["FlowLogName"], &it["AggregationInterval"]),
        (&json!("new"), &json!(1))
    );
    assert_eq!(
        (&it["IpVersion"], &it["LogFormat"]),
        (&json!("DualStack"), &json!("f"))
    );
    api.settled(Vpc, "ModifyFlowLogAttribute", &format!("{id}&FlowLogName="));
    let it = shown(&mut api, "").remove(0);
    assert_eq!(
        (&it["FlowLogName"], &it["AggregationInterval"]),
        (&json!(""), &json!(1))
    );
    api.done(Vpc, "ModifyFlowLogAttribute", &id);
    assert_eq!(status(&mut api), "Active");
}

#[test]
fn switches_of_the_configuration_have_their_codes() {
    let mut api = Api::new();
    let id = one(&create(&mut api));
    let other = but(NEW, "ResourceId", Some("vpc-2"));
    api.settings.custom_paths = false;
    let path = format!("{other}&TrafficPath.1=vbr");
    assert_eq!(
        api.code(Vpc, "CreateFlowLog", &path),
        "UnsupportedFeature.UserDefinedTrafficPath"
    );
    let both = format!("{path}&IpVersion=DualStack");
    assert_eq!(
        api.code(Vpc, "CreateFlowLog", &both),
        "UnsupportedFeature.UserDefinedTrafficPathIpv6"
    );
    api.settings.dual_stack = false;
    let dual = format!("{other}&IpVersion=DualStack");
    assert_eq!(
        api.code(Vpc, "CreateFlowLog", &dual),
        "UnsupportedFeature.IpVersion"
    );
    api.settings.open = false;
    assert_eq!(
        api.code(Vpc, "CreateFlowLog", &other),
        "OptInRequired.FlowLog"
    );
    // Who may do so in the configuration opens it; the call does nothing.
    let answer = api.done(Vpc, "OpenFlowLogService", "RegionId=cn-hangzhou");
    assert_eq!(
        (&answer["Code"], &answer["Message"]),
        (&json!("200"), &json!("successful"))
    );
    let answer = api.done(Vpc, "GetFlowLogServiceStatus", "RegionId=cn-hangzhou");
    assert_eq!(answer["Enabled"], false);
    api.settings.open = true;
    api.settings.locked = true;
    for (action, text) in [
        ("CreateFlowLog", &other),
        ("DeactiveFlowLog", &id),
        ("DeleteFlowLog", &id),
    ] {
        assert_eq!(
            api.code(Vpc, action, text),
            "IncorrectBusinessStatus.FlowLog"
        );
    }
    assert_eq!(shown(&mut api, "")[0]["BusinessStatus"], "FinancialLocked");
}

#[test]
fn destinations_must_be_there_where_none_is_made() {
    let mut api = Api::new();
    api.settings.create_logstores = false;
    assert_eq!(api.code(Vpc, "CreateFlowLog", NEW), "SourceProjectNotExist");
    api.places = Places::new(vec![("proj-1", vec![])]);
    assert_eq!(
        api.code(Vpc, "CreateFlowLog", NEW),
        "ProjectOrLogstoreNotExist"
    );
    api.places = Places::new(vec![("proj-1", vec!["store-1"])]);
    let id = one(&create(&mut api));
    api.settled(Vpc, "DeactiveFlowLog", &id);
    api.places = Places::new(Vec::new());
    assert_eq!(
        api.code(Vpc, "ActiveFlowLog", &id),
        "OperationDenied.FlowLogDeliverFailed"
    );
}

#[test]
fn the_inventory_says_what_can_have_a_flow_log() {
    let mut vpc = resource("vpc-a", ResourceKind::Vpc);
    vpc.region = Some("cn-hangzhou".into());
    let mut vswitch = resource("vsw-a", ResourceKind::Vswitch);
    vswitch.parent = Some(vpc.id.clone());
    let mut eni = resource("eni-a", ResourceKind::Eni);
    eni.parent = Some(vswitch.id.clone());
    eni.flow_logs = Some(false);
    let mut shared = resource("vpc-b", ResourceKind::Vpc);
    shared.account = Some("2".into());
    let named = resource("lan", ResourceKind::Vpc);
    let mut api = Api::with(vec![vpc, vswitch, eni, shared, named]);
    let on = |kind: &str, id: &str| {
        but(
            &but(NEW, "ResourceType", Some(kind)),
            "ResourceId",
            Some(id),
        )
    };
    for (kind, id, code) in [
        (
            "NetworkInterface",
            "eni-a",
            "OperationFailed.EniTypeNotSupport",
        ),
        ("VPC", "vpc-b", "OperationDenied.OperateShareResource"),
        ("VSwitch", "lan", "InvalidResourceType.NotFound"),
    ] {
        assert_eq!(api.code(Vpc, "CreateFlowLog", &on(kind, id)), code);
    }
    api.settled(Vpc, "CreateFlowLog", &on("VSwitch", "vsw-a"));
    assert_eq!(shown(&mut api, "VpcId=vpc-a").len(), 1);
    assert_eq!(shown(&mut api, "VpcId=vpc-b").len(), 0);
    api.settled(Vpc, "CreateFlowLog", &on("VPC", "lan"));
    api.settings.strict_resources = true;
    assert_eq!(
        api.code(Vpc, "CreateFlowLog", &on("VPC", "vpc-9")),
        "InvalidInstanceId"
    );
    let elsewhere = but(&on("VPC", "vpc-a"), "RegionId", Some("cn-shanghai"));
    assert_eq!(
        api.code(Vpc, "CreateFlowLog", &elsewhere),
        "InvalidInstanceId"
    );
    api.done(Vpc, "CreateFlowLog", &on("VPC", "vpc-a"));
}

#[test]
fn ids_have_the_documented_shape() {
    let mut api = Api::new();
    let id = create(&mut api);
    let letters = id.strip_prefix("fl-").unwrap();
    assert_eq!(letters.len(), 21);
    assert!(
        letters
            .bytes()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    );
}
