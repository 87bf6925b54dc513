//! Requests of the RPC API as they are signed: version 1 (`SignatureVersion=1.0`, HMAC-SHA1 over the
//! parameters) and version 3 (`ACS3-HMAC-SHA256` over a canonical request).
//!
//! [`Claim::read`] says who a request claims to be from; nothing is believed yet. [`Claim::check`]
//! holds it against the keys: the id is known, the time is fresh, the signature is that of the
//! request, compared in constant time. The nonce is the caller's to remember, after that.

mod error;
mod parameters;
#[cfg(test)]
mod tests;
mod v1;
mod v3;

use alloc::borrow::ToOwned;
use alloc::string::String;

use flowlog_record::Timestamp;

use crate::nonces::FRESHNESS_MS;
use crate::{AccessKey, KeyRefused, Keyring, date};

pub use error::RpcError;
pub use parameters::{Parameters, TooManyParameters};
pub use v1::sign as sign_v1;
pub use v3::{content_sha256, sign as sign_v3};

/// A request as it was received.
#[derive(Clone, Copy, Debug)]
pub struct RpcRequest<'a> {
    /// The method in upper case.
    pub method: &'a str,
    /// The parameters of the request line.
    pub query: &'a Parameters,
    /// Those of the body, when it is a form.
    pub form: &'a Parameters,
    /// The headers, names in lower case, in the order in which they came.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

/// Which signature a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// Parameters `Signature`, `SignatureMethod`, …
    V1,
    /// Header `Authorization: ACS3-…`.
    V3,
}

/// What a request says of itself, before anything of it is believed.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Which signature it has.
    pub generation: Generation,
    /// The operation.
    pub action: &'a str,
    /// The version of the product's API, which tells the product.
    pub version: &'a str,
    /// The access key.
    pub key_id: &'a str,
    /// The nonce.
    pub nonce: &'a str,
    timestamp: &'a str,
    token: Option<&'a str>,
    signature: &'a str,
    /// Version 3: the names of the signed headers, as they were sent.
    signed_headers: &'a str,
    content_sha256: &'a str,
}

/// A request that is signed by a known key.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'k> {
    /// The key that signed.
    pub key: &'k AccessKey,
    /// The request's time.
    pub at: Timestamp,
}

impl<'a> RpcRequest<'a> {
    /// The value of the first header of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let found = self.headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.trim())
    }

    /// The first parameter of this name that is in the request line or in the form.
    pub fn parameter(&self, name: &str) -> Option<&'a str> {
        self.query.get(name).or_else(|| self.form.get(name))
    }

    /// Which signature it has.
    pub fn generation(&self) -> Generation {
        match self.header("authorization") {
            Some(value) if value.starts_with("ACS3-") => Generation::V3,
            _ => Generation::V1,
        }
    }
}

impl<'a> Claim<'a> {
    /// Reads what a request says of itself.
    ///
    /// # Errors
    /// [`RpcError::Missing`], [`RpcError::Incomplete`].
    pub fn read(request: &RpcRequest<'a>) -> Result<Self, RpcError> {
        match request.generation() {
            Generation::V1 => v1::claim(request),
            Generation::V3 => v3::claim(request),
        }
    }

    /// Holds the claim against the keys.
    ///
    /// # Errors
    /// In this order: the key is not known or does not count, the time is none or too far from
    /// `now`, the signature is another.
    pub fn check<'k>(
        &self,
        request: &RpcRequest<'_>,
        keyring: &'k Keyring,
        now: Timestamp,
    ) -> Result<Checked<'k>, RpcError> {
        let key = keyring
            .check(self.key_id, self.token, now)
            .map_err(|refused| match refused {
                KeyRefused::Unknown => RpcError::UnknownKey,
                KeyRefused::Inactive => RpcError::InactiveKey,
                KeyRefused::Token => RpcError::SecurityToken,
                KeyRefused::Expired => RpcError::SecurityTokenExpired,
            })?;
        let at = date::parse_timestamp(self.timestamp).ok_or(RpcError::TimestampFormat)?;
        if !(-FRESHNESS_MS..=FRESHNESS_MS).contains(&now.since(at)) {
            return Err(RpcError::Expired);
        }
        match self.generation {
            Generation::V1 => v1::check(self, request, &key.secret)?,
            Generation::V3 => v3::check(self, request, &key.secret)?,
        }
        Ok(Checked { key, at })
    }
}

/// The first value that is there and not empty.
fn given<'a>(value: Option<&'a str>, name: &'static str) -> Result<&'a str, RpcError> {
    value
        .filter(|value| !value.is_empty())
        .ok_or(RpcError::Missing(name))
}

fn owned(text: &str) -> String {
    text.to_owned()
}
