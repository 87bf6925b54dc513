//! Opening the embedded Logstore as the configuration has it.

use std::path::PathBuf;
use std::sync::Arc;

use flowlog_logstore::{Logstore, QueryLimits, Settings};
use tracing::{info, warn};

use super::StartError;
use crate::config;
use crate::data_directory::DataDirectory;

/// Opens the Logstore, and says what was found.
pub(super) fn open(
    data: &DataDirectory,
    section: &config::Logstore,
) -> Result<Arc<Logstore>, StartError> {
    let path = directory(data);
    let (logstore, recovered) = Logstore::open(&path, settings(section))
        .map_err(|problem| StartError::Logstore { path, problem })?;
    if recovered.rows > 0 || recovered.torn_octets > 0 || recovered.lost_records > 0 {
        info!(
            rows = recovered.rows,
            torn_octets = recovered.torn_octets,
            lost_records = recovered.lost_records,
            "the Logstore's journal was read again"
        );
    }
    for path in &recovered.set_aside {
        warn!(path = %path.display(), "a segment cannot be used and was set aside");
    }
    Ok(Arc::new(logstore))
}

/// Where it is.
pub(super) fn directory(data: &DataDirectory) -> PathBuf {
    data.join("logstore")
}

fn settings(section: &config::Logstore) -> Settings {
    Settings {
        seal_octets: usize::try_from(section.seal_size.0).unwrap_or(usize::MAX),
        seal_age: section.seal_after.duration(),
        sync_delay: section.sync_delay.duration(),
        disk_budget: (section.disk_budget.0 > 0).then_some(section.disk_budget.0),
        query: QueryLimits {
            deadline: section.query_timeout.duration(),
            sql_memory: section.query_memory.0,
            concurrent: section.concurrent_queries.into(),
            ..QueryLimits::default()
        },
        ..Settings::default()
    }
}
