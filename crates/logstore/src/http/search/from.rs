//! Which Logstore a statement of SQL names behind `FROM`.

use flowlog_sls::Error;

/// The name of the Logstore, and the statement with `log` in its place, which is what the table of a
/// query is called.
///
/// # Errors
/// `ParameterInvalid` when there is none, or when there are several.
pub(super) fn logstore(sql: &str) -> Result<(String, String), Error> {
    let mut written = String::with_capacity(sql.len());
    let mut named: Option<String> = None;
    let mut rest = sql;
    while !rest.is_empty() {
        let (part, after) = rest.split_at_checked(token(rest)).unwrap_or((rest, ""));
        written.push_str(part);
        rest = after;
        if !["from", "join"]
            .iter()
            .any(|word| part.eq_ignore_ascii_case(word))
        {
            continue;
        }
        let space = rest.len() - rest.trim_start().len();
        let (blank, behind) = rest.split_at_checked(space).unwrap_or((rest, ""));
        let Some((name, length)) = name(behind) else {
            // A sub-query: what it is from stands inside.
            continue;
        };
        if named.as_ref().is_some_and(|known| *known != name) {
            let message = "the SQL names several logstores, it can ask only one";
            return Err(Error::parameter(message));
        }
        written.push_str(blank);
        written.push_str("log");
        rest = behind.get(length..).unwrap_or_default();
        named = Some(name);
    }
    let named =
        named.ok_or_else(|| Error::parameter("the SQL does not say FROM which logstore"))?;
    Ok((named, written))
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
