//! Text to expression: by hand, because the depth, the size and the place of every error matter.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::lexer::Lexer;
use super::{
    Bound, Comparison, MAX_CONDITIONS, MAX_DEPTH, Number, QueryError, QueryProblem,
    SearchExpression, Text,
};

/// Parses a search; nothing but white space is [`SearchExpression::All`].
pub(super) fn parse(text: &str) -> Result<SearchExpression, QueryError> {
    let mut parser = Parser {
        lexer: Lexer::new(text),
        conditions: 0,
        depth: 0,
    };
    parser.lexer.skip_space();
    if parser.lexer.peek().is_none() {
        return Ok(SearchExpression::All);
    }
    let expression = parser.any_of()?;
    match parser.lexer.peek() {
        None => Ok(expression),
        Some(')') => Err(parser.lexer.error(QueryProblem::UnopenedParenthesis)),
        Some(c) => Err(parser.lexer.error(QueryProblem::Unexpected(c))),
    }
}

/// Every method begins and ends where no white space stands.
struct Parser<'a> {
    lexer: Lexer<'a>,
    conditions: usize,
    depth: usize,
}

/// What a bare word means where a condition may begin.
#[derive(PartialEq, Eq)]
enum Operator {
    And,
    Or,
    Not,
}

impl<'a> Parser<'a> {
    fn any_of(&mut self) -> Result<SearchExpression, QueryError> {
        let first = self.all_of()?;
        let mut parts = Vec::from([first]);
        while self.eat_operator(&Operator::Or) {
            parts.push(self.all_of()?);
        }
        Ok(one_or(parts, SearchExpression::Or))
    }

    fn all_of(&mut self) -> Result<SearchExpression, QueryError> {
        let first = self.negation()?;
        let mut parts = Vec::from([first]);
        loop {
            if !self.eat_operator(&Operator::And) {
                let ends = matches!(self.lexer.peek(), None | Some(')'))
                    || self
                        .operator()
                        .is_some_and(|(operator, _)| operator == Operator::Or);
                if ends {
                    return Ok(one_or(parts, SearchExpression::And));
                }
            }
            parts.push(self.negation()?);
        }
    }

    fn negation(&mut self) -> Result<SearchExpression, QueryError> {
        let start = self.lexer.at;
        let negated = self.eat_operator(&Operator::Not);
        let grouped = !negated && self.lexer.eat("(");
        if !negated && !grouped {
            return self.condition();
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Lexer::error_at(start, QueryProblem::TooDeep));
        }
        self.lexer.skip_space();
        let expression = if negated {
            SearchExpression::Not(Box::new(self.negation()?))
        } else {
            let inner = self.any_of()?;
            if !self.lexer.eat(")") {
                return Err(self.unclosed(start));
            }
            self.lexer.skip_space();
            inner
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn unclosed(&self, opened: usize) -> QueryError {
        match self.lexer.peek() {
            None => Lexer::error_at(opened, QueryProblem::UnclosedParenthesis),
            Some(c) => self.lexer.error(QueryProblem::Unexpected(c)),
        }
    }

    /// The operator that stands here, and the place behind it. Quoted, it is a word.
    fn operator(&self) -> Option<(Operator, Lexer<'a>)> {
        let mut ahead = self.lexer;
        let word = ahead.bare(false);
        let operator = match word.len() {
            2 if word.eq_ignore_ascii_case("or") => Operator::Or,
            3 if word.eq_ignore_ascii_case("and") => Operator::And,
            3 if word.eq_ignore_ascii_case("not") => Operator::Not,
            _ => return None,
        };
        ahead.skip_space();
        Some((operator, ahead))
    }

    fn eat_operator(&mut self, wanted: &Operator) -> bool {
        match self.operator() {
            Some((operator, ahead)) if operator == *wanted => {
                self.lexer.at = ahead.at;
                true
            }
            _ => false,
        }
    }

    fn condition(&mut self) -> Result<SearchExpression, QueryError> {
        let start = self.lexer.at;
        self.conditions += 1;
        if self.conditions > MAX_CONDITIONS {
            return Err(self.lexer.error(QueryProblem::TooManyConditions));
        }
        if self.operator().is_some() {
            return Err(self.lexer.error(QueryProblem::MissingCondition));
        }
        if let Some(phrase) = self.phrase()? {
            self.lexer.skip_space();
            return text(start, None, phrase);
        }
        let (word, quoted) = self.word_or_key()?;
        self.lexer.skip_space();
        if self.lexer.eat(":") {
            return self.value(word);
        }
        if let Some(comparison) = self.comparison() {
            let number = self.number(QueryProblem::MissingValue)?;
            return Ok(SearchExpression::Compare {
                key: word,
                comparison,
                number,
            });
        }
        if let Some(range) = self.range(&word)? {
            return Ok(range);
        }
        let value = if quoted {
            Text::Words(word)
        } else {
            bare_text(start, word)?
        };
        text(start, None, value)
    }

    /// A bare or quoted word; `__tag__:name` is one key.
    fn word_or_key(&mut self) -> Result<(String, bool), QueryError> {
        if self.lexer.peek() == Some('"') {
            return Ok((self.lexer.quoted()?, true));
        }
        let word = self.lexer.bare(false);
        if word.is_empty() {
            return Err(self.lexer.error(match self.lexer.peek() {
                None | Some(')') => QueryProblem::MissingCondition,
                Some(c) => QueryProblem::Unexpected(c),
            }));
        }
        let mut ahead = self.lexer;
        if word == "__tag__" && ahead.eat(":") {
            let name = ahead.bare(false);
            let key = format!("{word}:{name}");
            let mut behind = ahead;
            behind.skip_space();
            // `__tag__:a` alone is the key __tag__ with a value
            if !name.is_empty()
                && (behind.eat(":") || matches!(behind.peek(), Some('<' | '>' | '=')))
            {
                self.lexer = ahead;
                return Ok((key, false));
            }
        }
        Ok((word.to_owned(), false))
    }

    fn phrase(&mut self) -> Result<Option<Text>, QueryError> {
        let mut ahead = self.lexer;
        if !ahead.eat("#") || ahead.peek() != Some('"') {
            return Ok(None);
        }
        self.lexer = ahead;
        Ok(Some(Text::Phrase(self.lexer.quoted()?)))
    }

    /// What stands behind `key:`.
    fn value(&mut self, key: String) -> Result<SearchExpression, QueryError> {
        self.lexer.skip_space();
        let start = self.lexer.at;
        let value = if let Some(phrase) = self.phrase()? {
            phrase
        } else if self.lexer.peek() == Some('"') {
            Text::Words(self.lexer.quoted()?)
        } else {
            let word = self.lexer.bare(true);
            if word.is_empty() {
                return Err(match self.lexer.peek() {
                    None | Some(')') => self.lexer.error(QueryProblem::MissingValue),
                    Some(c) => self.lexer.error(QueryProblem::Unexpected(c)),
                });
            }
            bare_text(start, word.to_owned())?
        };
        self.lexer.skip_space();
        text(start, Some(key), value)
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let table = [
            (">=", Comparison::AtLeast),
            ("<=", Comparison::AtMost),
            (">", Comparison::Greater),
            ("<", Comparison::Less),
            ("=", Comparison::Equal),
        ];
        table
            .into_iter()
            .find(|(sign, _)| self.lexer.eat(sign))
            .map(|(_, comparison)| comparison)
    }

    fn number(&mut self, when_absent: QueryProblem) -> Result<Number, QueryError> {
        self.lexer.skip_space();
        let start = self.lexer.at;
        let text = self.lexer.number();
        if text.is_empty() {
            let problem = match self.lexer.peek() {
                None | Some(')' | ']') => when_absent,
                Some(_) => QueryProblem::NotANumber,
            };
            return Err(Lexer::error_at(start, problem));
        }
        let number = Number::parse(text);
        self.lexer.skip_space();
        number.ok_or(Lexer::error_at(start, QueryProblem::NotANumber))
    }

    /// `in [1 10]` behind a key; `in` without a bracket is a word like any other.
    fn range(&mut self, key: &str) -> Result<Option<SearchExpression>, QueryError> {
        let mut ahead = self.lexer;
        if !ahead.bare(false).eq_ignore_ascii_case("in") {
            return Ok(None);
        }
        ahead.skip_space();
        let opened = ahead.at;
        let low_inclusive = ahead.eat("[");
        if !low_inclusive && !ahead.eat("(") {
            return Ok(None);
        }
        self.lexer.at = ahead.at;
        let low = self.number(QueryProblem::MalformedRange)?;
        if self.lexer.eat(",") {
            self.lexer.skip_space();
        }
        let high = self.number(QueryProblem::MalformedRange)?;
        let high_inclusive = self.lexer.eat("]");
        if !high_inclusive && !self.lexer.eat(")") {
            return Err(Lexer::error_at(opened, QueryProblem::MalformedRange));
        }
        self.lexer.skip_space();
        Ok(Some(SearchExpression::Between {
            key: key.to_owned(),
            low: Bound {
                number: low,
                inclusive: low_inclusive,
            },
            high: Bound {
                number: high,
                inclusive: high_inclusive,
            },
        }))
    }
}

fn one_or(
    mut parts: Vec<SearchExpression>,
    combine: impl FnOnce(Vec<SearchExpression>) -> SearchExpression,
) -> SearchExpression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            combine(parts)
        }
    }
}

/// A bare word: with wildcards or without. `*` alone is left to [`text`].
fn bare_text(start: usize, word: String) -> Result<Text, QueryError> {
    if !word.contains(['*', '?']) {
        return Ok(Text::Words(word));
    }
    if word != "*" && word.starts_with(['*', '?']) {
        return Err(Lexer::error_at(start, QueryProblem::LeadingWildcard));
    }
    Ok(Text::Pattern(word))
}

/// The condition for a text; `*` alone asks for nothing more than the field.
fn text(start: usize, key: Option<String>, text: Text) -> Result<SearchExpression, QueryError> {
    match (key, text) {
        (None, Text::Pattern(word)) if word == "*" => Ok(SearchExpression::All),
        (Some(key), Text::Pattern(word)) if word == "*" => Ok(SearchExpression::Exists { key }),
        (None, Text::Words(word) | Text::Phrase(word)) if word.is_empty() => {
            Err(Lexer::error_at(start, QueryProblem::EmptyWord))
        }
        (key, text) => Ok(SearchExpression::Text { key, text }),
    }
}
