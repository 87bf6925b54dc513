//! Version 1: `Signature = base64(HMAC-SHA1(secret + "&", METHOD & %2F & encoded parameters))`.

use alloc::string::String;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::parameters::{Parameters, canonical, canonical_as_sent};
use super::{Claim, Generation, RpcError, RpcRequest, given};
use crate::{Secret, percent};

/// The value of `Signature` for a request with these parameters, wherever they stand.
pub fn sign(method: &str, parameters: &Parameters, secret: &Secret) -> String {
    let text = string_to_sign(method, &canonical(signed(parameters.iter())));
    STANDARD.encode(mac(secret, &text).finalize().into_bytes())
}

pub(super) fn claim<'a>(request: &RpcRequest<'a>) -> Result<Claim<'a>, RpcError> {
    let parameter = |name| given(request.parameter(name), name);
    let claim = Claim {
        generation: Generation::V1,
        action: parameter("Action")?,
        version: parameter("Version")?,
        key_id: parameter("AccessKeyId")?,
        signature: parameter("Signature")?,
        nonce: parameter("SignatureNonce")?,
        timestamp: parameter("Timestamp")?,
        token: request.parameter("SecurityToken"),
        signed_headers: "",
        content_sha256: "",
    };
    let method = parameter("SignatureMethod")?;
    let version = parameter("SignatureVersion")?;
    let kind = request.parameter("SignatureType").unwrap_or_default();
    let is_kind = matches!(kind, "" | "HMAC" | "HMAC-SHA1");
    if method.eq_ignore_ascii_case("HMAC-SHA1") && version == "1.0" && is_kind {
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
    let all = || signed(request.query.iter().chain(request.form.iter()));
    let text = string_to_sign(request.method, &canonical(all()));
    let sent = STANDARD.decode(claim.signature).unwrap_or_default();
    let matches = |text: &str| mac(secret, text).verify_slice(&sent).is_ok();
    let as_sent = || {
        let other = canonical_as_sent(all());
        other.is_some_and(|other| matches(&string_to_sign(request.method, &other)))
    };
    if matches(&text) || as_sent() {
        Ok(())
    } else {
        Err(RpcError::NotMatchedV1(text))
    }
}

fn signed<'p>(
    parameters: impl Iterator<Item = (&'p str, &'p str)>,
) -> impl Iterator<Item = (&'p str, &'p str)> {
    parameters.filter(|(name, _)| *name != "Signature")
}

fn string_to_sign(method: &str, canonical: &str) -> String {
    let mut text = String::from(method);
    text.push_str("&%2F&");
    percent::encode_into(canonical.as_bytes(), &mut text);
    text
}

fn mac(secret: &Secret, text: &str) -> Hmac<Sha1> {
    let mut key = String::from(secret.expose());
    key.push('&');
    #[expect(
        clippy::expect_used,
        reason = "HMAC takes a key of any length (RFC 2104 §2)"
    )]
    let mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.chain_update(text.as_bytes())
}
