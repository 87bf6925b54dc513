//! Which Logstores a statement of SQL names behind `FROM` and `JOIN`.

use flowlog_sls::Error;

/// Logstores that a statement can ask at most.
const MOST: usize = 8;
/// Words that may stand behind the name of a table and are no other name for it.
const BEHIND: [&str; 19] = [
    "cross",
    "except",
    "fetch",
    "full",
    "group",
    "having",
    "inner",
    "intersect",
    "join",
    "left",
    "limit",
    "natural",
    "offset",
    "on",
    "order",
    "right",
    "union",
    "using",
    "where",
];

/// What a statement asks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The names of the Logstores, in the order in which they first occur; at least one.
    pub(super) logstores: Vec<String>,
    /// The statement with the tables of a query in their place: `log`, `log_2`, `log_3` and so on.
    pub(super) sql: String,
}

/// The Logstores of a statement.
///
/// # Errors
/// `ParameterInvalid` when there is none, or when there are too many.
pub(super) fn named(sql: &str) -> Result<Named, Error> {
    let mut logstores: Vec<String> = Vec::new();
    for part in parts(sql) {
        if let Part::Name(name, _) = part
            && !logstores.contains(&name)
        {
            logstores.push(name);
        }
    }
    if logstores.is_empty() {
        return Err(Error::parameter("the SQL does not say FROM which logstore"));
    }
    if logstores.len() > MOST {
        let message = format!("the SQL names too many logstores, it can ask {MOST} at most");
        return Err(Error::parameter(message));
    }
    let mut written = String::with_capacity(sql.len());
    for part in parts(sql) {
        match part {
            Part::Text(text) => written.push_str(text),
            Part::Name(name, behind) => {
                let place = logstores
                    .iter()
                    .position(|known| *known == name)
                    .unwrap_or(0);
                written.push_str(&crate::sql::table_name(place));
                // Where there are several, columns may be told apart by the names of Logstores.
                if logstores.len() > 1 && !has_alias(behind) {
                    written.extend([" AS \"", &name, "\""]);
                }
            }
        }
    }
    Ok(Named {
        logstores,
        sql: written,
    })
}

/// A part of a statement.
enum Part<'s> {
    /// What stays as it is.
    Text(&'s str),
    /// The name of a Logstore, and everything behind it.
    Name(String, &'s str),
}

/// The parts of a statement in their order.
fn parts(sql: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = sql;
    while !rest.is_empty() {
        let (part, after) = rest.split_at_checked(token(rest)).unwrap_or((rest, ""));
        parts.push(Part::Text(part));
        rest = after;
        let introduces = |word: &&str| part.eq_ignore_ascii_case(word);
        if !["from", "join"].iter().any(introduces) {
            continue;
        }
        let space = rest.len() - rest.trim_start().len();
        let (blank, behind) = rest.split_at_checked(space).unwrap_or((rest, ""));
        // Without a name it is a sub-query: what it is from stands inside.
        if let Some((name, length)) = name(behind) {
            rest = behind.get(length..).unwrap_or_default();
            parts.extend([Part::Text(blank), Part::Name(name, rest)]);
        }
    }
    parts
}

/// Whether what stands behind the name of a table is another name for it.
fn has_alias(behind: &str) -> bool {
    let behind = behind.trim_start();
    let word = behind.get(..token(behind)).unwrap_or_default();
    let begins = |c: char| c == '"' || c == '_' || c.is_alphabetic();
    let is_one_of_these = |known: &&str| word.eq_ignore_ascii_case(known);
    word.starts_with(begins) && !BEHIND.iter().any(is_one_of_these)
}

/// The length of a quoted text or name, a word, or one other character.
fn token(rest: &str) -> usize {
    let first = rest.chars().next().unwrap_or(' ');
    if first == '\'' || first == '"' {
        let inside = rest.get(1..).unwrap_or_default();
        return inside.find(first).map_or(rest.len(), |end| end + 2);
    }
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    if is_word(first) {
        return rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    }
    first.len_utf8()
}

/// A name, in quotes or not, and its length as it is written.
fn name(text: &str) -> Option<(String, usize)> {
    if let Some(inside) = text.strip_prefix('"') {
        let end = inside.find('"')?;
        return Some((inside.get(..end)?.to_owned(), end + 2));
    }
    let fits = |c: char| c == '_' || c == '-' || c.is_ascii_alphanumeric();
    let end = text.find(|c| !fits(c)).unwrap_or(text.len());
    (end > 0).then(|| text.get(..end).map(|name| (name.to_owned(), end)))?
}

#[cfg(test)]
mod tests;
