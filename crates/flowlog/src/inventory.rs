//! The inventory: what is where (flow logs, *Inventory*).
//!
//! The control API speaks of resources, a collector sees Exporters and interfaces; the inventory
//! ties them together. A resource keeps its [`ResourceIndex`] when the inventory changes, so that
//! rows that are still open go on naming the right one.

mod resource;
mod selector;
#[cfg(test)]
mod tests;

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use flowlog_record::ResourceIndex;

pub use resource::{Attachment, Resource, ResourceKind, StatedSampling};
pub use selector::{ExporterSelector, Interface, InterfacePath};

use crate::{InventoryError, ResourceId};

/// The id of the built-in resource: every Exporter that no other resource claims. Its index is 0
/// unless saved indices say otherwise.
pub const SAG_DEFAULT: &str = "sag-default";

/// Resources whose ids are unique and whose kinds fit the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    entries: Vec<Entry>,
    by_id: BTreeMap<ResourceId, u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    resource: Resource,
    parent: Option<u32>,
    /// No longer in the configuration; kept because open rows may name it.
    retired: bool,
}

impl Inventory {
    /// An inventory of these resources beside the built-in one.
    ///
    /// Their indices follow the order of their ids, whatever order they come in. A resource with the
    /// id `sag-default` replaces the built-in one; it may say what is known of unclaimed Exporters,
    /// but selects none itself.
    ///
    /// # Errors
    /// An id that comes twice, a parent that is not there or of a kind that does not fit, a field
    /// that has no meaning for the kind.
    pub fn new(resources: Vec<Resource>) -> Result<Self, InventoryError> {
        Self::arranged(Vec::new(), resources)
    }

    /// The inventory after a change: resources that were there keep their index, new ones follow,
    /// and those that are gone stay as names without records.
    ///
    /// # Errors
    /// As for [`Inventory::new`].
    pub fn changed_to(&self, resources: Vec<Resource>) -> Result<Self, InventoryError> {
        let before = self.entries.iter().map(|entry| entry.resource.clone());
        Self::arranged(before.collect(), resources)
    }

    /// The inventory under indices that were saved: the resource whose id is `ids[n]` gets index
    /// `n`. Ids that no resource has any more stay as names without records.
    ///
    /// # Errors
    /// As for [`Inventory::new`].
    pub fn with_indices(
        ids: impl IntoIterator<Item = ResourceId>,
        resources: Vec<Resource>,
    ) -> Result<Self, InventoryError> {
        let before = ids.into_iter().map(|id| {
            let kind = kind_by_id(id.as_str()).unwrap_or(ResourceKind::Sag);
            Resource::new(id, kind)
        });
        Self::arranged(before.collect(), resources)
    }

    fn arranged(before: Vec<Resource>, mut now: Vec<Resource>) -> Result<Self, InventoryError> {
        now.sort_by(|a, b| a.id.cmp(&b.id));
        for pair in now.windows(2) {
            if let [a, b] = pair
                && a.id == b.id
            {
                return Err(error(
                    b,
                    "id",
                    b.id.as_str(),
                    "give each resource its own id",
                ));
            }
        }
        let mut now: BTreeMap<ResourceId, Resource> =
            now.into_iter().map(|r| (r.id.clone(), r)).collect();
        now.entry(ResourceId::known(SAG_DEFAULT))
            .or_insert_with(built_in);
        let mut entries: Vec<Entry> = Vec::new();
        let mut by_id = BTreeMap::new();
        let first = before
            .is_empty()
            .then(|| now.keys().find(|id| id.as_str() == SAG_DEFAULT).cloned())
            .flatten()
            .and_then(|id| now.remove(&id));
        let kept = before.into_iter().map(|old| match now.remove(&old.id) {
            Some(new) => (new, false),
            None => (old, true),
        });
        let kept: Vec<_> = first.map(|r| (r, false)).into_iter().chain(kept).collect();
        let added = now.into_values().map(|resource| (resource, false));
        for (resource, retired) in kept.into_iter().chain(added) {
            let index = u32::try_from(entries.len()).unwrap_or(u32::MAX);
            by_id.insert(resource.id.clone(), index);
            entries.push(Entry {
                resource,
                parent: None,
                retired,
            });
        }
        let mut inventory = Self { entries, by_id };
        inventory.link()?;
        Ok(inventory)
    }

    /// Finds the parents; whoever is in force must have one that fits.
    fn link(&mut self) -> Result<(), InventoryError> {
        let parents = self
            .entries
            .iter()
            .map(|entry| match self.parent_of(entry) {
                Err(_) if entry.retired => Ok(None),
                parent => parent,
            })
            .collect::<Result<Vec<_>, _>>()?;
        for (entry, parent) in self.entries.iter_mut().zip(parents) {
            entry.parent = parent;
        }
        for entry in self.entries.iter().filter(|entry| !entry.retired) {
            check_fields(&entry.resource)?;
        }
        Ok(())
    }

    fn parent_of(&self, entry: &Entry) -> Result<Option<u32>, InventoryError> {
        let resource = &entry.resource;
        let Some(id) = &resource.parent else {
            return Ok(None);
        };
        let wrong = |remedy: String| Err(error(resource, "parent", id.as_str(), remedy));
        let allowed = resource.kind.parents();
        let found = self.by_id.get(id).copied();
        let parent = found.and_then(|index| self.entry(index).map(|parent| (index, parent)));
        match parent {
            Some((_, parent)) if parent.retired && !entry.retired => {
                wrong(format!("no resource has the id `{id}`"))
            }
            Some((index, parent)) if allowed.contains(&parent.resource.kind) => Ok(Some(index)),
            _ if allowed.is_empty() => wrong(format!("a {} has no parent", resource.kind)),
            Some((_, parent)) => wrong(format!(
                "a {} cannot be part of a {}",
                resource.kind, parent.resource.kind
            )),
            None => wrong(format!("no resource has the id `{id}`")),
        }
    }

    /// The resource at `index`, retired ones too.
    pub fn resource(&self, index: ResourceIndex) -> Option<&Resource> {
        self.entry(index.0).map(|entry| &entry.resource)
    }

    /// The index of the resource of that id; `None` if it is not (or no longer) in the inventory.
    pub fn index_of(&self, id: &str) -> Option<ResourceIndex> {
        let id = ResourceId::new(id).ok()?;
        let index = self.by_id.get(&id).copied()?;
        let in_force = self.entry(index).is_some_and(|entry| !entry.retired);
        in_force.then_some(ResourceIndex(index))
    }

    /// The resource of that id; `None` if it is not (or no longer) in the inventory.
    pub fn get(&self, id: &str) -> Option<&Resource> {
        self.resource(self.index_of(id)?)
    }

    /// The resources in force, by index.
    pub fn iter(&self) -> impl Iterator<Item = (ResourceIndex, &Resource)> {
        (0..)
            .zip(&self.entries)
            .filter(|(_, entry)| !entry.retired)
            .map(|(index, entry)| (ResourceIndex(index), &entry.resource))
    }

    /// All ids by index, retired ones too: what has to be saved beside rows that are open.
    pub fn ids(&self) -> impl Iterator<Item = &ResourceId> {
        self.entries.iter().map(|entry| &entry.resource.id)
    }

    /// The resource at `index`, then what it is part of, up to the top.
    pub fn lineage(&self, index: ResourceIndex) -> impl Iterator<Item = &Resource> {
        self.line(index).map(|(_, resource)| resource)
    }

    /// As [`Inventory::lineage`], with indices. Kinds only ever go up the tree, so this ends.
    pub(crate) fn line(
        &self,
        index: ResourceIndex,
    ) -> impl Iterator<Item = (ResourceIndex, &Resource)> {
        let mut next = Some(index.0);
        core::iter::from_fn(move || {
            let index = next?;
            let entry = self.entry(index)?;
            next = entry.parent;
            Some((ResourceIndex(index), &entry.resource))
        })
    }

    fn entry(&self, index: u32) -> Option<&Entry> {
        self.entries.get(usize::try_from(index).ok()?)
    }
}

impl Default for Inventory {
    /// The built-in resource alone.
    fn default() -> Self {
        Self::new(Vec::new()).unwrap_or(Self {
            entries: Vec::new(),
            by_id: BTreeMap::new(),
        })
    }
}

/// What the kind of a resource is likely to be, by the prefix that the control API gives its ids.
pub(crate) fn kind_by_id(id: &str) -> Option<ResourceKind> {
    const PREFIXES: [(&str, ResourceKind); 7] = [
        ("vpc-", ResourceKind::Vpc),
        ("vsw-", ResourceKind::Vswitch),
        ("eni-", ResourceKind::Eni),
        ("cen-", ResourceKind::Cen),
        ("tr-attach-", ResourceKind::Attachment),
        ("tr-", ResourceKind::TransitRouter),
        ("sag-", ResourceKind::Sag),
    ];
    PREFIXES
        .iter()
        .find(|(prefix, _)| id.starts_with(prefix))
        .map(|&(_, kind)| kind)
}

fn built_in() -> Resource {
    Resource::new(ResourceId::known(SAG_DEFAULT), ResourceKind::Sag)
}

fn check_fields(resource: &Resource) -> Result<(), InventoryError> {
    let only = |field, present: bool, allowed: bool, remedy: &'static str| {
        if present && !allowed {
            Err(error(resource, field, resource.kind.as_str(), remedy))
        } else {
            Ok(())
        }
    };
    let is = |kind| resource.kind == kind;
    let peer = resource.attachment == Some(Attachment::Peer);
    only(
        "attachment",
        resource.attachment.is_some(),
        is(ResourceKind::Attachment),
        "only a resource of kind `attachment` has it",
    )?;
    only(
        "far_region",
        resource.far_region.is_some(),
        peer,
        "only an attachment of type `peer` has it",
    )?;
    only(
        "vm_id",
        resource.vm_id.is_some(),
        is(ResourceKind::Eni),
        "only a resource of kind `eni` has it",
    )?;
    only(
        "serial_number",
        resource.serial_number.is_some(),
        is(ResourceKind::Sag),
        "only a resource of kind `sag` has it",
    )?;
    if peer && resource.far_region.is_none() {
        let remedy = "state the `far_region` of a peer attachment";
        return Err(error(resource, "attachment", "peer", remedy));
    }
    if resource.id.as_str() == SAG_DEFAULT {
        let selects = !(resource.exporters.is_empty()
            && resource.interfaces.is_empty()
            && resource.prefixes.is_empty());
        if selects {
            let remedy = "it is every Exporter that no other resource claims: leave selectors out, \
                          or choose another id";
            return Err(error(resource, "id", SAG_DEFAULT, remedy));
        }
        only(
            "kind",
            true,
            is(ResourceKind::Sag),
            "the built-in resource is a `sag`",
        )?;
    }
    Ok(())
}

fn error(
    resource: &Resource,
    field: &'static str,
    value: &str,
    remedy: impl Into<Cow<'static, str>>,
) -> InventoryError {
    InventoryError {
        resource: String::from(resource.id.as_str()),
        field,
        value: String::from(value),
        remedy: remedy.into(),
    }
}
