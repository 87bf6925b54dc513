use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use flowlog_access::{AccessKeyId, Secret, SecurityToken, TemporaryKey};
use proptest::prelude::*;

use super::*;
use crate::{Error, ErrorCode};

/// A LogGroup as an LZ4 block of one literal run.
const BODY: &str = "f0370a200880e2cfaa0612130a0773726361646472120831302e302e302e312515cd5b07\
                    1a08666c6f775f6c6f6722093139322e302e322e31320d0a04686f737412056578702d31";
const NOW: Timestamp = Timestamp(1_700_000_000_000);
const V4_ID: &str = "Credential=testak/20231114/cn-hangzhou/sls/aliyun_v4_request,Signature=";

fn keyring() -> Keyring {
    Keyring::new(AccessKey {
        id: AccessKeyId::new("testak").unwrap(),
        secret: Secret::new("testsk").unwrap(),
    })
}

fn body() -> [u8; 72] {
    percent::from_hex(BODY).unwrap()
}

/// A request that owns its parts, so that a test can change one.
#[derive(Clone)]
struct Request {
    method: &'static str,
    path: String,
    parameters: Parameters,
    headers: Vec<(&'static str, String)>,
}

impl Request {
    fn with_parts<T>(&self, then: impl FnOnce(&RequestParts<'_>) -> T) -> T {
        let headers: Headers<'_> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        then(&RequestParts {
            method: self.method,
            path: &self.path,
            parameters: &self.parameters,
            headers: &headers,
        })
    }

    fn check(&self, now: Timestamp) -> Result<SignatureVersion, SignatureError> {
        self.with_parts(|parts| authenticate(parts, &keyring(), now).map(|found| found.version))
    }

    fn set(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(key, _)| *key != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(key, _)| *key != name);
        self
    }

    fn sign_v1(self) -> Self {
        let value = self.with_parts(|parts| sign_v1(parts, keyring().root()));
        self.set("Authorization", &value)
    }

    fn sign_v4(self) -> Self {
        let value = self.with_parts(|parts| sign_v4(parts, keyring().root(), "cn-hangzhou"));
        self.set("Authorization", &value.unwrap())
    }
}

fn request(
    method: &'static str,
    path: &str,
    query: &str,
    headers: &[(&'static str, &str)],
) -> Request {
    Request {
        method,
        path: path.to_owned(),
        parameters: Parameters::parse(query).unwrap(),
        headers: headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
    }
}

const SEARCH: &str = "type=histogram&from=1700000000&to=1700000060&topic=&\
                      query=note%3A+%22%E6%B5%81%22+and+a%2Bb%26c";

fn v1(vector: u8) -> (Request, &'static str) {
    let common = [
        ("x-log-apiversion", "0.6.0"),
        ("x-log-signaturemethod", "hmac-sha1"),
        ("Date", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ("Host", "proj.cn-hangzhou.log.aliyuncs.com"),
    ];
    let (request, signature) = match vector {
        1 => (
            request("POST", "/logstores/flow-store/shards/lb", "", &common)
                .set("x-log-bodyrawsize", "70")
                .set("x-log-compresstype", "lz4")
                .set("Content-Type", "application/x-protobuf")
                .set("Content-MD5", "B8CE45F17E4F26B2B2AF857C6D6CE132"),
            "sVrOFzjD2PADVKXmqqkm8iqUVco=",
        ),
        2 => (
            request("GET", "/logstores/flow-store", SEARCH, &common).set("x-log-bodyrawsize", "0"),
            "EtOUc0ceaN8CROcj/xP1PvT0Ojw=",
        ),
        _ => (
            request("GET", "/logstores", "", &common)
                .set("x-log-bodyrawsize", "0")
                .set("x-acs-security-token", "tok/en=="),
            "EkXJ9GLKAecr0CVb8Hp9KiozcHI=",
        ),
    };
    (request, signature)
}

fn v4(vector: u8) -> (Request, &'static str) {
    let common = [
        ("x-log-apiversion", "0.6.0"),
        ("x-log-date", "20231114T221320Z"),
        ("Host", "proj.cn-hangzhou.log.aliyuncs.com"),
    ];
    if vector == 1 {
        let request = request("POST", "/logstores/flow-store/shards/lb", "", &common)
            .set("x-log-bodyrawsize", "70")
            .set("x-log-compresstype", "lz4")
            .set("Content-Type", "application/x-protobuf")
            .set("x-log-content-sha256", &content_sha256(&body()));
        (
            request,
            "7decb3b9eb7325dd46becd3b0ceedc6caac160a9a6704b8fdc752f0356c780a1",
        )
    } else {
        let request = request("GET", "/logstores/flow-store", SEARCH, &common)
            .set("x-log-bodyrawsize", "0")
            .set("x-log-content-sha256", &content_sha256(b""));
        (
            request,
            "7ca7c6d4e1af61c722906215f4ce6432f981fd2ff975166ac5db4f4554023d3d",
        )
    }
}

#[test]
fn version_1_signs_as_the_official_signer() {
    for vector in 1..=3 {
        let (request, signature) = v1(vector);
        let signed = request.with_parts(|parts| sign_v1(parts, keyring().root()));
        assert_eq!(
            signed,
            alloc::format!("LOG testak:{signature}"),
            "vector {vector}"
        );
        let signed = request.set("Authorization", &signed);
        assert_eq!(
            signed.check(NOW),
            Ok(SignatureVersion::V1),
            "vector {vector}"
        );
    }
}

#[test]
fn version_4_signs_as_the_official_signer() {
    for vector in 1..=2 {
        let (request, signature) = v4(vector);
        let signed = request.with_parts(|parts| sign_v4(parts, keyring().root(), "cn-hangzhou"));
        let want = alloc::format!("SLS4-HMAC-SHA256 {V4_ID}{signature}");
        assert_eq!(signed.as_deref(), Ok(&*want), "vector {vector}");
        let signed = request.set("Authorization", &want);
        assert_eq!(
            signed.check(NOW),
            Ok(SignatureVersion::V4),
            "vector {vector}"
        );
    }
}

#[test]
fn digests_are_those_of_the_official_signer() {
    assert_eq!(content_md5(&body()), "B8CE45F17E4F26B2B2AF857C6D6CE132");
    assert_eq!(
        content_sha256(&body()),
        "102118c5e790c832fd7694f4022c9303062bb0dbb7681f0bead1f741aa6bbd95"
    );
}

#[test]
fn headers_that_a_client_adds_after_signing_do_not_matter_in_version_1() {
    let signed = v1(1).0.sign_v1();
    let added = signed
        .set("x-log-date", "Tue, 14 Nov 2023 22:13:20 GMT")
        .set("x-log-meta-anything", "1")
        .set("User-Agent", "x");
    assert_eq!(added.check(NOW), Ok(SignatureVersion::V1));
}

#[test]
fn every_signed_part_matters() {
    for signed in [v1(2).0.sign_v1(), v4(2).0.sign_v4()] {
        let mut changed = Vec::from([
            Request {
                method: "PUT",
                ..signed.clone()
            },
            Request {
                path: "/logstores/other".into(),
                ..signed.clone()
            },
            Request {
                parameters: Parameters::default(),
                ..signed.clone()
            },
            signed.clone().set("x-log-bodyrawsize", "1"),
            signed.clone().set("x-log-more", ""),
            signed.clone().set("x-acs-security-token", "x"),
            signed.clone().set("Content-Type", "text/plain"),
        ]);
        if signed.check(NOW) == Ok(SignatureVersion::V1) {
            changed.push(signed.clone().set("Date", "Tue, 14 Nov 2023 22:13:21 GMT"));
            changed.push(signed.clone().set("Content-MD5", &content_md5(b"x")));
        } else {
            changed.push(signed.clone().set("x-log-date", "20231114T221321Z"));
            changed.push(
                signed
                    .clone()
                    .set("x-log-content-sha256", &content_sha256(b"x")),
            );
            changed.push(signed.clone().set("Host", "other.example.net"));
        }
        for (place, request) in changed.iter().enumerate() {
            let result = request.check(NOW);
            assert!(
                matches!(result, Err(SignatureError::NotMatched(_))),
                "{place}: {result:?}"
            );
        }
    }
}

#[test]
fn the_path_is_signed_escaped_or_plain() {
    for path in [
        "/logstores/flow store/流",
        "/logstores/flow%20store/%E6%B5%81",
    ] {
        for sign in [Request::sign_v1, Request::sign_v4] {
            let request = v1(3).0.set("x-log-date", "20231114T221320Z");
            let request = request.set("x-log-content-sha256", &content_sha256(b""));
            let mut signed = sign(Request {
                path: path.to_owned(),
                ..request
            });
            "/logstores/flow%20store/%E6%B5%81".clone_into(&mut signed.path);
            assert!(signed.check(NOW).is_ok(), "{path}");
        }
    }
}

#[test]
fn a_request_is_fresh_for_fifteen_minutes_either_way() {
    for signed in [v1(2).0.sign_v1(), v4(2).0.sign_v4()] {
        for offset in [-900_000, 900_000] {
            assert!(signed.check(NOW.plus(offset)).is_ok());
        }
        for offset in [-900_001, 900_001, i64::MAX, i64::MIN] {
            let error = signed.check(NOW.plus(offset)).unwrap_err();
            assert_eq!(error.code(), ErrorCode::RequestTimeExpired);
        }
        let error = Error::from(signed.check(NOW.plus(1_000_000)).unwrap_err());
        assert_eq!(
            error.message,
            "Request time Tue, 14 Nov 2023 22:13:20 GMT has been expired while server time is \
             Tue, 14 Nov 2023 22:30:00 GMT."
        );
    }
}

#[test]
fn an_unsigned_x_log_date_does_not_revive_an_old_request() {
    let signed = v1(1)
        .0
        .sign_v1()
        .set("x-log-date", "Wed, 15 Nov 2023 22:13:20 GMT");
    let error = signed.check(NOW.plus(24 * 3_600_000)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::RequestTimeExpired);
    assert_eq!(
        signed.check(NOW).unwrap_err().code(),
        ErrorCode::RequestTimeExpired
    );
}

#[test]
fn x_log_date_alone_stands_in_the_place_of_date() {
    let request = v1(3)
        .0
        .without("Date")
        .set("x-log-date", "Tue, 14 Nov 2023 22:13:20 GMT");
    assert!(request.sign_v1().check(NOW).is_ok());
}

/// Holds each faulty request against "status code".
fn check_faults(cases: &[(Request, &str)]) {
    for (place, (request, want)) in cases.iter().enumerate() {
        let error = Error::from(request.check(NOW).unwrap_err());
        let got = alloc::format!("{} {}", error.status, error.code);
        assert_eq!(got, *want, "case {place}: {error}");
    }
}

#[test]
fn each_fault_of_version_1_has_its_code_and_status() {
    let signed = v1(1).0.sign_v1();
    let set = |name, value| signed.clone().set(name, value);
    let authorization = |value| signed.clone().set("Authorization", value);
    check_faults(&[
        (signed.clone().without("Authorization"), "401 Unauthorized"),
        (authorization("LOG other:c2ln"), "401 Unauthorized"),
        (authorization("LOG :c2ln"), "400 MissAccessKeyId"),
        (authorization("LOG testak"), "400 ParameterInvalid"),
        (authorization("LOG"), "400 ParameterInvalid"),
        (authorization("Basic dGVzdA=="), "400 ParameterInvalid"),
        (authorization("LOG testak:"), "401 SignatureNotMatch"),
        (authorization("LOG testak:c2ln"), "401 SignatureNotMatch"),
        (authorization("LOG testak:*"), "401 SignatureNotMatch"),
        (
            signed.clone().without("x-log-signaturemethod"),
            "400 MissingSignatureMethod",
        ),
        (
            set("x-log-signaturemethod", "md5"),
            "400 InvalidSignatureMethod",
        ),
        (signed.clone().without("Date"), "400 MissingDate"),
        (set("Date", "yesterday"), "400 InvalidDateFormat"),
        (set("Content-MD5", "xyz"), "400 ParameterInvalid"),
    ]);
}

#[test]
fn each_fault_of_version_4_has_its_code_and_status() {
    let signed = v4(1).0.sign_v4();
    let set = |name, value| signed.clone().set(name, value);
    let credential = |value: &str| {
        signed
            .clone()
            .set("Authorization", &alloc::format!("SLS4-HMAC-SHA256 {value}"))
    };
    let short = alloc::format!("{V4_ID}00");
    check_faults(&[
        (credential("x"), "400 ParameterInvalid"),
        (
            credential(&short.replace("/sls/", "/oss/")),
            "400 ParameterInvalid",
        ),
        (
            credential(&short.replace("_request", "_request/x")),
            "400 ParameterInvalid",
        ),
        (
            credential(&short.replace("testak", "other")),
            "401 Unauthorized",
        ),
        (
            credential(&short.replace("20231114", "20231113")),
            "400 InvalidDateFormat",
        ),
        (credential(&short), "401 SignatureNotMatch"),
        (credential(V4_ID), "401 SignatureNotMatch"),
        (signed.clone().without("x-log-date"), "400 MissingDate"),
        (
            set("x-log-date", "Tue, 14 Nov 2023 22:13:20 GMT"),
            "400 InvalidDateFormat",
        ),
        (
            signed.clone().without("x-log-content-sha256"),
            "400 ParameterInvalid",
        ),
        (set("x-log-content-sha256", "00"), "400 ParameterInvalid"),
    ]);
}

#[test]
fn the_body_is_held_against_the_digest_that_was_signed() {
    for signed in [v1(1).0.sign_v1(), v4(1).0.sign_v4()] {
        let check = |body: &[u8]| {
            signed.with_parts(|parts| {
                authenticate(parts, &keyring(), NOW)
                    .unwrap()
                    .check_body(body)
            })
        };
        assert_eq!(check(&body()), Ok(()));
        assert_eq!(check(b"another"), Err(SignatureError::BodyNotMatched));
        assert_eq!(check(b""), Err(SignatureError::BodyNotMatched));
    }
    let signed = v1(2).0.sign_v1();
    let check = |body: &[u8]| {
        signed.with_parts(|parts| {
            authenticate(parts, &keyring(), NOW)
                .unwrap()
                .check_body(body)
        })
    };
    assert_eq!(check(b""), Ok(()));
    let error = check(b"x").unwrap_err();
    assert_eq!(
        (error.clone(), error.code()),
        (
            SignatureError::MissingContentMd5,
            ErrorCode::ParameterInvalid
        )
    );
}

proptest! {
    #[test]
    fn any_head_is_survived(
        path: String, query: String, authorization: String, id in "(LOG testak:|SLS4-HMAC-SHA256 Credential=testak/)?",
        values in proptest::collection::vec(any::<Vec<u8>>(), 4),
    ) {
        let authorization = id + &authorization;
        let names = ["date", "x-log-date", "content-md5", "x-log-content-sha256"];
        let pairs = names.into_iter().zip(values.iter().map(Vec::as_slice));
        let headers: Headers<'_> = pairs
            .chain([("authorization", authorization.as_bytes()), ("x-log-signaturemethod", b"hmac-sha1")])
            .collect();
        let parameters = Parameters::parse(&query).unwrap_or_default();
        let parts = RequestParts { method: "GET", path: &path, parameters: &parameters, headers: &headers };
        prop_assert!(authenticate(&parts, &keyring(), NOW).is_err());
    }
}

/// A ring in which `testak` is a temporary key.
fn temporary(token: &str, expires: i64) -> Keyring {
    let root = AccessKey {
        id: AccessKeyId::new("root").unwrap(),
        secret: Secret::new("x").unwrap(),
    };
    let mut ring = Keyring::new(root);
    let key = TemporaryKey {
        key: keyring().root().clone(),
        token: SecurityToken::new(token).unwrap(),
        expires: Some(Timestamp(expires)),
    };
    ring.add_temporary(key).unwrap();
    ring
}

#[test]
fn a_temporary_key_signs_with_its_token_and_in_its_time() {
    let check = |request: &Request, ring: &Keyring| {
        request.with_parts(|parts| authenticate(parts, ring, NOW).map(|known| known.version))
    };
    for (signed, version) in [
        (v1(3).0.sign_v1(), SignatureVersion::V1),
        (
            v4(2).0.set("x-acs-security-token", "tok/en==").sign_v4(),
            SignatureVersion::V4,
        ),
    ] {
        assert_eq!(
            check(&signed, &temporary("tok/en==", NOW.0 + 1)),
            Ok(version)
        );
        let refused = [
            (
                temporary("tok/en==", NOW.0),
                SignatureError::SecurityTokenExpired,
            ),
            (temporary("other", NOW.0 + 1), SignatureError::SecurityToken),
        ];
        for (ring, error) in refused {
            assert_eq!(Error::from(error.clone()).status, 401);
            assert_eq!(check(&signed, &ring), Err(error));
        }
    }
    let without = v1(2).0.sign_v1();
    let outcome = check(&without, &temporary("tok/en==", NOW.0 + 1));
    assert_eq!(outcome, Err(SignatureError::SecurityToken));
}
