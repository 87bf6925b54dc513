//! The parameters of a request line: `k=v` joined by `&`.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::shown;
use crate::{Error, percent};

/// The decoded parameters in the order in which they came.
///
/// `+` and `%20` are a space; a bare `?`, an empty part and a missing `=` are tolerated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads what follows the `?`.
    ///
    /// # Errors
    /// `ParameterInvalid` when a key or a value is not UTF-8 once decoded.
    pub fn parse(query: &str) -> Result<Self, Error> {
        let parts = query.split('&').filter(|part| !part.is_empty());
        let pairs = parts.map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((text(key)?, text(value)?))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    /// The value of the first parameter of this name; an empty value counts as absent, because
    /// clients send `offset=&size=` for the defaults.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.first(key).filter(|value| !value.is_empty())
    }

    /// Whether a parameter of this name is there, with or without a value.
    pub fn contains(&self, key: &str) -> bool {
        self.first(key).is_some()
    }

    fn first(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// The number of this name, or `default` when it is absent or empty.
    ///
    /// # Errors
    /// `ParameterInvalid` when it is no decimal number.
    pub fn number(&self, key: &str, default: i64) -> Result<i64, Error> {
        let Some(value) = self.get(key) else {
            return Ok(default);
        };
        value.trim().parse().map_err(|_| {
            Error::parameter(format!(
                "The parameter {key} must be an integer, not \"{}\"",
                shown(value)
            ))
        })
    }

    /// The truth value of this name, or `default` when it is absent or empty. Case does not matter:
    /// Python sends `True`.
    ///
    /// # Errors
    /// `ParameterInvalid` when it is neither `true` nor `false`.
    pub fn flag(&self, key: &str, default: bool) -> Result<bool, Error> {
        match self.get(key) {
            None => Ok(default),
            Some(value) if value.eq_ignore_ascii_case("true") || value == "1" => Ok(true),
            Some(value) if value.eq_ignore_ascii_case("false") || value == "0" => Ok(false),
            Some(value) => Err(Error::parameter(format!(
                "The parameter {key} must be true or false, not \"{}\"",
                shown(value)
            ))),
        }
    }

    /// The pairs in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The pairs as they go into a request line: `k=v&…`, encoded; empty without parameters.
    pub fn to_query(&self) -> String {
        let mut query = String::new();
        for (key, value) in self.iter() {
            if !query.is_empty() {
                query.push('&');
            }
            percent::encode_into(key.as_bytes(), &mut query);
            query.push('=');
            percent::encode_into(value.as_bytes(), &mut query);
        }
        query
    }

    /// The pairs by key, those of one key in the order in which they came, as signatures want them.
    pub(crate) fn sorted(&self) -> Vec<(&str, &str)> {
        let mut pairs: Vec<_> = self.iter().collect();
        pairs.sort_by_key(|(key, _)| *key);
        pairs
    }
}

impl<'p> FromIterator<(&'p str, &'p str)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (&'p str, &'p str)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        )
    }
}

fn text(encoded: &str) -> Result<String, Error> {
    let decoded = percent::decode(encoded, true).into_owned();
    String::from_utf8(decoded).map_err(|_| {
        Error::parameter(format!(
            "the parameter \"{}\" is not UTF-8 once decoded",
            shown(encoded)
        ))
    })
}

#[cfg(test)]
mod tests;
