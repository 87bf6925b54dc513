//! What the workers have counted, posted once a second and published when somebody asks.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use flowlog_aggregate::FlowLogLedger;
use flowlog_logstore::{Logstore, Stats};
use flowlog_pipeline::Ledger;
use flowlog_record::FlowLogIndex;

use super::begin::Owned;
use crate::telemetry::metrics::{self as names, Metric};

/// Exporters that have series of their own; what others do is published together.
const OWN_SERIES: usize = 256;

/// What one worker took from the kernel.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Received {
    pub(crate) datagrams: u64,
    pub(crate) octets: u64,
    /// Datagrams of a partition that another worker owns: given up.
    pub(crate) missteered: u64,
    pub(crate) errors: u64,
    pub(crate) kernel_drops: u64,
    /// Messages that were not written, because there were too many of their kind.
    pub(crate) suppressed_warnings: u64,
}

/// What one worker has posted.
#[derive(Clone, Debug, Default)]
struct Figures {
    received: Received,
    ledger: Ledger,
    flow_logs: Vec<FlowLogLedger>,
    exporters: Vec<(IpAddr, Exported)>,
    open_rows: u64,
}

/// What is counted of one Exporter.
#[derive(Clone, Copy, Debug, Default)]
struct Exported {
    datagrams: u64,
    records: u64,
    missed_records: u64,
    malformed: u64,
}

/// Where workers post what they have counted.
#[derive(Debug)]
pub(crate) struct Board {
    workers: Vec<Mutex<Figures>>,
    /// The ids of the flow logs, in the order of their indices.
    flow_logs: Mutex<Vec<String>>,
    /// Exporters that have series of their own: first come, first served.
    known: Mutex<BTreeSet<IpAddr>>,
    /// Rows that the merger has made, by flow log.
    merged: Mutex<BTreeMap<FlowLogIndex, u64>>,
    /// Rows that have left their partitions, and those of them that wait no more.
    rows_left: AtomicU64,
    rows_delivered: AtomicU64,
    clamped_times: AtomicU64,
    rows_given_up: AtomicU64,
}

impl Board {
    pub(crate) fn new(workers: usize, flow_logs: Vec<String>) -> Self {
        Self {
            workers: (0..workers).map(|_| Mutex::default()).collect(),
            flow_logs: Mutex::new(flow_logs),
            known: Mutex::default(),
            merged: Mutex::default(),
            rows_left: AtomicU64::new(0),
            rows_delivered: AtomicU64::new(0),
            clamped_times: AtomicU64::new(0),
            rows_given_up: AtomicU64::new(0),
        }
    }

    /// The flow logs of a new generation.
    pub(crate) fn set_flow_logs(&self, flow_logs: Vec<String>) {
        *locked(&self.flow_logs) = flow_logs;
    }

    /// How many rows the merger has made since it began, saved state included.
    pub(crate) fn merged(&self, counts: impl Iterator<Item = (FlowLogIndex, u64)>) {
        locked(&self.merged).extend(counts);
    }

    /// Rows have left a partition.
    pub(crate) fn rows_left(&self, rows: usize) {
        self.rows_left.fetch_add(wide(rows), Ordering::Relaxed);
    }

    /// Rows are stored, but for those that were given up.
    pub(crate) fn rows_delivered(&self, rows: usize, clamped_times: u64, given_up: usize) {
        self.rows_delivered.fetch_add(wide(rows), Ordering::Relaxed);
        self.clamped_times
            .fetch_add(clamped_times, Ordering::Relaxed);
        self.rows_given_up
            .fetch_add(wide(given_up), Ordering::Relaxed);
    }

    /// What a worker has counted since it began, saved state included.
    pub(crate) fn post(&self, worker: usize, received: Received, owned: &[Owned]) {
        let Some(place) = self.workers.get(worker) else {
            return;
        };
        let count = locked(&self.flow_logs).len();
        let mut figures = Figures {
            received,
            ..Figures::default()
        };
        figures.flow_logs.resize(count, FlowLogLedger::default());
        let heard = |owned: &&Owned| owned.partition.ledger().datagrams.total() > 0;
        for Owned { partition, .. } in owned.iter().filter(heard) {
            figures.ledger += partition.ledger();
            for (index, sum) in (0..).map(FlowLogIndex).zip(&mut figures.flow_logs) {
                *sum += partition.flow_log_ledger(index);
            }
            figures.open_rows += partition.open_rows();
            figures
                .exporters
                .extend(partition.decoder().exporters().map(|exporter| {
                    let stats = &exporter.stats;
                    let exported = Exported {
                        datagrams: stats.datagrams,
                        records: stats.flows,
                        missed_records: stats.missed_records,
                        malformed: stats.malformed,
                    };
                    (exporter.address, exported)
                }));
        }
        *locked(place) = figures;
    }

    /// Publishes what was posted last.
    pub(crate) fn publish(&self) {
        let all: Vec<Figures> = self
            .workers
            .iter()
            .map(|worker| locked(worker).clone())
            .collect();
        for (number, figures) in all.iter().enumerate() {
            publish_received(number, &figures.received);
        }
        let mut ledger = Ledger::default();
        for figures in &all {
            ledger += &figures.ledger;
        }
        publish_ledger(&ledger);
        let merged = locked(&self.merged).clone();
        for (number, id) in (0..).zip(locked(&self.flow_logs).iter()) {
            let mut sum = FlowLogLedger::default();
            all.iter()
                .filter_map(|figures| figures.flow_logs.get(usize::from(number)))
                .for_each(|l| sum += l);
            sum.rows += merged.get(&FlowLogIndex(number)).copied().unwrap_or(0);
            publish_flow_log(id, &sum);
        }
        let sum = |of: fn(&Figures) -> u64| all.iter().map(of).sum::<u64>();
        let suppressed = sum(|f| f.received.suppressed_warnings);
        names::FLOWLOGD_SUPPRESSED_WARNINGS.count(&[], suppressed);
        names::PIPELINE_LIVE_FLOWS.measure(&[], sum(|f| f.open_rows));
        names::PIPELINE_EXPORTERS.measure(&[], sum(|f| wide(f.exporters.len())));
        self.publish_exporters(&all);
        self.publish_delivery();
    }

    fn publish_delivery(&self) {
        names::PIPELINE_WAITING_ROWS.measure(&[], self.waiting_rows());
        let clamped_times = self.clamped_times.load(Ordering::Relaxed);
        names::LOGSTORE_CLAMPED_TIMES.count(&[], clamped_times);
        names::LOGSTORE_GIVEN_UP_ROWS.count(&[], self.given_up_rows());
    }

    /// Rows that have left their partitions and are not stored yet.
    pub(crate) fn waiting_rows(&self) -> u64 {
        // In this order, so that rows that leave meanwhile do not make it negative.
        let delivered = self.rows_delivered.load(Ordering::Relaxed);
        let left = self.rows_left.load(Ordering::Relaxed);
        left.saturating_sub(delivered)
    }

    /// Rows that no Logstore takes.
    pub(crate) fn given_up_rows(&self) -> u64 {
        self.rows_given_up.load(Ordering::Relaxed)
    }

    fn publish_exporters(&self, all: &[Figures]) {
        let mut known = locked(&self.known);
        let mut sums: BTreeMap<Option<IpAddr>, Exported> = BTreeMap::new();
        let mut missed = 0;
        for (address, exported) in all.iter().flat_map(|figures| &figures.exporters) {
            if known.len() < OWN_SERIES {
                known.insert(*address);
            }
            let series = known.contains(address).then_some(*address);
            let sum = sums.entry(series).or_default();
            sum.datagrams += exported.datagrams;
            sum.records += exported.records;
            sum.missed_records += exported.missed_records;
            sum.malformed += exported.malformed;
            missed += exported.missed_records;
        }
        names::PIPELINE_LOST_RECORDS.count(&[], missed);
        for (series, sum) in sums {
            let name = series.map_or_else(|| "other".to_owned(), |address| address.to_string());
            let labels = [("exporter", name)];
            names::EXPORTER_DATAGRAMS.count(&labels, sum.datagrams);
            names::EXPORTER_RECORDS.count(&labels, sum.records);
            names::EXPORTER_LOST_RECORDS.count(&labels, sum.missed_records);
            names::EXPORTER_MALFORMED.count(&labels, sum.malformed);
        }
    }
}

/// Publishes what the Logstore has counted.
pub(crate) fn publish_logstore(logstore: &Logstore) {
    let stats = logstore.stats();
    names::LOGSTORE_BATCHES.count(&[], stats.batches);
    names::LOGSTORE_ROWS.count(&[], stats.rows);
    names::LOGSTORE_REPEATED_ROWS.count(&[], stats.rows_repeated);
    let refused = [
        ("full", stats.batches_refused_full),
        ("other", stats.batches_refused),
    ];
    for (reason, count) in refused {
        names::LOGSTORE_REFUSED_BATCHES.count(&[("reason", reason.to_owned())], count);
    }
    names::LOGSTORE_JOURNAL_OCTETS.count(&[], stats.journal_octets);
    names::LOGSTORE_JOURNAL_SYNCS.count(&[], stats.journal_syncs);
    names::LOGSTORE_TORN_JOURNAL_OCTETS.count(&[], stats.journal_torn_octets);
    names::LOGSTORE_SEALED_SEGMENTS.count(&[], stats.segments_sealed);
    names::LOGSTORE_SEALED_OCTETS.count(&[], stats.segment_octets);
    names::LOGSTORE_MERGED_SEGMENTS.count(&[], stats.segments_merged);
    names::LOGSTORE_MERGE_FAILURES.count(&[], stats.merge_failures);
    names::LOGSTORE_DELETED_ROWS.count(&[], stats.rows_evicted);
    let deleted = [
        ("expired", stats.segments_expired),
        ("evicted", stats.segments_evicted),
    ];
    for (reason, count) in deleted {
        names::LOGSTORE_DELETED_SEGMENTS.count(&[("reason", reason.to_owned())], count);
    }
    names::LOGSTORE_JOURNAL_FAILURES.count(&[], stats.journal_failures);
    names::LOGSTORE_SEAL_FAILURES.count(&[], stats.seal_failures);
    names::LOGSTORE_SET_ASIDE_SEGMENTS.count(&[], stats.segments_set_aside);
    names::LOGSTORE_DISK_OCTETS.measure(&[], logstore.disk_octets());
    publish_asked(&stats);
}

/// Publishes what clients have asked of the Logstore.
fn publish_asked(stats: &Stats) {
    let queries = [
        ("answered", stats.queries),
        ("failed", stats.queries_failed),
        ("refused", stats.queries_refused),
    ];
    for (outcome, count) in queries {
        names::LOGSTORE_QUERIES.count(&[("outcome", outcome.to_owned())], count);
    }
    names::LOGSTORE_SCANNED_ROWS.count(&[], stats.rows_scanned);
    let row_groups = [
        ("read", stats.row_groups_read),
        ("skipped", stats.row_groups_skipped),
    ];
    for (what, count) in row_groups {
        names::LOGSTORE_ROW_GROUPS.count(&[("what", what.to_owned())], count);
    }
    let failed = stats.requests_failed;
    let requests = [
        ("answered", stats.requests.saturating_sub(failed)),
        ("failed", failed.saturating_sub(stats.requests_unauthorized)),
        ("unauthorized", stats.requests_unauthorized),
    ];
    for (outcome, count) in requests {
        names::LOGSTORE_REQUESTS.count(&[("outcome", outcome.to_owned())], count);
    }
    names::LOGSTORE_PUT_ROWS.count(&[], stats.rows_put);
    names::LOGSTORE_PULLED_GROUPS.count(&[], stats.groups_pulled);
}

fn publish_received(worker: usize, received: &Received) {
    let labels = [("socket", worker.to_string())];
    names::COLLECT_DATAGRAMS.count(&labels, received.datagrams);
    names::COLLECT_OCTETS.count(&labels, received.octets);
    names::COLLECT_KERNEL_DROPS.count(&labels, received.kernel_drops);
    names::COLLECT_MISSTEERED.count(&labels, received.missteered);
    names::COLLECT_ERRORS.count(&labels, received.errors);
}

fn publish_ledger(ledger: &Ledger) {
    let datagrams = &ledger.datagrams;
    let outcomes = [
        ("accepted", datagrams.accepted),
        ("duplicate", datagrams.duplicate),
        ("refused", datagrams.refused),
        ("malformed", datagrams.malformed),
        ("shed", datagrams.shed),
    ];
    for (outcome, count) in outcomes {
        names::PIPELINE_DATAGRAMS.count(&[("outcome", outcome.to_owned())], count);
    }
    names::PIPELINE_PARTLY_MALFORMED.count(&[], datagrams.partly_malformed);
    let sets = &ledger.sets;
    let outcomes = [
        ("decoded", sets.decoded),
        ("expired", sets.expired),
        ("skipped", sets.skipped),
    ];
    for (outcome, count) in outcomes {
        names::PIPELINE_SETS.count(&[("outcome", outcome.to_owned())], count);
    }
    names::PIPELINE_PARKED_SETS.measure(&[], sets.parked);
}

fn publish_flow_log(id: &str, ledger: &FlowLogLedger) {
    let outcomes = [
        ("matched", &ledger.matched),
        ("emitted", &ledger.emitted),
        ("late_dropped", &ledger.late_dropped),
        ("baseline", &ledger.baseline),
        ("egress_copy", &ledger.egress_copy),
        ("event", &ledger.event),
        ("inactive", &ledger.inactive),
    ];
    for (outcome, amount) in outcomes {
        let labels = [("flow_log", id.to_owned()), ("outcome", outcome.to_owned())];
        let publish = |metric: Metric, count| metric.count(&labels, count);
        publish(names::PIPELINE_RECORDS, amount.records);
        publish(
            names::PIPELINE_PACKETS,
            u64::try_from(amount.packets).unwrap_or(u64::MAX),
        );
        publish(
            names::PIPELINE_OCTETS,
            u64::try_from(amount.octets).unwrap_or(u64::MAX),
        );
    }
    let labels = [("flow_log", id.to_owned())];
    names::PIPELINE_OPEN_RECORDS.measure(&labels, ledger.open.records);
    names::PIPELINE_ROWS.count(&labels, ledger.rows);
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
