use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use flowlog_access::{AccessKey, AccessKeyId, Keyring, Secret};
use flowlog_record::Timestamp;
use flowlog_sls::signature::{RequestParts, content_md5, content_sha256, sign_v1, sign_v4};
use flowlog_sls::{Endpoints, GetLogsResponse, Headers, Parameters, date};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::Logstore;
use crate::sample::{LOGSTORE, NOW, PROJECT, batch, open};

mod access;
mod consumers;
mod edge;
mod errors;
mod manage;
mod read;
mod search;
mod shards;
mod write;

fn key() -> AccessKey {
    AccessKey {
        id: AccessKeyId::new("testak").unwrap(),
        secret: Secret::new("testsk").unwrap(),
    }
}

/// A request that can be spoilt before it is sent.
#[derive(Clone)]
struct Sent {
    method: &'static str,
    target: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Sent {
    /// A request for the Project of the sample, without a body.
    fn new(method: &'static str, target: &str) -> Self {
        Self {
            method,
            target: target.to_owned(),
            headers: vec![
                ("host", format!("{PROJECT}.localhost:9082")),
                ("x-log-apiversion", "0.6.0".to_owned()),
                ("x-log-bodyrawsize", "0".to_owned()),
            ],
            body: Vec::new(),
        }
    }

    /// The same for another Project.
    fn of(mut self, project: &str) -> Self {
        self.headers[0].1 = format!("{project}.localhost:9082");
        self
    }

    /// The same for no Project.
    fn bare(mut self) -> Self {
        self.headers[0].1 = "localhost:9082".to_owned();
        self
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn json(self, body: &serde_json::Value) -> Self {
        let sent = self.header("content-type", "application/json");
        Self {
            body: body.to_string().into_bytes(),
            ..sent
        }
    }

    /// A body of Protocol Buffers, compressed or not.
    fn protobuf(self, raw: usize, compression: Option<&str>, body: &[u8]) -> Self {
        let mut sent = self
            .header("content-type", "application/x-protobuf")
            .header("x-log-bodyrawsize", &raw.to_string());
        if let Some(compression) = compression {
            sent = sent.header("x-log-compresstype", compression);
        }
        Self {
            body: body.to_vec(),
            ..sent
        }
    }

    /// Signs and sends.
    fn ask(self, port: u16) -> Reply {
        self.signed_v1(NOW).send(port)
    }

    fn get_logs(query: &str) -> Self {
        let body = serde_json::json!({ "from": NOW, "to": NOW + 1000, "query": query });
        Self::new("POST", &format!("/logstores/{LOGSTORE}/logs")).json(&body)
    }

    fn parts<T>(&self, sign: impl FnOnce(&RequestParts<'_>) -> T) -> T {
        let headers: Headers<'_> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let parameters = Parameters::parse(query).unwrap();
        sign(&RequestParts {
            method: self.method,
            path,
            parameters: &parameters,
            headers: &headers,
        })
    }

    fn signed_v1(mut self, at: u32) -> Self {
        let at = Timestamp(i64::from(at) * 1000);
        self.headers.push(("date", date::http_date(at)));
        self.headers
            .push(("x-log-signaturemethod", "hmac-sha1".to_owned()));
        if !self.body.is_empty() {
            self.headers.push(("content-md5", content_md5(&self.body)));
        }
        let signature = self.parts(|parts| sign_v1(parts, &key()));
        self.headers.push(("authorization", signature));
        self
    }

    fn signed_v4(mut self) -> Self {
        let at = Timestamp(i64::from(NOW) * 1000);
        self.headers.push(("x-log-date", date::log_date(at)));
        self.headers
            .push(("x-log-content-sha256", content_sha256(&self.body)));
        let signature = self.parts(|parts| sign_v4(parts, &key(), "cn-shanghai").unwrap());
        self.headers.push(("authorization", signature));
        self
    }

    /// Blocks this thread; the server has others.
    fn send(&self, port: u16) -> Reply {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let mut octets = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            octets.extend(format!("{name}: {value}\r\n").bytes());
        }
        let has_length = self
            .headers
            .iter()
            .any(|(name, _)| *name == "content-length");
        if !has_length {
            octets.extend(format!("content-length: {}\r\n", self.body.len()).bytes());
        }
        octets.extend(b"connection: close\r\n\r\n");
        octets.extend(&self.body);
        stream.write_all(&octets).unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).unwrap();
        Reply::parse(&reply)
    }
}

#[derive(Debug)]
struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    /// As text, as far as it is.
    body: String,
    octets: Vec<u8>,
}

impl Reply {
    fn parse(reply: &[u8]) -> Self {
        let end = reply.windows(4).position(|at| at == b"\r\n\r\n").unwrap();
        let (head, octets) = (&reply[..end], &reply[end + 4..]);
        let head = std::str::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        };
        Self {
            status,
            headers: lines.map(header).collect(),
            body: String::from_utf8_lossy(octets).into_owned(),
            octets: octets.to_vec(),
        }
    }

    /// The body of a success.
    fn value(&self) -> serde_json::Value {
        assert_eq!(self.status, 200, "{}", self.body);
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_str(&self.body).unwrap()
    }

    /// A success without a body.
    fn is_done(&self) {
        assert_eq!((self.status, &*self.body), (200, ""));
        assert_eq!(self.header("content-type"), None);
        assert!(self.header("x-log-requestid").is_some());
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert!(body["errorMessage"].is_string());
        format!("{} {}", self.status, body["errorCode"].as_str().unwrap())
    }
}

/// Runs `test` against a server with 300 rows, then stops it.
fn served(test: impl FnOnce(u16)) {
    let dir = tempfile::tempdir().unwrap();
    let logstore = Arc::new(open(dir.path()));
    logstore.append(batch(0, 0, 300)).wait().unwrap();
    served_with(&logstore, test);
}

/// Runs `test` against a server, then stops it.
fn served_with(logstore: &Arc<Logstore>, test: impl FnOnce(u16)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, stopped) = oneshot::channel::<()>();
        let access = super::Access {
            keys: super::Keys::new(Arc::new(Keyring::new(key()))),
            region: "cn-shanghai".to_owned(),
            account: "1000000000000001".to_owned(),
        };
        let endpoints = Endpoints::new(["localhost"]);
        let listener = (listener, None);
        let server = super::serve(listener, Arc::clone(logstore), access, endpoints, async {
            stopped.await.unwrap();
        });
        let server = tokio::spawn(server);
        test(port);
        stop.send(()).unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(5), server).await;
        ended.unwrap().unwrap().unwrap();
    });
}

#[test]
fn signed_queries_are_answered() {
    served(|port| {
        let query = "* | select protocol, sum(bytes) as b group by protocol order by protocol";
        let replies = [
            Sent::get_logs(query).signed_v1(NOW).send(port),
            Sent::get_logs(query).signed_v4().send(port),
        ];
        let [first, second] = &replies;
        assert_ne!(
            first.header("x-log-requestid"),
            second.header("x-log-requestid")
        );
        for reply in &replies {
            assert_eq!(reply.status, 200, "{reply:?}");
            let id = reply.header("x-log-requestid").unwrap();
            assert!(
                id.len() == 24 && id.bytes().all(|c| c.is_ascii_hexdigit()),
                "{id}"
            );
            assert_eq!(reply.header("x-log-time"), Some("1700000000"));
            assert_eq!(reply.header("content-type"), Some("application/json"));
            assert!(reply.header("date").is_some());
            let answer: GetLogsResponse = serde_json::from_str(&reply.body).unwrap();
            let data = r#""data":[{"protocol":"6","b":"22350"},{"protocol":"17","b":"22500"}]"#;
            assert!(reply.body.contains(data), "{}", reply.body);
            assert!(reply.body.contains(r#""telementryType":"logs""#));
            assert_eq!(answer.meta.column_types, ["bigint", "bigint"]);
        }
        let body = json!({ "from": NOW, "to": NOW + 9, "query": "", "powerSql": true });
        let reply = Sent::get_logs("").json(&body).ask(port).value();
        let meta = |key: &str| reply["meta"][key].clone();
        assert_eq!(
            (meta("powerSql"), meta("whereQuery")),
            (json!(true), json!("*"))
        );
        let reply = Sent::get_logs("bytes = 42").signed_v1(NOW).send(port);
        let answer: GetLogsResponse = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(answer.data[0].get("srcaddr"), Some("10.0.0.42"));
        assert_eq!(answer.data[0].get("__time__"), Some("1700000042"));
    });
}

#[test]
fn who_is_not_known_gets_nothing() {
    served(|port| {
        let code = |sent: Sent| {
            let reply = sent.send(port);
            assert!(reply.header("x-log-requestid").is_some());
            reply.code()
        };
        assert_eq!(code(Sent::get_logs("")), "401 Unauthorized");
        let old = Sent::get_logs("").signed_v1(NOW - 16 * 60);
        assert_eq!(code(old), "400 RequestTimeExpired");
        let mut other_body = Sent::get_logs("").signed_v1(NOW);
        other_body.body = Sent::get_logs("bytes = 1").body;
        assert_eq!(code(other_body), "401 SignatureNotMatch");
        let mut other_path = Sent::get_logs("").signed_v4();
        other_path.target = "/logstores/other/logs".to_owned();
        assert_eq!(code(other_path), "401 SignatureNotMatch");
        let mut other_key = Sent::get_logs("").signed_v1(NOW);
        let (_, authorization) = other_key.headers.last_mut().unwrap();
        *authorization = authorization.replace("testak", "other");
        assert_eq!(code(other_key), "401 Unauthorized");
    });
}

#[test]
fn wrong_requests_are_answered_with_the_codes_of_the_service() {
    served(|port| {
        let code = |sent: Sent| sent.signed_v1(NOW).send(port).code();
        let with_body = |body: &str| Sent {
            body: body.into(),
            ..Sent::get_logs("")
        };
        assert_eq!(code(with_body("{")), "400 PostBodyInvalid");
        assert_eq!(code(with_body("[]")), "400 PostBodyInvalid");
        assert_eq!(code(with_body("{\"to\":5}")), "400 ParameterInvalid");
        assert_eq!(
            code(with_body("{\"from\":\"x\",\"to\":5}")),
            "400 ParameterInvalid"
        );
        assert_eq!(
            code(with_body("{\"from\":5,\"to\":5}")),
            "400 ParameterInvalid"
        );
        assert_eq!(code(Sent::get_logs("nokey: 5")), "400 ParameterInvalid");
        assert_eq!(
            code(Sent::get_logs("* | select f(1)")),
            "400 ParameterInvalid"
        );
        let mut elsewhere = Sent::get_logs("");
        elsewhere.target = "/logstores/nothing/logs".to_owned();
        assert_eq!(code(elsewhere), "404 LogStoreNotExist");
        let mut elsewhere = Sent::get_logs("");
        elsewhere.headers[0].1 = "nobody.localhost".to_owned();
        assert_eq!(code(elsewhere), "404 ProjectNotExist");
        let mut unknown = Sent::get_logs("");
        unknown.target = "/nothing?".to_owned();
        assert_eq!(code(unknown), "400 NotSupported");
        let mut old = Sent::get_logs("");
        old.headers.retain(|(name, _)| *name != "x-log-apiversion");
        assert_eq!(code(old), "400 MissingAPIVersion");
    });
}

#[test]
fn a_body_that_is_too_large_is_not_read() {
    served(|port| {
        let mut large = Sent::get_logs("").signed_v1(NOW);
        large
            .headers
            .push(("content-length", "10485761".to_owned()));
        assert_eq!(large.send(port).code(), "413 PostBodyTooLarge");
    });
}

#[test]
fn a_header_can_name_the_project() {
    served(|port| {
        let mut sent = Sent::get_logs("bytes = 1");
        sent.headers[0].1 = "127.0.0.1:9082".to_owned();
        sent.headers.push(("x-log-project", PROJECT.to_owned()));
        assert_eq!(sent.signed_v4().send(port).status, 200);
    });
}
