//! Text to tree: what the service's SQL looks like, and how large a statement may be.

use std::ops::ControlFlow;

use flowlog_sls::Error;
use sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart, Query, Visit, Visitor};
use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};

use super::super::token::{Kind, Token, tokens};

/// The most words and signs of a statement.
const MOST_TOKENS: usize = 20_000;
/// The most operators of a statement: each makes the tree one step deeper, and the tree is walked
/// by recursion.
const MOST_OPERATORS: usize = 200;
/// How deep parentheses and queries may stand in each other.
const MOST_DEPTH: usize = 50;

/// Presto's, as far as the service has it.
#[derive(Debug)]
struct Presto;

impl Dialect for Presto {
    fn is_identifier_start(&self, c: char) -> bool {
        c.is_alphabetic() || c == '_'
    }

    fn is_identifier_part(&self, c: char) -> bool {
        c.is_alphanumeric() || c == '_'
    }

    fn is_delimited_identifier_start(&self, c: char) -> bool {
        c == '"'
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_lambda_functions(&self) -> bool {
        true
    }

    fn supports_limit_comma(&self) -> bool {
        true
    }

    fn require_interval_qualifier(&self) -> bool {
        true
    }

    fn supports_array_typedef_with_parentheses(&self) -> bool {
        true
    }

    fn supports_map_typedef_with_parentheses(&self) -> bool {
        true
    }

    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        // `interval '1' day` is no column with a text behind it
        matches!(keyword, Keyword::INTERVAL | Keyword::EXISTS)
    }
}

/// Parses one `SELECT` or `WITH`.
pub(super) fn parse(sql: &str) -> Result<Box<Query>, Error> {
    let mut tokens = tokens(sql)?;
    while tokens.last().is_some_and(|last| last.is(";")) {
        tokens.pop();
    }
    let first = tokens.first();
    if !first.is_some_and(|first| first.is_any(&["select", "with"])) {
        return Err(Error::parameter("the SQL must begin with SELECT or WITH"));
    }
    check(&tokens)?;
    let end = tokens.last().map_or(0, Token::end);
    let query = parse_own(sql.get(..end).unwrap_or(sql))?;
    sound(query)
}

/// The conditions of `where condition | where condition`.
pub(in crate::sql) fn conditions(pipeline: &str) -> Result<Vec<&str>, Error> {
    let tokens = tokens(pipeline)?;
    let stages = tokens.split(|token| token.is("|"));
    let condition = |stage: &[Token<'_>]| match stage {
        [first, second, ..] if first.is("where") => {
            let end = stage.last().map_or(second.at, Token::end);
            Ok(pipeline.get(second.at..end).unwrap_or_default())
        }
        _ => Err(Error::parameter(
            "a pull takes a search, or a search and conditions: * | where status = '200'",
        )),
    };
    stages.map(condition).collect()
}

/// Parses a condition as it stands behind `WHERE`, and nothing else.
pub(super) fn condition(text: &str) -> Result<Expr, Error> {
    check(&tokens(text)?)?;
    sound(whole(text, Parser::parse_expr)?)
}

/// Parses what we have written.
pub(super) fn parse_own(sql: &str) -> Result<Box<Query>, Error> {
    whole(sql, Parser::parse_query)
}

fn whole<T>(
    sql: &str,
    parse: impl FnOnce(&mut Parser<'static>) -> Result<T, ParserError>,
) -> Result<T, Error> {
    let wrong =
        |error: ParserError| Error::parameter(format!("the SQL is wrong: {}", said(&error)));
    let parser = Parser::new(&Presto).with_recursion_limit(MOST_DEPTH);
    let mut parser = parser.try_with_sql(sql).map_err(wrong)?;
    let parsed = parse(&mut parser).map_err(wrong)?;
    let behind = parser.peek_token();
    if behind.token != sqlparser::tokenizer::Token::EOF {
        return Err(Error::parameter(format!(
            "the SQL is wrong: {} is not expected at line {}, column {}",
            behind.token, behind.span.start.line, behind.span.start.column
        )));
    }
    Ok(parsed)
}

fn sound<T: Visit>(parsed: T) -> Result<T, Error> {
    match parsed.visit(&mut Names) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(parsed),
    }
}

/// What can be said without a tree.
fn check(tokens: &[Token<'_>]) -> Result<(), Error> {
    if tokens.iter().any(|token| token.is(";")) {
        return Err(Error::parameter("the SQL must be one statement"));
    }
    let mut open = 0_usize;
    for token in tokens {
        let closes = token.is(")");
        if closes && open == 0 {
            return Err(unbalanced());
        }
        open = open + usize::from(token.is("(")) - usize::from(closes);
    }
    if open > 0 {
        return Err(unbalanced());
    }
    let operators = tokens.iter().filter(|token| is_operator(token)).count();
    if tokens.len() > MOST_TOKENS || operators > MOST_OPERATORS {
        return Err(Error::parameter(format!(
            "the SQL is too long; at most {MOST_TOKENS} words and signs, {MOST_OPERATORS} of them \
             operators; many values are written column IN (a, b, c)"
        )));
    }
    Ok(())
}

fn unbalanced() -> Error {
    Error::parameter("the parentheses of the SQL do not match")
}

fn is_operator(token: &Token<'_>) -> bool {
    let word = token.is_any(&[
        "and",
        "or",
        "not",
        "is",
        "like",
        "in",
        "between",
        "when",
        "union",
        "except",
        "intersect",
        "join",
        "at",
    ]);
    word || (token.kind == Kind::Sign && !token.is_any(&["(", ")", ",", "."]))
}

fn said(error: &ParserError) -> String {
    match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.clone(),
        ParserError::RecursionLimitExceeded => {
            format!("queries and parentheses stand too deep in each other; at most {MOST_DEPTH}")
        }
    }
}

/// Refuses names that could not be written again, and functions that could be taken for ours.
struct Names;

impl Visitor for Names {
    type Break = Error;

    fn pre_visit_ident(&mut self, ident: &Ident) -> ControlFlow<Error> {
        if ident.value.contains(['"', '\0']) {
            let message = "a name of the SQL has a quotation mark, which no name can have";
            return ControlFlow::Break(Error::parameter(message));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Error> {
        let Expr::Function(function) = expr else {
            return ControlFlow::Continue(());
        };
        let word = |c: char| c.is_alphanumeric() || c == '_';
        if name(&function.name).is_some_and(|name| name.chars().all(word)) {
            return ControlFlow::Continue(());
        }
        let message = format!("function {} is not supported", function.name);
        ControlFlow::Break(Error::parameter(message))
    }
}

/// The name of a function or table that has one part.
pub(in crate::sql) fn name(name: &ObjectName) -> Option<&str> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => Some(&ident.value),
        _ => None,
    }
}
