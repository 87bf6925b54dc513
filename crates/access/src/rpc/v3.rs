//! Version 3: `Authorization: ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::parameters::{canonical, canonical_as_sent};
use super::{Claim, Generation, RpcError, RpcRequest, given, owned};
use crate::{AccessKey, Secret, percent};

/// The only algorithm that is understood.
const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// What must be signed, lest somebody exchanges it.
const REQUIRED: [&str; 6] = [
    "host",
    "x-acs-action",
    "x-acs-content-sha256",
    "x-acs-date",
    "x-acs-signature-nonce",
    "x-acs-version",
];

/// The value of `x-acs-content-sha256`: lower-case hexadecimal SHA-256 of the body.
pub fn content_sha256(body: &[u8]) -> String {
    percent::hex_lower(&Sha256::digest(body))
}

/// The value of `Authorization` for a request that has all its headers; `host` and all that begin
/// with `x-acs-` are signed.
pub fn sign(request: &RpcRequest<'_>, key: &AccessKey) -> String {
    let is_signed = |name: &str| name == "host" || name.starts_with("x-acs-");
    let names = request.headers.iter().map(|(name, _)| *name);
    let mut names: Vec<&str> = names.filter(|name| is_signed(name)).collect();
    names.sort_unstable();
    names.dedup();
    let signed_headers = names.join(";");
    let digest = request.header("x-acs-content-sha256").unwrap_or_default();
    let query = canonical(request.query.iter());
    let hash = canonical_hash(request, &query, (&signed_headers, digest));
    let signature = mac(&key.secret, &hash).finalize().into_bytes();
    format!(
        "{ALGORITHM} Credential={},SignedHeaders={signed_headers},Signature={}",
        key.id,
        percent::hex_lower(&signature)
    )
}

pub(super) fn claim<'a>(request: &RpcRequest<'a>) -> Result<Claim<'a>, RpcError> {
    let header = |name, parameter| given(request.header(name), parameter);
    let action = header("x-acs-action", "Action")?;
    let version = header("x-acs-version", "Version")?;
    let authorization = request.header("authorization").unwrap_or_default();
    let Some((ALGORITHM, fields)) = authorization.split_once(' ') else {
        return Err(RpcError::Incomplete);
    };
    let field = |name: &str| {
        let mut fields = fields.split(',').filter_map(|field| field.split_once('='));
        let found = fields.find(|(known, _)| known.trim() == name);
        let value = found.map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    };
    let key_id = field("Credential").ok_or(RpcError::Incomplete)?;
    let signature = field("Signature").ok_or(RpcError::Incomplete)?;
    let signed_headers = field("SignedHeaders").ok_or(RpcError::Incomplete)?;
    let claim = Claim {
        generation: Generation::V3,
        action,
        version,
        key_id,
        signature,
        signed_headers,
        nonce: header("x-acs-signature-nonce", "SignatureNonce")?,
        timestamp: header("x-acs-date", "Timestamp")?,
        content_sha256: request
            .header("x-acs-content-sha256")
            .ok_or(RpcError::Incomplete)?,
        token: request.header("x-acs-security-token"),
    };
    let all_signed = REQUIRED.iter().all(|required| {
        let mut names = signed_headers.split(';');
        names.any(|name| name == *required)
    });
    if all_signed {
        Ok(claim)
    } else {
        Err(RpcError::Incomplete)
    }
}

pub(super) fn check(
    claim: &Claim<'_>,
    request: &RpcRequest<'_>,
    secret: &Secret,
) -> Result<(), RpcError> {
    let rest = (claim.signed_headers, claim.content_sha256);
    let hash = canonical_hash(request, &canonical(request.query.iter()), rest);
    let body = content_sha256(request.body);
    let is_body = body.as_bytes().ct_eq(claim.content_sha256.as_bytes());
    let sent: Option<[u8; 32]> = percent::from_hex(claim.signature);
    let matches =
        |hash: &str| sent.is_some_and(|sent| mac(secret, hash).verify_slice(&sent).is_ok());
    let as_sent = || {
        let other = canonical_as_sent(request.query.iter());
        other.is_some_and(|other| matches(&canonical_hash(request, &other, rest)))
    };
    if bool::from(is_body) && (matches(&hash) || as_sent()) {
        Ok(())
    } else {
        Err(RpcError::NotMatchedV3(hash))
    }
}

/// The hexadecimal digest of the canonical request.
fn canonical_hash(
    request: &RpcRequest<'_>,
    query: &str,
    (signed_headers, digest): (&str, &str),
) -> String {
    let mut text = owned(request.method);
    text.push_str("\n/\n");
    text.push_str(query);
    text.push('\n');
    for name in signed_headers.split(';') {
        let values = request.headers.iter().filter(|(known, _)| *known == name);
        let mut values: Vec<&str> = values.map(|(_, value)| value.trim()).collect();
        values.sort_unstable();
        text.push_str(name);
        text.push(':');
        text.push_str(&values.join(","));
        text.push('\n');
    }
    text.push('\n');
    text.push_str(signed_headers);
    text.push('\n');
    text.push_str(digest);
    percent::hex_lower(&Sha256::digest(text.as_bytes()))
}

fn mac(secret: &Secret, hash: &str) -> Hmac<Sha256> {
    #[expect(
        clippy::expect_used,
        reason = "HMAC takes a key of any length (RFC 2104 §2)"
    )]
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.chain_update(ALGORITHM.as_bytes())
        .chain_update(b"\n")
        .chain_update(hash.as_bytes())
}
