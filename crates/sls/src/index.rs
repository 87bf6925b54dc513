//! The index of a Logstore: which keys can be searched and used in SQL, with which type, and how
//! their text falls into words.
//!
//! Keys of the description that are not understood here are kept as they were sent.

mod key;
mod tokens;

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Error, ErrorCode, Json};

pub(crate) use tokens::{Decimal, first_char};
pub use tokens::{TextRules, Tokens};

/// The usual delimiters of words.
pub const USUAL_TOKENS: [&str; 24] = [
    ",", " ", "'", "\"", ";", "=", "(", ")", "[", "]", "{", "}", "?", "@", "&", "<", ">", "/", ":",
    "\n", "\t", "\r", "\u{b}", "\u{c}",
];

/// The most keys that an index has.
pub const MAX_KEYS: usize = 1000;

/// The description of an index, as `CreateIndex` sends it and `GetIndex` answers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexConfig {
    /// Days that the index is kept; that of the Logstore counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i64>,
    /// Full text: all fields of a log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineIndex>,
    /// Fields by key.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub keys: BTreeMap<String, KeyIndex>,
    /// How much of a text SQL sees, octets, 64 to 16 384.
    #[serde(default = "default_max_text_len")]
    pub max_text_len: u32,
    /// Grouping of similar logs; not done.
    #[serde(default)]
    pub log_reduce: bool,
    /// `v2`; set by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_mode: Option<String>,
    /// `pg`; set by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
    /// Seconds of the epoch; set by the server.
    #[serde(
        rename = "lastModifyTime",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub last_modify_time: Option<i64>,
    /// Everything else.
    #[serde(flatten)]
    pub further: BTreeMap<String, Json>,
}

/// The index over all fields of a log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LineIndex {
    /// Delimiters of words, one character each; `None` is refused, an empty list splits nothing.
    pub token: Option<Vec<String>>,
    /// Whether `A` differs from `a`.
    #[serde(rename = "caseSensitive", default)]
    pub case_sensitive: bool,
    /// Whether each Chinese character is a word.
    #[serde(default)]
    pub chn: bool,
    /// Only these keys; empty for all.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_is_empty"
    )]
    pub include_keys: Vec<String>,
    /// All but these keys.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_is_empty"
    )]
    pub exclude_keys: Vec<String>,
    /// Everything else.
    #[serde(flatten)]
    pub further: BTreeMap<String, Json>,
}

/// The index of one key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyIndex {
    /// The type.
    #[serde(rename = "type")]
    pub kind: IndexType,
    /// Delimiters of words, one character each; text and JSON alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Vec<String>>,
    /// Whether `A` differs from `a`; text and JSON alone.
    #[serde(
        rename = "caseSensitive",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub case_sensitive: Option<bool>,
    /// Whether each Chinese character is a word; text and JSON alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chn: Option<bool>,
    /// Another name in SQL, or empty.
    #[serde(default)]
    pub alias: String,
    /// Whether SQL may use it.
    #[serde(default = "yes")]
    pub doc_value: bool,
    /// Whether every value inside can be searched as text; JSON alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_all: Option<bool>,
    /// Values inside by their path, such as `a.b`; JSON alone.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "null_is_empty"
    )]
    pub json_keys: BTreeMap<String, JsonKey>,
    /// Everything else.
    #[serde(flatten)]
    pub further: BTreeMap<String, Json>,
}

/// The index of one value inside a key of type JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JsonKey {
    /// The type: not JSON again.
    #[serde(rename = "type")]
    pub kind: IndexType,
    /// Another name in SQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Whether SQL may use it.
    #[serde(default = "yes")]
    pub doc_value: bool,
    /// Everything else.
    #[serde(flatten)]
    pub further: BTreeMap<String, Json>,
}

/// A value inside a key of type JSON, as a query names it: `key.path`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inside<'k> {
    /// The key.
    pub key: &'k str,
    /// Where in its value.
    pub path: &'k str,
    /// The type.
    pub kind: IndexType,
    /// Whether SQL may use it.
    pub doc_value: bool,
}

/// The type of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IndexType {
    /// Words; `varchar` in SQL.
    Text,
    /// Integers; `bigint` in SQL.
    Long,
    /// Numbers; `double` in SQL.
    Double,
    /// A JSON object; `varchar` in SQL.
    Json,
}

impl IndexType {
    /// Whether its values are compared as numbers.
    pub const fn is_numeric(self) -> bool {
        matches!(self, Self::Long | Self::Double)
    }

    /// The type in SQL: `varchar`, `bigint` or `double`.
    pub const fn sql_type(self) -> &'static str {
        match self {
            Self::Text | Self::Json => "varchar",
            Self::Long => "bigint",
            Self::Double => "double",
        }
    }
}

const fn default_max_text_len() -> u32 {
    2048
}

const fn yes() -> bool {
    true
}

fn null_is_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

fn usual_tokens() -> Vec<String> {
    USUAL_TOKENS
        .iter()
        .map(|token| (*token).to_owned())
        .collect()
}

/// Without a line or a key, which [`IndexConfig::checked`] refuses.
impl Default for IndexConfig {
    fn default() -> Self {
        Self {
            ttl: None,
            line: None,
            keys: BTreeMap::new(),
            max_text_len: default_max_text_len(),
            log_reduce: false,
            index_mode: None,
            storage: None,
            last_modify_time: None,
            further: BTreeMap::new(),
        }
    }
}

impl LineIndex {
    /// Full text over all fields, words by the usual delimiters, case ignored.
    pub fn usual() -> Self {
        Self {
            token: Some(usual_tokens()),
            ..Self::default()
        }
    }

    /// How text falls into words.
    pub fn rules(&self) -> TextRules {
        let tokens = self.token.as_deref().unwrap_or_default();
        TextRules::new(tokens, self.case_sensitive, self.chn)
    }

    /// Whether full text looks at this key.
    pub fn covers(&self, key: &str) -> bool {
        let named = |keys: &[String]| keys.iter().any(|name| name == key);
        (self.include_keys.is_empty() || named(&self.include_keys)) && !named(&self.exclude_keys)
    }
}

impl IndexConfig {
    /// What a name means that is no key itself but may lead into one of type JSON.
    pub fn inside<'k>(&self, name: &'k str) -> Option<Inside<'k>> {
        name.match_indices('.').find_map(|(dot, _)| {
            let (key, path) = (name.get(..dot)?, name.get(dot + 1..)?);
            let index = self.keys.get(key)?;
            let listed = index.json_keys.get(path);
            let any = index.index_all.unwrap_or_default() && !path.is_empty();
            (index.kind == IndexType::Json && (listed.is_some() || any)).then(|| Inside {
                key,
                path,
                kind: listed.map_or(IndexType::Text, |listed| listed.kind),
                doc_value: listed.map_or(index.doc_value, |listed| listed.doc_value),
            })
        })
    }

    /// The description with what is absent filled in.
    ///
    /// # Errors
    /// `IndexInfoInvalid` when there is neither `line` nor `keys`, a list of tokens is absent or
    /// has other than single characters, or a bound is passed.
    pub fn checked(self) -> Result<Self, Error> {
        let line = self.line.as_ref();
        if line.is_none() && self.keys.is_empty() {
            return Err(invalid("line or keys is required"));
        }
        if let Some(line) = line {
            check_tokens("line", line.token.as_deref())?;
            if !line.include_keys.is_empty() && !line.exclude_keys.is_empty() {
                return Err(invalid("include_keys and exclude_keys exclude each other"));
            }
        }
        if self.keys.len() > MAX_KEYS {
            return Err(invalid(format!("an index has at most {MAX_KEYS} keys")));
        }
        if !(64..=16_384).contains(&self.max_text_len) {
            return Err(invalid("max_text_len must be within range [64, 16384]"));
        }
        let checked = self.keys.into_iter().map(|(name, key)| {
            if name.is_empty() || name.len() > 1024 {
                return Err(invalid("a key must have 1 to 1024 octets"));
            }
            key.checked(&name).map(|key| (name, key))
        });
        Ok(Self {
            keys: checked.collect::<Result<_, _>>()?,
            ..self
        })
    }
}

fn check_tokens(of: &str, tokens: Option<&[String]>) -> Result<(), Error> {
    let tokens = tokens.ok_or_else(|| {
        invalid(format!(
            "required field token is lacking or of error format ({of})"
        ))
    })?;
    let single = |token: &String| token.chars().nth(1).is_none() && !token.is_empty();
    if tokens.len() <= 256 && tokens.iter().all(single) {
        return Ok(());
    }
    Err(invalid(format!(
        "token must be at most 256 single characters ({of})"
    )))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::IndexInfoInvalid, message)
}

#[cfg(test)]
mod tests;
