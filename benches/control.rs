//! How many signed calls of the control API does one core answer, and how long does one take?
//!
//! *Calls*: signed requests over connections that stay open, to the API served on one thread of its
//! own; the client signs on another. The floor is the same connection with an answer of the same
//! length that nobody has to think about. `create` is on disk before it is answered, with its
//! nonce; each flow log is deleted by the next call, so that two calls are a pair.
//! *Latency* (no bench: printed once): the slowest of a hundred of ten thousand calls, one after the
//! other. With `FLOWLOG_CONTROL=ADDRESS` and `FLOWLOG_CONTROL_KEY=ID:SECRET` they go to a running
//! daemon, for instance one that is receiving.

use std::convert::Infallible;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowlog_access::rpc::{Parameters, RpcRequest, content_sha256, sign_v1, sign_v3};
use flowlog_access::{AccessKey, AccessKeyId, Keyring, Secret, date};
use flowlog_control::{Audit, Audited, Beginning, Control, Destinations, Settings};
use flowlog_flowlog::Inventory;
use flowlog_http::Bounds;
use flowlog_record::{HashKey, Timestamp};
use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::service::service_fn;

const VERSION: &str = "2016-04-28";
const DESCRIBE: &str = "RegionId=cn-hangzhou";
const CREATE: &str = "RegionId=cn-hangzhou&ResourceType=VPC&ResourceId=vpc-1&TrafficType=All&\
                      ProjectName=proj-1&LogStoreName=store-1";
const BOUNDS: Bounds = Bounds {
    connections: 16,
    head: Duration::from_secs(30),
    head_octets: 128 << 10,
    unread: Duration::from_secs(30),
    grace: Duration::from_secs(1),
};

/// Every Logstore is there.
#[derive(Debug)]
struct Everywhere;

impl Destinations for Everywhere {
    fn has_project(&self, _: &str, _: &str) -> bool {
        true
    }

    fn has_logstore(&self, _: &str, _: &str, _: &str) -> bool {
        true
    }

    fn delivers(&self, _: &str) -> bool {
        true
    }

    fn may_export_to(&self, _: SocketAddr) -> bool {
        true
    }
}

/// Looks at a call and keeps nothing.
#[derive(Debug)]
struct Seen;

impl Audit for Seen {
    fn record(&self, call: Audited) {
        black_box(call);
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

fn root() -> AccessKey {
    AccessKey {
        id: AccessKeyId::new("root").unwrap(),
        secret: Secret::new("secret").unwrap(),
    }
}

/// The API, with a pipeline that applies at once what it is told.
fn api(dir: &Path) -> Arc<Control> {
    Arc::new_cyclic(|control: &Weak<Control>| {
        let pipeline = Weak::clone(control);
        let beginning = Beginning {
            settings: Settings::new("1000000000000001", ["cn-hangzhou"]),
            inventory: Inventory::new(Vec::new()).unwrap(),
            keyring: Arc::new(Keyring::new(root())),
            hash_key: HashKey::PUBLIC,
            destinations: Arc::new(Everywhere),
            audit: Arc::new(Seen),
            changed: Box::new(move || {
                let control = pipeline.upgrade().unwrap();
                control.applied(control.wanted().generation);
            }),
            clock: now,
        };
        Control::open(&dir.join("control.sqlite"), beginning).unwrap()
    })
}

/// Serves on one thread until the process ends.
fn served<F: Future<Output = ()>>(
    serve: impl FnOnce(tokio::net::TcpListener) -> F + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            serve(tokio::net::TcpListener::from_std(listener).unwrap()).await;
        });
    });
    address
}

/// A connection that stays open, and a key to sign with.
struct Client {
    stream: BufReader<TcpStream>,
    key: AccessKey,
    sent: u64,
    answer: Vec<u8>,
}

impl Client {
    fn new(address: SocketAddr, key: AccessKey) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
            key,
            sent: u64::from(std::process::id()) << 40,
            answer: Vec::new(),
        }
    }

    fn nonce(&mut self) -> String {
        self.sent += 1;
        format!("{}-{}", self.sent, now().millis())
    }

    /// A call signed in the way of V3, everything in the request line.
    fn v3(&mut self, action: &str, query: &str) -> &[u8] {
        let parameters = Parameters::parse(query).unwrap();
        let (at, nonce, digest) = (date::timestamp(now()), self.nonce(), content_sha256(b""));
        let headers = [
            ("host", "localhost"),
            ("x-acs-action", action),
            ("x-acs-content-sha256", &digest),
            ("x-acs-date", &at),
            ("x-acs-signature-nonce", &nonce),
            ("x-acs-version", VERSION),
        ];
        let request = RpcRequest {
            method: "POST",
            query: &parameters,
            form: &Parameters::default(),
            headers: &headers,
            body: b"",
        };
        let signature = sign_v3(&request, &self.key);
        let mut text = format!("POST /?{query} HTTP/1.1\r\n");
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("Authorization: {signature}\r\nContent-Length: 0\r\n\r\n");
        self.exchange(&text)
    }

    /// A call signed in the way of V1, everything in the form.
    fn v1(&mut self, action: &str, query: &str) -> &[u8] {
        let mut parameters = Parameters::parse(query).unwrap();
        let nonce = self.nonce();
        let at = date::timestamp(now());
        for (name, value) in [
            ("Action", action),
            ("Version", VERSION),
            ("AccessKeyId", self.key.id.as_str()),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", &nonce),
            ("Timestamp", &at),
        ] {
            parameters.push(name, value);
        }
        let signature = sign_v1("POST", &parameters, &self.key.secret);
        parameters.push("Signature", &signature);
        let encode = |text: &str| flowlog_access::percent::encode(text.as_bytes());
        let pairs = parameters.iter();
        let pairs = pairs.map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        let form = pairs.collect::<Vec<_>>().join("&");
        let text = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        );
        self.exchange(&text)
    }

    /// Sends, and reads the answer; its body.
    fn exchange(&mut self, text: &str) -> &[u8] {
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
        let mut line = String::new();
        let mut length = 0;
        let mut first = true;
        loop {
            line.clear();
            assert!(
                self.stream.read_line(&mut line).unwrap() > 0,
                "the server hangs up"
            );
            if first {
                assert!(line.starts_with("HTTP/1.1 200"), "{line}");
                first = false;
            }
            let line = line.to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        self.answer.resize(length, 0);
        self.stream.read_exact(&mut self.answer).unwrap();
        &self.answer
    }

    /// Makes a flow log, and deletes it.
    fn pair(&mut self) {
        let made = String::from_utf8_lossy(self.v3("CreateFlowLog", CREATE)).into_owned();
        let (_, rest) = made.split_once("\"FlowLogId\":\"").unwrap();
        let (id, _) = rest.split_once('"').unwrap();
        self.v3(
            "DeleteFlowLog",
            &format!("RegionId=cn-hangzhou&FlowLogId={id}"),
        );
    }
}

fn calls(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let control = api(dir.path());
    let address = served(|listener| async {
        let never = std::future::pending();
        flowlog_control::serve((listener, None), control, never)
            .await
            .unwrap();
    });
    let mut client = Client::new(address, root());
    let length = client.v3("DescribeFlowLogs", DESCRIBE).len();
    let floor = served(move |listener| async move {
        let service = move |_| {
            service_fn(move |_| async move {
                let body = Bytes::from(vec![b' '; length]);
                Ok::<_, Infallible>(Response::new(Full::new(body)))
            })
        };
        let never = std::future::pending();
        flowlog_http::serve((listener, None), BOUNDS, service, never)
            .await
            .unwrap();
    });
    let mut group = c.benchmark_group("control");
    group.throughput(Throughput::Elements(1));
    group.bench_function("describe, V3", |b| {
        b.iter(|| black_box(client.v3("DescribeFlowLogs", DESCRIBE).len()));
    });
    group.bench_function("describe, V1", |b| {
        b.iter(|| black_box(client.v1("DescribeFlowLogs", DESCRIBE).len()));
    });
    let mut same = Client::new(floor, root());
    group.bench_function("the connection alone", |b| {
        b.iter(|| black_box(same.v3("DescribeFlowLogs", DESCRIBE).len()));
    });
    group.throughput(Throughput::Elements(2));
    group.bench_function("create and delete, V3", |b| b.iter(|| client.pair()));
    group.finish();
}

/// Prints how long calls take, to a daemon that runs if one is named.
fn latency(_: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let running = std::env::var("FLOWLOG_CONTROL").ok();
    let (address, key) = match running {
        Some(address) => {
            let key = std::env::var("FLOWLOG_CONTROL_KEY").expect("FLOWLOG_CONTROL_KEY=ID:SECRET");
            let (id, secret) = key.split_once(':').expect("FLOWLOG_CONTROL_KEY=ID:SECRET");
            let key = AccessKey {
                id: AccessKeyId::new(id).unwrap(),
                secret: Secret::new(secret).unwrap(),
            };
            (address.parse().unwrap(), key)
        }
        None => {
            let control = api(dir.path());
            let serve = |listener| async {
                let never = std::future::pending();
                flowlog_control::serve((listener, None), control, never)
                    .await
                    .unwrap();
            };
            (served(serve), root())
        }
    };
    let mut client = Client::new(address, key);
    let mut took: Vec<Duration> = (0..10_000)
        .map(|_| {
            let begin = Instant::now();
            black_box(client.v3("DescribeFlowLogs", DESCRIBE).len());
            begin.elapsed()
        })
        .collect();
    took.sort_unstable();
    let at = |permille: usize| took[took.len() * permille / 1000];
    eprintln!(
        "control/latency of 10,000 calls: median {:?}, 99th percentile {:?}, 99.9th {:?}, longest {:?}",
        at(500),
        at(990),
        at(999),
        took[took.len() - 1]
    );
}

criterion_group!(benches, calls, latency);
criterion_main!(benches);
