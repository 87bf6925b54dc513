//! The headers of a request: as a signature needs them, and what they say of the body.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;

use crate::error::shown;
use crate::{Error, ErrorCode};

/// Names folded to lower case, values as received; by name, those of one name in the order in
/// which they came.
#[derive(Clone, Debug, Default)]
pub struct Headers<'a>(Vec<(Cow<'a, str>, &'a [u8])>);

impl<'a> Headers<'a> {
    /// The value of the first header of this name (lower case), without surrounding white space;
    /// `None` when it is absent, empty or not UTF-8.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().find(|(key, _)| key == name)?;
        core::str::from_utf8(value)
            .ok()
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }

    /// Checks `x-log-apiversion`.
    ///
    /// # Errors
    /// `MissingAPIVersion`; `InvalidAPIVersion` for another than 0.6.0 and 0.4.0.
    pub fn check_api_version(&self) -> Result<(), Error> {
        match self.get("x-log-apiversion") {
            Some("0.6.0" | "0.4.0") => Ok(()),
            Some(other) => {
                let message = format!("x-log-apiversion {} is unsupported.", shown(other));
                Err(Error::new(ErrorCode::InvalidAPIVersion, message))
            }
            None => Err(Error::new(
                ErrorCode::MissingAPIVersion,
                "x-log-apiversion does not exist in header when it is necessary.",
            )),
        }
    }

    /// The size of the body before compression, octets (`x-log-bodyrawsize`). Only `PutLogs` may ask
    /// for it: with JSON bodies clients send 0 or nothing.
    ///
    /// # Errors
    /// `MissingBodyRawSize`; `InvalidBodyRawSize` when it is no number; `PostBodyTooLarge` when it is
    /// above `limit`, before anybody allocates it.
    pub fn body_raw_size(&self, limit: u64) -> Result<u64, Error> {
        let text = self.get("x-log-bodyrawsize").ok_or_else(|| {
            Error::new(
                ErrorCode::MissingBodyRawSize,
                "x-log-bodyrawsize does not exist in header when it is necessary.",
            )
        })?;
        let digits = text.bytes().all(|c| c.is_ascii_digit());
        let size = digits
            .then(|| text.parse::<u64>().ok())
            .flatten()
            .ok_or_else(|| {
                let message = format!("x-log-bodyrawsize {} is invalid.", shown(text));
                Error::new(ErrorCode::InvalidBodyRawSize, message)
            })?;
        if size > limit {
            return Err(Error::body_too_large(size, limit));
        }
        Ok(size)
    }

    /// How the body is compressed (`x-log-compresstype`); `None` when it is not.
    ///
    /// # Errors
    /// `InvalidCompressType`.
    pub fn compression(&self) -> Result<Option<Compression>, Error> {
        let Some(text) = self.get("x-log-compresstype") else {
            return Ok(None);
        };
        Compression::named(text).map(Some).ok_or_else(|| {
            let message = format!("x-log-compresstype {} is unsupported.", shown(text));
            Error::new(ErrorCode::InvalidCompressType, message)
        })
    }

    /// The first of `offered` that `Accept-Encoding` names: how to compress the answer. Name only
    /// LZ4 and Zstandard: clients that list `deflate` out of habit cannot read it.
    pub fn accepted(&self, offered: &[Compression]) -> Option<Compression> {
        let accept = self.get("accept-encoding")?;
        let named = |wanted: Compression| {
            accept.split(',').any(|part| {
                let (name, weight) = part.split_once(';').unwrap_or((part, ""));
                let refused = weight
                    .trim()
                    .strip_prefix("q=")
                    .is_some_and(|q| q.bytes().all(|c| matches!(c, b'0' | b'.')));
                !refused && Compression::named(name.trim()) == Some(wanted)
            })
        };
        offered
            .iter()
            .copied()
            .find(|&compression| named(compression))
    }

    /// Name and value of each header, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a [u8])> {
        self.0.iter().map(|(name, value)| (&**name, *value))
    }
}

impl<'a> FromIterator<(&'a str, &'a [u8])> for Headers<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a [u8])>>(headers: I) -> Self {
        let mut headers: Vec<_> = headers
            .into_iter()
            .map(|(name, value)| (lower_case(name), value))
            .collect();
        headers.sort_by(|(a, _), (b, _)| a.cmp(b));
        Self(headers)
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(headers: I) -> Self {
        headers
            .into_iter()
            .map(|(name, value)| (name, value.as_bytes()))
            .collect()
    }
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|c| c.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// One raw LZ4 block: no frame, no size before it; the size is `x-log-bodyrawsize`.
    Lz4,
    /// A zlib stream (RFC 1950).
    Deflate,
    /// A Zstandard frame.
    Zstd,
}

impl Compression {
    /// The word in `x-log-compresstype` and `Accept-Encoding`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lz4 => "lz4",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
        }
    }

    /// The compression of this name; case does not matter.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Lz4, Self::Deflate, Self::Zstd];
        all.into_iter()
            .find(|compression| name.eq_ignore_ascii_case(compression.as_str()))
    }
}

#[cfg(test)]
mod tests;
