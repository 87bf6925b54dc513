//! SAG instances and the flow logs that capture them: one instance has at most one.

use flowlog_flowlog::{Resource, ResourceKind, SAG_DEFAULT};
use serde_json::{Value, json};

use super::{changed, check_region, done, found};
use crate::flow_log::{Detail, SagDetail};
use crate::plan::{Call, Plan};
use crate::problem::{self, Problem};
use crate::products::page::Page;

pub(crate) fn associate(call: &Call<'_>) -> Result<Plan, Problem> {
    check_region(call)?;
    let (entry, detail) = found(call)?;
    let sag = sag(call)?;
    if sag.flow_logs == Some(false) {
        return Err(problem::SAG_UNSUITABLE);
    }
    let id = sag.id.as_str();
    match call.book.of_sag(id) {
        Some(other) if other.flow_log.id == entry.flow_log.id => return Ok(done()),
        Some(_) => return Err(problem::SAG_TAKEN),
        None => {}
    }
    let mut sags = detail.sags.clone();
    sags.push(id.to_owned());
    let mut flow_log = entry.flow_log.clone();
    flow_log.detail = Detail::Sag(SagDetail {
        sags,
        ..detail.clone()
    });
    Ok(changed(entry, flow_log))
}

/// A SAG instance that is gone from the inventory can still be let go.
pub(crate) fn disassociate(call: &Call<'_>) -> Result<Plan, Problem> {
    check_region(call)?;
    let (entry, detail) = found(call)?;
    let id = call.arguments.text("SmartAGId");
    if !detail.sags.iter().any(|known| known == id) {
        sag(call)?;
        return Ok(done());
    }
    let kept = detail.sags.iter().filter(|known| *known != id);
    let mut flow_log = entry.flow_log.clone();
    flow_log.detail = Detail::Sag(SagDetail {
        sags: kept.cloned().collect(),
        ..detail.clone()
    });
    Ok(changed(entry, flow_log))
}

pub(crate) fn describe_sags(call: &Call<'_>) -> Result<Plan, Problem> {
    let page = Page::read(call.arguments, 10, &problem::SAG_INVALID)?;
    check_region(call)?;
    let (_, detail) = found(call)?;
    let (shown, total) = page.of(detail.sags.iter(), |id| {
        let known = call.resource(id);
        known.map_or_else(
            || json!({"SmartAGId": id, "Name": "", "Description": ""}),
            show,
        )
    });
    Ok(Plan::answer(json!({
        "PageNumber": page.number,
        "PageSize": page.size,
        "TotalCount": total,
        "Sags": {"Sag": shown},
    })))
}

pub(crate) fn describe_unbound(call: &Call<'_>) -> Result<Plan, Problem> {
    check_region(call)?;
    let unbound = call.inventory.iter().map(|(_, resource)| resource);
    let unbound = unbound.filter(|resource| {
        // What no other resource claims is no instance that somebody owns.
        resource.id.as_str() != SAG_DEFAULT
            && is_here(call, resource)
            && call.book.of_sag(resource.id.as_str()).is_none()
    });
    let shown: Vec<Value> = unbound.map(show).collect();
    Ok(Plan::answer(
        json!({"Count": shown.len(), "Sags": {"Sag": shown}}),
    ))
}

/// The SAG instance that a request names.
fn sag<'a>(call: &Call<'a>) -> Result<&'a Resource, Problem> {
    call.resource(call.arguments.text("SmartAGId"))
        .filter(|resource| is_here(call, resource))
        .ok_or(problem::SAG_NO_SAG)
}

/// Whether it is a SAG instance of the region; one that says no region is in every one.
fn is_here(call: &Call<'_>, resource: &Resource) -> bool {
    let region = resource.region.as_deref();
    resource.kind == ResourceKind::Sag
        && region.is_none_or(|region| region == call.arguments.text("RegionId"))
}

fn show(resource: &Resource) -> Value {
    json!({
        "SmartAGId": resource.id.as_str(),
        "Name": resource.name,
        "Description": resource.description,
    })
}
