//! Where words, quoted words and signs of a search begin and end.

use alloc::string::String;

use super::{QueryError, QueryProblem};

/// Where the first `|` stands that is not quoted.
pub(super) fn bar(text: &str) -> Result<Option<usize>, QueryError> {
    let mut lexer = Lexer::new(text);
    while let Some(c) = lexer.peek() {
        match c {
            '|' => return Ok(Some(lexer.at)),
            '"' => lexer.skip_quoted()?,
            _ => lexer.bump(c),
        }
    }
    Ok(None)
}

/// A place in a search. Cheap to copy, so that the parser looks ahead with a copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    /// Octets from the start; always between two characters.
    pub(super) at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) const fn error_at(offset: usize, problem: QueryProblem) -> QueryError {
        QueryError { offset, problem }
    }

    pub(super) const fn error(&self, problem: QueryProblem) -> QueryError {
        Self::error_at(self.at, problem)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Passes `c`, which [`Lexer::peek`] gave.
    pub(super) const fn bump(&mut self, c: char) {
        self.at += c.len_utf8();
    }

    pub(super) fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Passes `sign` if it stands here.
    pub(super) fn eat(&mut self, sign: &str) -> bool {
        let there = self.rest().starts_with(sign);
        if there {
            self.at += sign.len();
        }
        there
    }

    /// Passes a bare word; empty when none begins here. In a value `:` is an ordinary character, so
    /// that an IPv6 address needs no quotes.
    pub(super) fn bare(&mut self, in_value: bool) -> &'a str {
        let rest = self.rest();
        let ends =
            |c: char| c.is_whitespace() || "()[]\"<>=|".contains(c) || (c == ':' && !in_value);
        let word = rest.split(ends).next().unwrap_or_default();
        self.at += word.len();
        word
    }

    /// Passes the text of a number; empty when none begins here.
    pub(super) fn number(&mut self) -> &'a str {
        let rest = self.rest();
        let inside = |c: char| c.is_alphanumeric() || "+-._".contains(c);
        let number = rest.split(|c| !inside(c)).next().unwrap_or_default();
        self.at += number.len();
        number
    }

    /// Passes `"…"` and gives what is inside, without the escapes `\"` and `\\`; any other `\`
    /// stands for itself.
    pub(super) fn quoted(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        self.skip_quoted()?;
        let inside = self.text.get(start + 1..self.at - 1).unwrap_or_default();
        let mut text = String::with_capacity(inside.len());
        let mut chars = inside.chars().peekable();
        while let Some(c) = chars.next() {
            let escaped = if c == '\\' {
                chars.next_if(|next| matches!(next, '"' | '\\'))
            } else {
                None
            };
            text.push(escaped.unwrap_or(c));
        }
        Ok(text)
    }

    fn skip_quoted(&mut self) -> Result<(), QueryError> {
        let start = self.at;
        self.bump('"');
        while let Some(c) = self.peek() {
            self.bump(c);
            match c {
                '"' => return Ok(()),
                '\\' => {
                    if let Some(next @ ('"' | '\\')) = self.peek() {
                        self.bump(next);
                    }
                }
                _ => {}
            }
        }
        Err(Self::error_at(start, QueryProblem::UnclosedQuote))
    }
}
