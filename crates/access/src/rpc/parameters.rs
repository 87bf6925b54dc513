//! Parameters of a request line or of a form: `k=v` joined by `&`.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::percent;

/// The most parameters of a request line, and of a form.
const MOST: usize = 1000;

/// More parameters than any operation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyParameters;

impl fmt::Display for TooManyParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a request has at most {MOST} parameters")
    }
}

impl core::error::Error for TooManyParameters {}

/// The decoded parameters in the order in which they came. `+` and `%20` are a space; octets that
/// are not UTF-8 become U+FFFD, so that what was signed of them does not match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads what follows the `?`, or a form.
    ///
    /// # Errors
    /// [`TooManyParameters`].
    pub fn parse(text: &str) -> Result<Self, TooManyParameters> {
        let mut pairs = Vec::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            if pairs.len() == MOST {
                return Err(TooManyParameters);
            }
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            pairs.push((decoded(key), decoded(value)));
        }
        Ok(Self(pairs))
    }

    /// The value of the first parameter of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The pairs in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Adds one behind the others.
    pub fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }
}

impl<'p> FromIterator<(&'p str, &'p str)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (&'p str, &'p str)>>(pairs: I) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self(pairs.into_iter().map(owned).collect())
    }
}

fn decoded(text: &str) -> String {
    String::from_utf8_lossy(&percent::decode(text, true)).into_owned()
}

/// The pairs as signatures want them: encoded, sorted by name octet by octet, joined. Where a name
/// comes twice nobody says which is first: here the lesser value is.
pub(super) fn canonical<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> String {
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_unstable();
    joined(&pairs)
}

/// The same with values of one name in the order in which they came, for who signs it so; `None`
/// when that is the same.
pub(super) fn canonical_as_sent<'p>(
    pairs: impl Iterator<Item = (&'p str, &'p str)>,
) -> Option<String> {
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_by_key(|(name, _)| *name);
    (!pairs.is_sorted()).then(|| joined(&pairs))
}

fn joined(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        percent::encode_into(name.as_bytes(), &mut text);
        text.push('=');
        percent::encode_into(value.as_bytes(), &mut text);
    }
    text
}
