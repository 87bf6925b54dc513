//! Why a request is not taken for what it says it is.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::fmt;

use crate::error::shown;
use crate::{Error, ErrorCode};

/// Why the signature of a request does not hold. Names what is wrong, never what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// No `Authorization` (a client with an empty secret sends none).
    Unsigned,
    /// An `Authorization` of another shape.
    Malformed(String),
    /// The id is empty.
    MissingAccessKeyId,
    /// No key has this id.
    UnknownAccessKeyId(String),
    /// The key is temporary, and `x-acs-security-token` is not its token.
    SecurityToken,
    /// The key is temporary, and its time has run out.
    SecurityTokenExpired,
    /// Version 1 without `x-log-signaturemethod`.
    MissingSignatureMethod,
    /// Version 1 with another `x-log-signaturemethod` than `hmac-sha1`.
    InvalidSignatureMethod(String),
    /// Neither `Date` nor `x-log-date`; version 4 needs `x-log-date`.
    MissingDate,
    /// A date that cannot be read, or (version 4) one of another day than the credential's.
    InvalidDate(String),
    /// Signed more than 15 minutes before or after now.
    Expired {
        /// The request's time.
        sent: String,
        /// Our time.
        now: String,
    },
    /// A body in version 1 without `Content-MD5`.
    MissingContentMd5,
    /// A `Content-MD5` that is none.
    InvalidContentMd5(String),
    /// Version 4 without `x-log-content-sha256`.
    MissingContentSha256,
    /// An `x-log-content-sha256` that is none.
    InvalidContentSha256(String),
    /// The signature is not that of the request.
    NotMatched(String),
    /// The body is not the one that was signed.
    BodyNotMatched,
}

impl SignatureError {
    pub(super) fn malformed(authorization: &str) -> Self {
        Self::Malformed(shown(authorization).to_owned())
    }

    pub(super) fn unknown(id: &str) -> Self {
        if id.is_empty() {
            Self::MissingAccessKeyId
        } else {
            Self::UnknownAccessKeyId(shown(id).to_owned())
        }
    }

    pub(super) fn not_matched(signature: &str) -> Self {
        Self::NotMatched(shown(signature).to_owned())
    }

    /// The code it is answered with.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Unsigned
            | Self::UnknownAccessKeyId(_)
            | Self::SecurityToken
            | Self::SecurityTokenExpired => ErrorCode::Unauthorized,
            Self::MissingAccessKeyId => ErrorCode::MissAccessKeyId,
            Self::MissingSignatureMethod => ErrorCode::MissingSignatureMethod,
            Self::InvalidSignatureMethod(_) => ErrorCode::InvalidSignatureMethod,
            Self::MissingDate => ErrorCode::MissingDate,
            Self::InvalidDate(_) => ErrorCode::InvalidDateFormat,
            Self::Expired { .. } => ErrorCode::RequestTimeExpired,
            Self::Malformed(_)
            | Self::MissingContentMd5
            | Self::InvalidContentMd5(_)
            | Self::MissingContentSha256
            | Self::InvalidContentSha256(_) => ErrorCode::ParameterInvalid,
            Self::NotMatched(_) | Self::BodyNotMatched => ErrorCode::SignatureNotMatch,
        }
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("Authorization does not exist in header."),
            Self::Malformed(text) => write!(f, "Http extend authorization : {text} is invalid."),
            Self::MissingAccessKeyId => f.write_str("AccessKeyId is missing in authorization."),
            Self::UnknownAccessKeyId(id) => write!(f, "AccessKeyId not found: {id}"),
            Self::SecurityToken => {
                f.write_str("x-acs-security-token is not the token of the AccessKeyId.")
            }
            Self::SecurityTokenExpired => f.write_str("The security token has expired."),
            Self::MissingSignatureMethod => {
                f.write_str("x-log-signaturemethod does not exist in header when it is necessary.")
            }
            Self::InvalidSignatureMethod(method) => {
                write!(
                    f,
                    "x-log-signaturemethod {method} is invalid, it must be hmac-sha1."
                )
            }
            Self::MissingDate => f.write_str("Date or x-log-date must exist in header."),
            Self::InvalidDate(date) => write!(f, "Date {date} is invalid."),
            Self::Expired { sent, now } => {
                write!(
                    f,
                    "Request time {sent} has been expired while server time is {now}."
                )
            }
            Self::MissingContentMd5 => {
                f.write_str("Content-MD5 does not exist in header when it is necessary.")
            }
            Self::InvalidContentMd5(digest) => write!(f, "Content-MD5 {digest} is invalid."),
            Self::MissingContentSha256 => {
                f.write_str("x-log-content-sha256 does not exist in header when it is necessary.")
            }
            Self::InvalidContentSha256(digest) => {
                write!(f, "x-log-content-sha256 {digest} is invalid.")
            }
            Self::NotMatched(signature) => write!(f, "Signature {signature} not matched."),
            Self::BodyNotMatched => {
                f.write_str("The digest of the body that was signed does not match the body.")
            }
        }
    }
}

impl core::error::Error for SignatureError {}

impl From<SignatureError> for Error {
    fn from(error: SignatureError) -> Self {
        Self::new(error.code(), format!("{error}"))
    }
}
