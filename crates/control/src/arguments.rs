//! The business parameters of a request: what an operation reads.

use std::collections::BTreeMap;

use flowlog_access::rpc::{Parameters, RpcRequest};
use sha2::{Digest, Sha256};

use crate::flow_log::Tag;

/// Parameters that say who asks and how, not what for.
const COMMON: [&str; 12] = [
    "AccessKeyId",
    "Action",
    "ClientToken",
    "Format",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureType",
    "SignatureVersion",
    "Timestamp",
    "Version",
];

/// What was asked for, by name. Of a name that comes twice the first counts; those of the request
/// line come before those of the body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arguments(BTreeMap<String, String>);

/// A tag as it was sent, perhaps without a key or a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SentTag {
    pub(crate) key: String,
    pub(crate) value: Option<String>,
}

/// What is no decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoNumber;

impl Arguments {
    pub(crate) fn of(request: &RpcRequest<'_>) -> Self {
        Self::new(request.query, request.form)
    }

    pub(crate) fn new(query: &Parameters, form: &Parameters) -> Self {
        let mut arguments = BTreeMap::new();
        for (name, value) in query.iter().chain(form.iter()) {
            if !arguments.contains_key(name) {
                arguments.insert(name.to_owned(), value.to_owned());
            }
        }
        Self(arguments)
    }

    /// The value as it was sent, perhaps empty; `None` when it was not.
    pub(crate) fn sent(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value, unless it is absent or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.sent(name).filter(|value| !value.is_empty())
    }

    /// The value, empty when it is absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.sent(name).unwrap_or_default()
    }

    /// The number, unless it is absent.
    ///
    /// # Errors
    /// [`NoNumber`]; an empty text is none.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, NoNumber> {
        self.sent(name).map(number).transpose()
    }

    /// The number, unless it is absent or empty: of a filter, or of a page.
    ///
    /// # Errors
    /// [`NoNumber`].
    pub(crate) fn filter_number(&self, name: &str) -> Result<Option<i64>, NoNumber> {
        self.get(name).map(number).transpose()
    }

    /// The values `NAME.1`, `NAME.2`, … in the order of their numbers; gaps do not matter.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let items = self.numbered(name);
        let values = items.filter(|(_, field, _)| field.is_empty());
        let by_number: BTreeMap<u32, &str> = values.map(|(n, _, value)| (n, value)).collect();
        by_number.into_values().collect()
    }

    /// The tags `NAME.1.Key` and `NAME.1.Value`, … in the order of their numbers.
    pub(crate) fn tags(&self, name: &str) -> Vec<SentTag> {
        let mut tags: BTreeMap<u32, SentTag> = BTreeMap::new();
        for (number, field, value) in self.numbered(name) {
            match field {
                "Key" => value.clone_into(&mut tags.entry(number).or_default().key),
                "Value" => tags.entry(number).or_default().value = Some(value.to_owned()),
                _ => {}
            }
        }
        tags.into_values().collect()
    }

    /// Number, field (empty for a list of texts) and value of what is called `NAME.N` or
    /// `NAME.N.FIELD`, with `N` from 1.
    fn numbered(&self, name: &str) -> impl Iterator<Item = (u32, &str, &str)> {
        self.0.iter().filter_map(move |(full, value)| {
            let rest = full.strip_prefix(name)?.strip_prefix('.')?;
            let (number, field) = rest.split_once('.').unwrap_or((rest, ""));
            let is_number = number.bytes().all(|c| c.is_ascii_digit());
            let number = is_number.then(|| number.parse().ok())??;
            (number > 0).then_some((number, field, value.as_str()))
        })
    }

    /// All that says what is asked for, for the audit.
    pub(crate) fn business(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.iter();
        let all = all.map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(name, _)| !COMMON.contains(name))
    }

    /// The same for the same request, whoever signs it and when.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for (name, value) in self.business() {
            for text in [name, value] {
                hash.update(text.len().to_be_bytes());
                hash.update(text.as_bytes());
            }
        }
        flowlog_access::percent::hex_lower(&hash.finalize())
    }
}

/// Digits, perhaps behind a minus.
fn number(text: &str) -> Result<i64, NoNumber> {
    if text.starts_with('+') {
        return Err(NoNumber);
    }
    text.parse().map_err(|_| NoNumber)
}

impl SentTag {
    /// The value, empty when it is absent.
    pub(crate) fn value(&self) -> &str {
        self.value.as_deref().unwrap_or_default()
    }
}

impl From<SentTag> for Tag {
    fn from(SentTag { key, value }: SentTag) -> Self {
        Self {
            key,
            value: value.unwrap_or_default(),
        }
    }
}
