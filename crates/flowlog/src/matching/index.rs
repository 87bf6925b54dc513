//! The resources of one flow log that one selector of Exporters has: which of them a record names.

use alloc::boxed::Box;
use alloc::vec::Vec;

use flowlog_record::{Action, Direction, Fields, FlowRecord, Placed, ResourceIndex};

use super::member::{Member, Selectors, egress, ingress};
use super::prefix_table::PrefixTable;
use crate::Inventory;

/// How many records are looked at in one go.
pub(super) const BATCH: usize = 64;

/// Resources by the selector that finds them fastest.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// How specific the selector of Exporters is.
    specificity: u16,
    /// Resources with prefixes.
    by_prefix: PrefixTable,
    /// Resources with interfaces and no prefixes, ascending by interface.
    by_interface: Vec<(u32, u32)>,
    /// The best of the resources that the Exporter alone decides.
    by_exporter: Option<u32>,
}

/// What decided a direction, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Method {
    Exporter,
    Interface,
    Prefix,
}

/// The best resource for one end of a record; rank 0: none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Best {
    pub(super) rank: u64,
    pub(super) member: u32,
    pub(super) method: Method,
}

impl Best {
    const NONE: Self = Self {
        rank: 0,
        member: 0,
        method: Method::Exporter,
    };

    #[inline]
    pub(super) const fn is_some(self) -> bool {
        self.rank != 0
    }

    #[inline]
    fn offer(&mut self, rank: u64, member: u32, method: Method) {
        if rank > self.rank {
            *self = Self {
                rank,
                member,
                method,
            };
        }
    }

    #[inline]
    pub(super) const fn or(self, other: Self) -> Self {
        if other.rank > self.rank { other } else { self }
    }
}

/// The two ends of a record, and what is neither.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    /// The resource that it went to.
    pub(super) inward: Best,
    /// The resource that it came from.
    pub(super) outward: Best,
    /// The resource that it belongs to, one way or the other.
    pub(super) unknown: Best,
}

impl Ends {
    pub(super) const NONE: Self = Self {
        inward: Best::NONE,
        outward: Best::NONE,
        unknown: Best::NONE,
    };
}

impl Index {
    pub(super) fn new(
        inventory: &Inventory,
        members: &[Member],
        resources: &[ResourceIndex],
        specificity: u16,
    ) -> Self {
        let mut prefixes = Vec::new();
        let mut index = Self {
            specificity,
            ..Self::default()
        };
        let mut best = 0;
        for &resource in resources {
            let selectors = Selectors::of(inventory, resource);
            let number = resource.0;
            if !selectors.prefixes.is_empty() {
                prefixes.extend(selectors.prefixes.iter().map(|&prefix| (prefix, number)));
            } else if !selectors.facing.is_empty() {
                let facing = selectors.facing.iter().map(|&index| (index, number));
                index.by_interface.extend(facing);
            } else if let Some(member) = member(members, number) {
                let rank = member.rank(specificity, 0, false);
                if rank > best {
                    best = rank;
                    index.by_exporter = Some(number);
                }
            }
        }
        index.by_interface.sort_unstable();
        index.by_prefix = PrefixTable::new(prefixes);
        index
    }

    /// The resource that every record belongs to, if nothing but the Exporter decides.
    pub(super) fn whole(&self) -> Option<ResourceIndex> {
        let whole = self.by_prefix.is_empty() && self.by_interface.is_empty();
        self.by_exporter.filter(|_| whole).map(ResourceIndex)
    }

    /// Offers the resources that `record` belongs to for the ends that they are at.
    #[inline]
    pub(super) fn find(&self, members: &[Member], record: &FlowRecord, ends: &mut Ends) {
        if !self.by_prefix.is_empty() {
            self.find_by_prefix(members, record, ends);
        }
        if !self.by_interface.is_empty() {
            self.find_by_interface(members, egress(record), &mut ends.inward);
            self.find_by_interface(members, ingress(record), &mut ends.outward);
        }
        if let Some(number) = self.by_exporter
            && let Some(member) = member(members, number)
        {
            let end = match (record.fields.contains(Fields::DIRECTION), record.direction) {
                (true, 0) => &mut ends.inward,
                (true, 1) => &mut ends.outward,
                _ => &mut ends.unknown,
            };
            let rank = member.rank(self.specificity, 0, false);
            end.offer(rank, number, Method::Exporter);
        }
    }

    fn find_by_prefix(&self, members: &[Member], record: &FlowRecord, ends: &mut Ends) {
        let sides = [
            (
                Fields::DESTINATION,
                record.destination,
                egress(record),
                &mut ends.inward,
            ),
            (
                Fields::SOURCE,
                record.source,
                ingress(record),
                &mut ends.outward,
            ),
        ];
        for (there, address, interface, end) in sides {
            if !record.fields.contains(there) {
                continue;
            }
            let holding = self.by_prefix.holding(address);
            let each =
                holding.flat_map(|(length, numbers)| numbers.iter().map(move |n| (length, n)));
            for (length, &number) in each {
                let member = member(members, number);
                let Some(member) = member.filter(|m| m.fits_interfaces(record)) else {
                    continue;
                };
                let rank = member.rank(self.specificity, length, member.faces(interface));
                end.offer(rank, number, Method::Prefix);
            }
        }
    }

    fn find_by_interface(&self, members: &[Member], interface: Option<u32>, end: &mut Best) {
        let Some(interface) = interface else {
            return;
        };
        let begin = self.by_interface.partition_point(|&(i, _)| i < interface);
        let there = self.by_interface.get(begin..).unwrap_or_default();
        for &(_, number) in there.iter().take_while(|&&(i, _)| i == interface) {
            if let Some(member) = member(members, number) {
                let rank = member.rank(self.specificity, 0, true);
                end.offer(rank, number, Method::Interface);
            }
        }
    }
}

/// The placements of a batch of which every record belongs to one SAG.
pub(super) fn uniform(resource: ResourceIndex) -> Box<[Placed]> {
    (0..=u8::MAX)
        .take(BATCH)
        .map(|record| Placed {
            record,
            direction: Direction::Unknown,
            action: Action::Accept,
            path: 255,
            resource,
        })
        .collect()
}

#[inline]
pub(super) fn member(members: &[Member], number: u32) -> Option<&Member> {
    members.get(usize::try_from(number).ok()?)
}
