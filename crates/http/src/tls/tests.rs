use std::convert::Infallible;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::service::service_fn;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;

use super::*;
use crate::{Bounds, Peer, serve};

const BOUNDS: Bounds = Bounds {
    connections: 1,
    head: Duration::from_millis(200),
    head_octets: 8 << 10,
    unread: Duration::from_millis(200),
    grace: Duration::from_secs(2),
};

/// A certificate for `localhost` that it made itself, and its key.
struct Made {
    directory: TempDir,
    files: TlsFiles,
}

impl Made {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let files = TlsFiles {
            certificate: directory.path().join("certificate.pem"),
            key: directory.path().join("key.pem"),
        };
        let made = Self { directory, files };
        made.renew();
        made
    }

    fn renew(&self) {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(&self.files.certificate, cert.pem()).unwrap();
        fs::write(&self.files.key, signing_key.serialize_pem()).unwrap();
    }

    /// A client that trusts the certificate that stands in the file now.
    fn client(&self) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&self.files.certificate).unwrap() {
            roots.add(certificate).unwrap();
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }
}

/// Asks a server that says whether the connection is secure.
fn asked<F: Future<Output = ()>>(tls: &Tls, ask: impl FnOnce(SocketAddr) -> F) {
    asked_within(BOUNDS, tls, ask);
}

fn asked_within<F: Future<Output = ()>>(
    bounds: Bounds,
    tls: &Tls,
    ask: impl FnOnce(SocketAddr) -> F,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let service = |peer: Peer| {
            service_fn(move |_| {
                let text = Bytes::from(format!("secure: {}", peer.secure));
                async { Ok::<_, Infallible>(Response::new(Full::new(text))) }
            })
        };
        let shutdown = async { drop(stopped.await) };
        let asking = async {
            ask(address).await;
            drop(stop);
        };
        let serving = serve((listener, Some(tls.clone())), bounds, service, shutdown);
        let (served, ()) = tokio::join!(serving, asking);
        served.unwrap();
    });
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
    let request = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    // An end without a farewell is an end all the same.
    let _end = stream.read_to_string(&mut answer).await;
    answer
}

async fn secure(address: SocketAddr, client: &TlsConnector) -> io::Result<String> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let stream = client.connect(name, stream).await?;
    Ok(exchange(stream).await)
}

#[test]
fn a_client_that_trusts_the_certificate_is_answered() {
    let made = Made::new();
    asked(&Tls::read(&made.files).unwrap(), async |address| {
        let answer = secure(address, &made.client()).await.unwrap();
        assert!(answer.ends_with("secure: true"), "{answer}");
    });
}

#[test]
fn a_request_in_plain_http_is_answered_and_told_apart() {
    let made = Made::new();
    asked(&Tls::read(&made.files).unwrap(), async |address| {
        let answer = exchange(TcpStream::connect(address).await.unwrap()).await;
        assert!(answer.ends_with("secure: false"), "{answer}");
    });
}

#[test]
fn a_certificate_that_replaces_another_serves_the_connections_from_then_on() {
    let made = Made::new();
    let tls = Tls::read(&made.files).unwrap();
    asked(&tls, async |address| {
        let before = made.client();
        assert!(secure(address, &before).await.is_ok());
        made.renew();
        tls.replace(&made.files).unwrap();
        assert!(secure(address, &before).await.is_err());
        assert!(secure(address, &made.client()).await.is_ok());
    });
}

#[test]
fn what_cannot_replace_a_certificate_leaves_it_as_it_was() {
    let made = Made::new();
    let tls = Tls::read(&made.files).unwrap();
    let client = made.client();
    let other = Made::new();
    fs::copy(&other.files.key, &made.files.key).unwrap();
    let error = tls.replace(&made.files).unwrap_err();
    assert!(matches!(error, TlsError::Pair { .. }), "{error}");
    asked(&tls, async |address| {
        assert!(secure(address, &client).await.is_ok());
    });
}

#[test]
fn handshakes_that_do_not_end_do_not_keep_others_out() {
    let made = Made::new();
    asked(&Tls::read(&made.files).unwrap(), async |address| {
        let mut half = TcpStream::connect(address).await.unwrap();
        half.write_all(&[HANDSHAKE, 3, 1]).await.unwrap();
        let _silent = TcpStream::connect(address).await.unwrap();
        assert!(secure(address, &made.client()).await.is_ok());
    });
}

#[test]
fn octets_that_are_no_handshake_end_their_connection_alone() {
    let made = Made::new();
    asked(&Tls::read(&made.files).unwrap(), async |address| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&[HANDSHAKE; 600]).await.unwrap();
        assert!(secure(address, &made.client()).await.is_ok());
    });
}

#[test]
fn files_that_hold_nothing_of_use_are_named() {
    let made = Made::new();
    let empty = made.directory.path().join("empty.pem");
    fs::write(&empty, "no certificate").unwrap();
    let without_certificate = TlsFiles {
        certificate: empty.clone(),
        ..made.files.clone()
    };
    let without_key = TlsFiles {
        key: empty.clone(),
        ..made.files.clone()
    };
    let absent = TlsFiles {
        key: made.directory.path().join("absent.pem"),
        ..made.files.clone()
    };
    for (files, named) in [
        (without_certificate, "empty.pem holds no certificate"),
        (without_key, "empty.pem holds no private key"),
        (absent, "absent.pem holds no private key"),
    ] {
        let error = Tls::read(&files).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn a_shutdown_does_not_wait_for_who_says_nothing() {
    let made = Made::new();
    let patient = Bounds {
        head: Duration::from_hours(1),
        grace: Duration::from_hours(1),
        ..BOUNDS
    };
    let mut silent = None;
    asked_within(patient, &Tls::read(&made.files).unwrap(), async |address| {
        silent = Some(TcpStream::connect(address).await.unwrap());
        // It is there before the shutdown begins.
        tokio::task::yield_now().await;
    });
}
