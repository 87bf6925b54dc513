//! Asking: a search, or a search and SQL over what it finds.

mod found;
mod rows;
mod scan;

use std::sync::Arc;

use flowlog_sls::query::{Query, Search};
use flowlog_sls::{Error, ErrorCode, GetLogsMeta, GetLogsRequest, GetLogsResponse, Progress};

use crate::segment::SegmentError;
use crate::shard;
use crate::stats::count;
use crate::store::{Inner, Logstore, Store};

pub(crate) use scan::{Deadline, Hits, Scan, Wanted, place};

impl Logstore {
    /// Answers a query as the service does: the logs that a search finds, in the order of their
    /// time, or the rows of the SQL. Every value is text.
    ///
    /// It works on the caller's thread, for as long as [`crate::QueryLimits::deadline`] at most.
    ///
    /// # Errors
    /// `ProjectNotExist`, `LogStoreNotExist`, `IndexConfigNotExist`; `ParameterInvalid` when the
    /// period, the page, the search or the SQL is wrong, or asks for too much; `ReadQuotaExceed`
    /// when too many queries are running; `InternalServerError` when the disk fails.
    pub fn query(
        &self,
        project: &str,
        logstore: &str,
        request: &GetLogsRequest,
    ) -> Result<GetLogsResponse, Error> {
        let inner = self.inner();
        let outcome = match inner.enter_query() {
            Some(_running) => inner.query(project, logstore, request),
            None => {
                count(&inner.counters.queries_refused, 1);
                let message = "too many queries are running, try again later";
                Err(Error::new(ErrorCode::ReadQuotaExceed, message))
            }
        };
        count(&inner.counters.queries, 1);
        count(&inner.counters.queries_failed, u64::from(outcome.is_err()));
        outcome
    }
}

impl Inner {
    fn query(
        &self,
        project: &str,
        logstore: &str,
        request: &GetLogsRequest,
    ) -> Result<GetLogsResponse, Error> {
        let begun = self.settings.clock.now();
        let store = self.store(project, logstore)?;
        let index = store.index.as_deref().ok_or_else(Error::index_not_exist)?;
        let query = Query::parse(&request.query)?;
        let wanted = Arc::new(Wanted {
            time: request.time_range()?,
            topic: request.topic.clone(),
            search: Search::bind(&query.search, index)?,
        });
        let deadline = Deadline::new(&self.settings.clock, self.settings.query.deadline);
        let snapshots = store.shards.iter().map(|shard| shard.snapshot()).collect();
        let counters = Arc::clone(&self.counters);
        let mut scan = Scan::new(wanted, counters, deadline, snapshots);
        let data = rows::search(&mut scan, request, &self.settings.query)?;
        let incomplete = self.settle(&store, &mut scan)? || scan.too_late;
        let elapsed = self.settings.clock.now().saturating_sub(begun).as_millis();
        let meta = GetLogsMeta {
            progress: if incomplete {
                Progress::Incomplete
            } else {
                Progress::Complete
            },
            where_query: query.search_text.to_owned(),
            processed_rows: scan.rows,
            elapsed_millisecond: u64::try_from(elapsed).unwrap_or(u64::MAX),
            count: u64::try_from(data.len()).unwrap_or(u64::MAX),
            keys: rows::keys(&data),
            terms: query.search.terms(),
            is_accurate: true,
            ..GetLogsMeta::default()
        };
        Ok(GetLogsResponse { meta, data })
    }

    fn store(&self, project: &str, logstore: &str) -> Result<Arc<Store>, Error> {
        let catalog = self.catalog();
        if !catalog.has_project(project) {
            return Err(Error::project_not_exist(project));
        }
        let store = catalog.store(project, logstore).cloned();
        store.ok_or_else(|| Error::logstore_not_exist(logstore))
    }

    /// Sets aside the segments that the scan could not read; whether there were any. A segment
    /// that was deleted meanwhile is none.
    fn settle(&self, store: &Store, scan: &mut Scan) -> Result<bool, Error> {
        let mut any = false;
        for (segment, error) in scan.unreadable.drain(..) {
            let shard = store
                .shards
                .iter()
                .find(|shard| shard.id == segment.row().shard);
            let Some(shard) = shard.filter(|shard| shard.segments().contains(segment.row())) else {
                continue;
            };
            any = true;
            if error.is_transient() {
                tracing::error!(path = %segment.path().display(), %error, "cannot read a segment");
                let message = "a segment cannot be read now, try again later";
                return Err(Error::new(ErrorCode::InternalServerError, message));
            }
            tracing::error!(path = %segment.path().display(), %error, "a segment is damaged");
            shard.forget(&[*segment.row()]);
            count(&self.counters.segments_set_aside, 1);
            if let Err(error) = shard::set_aside(&segment, &self.metadata) {
                tracing::error!(%error, "cannot remember that a segment is set aside");
            }
        }
        Ok(any)
    }
}

impl SegmentError {
    /// Whether the file may be sound, and reading it may work another time.
    fn is_transient(&self) -> bool {
        use std::io::{Error as IoError, ErrorKind};
        let transient = |error: &IoError| {
            let kind = error.kind();
            !matches!(
                kind,
                ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::NotFound
            )
        };
        match self {
            Self::Io(error) => transient(error),
            Self::Parquet(parquet::errors::ParquetError::External(error)) => {
                error.downcast_ref::<IoError>().is_some_and(transient)
            }
            Self::Parquet(_) | Self::Foreign(_) => false,
        }
    }
}

#[cfg(test)]
mod tests;
