use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use metrics_exporter_prometheus::PrometheusBuilder;

use super::*;

fn telemetry() -> Telemetry {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    ::metrics::with_local_recorder(&recorder, || {
        ::metrics::counter!("flowlogd_test_things_total").absolute(7);
    });
    Telemetry {
        metrics,
        readiness: Readiness::default(),
        publisher: Publisher::default(),
    }
}

#[test]
fn metrics_are_brought_up_to_date_before_they_are_shown() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let telemetry = Telemetry {
        metrics: recorder.handle(),
        readiness: Readiness::default(),
        publisher: Publisher::default(),
    };
    telemetry.publisher.set(move || {
        ::metrics::with_local_recorder(&recorder, || {
            ::metrics::counter!("flowlogd_test_answers_total").increment(1);
        });
    });
    with_server(telemetry, |address| {
        for count in 1..3 {
            let answer = asked(address, "GET /metrics");
            let line = format!("flowlogd_test_answers_total {count}\n");
            assert!(answer.contains(&line), "{answer}");
        }
    });
}

fn asked(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Runs `ask` against a server on a port of its own.
fn with_server(telemetry: Telemetry, ask: impl FnOnce(SocketAddr)) {
    let server = TelemetryServer::bind((Ipv4Addr::LOCALHOST, 0).into(), telemetry).unwrap();
    let address = server.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(server.serve(async { drop(stopped.await) }))
    });
    ask(address);
    stop.send(()).unwrap();
    serving.join().unwrap().unwrap();
}

#[test]
fn metrics_have_the_content_type_of_prometheus() {
    with_server(telemetry(), |address| {
        let answer = asked(address, "GET /metrics");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(
            answer.contains("content-type: text/plain; version=0.0.4"),
            "{answer}"
        );
        assert!(
            answer.contains("flowlogd_test_things_total 7\n"),
            "{answer}"
        );
    });
}

#[test]
fn readiness_follows_the_daemon() {
    let telemetry = telemetry();
    let readiness = telemetry.readiness.clone();
    with_server(telemetry, |address| {
        let ready = || asked(address, "GET /readyz");
        assert!(ready().starts_with("HTTP/1.1 503"));
        readiness.collecting();
        assert!(ready().ends_with("starting\n"));
        readiness.logstore_open();
        assert!(ready().starts_with("HTTP/1.1 200"));
        readiness.stopping();
        assert!(ready().starts_with("HTTP/1.1 503") && ready().ends_with("stopping\n"));
        assert!(asked(address, "GET /healthz").starts_with("HTTP/1.1 200"));
    });
}

#[test]
fn other_paths_and_methods_are_refused() {
    with_server(telemetry(), |address| {
        assert!(asked(address, "GET /").starts_with("HTTP/1.1 404"));
        let refused = asked(address, "POST /metrics");
        assert!(refused.starts_with("HTTP/1.1 405") && refused.contains("allow: GET, HEAD"));
        let head = asked(address, "HEAD /healthz");
        assert!(
            head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"),
            "{head}"
        );
    });
}

#[test]
fn clients_that_say_nothing_do_not_keep_others_out() {
    with_server(telemetry(), |address| {
        let silent: Vec<TcpStream> = (0..BOUNDS.connections / 2)
            .map(|_| TcpStream::connect(address).unwrap())
            .collect();
        assert!(asked(address, "GET /healthz").ends_with("ok\n"));
        drop(silent);
    });
}

#[test]
fn an_address_that_is_taken_is_an_error_at_the_start() {
    let taken = TelemetryServer::bind((Ipv4Addr::LOCALHOST, 0).into(), telemetry()).unwrap();
    let error = TelemetryServer::bind(taken.local_addr().unwrap(), telemetry()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}
