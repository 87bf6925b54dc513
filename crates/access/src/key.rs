//! An access key: the id that a request names and the secret that signs it.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// Digits and letters: what generated ids and secrets are made of.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Why an id or a secret is none. Holds nothing of the text, so that it can be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidCredential {
    /// Empty, or longer than an id (128 characters), a secret (256) or a token (4096) may be.
    Length,
    /// A character that has a meaning in an `Authorization` header, a control character, or one
    /// that is not ASCII.
    Character,
}

impl fmt::Display for InvalidCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "must have 1 to 128 (id) or 256 (secret) characters",
            Self::Character => {
                "must be made of letters, digits, '.', '_', '-', '@' (id) or visible ASCII (secret)"
            }
        })
    }
}

impl core::error::Error for InvalidCredential {}

/// The public half of an access key: 1 to 128 of `A-Z a-z 0-9 . _ - @`.
///
/// None of these separates anything in the `Authorization` header of either signature version.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccessKeyId(Box<str>);

impl AccessKeyId {
    /// Checks `id`.
    ///
    /// # Errors
    /// [`InvalidCredential`] when it is empty, too long or has another character.
    pub fn new(id: &str) -> Result<Self, InvalidCredential> {
        if id.is_empty() || id.len() > 128 {
            return Err(InvalidCredential::Length);
        }
        if id
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || b"._-@".contains(&c))
        {
            Ok(Self(id.into()))
        } else {
            Err(InvalidCredential::Character)
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AccessKeyId {
    type Error = InvalidCredential;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        Self::new(&id)
    }
}

impl From<AccessKeyId> for String {
    fn from(id: AccessKeyId) -> Self {
        id.0.into()
    }
}

impl fmt::Debug for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The secret half of an access key: 1 to 256 visible ASCII characters.
///
/// It can be read from a configuration but not serialized: who writes it says [`Secret::expose`].
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Secret(Box<str>);

impl Secret {
    /// Checks `secret`.
    ///
    /// # Errors
    /// [`InvalidCredential`] when it is empty, too long or not visible ASCII.
    pub fn new(secret: &str) -> Result<Self, InvalidCredential> {
        if secret.is_empty() || secret.len() > 256 {
            return Err(InvalidCredential::Length);
        }
        if secret.bytes().all(|c| c.is_ascii_graphic()) {
            Ok(Self(secret.into()))
        } else {
            Err(InvalidCredential::Character)
        }
    }

    /// The secret itself: to sign with, or to write into the file of credentials.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Secret {
    type Error = InvalidCredential;

    fn try_from(secret: String) -> Result<Self, Self::Error> {
        Self::new(&secret)
    }
}

/// In constant time for secrets of equal length.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a temporary key needs beside its secret: 1 to 4096 visible ASCII characters.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct SecurityToken(Box<str>);

impl SecurityToken {
    /// Checks `token`.
    ///
    /// # Errors
    /// [`InvalidCredential`] when it is empty, too long or not visible ASCII.
    pub fn new(token: &str) -> Result<Self, InvalidCredential> {
        if token.is_empty() || token.len() > 4096 {
            return Err(InvalidCredential::Length);
        }
        if token.bytes().all(|c| c.is_ascii_graphic()) {
            Ok(Self(token.into()))
        } else {
            Err(InvalidCredential::Character)
        }
    }

    /// Whether it is this text; in constant time for texts of equal length.
    pub fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl TryFrom<String> for SecurityToken {
    type Error = InvalidCredential;

    fn try_from(token: String) -> Result<Self, Self::Error> {
        Self::new(&token)
    }
}

impl fmt::Debug for SecurityToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecurityToken(…)")
    }
}

/// An id with its secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AccessKey {
    /// What a request names.
    pub id: AccessKeyId,
    /// What it is signed with.
    pub secret: Secret,
}

impl AccessKey {
    /// A key of the usual shape from 64 random octets: an id of 24 characters that begins with
    /// `LTAI`, and a secret of 30 characters (178 bits).
    ///
    /// The caller draws the octets from the system's generator; the same octets give the same key.
    pub fn generate(octets: &[u8; 64]) -> Self {
        let (chunks, _) = octets.as_chunks::<16>();
        let mut numbers = chunks.iter().map(|chunk| u128::from_be_bytes(*chunk));
        let mut draw = |text: &mut String, digits: usize| {
            push_digits(text, numbers.next().unwrap_or_default(), digits);
        };
        let mut id = String::from("LTAI");
        draw(&mut id, 10);
        draw(&mut id, 10);
        let mut secret = String::new();
        draw(&mut secret, 15);
        draw(&mut secret, 15);
        Self {
            id: AccessKeyId(id.into()),
            secret: Secret(secret.into()),
        }
    }
}

/// The lowest `digits` digits of `number` to base 62. At most 15 are taken of 128 bits, so that no
/// digit is more likely than another by more than 2⁻³⁸.
fn push_digits(text: &mut String, mut number: u128, digits: usize) {
    for _ in 0..digits {
        let place = usize::try_from(number % 62).unwrap_or_default();
        text.extend(ALPHABET.get(place).copied().map(char::from));
        number /= 62;
    }
}

#[cfg(test)]
mod tests;
