//! What is wrong with a query, where, and what would be right.

use alloc::format;
use alloc::string::String;
use core::fmt;

use crate::Error;

/// Where and why a search cannot be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Octets from the start of the query.
    pub offset: usize,
    /// What is wrong there.
    pub problem: QueryProblem,
}

/// What can be wrong with a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueryProblem {
    /// More than [`super::MAX_QUERY_OCTETS`].
    TooLong,
    /// More than [`super::MAX_CONDITIONS`].
    TooManyConditions,
    /// Deeper than [`super::MAX_DEPTH`].
    TooDeep,
    /// A `"` without its end.
    UnclosedQuote,
    /// A `(` without its `)`.
    UnclosedParenthesis,
    /// A `)` without its `(`.
    UnopenedParenthesis,
    /// A range without its end, or with another count than two numbers.
    MalformedRange,
    /// A character that means nothing here.
    Unexpected(char),
    /// `and`, `or`, `not` or `(` and nothing to combine behind it.
    MissingCondition,
    /// `key:` or `key >` and nothing behind it.
    MissingValue,
    /// A number that is none.
    NotANumber,
    /// `*` or `?` at the start of a word.
    LeadingWildcard,
    /// `""` without a key.
    EmptyWord,
    /// A `|` with nothing behind it.
    EmptySql,
}

impl fmt::Display for QueryProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::TooLong => "the query is too long; at most 65536 octets",
            Self::TooManyConditions => "too many conditions; at most 30",
            Self::TooDeep => "parentheses and not stand too deep in each other; at most 32",
            Self::UnclosedQuote => {
                "the quotation mark is not closed; a quotation mark in a quoted word is written \\\""
            }
            Self::UnclosedParenthesis => "the parenthesis is not closed",
            Self::UnopenedParenthesis => {
                "the parenthesis was not opened; quote words that contain one"
            }
            Self::MalformedRange => "a range has two numbers: key in [1 10] or key in (1 10)",
            Self::Unexpected(c) => {
                return write!(
                    f,
                    "unexpected '{c}'; quote words that contain : | < > = ( ) [ ] or a space"
                );
            }
            Self::MissingCondition => {
                "a condition is missing; quote the words and, or, not to search for them"
            }
            Self::MissingValue => {
                "a value is missing; key: * finds logs with the key, key: \"\" those where it is empty"
            }
            Self::NotANumber => "a number is expected; text is searched with key: value",
            Self::LeadingWildcard => {
                "a word must not begin with * or ?; quote it to search for the character itself"
            }
            Self::EmptyWord => "there is nothing between the quotation marks; * finds every log",
            Self::EmptySql => "there is no SQL behind the |",
        };
        f.write_str(text)
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "query error at offset {}: {}", self.offset, self.problem)
    }
}

impl core::error::Error for QueryError {}

impl From<QueryError> for Error {
    fn from(error: QueryError) -> Self {
        let message: String = format!("{error}");
        Self::parameter(message)
    }
}
