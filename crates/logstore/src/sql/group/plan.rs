//! Finds the plain shape in a statement.

mod read;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, GroupByExpr, Ident, ObjectName, OrderBy, OrderByKind, Query, Select,
    SelectItem, SetExpr, TableFactor, Value, VisitMut, VisitorMut,
};

use super::filter::{self, Filter};
use super::{Grouping, Key, Partial};
use crate::chunk::Field;
use crate::sql::dialect::build::{alias, arguments, call, column, ident, integer, literal, number};
use crate::sql::dialect::{earlier_by, name_of};
use crate::sql::functions;
use crate::sql::{ColumnKind, TableColumn};
use read::{from_seconds, gcd, seconds_of, without_parentheses};

/// Replaces the table of each `SELECT` that has the plain shape; gives the tables that it needs.
pub(in crate::sql) fn plan(query: &mut Query, columns: &[TableColumn]) -> Vec<Grouping> {
    let mut plan = Plan {
        columns,
        found: Vec::new(),
    };
    let _: ControlFlow<()> = query.visit(&mut plan);
    plan.found
}

/// Keys that a table of groups has at most.
const MOST_KEYS: usize = 60;

struct Plan<'a> {
    columns: &'a [TableColumn],
    found: Vec<Grouping>,
}

impl VisitorMut for Plan<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        self.body(&mut query.body, query.order_by.as_mut());
        ControlFlow::Continue(())
    }
}

impl Plan<'_> {
    fn body(&mut self, body: &mut SetExpr, order: Option<&mut OrderBy>) {
        match body {
            SetExpr::Select(select) => {
                let by = match order.map(|order| &mut order.kind) {
                    None => Vec::new(),
                    Some(OrderByKind::Expressions(by)) => {
                        by.iter_mut().map(|by| &mut by.expr).collect()
                    }
                    Some(OrderByKind::All(_)) => return,
                };
                self.select(select, by);
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left, None);
                self.body(right, None);
            }
            _ => {}
        }
    }

    /// Changes both when all of it has the shape, else nothing.
    fn select(&mut self, select: &mut Select, order: Vec<&mut Expr>) {
        let Some((binding, earlier)) = table_of(select) else {
            return;
        };
        let name = format!("#groups{}", self.found.len());
        let mut new = select.clone();
        let mut new_order: Vec<Expr> = order.iter().map(|expr| (**expr).clone()).collect();
        let mut shape = Shape::of(self.columns, &binding, select);
        shape.earlier = earlier;
        let grouping = shape.changed(&mut new, &mut new_order);
        let Some(grouping) = grouping.map(|grouping| Grouping {
            name: name.clone(),
            ..grouping
        }) else {
            return;
        };
        self.found.push(grouping);
        if let Some(from) = new.from.first_mut()
            && let TableFactor::Table {
                name: table,
                alias: known,
                ..
            } = &mut from.relation
        {
            *table = ObjectName::from(ident(name));
            known.get_or_insert_with(|| alias(&binding));
        }
        *select = new;
        for (expr, new) in order.into_iter().zip(new_order) {
            *expr = new;
        }
    }
}

/// What the one table is called in the statement, and how much earlier its period is.
fn table_of(select: &Select) -> Option<(String, i64)> {
    let [from] = select.from.as_slice() else {
        return None;
    };
    let plain = from.joins.is_empty()
        && select.distinct.is_none()
        && select.named_window.is_empty()
        && select.qualify.is_none();
    let TableFactor::Table { name, alias, .. } = &from.relation else {
        return None;
    };
    let name = name_of(name)?;
    let earlier = earlier_by(name)?;
    let binding = alias.as_ref().map_or(name, |alias| &alias.name.value);
    plain.then(|| (binding.to_lowercase(), earlier))
}

/// What is found out about a `SELECT`.
struct Shape<'a> {
    columns: &'a [TableColumn],
    binding: &'a str,
    /// Seconds by which the period is earlier.
    earlier: i64,
    /// Names of the columns of the result.
    aliases: Vec<String>,
    keys: BTreeMap<String, TableColumn>,
    partials: Vec<Partial>,
    /// How often the time is named, and how often where only multiples of `step` matter.
    times: usize,
    stepped: usize,
    step: i64,
    has_aggregate: bool,
}

impl<'a> Shape<'a> {
    fn of(columns: &'a [TableColumn], binding: &'a str, select: &Select) -> Self {
        let alias = |item: &SelectItem| match item {
            SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.to_lowercase()),
            _ => None,
        };
        Self {
            columns,
            binding,
            earlier: 0,
            aliases: select.projection.iter().filter_map(alias).collect(),
            keys: BTreeMap::new(),
            partials: Vec::new(),
            times: 0,
            stepped: 0,
            step: 0,
            has_aggregate: false,
        }
    }

    /// Changes the statement to one over partial groups, as far as it has the shape.
    fn changed(&mut self, select: &mut Select, order: &mut [Expr]) -> Option<Grouping> {
        let filter = match select.selection.take() {
            None => Filter::All(Vec::new()),
            Some(condition) => filter::of(&condition, &|expr| self.column(expr))?,
        };
        let groups = match &mut select.group_by {
            GroupByExpr::Expressions(keys, modifiers) if modifiers.is_empty() => keys,
            _ => return None,
        };
        self.has_aggregate = !groups.is_empty();
        groups.iter_mut().try_for_each(|key| self.visit(key))?;
        for item in &mut select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    self.visit(expr)?;
                }
                _ => return None,
            }
        }
        select
            .having
            .iter_mut()
            .try_for_each(|having| self.visit(having))?;
        for expr in order {
            let is_alias = matches!(expr, Expr::Identifier(name) if self.is_alias(name));
            if !is_alias {
                self.visit(expr)?;
            }
        }
        // Only keys show the times of an earlier period as they are to be.
        let is_time = |column: &TableColumn| column.field == Field::Time;
        let times = filter.any(&is_time)
            || self
                .partials
                .iter()
                .filter_map(Partial::column)
                .any(is_time);
        // One word tells which keys are NULL.
        let few = self.keys.len() <= MOST_KEYS;
        let known = self.has_aggregate && few && (self.earlier == 0 || !times);
        known.then(|| self.grouping(filter))
    }

    fn grouping(&self, filter: Filter) -> Grouping {
        let stepped = self.times == self.stepped && self.step > 0 && self.earlier % self.step == 0;
        let step = if stepped { self.step } else { 1 };
        let key = |column: &TableColumn| Key {
            column: column.clone(),
            step: if column.field == Field::Time { step } else { 1 },
        };
        Grouping {
            name: String::new(),
            earlier: self.earlier,
            keys: self.keys.values().map(key).collect(),
            partials: self.partials.clone(),
            filter,
        }
    }

    fn visit(&mut self, expr: &mut Expr) -> Option<()> {
        match expr.visit(self) {
            ControlFlow::Continue(()) => Some(()),
            ControlFlow::Break(()) => None,
        }
    }

    fn is_alias(&self, name: &Ident) -> bool {
        self.aliases.contains(&name.value.to_lowercase())
    }

    /// The column of the table that an expression is, if groups can have it: doubles are left to
    /// SQLite.
    fn column(&self, expr: &Expr) -> Option<&'a TableColumn> {
        self.named(expr)
            .filter(|column| column.kind != ColumnKind::Double)
    }

    /// The column of the table that an expression names.
    fn named(&self, expr: &Expr) -> Option<&'a TableColumn> {
        let name = match expr {
            Expr::Identifier(name) => name,
            Expr::CompoundIdentifier(names) => match names.as_slice() {
                [table, name] if table.value.to_lowercase() == self.binding => name,
                _ => return None,
            },
            Expr::Nested(inner) => return self.named(inner),
            _ => return None,
        };
        let is = |column: &&TableColumn| column.name.eq_ignore_ascii_case(&name.value);
        self.columns.iter().find(is)
    }

    /// The column of a partial.
    fn partial(&mut self, partial: Partial) -> Expr {
        let known = self.partials.iter().position(|known| *known == partial);
        let at = known.unwrap_or_else(|| {
            self.partials.push(partial);
            self.partials.len() - 1
        });
        column(format!("#{at}"))
    }

    /// What stands for an aggregate; `None` when it is none that is known here.
    fn aggregate(&mut self, function: &Function) -> Option<Change> {
        let name = name_of(&function.name)?.to_ascii_lowercase();
        let FunctionArguments::List(list) = &function.args else {
            return None;
        };
        let plain = function.filter.is_none() && list.clauses.is_empty();
        let [FunctionArg::Unnamed(argument)] = list.args.as_slice() else {
            return None;
        };
        let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        let total = |counts| call("coalesce", vec![call("sum", vec![counts]), integer(0)]);
        let of = match argument {
            FunctionArgExpr::Wildcard if name == "count" && plain && !distinct => {
                return Some(Change::To(Box::new(total(self.partial(Partial::Rows)))));
            }
            FunctionArgExpr::Expr(expr) if plain => expr,
            _ => return None,
        };
        let is_value = matches!(of, Expr::Value(value) if value.value != Value::Null);
        if name == "count" && is_value && !distinct {
            return Some(Change::To(Box::new(total(self.partial(Partial::Rows)))));
        }
        if matches!(of, Expr::Identifier(name) if name.value.starts_with('#')) {
            return Some(Change::Nothing);
        }
        let of = self.column(of)?.clone();
        let is_long = of.kind == ColumnKind::Long;
        let is_text = matches!(of.kind, ColumnKind::Text(_));
        if name == "approx_distinct" || (name == "count" && distinct) {
            // Its column becomes a key.
            return (is_long || is_text).then_some(Change::Nothing);
        }
        let new = match &*name {
            _ if distinct => return None,
            "count" if is_long || is_text => total(self.partial(Partial::Count(of))),
            "sum" if is_long => call("sum", vec![self.partial(Partial::Sum(of))]),
            "avg" if is_long => {
                let sum = self.partial(Partial::Total(of.clone()));
                let count = self.partial(Partial::Count(of));
                Expr::BinaryOp {
                    left: Box::new(call("#total", vec![sum])),
                    op: BinaryOperator::Divide,
                    right: Box::new(call("sum", vec![count])),
                }
            }
            "min" if is_long || is_text => call("min", vec![self.partial(Partial::Min(of))]),
            "max" if is_long || is_text => call("max", vec![self.partial(Partial::Max(of))]),
            _ => return None,
        };
        Some(Change::To(Box::new(new)))
    }

    /// Takes note of a time of which only the stretch matters in which it is.
    fn stepped(&mut self, expr: &Expr) {
        let Some((times, step)) = self.step_of(expr) else {
            return;
        };
        self.stepped += times;
        self.step = gcd(self.step, step);
    }

    /// `__time__ - __time__ % 60`, `date_trunc('minute', __time__)`, `#bucket(__time__, 60)`
    fn step_of(&self, expr: &Expr) -> Option<(usize, i64)> {
        let is_time = |expr: &Expr| self.column(expr).is_some_and(|c| c.field == Field::Time);
        match expr {
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Minus,
                right,
            } => {
                let Expr::BinaryOp {
                    left: time,
                    op: BinaryOperator::Modulo,
                    right: step,
                } = without_parentheses(right)
                else {
                    return None;
                };
                let step = number(step).filter(|step| *step > 0)?;
                (is_time(left) && is_time(time)).then_some((2, step))
            }
            Expr::Function(function) => {
                let name = name_of(&function.name)?.to_ascii_lowercase();
                let (time, step) = match (&*name, arguments(function)?.as_slice()) {
                    ("date_trunc", [unit, time]) => {
                        (from_seconds(time), seconds_of(literal(unit)?)?)
                    }
                    ("#bucket", [time, step]) => (*time, number(step)?),
                    _ => return None,
                };
                (is_time(time) && step > 0).then_some((1, step))
            }
            _ => None,
        }
    }
}

/// What becomes of an aggregate.
enum Change {
    Nothing,
    To(Box<Expr>),
}

impl VisitorMut for Shape<'_> {
    type Break = ();

    /// Sub-queries may name the columns of this one.
    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.stepped(expr);
        if let Some(column) = self.named(expr) {
            if column.kind == ColumnKind::Double {
                return ControlFlow::Break(());
            }
            self.times += usize::from(column.field == Field::Time);
            self.keys.insert(column.name.clone(), column.clone());
            return ControlFlow::Continue(());
        }
        match expr {
            Expr::Identifier(name) if name.value.starts_with('#') || self.is_alias(name) => {
                ControlFlow::Continue(())
            }
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Lambda(_) => {
                ControlFlow::Break(())
            }
            Expr::Function(function) => {
                let name = name_of(&function.name).unwrap_or_default();
                if function.over.is_some() {
                    return ControlFlow::Break(());
                }
                if !functions::is_aggregate(&name.to_ascii_lowercase()) {
                    return ControlFlow::Continue(());
                }
                self.has_aggregate = true;
                match self.aggregate(function) {
                    None => return ControlFlow::Break(()),
                    Some(Change::Nothing) => {}
                    Some(Change::To(new)) => *expr = Expr::Nested(new),
                }
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}
