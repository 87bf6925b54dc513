//! `CreateFlowLog` of VPC: its checks in the documented order.

use flowlog_flowlog::{Resource, ResourceKind, Status, TrafficPath};
use serde_json::json;

use super::{IPV4, check_dual_stack, check_region, interval, ip_version, log_format};
use crate::flow_log::{Detail, FlowLog, Phase, VpcDetail};
use crate::plan::{Call, Plan};
use crate::problem::{self, Problem};
use crate::products::words::{self, WrongTags};

/// The account's own resource group.
const DEFAULT_GROUP: &str = "rg-default";

pub(crate) fn create(call: &Call<'_>) -> Result<Plan, Problem> {
    check_region(call)?;
    let kind = check_type(call)?;
    if !matches!(call.arguments.text("TrafficType"), "All" | "Allow" | "Drop") {
        return Err(problem::VPC_INVALID);
    }
    let detail = detail(call)?;
    check_destination_given(call)?;
    check_texts(call)?;
    check_tags(call)?;
    let group = call.arguments.get("ResourceGroupId");
    if !group.is_none_or(words::is_group) {
        return Err(problem::VPC_GROUP);
    }
    check_service(call)?;
    check_resource(call, kind)?;
    let text = |name| call.arguments.text(name).to_owned();
    let (project, logstore) = (text("ProjectName"), text("LogStoreName"));
    call.check_destination(&text("RegionId"), (&project, &logstore))?;
    let flow_log = FlowLog {
        id: call.new_id(),
        number: call.book.next_number(),
        region: text("RegionId"),
        name: text("FlowLogName"),
        description: text("Description"),
        created: call.now.millis(),
        project,
        logstore,
        group: group.unwrap_or(DEFAULT_GROUP).to_owned(),
        tags: (call.arguments.tags("Tag").into_iter())
            .map(Into::into)
            .collect(),
        status: Status::Active,
        detail: Detail::Vpc(detail),
    };
    if exists(call, &flow_log) {
        return Err(problem::VPC_EXISTS);
    }
    call.check_quota(call.settings.quota.vpc, &problem::QUOTA)?;
    if flow_log.definition().is_none() {
        return Err(problem::VPC_FAILED);
    }
    let answer = json!({
        "Success": "true",
        "FlowLogId": flow_log.id,
        "ResourceGroupId": flow_log.group,
    });
    Ok(Plan::answer(answer).put(flow_log, Phase::Creating))
}

/// The type is one of the three, and that of the id: by the inventory, else by how the id begins.
fn check_type(call: &Call<'_>) -> Result<ResourceKind, Problem> {
    let (kind, prefix) = match call.arguments.text("ResourceType") {
        "VPC" => (ResourceKind::Vpc, "vpc-"),
        "VSwitch" => (ResourceKind::Vswitch, "vsw-"),
        "NetworkInterface" => (ResourceKind::Eni, "eni-"),
        _ => return Err(problem::VPC_TYPE),
    };
    let id = call.arguments.text("ResourceId");
    if !words::is_id(id) {
        return Err(problem::VPC_INVALID);
    }
    let fits = match call.resource(id) {
        Some(resource) => resource.kind == kind,
        None => id.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()),
    };
    if fits {
        Ok(kind)
    } else {
        Err(problem::VPC_TYPE_DIFFERS)
    }
}

/// Interval, address family and paths.
fn detail(call: &Call<'_>) -> Result<VpcDetail, Problem> {
    let text = |name| call.arguments.text(name).to_owned();
    let detail = VpcDetail {
        resource_type: text("ResourceType"),
        resource: text("ResourceId"),
        traffic_type: text("TrafficType"),
        interval: interval(call)?.unwrap_or(10),
        ip_version: ip_version(call)?.unwrap_or(IPV4).to_owned(),
        paths: paths(call)?,
        log_format: log_format(call)?.unwrap_or_default().to_owned(),
    };
    check_dual_stack(call, &detail)?;
    if detail.paths.iter().any(|path| path != "all") && !call.settings.custom_paths {
        return Err(problem::VPC_NO_CUSTOM_PATH);
    }
    Ok(detail)
}

fn paths(call: &Call<'_>) -> Result<Vec<String>, Problem> {
    let paths = call.arguments.list("TrafficPath");
    let sent: Vec<&str> = paths.into_iter().filter(|path| !path.is_empty()).collect();
    // The configuration knows one of them under a second name, the API does not.
    let named = |path: &str| TrafficPath::named(path).is_some_and(|known| known.name() == path);
    let is_path = |path: &&str| *path == "all" || named(path);
    if !sent.iter().all(is_path) {
        return Err(problem::VPC_PATH);
    }
    for (place, path) in sent.iter().enumerate() {
        if sent.iter().take(place).any(|earlier| earlier == path) {
            return Err(problem::VPC_PATH_TWICE);
        }
    }
    if sent.len() > 1 && sent.contains(&"all") {
        return Err(problem::VPC_PATH);
    }
    if sent.is_empty() {
        return Ok(vec!["all".to_owned()]);
    }
    Ok(sent.into_iter().map(str::to_owned).collect())
}

fn check_destination_given(call: &Call<'_>) -> Result<(), Problem> {
    if call.arguments.get("TrafficAnalyzerId").is_some() {
        return Err(problem::VPC_NO_ANALYZER);
    }
    let project = call.arguments.get("ProjectName");
    let logstore = call.arguments.get("LogStoreName");
    match (project, logstore) {
        (None, None) => Err(problem::VPC_NO_DESTINATION),
        (Some(_), Some(_)) => Ok(()),
        _ => Err(problem::VPC_INVALID),
    }
}

fn check_texts(call: &Call<'_>) -> Result<(), Problem> {
    let text = |name| call.arguments.text(name);
    let fits = words::is_name(text("FlowLogName"))
        && words::is_description(text("Description"))
        && words::is_project(text("ProjectName"))
        && words::is_logstore(text("LogStoreName"));
    if fits {
        Ok(())
    } else {
        Err(problem::VPC_INVALID)
    }
}

fn check_tags(call: &Call<'_>) -> Result<(), Problem> {
    words::check_tags(&call.arguments.tags("Tag"), 128).map_err(wrong_tags)
}

/// The product's words for what is wrong with tags.
pub(in crate::products) fn wrong_tags(wrong: WrongTags) -> Problem {
    match wrong {
        WrongTags::TooMany => problem::VPC_INVALID,
        WrongTags::NoKey => problem::VPC_NO_TAG_KEY,
        WrongTags::Key => problem::VPC_TAG_KEY,
        WrongTags::NoValue => problem::VPC_NO_TAG_VALUE,
        WrongTags::Value => problem::VPC_TAG_VALUE,
    }
}

fn check_service(call: &Call<'_>) -> Result<(), Problem> {
    if call.settings.locked {
        Err(problem::VPC_LOCKED)
    } else if call.settings.open {
        Ok(())
    } else {
        Err(problem::VPC_NOT_OPEN)
    }
}

/// What the inventory says of the resource.
fn check_resource(call: &Call<'_>, kind: ResourceKind) -> Result<(), Problem> {
    let id = call.arguments.text("ResourceId");
    let Some(resource) = call.resource(id) else {
        if call.settings.strict_resources {
            return Err(problem::VPC_NO_RESOURCE);
        }
        return Ok(());
    };
    let lineage = || {
        let index = call.inventory.index_of(id);
        let lineage = index
            .into_iter()
            .flat_map(|index| call.inventory.lineage(index));
        std::iter::once(resource).chain(lineage)
    };
    let first = |of: fn(&Resource) -> Option<&str>| lineage().find_map(of);
    let region = first(|resource| resource.region.as_deref());
    let elsewhere = region.is_some_and(|region| region != call.arguments.text("RegionId"));
    if elsewhere && call.settings.strict_resources {
        return Err(problem::VPC_NO_RESOURCE);
    }
    let account = first(|resource| resource.account.as_deref());
    if account.is_some_and(|account| account != call.settings.account) {
        return Err(problem::VPC_SHARED);
    }
    if resource.flow_logs == Some(false) {
        return Err(match kind {
            ResourceKind::Eni => problem::VPC_ENI,
            _ => problem::VPC_ADVANCED,
        });
    }
    Ok(())
}

/// Whether there is a flow log on the same resource.
fn exists(call: &Call<'_>, new: &FlowLog) -> bool {
    let on = |flow_log: &FlowLog| match &flow_log.detail {
        Detail::Vpc(vpc) => Some((vpc.resource_type.clone(), vpc.resource.clone())),
        _ => None,
    };
    call.staying()
        .any(|entry| entry.flow_log.region == new.region && on(&entry.flow_log) == on(new))
}
