//! `DescribeFlowLogs` of SAG; its counters are numbers.

use serde_json::{Value, json};

use super::check_region;
use crate::flow_log::{Detail, Entry};
use crate::plan::{Call, Plan};
use crate::problem::{self, Problem};
use crate::products::page::Page;

pub(crate) fn describe(call: &Call<'_>) -> Result<Plan, Problem> {
    let page = Page::read(call.arguments, 10, &problem::SAG_INVALID)?;
    check_region(call)?;
    let output = call.arguments.get("OutputType");
    if !output.is_none_or(|output| matches!(output, "sls" | "netflow" | "all")) {
        return Err(problem::SAG_OUTPUT);
    }
    let status = call.arguments.get("Status");
    if !status.is_none_or(|status| matches!(status, "Active" | "Inactive")) {
        return Err(problem::SAG_FILTER_STATUS);
    }
    let wanted = call.staying().filter(|entry| is_wanted(call, entry));
    let (shown, total) = page.of(wanted, |entry| show(entry));
    Ok(Plan::answer(json!({
        "PageNumber": page.number,
        "PageSize": page.size,
        "TotalCount": total,
        "FlowLogs": {"FlowLogSetType": shown},
    })))
}

fn is_wanted(call: &Call<'_>, entry: &Entry) -> bool {
    let Detail::Sag(sag) = &entry.flow_log.detail else {
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
        && is("OutputType", &sag.output)
        && is("Status", entry.status())
}

fn show(entry: &Entry) -> Value {
    let flow_log = &entry.flow_log;
    let Detail::Sag(sag) = &flow_log.detail else {
        return Value::Null;
    };
    json!({
        "FlowLogId": flow_log.id,
        "Name": flow_log.name,
        "Description": flow_log.description,
        "Status": entry.status(),
        "OutputType": sag.output,
        "ActiveAging": sag.active_aging,
        "InactiveAging": sag.inactive_aging,
        "TotalSagNum": sag.sags.len(),
        "SlsRegionId": sag.sls_region,
        "ProjectName": flow_log.project,
        "LogstoreName": flow_log.logstore,
        "NetflowServerIp": sag.netflow_ip,
        "NetflowServerPort": sag.netflow_port,
        "NetflowVersion": sag.netflow_version,
        "ResourceGroupId": flow_log.group,
    })
}
