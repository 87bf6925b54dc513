//! From the service's SQL to SQLite's.
//!
//! The statement becomes a tree ([`syntax`]) of which each part is written as SQLite has it:
//! - `FROM log` where a `SELECT` has no table, `json_each` for `UNNEST` ([`tables`])
//! - `LIMIT 100` where the statement has no `LIMIT`
//! - columns without a name are `_col0`, `_col1` and so on by their place ([`columns`])
//! - a grouping by sets is one `SELECT` for each of them ([`sets`])
//! - a comparison of periods is a sub-query over each of them ([`periods`])
//! - a series of time is joined to the list of all its stretches ([`series`])
//! - a text is no number ([`types`])
//! - groups that can be made while scanning are a table of their own ([`group`])
//! - casts, intervals, times, arrays and the like are functions of ours ([`expression`])
//! - every name is quoted and every text is a parameter, so that nothing of them is ever syntax

pub(super) mod build;
mod columns;
mod expression;
mod interval;
mod lambda;
mod periods;
mod series;
mod sets;
mod syntax;
mod tables;
mod types;

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use flowlog_sls::Error;
use sqlparser::ast::{
    Expr, Ident, Join, JoinConstraint, JoinOperator, LimitClause, Query, Select, SelectItem,
    SetExpr, Visit, Visitor,
};

use build::{integer, number};

use super::TableColumn;
use super::group::{self, Grouping};

pub(super) use periods::{earlier_by, table as earlier_table};
pub(super) use syntax::{conditions, name as name_of};

/// What a statement needs to know of its query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// The moment at which it begins, milliseconds of the epoch.
    pub(super) now_millis: i64,
    /// The period, seconds of the epoch; without its end.
    pub(super) period: (i64, i64),
    /// Whether groups may be made while scanning.
    pub(super) grouping: bool,
    /// Whether a column of texts is refused where a number belongs.
    pub(super) typed: bool,
}

/// A statement for SQLite.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pub(super) sql: String,
    /// What the parameters `?1`, `?2` and so on stand for.
    pub(super) texts: Vec<String>,
    /// The columns of the result that are true or false, in small letters.
    pub(super) truths: BTreeSet<String>,
    /// Seconds by which the periods that it compares are earlier.
    pub(super) earlier: BTreeSet<i64>,
    /// The columns of the table `log`.
    pub(super) columns: Vec<TableColumn>,
    /// The tables of groups that it reads.
    pub(super) groupings: Vec<Grouping>,
    /// The most rows of the result.
    pub(super) limit: u64,
}

/// The limit of a statement without one.
const DEFAULT_LIMIT: u64 = 100;
/// The greatest limit that may be asked for.
const MOST_LIMIT: u64 = 1_000_000;

/// Rewrites a statement. `columns` says which columns the table has when these names are mentioned.
pub(super) fn translate(
    sql: &str,
    asked: &Asked,
    columns: impl FnOnce(&Mentioned) -> Vec<TableColumn>,
) -> Result<Statement, Error> {
    let mut query = syntax::parse(sql)?;
    check(&query)?;
    let limit = limit(&mut query)?;
    rewrite(query, limit, asked, columns)
}

/// The statement that finds the places of all rows that fulfil every one of the conditions.
pub(super) fn places(
    conditions: &[&str],
    asked: &Asked,
    columns: impl FnOnce(&Mentioned) -> Vec<TableColumn>,
) -> Result<Statement, Error> {
    let mut query = syntax::parse_own("select \"__cursor__\", \"__position__\" from log")?;
    let mut selection = None;
    for condition in conditions {
        let condition = Expr::Nested(Box::new(syntax::condition(condition)?));
        selection = Some(match selection {
            None => condition,
            Some(before) => build::and(before, condition),
        });
    }
    if let SetExpr::Select(select) = &mut *query.body {
        select.selection = selection;
    }
    check(&query)?;
    rewrite(query, u64::MAX, asked, columns)
}

fn rewrite(
    mut query: Box<Query>,
    limit: u64,
    asked: &Asked,
    columns: impl FnOnce(&Mentioned) -> Vec<TableColumn>,
) -> Result<Statement, Error> {
    let mut names = Mentioned::default();
    let _: ControlFlow<()> = query.visit(&mut names);
    tables::complete(&mut query)?;
    columns::name_all(&mut query);
    sets::rewrite(&mut query)?;
    let earlier = periods::rewrite(&mut query)?;
    series::rewrite(&mut query, asked.period)?;
    let columns = columns(&names);
    if asked.typed {
        types::check(&query, &columns)?;
    }
    // A table of groups calls columns of its own like that.
    let ours = columns.iter().any(|column| column.name.starts_with('#'));
    let groupings = if asked.grouping && !ours {
        group::plan(&mut query, &columns)
    } else {
        Vec::new()
    };
    let (truths, inner) = columns::truths(&query);
    let texts = expression::rewrite(&mut query, asked, inner)?;
    Ok(Statement {
        sql: query.to_string(),
        texts,
        truths,
        columns,
        groupings,
        earlier,
        limit,
    })
}

/// The names of a statement, one of which a column has that it reads.
#[derive(Debug, Default)]
pub(super) struct Mentioned {
    /// Every name, as it was written.
    names: BTreeSet<String>,
    /// The same in small letters.
    folded: BTreeSet<String>,
    /// It reads columns without naming them: `*`, `NATURAL JOIN`.
    all: bool,
}

impl Mentioned {
    pub(super) fn iter(&self) -> impl Iterator<Item = &String> {
        self.names.iter()
    }

    /// Whether a column of this name may be read.
    pub(super) fn has(&self, column: &str) -> bool {
        // A value inside a key may be named part by part.
        let key = || column.split_once('.').map(|(key, _)| key);
        let has = |name: &str| self.folded.contains(&name.to_ascii_lowercase());
        self.all || has(column) || key().is_some_and(has)
    }
}

impl Visitor for Mentioned {
    type Break = ();

    fn pre_visit_ident(&mut self, ident: &Ident) -> ControlFlow<()> {
        self.names.insert(ident.value.clone());
        self.folded.insert(ident.value.to_ascii_lowercase());
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        let is_all = |item: &SelectItem| {
            matches!(
                item,
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
            )
        };
        let joins = select.from.iter().flat_map(|table| &table.joins);
        let is_natural = |join: &Join| {
            let (JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint)
            | JoinOperator::Right(constraint)
            | JoinOperator::RightOuter(constraint)
            | JoinOperator::FullOuter(constraint)) = &join.join_operator
            else {
                return false;
            };
            *constraint == JoinConstraint::Natural
        };
        self.all |= select.projection.iter().any(is_all) || joins.clone().any(is_natural);
        ControlFlow::Continue(())
    }
}

/// Refuses what is no question.
fn check(query: &Query) -> Result<(), Error> {
    struct Questions;
    impl Visitor for Questions {
        type Break = &'static str;

        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<&'static str> {
            let strange = query.fetch.is_some()
                || !query.locks.is_empty()
                || query.for_clause.is_some()
                || query.settings.is_some()
                || query.format_clause.is_some();
            if strange {
                return ControlFlow::Break("it has a clause that is not supported");
            }
            if query.with.as_ref().is_some_and(|with| with.recursive) {
                return ControlFlow::Break("WITH RECURSIVE is not supported");
            }
            body(&query.body)
        }
    }
    fn body(part: &SetExpr) -> ControlFlow<&'static str> {
        match part {
            SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => {
                ControlFlow::Continue(())
            }
            SetExpr::SetOperation { left, right, .. } => {
                body(left)?;
                body(right)
            }
            _ => ControlFlow::Break("it may only read"),
        }
    }
    match query.visit(&mut Questions) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(why) => Err(Error::parameter(format!("the SQL is wrong: {why}"))),
    }
}

/// The limit of the whole statement: `LIMIT n`, `LIMIT offset, n`, `LIMIT n OFFSET offset`.
fn limit(query: &mut Query) -> Result<u64, Error> {
    let asked = match &mut query.limit_clause {
        Some(LimitClause::LimitOffset { limit_by, .. }) if !limit_by.is_empty() => {
            return Err(Error::parameter("LIMIT BY is not supported"));
        }
        Some(
            LimitClause::LimitOffset {
                limit: Some(limit), ..
            }
            | LimitClause::OffsetCommaLimit { limit, .. },
        ) => count(limit)?,
        Some(LimitClause::LimitOffset { limit, .. }) => {
            *limit = Some(default_limit());
            DEFAULT_LIMIT
        }
        None => {
            query.limit_clause = Some(LimitClause::LimitOffset {
                limit: Some(default_limit()),
                offset: None,
                limit_by: Vec::new(),
            });
            DEFAULT_LIMIT
        }
    };
    Ok(asked)
}

fn default_limit() -> Expr {
    integer(i64::try_from(DEFAULT_LIMIT).unwrap_or(i64::MAX))
}

fn count(limit: &Expr) -> Result<u64, Error> {
    let count = number(limit).and_then(|count| u64::try_from(count).ok());
    match count {
        Some(count) if count <= MOST_LIMIT => Ok(count),
        Some(_) => Err(Error::parameter(format!(
            "LIMIT must not be greater than {MOST_LIMIT}"
        ))),
        None => Err(Error::parameter("LIMIT must be a number")),
    }
}

#[cfg(test)]
mod tests;
