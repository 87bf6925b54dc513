//! A Logstore that is served, behind something that makes trouble.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use flowlog_access::{AccessKey, AccessKeyId, Keyring, Secret};
use flowlog_http::{Bounds, Peer, Tls, TlsFiles};
use flowlog_logstore::{Access, Clock, Keys, Logstore, ReadGroup};
use flowlog_record::Timestamp;
use flowlog_sls::Endpoints;
use flowlog_sls::index::IndexConfig;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::{Columns, Routing, Signature, SlsRegion};

pub(super) const PROJECT: &str = "far-project";
pub(super) const STORE: &str = "far-store";

/// What becomes of a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// It goes through.
    Pass,
    /// It is answered with an error of the service.
    Refuse(u16, &'static str),
    /// It is answered by somebody else.
    Garbage(u16),
    /// The connection ends without an answer.
    Cut,
    /// It is never answered.
    Hang,
}

#[derive(Default)]
struct Trouble {
    plan: VecDeque<Fault>,
    always: Option<Fault>,
}

pub(super) struct Remote {
    logstore: Arc<Logstore>,
    trouble: Arc<Mutex<Trouble>>,
    ahead: Arc<AtomicI64>,
    port: u16,
    ca: Option<std::path::PathBuf>,
    _runtime: Runtime,
    _dir: tempfile::TempDir,
}

pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

impl Remote {
    pub(super) fn new() -> Self {
        Self::with(false)
    }

    /// The same behind TLS, with a certificate of its own for 127.0.0.1.
    pub(super) fn secure() -> Self {
        Self::with(true)
    }

    fn with(secure: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ahead = Arc::<AtomicI64>::default();
        let settings = flowlog_logstore::Settings {
            clock: clock(&ahead),
            ..flowlog_logstore::Settings::default()
        };
        let (logstore, _) = Logstore::open(&dir.path().join("logstore"), settings).unwrap();
        logstore
            .ensure_logstore(PROJECT, STORE, IndexConfig::default())
            .unwrap();
        let logstore = Arc::new(logstore);
        let trouble = Arc::<Mutex<Trouble>>::default();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let files = secure.then(|| certificate(dir.path()));
        let tls = files.as_ref().map(|files| Tls::read(files).unwrap());
        let (inner, front) = runtime.block_on(async {
            let bind = || TcpListener::bind("127.0.0.1:0");
            (bind().await.unwrap(), bind().await.unwrap())
        });
        let behind = inner.local_addr().unwrap().port();
        let port = front.local_addr().unwrap().port();
        let access = Access {
            keys: Keys::new(Arc::new(Keyring::new(key()))),
            region: "cn-test".to_owned(),
            account: "1000000000000001".to_owned(),
        };
        let served = Arc::clone(&logstore);
        runtime.spawn(async move {
            let endpoints = Endpoints::new(["localhost"]);
            let forever = std::future::pending();
            flowlog_logstore::serve((inner, None), served, access, endpoints, forever).await
        });
        runtime.spawn(front_of(behind, (front, tls), Arc::clone(&trouble)));
        Self {
            logstore,
            trouble,
            ahead,
            port,
            ca: files.map(|files| files.certificate),
            _runtime: runtime,
            _dir: dir,
        }
    }

    pub(super) fn region(&self) -> SlsRegion {
        let scheme = if self.ca.is_some() { "https" } else { "http" };
        SlsRegion {
            name: "cn-test".to_owned(),
            endpoint: format!("{scheme}://127.0.0.1:{}", self.port)
                .parse()
                .unwrap(),
            key: key(),
            token: None,
            signature: Signature::V4,
            columns: Columns::All,
            routing: Routing::Key,
            ca: self.ca.clone(),
        }
    }

    /// What becomes of the next requests; those behind go through.
    pub(super) fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        self.trouble.lock().unwrap().plan = faults.into_iter().collect();
    }

    /// Faults that have not come yet.
    pub(super) fn left(&self) -> usize {
        self.trouble.lock().unwrap().plan.len()
    }

    pub(super) fn refuse_all(&self, status: u16, code: &'static str) {
        self.trouble.lock().unwrap().always = Some(Fault::Refuse(status, code));
    }

    pub(super) fn pass_all(&self) {
        self.trouble.lock().unwrap().always = None;
    }

    /// Lets its clock go ahead by so many seconds.
    pub(super) fn turn_clock(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::Relaxed);
    }

    /// All that has arrived.
    pub(super) fn groups(&self) -> Vec<ReadGroup> {
        let mut all = Vec::new();
        for shard in self.logstore.readable(PROJECT, STORE).unwrap() {
            let mut from = shard.first;
            loop {
                let read = self
                    .logstore
                    .read((PROJECT, STORE), shard.number, from, 10_000);
                let read = read.unwrap();
                if read.groups.is_empty() {
                    break;
                }
                from = read.next;
                all.extend(read.groups);
            }
        }
        all
    }
}

fn clock(ahead: &Arc<AtomicI64>) -> Clock {
    let ahead = Arc::clone(ahead);
    Clock::new(move || {
        let seconds = u64::try_from(ahead.load(Ordering::Relaxed)).unwrap();
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(seconds)
    })
}

fn key() -> AccessKey {
    AccessKey {
        id: AccessKeyId::new("testak").unwrap(),
        secret: Secret::new("testsk").unwrap(),
    }
}

fn certificate(dir: &std::path::Path) -> TlsFiles {
    let names = vec!["127.0.0.1".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    let files = TlsFiles {
        certificate: dir.join("certificate.pem"),
        key: dir.join("key.pem"),
    };
    std::fs::write(&files.certificate, cert.pem()).unwrap();
    std::fs::write(&files.key, signing_key.serialize_pem()).unwrap();
    files
}

type Answer = Response<Full<Bytes>>;

/// Passes requests on, or does not.
async fn front_of(behind: u16, listener: (TcpListener, Option<Tls>), trouble: Arc<Mutex<Trouble>>) {
    const BOUNDS: Bounds = Bounds {
        connections: 64,
        head: Duration::from_secs(30),
        head_octets: 64 << 10,
        unread: Duration::from_secs(30),
        grace: Duration::from_secs(1),
    };
    let client: Client<HttpConnector, Full<Bytes>> =
        Client::builder(TokioExecutor::new()).build_http();
    let service = move |_: Peer| {
        let (client, trouble) = (client.clone(), Arc::clone(&trouble));
        service_fn(move |request| answer(behind, client.clone(), Arc::clone(&trouble), request))
    };
    let forever = std::future::pending();
    flowlog_http::serve(listener, BOUNDS, service, forever)
        .await
        .unwrap();
}

async fn answer(
    behind: u16,
    client: Client<HttpConnector, Full<Bytes>>,
    trouble: Arc<Mutex<Trouble>>,
    request: Request<Incoming>,
) -> Result<Answer, std::io::Error> {
    let fault = {
        let mut trouble = trouble.lock().unwrap();
        let planned = trouble.plan.pop_front();
        planned.or(trouble.always).unwrap_or(Fault::Pass)
    };
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let passed = || async {
        let path = head.uri.path_and_query().unwrap();
        let uri = format!("http://127.0.0.1:{behind}{path}");
        let mut on = Request::builder().method(head.method.clone()).uri(uri);
        on.headers_mut().unwrap().clone_from(&head.headers);
        let answered = client
            .request(on.body(Full::new(body.clone())).unwrap())
            .await
            .unwrap();
        let (head, body) = answered.into_parts();
        Response::from_parts(head, Full::new(body.collect().await.unwrap().to_bytes()))
    };
    let said = |status: u16, body: String| {
        let answer = Response::builder().status(status);
        answer.body(Full::new(Bytes::from(body))).unwrap()
    };
    match fault {
        Fault::Pass => Ok(passed().await),
        Fault::Refuse(status, code) => {
            let body = format!(r#"{{"errorCode":"{code}","errorMessage":"planned"}}"#);
            Ok(said(status, body))
        }
        Fault::Garbage(status) => Ok(said(status, "<html>".to_owned())),
        Fault::Cut => Err(std::io::Error::other("planned")),
        Fault::Hang => {
            let hung: Result<Answer, Infallible> = std::future::pending().await;
            Ok(hung.unwrap())
        }
    }
}
