//! What a search says, independent of any index.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::Term;

use super::{Comparison, Number};

/// A search. `Display` writes it so that parsing gives the same expression.
#[derive(Clone, Debug, PartialEq)]
pub enum SearchExpression {
    /// `*` or nothing: every log.
    All,
    /// A text in the field `key`, or in any field.
    Text {
        /// The field.
        key: Option<String>,
        /// The text.
        text: Text,
    },
    /// `key: *`: the log has the field.
    Exists {
        /// The field.
        key: String,
    },
    /// `key > 1`
    Compare {
        /// The field.
        key: String,
        /// The operator.
        comparison: Comparison,
        /// The number.
        number: Number,
    },
    /// `key in [1 10)`
    Between {
        /// The field.
        key: String,
        /// The smaller end.
        low: Bound,
        /// The larger end.
        high: Bound,
    },
    /// None of the logs that the inner expression finds.
    Not(Box<Self>),
    /// All hold; at least two.
    And(Vec<Self>),
    /// At least one holds; at least two.
    Or(Vec<Self>),
}

/// A text that is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// All words of the text; empty only with a key, for an empty field.
    Words(String),
    /// As `Words`, with the wildcards `*` (any characters) and `?` (one); never at the start.
    Pattern(String),
    /// All words of the text beside each other and in this order.
    Phrase(String),
}

/// An end of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// Where it is.
    pub number: Number,
    /// Whether the number itself is inside.
    pub inclusive: bool,
}

impl SearchExpression {
    /// The words that a log must have, for `meta.terms`.
    pub fn terms(&self) -> Vec<Term> {
        let mut terms = Vec::new();
        self.collect_terms(&mut terms);
        terms
    }

    fn collect_terms(&self, terms: &mut Vec<Term>) {
        match self {
            Self::Text { key, text } => {
                let (Text::Words(term) | Text::Pattern(term) | Text::Phrase(term)) = text;
                terms.push(Term {
                    key: key.clone().unwrap_or_default(),
                    term: term.clone(),
                });
            }
            Self::And(parts) | Self::Or(parts) => {
                for part in parts {
                    part.collect_terms(terms);
                }
            }
            Self::All
            | Self::Exists { .. }
            | Self::Compare { .. }
            | Self::Between { .. }
            | Self::Not(_) => {}
        }
    }

    fn write_list(f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str) -> fmt::Result {
        for (place, part) in parts.iter().enumerate() {
            if place > 0 {
                write!(f, " {word} ")?;
            }
            part.write_part(f)?;
        }
        Ok(())
    }

    fn write_part(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(_) | Self::Or(_) => write!(f, "({self})"),
            _ => write!(f, "{self}"),
        }
    }
}

impl fmt::Display for SearchExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Text { key: None, text } => write!(f, "{text}"),
            Self::Text {
                key: Some(key),
                text,
            } => write!(f, "{}: {text}", Quoted(key)),
            Self::Exists { key } => write!(f, "{}: *", Quoted(key)),
            Self::Compare {
                key,
                comparison,
                number,
            } => {
                write!(f, "{} {} {number}", Quoted(key), comparison.as_str())
            }
            Self::Between { key, low, high } => {
                let open = if low.inclusive { '[' } else { '(' };
                let close = if high.inclusive { ']' } else { ')' };
                write!(
                    f,
                    "{} in {open}{} {}{close}",
                    Quoted(key),
                    low.number,
                    high.number
                )
            }
            Self::Not(inner) => {
                f.write_str("not ")?;
                inner.write_part(f)
            }
            Self::And(parts) => Self::write_list(f, parts, "and"),
            Self::Or(parts) => Self::write_list(f, parts, "or"),
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(text) => write!(f, "{}", Quoted(text)),
            Self::Pattern(text) => f.write_str(text),
            Self::Phrase(text) => write!(f, "#{}", Quoted(text)),
        }
    }
}

/// A text in quotation marks, which always stands for itself.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for part in self.0.split_inclusive(['"', '\\']) {
            match part.char_indices().next_back() {
                Some((at, special @ ('"' | '\\'))) => {
                    write!(f, "{}\\{special}", part.get(..at).unwrap_or_default())?;
                }
                _ => f.write_str(part)?,
            }
        }
        f.write_str("\"")
    }
}
