//! `[[access_key]]`: keys of the account itself, those that count only for a time among them.

use std::fmt;

use flowlog_access::{AccessKey, AccessKeyId, InvalidCredential, Secret, SecurityToken};
use flowlog_record::Timestamp;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

use super::sections::MASK;

/// `[[access_key]]`. What is secret of it is masked wherever it is written.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "KeyForm")]
pub struct Key {
    /// The key itself.
    pub key: AccessKey,
    /// What a request must show beside the signature. Default: nothing. With it the key is a
    /// temporary one, as STS gives them, and the program's own commands do not sign with it.
    pub security_token: Option<Token>,
    /// When the key counts no more. Default: never. Only a key with a token can expire.
    pub expires: Option<Expiry>,
}

/// A security token that can be compared with another.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Token(String);

/// A moment, as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expiry {
    text: String,
    at: Timestamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyForm {
    id: AccessKeyId,
    secret: Secret,
    #[serde(default)]
    security_token: Option<Token>,
    #[serde(default)]
    expires: Option<Expiry>,
}

impl From<KeyForm> for Key {
    fn from(form: KeyForm) -> Self {
        let (id, secret) = (form.id, form.secret);
        Self {
            key: AccessKey { id, secret },
            security_token: form.security_token,
            expires: form.expires,
        }
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut table = serializer.serialize_struct("Key", 4)?;
        table.serialize_field("id", self.key.id.as_str())?;
        table.serialize_field("secret", MASK)?;
        if self.security_token.is_some() {
            table.serialize_field("security_token", MASK)?;
        }
        if let Some(expires) = &self.expires {
            table.serialize_field("expires", expires)?;
        }
        table.end()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.key.id).finish()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// The token as a keyring takes it.
    ///
    /// # Errors
    /// Never: it was checked when it was read.
    pub fn checked(&self) -> Result<SecurityToken, InvalidCredential> {
        SecurityToken::new(&self.0)
    }
}

impl TryFrom<String> for Token {
    type Error = InvalidCredential;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        SecurityToken::new(&text).map(|_| Self(text))
    }
}

impl Expiry {
    /// The moment.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

impl TryFrom<String> for Expiry {
    type Error = jiff::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let at: jiff::Timestamp = text.parse()?;
        let at = Timestamp(at.as_millisecond());
        Ok(Self { text, at })
    }
}

impl From<Expiry> for String {
    fn from(expiry: Expiry) -> Self {
        expiry.text
    }
}
