//! The index of one key: how it is made, checked and read.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{
    IndexType, JsonKey, KeyIndex, MAX_KEYS, TextRules, check_tokens, invalid, usual_tokens,
};
use crate::Error;
use crate::error::shown;

impl KeyIndex {
    fn of(kind: IndexType) -> Self {
        Self {
            kind,
            token: None,
            case_sensitive: None,
            chn: None,
            alias: String::new(),
            doc_value: true,
            index_all: None,
            json_keys: BTreeMap::new(),
            further: BTreeMap::new(),
        }
    }

    /// Integers.
    pub fn long() -> Self {
        Self::of(IndexType::Long)
    }

    /// Numbers.
    pub fn double() -> Self {
        Self::of(IndexType::Double)
    }

    /// Text in words by the usual delimiters, case ignored.
    pub fn text() -> Self {
        Self::text_with(usual_tokens(), false)
    }

    /// Text that is one word, and in which case matters: an address, an id. The store can answer
    /// `key: value` from its dictionaries then, see [`crate::query::Pushdown::Equals`].
    pub fn whole() -> Self {
        Self::text_with(Vec::new(), true)
    }

    fn text_with(token: Vec<String>, case_sensitive: bool) -> Self {
        Self {
            token: Some(token),
            case_sensitive: Some(case_sensitive),
            chn: Some(false),
            ..Self::of(IndexType::Text)
        }
    }

    /// How text falls into words.
    pub fn rules(&self) -> TextRules {
        let tokens = self.token.as_deref().unwrap_or_default();
        TextRules::new(
            tokens,
            self.case_sensitive.unwrap_or_default(),
            self.chn.unwrap_or_default(),
        )
    }

    pub(super) fn checked(mut self, key: &str) -> Result<Self, Error> {
        if self.kind.is_numeric() {
            // what clients copy from a text key means nothing here
            (self.token, self.case_sensitive, self.chn) = (None, None, None);
        } else {
            check_tokens(&format!("key {}", shown(key)), self.token.as_deref())?;
            self.case_sensitive = Some(self.case_sensitive.unwrap_or_default());
            self.chn = Some(self.chn.unwrap_or_default());
        }
        if self.json_keys.len() > MAX_KEYS {
            return Err(invalid(format!("json_keys has at most {MAX_KEYS} keys")));
        }
        let nested = |(_, key): &(&String, &JsonKey)| key.kind == IndexType::Json;
        if let Some((path, _)) = self.json_keys.iter().find(nested) {
            return Err(invalid(format!(
                "key {}.{} must be of type text, long or double",
                shown(key),
                shown(path)
            )));
        }
        Ok(self)
    }
}
