//! `flowlogd resource list`.

use std::fmt::Write as _;

use flowlog_flowlog::{ExporterSelector, Interface, Inventory, Resource};

use super::{Failure, ListResourcesArgs, joined, named, world};

pub(super) fn list(args: &ListResourcesArgs) -> Result<(), Failure> {
    let (inventory, flow_logs) = world(&args.presented)?;
    let covered = inventory.covered(&flow_logs);
    let mut resources: Vec<_> = inventory.iter().collect();
    resources.sort_by(|(_, a), (_, b)| a.id.cmp(&b.id));
    let mut output = super::output(&args.presented);
    let mut rows = output.rows([
        "resource",
        "kind",
        "region",
        "parent",
        "name",
        "exporters",
        "interfaces",
        "prefixes",
        "flow_logs",
    ]);
    for (index, resource) in resources {
        let selectors: Vec<String> = resource.exporters.iter().map(selector).collect();
        let interfaces: Vec<String> = resource.interfaces.iter().copied().map(interface).collect();
        let flow_logs = named(&flow_logs, covered.get(&index).map_or(&[], Vec::as_slice));
        rows.row([
            resource.id.to_string(),
            resource.kind.to_string(),
            region(&inventory, resource).unwrap_or("-").to_owned(),
            joined(resource.parent.as_slice()),
            resource.name.clone(),
            joined(&selectors),
            joined(&interfaces),
            joined(&resource.prefixes),
            flow_logs,
        ])?;
    }
    rows.finish()?;
    Ok(output.finish()?)
}

/// Its own region, or that of what it is part of.
fn region<'a>(inventory: &'a Inventory, resource: &Resource) -> Option<&'a str> {
    let index = inventory.index_of(resource.id.as_str())?;
    inventory.lineage(index).find_map(|it| it.region.as_deref())
}

/// A selector of Exporters in words.
pub(super) fn selector(selector: &ExporterSelector) -> String {
    let mut text = match selector.address {
        Some(address) => address.to_string(),
        None => "any".to_owned(),
    };
    // Writing into a text cannot fail.
    if let Some(domain) = selector.domain {
        let _ = write!(text, ",domain={}", domain.0);
    }
    if let Some(relay) = selector.relay {
        let _ = write!(text, ",relay={relay}");
    }
    text
}

fn interface(interface: Interface) -> String {
    match interface.path {
        Some(path) => format!("{},path={}", interface.index, path.number()),
        None => interface.index.to_string(),
    }
}
