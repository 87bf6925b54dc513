//! Flow logs of VPCs, vSwitches and network interfaces.

mod create;
mod describe;

use flowlog_flowlog::Status;
use serde_json::json;

pub(crate) use create::create;
pub(super) use create::wrong_tags;
pub(crate) use describe::describe;

use super::words;
use crate::flow_log::{Detail, Entry, Phase, VpcDetail};
use crate::plan::{Call, Plan};
use crate::problem::{self, Problem};

/// The longest `LogFormat`, octets.
const MOST_FORMAT: usize = 4096;

/// The address families, the default first.
const IPV4: &str = "IPv4";
const DUAL_STACK: &str = "DualStack";

pub(crate) fn activate(call: &Call<'_>) -> Result<Plan, Problem> {
    let entry = found(call)?;
    if !entry.is_settled_as(Status::Inactive) {
        return Err(problem::WRONG_STATUS);
    }
    let flow_log = &entry.flow_log;
    call.check_destination(&flow_log.region, (&flow_log.project, &flow_log.logstore))
        .map_err(|_| problem::VPC_UNDELIVERABLE)?;
    Ok(turned(entry, Status::Active, Phase::Activating))
}

pub(crate) fn deactivate(call: &Call<'_>) -> Result<Plan, Problem> {
    let entry = found(call)?;
    if !entry.is_settled_as(Status::Active) {
        return Err(problem::WRONG_STATUS);
    }
    Ok(turned(entry, Status::Inactive, Phase::Deactivating))
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Plan, Problem> {
    let entry = found(call)?;
    if !entry.is_settled() {
        return Err(problem::WRONG_STATUS);
    }
    Ok(done().delete(&entry.flow_log.id))
}

pub(crate) fn modify(call: &Call<'_>) -> Result<Plan, Problem> {
    let arguments = call.arguments;
    check_region(call)?;
    let interval = interval(call)?;
    let ip_version = ip_version(call)?;
    let is_text = words::is_name(arguments.text("FlowLogName"))
        && words::is_description(arguments.text("Description"));
    if !is_text {
        return Err(problem::VPC_INVALID);
    }
    let entry = found(call)?;
    if !entry.is_settled() {
        return Err(problem::WRONG_STATUS);
    }
    let mut flow_log = entry.flow_log.clone();
    if let Some(name) = arguments.sent("FlowLogName") {
        name.clone_into(&mut flow_log.name);
    }
    if let Some(description) = arguments.sent("Description") {
        description.clone_into(&mut flow_log.description);
    }
    let Detail::Vpc(detail) = &mut flow_log.detail else {
        return Err(problem::INTERNAL);
    };
    detail.interval = interval.unwrap_or(detail.interval);
    if let Some(ip_version) = ip_version {
        ip_version.clone_into(&mut detail.ip_version);
    }
    if let Some(format) = log_format(call)? {
        format.clone_into(&mut detail.log_format);
    }
    check_dual_stack(call, detail)?;
    if flow_log == entry.flow_log {
        return Ok(done());
    }
    Ok(done().put(flow_log, Phase::Modifying))
}

pub(crate) fn service_status(call: &Call<'_>) -> Result<Plan, Problem> {
    call.check_token(&problem::VPC_INVALID)?;
    check_region(call)?;
    Ok(Plan::answer(json!({"Enabled": call.settings.open})))
}

pub(crate) fn open_service(call: &Call<'_>) -> Result<Plan, Problem> {
    if let Some(plan) = call.replayed(&problem::VPC_INVALID)? {
        return Ok(plan);
    }
    check_region(call)?;
    let plan = Plan::answer(json!({"Code": "200", "Message": "successful"}));
    Ok(plan.remembered())
}

/// The flow log that a change is for.
fn found<'a>(call: &Call<'a>) -> Result<&'a Entry, Problem> {
    check_region(call)?;
    if call.settings.locked {
        return Err(problem::VPC_LOCKED);
    }
    call.entry(call.arguments.text("FlowLogId"))
        .filter(|entry| entry.flow_log.region == call.arguments.text("RegionId"))
        .ok_or(problem::VPC_NOT_FOUND)
}

fn check_region(call: &Call<'_>) -> Result<(), Problem> {
    if call.has_region(call.arguments.text("RegionId")) {
        Ok(())
    } else {
        Err(problem::VPC_REGION)
    }
}

/// Minutes.
fn interval(call: &Call<'_>) -> Result<Option<u32>, Problem> {
    match call.arguments.number("AggregationInterval") {
        Ok(None) => Ok(None),
        Ok(Some(1)) => Ok(Some(1)),
        Ok(Some(5)) => Ok(Some(5)),
        Ok(Some(10)) => Ok(Some(10)),
        _ => Err(problem::VPC_INTERVAL),
    }
}

fn ip_version(call: &Call<'_>) -> Result<Option<&'static str>, Problem> {
    match call.arguments.get("IpVersion") {
        None => Ok(None),
        Some(DUAL_STACK) => Ok(Some(DUAL_STACK)),
        Some(text) if text.eq_ignore_ascii_case(IPV4) => Ok(Some(IPV4)),
        Some(_) => Err(problem::VPC_IP_VERSION),
    }
}

/// What is kept and shown, whatever it says.
fn log_format<'a>(call: &Call<'a>) -> Result<Option<&'a str>, Problem> {
    let format = call.arguments.sent("LogFormat");
    if format.is_some_and(|format| format.len() > MOST_FORMAT) {
        return Err(problem::VPC_INVALID);
    }
    Ok(format)
}

fn check_dual_stack(call: &Call<'_>, detail: &VpcDetail) -> Result<(), Problem> {
    let is_dual = detail.ip_version == DUAL_STACK;
    let is_custom = detail.paths.iter().any(|path| path != "all");
    if is_dual && is_custom {
        Err(problem::VPC_DUAL_STACK_PATH)
    } else if is_dual && !call.settings.dual_stack {
        Err(problem::VPC_NO_DUAL_STACK)
    } else {
        Ok(())
    }
}

fn turned(entry: &Entry, status: Status, phase: Phase) -> Plan {
    let mut flow_log = entry.flow_log.clone();
    flow_log.status = status;
    done().put(flow_log, phase)
}

fn done() -> Plan {
    Plan::answer(json!({"Success": "true"}))
}
