//! The vectors of the API's documentation and requests of the official SDKs, as they came; then what
//! is refused, and in which order.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::*;
use crate::{AccessKeyId, Nonces};

/// Requests as the official SDKs sent them: client, then the octets (lines end in LF here).
const CAPTURED: &[(&str, &str)] = &[
    (
        "python, version 3, everything in the query",
        r"POST /?AggregationInterval=5&Description=&FlowLogName=my+flow%2Blog%2A~%2F%E4%B8%AD%E6%96%87&LogStoreName=store-1&ProjectName=proj-1&RegionId=cn-hangzhou&ResourceId=vpc-1&ResourceType=VPC&Tag.1.Key=k1&Tag.1.Value=v1&Tag.2.Key=k2&Tag.2.Value=&TrafficPath.1=internetGateway&TrafficPath.2=natGateway&TrafficType=All HTTP/1.1
Accept-Encoding: identity
host: 127.0.0.1:18080
x-acs-version: 2016-04-28
x-acs-action: CreateFlowLog
user-agent: AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2
x-acs-date: 2026-11-20T14:40:58Z
x-acs-signature-nonce: c08fd3f6feab42917a70db3f1ed73bcc
accept: application/json
x-acs-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-credentials-provider: static_ak
Authorization: ACS3-HMAC-SHA256 Credential=testAK1234567890,SignedHeaders=accept;host;user-agent;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=6feca2af1ff45fdb090ee705555c3657dfab2f9eb1bff30deb609f18379482f0
Content-Length: 0",
    ),
    (
        "python, version 3, a form body",
        r"POST /?RegionId=cn-hangzhou HTTP/1.1
Accept-Encoding: identity
host: 127.0.0.1:18080
x-acs-version: 2016-04-28
x-acs-action: CreateFlowLog
user-agent: AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2
x-acs-date: 2026-11-20T14:41:57Z
x-acs-signature-nonce: e5ff2b6d4694e5fa92d9f7778a43c4b9
accept: application/json
content-type: application/x-www-form-urlencoded
x-acs-content-sha256: 2645881336b1883e9fd99d9c7d538960428e465b22fd837043c6eebc07f2345b
x-acs-credentials-provider: static_ak
Authorization: ACS3-HMAC-SHA256 Credential=testAK1234567890,SignedHeaders=accept;content-type;host;user-agent;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=b28427414b0326a6c169fdb61c8bbd66ca22808767fd6702b51ac7fd9a36bfbc
Content-Length: 119

FlowLogName=a+b%2Bc%2A~%2F%E4%B8%AD%E6%96%87&ResourceType=VPC&Tag.1.Key=k&Tag.1.Value=v&TrafficPath.1=x&TrafficPath.2=y",
    ),
    (
        "python, version 3, CEN",
        r"POST /?CenId=cen-1&ClientToken=tok-1&Interval=60&LogFormatString=%24%7Bsrcaddr%7D%24%7Bdstaddr%7D%24%7Bbytes%7D&LogStoreName=s-1&ProjectName=p-1&RegionId=cn-hangzhou&Tag.1.Key=k&Tag.1.Value=v&TransitRouterId=tr-1 HTTP/1.1
Accept-Encoding: identity
host: 127.0.0.1:18080
x-acs-version: 2017-09-12
x-acs-action: CreateFlowlog
user-agent: AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2
x-acs-date: 2026-11-20T14:40:58Z
x-acs-signature-nonce: 656a50ec2288df6bf450caf4f1c6d8cc
accept: application/json
x-acs-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-credentials-provider: static_ak
Authorization: ACS3-HMAC-SHA256 Credential=testAK1234567890,SignedHeaders=accept;host;user-agent;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=14594d555b998094b6f13ba4afafd73c1ad3824f78b6da96dc137650dd2a2a28
Content-Length: 0",
    ),
    (
        "node, version 3",
        r"POST /?FlowLogName=a%20b%2Bc*~!%27()%2F%E4%B8%AD&RegionId=cn-hangzhou&ResourceId=vpc-1&ResourceType=VPC&Tag.1.Key=k&Tag.1.Value=v&TrafficPath.1=x&TrafficPath.2=y&TrafficType=All HTTP/1.1
host: 127.0.0.1:18080
x-acs-version: 2016-04-28
x-acs-action: CreateFlowLog
user-agent: AlibabaCloud (linux; x64) Node.js/v20.20.2 Core/1.0.1 TeaDSL/2
x-acs-date: 2026-11-20T14:42:13Z
x-acs-signature-nonce: 00fbc2c7c0409470513276cf9319abbe606adbeee6dc7d7a19f73bfe9839baa7
accept: application/json
x-acs-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-credentials-provider: static_ak
Authorization: ACS3-HMAC-SHA256 Credential=testAK1234567890,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=34c65c10e685f54328e80d8f23dbdc07dfd6ad2c271a2b4eac12048c423c97ef
Connection: keep-alive
Content-Length: 0",
    ),
    (
        "python, version 1",
        r"POST /?Action=CreateFlowLog&Format=json&Version=2016-04-28&Timestamp=2026-11-20T14%3A40%3A58Z&SignatureNonce=97513d63c5c3667c3407d31ad908acd5&AggregationInterval=5&Description=&FlowLogName=my+flow%2Blog%2A~%2F%E4%B8%AD%E6%96%87&LogStoreName=store-1&ProjectName=proj-1&RegionId=cn-hangzhou&ResourceId=vpc-1&ResourceType=VPC&Tag.1.Key=k1&Tag.1.Value=v1&Tag.2.Key=k2&Tag.2.Value=&TrafficPath.1=internetGateway&TrafficPath.2=natGateway&TrafficType=All&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&AccessKeyId=testAK1234567890&Signature=xJ9BD6o6qfb2JNDoBcjyd2TcgPA%3D HTTP/1.1
Accept-Encoding: identity
host: 127.0.0.1:18080
x-acs-version: 2016-04-28
x-acs-action: CreateFlowLog
user-agent: AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2
x-acs-credentials-provider: static_ak
Content-Length: 0",
    ),
    (
        "python core, version 1",
        r"POST /?FlowLogName=my%20flow%2Blog%2A~%2F%E4%B8%AD%E6%96%87&Description=&ResourceType=VPC&ResourceId=vpc-1&TrafficType=All&TrafficPath.1=internetGateway&TrafficPath.2=natGateway&Tag.1.Value=v1&Tag.1.Key=k1&AggregationInterval=5&Version=2016-04-28&Action=CreateFlowLog&Format=JSON&RegionId=cn-hangzhou&Timestamp=2026-11-20T14%3A41%3A57Z&SignatureMethod=HMAC-SHA1&SignatureType=&SignatureVersion=1.0&SignatureNonce=01dc1673930dd9470d7bb6bcaf124304&AccessKeyId=testAK1234567890&Signature=dnkjTkiF5XugrUsUs7kIYDwitKM%3D HTTP/1.1
Host: 127.0.0.1:18080
User-Agent: AlibabaCloud (Linux 6.18.44-fc-v595;x86_64) Python/3.11.7 Core/2.16.1 python-requests/2.18.3
Accept-Encoding: identity
Accept: */*
Connection: keep-alive
x-acs-action: CreateFlowLog
x-acs-version: 2016-04-28
x-sdk-invoke-type: normal
x-sdk-client: python/2.0.0
Content-Length: 0",
    ),
    (
        "python, version 1, a form body",
        r"POST /?Action=CreateFlowLog&Format=json&Version=2016-04-28&Timestamp=2026-11-20T14%3A41%3A57Z&SignatureNonce=d34547646c89e5c74addfab05b6c63d0&RegionId=cn-hangzhou&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&AccessKeyId=testAK1234567890&Signature=NjPY8ixCwsIBGXEV5qH6KEHjpsU%3D HTTP/1.1
Accept-Encoding: identity
host: 127.0.0.1:18080
x-acs-version: 2016-04-28
x-acs-action: CreateFlowLog
user-agent: AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2
content-type: application/x-www-form-urlencoded
x-acs-credentials-provider: static_ak
Content-Length: 119

FlowLogName=a+b%2Bc%2A~%2F%E4%B8%AD%E6%96%87&ResourceType=VPC&Tag.1.Key=k&Tag.1.Value=v&TrafficPath.1=x&TrafficPath.2=y",
    ),
    (
        "node, version 1, everything in the body",
        r"POST / HTTP/1.1
x-sdk-client: Node.js(v20.20.2), @alicloud/pop-core: 1.8.0
user-agent: AlibabaCloud (linux; x64) Node.js/v20.20.2 Core/1.8.0
x-acs-action: CreateFlowLog
x-acs-version: 2016-04-28
content-type: application/x-www-form-urlencoded
Host: 127.0.0.1:18080
Connection: keep-alive
Content-Length: 354

AccessKeyId=testAK1234567890&Action=CreateFlowLog&FlowLogName=a%20b%2Bc%2A~%21%27%28%29%2F%E4%B8%AD&Format=JSON&RegionId=cn-hangzhou&SignatureMethod=HMAC-SHA1&SignatureNonce=5b0e36e21cd4c3bdd3efa6631146cd0c&SignatureVersion=1.0&Timestamp=2026-11-20T14%3A42%3A12Z&TrafficPath.1=x&TrafficPath.2=y&Version=2016-04-28&Signature=javFCUZUO8O0NZFJpZcGJunJJHM%3D",
    ),
    (
        "python, version 3, SAG",
        r"POST /?ActiveAging=300&InactiveAging=15&Name=n&NetflowServerIp=192.168.0.2&NetflowServerPort=9995&NetflowVersion=V9&OutputType=netflow&RegionId=cn-shanghai HTTP/1.1
Accept-Encoding: identity
host: 127.0.0.1:18080
x-acs-version: 2018-03-13
x-acs-action: CreateFlowLog
user-agent: AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2
x-acs-date: 2026-11-20T14:40:58Z
x-acs-signature-nonce: dd0ffc4766273ba7f45cc93c844d6ce7
accept: application/json
x-acs-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-credentials-provider: static_ak
Authorization: ACS3-HMAC-SHA256 Credential=testAK1234567890,SignedHeaders=accept;host;user-agent;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=bb59cfb4190ebd4ac8c28c2d09bca7e9ca94d5d9f70c9747dcaa05b020e605e8
Content-Length: 0",
    ),
];

/// A request taken apart.
struct Sent {
    method: &'static str,
    query: Parameters,
    form: Parameters,
    headers: Vec<(String, &'static str)>,
    body: &'static str,
}

impl Sent {
    fn parse(text: &'static str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let mut words = lines.next().unwrap().split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let header = |line: &'static str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value)
        };
        Self {
            method,
            query: Parameters::parse(query).unwrap(),
            form: Parameters::parse(body).unwrap(),
            headers: lines.map(header).collect(),
            body,
        }
    }

    fn check(&self, now: Timestamp) -> Result<(), RpcError> {
        let headers: Vec<_> = self.headers.iter().map(|(n, v)| (n.as_str(), *v)).collect();
        let request = RpcRequest {
            method: self.method,
            query: &self.query,
            form: &self.form,
            headers: &headers,
            body: self.body.as_bytes(),
        };
        let claim = Claim::read(&request)?;
        let keyring = keyring();
        let checked = claim.check(&request, &keyring, now)?;
        assert_eq!(checked.key.id.as_str(), claim.key_id);
        Ok(())
    }

    fn header(&mut self, name: &str) -> &mut &'static str {
        let found = self.headers.iter_mut().find(|(known, _)| known == name);
        &mut found.unwrap().1
    }

    fn with_query(text: &str) -> Self {
        let mut sent = Self::parse(CAPTURED[4].1);
        sent.query = Parameters::parse(text).unwrap();
        sent
    }
}

fn key(id: &str, secret: &str) -> AccessKey {
    AccessKey {
        id: AccessKeyId::new(id).unwrap(),
        secret: crate::Secret::new(secret).unwrap(),
    }
}

fn keyring() -> Keyring {
    let mut ring = Keyring::new(key("testAK1234567890", "testSecretABCDEFGH"));
    let user = crate::User {
        name: "off".into(),
        key: key("inactive", "x"),
        active: false,
        policies: Vec::new(),
    };
    ring.add_user(user).unwrap();
    ring
}

fn then() -> Timestamp {
    date::parse_timestamp("2026-11-20T14:41:00Z").unwrap()
}

#[test]
fn every_request_of_the_official_clients_is_believed() {
    for (client, text) in CAPTURED {
        assert_eq!(Sent::parse(text).check(then()), Ok(()), "{client}");
    }
}

#[test]
fn a_request_that_was_changed_in_any_part_is_not_believed() {
    for (client, text) in CAPTURED {
        let mut sent = Sent::parse(text);
        sent.query.push("Extra", "1");
        let error = sent.check(then()).unwrap_err();
        assert_eq!(error.code(), "SignatureDoesNotMatch", "{client}");
        let mut sent = Sent::parse(text);
        sent.method = "GET";
        let error = sent.check(then()).unwrap_err();
        assert_eq!(error.code(), "SignatureDoesNotMatch", "{client}");
        if !sent.body.is_empty() {
            let mut sent = Sent::parse(text);
            sent.body = "FlowLogName=b";
            sent.form = Parameters::parse("FlowLogName=b").unwrap();
            assert!(sent.check(then()).is_err(), "{client}");
        }
    }
    for name in ["host", "user-agent", "x-acs-action"] {
        let mut sent = Sent::parse(CAPTURED[0].1);
        *sent.header(name) = "other";
        let error = sent.check(then()).unwrap_err();
        assert_eq!(error.code(), "SignatureDoesNotMatch", "{name}");
    }
}

#[test]
fn the_digest_of_version_3_is_that_of_the_documented_canonical_request() {
    let mut sent = Sent::parse(CAPTURED[0].1);
    *sent.header("authorization") = "ACS3-HMAC-SHA256 Credential=testAK1234567890, SignedHeaders=accept;host;user-agent;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version, Signature=00";
    let digest = "9cdba80f9320639b66a1bd5ad4b09d9252a52f863645faaac7ac77b9526a1f1a";
    let error = sent.check(then()).unwrap_err();
    assert_eq!(error, RpcError::NotMatchedV3(digest.into()));
    assert!(error.to_string().ends_with(
        "server StringToSign is [ACS3-HMAC-SHA256 9cdba80f9320639b66a1bd5ad4b09d9252a52f863645faaac7ac77b9526a1f1a]"
    ));
}

#[test]
fn the_message_of_version_1_has_one_colon_and_behind_it_what_was_to_be_signed() {
    let mut sent = Sent::with_query(
        "Action=A&Version=V&AccessKeyId=testAK1234567890&Signature=AAAA&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureNonce=n%3An&Timestamp=2026-11-20T14%3A40%3A58Z",
    );
    sent.headers.clear();
    let message = sent.check(then()).unwrap_err().to_string();
    let (_, text) = message.split_once(':').unwrap();
    assert!(text.starts_with("POST&%2F&AccessKeyId%3DtestAK1234567890%26Action%3DA%26"));
    assert!(!text.contains(':') && !message.contains("testSecret"));
}

#[test]
fn the_published_vector_of_version_1_holds() {
    let parameters = Parameters::from_iter([
        ("Timestamp", "2016-02-23T12:46:24Z"),
        ("Format", "XML"),
        ("AccessKeyId", "testid"),
        ("Action", "DescribeRegions"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"),
        ("Version", "2014-05-26"),
        ("SignatureVersion", "1.0"),
    ]);
    let secret = crate::Secret::new("testsecret").unwrap();
    assert_eq!(
        sign_v1("GET", &parameters, &secret),
        "OLeaidS1JvxuMvnyHOwuJ+uX5qY="
    );
}

#[test]
fn the_published_vectors_of_version_3_hold() {
    let query = Parameters::from_iter([
        (
            "ImageId",
            "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
        ),
        ("RegionId", "cn-shanghai"),
    ]);
    let body = content_sha256(b"");
    let signed = |at: &str, nonce: &str| {
        let headers = [
            ("host", "ecs.cn-shanghai.aliyuncs.com"),
            ("x-acs-action", "RunInstances"),
            ("x-acs-content-sha256", body.as_str()),
            ("x-acs-date", at),
            ("x-acs-signature-nonce", nonce),
            ("x-acs-version", "2014-05-26"),
        ];
        let request = RpcRequest {
            method: "POST",
            query: &query,
            form: &Parameters::default(),
            headers: &headers,
            body: b"",
        };
        sign_v3(&request, &key("YourAccessKeyId", "YourAccessKeySecret"))
    };
    let first = signed("2023-10-26T10:22:32Z", "3156853299f313e23d1673dc12e1703d");
    assert!(
        first.ends_with("06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"),
        "{first}"
    );
    let second = signed("2023-10-26T09:01:01Z", "d410180a5abf7fe235dd9b74aca91fc0");
    assert!(
        second.ends_with("e521358f7776c97df52e6b2891a8bc73026794a071b50c3323388c4e0df64804"),
        "{second}"
    );
}

#[test]
fn a_request_counts_for_fifteen_minutes_either_way() {
    let at = date::parse_timestamp("2026-11-20T14:40:58Z").unwrap();
    let sent = Sent::parse(CAPTURED[0].1);
    for (away, counts) in [
        (FRESHNESS_MS, true),
        (-FRESHNESS_MS, true),
        (FRESHNESS_MS + 1, false),
        (-FRESHNESS_MS - 1, false),
    ] {
        let outcome = sent.check(at.plus(away));
        assert_eq!(
            outcome,
            if counts {
                Ok(())
            } else {
                Err(RpcError::Expired)
            }
        );
    }
}

#[test]
fn what_is_wrong_is_said_in_the_documented_order() {
    let all = "Action=A&Version=V&AccessKeyId=testAK1234567890&Signature=AAAA&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureNonce=n&Timestamp=2026-11-20T14%3A40%3A58Z";
    let code = |query: &str| Sent::with_query(query).check(then()).unwrap_err().code();
    for name in [
        "Action",
        "Version",
        "AccessKeyId",
        "Signature",
        "SignatureMethod",
        "SignatureVersion",
        "SignatureNonce",
        "Timestamp",
    ] {
        let without: Vec<&str> = all
            .split('&')
            .filter(|part| part.split('=').next() != Some(name))
            .collect();
        assert_eq!(code(&without.join("&")), format!("Missing{name}"));
        assert_eq!(
            code(&format!("{}&{name}=", without.join("&"))),
            format!("Missing{name}")
        );
    }
    let stale = all.replace("2026-11-20", "2026-11-21");
    let broken = all.replace("2026-11-20T", "2026-11-20 ");
    for (query, expected) in [
        (
            all.replace("HMAC-SHA1", "HMAC-SHA256"),
            "IncompleteSignature",
        ),
        (all.replace("=1.0", "=2.0"), "IncompleteSignature"),
        (
            stale.replace("testAK", "otherAK"),
            "InvalidAccessKeyId.NotFound",
        ),
        (
            stale.replace("testAK1234567890", "inactive"),
            "InvalidAccessKeyId.Inactive",
        ),
        (broken, "InvalidTimeStamp.Format"),
        (stale, "InvalidTimeStamp.Expired"),
        (all.into(), "SignatureDoesNotMatch"),
    ] {
        assert_eq!(code(&query), expected, "{query}");
    }
}

#[test]
fn version_3_wants_what_matters_signed_and_one_algorithm() {
    let whole = CAPTURED[0].1;
    for (text, expected) in [
        (
            whole.replace("ACS3-HMAC-SHA256", "ACS3-HMAC-SM3"),
            "IncompleteSignature",
        ),
        (
            whole.replace("SignedHeaders=accept;host;", "SignedHeaders=accept;"),
            "IncompleteSignature",
        ),
        (whole.replace(";x-acs-date;", ";"), "IncompleteSignature"),
        (
            whole.replace("SignedHeaders=", "Headers="),
            "IncompleteSignature",
        ),
        (
            whole.replace("Credential=testAK1234567890,", ""),
            "IncompleteSignature",
        ),
        (
            whole.replace("x-acs-date: ", "x-date: "),
            "MissingTimestamp",
        ),
        (
            whole.replace("x-acs-signature-nonce: ", "x-nonce: "),
            "MissingSignatureNonce",
        ),
        (
            whole.replace("x-acs-action: ", "x-action: "),
            "MissingAction",
        ),
        (
            whole.replace("x-acs-version: ", "x-version: "),
            "MissingVersion",
        ),
    ] {
        let sent = Sent::parse(text.leak());
        assert_eq!(sent.check(then()).unwrap_err().code(), expected);
    }
}

#[test]
fn a_body_that_is_not_the_one_of_the_digest_is_refused() {
    let mut sent = Sent::parse(CAPTURED[1].1);
    assert_eq!(sent.check(then()), Ok(()));
    sent.body = "FlowLogName=x";
    let error = sent.check(then()).unwrap_err();
    assert_eq!(error.code(), "SignatureDoesNotMatch");
}

#[test]
fn more_parameters_than_any_operation_has_are_refused() {
    assert!(Parameters::parse(&"a=b&".repeat(1000)).is_ok());
    assert_eq!(
        Parameters::parse(&"a=b&".repeat(1001)),
        Err(TooManyParameters)
    );
}

#[test]
fn a_nonce_counts_once_for_each_key() {
    let mut nonces = Nonces::new(flowlog_record::HashKey::PUBLIC, 10);
    nonces.remember("a", "n", then(), then()).unwrap();
    nonces.remember("b", "n", then(), then()).unwrap();
    assert!(nonces.remember("a", "n", then(), then()).is_err());
}
