//! `DescribeFlowLogs` of VPC.

use serde_json::{Value, json};

use super::check_region;
use crate::flow_log::{Detail, Entry, VpcDetail};
use crate::plan::{Call, Plan};
use crate::problem::{self, Problem};
use crate::products::page::Page;
use crate::products::{has_tags, shown_tags};

pub(crate) fn describe(call: &Call<'_>) -> Result<Plan, Problem> {
    let page = Page::read(call.arguments, 20, &problem::VPC_INVALID)?;
    check_region(call)?;
    let tags = call.arguments.tags("Tags");
    let wanted = call
        .entries()
        .filter(|entry| is_wanted(call, entry) && has_tags(entry, &tags));
    let (shown, total) = page.of(wanted, |entry| show(call, entry));
    Ok(Plan::answer(json!({
        "Success": "true",
        "PageNumber": page.number.to_string(),
        "PageSize": page.size.to_string(),
        "TotalCount": total.to_string(),
        "FlowLogs": {"FlowLog": shown},
    })))
}

fn is_wanted(call: &Call<'_>, entry: &Entry) -> bool {
    let Detail::Vpc(vpc) = &entry.flow_log.detail else {
        return false;
    };
    let flow_log = &entry.flow_log;
    let is = |name, value: &str| {
        call.arguments
            .get(name)
            .is_none_or(|wanted| wanted == value)
    };
    is("RegionId", &flow_log.region)
        && is("FlowLogId", &flow_log.id)
        && is("FlowLogName", &flow_log.name)
        && is("Description", &flow_log.description)
        && is("ResourceType", &vpc.resource_type)
        && is("ResourceId", &vpc.resource)
        && is("TrafficType", &vpc.traffic_type)
        && is("ProjectName", &flow_log.project)
        && is("LogStoreName", &flow_log.logstore)
        && is("Status", entry.status())
        && is("ResourceGroupId", &flow_log.group)
        && call
            .arguments
            .get("VpcId")
            .is_none_or(|id| is_in_vpc(call, vpc, id))
}

/// Whether the resource is that VPC, or part of it as far as the inventory knows.
fn is_in_vpc(call: &Call<'_>, vpc: &VpcDetail, id: &str) -> bool {
    if vpc.resource == id {
        return vpc.resource_type == "VPC";
    }
    let index = call.inventory.index_of(&vpc.resource);
    let mut above = index
        .into_iter()
        .flat_map(|index| call.inventory.lineage(index));
    above.any(|resource| resource.id.as_str() == id)
}

fn show(call: &Call<'_>, entry: &Entry) -> Value {
    let flow_log = &entry.flow_log;
    let Detail::Vpc(vpc) = &flow_log.detail else {
        return Value::Null;
    };
    let business = if call.settings.locked {
        "FinancialLocked"
    } else {
        "Normal"
    };
    let problem = undeliverable(call, entry);
    json!({
        "FlowLogId": flow_log.id,
        "FlowLogName": flow_log.name,
        "Description": flow_log.description,
        "RegionId": flow_log.region,
        "ResourceType": vpc.resource_type,
        "ResourceId": vpc.resource,
        "TrafficType": vpc.traffic_type,
        "ProjectName": flow_log.project,
        "LogStoreName": flow_log.logstore,
        "AggregationInterval": vpc.interval,
        "TrafficPath": {"TrafficPathList": vpc.paths},
        "Status": entry.status(),
        "BusinessStatus": business,
        "CreationTime": flow_log.created(),
        "FlowLogDeliverStatus": if problem.is_empty() { "SUCCESS" } else { "FAILED" },
        "FlowLogDeliverErrorMessage": problem,
        "ResourceGroupId": flow_log.group,
        "ServiceType": "",
        "IpVersion": vpc.ip_version,
        "LogFormat": vpc.log_format,
        "Tags": shown_tags(&flow_log.tags),
        "ResourceStatus": call.resource_status(&vpc.resource),
    })
}

/// Why rows cannot be delivered; empty when they can. Where Logstores are made, one that is absent
/// is only a moment away while the flow log is starting.
fn undeliverable(call: &Call<'_>, entry: &Entry) -> &'static str {
    let flow_log = &entry.flow_log;
    let destinations = call.destinations;
    if call.settings.create_logstores && !entry.is_settled() {
        ""
    } else if !destinations.has_project(&flow_log.region, &flow_log.project) {
        "ProjectNotExist"
    } else if destinations.has_logstore(&flow_log.region, &flow_log.project, &flow_log.logstore)
        && destinations.delivers(&flow_log.id)
    {
        ""
    } else {
        "UnavaliableTarget"
    }
}
