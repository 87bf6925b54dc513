//! Who a row is about: what its resource, its flow log and its partition are called.

use flowlog_record::{Direction, ResourceIndex};

use crate::{Inventory, Resource, ResourceKind};

/// What rows do not carry themselves: names. Lent for as long as rows are turned into values.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// What the resources of the rows are.
    pub inventory: &'a Inventory,
    /// The account of resources that state none.
    pub account: &'a str,
    /// When the state that numbered the rows began (aggregation §8).
    pub epoch: u64,
    /// The partition that numbered them.
    pub partition: u32,
    /// The flow log's id.
    pub flow_log: &'a str,
}

impl<'a> Names<'a> {
    pub(super) fn account_of(&self, resource: ResourceIndex) -> &'a str {
        self.first(resource, |r| r.account.as_deref())
            .unwrap_or(self.account)
    }

    pub(super) fn region_of(&self, resource: ResourceIndex) -> Option<&'a str> {
        self.first(resource, |r| r.region.as_deref())
    }

    /// The id of the resource of that kind which `resource` is, or is part of.
    pub(super) fn id_of(&self, resource: ResourceIndex, kind: ResourceKind) -> Option<&'a str> {
        self.first(resource, |r| (r.kind == kind).then(|| r.id.as_str()))
    }

    pub(super) fn vm_of(&self, resource: ResourceIndex) -> Option<&'a str> {
        self.first(resource, |r| r.vm_id.as_deref())
    }

    pub(super) fn serial_number_of(&self, resource: ResourceIndex) -> Option<&'a str> {
        self.first(resource, |r| r.serial_number.as_deref())
    }

    /// The region that a flow comes from. The region of the resource, but the far one for what comes
    /// in by a peer attachment.
    pub(super) fn source_region(
        &self,
        resource: ResourceIndex,
        direction: Direction,
    ) -> Option<&'a str> {
        match (self.far_region_of(resource), direction) {
            (None, _) | (Some(_), Direction::Out) => self.region_of(resource),
            (Some(far), Direction::In) => Some(far),
            (Some(_), Direction::Unknown) => None,
        }
    }

    /// The region that a flow goes to; known for peer attachments alone.
    pub(super) fn destination_region(
        &self,
        resource: ResourceIndex,
        direction: Direction,
    ) -> Option<&'a str> {
        match (self.far_region_of(resource)?, direction) {
            (far, Direction::Out) => Some(far),
            (_, Direction::In) => self.region_of(resource),
            (_, Direction::Unknown) => None,
        }
    }

    fn far_region_of(&self, resource: ResourceIndex) -> Option<&'a str> {
        let resource = self.inventory.resource(resource)?;
        resource.far_region.as_deref()
    }

    fn first<T>(
        &self,
        resource: ResourceIndex,
        get: impl Fn(&'a Resource) -> Option<T>,
    ) -> Option<T> {
        self.inventory.lineage(resource).find_map(get)
    }
}
