//! Small pieces of a tree.

use flowlog_sls::Error;
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, Query, SelectItem, SetExpr, TableAlias, TableFactor,
    TableFunctionArgs, TableWithJoins, Value,
};

/// A name.
pub(in crate::sql) fn ident(name: impl Into<String>) -> Ident {
    Ident::new(name)
}

/// A column.
pub(in crate::sql) fn column(name: impl Into<String>) -> Expr {
    Expr::Identifier(ident(name))
}

/// A text.
pub(in crate::sql) fn text(text: impl Into<String>) -> Expr {
    Expr::value(Value::SingleQuotedString(text.into()))
}

/// An integer.
pub(in crate::sql) fn integer(value: i64) -> Expr {
    Expr::value(Value::Number(value.to_string(), false))
}

/// A function of some values.
pub(in crate::sql) fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let unnamed = |expr| FunctionArg::Unnamed(FunctionArgExpr::Expr(expr));
    Expr::Function(Function {
        name: ObjectName::from(ident(name)),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments.into_iter().map(unnamed).collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// `left AND right`
pub(in crate::sql) fn and(left: Expr, right: Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::And,
        right: Box::new(right),
    }
}

/// `CASE WHEN … THEN … ELSE … END`
pub(in crate::sql) fn case(condition: Expr, result: Expr, otherwise: Option<Expr>) -> Expr {
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![sqlparser::ast::CaseWhen { condition, result }],
        else_result: otherwise.map(Box::new),
    }
}

/// A table in `FROM`.
pub(in crate::sql) fn table(name: &str) -> TableWithJoins {
    of_factor(factor(name, None, None))
}

/// The elements of an array or a map as a table with the columns `key` and `value`.
pub(in crate::sql) fn elements(array: Expr, name: &str) -> TableWithJoins {
    let arguments = TableFunctionArgs {
        args: vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(array))],
        settings: None,
    };
    of_factor(factor("json_each", Some(arguments), Some(alias(name))))
}

/// A sub-query in `FROM`.
pub(in crate::sql) fn derived(query: Query, name: &str) -> TableWithJoins {
    of_factor(TableFactor::Derived {
        lateral: false,
        subquery: Box::new(query),
        alias: Some(alias(name)),
        sample: None,
    })
}

fn of_factor(relation: TableFactor) -> TableWithJoins {
    TableWithJoins {
        relation,
        joins: Vec::new(),
    }
}

/// One table in `FROM`.
pub(in crate::sql) fn factor(
    name: &str,
    args: Option<TableFunctionArgs>,
    alias: Option<TableAlias>,
) -> TableFactor {
    TableFactor::Table {
        name: ObjectName::from(ident(name)),
        alias,
        args,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_directives: Vec::new(),
        inheritance: None,
    }
}

/// `SELECT item`, without a table.
pub(in crate::sql) fn select(item: Expr) -> Result<Box<Query>, Error> {
    let mut query = super::syntax::parse_own("select 1")?;
    if let SetExpr::Select(select) = &mut *query.body {
        select.projection = vec![SelectItem::UnnamedExpr(item)];
    }
    Ok(query)
}

/// `AS name`
pub(in crate::sql) fn alias(name: &str) -> TableAlias {
    TableAlias {
        explicit: true,
        name: ident(name),
        columns: Vec::new(),
        at: None,
    }
}

/// The values that a function is called with, when they are nothing but values.
pub(in crate::sql) fn arguments(function: &Function) -> Option<Vec<&Expr>> {
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let value =
        |argument: &FunctionArg| matches!(argument, FunctionArg::Unnamed(FunctionArgExpr::Expr(_)));
    if list.duplicate_treatment.is_some()
        || !list.clauses.is_empty()
        || !list.args.iter().all(value)
    {
        return None;
    }
    let values = list.args.iter().filter_map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some(value),
        _ => None,
    });
    Some(values.collect())
}

/// The text that an expression is.
pub(in crate::sql) fn literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// The integer that an expression is.
pub(in crate::sql) fn number(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        Expr::UnaryOp {
            op: sqlparser::ast::UnaryOperator::Minus,
            expr,
        } => number(expr)?.checked_neg(),
        Expr::Nested(inner) => number(inner),
        _ => None,
    }
}
