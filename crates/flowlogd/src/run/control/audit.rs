//! The audit of the control API: a row for each call that was to change something, in a Logstore of
//! its own.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use flowlog_control::{Audit, Audited};
use flowlog_logstore::Logstore;
use flowlog_logstore::batch::{Batch, Column, Group, Values};
use flowlog_sls::index::{IndexConfig, KeyIndex};
use tracing::warn;

/// Where the rows are.
const PROJECT: &str = "flow-logs";
const LOGSTORE: &str = "audit";
const TOPIC: &str = "control";

/// Writes the rows.
#[derive(Debug)]
pub(super) struct Auditor {
    logstore: Weak<Logstore>,
    /// Whether the Logstore was made, or found.
    made: Mutex<bool>,
}

impl Auditor {
    pub(super) fn new(logstore: &Arc<Logstore>) -> Self {
        Self {
            logstore: Arc::downgrade(logstore),
            made: Mutex::new(false),
        }
    }

    fn make(&self, logstore: &Logstore, columns: &[(&'static str, String)]) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if *made && logstore.logstore(PROJECT, LOGSTORE).is_some() {
            return;
        }
        let keys = columns.iter();
        let index = IndexConfig {
            keys: keys
                .map(|(name, _)| ((*name).to_owned(), KeyIndex::whole()))
                .collect(),
            ..IndexConfig::default()
        };
        match logstore.ensure_logstore(PROJECT, LOGSTORE, index) {
            Ok(()) => *made = true,
            Err(problem) => warn!(%problem, "the Logstore of the audit cannot be made"),
        }
    }
}

impl Audit for Auditor {
    fn record(&self, call: Audited) {
        let Some(logstore) = self.logstore.upgrade() else {
            return;
        };
        let seconds = u32::try_from(call.at.seconds()).unwrap_or_default();
        let source = call.source.to_string();
        let columns = [
            ("request_id", call.request_id),
            ("caller", call.caller),
            ("access_key", call.access_key),
            ("source_ip", source.clone()),
            ("action", call.action),
            ("region", call.region),
            ("flow_log", call.flow_log),
            ("parameters", call.parameters),
            ("outcome", call.outcome),
        ];
        self.make(&logstore, &columns);
        let columns = columns.into_iter().map(|(name, value)| Column {
            name: name.into(),
            values: Values::Text {
                dictionary: vec![value.as_str().into()],
                index: vec![0],
            },
        });
        let group = Group {
            topic: TOPIC.into(),
            source: source.into(),
            time: vec![seconds],
            columns: columns.collect(),
            ..Group::default()
        };
        let batch = Batch {
            project: PROJECT.into(),
            logstore: LOGSTORE.into(),
            origin: None,
            groups: vec![group],
        };
        // It is on disk before whoever asked hears of it; what cannot be written is said.
        let written = match logstore.try_append(batch) {
            Ok(receipt) => receipt.wait().map_err(|refused| refused.error.to_string()),
            Err(_) => Err("the Logstore is busy".to_owned()),
        };
        if let Err(problem) = written {
            warn!(problem, "a call of the control API could not be audited");
        }
    }
}
