//! TLS as users have it: the running daemon with a certificate, the commands, plain requests, a
//! certificate that is renewed, one that is of no use.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Output},
};

use flowlog_tests::daemon::{Daemon, binary, ports};
use rcgen::{CertifiedKey, generate_simple_self_signed};

/// Makes a certificate of its own, in place of another that may be there.
fn certify(dir: &Path) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["flow.example".to_owned()]).unwrap();
    fs::write(dir.join("certificate.pem"), cert.pem()).unwrap();
    fs::write(dir.join("key.pem"), signing_key.serialize_pem()).unwrap();
}

fn config(dir: &Path, control: u16) -> String {
    let dir = dir.display();
    format!(
        "[control]\nlisten = \"127.0.0.1:{control}\"\n\
         [tls]\ncertificate = \"{dir}/certificate.pem\"\nkey = \"{dir}/key.pem\"\n"
    )
}

/// A daemon with a certificate, and the port of its control API.
fn private() -> (Daemon, u16) {
    let dir = tempfile::tempdir().unwrap();
    certify(dir.path());
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let control = free.local_addr().unwrap().port();
    drop(free);
    let config = config(dir.path(), control);
    (Daemon::start_in(dir, &config), control)
}

fn describe(daemon: &Daemon) -> Output {
    Command::new(binary())
        .args([
            "flow-log", "describe", "sag", "--format", "json", "--config",
        ])
        .arg(daemon.dir().join("flowlogd.toml"))
        .arg("--data")
        .arg(daemon.data())
        .output()
        .unwrap()
}

fn plain(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn with_a_certificate_the_commands_speak_tls_and_plain_requests_are_refused() {
    let (daemon, control) = private();
    daemon.query("default", "* | select count(*) as c");
    let described = describe(&daemon);
    assert!(described.status.success(), "{described:?}");

    let refused = plain(control, "/?Action=DescribeFlowLogs");
    assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");
    assert!(
        refused.contains("\"Code\":\"InvalidProtocol.NeedSsl\""),
        "{refused}"
    );
    let (_, _, logstore) = ports(daemon.dir());
    let refused = plain(logstore, "/");
    assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");
    assert!(refused.contains("wants https"), "{refused}");
    // Figures stay readable for who collects them.
    assert!(daemon.http("/readyz").unwrap().starts_with("HTTP/1.1 200"));
    daemon.stop();
}

#[test]
fn a_renewed_certificate_counts_after_a_reload_and_a_broken_one_changes_nothing() {
    let (daemon, _) = private();
    certify(daemon.dir());
    let before = describe(&daemon);
    assert!(!before.status.success());
    let said = String::from_utf8_lossy(&before.stderr);
    assert!(said.contains("reload the daemon (SIGHUP)"), "{said}");

    daemon.signal("HUP");
    daemon.wait_until("the new certificate", || describe(&daemon).status.success());

    let key = daemon.dir().join("key.pem");
    fs::write(&key, "no key").unwrap();
    daemon.signal("HUP");
    daemon.wait_until_said("the certificate was not reloaded");
    daemon.wait_until_said("tls.key: ");
    assert!(describe(&daemon).status.success());
    daemon.stop();
}

#[test]
fn a_certificate_that_cannot_be_used_ends_the_start_with_key_file_and_remedy() {
    let dir = tempfile::tempdir().unwrap();
    certify(dir.path());
    fs::remove_file(dir.path().join("certificate.pem")).unwrap();
    let file = dir.path().join("flowlogd.toml");
    fs::write(&file, config(dir.path(), 0)).unwrap();
    let start = Command::new(binary())
        .args(["run", "--config"])
        .arg(&file)
        .arg("--data")
        .arg(dir.path().join("data"))
        .output()
        .unwrap();
    let check = Command::new(binary())
        .arg("check-config")
        .arg(&file)
        .output()
        .unwrap();
    for output in [start, check] {
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("tls.certificate: "), "{said}");
        assert!(said.contains("certificate.pem"), "{said}");
    }
}
