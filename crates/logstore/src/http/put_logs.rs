//! `PutLogs`: how a body became octets, and the `LogGroup`s in them.
//!
//! What the head says is read before the body is, so that a body of a wrong kind or size is never
//! taken. Everything is stored or nothing: one log that is wrong refuses all.

mod json;

use flowlog_record::Timestamp;
use flowlog_sls::limits::{MAX_RAW_OCTETS, check_log_time};
use flowlog_sls::log_group::packages;
use flowlog_sls::{Compression, Error, ErrorCode, Headers};

use super::compression::decompress;
use crate::batch::{self, Group};

/// Packages that a list has at most.
const MOST_PACKAGES: usize = 4096;

/// What the head of a request says of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    content: Content,
    compression: Option<Compression>,
    /// Octets before compression.
    size: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// A LogGroup.
    Protobuf,
    /// A list of `LogGroup`s, each compressed on its own.
    Packages,
    /// A LogGroup as JSON.
    Json,
}

impl Envelope {
    /// What the headers say.
    ///
    /// # Errors
    /// `MissingContentType`, `InvalidContentType`, `InvalidCompressType`, `MissingBodyRawSize`,
    /// `InvalidBodyRawSize`; `PostBodyTooLarge` for too many octets before compression.
    pub(super) fn of(headers: &Headers<'_>) -> Result<Self, Error> {
        let content_type = headers.get("content-type").ok_or_else(|| {
            let message = "Content-Type does not exist in header when it is necessary.";
            Error::new(ErrorCode::MissingContentType, message)
        })?;
        let mime = content_type.split(';').next().unwrap_or_default().trim();
        let packed = headers
            .get("x-log-mode")
            .is_some_and(|mode| mode.eq_ignore_ascii_case("batch_group"));
        let content = match mime.to_ascii_lowercase().as_str() {
            "application/x-protobuf" if packed => Content::Packages,
            "application/x-protobuf" => Content::Protobuf,
            "application/json" => Content::Json,
            _ => {
                let message = format!(
                    "Content-Type {} is unsupported.",
                    mime.get(..64).unwrap_or(mime)
                );
                return Err(Error::new(ErrorCode::InvalidContentType, message));
            }
        };
        let compression = headers.compression()?;
        // Clients send any number with JSON.
        let sized = content == Content::Protobuf || compression.is_some();
        let size = sized.then(|| headers.body_raw_size(MAX_RAW_OCTETS));
        let size = size
            .transpose()?
            .and_then(|size| usize::try_from(size).ok());
        Ok(Self {
            content,
            compression,
            size,
        })
    }

    /// About how many octets of memory a body of so many octets takes until it is stored.
    pub(super) fn memory(&self, body: usize) -> usize {
        let raw = match self.content {
            Content::Packages => body.saturating_mul(4),
            Content::Protobuf | Content::Json => self.size.unwrap_or(body),
        };
        let each: usize = if self.content == Content::Json { 16 } else { 4 };
        raw.saturating_mul(each).saturating_add(body)
    }

    /// The `LogGroup`s of the body.
    ///
    /// # Errors
    /// `PostBodyUncompressError`, `InvalidBodyRawSize`, `PostBodyTooLarge`; `PostBodyInvalid` when
    /// it cannot be parsed, is not UTF-8 where it must be, has no logs or logs of another time.
    pub(super) fn open(&self, body: &[u8], now: Timestamp) -> Result<Vec<Group>, Error> {
        let opened;
        let octets = match (self.compression, self.size) {
            (Some(compression), Some(size)) => {
                opened = decompress(compression, body, size)?;
                &opened
            }
            (_, Some(size)) if size != body.len() => {
                let message = format!(
                    "x-log-bodyrawsize {size} is invalid: the body has {} octets.",
                    body.len()
                );
                return Err(Error::new(ErrorCode::InvalidBodyRawSize, message));
            }
            _ => body,
        };
        match self.content {
            Content::Protobuf => Ok(vec![group(octets, now)?]),
            Content::Packages => unpack(octets, now),
            Content::Json => Ok(vec![json::group(octets, now)?]),
        }
    }
}

fn unpack(list: &[u8], now: Timestamp) -> Result<Vec<Group>, Error> {
    let mut groups = Vec::new();
    let mut left = MAX_RAW_OCTETS;
    for package in packages(list) {
        let package = package?;
        left = left.checked_sub(package.raw_octets).ok_or_else(|| {
            Error::body_too_large(
                package.raw_octets.saturating_add(MAX_RAW_OCTETS),
                MAX_RAW_OCTETS,
            )
        })?;
        if groups.len() >= MOST_PACKAGES {
            return Err(invalid(format!(
                "a list has at most {MOST_PACKAGES} packages"
            )));
        }
        let size = usize::try_from(package.raw_octets).unwrap_or(usize::MAX);
        match package.compression {
            Some(compression) => {
                let octets = decompress(compression, package.data, size)?;
                groups.push(group(&octets, now)?);
            }
            None => groups.push(group(package.data, now)?),
        }
    }
    if groups.is_empty() {
        return Err(no_logs());
    }
    Ok(groups)
}

/// A LogGroup as columns.
fn group(octets: &[u8], now: Timestamp) -> Result<Group, Error> {
    let group = batch::from_sent(octets, |time| check_log_time(time, now))?;
    if group.rows() == 0 {
        return Err(no_logs());
    }
    Ok(group)
}

fn no_logs() -> Error {
    invalid("a LogGroup without logs".to_owned())
}

fn invalid(message: String) -> Error {
    Error::new(ErrorCode::PostBodyInvalid, message)
}

#[cfg(test)]
mod tests;
