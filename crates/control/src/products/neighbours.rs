//! Operations that are about more than flow logs, as far as they are about these: tags, resource
//! groups, regions.

use flowlog_flowlog::Product;
use serde_json::{Value, json};

use super::has_tags;
use super::vpc::wrong_tags;
use super::words::{self, MOST_TAGS};
use crate::flow_log::{Entry, FlowLog, Phase, Tag};
use crate::plan::{Call, Plan};
use crate::problem::{self, Problem};
use crate::product::naming;

/// What clients call flow logs here; case does not matter.
const RESOURCE_TYPE: &str = "FLOWLOG";

pub(crate) fn tag(call: &Call<'_>) -> Result<Plan, Problem> {
    let new = call.arguments.tags("Tag");
    let longest = if call.product() == Product::Cen {
        64
    } else {
        128
    };
    words::check_tags(&new, longest).map_err(|wrong| match call.product() {
        Product::Cen => problem::CEN_INVALID,
        _ => wrong_tags(wrong),
    })?;
    change_all(call, |flow_log| {
        for tag in &new {
            flow_log.tags.retain(|old| old.key != tag.key);
            flow_log.tags.push(Tag::from(tag.clone()));
        }
        if flow_log.tags.len() > MOST_TAGS {
            return Err(invalid(call));
        }
        Ok(())
    })
}

pub(crate) fn untag(call: &Call<'_>) -> Result<Plan, Problem> {
    let keys = call.arguments.list("TagKey");
    let all = call.arguments.text("All").eq_ignore_ascii_case("true");
    if keys.is_empty() && !all {
        return Err(Problem::missing("TagKey"));
    }
    change_all(call, |flow_log| {
        let goes = |tag: &Tag| all || keys.contains(&tag.key.as_str());
        flow_log.tags.retain(|tag| !goes(tag));
        Ok(())
    })
}

pub(crate) fn list_tags(call: &Call<'_>) -> Result<Plan, Problem> {
    check_type(call)?;
    check_region(call)?;
    let ids = call.arguments.list("ResourceId");
    let filter = call.arguments.tags("Tag");
    let size = ["MaxResults", "PageSize"].iter().find_map(|name| {
        let size = call.arguments.number(name).transpose()?;
        Some(size.map_err(|_| invalid(call)))
    });
    let size = usize::try_from(size.transpose()?.unwrap_or(50)).map_err(|_| invalid(call))?;
    let first = call.arguments.get("NextToken").map_or(Ok(0), str::parse);
    let first: usize = first.map_err(|_| invalid(call))?;
    let wanted = call.staying().filter(|entry| {
        let is_named = ids.is_empty() || ids.contains(&entry.flow_log.id.as_str());
        is_named && is_in_region(call, entry) && has_tags(entry, &filter)
    });
    let tags = wanted.flat_map(|entry| {
        let id = &entry.flow_log.id;
        let show = move |tag: &Tag| {
            json!({
                "ResourceId": id,
                "ResourceType": RESOURCE_TYPE,
                "TagKey": tag.key,
                "TagValue": tag.value,
            })
        };
        entry.flow_log.tags.iter().map(show)
    });
    let mut rest = tags.skip(first);
    let size = size.clamp(1, 50);
    let shown: Vec<Value> = rest.by_ref().take(size).collect();
    let next = rest.next().map(|_| first.saturating_add(size).to_string());
    Ok(Plan::answer(json!({
        "NextToken": next.unwrap_or_default(),
        "TagResources": {"TagResource": shown},
    })))
}

pub(crate) fn move_group(call: &Call<'_>) -> Result<Plan, Problem> {
    let group = call.arguments.text("NewResourceGroupId");
    if !words::is_group(group) {
        return Err(match call.product() {
            Product::Vpc => problem::VPC_GROUP,
            _ => invalid(call),
        });
    }
    change_all(call, |flow_log| {
        group.clone_into(&mut flow_log.group);
        Ok(())
    })
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "an operation of the table, like those that can refuse"
)]
pub(crate) fn regions(call: &Call<'_>) -> Result<Plan, Problem> {
    let service = naming(call.product()).service;
    let shown = call.settings.regions.iter().map(|region| {
        if call.product() == Product::Cen {
            return json!({"RegionId": region, "LocalName": region});
        }
        json!({
            "RegionId": region,
            "LocalName": region,
            "RegionEndpoint": format!("{service}.{region}.aliyuncs.com"),
        })
    });
    let shown: Vec<Value> = shown.collect();
    Ok(Plan::answer(json!({"Regions": {"Region": shown}})))
}

/// Changes every flow log that a request names, or none. What changes does not concern the
/// pipeline, so a flow log whose change is under way only keeps its phase.
fn change_all(
    call: &Call<'_>,
    change: impl Fn(&mut FlowLog) -> Result<(), Problem>,
) -> Result<Plan, Problem> {
    check_type(call)?;
    check_region(call)?;
    let one = call.arguments.get("ResourceId").into_iter();
    let mut plan = Plan::answer(json!({}));
    for id in one.chain(call.arguments.list("ResourceId")) {
        let entry = call
            .entry(id)
            .filter(|entry| entry.phase != Phase::Deleting && is_in_region(call, entry))
            .ok_or_else(|| not_found(call))?;
        let mut flow_log = entry.flow_log.clone();
        change(&mut flow_log)?;
        plan = plan.put(flow_log, entry.phase);
    }
    Ok(plan)
}

fn check_type(call: &Call<'_>) -> Result<(), Problem> {
    let is_flow_log = call
        .arguments
        .text("ResourceType")
        .eq_ignore_ascii_case(RESOURCE_TYPE);
    if is_flow_log {
        Ok(())
    } else {
        Err(invalid(call))
    }
}

fn check_region(call: &Call<'_>) -> Result<(), Problem> {
    let region = call.arguments.get("RegionId");
    if region.is_none_or(|region| call.has_region(region)) {
        return Ok(());
    }
    Err(match call.product() {
        Product::Vpc => problem::VPC_REGION,
        Product::Cen => problem::UNSUPPORTED_ACTION,
        Product::Sag => problem::SAG_REGION,
    })
}

fn is_in_region(call: &Call<'_>, entry: &Entry) -> bool {
    let region = call.arguments.get("RegionId");
    region.is_none_or(|region| region == entry.flow_log.region)
}

fn invalid(call: &Call<'_>) -> Problem {
    match call.product() {
        Product::Vpc => problem::VPC_INVALID,
        Product::Cen => problem::CEN_INVALID,
        Product::Sag => problem::SAG_INVALID,
    }
}

fn not_found(call: &Call<'_>) -> Problem {
    match call.product() {
        Product::Vpc => problem::VPC_NOT_FOUND,
        Product::Cen => problem::CEN_NOT_FOUND,
        Product::Sag => problem::SAG_NOT_FOUND,
    }
}
