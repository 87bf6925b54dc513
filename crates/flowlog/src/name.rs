//! Names and ids that end up in row ids, URLs and file names, and so have an alphabet.

#[cfg(test)]
mod tests;

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::InvalidValue;

/// A checked text: construction, access and serde are the same for all of them.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $allowed:expr, $remedy:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text as it stands, if it is allowed.
            ///
            /// # Errors
            /// The text again, with the rule that it breaks.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
                let text = text.into();
                let allowed: fn(&str) -> bool = $allowed;
                if allowed(&text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidValue::new(text, $remedy))
                }
            }

            /// A text of our own, which a test has seen to be allowed.
            pub(crate) fn known(text: &'static str) -> Self {
                Self(String::from(text))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidValue;

            fn try_from(text: String) -> Result<Self, InvalidValue> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

checked_text! {
    /// What names a flow log everywhere: `fl-…` and `flowlog-…` from the control API, the name of one
    /// from the configuration. It stands in the middle of a row id, between numbers.
    FlowLogId,
    |text| alphabet(text, 1..=128, |c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.')),
    "1 to 128 of letters, digits, `-`, `_`, `.`; first and last a letter or digit"
}

checked_text! {
    /// What names a resource: `vpc-…`, `eni-…`, `cen-…`, `tr-attach-…`, `sag-…`.
    ResourceId,
    |text| {
        (1..=128).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_graphic())
    },
    "1 to 128 printable ASCII characters without blanks"
}

checked_text! {
    /// A Project of Simple Log Service; part of a host name.
    ProjectName,
    |text| alphabet(text, 3..=63, |c| lower(c) || c == b'-'),
    "3 to 63 of lower-case letters, digits, `-`; first and last a letter or digit"
}

checked_text! {
    /// A Logstore of Simple Log Service.
    LogstoreName,
    |text| alphabet(text, 3..=63, |c| lower(c) || matches!(c, b'-' | b'_')),
    "3 to 63 of lower-case letters, digits, `-`, `_`; first and last a letter or digit"
}

fn lower(octet: u8) -> bool {
    octet.is_ascii_lowercase() || octet.is_ascii_digit()
}

fn alphabet(
    text: &str,
    length: core::ops::RangeInclusive<usize>,
    allowed: impl Fn(u8) -> bool,
) -> bool {
    let end = |octet: Option<&u8>| octet.is_some_and(u8::is_ascii_alphanumeric);
    let octets = text.as_bytes();
    length.contains(&octets.len())
        && octets.iter().all(|&octet| allowed(octet))
        && end(octets.first())
        && end(octets.last())
}
