//! Asking: a search, or a search and SQL over what it finds.

mod context;
mod found;
mod parallel;
mod rows;
mod scan;
mod selection;
mod several;

use std::sync::Arc;

use flowlog_sls::query::{Query, Search};
use flowlog_sls::{
    Error, ErrorCode, GetLogsMeta, GetLogsRequest, GetLogsResponse, LogRow, Progress,
};

use crate::segment::{Segment, SegmentError};
use crate::shard;
use crate::sql::{self, Table};
use crate::stats::count;
use crate::store::{Inner, Logstore, Store};

pub(crate) use parallel::Helpers;
pub(crate) use scan::{Deadline, Hits, Look, Scan, Unit, Wanted, place};
pub(crate) use selection::Selection;

/// What stands behind `|` when every log shall tell where it is.
const WITH_PLACE: &str = "with_pack_meta";

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
        self.counted(|inner| inner.query(project, logstore, request))
    }

    /// Answers SQL over several Logstores of a Project, which stands behind `* |` and calls them
    /// as [`sql::table_name`] does.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub(crate) fn query_several(
        &self,
        project: &str,
        logstores: &[String],
        request: &GetLogsRequest,
    ) -> Result<GetLogsResponse, Error> {
        self.counted(|inner| several::query(inner, project, logstores, request))
    }

    fn counted(
        &self,
        ask: impl FnOnce(&Inner) -> Result<GetLogsResponse, Error>,
    ) -> Result<GetLogsResponse, Error> {
        let inner = self.inner();
        let outcome = if let Some(_running) = inner.enter_query() {
            ask(inner)
        } else {
            count(&inner.counters.queries_refused, 1);
            let message = "too many queries are running, try again later";
            Err(Error::new(ErrorCode::ReadQuotaExceed, message))
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
        let store = self.store(project, logstore)?;
        let index = store.index.clone().ok_or_else(Error::index_not_exist)?;
        let query = Query::parse(&request.query)?;
        let wanted = Arc::new(Wanted {
            time: request.time_range()?,
            topic: request.topic.clone(),
            search: Search::bind(&query.search, &index)?,
        });
        let deadline = Deadline::within(self.settings.query.deadline);
        let snapshots = store.shards.iter().map(|shard| shard.snapshot()).collect();
        let with_place = query
            .sql
            .is_some_and(|sql| sql.eq_ignore_ascii_case(WITH_PLACE));
        let mut answer = match query.sql.filter(|_| !with_place) {
            None => {
                let scan = Scan::new(wanted, Arc::clone(&self.counters), deadline, snapshots);
                self.search(request, (scan, with_place), &store)?
            }
            Some(sql) => {
                let now = i64::try_from(self.settings.clock.now().as_millis());
                let now = now.unwrap_or(i64::MAX);
                let prepared = sql::prepare(sql, wanted.time, now, &index)?;
                let table = Arc::new(Table {
                    columns: prepared.columns(),
                    snapshots,
                    wanted,
                    expression: query.search.clone(),
                    index,
                    counters: Arc::clone(&self.counters),
                    deadline,
                    course: Arc::default(),
                    helpers: Arc::clone(&self.helpers),
                });
                self.select(&prepared, &table, &store)?
            }
        };
        let elapsed = deadline.elapsed().as_millis();
        answer.meta.elapsed_millisecond = u64::try_from(elapsed).unwrap_or(u64::MAX);
        answer.meta.count = u64::try_from(answer.data.len()).unwrap_or(u64::MAX);
        let search = match query.search_text {
            "" => "*",
            text => text,
        };
        search.clone_into(&mut answer.meta.where_query);
        answer.meta.power_sql = request.power_sql;
        let sql = query.sql.filter(|_| answer.meta.has_sql);
        sql.unwrap_or_default()
            .clone_into(&mut answer.meta.agg_query);
        answer.meta.terms = query.search.terms();
        Ok(answer)
    }

    fn search(
        &self,
        request: &GetLogsRequest,
        (mut scan, with_place): (Scan, bool),
        store: &Store,
    ) -> Result<GetLogsResponse, Error> {
        let limits = &self.settings.query;
        let data = if with_place {
            let numbers = context::numbers(store);
            let show = |row: &mut LogRow, order| {
                let place = context::pack_meta(row, order, &numbers);
                row.0.push(("__pack_meta__".to_owned(), place));
            };
            rows::search(&mut scan, request, limits, show)?
        } else {
            rows::search(&mut scan, request, limits, |_, _| {})?
        };
        let unreadable = std::mem::take(&mut scan.unreadable);
        let incomplete = self.set_aside(store, unreadable)? || scan.too_late;
        let meta = GetLogsMeta {
            progress: progress(incomplete),
            processed_rows: scan.rows,
            keys: rows::keys(&data),
            ..GetLogsMeta::default()
        };
        Ok(GetLogsResponse { meta, data })
    }

    fn select(
        &self,
        prepared: &sql::Prepared,
        table: &Arc<Table>,
        store: &Store,
    ) -> Result<GetLogsResponse, Error> {
        let rows = prepared.run(std::slice::from_ref(table), &self.settings.query);
        let outcome = table.outcome();
        let incomplete = self.set_aside(store, outcome.unreadable)?;
        let rows = rows?;
        let meta = GetLogsMeta {
            progress: progress(incomplete),
            has_sql: true,
            processed_rows: outcome.rows,
            keys: rows.keys,
            column_types: rows.types,
            limited: rows.limit,
            ..GetLogsMeta::default()
        };
        Ok(GetLogsResponse {
            meta,
            data: rows.data,
        })
    }

    fn store(&self, project: &str, logstore: &str) -> Result<Arc<Store>, Error> {
        let catalog = self.catalog();
        if !catalog.has_project(project) {
            return Err(Error::project_not_exist(project));
        }
        let store = catalog.store(project, logstore).cloned();
        store.ok_or_else(|| Error::logstore_not_exist(logstore))
    }

    /// Sets aside the segments that could not be read; whether there were any. A segment that was
    /// deleted meanwhile is none.
    pub(crate) fn set_aside(
        &self,
        store: &Store,
        unreadable: Vec<(Arc<Segment>, SegmentError)>,
    ) -> Result<bool, Error> {
        let mut any = false;
        for (segment, error) in unreadable {
            let shard = store
                .shards
                .iter()
                .find(|shard| shard.id == segment.row().shard);
            let shard = shard.filter(|shard| shard.segments().contains(segment.row()));
            let Some(shard) = shard else { continue };
            any = true;
            let path = segment.path().display();
            if error.is_transient() {
                tracing::error!(%path, %error, "cannot read a segment");
                let message = "a segment cannot be read now, try again later";
                return Err(Error::new(ErrorCode::InternalServerError, message));
            }
            tracing::error!(%path, %error, "a segment is damaged");
            drop(shard.forget(&[segment.row().clone()]));
            count(&self.counters.segments_set_aside, 1);
            if let Err(error) = shard::set_aside(&segment, &self.metadata) {
                tracing::error!(%error, "cannot remember that a segment is set aside");
            }
        }
        Ok(any)
    }
}

fn progress(incomplete: bool) -> Progress {
    if incomplete {
        Progress::Incomplete
    } else {
        Progress::Complete
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
