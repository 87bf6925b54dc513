//! `time_series`: groups by stretches of time, with rows for the stretches that have none.
//!
//! `SELECT time_series(x, '15m', '%H:%i', '0') AS t, count(*) AS n … GROUP BY t` is asked with the
//! beginning of the stretch for `t`, and joined to the list of all stretches of the period.

use flowlog_sls::Error;
use sqlparser::ast::{
    Expr, Function, GroupByExpr, OrderByKind, OrderBySort, Query, Select, SelectItem, SetExpr,
    TableFactor,
};

use super::build::{arguments, call, elements, integer, literal, text};
use super::syntax;

/// The most stretches of a period.
const MOST_STRETCHES: i64 = 10_000;

/// Rewrites the outermost query, if it is a series, and those in its `FROM`.
pub(super) fn rewrite(query: &mut Query, period: (i64, i64)) -> Result<(), Error> {
    let SetExpr::Select(select) = &mut *query.body else {
        return Ok(());
    };
    for table in &mut select.from {
        if let TableFactor::Derived { subquery, .. } = &mut table.relation {
            rewrite(subquery, period)?;
        }
    }
    let Some((name, series)) = find(select)? else {
        return Ok(());
    };
    if !groups_by(select, &name) {
        // With other keys beside it there is no saying what is missing.
        put(select, &name, |series| {
            let bucket = call("#bucket", vec![series.time, integer(series.seconds)]);
            call("date_format", vec![bucket, text(series.format)])
        });
        return Ok(());
    }
    put(select, &name, |series| {
        call("#bucket", vec![series.time, integer(series.seconds)])
    });
    let columns = columns(select)?;
    let order = order(query, &name, &columns)?;
    padded(query, (&name, &series), &columns, (&order, period))
}

/// What is asked for.
#[derive(Clone)]
struct Series {
    time: Expr,
    seconds: i64,
    format: String,
    padding: Padding,
}

#[derive(Clone, Copy)]
enum Padding {
    Zero,
    Null,
    Last,
    Next,
    Average,
}

fn wrong(why: &str) -> Error {
    Error::parameter(format!(
        "time_series: {why}; write SELECT time_series(__time__, '15m', '%H:%i', '0') AS t, count(*) \
         AS n FROM log GROUP BY t ORDER BY t"
    ))
}

/// The series among the columns, and what it is called.
fn find(select: &Select) -> Result<Option<(String, Series)>, Error> {
    let mut found = None;
    for item in &select.projection {
        let SelectItem::ExprWithAlias {
            expr: Expr::Function(function),
            alias,
        } = item
        else {
            continue;
        };
        if !is_series(function) {
            continue;
        }
        if found.is_some() {
            return Err(wrong("there is more than one"));
        }
        found = Some((alias.value.clone(), series(function)?));
    }
    Ok(found)
}

fn is_series(function: &Function) -> bool {
    syntax::name(&function.name).is_some_and(|name| name.eq_ignore_ascii_case("time_series"))
}

fn series(function: &Function) -> Result<Series, Error> {
    let values = arguments(function).unwrap_or_default();
    let [time, window, format, padding] = values.as_slice() else {
        return Err(wrong("four arguments are needed"));
    };
    let window = literal(window).unwrap_or_default();
    let seconds =
        seconds(window).ok_or_else(|| wrong("the window is a number and s, m, h or d"))?;
    let format = literal(format).ok_or_else(|| wrong("the format is a text"))?;
    let padding = match literal(padding) {
        Some("0") => Padding::Zero,
        Some("null") => Padding::Null,
        Some("last") => Padding::Last,
        Some("next") => Padding::Next,
        Some("avg") => Padding::Average,
        _ => return Err(wrong("the padding is '0', 'null', 'last', 'next' or 'avg'")),
    };
    Ok(Series {
        time: (*time).clone(),
        seconds,
        format: format.to_owned(),
        padding,
    })
}

/// `15m`
fn seconds(window: &str) -> Option<i64> {
    let unit = match window.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let count: i64 = window.get(..window.len() - 1)?.trim().parse().ok()?;
    count.checked_mul(unit).filter(|seconds| *seconds > 0)
}

/// Whether the series is the only key.
fn groups_by(select: &Select, name: &str) -> bool {
    let GroupByExpr::Expressions(keys, _) = &select.group_by else {
        return false;
    };
    let place = select.projection.iter().position(
        |item| matches!(item, SelectItem::ExprWithAlias { alias, .. } if alias.value == name),
    );
    match keys.as_slice() {
        [Expr::Identifier(key)] => key.value.eq_ignore_ascii_case(name),
        [Expr::Function(function)] => is_series(function),
        [key] => {
            let key = super::build::number(key).and_then(|key| usize::try_from(key).ok());
            key.is_some() && key == place.map(|place| place + 1)
        }
        _ => false,
    }
}

/// Puts something in the place of the series, among the columns and the keys.
fn put(select: &mut Select, name: &str, new: impl Fn(Series) -> Expr) {
    let change = |expr: &mut Expr| {
        if let Expr::Function(function) = expr
            && is_series(function)
            && let Ok(series) = series(function)
        {
            *expr = new(series);
        }
    };
    for item in &mut select.projection {
        if let SelectItem::ExprWithAlias { expr, alias } = item
            && alias.value == name
        {
            change(expr);
        }
    }
    if let GroupByExpr::Expressions(keys, _) = &mut select.group_by {
        keys.iter_mut().for_each(change);
    }
}

/// What the columns are called.
fn columns(select: &Select) -> Result<Vec<String>, Error> {
    let name = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => Ok(alias.value.clone()),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Ok(name.value.clone()),
        _ => Err(wrong("every other column has a name")),
    };
    select.projection.iter().map(name).collect()
}

/// `ORDER BY` of the whole, by columns; the series is ordered by time.
fn order(query: &mut Query, name: &str, columns: &[String]) -> Result<String, Error> {
    let by = match query.order_by.take().map(|order| order.kind) {
        None => return Ok(format!("{STRETCH} ASC")),
        Some(OrderByKind::Expressions(by)) => by,
        Some(OrderByKind::All(_)) => return Err(wrong("ORDER BY names a column")),
    };
    let mut parts = Vec::new();
    for by in by {
        let place = super::build::number(&by.expr).and_then(|n| usize::try_from(n).ok());
        let column = match (&by.expr, place) {
            (Expr::Identifier(column), _) => columns
                .iter()
                .find(|known| known.eq_ignore_ascii_case(&column.value)),
            (_, Some(place)) => place.checked_sub(1).and_then(|at| columns.get(at)),
            _ => None,
        };
        let column = column.ok_or_else(|| wrong("ORDER BY names a column"))?;
        let column = if column == name {
            STRETCH.to_owned()
        } else {
            format!("\"{column}\"")
        };
        let descends = by.options.sort == Some(OrderBySort::Desc);
        let direction = if descends { "DESC" } else { "ASC" };
        parts.push(format!("{column} {direction}"));
    }
    Ok(parts.join(", "))
}

const STRETCH: &str = "\"#stretches\".\"value\"";

/// The query with all stretches.
fn padded(
    query: &mut Query,
    (name, series): (&str, &Series),
    columns: &[String],
    (order, period): (&str, (i64, i64)),
) -> Result<(), Error> {
    let format = series.format.replace('\'', "''");
    let column = |column: &String| {
        if column == name {
            return format!("date_format({STRETCH}, '{format}') AS \"{column}\"");
        }
        let value = format!("\"#groups\".\"{column}\"");
        let last = |direction| format!("\"#last\"({value}) OVER (ORDER BY {STRETCH} {direction})");
        let with = match series.padding {
            Padding::Zero => "0".to_owned(),
            Padding::Null => "NULL".to_owned(),
            Padding::Last => last("ASC"),
            Padding::Next => last("DESC"),
            Padding::Average => format!("({} + {}) / 2.0", last("ASC"), last("DESC")),
        };
        format!("coalesce({value}, {with}) AS \"{column}\"")
    };
    let items: Vec<String> = columns.iter().map(column).collect();
    let whole = syntax::parse_own(&format!(
        "SELECT {} FROM stretches LEFT JOIN (SELECT 1) AS \"#groups\" ON \"#groups\".\"{name}\" = \
         {STRETCH} ORDER BY {order}",
        items.join(", ")
    ))?;
    let limit = query.limit_clause.take();
    let with = query.with.take();
    let inner = std::mem::replace(query, *whole);
    (query.limit_clause, query.with) = (limit, with);
    let SetExpr::Select(select) = &mut *query.body else {
        return Ok(());
    };
    let stretches = elements(text(stretches(series.seconds, period)?), "#stretches");
    for table in &mut select.from {
        table.relation = stretches.relation.clone();
        for join in &mut table.joins {
            if let TableFactor::Derived { subquery, .. } = &mut join.relation {
                **subquery = inner.clone();
            }
        }
    }
    Ok(())
}

/// The beginnings of all stretches, a JSON array.
fn stretches(seconds: i64, (from, to): (i64, i64)) -> Result<String, Error> {
    let first = from - from.rem_euclid(seconds);
    let count = (to - 1 - first) / seconds;
    if count >= MOST_STRETCHES {
        return Err(wrong(&format!(
            "the period has more than {MOST_STRETCHES} windows"
        )));
    }
    let all = (0..=count).map(|n| (first + n * seconds).to_string());
    Ok(format!("[{}]", all.collect::<Vec<_>>().join(",")))
}
