//! Flow logs of Smart Access Gateways.

mod associate;
mod describe;
mod detail;

use flowlog_flowlog::Status;
use serde_json::json;

pub(crate) use associate::{associate, describe_sags, describe_unbound, disassociate};
pub(crate) use describe::describe;
use detail::Wanted;

use super::words;
use crate::flow_log::{Detail, Entry, FlowLog, Phase, SagDetail};
use crate::plan::{Call, Plan};
use crate::problem::{self, Problem};

/// The account's own resource group.
const DEFAULT_GROUP: &str = "rg-default";

pub(crate) fn create(call: &Call<'_>) -> Result<Plan, Problem> {
    check_region(call)?;
    let detail = SagDetail {
        active_aging: 300,
        inactive_aging: 15,
        ..SagDetail::default()
    };
    let wanted = Wanted::read(call, &detail, ("", ""))?;
    check_texts(call)?;
    if wanted.detail.output != "netflow" {
        wanted.check_destination(call)?;
    }
    call.check_quota(call.settings.quota.sag, &problem::SAG_QUOTA)?;
    let text = |name| call.arguments.text(name).to_owned();
    let flow_log = FlowLog {
        id: call.new_id(),
        number: call.book.next_number(),
        region: text("RegionId"),
        name: text("Name"),
        description: text("Description"),
        created: call.now.millis(),
        project: wanted.project,
        logstore: wanted.logstore,
        group: DEFAULT_GROUP.to_owned(),
        tags: Vec::new(),
        status: Status::Active,
        detail: Detail::Sag(wanted.detail),
    };
    let answer = json!({"FlowLogId": flow_log.id, "ResourceGroupId": flow_log.group});
    Ok(Plan::answer(answer).put(flow_log, Phase::Creating))
}

pub(crate) fn modify(call: &Call<'_>) -> Result<Plan, Problem> {
    check_region(call)?;
    let (entry, detail) = found(call)?;
    let before = (&*entry.flow_log.project, &*entry.flow_log.logstore);
    let wanted = Wanted::read(call, detail, before)?;
    check_texts(call)?;
    let is_elsewhere = (&*wanted.project, &*wanted.logstore) != before;
    if wanted.detail.output != "netflow" && is_elsewhere {
        wanted.check_destination(call)?;
    }
    let mut flow_log = entry.flow_log.clone();
    if let Some(name) = call.arguments.sent("Name") {
        name.clone_into(&mut flow_log.name);
    }
    if let Some(description) = call.arguments.sent("Description") {
        description.clone_into(&mut flow_log.description);
    }
    flow_log.project = wanted.project;
    flow_log.logstore = wanted.logstore;
    flow_log.detail = Detail::Sag(wanted.detail);
    Ok(changed(entry, flow_log))
}

pub(crate) fn activate(call: &Call<'_>) -> Result<Plan, Problem> {
    turn(call, Status::Inactive, Status::Active)
}

pub(crate) fn deactivate(call: &Call<'_>) -> Result<Plan, Problem> {
    turn(call, Status::Active, Status::Inactive)
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Plan, Problem> {
    check_region(call)?;
    let (entry, detail) = found(call)?;
    if !detail.sags.is_empty() {
        return Err(problem::SAG_BOUND);
    }
    Ok(done().delete(&entry.flow_log.id))
}

fn turn(call: &Call<'_>, from: Status, to: Status) -> Result<Plan, Problem> {
    check_region(call)?;
    let (entry, _) = found(call)?;
    if entry.flow_log.status != from {
        return Err(problem::SAG_STATUS);
    }
    let mut flow_log = entry.flow_log.clone();
    flow_log.status = to;
    Ok(changed(entry, flow_log))
}

/// The flow log that a request is for.
fn found<'a>(call: &Call<'a>) -> Result<(&'a Entry, &'a SagDetail), Problem> {
    let entry = call
        .entry(call.arguments.text("FlowLogId"))
        .filter(|entry| entry.flow_log.region == call.arguments.text("RegionId"))
        .filter(|entry| entry.phase != Phase::Deleting);
    match entry.map(|entry| (entry, &entry.flow_log.detail)) {
        Some((entry, Detail::Sag(detail))) => Ok((entry, detail)),
        _ => Err(problem::SAG_NOT_FOUND),
    }
}

fn check_region(call: &Call<'_>) -> Result<(), Problem> {
    if call.has_region(call.arguments.text("RegionId")) {
        Ok(())
    } else {
        Err(problem::SAG_REGION)
    }
}

fn check_texts(call: &Call<'_>) -> Result<(), Problem> {
    let text = |name| call.arguments.text(name);
    if words::is_name(text("Name")) && words::is_description(text("Description")) {
        Ok(())
    } else {
        Err(problem::SAG_INVALID)
    }
}

fn changed(entry: &Entry, flow_log: FlowLog) -> Plan {
    if flow_log == entry.flow_log {
        return done();
    }
    done().put(flow_log, Phase::Modifying)
}

fn done() -> Plan {
    Plan::answer(json!({}))
}
