//! Every metric of the daemon: its name, kind, unit and meaning, in this one place.
//!
//! Names are `flowlogd_<crate>_<thing>_<unit>_total`; what counts whole things has no unit. The
//! crates count by themselves; whoever publishes calls [`Metric::count`] or [`Metric::measure`]
//! with what they say. Labels are bounded: outcomes, flow logs, sockets, and so many Exporters.

#[cfg(test)]
mod tests;

use metrics::Unit;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

/// One metric of the inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Whether it only ever grows.
    pub kind: Kind,
    /// What is counted or measured.
    pub unit: Unit,
    /// What it means, for `# HELP`.
    pub description: &'static str,
}

/// What a metric does over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Grows from the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// Declares the metrics and the list of all of them.
macro_rules! inventory {
    ($($(#[$doc:meta])* $constant:ident: $kind:ident $unit:ident $name:literal, $text:literal;)*) => {
        $(
            #[doc = $text]
            pub const $constant: Metric = Metric {
                name: $name,
                kind: Kind::$kind,
                unit: Unit::$unit,
                description: $text,
            };
        )*

        /// All metrics, in the order in which a datagram travels.
        pub const ALL: &[Metric] = &[$($constant),*];
    };
}

inventory! {
    COLLECT_DATAGRAMS: Counter Count "flowlogd_collect_datagrams_total",
        "Datagrams taken from the kernel, by socket.";
    COLLECT_OCTETS: Counter Bytes "flowlogd_collect_octets_total",
        "UDP payload taken from the kernel, by socket.";
    COLLECT_KERNEL_DROPS: Counter Count "flowlogd_collect_kernel_dropped_datagrams_total",
        "Datagrams that the kernel dropped because a socket's queue was full, by socket.";
    COLLECT_MISSTEERED: Counter Count "flowlogd_collect_missteered_datagrams_total",
        "Datagrams that reached a worker which does not own their partition, and were given up.";
    COLLECT_ERRORS: Counter Count "flowlogd_collect_errors_total",
        "Errors of receive calls, by socket.";

    PIPELINE_DATAGRAMS: Counter Count "flowlogd_pipeline_datagrams_total",
        "Datagrams by outcome: accepted, duplicate, refused, malformed, shed.";
    PIPELINE_PARTLY_MALFORMED: Counter Count "flowlogd_pipeline_partly_malformed_datagrams_total",
        "Accepted datagrams of which a part was malformed.";
    PIPELINE_SETS: Counter Count "flowlogd_pipeline_sets_total",
        "Sets by outcome: decoded, expired, skipped.";
    PIPELINE_PARKED_SETS: Gauge Count "flowlogd_pipeline_parked_sets",
        "Sets that wait for their Template.";
    PIPELINE_RECORDS: Counter Count "flowlogd_pipeline_records_total",
        "Flow Records by flow log and outcome: matched, emitted, late_dropped, baseline, \
         egress_copy, event, inactive.";
    PIPELINE_PACKETS: Counter Count "flowlogd_pipeline_packets_total",
        "Packets in Flow Records, by flow log and outcome as records.";
    PIPELINE_OCTETS: Counter Bytes "flowlogd_pipeline_octets_total",
        "Octets in Flow Records, by flow log and outcome as records.";
    PIPELINE_OPEN_RECORDS: Gauge Count "flowlogd_pipeline_open_records",
        "Flow Records in rows that have not left yet, by flow log.";
    PIPELINE_ROWS: Counter Count "flowlogd_pipeline_rows_total",
        "Rows that left, by flow log.";
    PIPELINE_LOST_RECORDS: Counter Count "flowlogd_pipeline_lost_records_total",
        "Flow Records (or datagrams, as versions count) that sequence numbers say were lost.";
    EXPORTER_DATAGRAMS: Counter Count "flowlogd_pipeline_exporter_datagrams_total",
        "Datagrams by Exporter: the first ones by address, the rest as other.";
    EXPORTER_RECORDS: Counter Count "flowlogd_pipeline_exporter_records_total",
        "Flow Records by Exporter.";
    EXPORTER_LOST_RECORDS: Counter Count "flowlogd_pipeline_exporter_lost_records_total",
        "Flow Records that sequence numbers say were lost, by Exporter.";
    EXPORTER_MALFORMED: Counter Count "flowlogd_pipeline_exporter_malformed_datagrams_total",
        "Malformed datagrams by Exporter.";
    PIPELINE_EXPORTERS: Gauge Count "flowlogd_pipeline_exporters",
        "Exporters that are remembered.";
    PIPELINE_LIVE_FLOWS: Gauge Count "flowlogd_pipeline_live_flows",
        "Rows under way in the flow tables.";
    PIPELINE_WAITING_ROWS: Gauge Count "flowlogd_pipeline_waiting_rows",
        "Rows that have left and wait for the Logstore.";

    LOGSTORE_CLAMPED_TIMES: Counter Count "flowlogd_logstore_clamped_times_total",
        "Rows whose `__time__` was moved into what a Logstore accepts.";
    LOGSTORE_GIVEN_UP_ROWS: Counter Count "flowlogd_logstore_given_up_rows_total",
        "Rows that no Logstore takes, and that were given up.";
    LOGSTORE_ROWS: Counter Count "flowlogd_logstore_rows_total",
        "Rows appended to the Logstore.";
    LOGSTORE_BATCHES: Counter Count "flowlogd_logstore_batches_total",
        "Batches of rows appended to the Logstore.";
    LOGSTORE_REPEATED_ROWS: Counter Count "flowlogd_logstore_repeated_rows_total",
        "Rows that were not stored again, because the Logstore had their id.";
    LOGSTORE_REFUSED_BATCHES: Counter Count "flowlogd_logstore_refused_batches_total",
        "Batches that were refused, by reason: full, other. They are tried again.";
    LOGSTORE_JOURNAL_OCTETS: Counter Bytes "flowlogd_logstore_journal_octets_total",
        "Octets written to journals.";
    LOGSTORE_JOURNAL_SYNCS: Counter Count "flowlogd_logstore_journal_syncs_total",
        "Syncs of journals.";
    LOGSTORE_TORN_JOURNAL_OCTETS: Counter Bytes "flowlogd_logstore_torn_journal_octets_total",
        "Octets cut from the torn ends of journals at the start.";
    LOGSTORE_DELETED_ROWS: Counter Count "flowlogd_logstore_deleted_rows_total",
        "Rows deleted to keep the disk budget, or because the disk was full.";
    LOGSTORE_DELETED_SEGMENTS: Counter Count "flowlogd_logstore_deleted_segments_total",
        "Segments deleted, by reason: expired (retention), evicted (disk budget).";
    LOGSTORE_JOURNAL_FAILURES: Counter Count "flowlogd_logstore_journal_failures_total",
        "Writes and syncs of journals that failed.";
    LOGSTORE_SEAL_FAILURES: Counter Count "flowlogd_logstore_seal_failures_total",
        "Attempts to write a segment that failed; they are made again.";
    LOGSTORE_SET_ASIDE_SEGMENTS: Counter Count "flowlogd_logstore_set_aside_segments_total",
        "Segments that could not be read and were set aside.";
    LOGSTORE_SEALED_SEGMENTS: Counter Count "flowlogd_logstore_sealed_segments_total",
        "Segments sealed.";
    LOGSTORE_SEALED_OCTETS: Counter Bytes "flowlogd_logstore_sealed_octets_total",
        "Octets of segments written.";
    LOGSTORE_MERGED_SEGMENTS: Counter Count "flowlogd_logstore_merged_segments_total",
        "Small segments that went into larger ones.";
    LOGSTORE_MERGE_FAILURES: Counter Count "flowlogd_logstore_merge_failures_total",
        "Attempts to merge segments that failed; the segments stay as they are.";
    LOGSTORE_DISK_OCTETS: Gauge Bytes "flowlogd_logstore_disk_octets",
        "What segments and journals take of the disk.";
    LOGSTORE_QUERIES: Counter Count "flowlogd_logstore_queries_total",
        "Queries by outcome: answered, failed, refused.";
    LOGSTORE_SCANNED_ROWS: Counter Count "flowlogd_logstore_scanned_rows_total",
        "Rows that queries have looked at.";
    LOGSTORE_ROW_GROUPS: Counter Count "flowlogd_logstore_row_groups_total",
        "Row groups of segments by what queries did: read, skipped.";
    LOGSTORE_REQUESTS: Counter Count "flowlogd_logstore_requests_total",
        "Requests over HTTP by outcome: answered, failed, unauthorized.";
    LOGSTORE_PUT_ROWS: Counter Count "flowlogd_logstore_put_rows_total",
        "Rows that clients have written over HTTP; they are among the rows appended.";
    LOGSTORE_PULLED_GROUPS: Counter Count "flowlogd_logstore_pulled_groups_total",
        "Groups of logs that clients have read by cursor.";

    SINK_DELIVERED_ROWS: Counter Count "flowlogd_sink_delivered_rows_total",
        "Rows that have arrived, by target and flow log.";
    SINK_ATTEMPTS: Counter Count "flowlogd_sink_attempts_total",
        "Attempts to deliver, those that failed too, by target and flow log.";
    SINK_FAILURES: Counter Count "flowlogd_sink_failures_total",
        "Attempts that failed, by target, flow log and class.";
    SINK_ATTEMPT_TIME: Counter Milliseconds "flowlogd_sink_attempt_milliseconds_total",
        "How long all attempts took together, by target and flow log.";
    SINK_REJECTED_ROWS: Counter Count "flowlogd_sink_rejected_rows_total",
        "Rows that their target does not take, left out, by target and flow log.";
    SINK_GIVEN_UP_ROWS: Counter Count "flowlogd_sink_given_up_rows_total",
        "Rows given up because too much waited for their target, by target and flow log.";
    SINK_MISSED_GROUPS: Counter Count "flowlogd_sink_missed_groups_total",
        "Groups of rows that the Logstore had deleted before they were read, by target and flow log.";
    SINK_BACKLOG_ROWS: Gauge Count "flowlogd_sink_backlog_rows",
        "Rows that wait for a target, those of others that write into the same Logstore too.";
    SINK_BACKLOG_OCTETS: Gauge Bytes "flowlogd_sink_backlog_octets",
        "Octets that wait for a target.";
    SINK_BACKLOG_AGE: Gauge Seconds "flowlogd_sink_backlog_age_seconds",
        "How long the oldest row has waited for its target.";
    SINK_FAILING: Gauge Count "flowlogd_sink_failing",
        "1 while the last attempt to deliver has failed, by target and flow log.";

    FLOWLOGD_SUPPRESSED_WARNINGS: Counter Count "flowlogd_flowlogd_suppressed_warnings_total",
        "Warnings that were not written because there were too many of their kind.";
    FLOWLOGD_UNMATCHED: Gauge Count "flowlogd_flowlogd_unmatched_flow_logs",
        "Resources of active flow logs that are not in the inventory, or select no records.";
    FLOWLOGD_RESIDENT: Gauge Bytes "flowlogd_flowlogd_resident_octets",
        "Memory of the process; beyond limits.memory datagrams are shed.";
    FLOWLOGD_START: Gauge Seconds "flowlogd_flowlogd_start_time_seconds",
        "When the process started, in seconds of the UTC epoch.";
    FLOWLOGD_BUILD: Gauge Count "flowlogd_flowlogd_build_info",
        "Always 1; the label version says which program this is.";
}

impl Metric {
    /// Publishes what a crate has counted in all: since the start of the process, or, what is part
    /// of saved state, since that began. What is less than before is not taken.
    pub fn count(&self, labels: &[(&'static str, String)], total: u64) {
        metrics::counter!(self.name, labels).absolute(total);
    }

    /// Publishes what there is now.
    pub fn measure(&self, labels: &[(&'static str, String)], now: u64) {
        metrics::gauge!(self.name, labels).set(float(now));
    }

    fn describe(&self) {
        match self.kind {
            Kind::Counter => {
                metrics::describe_counter!(self.name, self.unit, self.description);
            }
            Kind::Gauge => metrics::describe_gauge!(self.name, self.unit, self.description),
        }
    }
}

/// Collects the metrics of the process from now on; the handle writes them for Prometheus.
///
/// # Errors
/// When that was done before.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new().install_recorder()?;
    for metric in ALL {
        metric.describe();
    }
    let version = [("version", env!("CARGO_PKG_VERSION").to_owned())];
    FLOWLOGD_BUILD.measure(&version, 1);
    let now = jiff::Timestamp::now().as_second();
    FLOWLOGD_START.measure(&[], u64::try_from(now).unwrap_or(0));
    Ok(handle)
}

/// The nearest number that Prometheus knows: exact up to 2⁵³.
fn float(value: u64) -> f64 {
    let high = u32::try_from(value >> 32).unwrap_or(u32::MAX);
    let low = u32::try_from(value & 0xffff_ffff).unwrap_or(u32::MAX);
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}
