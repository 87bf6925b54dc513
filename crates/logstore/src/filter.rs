//! Pulls that bring only some of the logs: `search`, or `search | where condition`.
//!
//! A pull needs no index: a key that has none is text, or a number where it is compared with one.
//! What is left of a LogGroup keeps its cursor, its topic, its source and its tags.

use std::collections::BTreeMap;
use std::sync::Arc;

use flowlog_sls::index::{IndexConfig, KeyIndex, LineIndex};
use flowlog_sls::log_group::{LogGroupWriter, append_log_group, log_groups};
use flowlog_sls::query::{Query, Search, SearchExpression};
use flowlog_sls::{Error, ErrorCode, TimeRange};

use crate::batch::{self, Group};
use crate::chunk::Part;
use crate::query::{Deadline, Scan, Wanted};
use crate::shard::{Pulled, Snapshot, Stored};
use crate::sql::{self, Prepared, Table};
use crate::store::Inner;

/// Which logs are wanted.
pub(crate) struct Filter {
    wanted: Arc<Wanted>,
    expression: SearchExpression,
    index: Arc<IndexConfig>,
    conditions: Option<Prepared>,
}

/// What is left of a pull.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// A `LogGroupList`.
    pub(crate) list: Vec<u8>,
    /// Its `LogGroup`s.
    pub(crate) groups: usize,
    /// Their logs.
    pub(crate) logs: usize,
    /// Logs that were looked at.
    pub(crate) looked_at: usize,
}

impl Filter {
    /// Understands a query. `index` is that of the Logstore, if it has one; `now_millis` the
    /// present.
    ///
    /// # Errors
    /// `ParameterInvalid` says what cannot be understood.
    pub(crate) fn parse(
        text: &str,
        index: Option<&IndexConfig>,
        now_millis: i64,
    ) -> Result<Self, Error> {
        let query = Query::parse(text)?;
        let index = completed(index, &query.search);
        let conditions = match query.sql {
            None => None,
            Some(pipeline) => Some(sql::prepare_conditions(pipeline, now_millis, &index)?),
        };
        Ok(Self {
            wanted: Arc::new(Wanted {
                time: TimeRange::new((0, 0), (i64::from(u32::MAX) + 1, 0))?,
                topic: String::new(),
                search: Search::bind(&query.search, &index)?,
            }),
            expression: query.search,
            index: Arc::new(index),
            conditions,
        })
    }

    /// Whether it has SQL, which takes a place among the queries.
    pub(crate) fn has_sql(&self) -> bool {
        self.conditions.is_some()
    }

    /// Leaves what is wanted of a pull.
    ///
    /// # Errors
    /// `ParameterInvalid` when a condition cannot be told or takes too long.
    pub(crate) fn apply(&self, pulled: &Pulled, inner: &Inner) -> Result<Left, Error> {
        let mut groups = Vec::new();
        for (cursor, sent) in (0..).zip(log_groups(&pulled.list)) {
            groups.push(Arc::new(Stored::new(
                cursor,
                0,
                batch::from_sent(sent?.octets(), |_| Ok(()))?,
            )));
        }
        let mut kept: Vec<Vec<bool>> = groups
            .iter()
            .map(|stored| vec![false; stored.group.rows()])
            .collect();
        self.find(&groups, inner, |group, row| {
            let group = usize::try_from(group).ok().and_then(|at| kept.get_mut(at));
            let row = usize::try_from(row).ok();
            if let Some(kept) = group.zip(row).and_then(|(group, row)| group.get_mut(row)) {
                *kept = true;
            }
        })?;
        let mut left = Left::default();
        let mut writer = LogGroupWriter::new();
        for (stored, keep) in groups.into_iter().zip(kept) {
            left.looked_at += keep.len();
            let logs = keep.iter().filter(|kept| **kept).count();
            if logs == 0 {
                continue;
            }
            let mut group = Arc::try_unwrap(stored)
                .map_or_else(|shared| shared.group.clone(), |stored| stored.group);
            if logs < keep.len() {
                Group::retain(&mut group, &keep);
            }
            batch::write_columns(&group, &mut writer);
            append_log_group(&mut left.list, writer.octets());
            left.groups += 1;
            left.logs += logs;
        }
        Ok(left)
    }

    /// Gives cursor and place of every row that is wanted.
    fn find(
        &self,
        groups: &[Arc<Stored>],
        inner: &Inner,
        mut keep: impl FnMut(i64, i64),
    ) -> Result<(), Error> {
        let snapshots = vec![Snapshot {
            groups: groups.to_vec(),
            ..Snapshot::default()
        }];
        let deadline = Deadline::within(inner.settings.query.deadline);
        let counters = Arc::clone(&inner.counters);
        if let Some(conditions) = &self.conditions {
            let table = Arc::new(Table {
                columns: conditions.columns(),
                snapshots,
                wanted: Arc::clone(&self.wanted),
                expression: self.expression.clone(),
                index: Arc::clone(&self.index),
                counters,
                deadline,
                course: Arc::default(),
                helpers: Arc::clone(&inner.helpers),
            });
            return conditions.places(&table, &inner.settings.query, keep);
        }
        let mut scan = Scan::new(Arc::clone(&self.wanted), counters, deadline, snapshots);
        while let Some(hits) = scan.next_hits() {
            if let Part::Group(stored) = hits.chunk.part() {
                let rows = hits.rows.iter();
                rows.for_each(|row| keep(stored.cursor, i64::from(row)));
            }
        }
        if scan.too_late {
            let message = "the pull takes too long; pull fewer LogGroups with count";
            return Err(Error::new(ErrorCode::ParameterInvalid, message));
        }
        Ok(())
    }
}

/// The index with the keys that a search names beside it.
fn completed(index: Option<&IndexConfig>, search: &SearchExpression) -> IndexConfig {
    let mut index = index.cloned().unwrap_or_default();
    index.line.get_or_insert_with(LineIndex::usual);
    let mut named = BTreeMap::new();
    name_keys(search, &mut named);
    for (key, as_number) in named {
        let missing = || {
            if as_number {
                KeyIndex::double()
            } else {
                KeyIndex::text()
            }
        };
        if index.inside(&key).is_none() {
            index.keys.entry(key).or_insert_with(missing);
        }
    }
    index
}

/// The keys of a search, and whether they are compared with numbers.
fn name_keys(search: &SearchExpression, named: &mut BTreeMap<String, bool>) {
    let (key, as_number) = match search {
        SearchExpression::Text { key: Some(key), .. } | SearchExpression::Exists { key } => {
            (key, false)
        }
        SearchExpression::Compare { key, .. } | SearchExpression::Between { key, .. } => {
            (key, true)
        }
        SearchExpression::Not(inner) => return name_keys(inner, named),
        SearchExpression::And(parts) | SearchExpression::Or(parts) => {
            return parts.iter().for_each(|part| name_keys(part, named));
        }
        SearchExpression::All | SearchExpression::Text { key: None, .. } => return,
    };
    let ours = key.starts_with("__tag__:") || batch::reserved(key);
    if !ours {
        *named.entry(key.clone()).or_default() |= as_number;
    }
}

#[cfg(test)]
mod tests;
