//! Signatures of requests: version 1 (HMAC-SHA1, scheme `LOG`) and version 4 (HMAC-SHA256, scheme
//! `SLS4-HMAC-SHA256`), made and checked over the parts of a request as they were received.
//!
//! [`authenticate`] needs the head of a request alone, so that nobody unknown can make us read a
//! body; [`Authentic::check_body`] then holds the body against the digest that was signed.

mod error;
mod v1;
mod v4;

use alloc::borrow::Cow;
use alloc::string::String;

use flowlog_access::{AccessKey, KeyRefused, Keyring};
use flowlog_record::Timestamp;
use md5::Md5;
use sha2::{Digest, Sha256};

use crate::{Headers, Parameters, date, percent};

pub use error::SignatureError;
pub use v1::sign as sign_v1;
pub use v4::sign as sign_v4;

/// How far a request's time may lie from ours, either way: 15 minutes, in milliseconds.
pub const FRESHNESS_MS: i64 = 15 * 60 * 1000;

/// What of a request is signed.
#[derive(Clone, Copy, Debug)]
pub struct RequestParts<'a> {
    /// The method in upper case.
    pub method: &'a str,
    /// The path as sent, without the query; see [`crate::Target`].
    pub path: &'a str,
    /// The parameters.
    pub parameters: &'a Parameters,
    /// The headers.
    pub headers: &'a Headers<'a>,
}

/// Which signature a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureVersion {
    /// HMAC-SHA1 over the request, MD5 over the body.
    V1,
    /// HMAC-SHA256 over a canonical request, SHA-256 over the body.
    V4,
}

/// A request whose head is signed by a known key.
#[derive(Clone, Debug)]
#[must_use = "the body is not yet checked"]
pub struct Authentic<'k> {
    /// The key that signed.
    pub key: &'k AccessKey,
    /// How it signed.
    pub version: SignatureVersion,
    digest: BodyDigest,
}

/// What the signature says of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BodyDigest {
    Absent,
    Md5([u8; 16]),
    Sha256([u8; 32]),
}

impl Authentic<'_> {
    /// Holds the body as sent (that is, compressed) against the digest that was signed.
    ///
    /// # Errors
    /// [`SignatureError::BodyNotMatched`]; [`SignatureError::MissingContentMd5`] for a body in
    /// version 1 without `Content-MD5`, which would be signed by nothing.
    pub fn check_body(&self, body: &[u8]) -> Result<(), SignatureError> {
        let matches = match self.digest {
            BodyDigest::Absent if body.is_empty() => true,
            BodyDigest::Absent => return Err(SignatureError::MissingContentMd5),
            BodyDigest::Md5(signed) => <[u8; 16]>::from(Md5::digest(body)) == signed,
            BodyDigest::Sha256(signed) => <[u8; 32]>::from(Sha256::digest(body)) == signed,
        };
        if matches {
            Ok(())
        } else {
            Err(SignatureError::BodyNotMatched)
        }
    }
}

/// Checks the signature of a request's head: the key is known, the time is within
/// [`FRESHNESS_MS`] of `now`, and the signature is that of the request under the key's secret.
///
/// # Errors
/// [`SignatureError`]; each has its code and status, see `From<SignatureError> for Error`.
pub fn authenticate<'k>(
    request: &RequestParts<'_>,
    keyring: &'k Keyring,
    now: Timestamp,
) -> Result<Authentic<'k>, SignatureError> {
    let authorization = request
        .headers
        .get("authorization")
        .ok_or(SignatureError::Unsigned)?;
    match authorization.split_once(' ') {
        Some(("LOG", credential)) => v1::authenticate(request, credential, keyring, now),
        Some((v4::SCHEME, credential)) => v4::authenticate(request, credential, keyring, now),
        _ => Err(SignatureError::malformed(authorization)),
    }
}

/// The value of `Content-MD5`: upper-case hexadecimal MD5 of the body as sent.
pub fn content_md5(body: &[u8]) -> String {
    percent::hex_upper(&Md5::digest(body))
}

/// The value of `x-log-content-sha256`: lower-case hexadecimal SHA-256 of the body as sent.
pub fn content_sha256(body: &[u8]) -> String {
    percent::hex_lower(&Sha256::digest(body))
}

/// The key of this id, if it counts for this request.
fn known<'k>(
    request: &RequestParts<'_>,
    keyring: &'k Keyring,
    id: &str,
    now: Timestamp,
) -> Result<&'k AccessKey, SignatureError> {
    let token = request.headers.get("x-acs-security-token");
    keyring
        .check(id, token, now)
        .map_err(|refused| match refused {
            KeyRefused::Unknown | KeyRefused::Inactive => SignatureError::unknown(id),
            KeyRefused::Token => SignatureError::SecurityToken,
            KeyRefused::Expired => SignatureError::SecurityTokenExpired,
        })
}

fn check_fresh(sent: Timestamp, now: Timestamp) -> Result<(), SignatureError> {
    if (-FRESHNESS_MS..=FRESHNESS_MS).contains(&now.since(sent)) {
        Ok(())
    } else {
        Err(SignatureError::Expired {
            sent: date::http_date(sent),
            now: date::http_date(now),
        })
    }
}

/// The path as sent, and decoded where that is something else: the Go SDK signs the path escaped,
/// the others sign it plain.
fn paths(path: &str) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let decoded = percent::decode(path, false);
    let second = (*decoded != *path.as_bytes()).then_some(decoded);
    core::iter::once(Cow::Borrowed(path.as_bytes())).chain(second)
}

/// Whether a header of this name (lower case) is in the lists that both versions sign.
fn is_service_header(name: &str) -> bool {
    name.starts_with("x-acs-") || (name.starts_with("x-log-") && !name.starts_with("x-log-meta-"))
}

#[cfg(test)]
mod tests;
