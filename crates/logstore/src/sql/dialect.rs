//! From the service's SQL to SQLite's: what may be left out is put in, what has another name gets
//! it. All of it works on tokens; quoted texts are never touched.
//!
//! - `FROM log` where a `SELECT` has no `FROM`
//! - `LIMIT 100` where the statement has no `LIMIT`
//! - `approx_distinct(x)` is `count(DISTINCT x)`, `try_cast(` is `cast(`
//! - columns without a name are `_col0`, `_col1` and so on by their place

use flowlog_sls::Error;

use super::token::{Kind, Token, tokens};

/// A statement for SQLite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) sql: String,
    /// For each item of the outermost list of columns whether it is an expression without a name;
    /// `None` when a `*` makes the places unknown.
    pub(super) unnamed: Option<Vec<bool>>,
    /// The names that it mentions, in quotes or without.
    pub(super) names: Vec<String>,
    /// The limit, where it is a plain number.
    pub(super) limit: u64,
}

/// The limit of a statement without one.
const DEFAULT_LIMIT: u64 = 100;
/// The greatest limit that may be asked for.
const MOST_LIMIT: u64 = 1_000_000;

/// A text that is to be put in, or in the place of something.
struct Edit {
    at: usize,
    /// Octets that it replaces.
    length: usize,
    text: String,
}

/// What stands between two parentheses, or outside of all.
#[derive(Default)]
struct Scope {
    /// A `SELECT` whose `FROM` was not seen yet.
    open_select: bool,
}

/// Rewrites a statement.
pub(super) fn translate(sql: &str) -> Result<Statement, Error> {
    let mut tokens = tokens(sql)?;
    while tokens.last().is_some_and(|last| last.is(";")) {
        tokens.pop();
    }
    if tokens.iter().any(|token| token.is(";")) {
        return Err(Error::parameter("the SQL must be one statement"));
    }
    if !tokens
        .first()
        .is_some_and(|first| first.is_any(&["select", "with"]))
    {
        return Err(Error::parameter("the SQL must begin with SELECT or WITH"));
    }
    let end = tokens.last().map_or(0, Token::end);
    let mut edits = missing_tables(&tokens, end)?;
    edits.extend(renamed_functions(&tokens));
    let limit = limit(&tokens)?;
    if limit.is_none() {
        edits.push(Edit {
            at: end,
            length: 0,
            text: format!(" LIMIT {DEFAULT_LIMIT}"),
        });
    }
    Ok(Statement {
        sql: apply(sql.get(..end).unwrap_or(sql), edits),
        unnamed: unnamed(&tokens),
        names: tokens.iter().filter_map(Token::name).collect(),
        limit: limit.unwrap_or(DEFAULT_LIMIT),
    })
}

/// Where `FROM log` is to be put in.
fn missing_tables(tokens: &[Token<'_>], end: usize) -> Result<Vec<Edit>, Error> {
    const CLAUSES: [&str; 10] = [
        "where",
        "group",
        "having",
        "order",
        "limit",
        "offset",
        "window",
        "union",
        "except",
        "intersect",
    ];
    let from = |at| Edit {
        at,
        length: 0,
        text: " FROM log ".to_owned(),
    };
    let unbalanced = || Error::parameter("the parentheses of the SQL do not match");
    let mut edits = Vec::new();
    let mut scopes = vec![Scope::default()];
    for (place, token) in tokens.iter().enumerate() {
        let before = |n: usize| place.checked_sub(n).and_then(|place| tokens.get(place));
        let scope = scopes.last_mut().ok_or_else(unbalanced)?;
        if token.is("(") {
            scopes.push(Scope::default());
        } else if token.is(")") {
            if scope.open_select {
                edits.push(from(token.at));
            }
            scopes.pop();
        } else if token.is("select") {
            scope.open_select = true;
        } else if token.is("from") {
            let distinct = before(1).is_some_and(|t| t.is("distinct"))
                && before(2).is_some_and(|t| t.is_any(&["is", "not"]));
            scope.open_select &= distinct;
        } else if scope.open_select && token.is_any(&CLAUSES) {
            scope.open_select = false;
            edits.push(from(token.at));
        }
    }
    match scopes.as_slice() {
        [outermost] if outermost.open_select => edits.push(from(end)),
        [_] => {}
        _ => return Err(unbalanced()),
    }
    Ok(edits)
}

fn renamed_functions(tokens: &[Token<'_>]) -> Vec<Edit> {
    let edit = |pair: &[Token<'_>]| {
        let [name, open] = pair else { return None };
        if !open.is("(") {
            return None;
        }
        let text = if name.is("approx_distinct") {
            "count(DISTINCT "
        } else if name.is("try_cast") {
            "cast("
        } else {
            return None;
        };
        Some(Edit {
            at: name.at,
            length: open.end() - name.at,
            text: text.to_owned(),
        })
    };
    tokens.windows(2).filter_map(edit).collect()
}

/// The limit of the whole statement: `LIMIT n`, `LIMIT offset, n`, `LIMIT n OFFSET offset`.
fn limit(tokens: &[Token<'_>]) -> Result<Option<u64>, Error> {
    let mut depth = 0_usize;
    let mut found = None;
    for (place, token) in tokens.iter().enumerate() {
        depth = match token.text {
            "(" if token.kind == Kind::Sign => depth + 1,
            ")" if token.kind == Kind::Sign => depth.saturating_sub(1),
            _ => depth,
        };
        if depth == 0 && token.is("limit") {
            found = Some(place);
        }
    }
    let Some(place) = found else { return Ok(None) };
    let behind = tokens.get(place + 1..).unwrap_or_default();
    let count = match behind {
        [_, comma, count, ..] if comma.is(",") => Some(count),
        [count, ..] => Some(count),
        [] => None,
    };
    let count = count.filter(|count| count.kind == Kind::Number);
    let count: Option<u64> = count.and_then(|count| count.text.parse().ok());
    match count {
        Some(count) if count <= MOST_LIMIT => Ok(Some(count)),
        Some(_) => Err(Error::parameter(format!(
            "LIMIT must not be greater than {MOST_LIMIT}"
        ))),
        None => Err(Error::parameter("LIMIT must be a number")),
    }
}

fn apply(sql: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.at);
    let mut out = String::with_capacity(sql.len() + 64);
    let mut at = 0;
    for edit in edits {
        out.push_str(sql.get(at..edit.at).unwrap_or_default());
        out.push_str(&edit.text);
        at = edit.at + edit.length;
    }
    out.push_str(sql.get(at..).unwrap_or_default());
    out
}

/// Which items of the outermost list of columns have no name.
fn unnamed(tokens: &[Token<'_>]) -> Option<Vec<bool>> {
    let mut items: Vec<Vec<Token<'_>>> = vec![Vec::new()];
    let mut depth = 0_usize;
    let mut inside = false;
    for token in tokens {
        if token.is("(") {
            depth += 1;
        } else if token.is(")") {
            depth = depth.checked_sub(1)?;
        }
        if depth == 0 && !inside {
            inside = token.is("select");
            continue;
        }
        if !inside {
            continue;
        }
        if depth == 0
            && token.is_any(&[
                "from", "where", "group", "having", "order", "limit", "union",
            ])
        {
            break;
        }
        if depth == 0 && token.is(",") {
            items.push(Vec::new());
        } else if let Some(item) = items.last_mut() {
            item.push(*token);
        }
    }
    if let Some(first) = items.first_mut()
        && first
            .first()
            .is_some_and(|token| token.is_any(&["distinct", "all"]))
    {
        first.remove(0);
    }
    items.iter().map(|item| is_unnamed(item)).collect()
}

/// `None` for `*`, which stands for any number of columns.
fn is_unnamed(item: &[Token<'_>]) -> Option<bool> {
    let is_name = |token: &Token<'_>| {
        token.kind == Kind::Name || (token.kind == Kind::Word && !token.is_any(&["end", "null"]))
    };
    match item {
        [.., star] if star.is("*") => None,
        [name] => Some(!is_name(name)),
        [.., dot, name] if dot.is(".") && is_name(name) => Some(item.len() != 3),
        [.., before, name] if is_name(name) => {
            let operator = before.kind == Kind::Sign && !before.is(")");
            let word = before.is_any(&["and", "or", "not", "like", "in", "is", "between", "then"]);
            Some(operator || word)
        }
        _ => Some(true),
    }
}

#[cfg(test)]
mod tests;
