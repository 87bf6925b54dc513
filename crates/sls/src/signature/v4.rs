//! Version 4: `Authorization: SLS4-HMAC-SHA256 Credential={id}/{scope},Signature={hex}` with
//! scope = `{YYYYMMDD}/{region}/sls/aliyun_v4_request`.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use flowlog_access::{AccessKey, Keyring, Secret};
use flowlog_record::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{
    Authentic, BodyDigest, RequestParts, SignatureError, SignatureVersion, check_fresh,
    is_service_header, known, paths,
};
use crate::error::shown;
use crate::{date, percent};

/// The scheme of the `Authorization` header.
pub(super) const SCHEME: &str = "SLS4-HMAC-SHA256";
const SERVICE: &str = "sls";
const TERMINATOR: &str = "aliyun_v4_request";

/// The value of `Authorization` for a request that has all its headers: `Host`, `x-log-date`
/// ([`crate::date::log_date`]) and `x-log-content-sha256` ([`super::content_sha256`]).
///
/// The path is signed as it stands in `request`; `region` is any name without a `/`.
///
/// # Errors
/// [`SignatureError`] when one of those two `x-log-` headers is missing or wrong.
pub fn sign(
    request: &RequestParts<'_>,
    key: &AccessKey,
    region: &str,
) -> Result<String, SignatureError> {
    let (text, _) = request_date(request)?;
    let scope = Scope {
        day: text.get(..8).unwrap_or_default(),
        region,
    };
    let digest = content_digest(request)?;
    let signature = mac_of(
        request,
        &scope,
        request.path.as_bytes(),
        digest.0,
        &key.secret,
    )
    .finalize();
    let signature = percent::hex_lower(&signature.into_bytes());
    Ok(format!(
        "{SCHEME} Credential={}/{},Signature={signature}",
        key.id,
        scope.text()
    ))
}

pub(super) fn authenticate<'k>(
    request: &RequestParts<'_>,
    credential: &str,
    keyring: &'k Keyring,
    now: Timestamp,
) -> Result<Authentic<'k>, SignatureError> {
    let parsed = Credential::parse(credential);
    let Credential {
        id,
        scope,
        signature,
    } = parsed.ok_or_else(|| SignatureError::malformed(credential))?;
    let key = known(request, keyring, id, now)?;
    let (text, sent) = request_date(request)?;
    if text.get(..8) != Some(scope.day) {
        return Err(SignatureError::InvalidDate(shown(text).to_owned()));
    }
    check_fresh(sent, now)?;
    let (digest_text, digest) = content_digest(request)?;
    let expected: [u8; 32] =
        percent::from_hex(signature).ok_or_else(|| SignatureError::not_matched(signature))?;
    let matches = paths(request.path).any(|path| {
        mac_of(request, &scope, &path, digest_text, &key.secret)
            .verify_slice(&expected)
            .is_ok()
    });
    if matches {
        Ok(Authentic {
            key,
            version: SignatureVersion::V4,
            digest,
        })
    } else {
        Err(SignatureError::not_matched(signature))
    }
}

/// Day and region that a key is derived for.
struct Scope<'a> {
    day: &'a str,
    region: &'a str,
}

impl Scope<'_> {
    fn text(&self) -> String {
        format!("{}/{}/{SERVICE}/{TERMINATOR}", self.day, self.region)
    }
}

struct Credential<'a> {
    id: &'a str,
    scope: Scope<'a>,
    signature: &'a str,
}

impl<'a> Credential<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (credential, signature) = text.split_once(',')?;
        let signature = signature.trim_start().strip_prefix("Signature=")?;
        let mut parts = credential.trim().strip_prefix("Credential=")?.split('/');
        let (id, day, region) = (parts.next()?, parts.next()?, parts.next()?);
        let fixed = parts.next()? == SERVICE && parts.next()? == TERMINATOR;
        (fixed && parts.next().is_none()).then_some(Self {
            id,
            scope: Scope { day, region },
            signature,
        })
    }
}

/// `x-log-date` as sent and read.
fn request_date<'a>(request: &RequestParts<'a>) -> Result<(&'a str, Timestamp), SignatureError> {
    let text = request
        .headers
        .get("x-log-date")
        .ok_or(SignatureError::MissingDate)?;
    let sent = date::parse_log_date(text)
        .ok_or_else(|| SignatureError::InvalidDate(shown(text).to_owned()))?;
    Ok((text, sent))
}

/// `x-log-content-sha256` as sent and read.
fn content_digest<'a>(request: &RequestParts<'a>) -> Result<(&'a str, BodyDigest), SignatureError> {
    let text = request
        .headers
        .get("x-log-content-sha256")
        .ok_or(SignatureError::MissingContentSha256)?;
    let octets = percent::from_hex(text)
        .ok_or_else(|| SignatureError::InvalidContentSha256(shown(text).to_owned()))?;
    Ok((text, BodyDigest::Sha256(octets)))
}

fn mac_of(
    request: &RequestParts<'_>,
    scope: &Scope<'_>,
    path: &[u8],
    digest: &str,
    secret: &Secret,
) -> Hmac<Sha256> {
    let canonical = percent::hex_lower(&Sha256::digest(canonical_request(request, path, digest)));
    let date = request.headers.get("x-log-date").unwrap_or_default();
    let text = format!("{SCHEME}\n{date}\n{}\n{canonical}", scope.text());
    let seed = format!("aliyun_v4{}", secret.expose());
    let mut key: [u8; 32] = hmac(seed.as_bytes(), scope.day.as_bytes())
        .finalize()
        .into_bytes()
        .into();
    for part in [scope.region, SERVICE, TERMINATOR] {
        key = hmac(&key, part.as_bytes()).finalize().into_bytes().into();
    }
    hmac(&key, text.as_bytes())
}

fn hmac(key: &[u8], text: &[u8]) -> Hmac<Sha256> {
    #[expect(
        clippy::expect_used,
        reason = "HMAC takes a key of any length (RFC 2104 §2)"
    )]
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.chain_update(text)
}

fn canonical_request(request: &RequestParts<'_>, path: &[u8], digest: &str) -> Vec<u8> {
    let mut text = Vec::with_capacity(512);
    text.extend_from_slice(request.method.as_bytes());
    text.push(b'\n');
    text.extend_from_slice(path);
    text.push(b'\n');
    for (place, (key, value)) in request.parameters.sorted().into_iter().enumerate() {
        if place > 0 {
            text.push(b'&');
        }
        text.extend_from_slice(key.as_bytes());
        if !value.is_empty() {
            text.push(b'=');
            text.extend_from_slice(percent::encode(value.as_bytes()).as_bytes());
        }
    }
    text.push(b'\n');
    let mut names = Vec::new();
    for (name, value) in request.headers.iter() {
        if matches!(name, "content-type" | "host") || is_service_header(name) {
            text.extend_from_slice(name.as_bytes());
            text.push(b':');
            text.extend_from_slice(value.trim_ascii());
            text.push(b'\n');
            names.push(name);
        }
    }
    text.push(b'\n');
    text.extend_from_slice(names.join(";").as_bytes());
    text.push(b'\n');
    text.extend_from_slice(digest.as_bytes());
    text
}
