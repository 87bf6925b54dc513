//! A search bound to an index, and its evaluation over rows and columns.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::Error;
use crate::index::IndexConfig;

use super::{Condition, SearchExpression, Value};

/// A row, however it is stored.
pub trait Fields {
    /// The value of a field; `None` when the row does not have it.
    fn get(&self, key: &str) -> Option<Value<'_>>;

    /// Whether any field of the row fulfils `test`; fields are given until one does.
    fn any(&self, test: &mut dyn FnMut(&str, Value<'_>) -> bool) -> bool;
}

impl Fields for [(&str, Value<'_>)] {
    fn get(&self, key: &str) -> Option<Value<'_>> {
        self.iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| *value)
    }

    fn any(&self, test: &mut dyn FnMut(&str, Value<'_>) -> bool) -> bool {
        self.iter().any(|(key, value)| test(key, *value))
    }
}

/// What is known of many rows at once, for instance from the statistics of a row group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chance {
    /// No row fulfils it.
    Never,
    /// Some may.
    Maybe,
    /// Every row does.
    Always,
}

impl Chance {
    const fn negated(self) -> Self {
        match self {
            Self::Never => Self::Always,
            Self::Maybe => Self::Maybe,
            Self::Always => Self::Never,
        }
    }
}

/// A search bound to an index: conditions in a fixed order, and how they are combined.
#[derive(Clone, Debug)]
pub struct Search {
    conditions: Vec<Condition>,
    root: Node,
}

#[derive(Clone, Debug)]
enum Node {
    All,
    /// A place in `conditions`.
    Condition(usize),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
}

impl Search {
    /// Binds `expression` to `index`.
    ///
    /// # Errors
    /// `ParameterInvalid` when a key is not indexed or is of another type than the condition needs.
    pub fn bind(expression: &SearchExpression, index: &IndexConfig) -> Result<Self, Error> {
        let mut conditions = Vec::new();
        let root = bind_node(expression, index, &mut conditions)?;
        Ok(Self { conditions, root })
    }

    /// Whether every row is found.
    pub const fn finds_all(&self) -> bool {
        matches!(self.root, Node::All)
    }

    /// The conditions, in the order in which [`Search::combine`] and [`Search::chance`] number them.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// The conditions that every row that is found fulfils: what a store can push down alone.
    pub fn required(&self) -> impl Iterator<Item = &Condition> {
        let parts: &[Node] = match &self.root {
            Node::And(parts) => parts,
            other => core::slice::from_ref(other),
        };
        parts.iter().filter_map(|part| match part {
            Node::Condition(place) => self.conditions.get(*place),
            _ => None,
        })
    }

    /// Whether a row is found.
    pub fn matches<F: Fields + ?Sized>(&self, row: &F) -> bool {
        self.combine(|place| {
            self.conditions
                .get(place)
                .is_some_and(|condition| match condition.key() {
                    Some(key) => row
                        .get(key)
                        .is_some_and(|value| condition.accepts(key, value)),
                    None => row.any(&mut |key, value| condition.accepts(key, value)),
                })
        })
    }

    /// Whether a row is found of which `fulfils` says which conditions it fulfils, by their place in
    /// [`Search::conditions`]. Only those that matter are asked for.
    pub fn combine(&self, mut fulfils: impl FnMut(usize) -> bool) -> bool {
        let certain = |holds| if holds { Chance::Always } else { Chance::Never };
        self.root.chance(&mut |place| certain(fulfils(place))) == Chance::Always
    }

    /// The same of 64 rows at once, a bit for each; beyond the rows that there are bits may be set.
    pub fn combine_bits(&self, mut fulfil: impl FnMut(usize) -> u64) -> u64 {
        self.root.bits(&mut fulfil)
    }

    /// What is known of rows of which `known` says it for single conditions, by their place in
    /// [`Search::conditions`]: [`Chance::Never`] means that they need not be read,
    /// [`Chance::Always`] that they need not be filtered.
    pub fn chance(&self, mut known: impl FnMut(usize) -> Chance) -> Chance {
        self.root.chance(&mut known)
    }
}

impl Node {
    fn bits(&self, fulfil: &mut impl FnMut(usize) -> u64) -> u64 {
        match self {
            Self::All => u64::MAX,
            Self::Condition(place) => fulfil(*place),
            Self::Not(inner) => !inner.bits(fulfil),
            Self::And(parts) => parts
                .iter()
                .fold(u64::MAX, |all, part| all & part.bits(fulfil)),
            Self::Or(parts) => parts.iter().fold(0, |all, part| all | part.bits(fulfil)),
        }
    }

    fn chance(&self, known: &mut impl FnMut(usize) -> Chance) -> Chance {
        match self {
            Self::All => Chance::Always,
            Self::Condition(place) => known(*place),
            Self::Not(inner) => inner.chance(known).negated(),
            Self::And(parts) => fold(parts, Chance::Always, Chance::Never, known),
            Self::Or(parts) => fold(parts, Chance::Never, Chance::Always, known),
        }
    }
}

/// The least certain outcome between `neutral` and `decisive`, at which it ends.
fn fold(
    parts: &[Node],
    neutral: Chance,
    decisive: Chance,
    known: &mut impl FnMut(usize) -> Chance,
) -> Chance {
    let mut outcome = neutral;
    for part in parts {
        let chance = part.chance(known);
        if chance == decisive {
            return decisive;
        }
        if chance == Chance::Maybe {
            outcome = Chance::Maybe;
        }
    }
    outcome
}

fn bind_node(
    expression: &SearchExpression,
    index: &IndexConfig,
    conditions: &mut Vec<Condition>,
) -> Result<Node, Error> {
    let condition = match expression {
        SearchExpression::All => return Ok(Node::All),
        SearchExpression::Not(inner) => {
            return Ok(Node::Not(Box::new(bind_node(inner, index, conditions)?)));
        }
        SearchExpression::And(parts) => return Ok(Node::And(bind_all(parts, index, conditions)?)),
        SearchExpression::Or(parts) => return Ok(Node::Or(bind_all(parts, index, conditions)?)),
        SearchExpression::Exists { key } => Condition::exists(key, index)?,
        SearchExpression::Compare {
            key,
            comparison,
            number,
        } => Condition::comparison(key, (*comparison, *number), index)?,
        SearchExpression::Between { key, low, high } => {
            Condition::between(key, (*low, *high), index)?
        }
        SearchExpression::Text {
            key: Some(key),
            text,
        } => Condition::text(key, text, index)?,
        SearchExpression::Text { key: None, text } => Condition::anywhere(text, index)?,
    };
    conditions.push(condition);
    Ok(Node::Condition(conditions.len() - 1))
}

fn bind_all(
    parts: &[SearchExpression],
    index: &IndexConfig,
    conditions: &mut Vec<Condition>,
) -> Result<Vec<Node>, Error> {
    parts
        .iter()
        .map(|part| bind_node(part, index, conditions))
        .collect()
}
