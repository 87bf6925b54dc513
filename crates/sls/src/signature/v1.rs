//! Version 1: `Authorization: LOG {id}:{base64(HMAC-SHA1(secret, string to sign))}`.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flowlog_access::{AccessKey, Keyring, Secret};
use flowlog_record::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::{
    Authentic, BodyDigest, RequestParts, SignatureError, SignatureVersion, check_fresh,
    is_service_header, known, paths,
};
use crate::error::shown;
use crate::{date, percent};

/// The value of `Authorization` for a request that has all its headers: `x-log-signaturemethod:
/// hmac-sha1`, `Date`, and `Content-MD5` with a body ([`super::content_md5`]).
///
/// The path is signed as it stands in `request`.
pub fn sign(request: &RequestParts<'_>, key: &AccessKey) -> String {
    let text = string_to_sign(request, request.path.as_bytes());
    let signature = mac(&key.secret, &text).finalize().into_bytes();
    format!("LOG {}:{}", key.id, STANDARD.encode(signature))
}

pub(super) fn authenticate<'k>(
    request: &RequestParts<'_>,
    credential: &str,
    keyring: &'k Keyring,
    now: Timestamp,
) -> Result<Authentic<'k>, SignatureError> {
    let (id, signature) = credential
        .split_once(':')
        .ok_or_else(|| SignatureError::malformed(credential))?;
    let key = known(request, keyring, id, now)?;
    match request.headers.get("x-log-signaturemethod") {
        None => return Err(SignatureError::MissingSignatureMethod),
        Some("hmac-sha1") => {}
        Some(other) => {
            return Err(SignatureError::InvalidSignatureMethod(
                shown(other).to_owned(),
            ));
        }
    }
    check_dates(request, now)?;
    let digest = body_digest(request)?;
    let expected = STANDARD
        .decode(signature)
        .map_err(|_| SignatureError::not_matched(signature))?;
    let matches = paths(request.path).any(|path| {
        mac(&key.secret, &string_to_sign(request, &path))
            .verify_slice(&expected)
            .is_ok()
    });
    if matches {
        Ok(Authentic {
            key,
            version: SignatureVersion::V1,
            digest,
        })
    } else {
        Err(SignatureError::not_matched(signature))
    }
}

/// `Date` is signed and `x-log-date` is not, so a request is fresh only by `Date`: a replayed one
/// could carry any `x-log-date`. Where both are there both must be fresh; `x-log-date` alone stands
/// in the place of `Date` and is signed there.
fn check_dates(request: &RequestParts<'_>, now: Timestamp) -> Result<(), SignatureError> {
    let mut any = false;
    for name in ["date", "x-log-date"] {
        let Some(text) = request.headers.get(name) else {
            continue;
        };
        let sent = date::parse_http_date(text)
            .or_else(|| date::parse_log_date(text))
            .ok_or_else(|| SignatureError::InvalidDate(shown(text).to_owned()))?;
        check_fresh(sent, now)?;
        any = true;
    }
    if any {
        Ok(())
    } else {
        Err(SignatureError::MissingDate)
    }
}

fn body_digest(request: &RequestParts<'_>) -> Result<BodyDigest, SignatureError> {
    let Some(text) = request.headers.get("content-md5") else {
        return Ok(BodyDigest::Absent);
    };
    let octets = percent::from_hex(text)
        .ok_or_else(|| SignatureError::InvalidContentMd5(shown(text).to_owned()))?;
    Ok(BodyDigest::Md5(octets))
}

fn mac(secret: &Secret, text: &[u8]) -> Hmac<Sha1> {
    #[expect(
        clippy::expect_used,
        reason = "HMAC takes a key of any length (RFC 2104 §2)"
    )]
    let mac = Hmac::<Sha1>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.chain_update(text)
}

fn string_to_sign(request: &RequestParts<'_>, path: &[u8]) -> Vec<u8> {
    let headers = request.headers;
    let mut text = Vec::with_capacity(512);
    let mut line = |parts: &[&[u8]]| {
        for part in parts {
            text.extend_from_slice(part);
        }
        text.push(b'\n');
    };
    let value = |name| headers.get(name).unwrap_or_default().as_bytes();
    let date = headers
        .get("date")
        .or_else(|| headers.get("x-log-date"))
        .unwrap_or_default();
    line(&[request.method.as_bytes()]);
    line(&[value("content-md5")]);
    line(&[value("content-type")]);
    line(&[date.as_bytes()]);
    for (name, value) in headers.iter() {
        if is_service_header(name) && name != "x-log-date" {
            line(&[name.as_bytes(), b":", value]);
        }
    }
    text.extend_from_slice(path);
    for (place, (key, value)) in request.parameters.sorted().into_iter().enumerate() {
        text.push(if place == 0 { b'?' } else { b'&' });
        text.extend_from_slice(key.as_bytes());
        text.push(b'=');
        text.extend_from_slice(value.as_bytes());
    }
    text
}
