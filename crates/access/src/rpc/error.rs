//! Why a request of the RPC API is not believed.

use alloc::format;
use alloc::string::String;
use core::fmt;

/// Why a request is not believed. Each has its code, status and message on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RpcError {
    /// A common parameter is absent.
    Missing(&'static str),
    /// `Authorization` cannot be read, or an algorithm that is not supported.
    Incomplete,
    /// There is no key of this id.
    UnknownKey,
    /// The key is switched off.
    InactiveKey,
    /// The key needs a token, and the request has none, or another.
    SecurityToken,
    /// The time of the key's token has run out.
    SecurityTokenExpired,
    /// The time is none.
    TimestampFormat,
    /// The time is more than 15 minutes from ours.
    Expired,
    /// Version 1: the signature is another; what would have been signed.
    NotMatchedV1(String),
    /// Version 3: the signature, or the digest of the body, is another; the digest of what would
    /// have been signed.
    NotMatchedV3(String),
    /// The nonce was there already.
    NonceUsed,
}

impl RpcError {
    /// The code on the wire.
    pub fn code(&self) -> String {
        let code = match self {
            Self::Missing(name) => return format!("Missing{name}"),
            Self::Incomplete => "IncompleteSignature",
            Self::UnknownKey => "InvalidAccessKeyId.NotFound",
            Self::InactiveKey => "InvalidAccessKeyId.Inactive",
            Self::SecurityToken => "InvalidSecurityToken.MismatchWithAccessKey",
            Self::SecurityTokenExpired => "InvalidSecurityToken.Expired",
            Self::TimestampFormat => "InvalidTimeStamp.Format",
            Self::Expired => "InvalidTimeStamp.Expired",
            Self::NotMatchedV1(_) | Self::NotMatchedV3(_) => "SignatureDoesNotMatch",
            Self::NonceUsed => "SignatureNonceUsed",
        };
        code.into()
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::UnknownKey => 404,
            _ => 400,
        }
    }
}

/// The message on the wire. That of version 1 has one colon, behind which clients look for what
/// would have been signed; it holds nothing but what the client sent.
impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "{name} is mandatory for this action."),
            Self::Incomplete => {
                f.write_str("The request signature does not conform to Aliyun standards.")
            }
            Self::UnknownKey => f.write_str("Specified access key is not found."),
            Self::InactiveKey => f.write_str("Specified access key is disabled."),
            Self::SecurityToken => {
                f.write_str("The specified parameter SecurityToken does not match the AccessKey.")
            }
            Self::SecurityTokenExpired => f.write_str("Specified SecurityToken is expired."),
            Self::TimestampFormat => {
                f.write_str("Specified time stamp or date value is not well formatted.")
            }
            Self::Expired => f.write_str("Specified time stamp or date value is expired."),
            Self::NotMatchedV1(text) => write!(
                f,
                "Specified signature is not matched with our calculation. server string to sign is:{text}"
            ),
            Self::NotMatchedV3(digest) => write!(
                f,
                "Specified signature does not match our calculation. server StringToSign is [ACS3-HMAC-SHA256 {digest}]"
            ),
            Self::NonceUsed => f.write_str("Specified signature nonce was used already."),
        }
    }
}

impl core::error::Error for RpcError {}
