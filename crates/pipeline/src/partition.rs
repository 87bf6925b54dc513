//! One partition: the hot path, whole, in one place.
//!
//! `(state, timestamped datagram | tick | change) → rows`. For each input: advance time, fire what
//! is due in order of due time, then apply. The same inputs give the same rows, whatever the
//! number of threads; how often a tick comes changes no row.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use flowlog_aggregate::{
    Aggregator, Arrival, Coverage, FlowLogLedger, FlowMemory, Hold, Loss, Notice, Origin, Rules,
};
use flowlog_decode::{Batch, Decoded, Decoder, Exporter, Header, KnownRates, Outcome, Visitor};
use flowlog_flowlog::{ExporterScope, MatchTable};
use flowlog_record::{
    Address, EnterpriseNumber, ExporterId, ExporterProfile, FlowLogIndex, FlowRecord,
    InformationElementId, ObservationDomain, Row, Timestamp,
};

use crate::blocks::RowBlocks;
use crate::copies::EgressCopies;
use crate::extras::Extras;
use crate::generation::Generation;
use crate::ledger::Ledger;
use crate::settings::Settings;

/// One partition's whole state and the code that drives it.
#[derive(Debug)]
pub struct Partition {
    pub(crate) decoder: Decoder,
    pub(crate) flows: Flows,
    pub(crate) ledger: Ledger,
    /// Pipeline time: the greatest arrival or tick seen.
    pub(crate) now: Timestamp,
}

/// What a batch of records meets behind decoding, on its way to rows.
#[derive(Debug)]
pub(crate) struct Flows {
    table: MatchTable,
    rules: Vec<(FlowLogIndex, Option<Rules>)>,
    extras: Extras,
    scopes: BTreeMap<(ExporterId, ObservationDomain), ExporterScope>,
    max_scopes: usize,
    pub(crate) copies: EgressCopies,
    pub(crate) memory: FlowMemory,
    /// The longest hold of the flow logs: how long the memory keeps a flow beyond `2·Ta`.
    longest_hold: i64,
    pub(crate) aggregator: Aggregator,
    pub(crate) rows: RowBlocks,
}

impl Partition {
    /// An empty partition with the flow logs of `generation`.
    pub fn new(settings: &Settings, generation: &Generation) -> Self {
        let mut partition = Self {
            decoder: Decoder::new(settings.decode, settings.key),
            flows: Flows {
                table: generation.table.clone(),
                rules: Vec::new(),
                extras: Extras::default(),
                scopes: BTreeMap::new(),
                max_scopes: settings.exporters.saturating_mul(2),
                copies: EgressCopies::new(settings.exporters, settings.interfaces),
                memory: FlowMemory::new(settings.remembered_flows, settings.key),
                longest_hold: 0,
                aggregator: Aggregator::new(settings.aggregate, settings.key),
                rows: RowBlocks::default(),
            },
            ledger: Ledger::default(),
            now: Timestamp::MIN,
        };
        partition.handle_change(Timestamp::MIN, generation);
        partition
    }

    /// A datagram from `from` that arrived at `at`.
    pub fn handle_datagram(&mut self, at: Timestamp, from: IpAddr, octets: &[u8]) -> Decoded {
        self.handle_tick(at);
        let decoded = self.decoder.decode(at, from, octets, &mut self.flows);
        self.ledger.enter(&decoded);
        let loss = loss(&decoded);
        if !loss.is_nothing() {
            self.lose(from, &loss);
        }
        decoded
    }

    /// A datagram from `from` that is given up for lack of memory; a decision taken outside. What
    /// was in it, sequence numbers will tell.
    pub fn handle_shed(&mut self, at: Timestamp, from: IpAddr) {
        self.handle_tick(at);
        self.ledger.datagrams.shed += 1;
        self.lose(from, &Loss::DAMAGE);
    }

    /// A datagram that we have sent ourselves, which is refused; a decision taken outside.
    pub fn handle_own(&mut self, at: Timestamp) {
        self.handle_tick(at);
        self.ledger.datagrams.refused += 1;
    }

    /// The kernel has dropped datagrams that may have been for this partition. How many records
    /// that were, sequence numbers will tell.
    pub fn handle_kernel_drops(&mut self, now: Timestamp) {
        self.handle_tick(now);
        self.flows.aggregator.lose(None, &Loss::DAMAGE);
    }

    /// Time goes on, datagrams or not.
    pub fn handle_tick(&mut self, now: Timestamp) {
        if now <= self.now {
            return;
        }
        let expired = self.decoder.expire(now);
        self.ledger.sets.parked = self.ledger.sets.parked.saturating_sub(expired);
        self.ledger.sets.expired += expired;
        self.now = now;
        let Flows {
            aggregator, rows, ..
        } = &mut self.flows;
        aggregator.advance(now, &mut |row| rows.push(row));
    }

    /// Other flow logs or another inventory from now on. Flow logs that went off leave their open
    /// rows; the others keep theirs.
    pub fn handle_change(&mut self, now: Timestamp, generation: &Generation) {
        self.handle_tick(now);
        let now = self.now;
        self.flows.change(now, generation);
        self.decoder.profiles_changed();
    }

    /// The input is at its end: everything that is open leaves.
    pub fn finish(&mut self) {
        let Flows {
            aggregator, rows, ..
        } = &mut self.flows;
        aggregator.finish(self.now, &mut |row| rows.push(row));
    }

    /// The rows that have left since it was last asked, in the order in which they left.
    pub fn take_rows(&mut self) -> Vec<Row> {
        self.take_blocks().into_vec()
    }

    /// The same, in blocks.
    pub fn take_blocks(&mut self) -> RowBlocks {
        core::mem::take(&mut self.flows.rows)
    }

    /// Whether rows have left since it was last asked.
    pub const fn has_rows(&self) -> bool {
        !self.flows.rows.is_empty()
    }

    /// Whether so many rows have left that it is time to take them.
    pub fn has_full_block(&self) -> bool {
        self.flows.rows.has_full_block()
    }

    /// What became of datagrams and Sets.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What became of the records of a flow log.
    pub fn flow_log_ledger(&self, flow_log: FlowLogIndex) -> &FlowLogLedger {
        self.flows.aggregator.ledger(flow_log)
    }

    /// Rows that could not be delivered come back, before those that left after them.
    pub fn put_back_rows(&mut self, mut rows: RowBlocks) {
        rows.append(self.take_blocks());
        self.flows.rows = rows;
    }

    /// What is said of the resources that flow logs watch, for [`Merger`](crate::Merger); in the
    /// order of pipeline time.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        self.flows.aggregator.take_notices()
    }

    /// What was watched is forgotten: resources are watched when they report again. For a merger that
    /// has lost its state.
    pub fn watch_anew(&mut self, generation: &Generation) {
        self.flows.watch(&[]);
        self.flows.aggregator.take_notices();
        self.flows.watch(&generation.watched);
    }

    /// Rows that are open.
    pub const fn open_rows(&self) -> u64 {
        self.flows.aggregator.open_rows()
    }

    /// The decoder, for its figures.
    pub const fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// The aggregator, for its figures.
    pub const fn aggregator(&self) -> &Aggregator {
        &self.flows.aggregator
    }

    /// Pipeline time.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    #[cold]
    fn lose(&mut self, from: IpAddr, loss: &Loss) {
        if let Some(exporter) = self.decoder.exporter(from) {
            self.flows.aggregator.lose(Some(exporter.id), loss);
        }
    }
}

impl Visitor for Flows {
    fn profile(&mut self, exporter: IpAddr, domain: ObservationDomain) -> ExporterProfile {
        self.table.profile(exporter, domain)
    }

    /// It is not silent, whatever is in the datagram.
    fn header(&mut self, exporter: &Exporter, header: &Header) {
        self.aggregator.hear(&origin(exporter, header));
    }

    fn restart(&mut self, exporter: &Exporter, domain: ObservationDomain, since: Timestamp) {
        self.memory.restart(exporter.id, domain, since);
    }

    fn rates(&mut self, exporter: &Exporter, domain: ObservationDomain, rates: KnownRates<'_>) {
        self.aggregator
            .learn_rates(exporter.id, domain, |sampler| rates.of(sampler));
    }

    /// The heart: times, then counters, then flow logs. At most 64 records of one Template.
    fn records(&mut self, batch: &mut Batch<'_>) {
        batch.settle();
        let origin = origin(batch.exporter, batch.header);
        let profile = *batch.profile();
        self.memory.settle(
            &origin,
            profile.keeps_start,
            self.longest_hold,
            batch.records,
        );
        if !profile.counts_egress {
            self.copies.mark(origin.exporter, batch.records);
        }
        let scope = match self.scopes.entry((origin.exporter, origin.domain)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                new.insert(self.table.scope(batch.exporter.address, origin.domain))
            }
        };
        let records: &[FlowRecord] = batch.records;
        let relayed = &mut |record| relayed_exporter(batch, record);
        let Self {
            aggregator,
            rows,
            extras,
            ..
        } = self;
        scope.place_batch(records, relayed, &mut |flow_log, placed| {
            let each = &mut |row| rows.push(row);
            match extras.for_flow_log(flow_log) {
                None => aggregator.observe(flow_log, &origin, records, placed, each),
                Some(elements) => {
                    let arrival = Arrival {
                        origin: &origin,
                        records,
                        placed,
                    };
                    let extra = &mut |record| Some(elements.texts(batch, record));
                    aggregator.observe_with(flow_log, arrival, extra, each);
                }
            }
        });
        scope.each_inactive(records, relayed, &mut |flow_log, placed| {
            aggregator.observe(flow_log, &origin, records, placed, &mut |row| {
                rows.push(row);
            });
        });
        self.bound_scopes();
    }
}

impl Flows {
    /// After a restart: the same flow logs, or others.
    pub(crate) fn resume(&mut self, generation: &Generation) {
        let Self {
            aggregator, rows, ..
        } = self;
        for &(flow_log, new) in &generation.rules {
            aggregator.resume_flow_log(flow_log, new, &mut |row| rows.push(row));
        }
        self.take_over(generation);
    }

    fn change(&mut self, now: Timestamp, generation: &Generation) {
        let Self {
            aggregator,
            rows,
            rules,
            ..
        } = self;
        for &(flow_log, new) in &generation.rules {
            // A flow log stands at the place of its number.
            let old = rules.get(usize::from(flow_log.0)).map(|(_, rules)| rules);
            if old != Some(&new) {
                aggregator.set_flow_log(flow_log, new, now, &mut |row| rows.push(row));
            }
        }
        self.take_over(generation);
    }

    /// Everything of a generation but the rules of aggregation.
    fn take_over(&mut self, generation: &Generation) {
        self.table = generation.table.clone();
        self.extras = generation.extras.clone();
        self.scopes.clear();
        self.rules.clone_from(&generation.rules);
        let holds = self
            .rules
            .iter()
            .filter_map(|(_, rules)| rules.as_ref())
            .map(longest_hold);
        self.longest_hold = holds.max().unwrap_or(0);
        self.watch(&generation.watched);
    }

    /// Which resources flow logs watch, by flow log.
    fn watch(&mut self, watched: &[Option<Arc<Coverage>>]) {
        for (flow_log, _) in &self.rules {
            let coverage = watched.get(usize::from(flow_log.0)).cloned().flatten();
            self.aggregator.watch(*flow_log, coverage);
        }
    }

    /// Scopes are found again when they are needed: forgetting them costs time alone. Exporters
    /// are numbered in time, so the first ones are those that were known longest.
    fn bound_scopes(&mut self) {
        while self.scopes.len() > self.max_scopes {
            self.scopes.pop_first();
        }
    }
}

fn origin(exporter: &Exporter, header: &Header) -> Origin {
    Origin {
        exporter: exporter.id,
        address: Address::from(exporter.address),
        domain: header.domain,
        at: header.at,
        shift: exporter.shift(),
        active_timeout: exporter.active_timeout(),
        first_heard: exporter.first_heard,
    }
}

/// What a datagram tells of loss: by its sequence number, or because it is damaged.
fn loss(decoded: &Decoded) -> Loss {
    Loss {
        missed: decoded.missed,
        missed_records: decoded.missed_records,
        found: decoded.found,
        found_records: decoded.found_records,
        is_damaged: matches!(
            decoded.outcome,
            Outcome::Malformed(_)
                | Outcome::Accepted {
                    partly_malformed: true
                }
        ),
    }
}

/// How long rows under these rules may wait behind their period, in milliseconds.
const fn longest_hold(rules: &Rules) -> i64 {
    match rules.hold {
        Hold::Auto => 300_000,
        Hold::Fixed(millis) => millis,
    }
}

/// The Exporter for which a relay speaks: elements 130, 131, else 403, 404 (original Exporter).
fn relayed_exporter(batch: &Batch<'_>, record: usize) -> Option<IpAddr> {
    let value = |id| batch.element(record, EnterpriseNumber::IANA, InformationElementId(id));
    let v4 = |id| {
        value(id)
            .and_then(|octets| <[u8; 4]>::try_from(octets).ok())
            .map(IpAddr::from)
    };
    let v6 = |id| {
        value(id)
            .and_then(|octets| <[u8; 16]>::try_from(octets).ok())
            .map(IpAddr::from)
    };
    v4(130)
        .or_else(|| v6(131))
        .or_else(|| v4(403))
        .or_else(|| v6(404))
}
