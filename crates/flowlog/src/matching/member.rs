//! A resource as matching sees it: its effective selectors, and its place among others.

use alloc::boxed::Box;
use alloc::vec::Vec;

use flowlog_record::{Direction, Fields, FlowRecord, ResourceIndex};

use crate::{ExporterSelector, Interface, Inventory, Prefix, Resource};

/// The path of a record for which none is known: `-`.
const NO_PATH: u8 = 255;

/// What is tested per record once Exporter and prefixes have fitted.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) resource: ResourceIndex,
    /// How far down its tree.
    level: u8,
    /// Its place by id, so that ties do not depend on the order of the configuration.
    order: u32,
    /// What it is part of.
    above: Box<[ResourceIndex]>,
    /// Interfaces that face it, ascending; none: any will do.
    facing: Box<[u32]>,
    /// Paths of the interfaces that lead away from it, ascending by interface.
    paths: Box<[(u32, u8)]>,
}

/// The selectors that hold for a resource: its own, else those of the nearest that it is part of.
pub(super) struct Selectors<'a> {
    pub(super) exporters: &'a [ExporterSelector],
    pub(super) facing: Vec<u32>,
    pub(super) prefixes: &'a [Prefix],
}

impl<'a> Selectors<'a> {
    pub(super) fn of(inventory: &'a Inventory, resource: ResourceIndex) -> Self {
        let line = || inventory.lineage(resource);
        let mut facing = line().map(facing_interfaces).find(|own| !own.is_empty());
        Self {
            exporters: nearest(line(), |r| &r.exporters),
            facing: facing.take().unwrap_or_default(),
            prefixes: nearest(line(), |r| &r.prefixes),
        }
    }

    /// Without a selector a resource only holds others together.
    pub(super) fn are_none(&self) -> bool {
        self.exporters.is_empty() && self.facing.is_empty() && self.prefixes.is_empty()
    }
}

impl Member {
    pub(super) fn new(inventory: &Inventory, resource: ResourceIndex, order: u32) -> Self {
        let level = inventory.resource(resource).map_or(0, |r| r.kind.level());
        let mut paths: Vec<(u32, u8)> = Vec::new();
        // The nearest statement about an interface comes first and stays.
        for Interface { index, path, .. } in inventory
            .lineage(resource)
            .flat_map(|r| r.interfaces.iter().copied())
        {
            if let Some(path) = path
                && paths.iter().all(|&(known, _)| known != index)
            {
                paths.push((index, path.number()));
            }
        }
        paths.sort_unstable();
        let above = inventory.line(resource).skip(1).map(|(index, _)| index);
        Self {
            resource,
            level,
            order,
            above: above.collect(),
            facing: Selectors::of(inventory, resource).facing.into(),
            paths: paths.into(),
        }
    }

    /// Whether `other` is something that this is part of.
    pub(super) fn is_below(&self, other: &Self) -> bool {
        self.above.contains(&other.resource)
    }

    #[inline]
    pub(super) fn faces(&self, interface: Option<u32>) -> bool {
        interface.is_some_and(|interface| self.facing.binary_search(&interface).is_ok())
    }

    /// Whether the record uses an interface that faces the resource, if any are stated.
    #[inline]
    pub(super) fn fits_interfaces(&self, record: &FlowRecord) -> bool {
        self.facing.is_empty() || self.faces(ingress(record)) || self.faces(egress(record))
    }

    /// The path of a record that goes that way: that of the interface away from the resource.
    #[inline]
    pub(super) fn path(&self, record: &FlowRecord, direction: Direction) -> u8 {
        if self.paths.is_empty() {
            return NO_PATH;
        }
        let away = match direction {
            Direction::In => ingress(record),
            Direction::Out => egress(record),
            Direction::Unknown => None,
        };
        let known = away.and_then(|away| {
            let at = self.paths.binary_search_by_key(&away, |&(index, _)| index);
            self.paths.get(at.ok()?)
        });
        known.map_or(NO_PATH, |&(_, path)| path)
    }

    /// How much better than others this resource names one end of a record; never 0.
    ///
    /// The deepest first; then the one that the record's interface at this end faces; the longer
    /// prefix; the more specific selector of Exporters; at last the lower id.
    #[inline]
    pub(super) fn rank(&self, specificity: u16, length: u8, faced: bool) -> u64 {
        let level = u64::from(self.level).saturating_add(1);
        (level << 57)
            | (u64::from(faced) << 56)
            | (u64::from(length) << 48)
            | (u64::from(specificity) << 32)
            | u64::from(u32::MAX - self.order)
    }
}

/// The ingress interface, if the record has one.
#[inline]
pub(super) fn ingress(record: &FlowRecord) -> Option<u32> {
    let there = record.fields.contains(Fields::INGRESS_INTERFACE);
    there.then_some(record.ingress_interface)
}

/// The egress interface, if the record has one.
#[inline]
pub(super) fn egress(record: &FlowRecord) -> Option<u32> {
    let there = record.fields.contains(Fields::EGRESS_INTERFACE);
    there.then_some(record.egress_interface)
}

fn facing_interfaces(resource: &Resource) -> Vec<u32> {
    let facing = resource.interfaces.iter().filter(|i| i.facing);
    let mut facing: Vec<u32> = facing.map(|interface| interface.index).collect();
    facing.sort_unstable();
    facing.dedup();
    facing
}

fn nearest<'a, T>(
    mut line: impl Iterator<Item = &'a Resource>,
    get: impl Fn(&'a Resource) -> &'a Vec<T>,
) -> &'a [T] {
    line.find_map(|r| Some(get(r).as_slice()).filter(|own| !own.is_empty()))
        .unwrap_or_default()
}
