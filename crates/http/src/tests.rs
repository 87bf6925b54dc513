use std::convert::Infallible;
use std::net::SocketAddr;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper::{Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;

use super::*;

const BOUNDS: Bounds = Bounds {
    connections: 2,
    head: Duration::from_millis(200),
    head_octets: 8 << 10,
    unread: Duration::from_millis(200),
    grace: Duration::from_secs(2),
};

/// Asks a server that says who asked and, for `/large`, much more than a kernel keeps.
fn asked<F: Future<Output = ()>>(ask: impl FnOnce(SocketAddr, oneshot::Sender<()>) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let service = |peer: Peer| service_fn(move |request| answer(peer.address, request));
        let shutdown = async {
            // Dropped is as good as sent.
            drop(stopped.await);
        };
        let (served, ()) = tokio::join!(
            serve((listener, None), BOUNDS, service, shutdown),
            ask(address, stop)
        );
        served.unwrap();
    });
}

async fn answer(
    peer: IpAddr,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let text = match request.uri().path() {
        "/large" => Bytes::from(vec![b'x'; 64 << 20]),
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            "slow".into()
        }
        _ => peer.to_string().into(),
    };
    Ok(Response::new(text.into()))
}

async fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn said(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[test]
fn a_request_is_answered_by_the_service_of_its_address() {
    asked(async |address, _stop| {
        assert!(said(ask(address, "/").await).await.ends_with("127.0.0.1"));
    });
}

#[test]
fn connections_that_say_nothing_do_not_keep_others_out() {
    asked(async |address, _stop| {
        let _silent = [
            TcpStream::connect(address).await.unwrap(),
            TcpStream::connect(address).await.unwrap(),
        ];
        assert!(said(ask(address, "/").await).await.ends_with("127.0.0.1"));
    });
}

#[test]
fn answers_that_nobody_reads_do_not_keep_others_out() {
    asked(async |address, _stop| {
        let _unread = [ask(address, "/large").await, ask(address, "/large").await];
        assert!(said(ask(address, "/").await).await.ends_with("127.0.0.1"));
    });
}

#[test]
fn a_head_that_is_too_long_is_refused() {
    asked(async |address, _stop| {
        let long = format!("/{}", "x".repeat(2 * BOUNDS.head_octets));
        assert!(said(ask(address, &long).await).await.contains(" 4"));
    });
}

#[test]
fn a_request_that_runs_at_the_shutdown_is_answered() {
    asked(async |address, stop| {
        let slow = ask(address, "/slow").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.send(()).unwrap();
        assert!(said(slow).await.ends_with("slow"));
    });
}
