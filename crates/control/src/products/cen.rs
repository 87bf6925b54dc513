//! Flow logs of CENs, transit routers and their attachments.

use flowlog_flowlog::{LogFormat, Resource, ResourceKind, Status};
use serde_json::{Value, json};

use super::page::Page;
use super::{has_tags, shown_tags, words};
use crate::flow_log::{CenDetail, Detail, Entry, FlowLog, Phase};
use crate::plan::{Call, Plan};
use crate::problem::{self, Problem};

/// The project of a flow log that names none.
const DEFAULT_PROJECT: &str = "flow-logs";
/// The version of all flow logs.
const VERSION: &str = "3";

pub(crate) fn create(call: &Call<'_>) -> Result<Plan, Problem> {
    check_texts(call)?;
    let detail = detail(call)?;
    let tags = call.arguments.tags("Tag");
    words::check_tags(&tags, 64).map_err(|_| problem::CEN_INVALID)?;
    if let Some(plan) = call.replayed(&problem::CEN_INVALID)? {
        return Ok(plan);
    }
    check_region(call)?;
    check_resources(call, &detail)?;
    let text = |name| call.arguments.text(name).to_owned();
    let given = |name| call.arguments.get(name).map(str::to_owned);
    let id = call.new_id();
    let project = given("ProjectName").unwrap_or_else(|| DEFAULT_PROJECT.to_owned());
    let logstore = given("LogStoreName").unwrap_or_else(|| id.clone());
    call.check_destination(&text("RegionId"), (&project, &logstore))?;
    let watches = |entry: &Entry| match &entry.flow_log.detail {
        Detail::Cen(other) => {
            (&other.cen, &other.router, &other.attachment)
                == (&detail.cen, &detail.router, &detail.attachment)
        }
        _ => false,
    };
    if call.staying().any(watches) {
        return Err(problem::CEN_EXISTS);
    }
    call.check_quota(call.settings.quota.cen, &problem::QUOTA)?;
    let flow_log = FlowLog {
        number: call.book.next_number(),
        region: text("RegionId"),
        name: text("FlowLogName"),
        description: text("Description"),
        created: call.now.millis(),
        project,
        logstore,
        group: String::new(),
        tags: tags.into_iter().map(Into::into).collect(),
        status: Status::Active,
        detail: Detail::Cen(detail),
        id,
    };
    let answer = json!({"Success": "true", "FlowLogId": flow_log.id});
    Ok(Plan::answer(answer).put(flow_log, Phase::Creating))
}

pub(crate) fn activate(call: &Call<'_>) -> Result<Plan, Problem> {
    let Found::Entry(entry) = found(call)? else {
        return replay(call);
    };
    if !entry.is_settled_as(Status::Inactive) {
        return Err(problem::WRONG_STATUS);
    }
    let flow_log = &entry.flow_log;
    call.check_destination(&flow_log.region, (&flow_log.project, &flow_log.logstore))?;
    Ok(turned(entry, Status::Active, Phase::Activating))
}

pub(crate) fn deactivate(call: &Call<'_>) -> Result<Plan, Problem> {
    let Found::Entry(entry) = found(call)? else {
        return replay(call);
    };
    if !entry.is_settled_as(Status::Active) {
        return Err(problem::WRONG_STATUS);
    }
    Ok(turned(entry, Status::Inactive, Phase::Deactivating))
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Plan, Problem> {
    let Found::Entry(entry) = found(call)? else {
        return replay(call);
    };
    if !entry.is_settled() {
        return Err(problem::WRONG_STATUS);
    }
    Ok(done().delete(&entry.flow_log.id))
}

pub(crate) fn modify(call: &Call<'_>) -> Result<Plan, Problem> {
    check_texts(call)?;
    let interval = interval(call)?;
    let Found::Entry(entry) = found(call)? else {
        return replay(call);
    };
    if !entry.is_settled() {
        return Err(problem::WRONG_STATUS);
    }
    let mut flow_log = entry.flow_log.clone();
    if let Some(name) = call.arguments.sent("FlowLogName") {
        name.clone_into(&mut flow_log.name);
    }
    if let Some(description) = call.arguments.sent("Description") {
        description.clone_into(&mut flow_log.description);
    }
    let Detail::Cen(detail) = &mut flow_log.detail else {
        return Err(problem::INTERNAL);
    };
    detail.interval = interval.unwrap_or(detail.interval);
    // Also when nothing differs: a token that comes again is to be known.
    Ok(done().put(flow_log, Phase::Modifying))
}

pub(crate) fn describe(call: &Call<'_>) -> Result<Plan, Problem> {
    let page = Page::read(call.arguments, 20, &problem::CEN_INVALID)?;
    let interval = call.arguments.filter_number("Interval");
    let interval = interval.map_err(|_| problem::CEN_INVALID)?;
    if call.arguments.get("RegionId").is_some() {
        check_region(call)?;
    }
    let tags = call.arguments.tags("Tag");
    let wanted = call
        .entries()
        .filter(|entry| is_wanted(call, entry, interval) && has_tags(entry, &tags));
    let (shown, total) = page.of(wanted, |entry| show(call, entry));
    Ok(Plan::answer(json!({
        "Success": "true",
        "PageNumber": page.number.to_string(),
        "PageSize": page.size.to_string(),
        "TotalCount": total.to_string(),
        "FlowLogs": {"FlowLog": shown},
    })))
}

fn is_wanted(call: &Call<'_>, entry: &Entry, interval: Option<i64>) -> bool {
    let Detail::Cen(cen) = &entry.flow_log.detail else {
        return false;
    };
    let flow_log = &entry.flow_log;
    let is = |name, value: &str| {
        call.arguments
            .get(name)
            .is_none_or(|wanted| wanted == value)
    };
    let status = call.arguments.get("Status").map(|status| match status {
        "InActive" => "Inactive",
        _ => status,
    });
    is("RegionId", &flow_log.region)
        && is("CenId", &cen.cen)
        && is("FlowLogId", &flow_log.id)
        && is("FlowLogName", &flow_log.name)
        && is("FlowLogVersion", VERSION)
        && is("ProjectName", &flow_log.project)
        && is("LogStoreName", &flow_log.logstore)
        && is("TransitRouterId", &cen.router)
        && is("TransitRouterAttachmentId", &cen.attachment)
        && is("Description", &flow_log.description)
        && status.is_none_or(|status| status == entry.status())
        && interval.is_none_or(|wanted| wanted == i64::from(cen.interval))
}

fn show(call: &Call<'_>, entry: &Entry) -> Value {
    let flow_log = &entry.flow_log;
    let Detail::Cen(cen) = &flow_log.detail else {
        return Value::Null;
    };
    json!({
        "FlowLogId": flow_log.id,
        "FlowLogName": flow_log.name,
        "Description": flow_log.description,
        "RegionId": flow_log.region,
        "CenId": cen.cen,
        "TransitRouterId": cen.router,
        "TransitRouterAttachmentId": cen.attachment,
        "ProjectName": flow_log.project,
        "LogStoreName": flow_log.logstore,
        "Interval": cen.interval,
        "LogFormatString": cen.log_format,
        "FlowLogVersion": VERSION,
        "Status": entry.status(),
        "CreationTime": flow_log.created(),
        "Tags": shown_tags(&flow_log.tags),
        "ResourceStatus": call.resource_status(cen.watched()),
    })
}

/// The flow log that a change is for, or that the change was made already.
enum Found<'a> {
    Entry(&'a Entry),
    Answered,
}

fn found<'a>(call: &Call<'a>) -> Result<Found<'a>, Problem> {
    if call.replayed(&problem::CEN_INVALID)?.is_some() {
        return Ok(Found::Answered);
    }
    check_region(call)?;
    let fits = |entry: &&Entry| {
        let Detail::Cen(detail) = &entry.flow_log.detail else {
            return false;
        };
        let cen = call.arguments.get("CenId");
        entry.flow_log.region == call.arguments.text("RegionId")
            && cen.is_none_or(|cen| cen == detail.cen)
    };
    call.entry(call.arguments.text("FlowLogId"))
        .filter(fits)
        .map(Found::Entry)
        .ok_or(problem::CEN_NOT_FOUND)
}

fn replay(call: &Call<'_>) -> Result<Plan, Problem> {
    let replayed = call.replayed(&problem::CEN_INVALID)?;
    replayed.ok_or(problem::INTERNAL)
}

fn check_region(call: &Call<'_>) -> Result<(), Problem> {
    if call.has_region(call.arguments.text("RegionId")) {
        Ok(())
    } else {
        Err(problem::UNSUPPORTED_ACTION)
    }
}

fn check_texts(call: &Call<'_>) -> Result<(), Problem> {
    let text = |name| call.arguments.text(name);
    let given = |name| call.arguments.get(name);
    let fits = words::is_name(text("FlowLogName"))
        && words::is_description(text("Description"))
        && given("ProjectName").is_none_or(words::is_project)
        && given("LogStoreName").is_none_or(words::is_logstore);
    if fits {
        Ok(())
    } else {
        Err(problem::CEN_INVALID)
    }
}

/// Seconds; 0 is left out.
fn interval(call: &Call<'_>) -> Result<Option<u32>, Problem> {
    match call.arguments.number("Interval") {
        Ok(None | Some(0)) => Ok(None),
        Ok(Some(60)) => Ok(Some(60)),
        Ok(Some(600)) => Ok(Some(600)),
        _ => Err(problem::CEN_INVALID),
    }
}

fn detail(call: &Call<'_>) -> Result<CenDetail, Problem> {
    let text = |name| call.arguments.text(name).to_owned();
    let detail = CenDetail {
        cen: text("CenId"),
        router: text("TransitRouterId"),
        attachment: text("TransitRouterAttachmentId"),
        interval: interval(call)?.unwrap_or(600),
        log_format: text("LogFormatString"),
    };
    let are_ids = named(&detail).iter().all(|(id, _, prefix)| {
        let is_shaped = id.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty());
        id.is_empty() || words::is_id(id) && (is_shaped || call.resource(id).is_some())
    });
    let format = &detail.log_format;
    let is_format = format.is_empty() || LogFormat::parse(format).is_ok();
    if are_ids && is_format {
        Ok(detail)
    } else {
        Err(problem::CEN_INVALID)
    }
}

/// The ids of a flow log, what each is, and how it begins.
fn named(detail: &CenDetail) -> [(&str, ResourceKind, &'static str); 3] {
    [
        (&detail.cen, ResourceKind::Cen, "cen-"),
        (&detail.router, ResourceKind::TransitRouter, "tr-"),
        (&detail.attachment, ResourceKind::Attachment, "tr-attach-"),
    ]
}

/// What is named is there, if it must be, is of its kind, and is part of nothing else than what is
/// named above it.
fn check_resources(call: &Call<'_>, detail: &CenDetail) -> Result<(), Problem> {
    let named = named(detail);
    for (id, kind, _) in named.into_iter().filter(|(id, ..)| !id.is_empty()) {
        let Some(index) = call.inventory.index_of(id) else {
            if call.settings.strict_resources {
                return Err(problem::CEN_INVALID);
            }
            continue;
        };
        let is_kind = call
            .resource(id)
            .is_some_and(|resource| resource.kind == kind);
        let fits = |resource: &Resource| {
            let same = named.iter().find(|(_, kind, _)| *kind == resource.kind);
            same.is_some_and(|(id, ..)| id.is_empty() || *id == resource.id.as_str())
        };
        if !is_kind || !call.inventory.lineage(index).all(fits) {
            return Err(problem::CEN_INVALID);
        }
    }
    Ok(())
}

fn turned(entry: &Entry, status: Status, phase: Phase) -> Plan {
    let mut flow_log = entry.flow_log.clone();
    flow_log.status = status;
    done().put(flow_log, phase)
}

fn done() -> Plan {
    Plan::answer(json!({"Success": "true"}))
}
