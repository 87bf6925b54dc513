//! SQL over several Logstores: a table for each.

use std::sync::Arc;

use flowlog_sls::query::{Search, SearchExpression};
use flowlog_sls::{Error, GetLogsMeta, GetLogsRequest, GetLogsResponse};

use super::{Deadline, Wanted, progress};
use crate::segment::{Segment, SegmentError};
use crate::sql::{self, Course, Table};
use crate::store::{Inner, Store};

/// Answers the SQL behind the first `|`.
pub(super) fn query(
    inner: &Inner,
    project: &str,
    logstores: &[String],
    request: &GetLogsRequest,
) -> Result<GetLogsResponse, Error> {
    let sql = request
        .query
        .split_once('|')
        .map_or("", |(_, sql)| sql.trim());
    let mut stores: Vec<Arc<Store>> = Vec::new();
    for logstore in logstores {
        stores.push(inner.store(project, logstore)?);
    }
    let indexes = stores.iter().map(|store| store.index.clone());
    let indexes: Option<Vec<_>> = indexes.collect();
    let indexes = indexes.ok_or_else(Error::index_not_exist)?;
    let time = request.time_range()?;
    let now = i64::try_from(inner.settings.clock.now().as_millis()).unwrap_or(i64::MAX);
    let prepared = sql::prepare_several(sql, time, now, &indexes)?;
    let deadline = Deadline::within(inner.settings.query.deadline);
    let course: Arc<Course> = Arc::default();
    let mut tables = Vec::new();
    for ((store, index), columns) in stores.iter().zip(indexes).zip(prepared.tables()) {
        tables.push(Arc::new(Table {
            columns,
            snapshots: store.shards.iter().map(|shard| shard.snapshot()).collect(),
            wanted: Arc::new(Wanted {
                time,
                topic: String::new(),
                search: Search::bind(&SearchExpression::All, &index)?,
            }),
            expression: SearchExpression::All,
            index,
            counters: Arc::clone(&inner.counters),
            deadline,
            course: Arc::clone(&course),
            helpers: Arc::clone(&inner.helpers),
        }));
    }
    let rows = prepared.run(&tables, &inner.settings.query);
    let outcome = course.outcome();
    let incomplete = set_aside(inner, &stores, outcome.unreadable)?;
    let rows = rows?;
    let meta = GetLogsMeta {
        progress: progress(incomplete),
        has_sql: true,
        processed_rows: outcome.rows,
        keys: rows.keys,
        column_types: rows.types,
        limited: rows.limit,
        where_query: "*".to_owned(),
        agg_query: sql.to_owned(),
        count: u64::try_from(rows.data.len()).unwrap_or(u64::MAX),
        elapsed_millisecond: u64::try_from(deadline.elapsed().as_millis()).unwrap_or(u64::MAX),
        ..GetLogsMeta::default()
    };
    Ok(GetLogsResponse {
        meta,
        data: rows.data,
    })
}

/// Sets aside the segments that could not be read; whether there were any.
fn set_aside(
    inner: &Inner,
    stores: &[Arc<Store>],
    unreadable: Vec<(Arc<Segment>, SegmentError)>,
) -> Result<bool, Error> {
    let mut any = false;
    for (segment, error) in unreadable {
        let shard = segment.row().shard;
        let has_it = |store: &&Arc<Store>| store.shards.iter().any(|known| known.id == shard);
        if let Some(store) = stores.iter().find(has_it) {
            any |= inner.set_aside(store, vec![(segment, error)])?;
        }
    }
    Ok(any)
}
