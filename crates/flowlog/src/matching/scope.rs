//! One Exporter and domain: which flow logs its records belong to. The hot path.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use flowlog_record::{
    Action, Address, Direction, Fields, FlowLogIndex, FlowRecord, Placed, ResourceIndex,
};

use super::compile::{Compiled, Filter};
use super::index::{BATCH, Best, Ends, Index, member};
use super::member::Member;
use super::prefix_table::PrefixTable;
use crate::Product;

/// The flow logs that the records of one Exporter and Observation Domain belong to.
///
/// Made by [`crate::MatchTable::scope`]; it stays as it is when the table is replaced, so the caller
/// makes new ones for a new generation. A clone shares everything.
#[derive(Clone, Debug)]
pub struct ExporterScope(pub(super) Arc<Scope>);

#[derive(Debug)]
pub(super) struct Scope {
    pub(super) compiled: Arc<Compiled>,
    /// Addresses that this Exporter may speak for, with the selectors that name them.
    pub(super) relays: Vec<Arc<PrefixTable>>,
    pub(super) active: Vec<Scoped>,
    pub(super) inactive: Vec<Scoped>,
}

/// A flow log that has, or may have, records of this Exporter.
#[derive(Debug)]
pub(super) struct Scoped {
    pub(super) flow_log: FlowLogIndex,
    pub(super) filter: Filter,
    /// For every record.
    pub(super) indexes: Vec<Arc<Index>>,
    /// For records that no selector of a relayed Exporter claims.
    pub(super) unclaimed: Option<Arc<Index>>,
    /// The whole answer, when it is the same for every batch.
    pub(super) uniform: Option<Arc<Box<[Placed]>>>,
}

/// Where a relayed record says that it comes from, per record of a batch.
type Origins = [Option<Address>; BATCH];

impl ExporterScope {
    /// Whether no flow log, active or not, has records of this Exporter.
    pub fn is_empty(&self) -> bool {
        self.0.active.is_empty() && self.0.inactive.is_empty()
    }

    /// Places a batch of settled records: calls `each` once per active flow log that has some of
    /// them, with the placements in the order of the records. A record has at most two (one per
    /// end), so there are at most 128 in one call.
    ///
    /// A batch has at most 64 records; more are taken in further goes, each with its own calls, up to
    /// the 256 that a placement can number. `relayed` says which Exporter the elements 130, 131 or
    /// 403 of a record name; it is asked only for records that carry them, and only if this Exporter
    /// is a trusted relay.
    pub fn place_batch(
        &self,
        records: &[FlowRecord],
        relayed: &mut dyn FnMut(usize) -> Option<IpAddr>,
        each: &mut impl FnMut(FlowLogIndex, &[Placed]),
    ) {
        self.0.place(&self.0.active, records, relayed, each);
    }

    /// As [`ExporterScope::place_batch`], for the flow logs that are switched off: what arrives for
    /// them is counted only. Costs nothing when there are none.
    pub fn each_inactive(
        &self,
        records: &[FlowRecord],
        relayed: &mut dyn FnMut(usize) -> Option<IpAddr>,
        each: &mut impl FnMut(FlowLogIndex, &[Placed]),
    ) {
        self.0.place(&self.0.inactive, records, relayed, each);
    }
}

impl Scope {
    fn place(
        &self,
        flow_logs: &[Scoped],
        records: &[FlowRecord],
        relayed: &mut dyn FnMut(usize) -> Option<IpAddr>,
        each: &mut impl FnMut(FlowLogIndex, &[Placed]),
    ) {
        debug_assert!(
            records.len() <= 256,
            "a placement numbers records in one octet"
        );
        for (nth, batch) in records.chunks(BATCH).enumerate() {
            let Ok(base) = u8::try_from(nth.saturating_mul(BATCH)) else {
                return;
            };
            let origins = self.origins(base, batch, relayed);
            for scoped in flow_logs {
                match &scoped.uniform {
                    Some(uniform) if base == 0 => {
                        each(
                            scoped.flow_log,
                            uniform.get(..batch.len()).unwrap_or_default(),
                        );
                    }
                    _ => self.place_each(scoped, (base, batch), origins.as_ref(), each),
                }
            }
        }
    }

    fn place_each(
        &self,
        scoped: &Scoped,
        (base, batch): (u8, &[FlowRecord]),
        origins: Option<&Origins>,
        each: &mut impl FnMut(FlowLogIndex, &[Placed]),
    ) {
        let mut placements = Placements::new();
        for (nth, record) in (0_u8..).zip(batch) {
            if !scoped.filter.takes_family(record) {
                continue;
            }
            let origin = origins.and_then(|origins| origins.get(usize::from(nth)).copied());
            let ends = self.ends(scoped, record, origin.flatten());
            placements.record = base.saturating_add(nth);
            placements.take(scoped.filter, &self.compiled.members, record, &ends);
        }
        let placed = placements.as_slice();
        if !placed.is_empty() {
            each(scoped.flow_log, placed);
        }
    }

    /// The best resources for the ends of a record.
    #[inline]
    fn ends(&self, scoped: &Scoped, record: &FlowRecord, origin: Option<Address>) -> Ends {
        let members = &self.compiled.members;
        let mut ends = Ends::NONE;
        for index in &scoped.indexes {
            index.find(members, record, &mut ends);
        }
        let mut claimed = false;
        if let Some(origin) = origin {
            let layers = self.relays.iter().flat_map(|relay| relay.holding(origin));
            for &layer in layers.flat_map(|(_, layers)| layers) {
                claimed = true;
                if let Some(index) = self.compiled.index(layer, scoped.flow_log) {
                    index.find(members, record, &mut ends);
                }
            }
        }
        if let Some(unclaimed) = scoped.unclaimed.as_ref().filter(|_| !claimed) {
            unclaimed.find(members, record, &mut ends);
        }
        ends
    }

    /// Asks each relayed record once where it comes from.
    fn origins(
        &self,
        base: u8,
        batch: &[FlowRecord],
        relayed: &mut dyn FnMut(usize) -> Option<IpAddr>,
    ) -> Option<Origins> {
        if self.relays.is_empty() {
            return None;
        }
        let mut origins = [None; BATCH];
        for ((nth, record), origin) in (usize::from(base)..).zip(batch).zip(&mut origins) {
            if record.fields.contains(Fields::RELAYED) {
                *origin = relayed(nth).map(Address::from);
            }
        }
        Some(origins)
    }
}

/// The placements of one batch in one flow log: two per record at most.
struct Placements {
    placed: [Placed; 2 * BATCH],
    count: usize,
    record: u8,
}

impl Placements {
    fn new() -> Self {
        Self {
            placed: [Placed::default(); 2 * BATCH],
            count: 0,
            record: 0,
        }
    }

    fn as_slice(&self) -> &[Placed] {
        self.placed.get(..self.count).unwrap_or_default()
    }

    #[inline]
    fn take(&mut self, filter: Filter, members: &[Member], record: &FlowRecord, ends: &Ends) {
        let Ends {
            mut inward,
            mut outward,
            unknown,
        } = *ends;
        if filter.product == Product::Sag {
            let best = inward.or(outward).or(unknown);
            return self.push(filter, members, record, (best, Direction::Unknown));
        }
        if !inward.is_some() && !outward.is_some() {
            return self.push(filter, members, record, (unknown, Direction::Unknown));
        }
        drop_echo(members, &mut inward, &mut outward);
        self.push(filter, members, record, (inward, Direction::In));
        self.push(filter, members, record, (outward, Direction::Out));
    }

    #[inline]
    fn push(
        &mut self,
        filter: Filter,
        members: &[Member],
        record: &FlowRecord,
        (best, direction): (Best, Direction),
    ) {
        let Some(member) = member(members, best.member).filter(|_| best.is_some()) else {
            return;
        };
        let Some((action, path)) = filter.admit(member, record, direction) else {
            return;
        };
        if let Some(placed) = self.placed.get_mut(self.count) {
            *placed = Placed {
                record: self.record,
                direction,
                action,
                path,
                resource: ResourceIndex(best.member),
            };
            self.count += 1;
        }
    }
}

/// When the better evidence puts a record at one end of a resource, weaker evidence about something
/// that this resource is part of does not put it at the other end as well.
fn drop_echo(members: &[Member], a: &mut Best, b: &mut Best) {
    if !a.is_some() || !b.is_some() || a.method == b.method {
        return;
    }
    let (strong, weak) = if a.method > b.method { (a, b) } else { (b, a) };
    let below = match (member(members, strong.member), member(members, weak.member)) {
        (Some(strong), Some(weak)) => strong.is_below(weak),
        _ => false,
    };
    if below {
        weak.rank = 0;
    }
}

impl Filter {
    #[inline]
    fn takes_family(self, record: &FlowRecord) -> bool {
        !(self.ipv4_only && record.fields.contains(Fields::IPV6))
    }

    /// Action and path of the placement, if the flow log takes them.
    #[inline]
    fn admit(
        self,
        member: &Member,
        record: &FlowRecord,
        direction: Direction,
    ) -> Option<(Action, u8)> {
        let action = action_of(record);
        if !self.traffic_type.takes(action) {
            return None;
        }
        match self.product {
            Product::Sag => Some((Action::Accept, 255)),
            Product::Cen => Some((action, 255)),
            Product::Vpc => {
                let path = member.path(record, direction);
                let taken = self.paths.is_none_or(|paths| {
                    let bit = 1_u32.checked_shl(u32::from(path)).unwrap_or(0);
                    paths & bit != 0
                });
                taken.then_some((action, path))
            }
        }
    }
}

/// Element 89 in 128 to 191 (dropped), or 233 = 3 (flow denied): rejected.
#[inline]
pub(super) fn action_of(record: &FlowRecord) -> Action {
    let dropped = record.fields.contains(Fields::FORWARDING_STATUS)
        && (128..=191).contains(&record.forwarding_status);
    let denied = record.fields.contains(Fields::FIREWALL_EVENT) && record.firewall_event == 3;
    if dropped || denied {
        Action::Reject
    } else {
        Action::Accept
    }
}
