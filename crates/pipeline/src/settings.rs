//! What a partition may keep, and the secret its tables are hashed with.

use flowlog_aggregate::Limits;
use flowlog_record::HashKey;

/// Limits of one partition. All have a documented default; the daemon divides its own among the
/// partitions.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Hashes the tables that strangers can fill.
    pub key: HashKey,
    /// Exporters, Templates, options and duplicates.
    pub decode: flowlog_decode::Settings,
    /// Open rows.
    pub aggregate: Limits,
    /// Flows whose totals or starts are remembered (aggregation §5).
    pub remembered_flows: usize,
    /// Exporters of which it is remembered which flow logs and interfaces they have.
    pub exporters: usize,
    /// Interfaces above 1023 remembered per Exporter, to tell egress copies.
    pub interfaces: usize,
}

impl Settings {
    /// The defaults, with the secret of a data directory.
    pub fn with_key(key: HashKey) -> Self {
        Self {
            key,
            decode: flowlog_decode::Settings::default(),
            aggregate: Limits::DEFAULT,
            remembered_flows: 1 << 18,
            exporters: 1 << 12,
            interfaces: 4096,
        }
    }
}
