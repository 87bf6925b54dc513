use flowlog_flowlog::Product::{self, Cen, Sag, Vpc};
use serde_json::json;

use super::*;

const VPC: &str = "RegionId=cn-hangzhou&ResourceType=VPC&ResourceId=vpc-1&TrafficType=All&ProjectName=proj-1&LogStoreName=store-1&Tag.1.Key=a&Tag.1.Value=1";
const CEN: &str = "RegionId=cn-hangzhou&CenId=cen-1&Tag.1.Key=a&Tag.1.Value=1";

fn tags(api: &mut Api, product: Product, more: &str) -> Value {
    let text = format!("RegionId=cn-hangzhou&ResourceType=FLOWLOG&{more}");
    let answer = api.done(product, "ListTagResources", &text);
    answer["TagResources"]["TagResource"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| json!([tag["TagKey"], tag["TagValue"]]))
        .collect()
}

#[test]
fn tags_come_and_go_without_touching_the_state() {
    for (product, create, new) in [(Vpc, "CreateFlowLog", VPC), (Cen, "CreateFlowlog", CEN)] {
        let mut api = Api::new();
        let answer = api.done(product, create, new);
        let id = text(&answer, "FlowLogId");
        let on = format!("RegionId=cn-hangzhou&ResourceType=FlowLog&ResourceId.1={id}");
        // Also while it is on its way.
        api.done(
            product,
            "TagResources",
            &format!("{on}&Tag.1.Key=b&Tag.1.Value=2&Tag.2.Key=a&Tag.2.Value=3"),
        );
        assert_eq!(tags(&mut api, product, ""), json!([["b", "2"], ["a", "3"]]));
        assert_eq!(tags(&mut api, product, "Tag.1.Key=x"), json!([]));
        // What is empty of a filter counts as absent.
        for filter in [
            "Tag.1.Key=&Tag.1.Value=",
            "Tag.1.Value=3",
            "Tag.1.Key=b&Tag.1.Value=",
        ] {
            let found = tags(&mut api, product, filter);
            assert_eq!(found, json!([["b", "2"], ["a", "3"]]), "{filter}");
        }
        api.settle();
        api.done(product, "UnTagResources", &format!("{on}&TagKey.1=b"));
        assert_eq!(
            tags(&mut api, product, &format!("ResourceId.1={id}")),
            json!([["a", "3"]])
        );
        api.done(product, "UntagResources", &format!("{on}&All=true"));
        assert_eq!(tags(&mut api, product, ""), json!([]));
        assert_eq!(api.code(product, "UntagResources", &on), "MissingTagKey");
        assert_eq!(api.code(product, "TagResources", &on), "MissingTag");
        let none = but(&on, "ResourceId.1", Some("none"));
        let missing = api.code(
            product,
            "TagResources",
            &format!("{none}&Tag.1.Key=b&Tag.1.Value="),
        );
        assert_eq!(
            missing,
            if product == Vpc {
                "InvalidInstanceId.NotFound"
            } else {
                "InvalidFlowlogId.NotFound"
            }
        );
        let many: Vec<String> = (1..=21).map(|n| format!("Tag.{n}.Key=k{n}")).collect();
        let many = many.join("&");
        let many = api.code(product, "TagResources", &format!("{on}&{many}"));
        assert_eq!(
            many,
            if product == Vpc {
                "ParameterInvalid"
            } else {
                "InvalidParameter"
            }
        );
    }
}

#[test]
fn tags_are_listed_page_by_page() {
    let mut api = Api::new();
    api.settled(
        Vpc,
        "CreateFlowLog",
        &format!("{VPC}&Tag.2.Key=b&Tag.2.Value=&Tag.3.Key=c&Tag.3.Value="),
    );
    let text = "RegionId=cn-hangzhou&ResourceType=FLOWLOG&MaxResults=2";
    let first = api.done(Vpc, "ListTagResources", text);
    assert_eq!(
        first["TagResources"]["TagResource"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let next = super::text(&first, "NextToken").to_owned();
    let second = api.done(Vpc, "ListTagResources", &format!("{text}&NextToken={next}"));
    assert_eq!(second["TagResources"]["TagResource"][0]["TagKey"], "c");
    assert_eq!(second["NextToken"], "");
    assert_eq!(
        api.code(Vpc, "ListTagResources", &format!("{text}&NextToken=x")),
        "ParameterInvalid"
    );
    assert_eq!(
        api.code(
            Vpc,
            "ListTagResources",
            "RegionId=cn-hangzhou&ResourceType=VPC"
        ),
        "ParameterInvalid"
    );
}

#[test]
fn a_flow_log_moves_into_another_group() {
    let mut api = Api::new();
    let answer = api.settled(Vpc, "CreateFlowLog", VPC);
    let id = text(&answer, "FlowLogId");
    let text = format!("RegionId=cn-hangzhou&ResourceType=FLOWLOG&ResourceId={id}");
    assert_eq!(
        api.code(Vpc, "MoveResourceGroup", &text),
        "MissingNewResourceGroupId"
    );
    let wrong = format!("{text}&NewResourceGroupId=x");
    assert_eq!(
        api.code(Vpc, "MoveResourceGroup", &wrong),
        "IllegalParam.ResourceGroupId"
    );
    api.done(
        Vpc,
        "MoveResourceGroup",
        &format!("{text}&NewResourceGroupId=rg-2"),
    );
    let answer = api.done(
        Vpc,
        "DescribeFlowLogs",
        "RegionId=cn-hangzhou&ResourceGroupId=rg-2",
    );
    assert_eq!(answer["TotalCount"], "1");
}

#[test]
fn regions_are_those_of_the_configuration() {
    let mut api = Api::new();
    for (product, action) in [
        (Vpc, "DescribeRegions"),
        (Cen, "DescribeChildInstanceRegions"),
        (Sag, "DescribeRegions"),
    ] {
        let answer = api.done(product, action, "");
        let regions = answer["Regions"]["Region"].as_array().unwrap();
        let ids: Vec<_> = regions
            .iter()
            .map(|region| region["RegionId"].as_str().unwrap())
            .collect();
        assert_eq!(ids, ["cn-hangzhou", "cn-shanghai"]);
    }
}
