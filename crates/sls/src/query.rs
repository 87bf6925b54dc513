//! Queries: `search` or `search | SQL`.
//!
//! The search is parsed here ([`Query::parse`]), bound to an index ([`Search::bind`]) and evaluated
//! over rows ([`Search::matches`]) or over a store's columns ([`Search::conditions`],
//! [`Search::chance`]). The SQL is only split off.
//!
//! ```text
//! search     = any-of
//! any-of     = all-of *( "or" all-of )
//! all-of     = negation *( [ "and" ] negation )          beside each other means "and"
//! negation   = "not" negation / "(" any-of ")" / condition
//! condition  = "*" / word / phrase
//!            / key ":" ( "*" / word / phrase )
//!            / key ( ">" / ">=" / "<" / "<=" / "=" ) number
//!            / key "in" ( "[" / "(" ) number number ( "]" / ")" )
//! key        = bare / quoted / "__tag__:" bare
//! word       = bare, in which * and ? are wildcards but not at its start / quoted
//! phrase     = "#" quoted                                 the words in this order
//! quoted     = '"' … '"' with \" and \\
//! ```

mod condition;
mod error;
mod expression;
mod lexer;
mod number;
mod parser;
mod search;
mod words;

pub use condition::{Condition, Pushdown, Value};
pub use error::{QueryError, QueryProblem};
pub use expression::{Bound, SearchExpression, Text};
pub use number::{Comparison, Number};
pub use search::{Chance, Fields, Search};

/// The longest query, octets.
pub const MAX_QUERY_OCTETS: usize = 64 * 1024;
/// The most conditions of a search, as the service has it.
pub const MAX_CONDITIONS: usize = 30;
/// How deep parentheses and `not` may stand in each other.
pub const MAX_DEPTH: usize = 32;

/// A query, parsed as far as its search goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Query<'a> {
    /// The text of the search, without surrounding white space.
    pub search_text: &'a str,
    /// The search.
    pub search: SearchExpression,
    /// The text behind the first `|` that is not quoted, without surrounding white space.
    pub sql: Option<&'a str>,
    /// Where `sql` begins in the query, octets; for the place of an error in it.
    pub sql_offset: usize,
}

impl<'a> Query<'a> {
    /// Splits `text` and parses the search.
    ///
    /// # Errors
    /// [`QueryError`] says where the search is wrong and what would be right.
    pub fn parse(text: &'a str) -> Result<Self, QueryError> {
        if text.len() > MAX_QUERY_OCTETS {
            return Err(QueryError {
                offset: MAX_QUERY_OCTETS,
                problem: QueryProblem::TooLong,
            });
        }
        let bar = lexer::bar(text)?;
        let (search_part, sql_part) = match bar {
            None => (text, None),
            Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        };
        let sql = sql_part.map(str::trim);
        let sql_offset = match (bar, sql_part) {
            (Some(at), Some(part)) => at + 1 + part.len() - part.trim_start().len(),
            _ => text.len(),
        };
        if sql.is_some_and(str::is_empty) {
            return Err(QueryError {
                offset: sql_offset,
                problem: QueryProblem::EmptySql,
            });
        }
        let search = parser::parse(search_part)?;
        Ok(Self {
            search_text: search_part.trim(),
            search,
            sql,
            sql_offset,
        })
    }
}

#[cfg(test)]
mod tests;
