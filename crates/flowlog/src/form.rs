//! Values that people may write as a number, a text or a table, with errors that name the value.
//!
//! serde's untagged enums would do, but they answer every mistake with "did not match any variant".

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::InvalidValue;

/// A value with a short form beside its table, or with no table at all (`Table = NoTable`).
pub(crate) trait Shorthand: Sized {
    /// What the value may look like.
    const EXPECTING: &'static str;
    /// The long form.
    type Table: for<'de> Deserialize<'de>;

    fn from_number(number: u64) -> Result<Self, InvalidValue> {
        Err(InvalidValue::new(format!("{number}"), Self::EXPECTING))
    }

    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        Err(InvalidValue::new(text, Self::EXPECTING))
    }

    fn from_table(_: Self::Table) -> Result<Self, InvalidValue> {
        Err(InvalidValue::new("a table", Self::EXPECTING))
    }
}

/// The table of a value that has none.
pub(crate) struct NoTable;

impl<'de> Deserialize<'de> for NoTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// What `#[serde(deserialize_with)]` or an `impl Deserialize` calls.
pub(crate) fn deserialize<'de, T: Shorthand, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(ShorthandVisitor(PhantomData))
}

struct ShorthandVisitor<T>(PhantomData<T>);

impl<'de, T: Shorthand> Visitor<'de> for ShorthandVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTING)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        T::from_number(number).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        let number = u64::try_from(number)
            .map_err(|_| E::custom(InvalidValue::new(format!("{number}"), T::EXPECTING)))?;
        self.visit_u64(number)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        T::from_text(text).map_err(E::custom)
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<T, E> {
        self.visit_str(&text)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let table = T::Table::deserialize(MapAccessDeserializer::new(map))?;
        T::from_table(table).map_err(de::Error::custom)
    }
}

/// Implements `Deserialize` for types with a [`Shorthand`].
macro_rules! deserialize_shorthand {
    ($($name:ty),*) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::form::deserialize(deserializer)
            }
        }
    )*};
}

pub(crate) use deserialize_shorthand;
