//! One condition of a search, bound to an index: what it looks at and what it accepts there.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use crate::Error;
use crate::error::shown;
use crate::index::{Decimal, IndexConfig, IndexType, Inside, KeyIndex, LineIndex, TextRules};
use crate::json;

use super::number::NumberRange;
use super::words::Words;
use super::{Bound, Comparison, Number, Text, words};

/// The value of a field as a store has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'v> {
    /// Text; any octets.
    Text(&'v [u8]),
    /// An integer, which stands for its canonical decimal text.
    Integer(i64),
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(text.as_bytes())
    }
}

/// What a store can use of a condition without looking at every row.
#[derive(Clone, Debug, PartialEq)]
pub enum Pushdown<'c> {
    /// The field is there; nothing more is known.
    Present,
    /// The field is exactly these octets (an integer column: exactly this canonical decimal). This
    /// *is* the condition.
    Equals(&'c [u8]),
    /// The field begins with these octets.
    Prefix(Box<[u8]>),
    /// The field is a number within these integers, both inside; for a column of integers this *is*
    /// the condition.
    Integers(i64, i64),
    /// No row can be found.
    Nothing,
}

/// One condition of a search, bound to an index.
#[derive(Clone, Debug)]
pub struct Condition {
    key: Option<Box<str>>,
    /// Where inside the key, whose values are JSON.
    path: Option<Box<str>>,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Exists,
    Words(Box<Words>),
    Number(NumberRange, IndexType),
    /// In any field.
    Anywhere(Box<Anywhere>),
}

#[derive(Clone, Debug)]
struct Anywhere {
    /// Fields without an index of their own.
    line: Option<(LineIndex, Words)>,
    /// Fields with an index of their own, which wins.
    keys: BTreeMap<Box<str>, Words>,
}

impl Condition {
    /// The field it looks at; `None` for full text.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Whether it looks at this field at all.
    pub fn covers(&self, key: &str) -> bool {
        match &self.test {
            Test::Anywhere(anywhere) => anywhere.words(key).is_some(),
            _ => self.key() == Some(key),
        }
    }

    /// Whether a row in which `key` has this value fulfils it. A row without the field does not;
    /// one fulfils full text when any of its fields does.
    pub fn accepts(&self, key: &str, value: Value<'_>) -> bool {
        if let Test::Anywhere(anywhere) = &self.test {
            let words = anywhere.words(key);
            return words.is_some_and(|words| has_words(words, value));
        }
        if self.key() != Some(key) {
            return false;
        }
        match (&self.path, value) {
            (None, value) => self.test.accepts(value),
            (Some(path), Value::Text(json)) => json::at_path(json, path)
                .is_some_and(|inside| self.test.accepts(Value::Text(&inside))),
            (Some(_), Value::Integer(_)) => false,
        }
    }

    /// What a store can use of it; `None` for full text.
    pub fn pushdown(&self) -> Option<Pushdown<'_>> {
        if self.path.is_some() {
            return Some(Pushdown::Present);
        }
        match &self.test {
            Test::Anywhere(_) => None,
            Test::Exists => Some(Pushdown::Present),
            Test::Words(words) => Some(match (words.equals(), words.prefix()) {
                (Some(text), _) => Pushdown::Equals(text),
                (None, Some(prefix)) => Pushdown::Prefix(prefix),
                (None, None) => Pushdown::Present,
            }),
            Test::Number(range, kind) => Some(match (range.integers(), kind) {
                (Some((low, high)), IndexType::Long) => Pushdown::Integers(low, high),
                (None, IndexType::Long) => Pushdown::Nothing,
                // a fraction may lie inside a range that has no integer
                _ => Pushdown::Present,
            }),
        }
    }

    pub(super) fn exists(key: &str, index: &IndexConfig) -> Result<Self, Error> {
        Ok(Self::of(&field(key, index)?, Test::Exists))
    }

    pub(super) fn comparison(
        key: &str,
        (comparison, number): (Comparison, Number),
        index: &IndexConfig,
    ) -> Result<Self, Error> {
        Self::number(key, NumberRange::of(comparison, number), index)
    }

    pub(super) fn between(
        key: &str,
        (low, high): (Bound, Bound),
        index: &IndexConfig,
    ) -> Result<Self, Error> {
        Self::number(key, NumberRange::between(low, high), index)
    }

    fn number(key: &str, range: NumberRange, index: &IndexConfig) -> Result<Self, Error> {
        let field = field(key, index)?;
        match field.kind {
            Kind::Number(kind) => Ok(Self::of(&field, Test::Number(range, kind))),
            Kind::Text(_) => Err(Error::parameter(format!(
                "key ({0}) is indexed as text and cannot be compared as a number; \
                 index it as long or double, or search {0}: value",
                shown(key)
            ))),
        }
    }

    pub(super) fn text(key: &str, text: &Text, index: &IndexConfig) -> Result<Self, Error> {
        let field = field(key, index)?;
        let kind = match &field.kind {
            Kind::Text(rules) => {
                let words = bound_words(text, rules.clone())?;
                return Ok(Self::of(&field, Test::Words(Box::new(words))));
            }
            Kind::Number(kind) => *kind,
        };
        let number = match text {
            Text::Words(text) => Number::parse(text.trim()),
            Text::Pattern(_) | Text::Phrase(_) => None,
        };
        let number = number.ok_or_else(|| {
            Error::parameter(format!(
                "key ({0}) is indexed as a number, which \"{1}\" is not; \
                 compare it: {0} > 1, {0} in [1 10], or {0}: *",
                shown(key),
                shown(words::shown(text))
            ))
        })?;
        let range = NumberRange::of(Comparison::Equal, number);
        Ok(Self::of(&field, Test::Number(range, kind)))
    }

    pub(super) fn anywhere(text: &Text, index: &IndexConfig) -> Result<Self, Error> {
        let line = match &index.line {
            None => None,
            Some(line) => Some((line.clone(), bound_words(text, line.rules())?)),
        };
        let mut keys = BTreeMap::new();
        for (name, key) in &index.keys {
            if !key.kind.is_numeric() {
                keys.insert(Box::from(name.as_str()), bound_words(text, key.rules())?);
            }
        }
        if line.is_none() && keys.is_empty() {
            return Err(Error::parameter(format!(
                "\"{}\" is full text, and the index has neither line nor a key of type text; \
                 name a key: key: value",
                shown(words::shown(text))
            )));
        }
        Ok(Self {
            key: None,
            path: None,
            test: Test::Anywhere(Box::new(Anywhere { line, keys })),
        })
    }

    fn of(field: &Field<'_>, test: Test) -> Self {
        Self {
            key: Some(field.key.into()),
            path: field.path.map(Box::from),
            test,
        }
    }
}

impl Test {
    /// Whether a value of the field fulfils it.
    fn accepts(&self, value: Value<'_>) -> bool {
        match self {
            Self::Exists => true,
            Self::Words(words) => has_words(words, value),
            Self::Number(range, kind) => match value {
                Value::Integer(value) => range.has_integer(value),
                Value::Text(text) => range.has_text(text, *kind),
            },
            Self::Anywhere(_) => false,
        }
    }
}

impl Anywhere {
    /// The words that the field must have; `None` when full text does not look at it.
    fn words(&self, key: &str) -> Option<&Words> {
        if let Some(words) = self.keys.get(key) {
            return Some(words);
        }
        let (line, words) = self.line.as_ref()?;
        let covered = !matches!(key, "__time__" | "__time_ns_part__") && line.covers(key);
        covered.then_some(words)
    }
}

fn bound_words(text: &Text, rules: TextRules) -> Result<Words, Error> {
    Words::new(text, rules).ok_or_else(|| {
        Error::parameter(format!(
            "a text of a search has at most {} words",
            words::MAX_WORDS
        ))
    })
}

fn has_words(words: &Words, value: Value<'_>) -> bool {
    match value {
        Value::Text(text) => words.matches(text),
        Value::Integer(value) => words.matches(Decimal::of(value).as_bytes()),
    }
}

/// A field that can be searched.
struct Field<'k> {
    key: &'k str,
    /// Where inside the key, whose values are JSON.
    path: Option<&'k str>,
    kind: Kind,
}

enum Kind {
    Text(TextRules),
    Number(IndexType),
}

/// How a field can be searched. Topic, source, tags and time can always.
fn field<'k>(key: &'k str, index: &IndexConfig) -> Result<Field<'k>, Error> {
    let whole = |kind| Field {
        key,
        path: None,
        kind,
    };
    if let Some(found) = index.keys.get(key) {
        return Ok(whole(if found.kind.is_numeric() {
            Kind::Number(found.kind)
        } else {
            Kind::Text(found.rules())
        }));
    }
    if key == "__time__" {
        return Ok(whole(Kind::Number(IndexType::Long)));
    }
    if matches!(key, "__topic__" | "__source__") || key.starts_with("__tag__:") {
        let line = index
            .line
            .as_ref()
            .map_or_else(LineIndex::usual, ToOwned::to_owned);
        return Ok(whole(Kind::Text(line.rules())));
    }
    if let Some(Inside {
        key, path, kind, ..
    }) = index.inside(key)
    {
        let rules = index.keys.get(key).map(KeyIndex::rules);
        let kind = match rules {
            Some(rules) if !kind.is_numeric() => Kind::Text(rules),
            _ => Kind::Number(kind),
        };
        let path = Some(path);
        return Ok(Field { key, path, kind });
    }
    let message: String = format!(
        "key ({}) is not config as key value config,if symbol : is in your log,\
         please wrap : with quotation mark \"",
        shown(key)
    );
    Err(Error::parameter(message))
}
