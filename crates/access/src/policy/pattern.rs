//! Texts with `*` (any run, also none) and `?` (one character).

use alloc::string::String;
use core::fmt;

/// The longest pattern, in octets.
const LONGEST: usize = 2048;

/// A pattern that is empty or too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPattern(pub String);

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.chars().take(64);
        write!(f, "`")?;
        shown.into_iter().try_for_each(|c| write!(f, "{c}"))?;
        write!(f, "`: a pattern has 1 to {LONGEST} octets")
    }
}

impl core::error::Error for InvalidPattern {}

/// Whether capital and small letters are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Counts,
    Ignored,
}

/// A pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    text: String,
    case: Case,
}

impl Pattern {
    pub(super) fn new(text: String, case: Case) -> Result<Self, InvalidPattern> {
        if text.is_empty() || text.len() > LONGEST {
            return Err(InvalidPattern(text));
        }
        Ok(Self { text, case })
    }

    /// Whether it is `text`. On a mismatch it goes back to the last `*` and lets that take one
    /// character more; earlier ones never need to take more.
    pub(super) fn matches(&self, text: &str) -> bool {
        let (mut pattern, mut text) = (self.text.chars(), text.chars());
        let mut last_star = None;
        loop {
            let before = (pattern.clone(), text.clone());
            match (pattern.next(), text.next()) {
                (None, None) => return true,
                (Some('*'), _) => {
                    text = before.1;
                    last_star = Some((pattern.clone(), text.clone()));
                    continue;
                }
                (Some('?'), Some(_)) => continue,
                (Some(a), Some(b)) if self.same(a, b) => continue,
                _ => {}
            }
            let Some((behind, mut rest)) = last_star else {
                return false;
            };
            if rest.next().is_none() {
                return false;
            }
            pattern = behind.clone();
            text = rest.clone();
            last_star = Some((behind, rest));
        }
    }

    fn same(&self, a: char, b: char) -> bool {
        match self.case {
            Case::Counts => a == b,
            Case::Ignored => a.eq_ignore_ascii_case(&b),
        }
    }
}
