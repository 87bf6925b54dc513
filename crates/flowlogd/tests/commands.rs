//! The program as its users see it: exit status, standard output, standard error.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use flowlog_access::{AccessKey, AccessKeyId, Keyring, Secret};
use flowlog_record::Timestamp;
use flowlog_sls::signature::{RequestParts, authenticate};
use flowlog_sls::{Headers, Parameters};

const TEXT: &str = "192.0.2.1 49152 2055 1700000000000000 0005\n\
                    192.0.2.2 49152 2055 1700000000000010 -\n";

fn flowlogd(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowlogd"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn ran(arguments: &[&str]) -> (i32, String, String) {
    finished(flowlogd(arguments).output().unwrap())
}

fn finished(output: Output) -> (i32, String, String) {
    let text = |octets| String::from_utf8(octets).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn file(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn check_config_prints_what_holds_and_can_be_read_again() {
    let place = tempfile::tempdir().unwrap();
    let config = file(place.path(), "a.toml", "[collect]\nworkers = 3\n");
    let (status, effective, messages) = ran(&["check-config", &config]);
    assert_eq!((status, messages.as_str()), (0, ""));
    assert!(effective.contains("workers = 3") && effective.contains("seal_size = \"64MiB\""));
    let again = file(place.path(), "b.toml", &effective);
    assert_eq!(ran(&["check-config", &again]).1, effective);
}

#[test]
fn a_wrong_configuration_has_status_two_and_one_line() {
    let place = tempfile::tempdir().unwrap();
    let config = file(place.path(), "a.toml", "[collect]\nlisen = []\n");
    for command in [
        &["check-config", &config][..],
        &["send", "--config", &config, "-"],
    ] {
        let (status, results, messages) = ran(command);
        assert_eq!((status, results.as_str()), (2, ""));
        assert_eq!(
            messages,
            format!("error: {config}:2: collect.lisen = []: unknown key; did you mean listen?\n")
        );
    }
}

#[test]
fn usage_errors_have_status_two_and_go_to_standard_error() {
    for arguments in [
        &["fly"][..],
        &["query", "--from", "now", "--to", "-1h"],
        &["send", "-", "-"],
    ] {
        let (status, results, messages) = ran(arguments);
        assert_eq!((status, results.as_str()), (2, ""), "{arguments:?}");
        assert!(messages.starts_with("error: "), "{messages}");
    }
    let (status, results, messages) = ran(&["--help"]);
    assert_eq!((status, messages.as_str()), (0, ""));
    assert!(results.contains("check-config"));
}

#[test]
fn completions_and_manual_pages_are_there() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (status, script, _) = ran(&["completions", shell]);
        assert!(status == 0 && script.contains("check-config"), "{shell}");
    }
    assert!(ran(&["man"]).1.contains(".TH flowlogd 1"));
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().join("man1");
    assert_eq!(ran(&["man", "--output", directory.to_str().unwrap()]).0, 0);
    for page in ["flowlogd.1", "flowlogd-query.1", "flowlogd-replay.1"] {
        assert!(directory.join(page).exists(), "{page}");
    }
}

#[test]
fn send_sends_every_datagram_as_often_as_told() {
    let place = tempfile::tempdir().unwrap();
    let capture = file(place.path(), "a.txt", TEXT);
    let collector = UdpSocket::bind("127.0.0.1:0").unwrap();
    collector
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let to = collector.local_addr().unwrap().to_string();
    let (status, results, messages) = ran(&["send", &capture, "--to", &to, "--loop", "2"]);
    assert_eq!((status, messages.as_str()), (0, ""));
    assert!(
        results.starts_with(&format!(
            "sent 4 datagrams (4 octets) of 2 Exporters to {to} in "
        )),
        "{results}"
    );
    let mut octets = [0; 16];
    let lengths: Vec<usize> = (0..4)
        .map(|_| collector.recv(&mut octets).unwrap())
        .collect();
    assert_eq!(lengths, [2, 0, 2, 0]);
}

#[test]
fn send_says_that_nobody_listens_and_that_a_capture_is_damaged() {
    let place = tempfile::tempdir().unwrap();
    let free = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let capture = file(place.path(), "a.txt", TEXT);
    let (status, _, messages) = ran(&["send", &capture, "--to", &free]);
    assert_eq!(status, 1);
    assert!(
        messages.starts_with(&format!("error: nobody listens on UDP {free};")),
        "{messages}"
    );

    let collector = UdpSocket::bind("127.0.0.1:0").unwrap();
    let to = collector.local_addr().unwrap().to_string();
    let damaged = file(place.path(), "b.txt", "192.0.2.1 1 2 3 0\n");
    let (status, results, messages) = ran(&["send", &damaged, "--to", &to]);
    assert_eq!((status, results.as_str()), (1, ""));
    assert!(messages.contains("odd number of digits"), "{messages}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = flowlogd(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let (status, _, messages) = finished(child.wait_with_output().unwrap());
    assert_eq!((status, messages.as_str()), (0, ""));
}

/// A Logstore that answers one request after the other, and gives back what it was asked.
struct Stub {
    address: String,
    asked: JoinHandle<Vec<serde_json::Value>>,
}

/// Every request must be signed with `testak`/`testsk` and name `project` in its host.
fn stub(project: &'static str, answers: Vec<(u16, String)>) -> Stub {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for (status, answer) in answers {
            let (stream, _) = listener.accept().unwrap();
            let (head, body) = request(&mut BufReader::new(&stream));
            check_signature(&head, &body, project);
            asked.push(serde_json::from_slice(&body).unwrap());
            let length = answer.len();
            write!(
                &stream,
                "HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}"
            )
            .unwrap();
        }
        asked
    });
    Stub { address, asked }
}

fn request(stream: &mut impl BufRead) -> (Vec<String>, Vec<u8>) {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let length = head
        .iter()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    (head, body)
}

fn check_signature(head: &[String], body: &[u8], project: &str) {
    let mut line = head[0].split(' ');
    let (method, path) = (line.next().unwrap(), line.next().unwrap());
    let headers: Headers<'_> = head[1..]
        .iter()
        .map(|line| line.split_once(": ").unwrap())
        .collect();
    assert_eq!(headers.get("host").unwrap(), format!("{project}.localhost"));
    let parts = RequestParts {
        method,
        path,
        parameters: &Parameters::default(),
        headers: &headers,
    };
    let keyring = Keyring::new(AccessKey {
        id: AccessKeyId::new("testak").unwrap(),
        secret: Secret::new("testsk").unwrap(),
    });
    let now = Timestamp(jiff::Timestamp::now().as_millisecond());
    authenticate(&parts, &keyring, now)
        .unwrap()
        .check_body(body)
        .unwrap();
}

/// A data directory with the key that the stub knows, and a configuration that finds the stub.
fn place(address: &str) -> (tempfile::TempDir, String, String) {
    let place = tempfile::tempdir().unwrap();
    let config = file(
        place.path(),
        "a.toml",
        &format!("[logstore]\nlisten = \"{address}\"\n"),
    );
    file(
        place.path(),
        "credentials.toml",
        "id = \"testak\"\nsecret = \"testsk\"\n",
    );
    let data = place.path().to_str().unwrap().to_owned();
    (place, config, data)
}

fn search_page(rows: usize) -> (u16, String) {
    let row = r#"{"__time__":"1700000000","srcaddr":"10.0.0.1","bytes":"7"}"#;
    let data = vec![row; rows].join(",");
    let meta = r#"{"progress":"Complete","hasSQL":false,"keys":[]}"#;
    (200, format!(r#"{{"meta":{meta},"data":[{data}]}}"#))
}

#[test]
fn a_search_is_read_page_by_page_up_to_the_limit() {
    let stub = stub(
        "flow-logs",
        vec![search_page(100), search_page(100), search_page(50)],
    );
    let (_place, config, data) = place(&stub.address);
    let (status, results, messages) = ran(&[
        "query",
        "--config",
        &config,
        "--data",
        &data,
        "--from",
        "1700000000",
        "--to",
        "1700000060",
        "--limit",
        "250",
        "--format",
        "csv",
        "srcaddr: 10.0.0.1",
    ]);
    assert_eq!((status, messages.as_str()), (0, ""));
    assert!(
        results.starts_with("__time__,srcaddr,bytes\n1700000000,10.0.0.1,7\n"),
        "{results}"
    );
    assert_eq!(results.lines().count(), 251);
    let asked = stub.asked.join().unwrap();
    let pages: Vec<_> = asked
        .iter()
        .map(|page| (page["offset"].clone(), page["line"].clone()))
        .collect();
    assert_eq!(
        pages,
        [(0, 100), (100, 100), (200, 50)].map(|(o, l)| (o.into(), l.into()))
    );
    assert_eq!(
        (asked[0]["from"].clone(), asked[0]["to"].clone()),
        (1_700_000_000.into(), 1_700_000_060.into())
    );
}

#[test]
fn sql_has_the_columns_of_the_select_in_every_format() {
    let answer = r#"{"meta":{"progress":"Complete","hasSQL":true,"keys":["srcaddr","b"]},
                     "data":[{"b":"12345","srcaddr":"10.0.0.1"},{"b":"7","srcaddr":"10.0.0.22"}]}"#;
    for (format, expected) in [
        (
            "table",
            "srcaddr        b\n10.0.0.1   12345\n10.0.0.22      7\n",
        ),
        ("csv", "srcaddr,b\n10.0.0.1,12345\n10.0.0.22,7\n"),
        (
            "json",
            "{\"b\":\"12345\",\"srcaddr\":\"10.0.0.1\"}\n{\"b\":\"7\",\"srcaddr\":\"10.0.0.22\"}\n",
        ),
    ] {
        let stub = stub("other", vec![(200, answer.to_owned())]);
        let (_place, config, data) = place(&stub.address);
        let (status, results, _) = ran(&[
            "query",
            "--config",
            &config,
            "--data",
            &data,
            "--project",
            "other",
            "--format",
            format,
            "* | select srcaddr, sum(bytes) as b group by srcaddr",
        ]);
        assert_eq!((status, results.as_str()), (0, expected));
        stub.asked.join().unwrap();
    }
}

#[test]
fn refusals_say_what_to_do() {
    let refusal =
        r#"{"errorCode":"LogStoreNotExist","errorMessage":"logstore default does not exist"}"#;
    let stub = stub("flow-logs", vec![(404, refusal.to_owned())]);
    let (_place, config, data) = place(&stub.address);
    let (status, results, messages) = ran(&["query", "--config", &config, "--data", &data]);
    assert_eq!((status, results.as_str()), (1, ""));
    assert_eq!(
        messages,
        "error: logstore default does not exist (LogStoreNotExist); name another one with --logstore\n"
    );
    stub.asked.join().unwrap();
}

#[test]
fn a_daemon_that_is_not_there_is_said_with_its_address() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let (_place, config, data) = place(&free);
    let (status, _, messages) = ran(&["query", "--config", &config, "--data", &data]);
    assert_eq!(status, 1);
    assert!(
        messages.starts_with(&format!(
            "error: no Logstore answers at {free} (logstore.listen):"
        )),
        "{messages}"
    );
    let nowhere = tempfile::tempdir().unwrap();
    let (status, _, messages) = ran(&["query", "--data", nowhere.path().to_str().unwrap()]);
    assert_eq!(status, 1);
    assert!(
        messages.contains("credentials.toml does not exist"),
        "{messages}"
    );
}

const INVENTORY: &str = r#"
[[resource]]
id = "vpc-1"
kind = "vpc"
region = "cn-shanghai"
exporters = ["192.0.2.0/24"]
prefixes = ["10.0.0.0/8"]
[[resource]]
id = "sag-1"
kind = "sag"
name = "branch"
exporters = [{ address = "192.0.2.7", domain = 5 }]
[[flow_log]]
name = "net"
resource = "vpc-1"
project = "flow-logs"
logstore = "net"
"#;

/// The lines that `flowlogd resource` prints of this inventory.
fn inventory(place: &Path, arguments: &[&str]) -> Vec<String> {
    let config = file(place, "a.toml", INVENTORY);
    let data = place.join("data");
    let at = ["--config", &config, "--data", data.to_str().unwrap()];
    let json = ["--format", "json"];
    let (status, listed, said) = ran(&[&["resource"], arguments, &json, &at].concat());
    assert_eq!((status, said.as_str()), (0, ""));
    listed.lines().map(str::to_owned).collect()
}

#[test]
fn the_inventory_is_listed_with_the_flow_logs_that_cover_it() {
    let place = tempfile::tempdir().unwrap();
    assert_eq!(
        inventory(place.path(), &["list"]),
        [
            r#"{"resource":"sag-1","kind":"sag","region":"-","parent":"-","name":"branch","exporters":"192.0.2.7,domain=5","interfaces":"-","prefixes":"-","flow_logs":"-"}"#,
            r#"{"resource":"sag-default","kind":"sag","region":"-","parent":"-","name":"","exporters":"-","interfaces":"-","prefixes":"-","flow_logs":"-"}"#,
            r#"{"resource":"vpc-1","kind":"vpc","region":"cn-shanghai","parent":"-","name":"","exporters":"192.0.2.0/24","interfaces":"-","prefixes":"10.0.0.0/8","flow_logs":"net"}"#,
        ]
    );
    // A question leaves nothing behind.
    assert!(!place.path().join("data").exists());
}

#[test]
fn whose_the_records_of_an_exporter_are_is_explained() {
    let place = tempfile::tempdir().unwrap();
    let explained = |more: &[&str]| inventory(place.path(), &[&["explain"], more].concat());
    assert_eq!(
        explained(&["192.0.2.7", "--domain", "5"]),
        [
            r#"{"resource":"sag-1","kind":"sag","because":"names the Exporter: 192.0.2.7,domain=5","records":"all","flow_logs":"-"}"#,
            r#"{"resource":"vpc-1","kind":"vpc","because":"names the Exporter: 192.0.2.0/24","records":"from or to 10.0.0.0/8","flow_logs":"net"}"#,
        ]
    );
    assert_eq!(
        explained(&["203.0.113.1"]),
        [
            r#"{"resource":"sag-default","kind":"sag","because":"no other resource names the Exporter","records":"all","flow_logs":"-"}"#
        ]
    );
    let record = ["--source", "198.51.100.9", "--destination", "10.1.2.3"];
    assert_eq!(
        explained(&[&["192.0.2.9"][..], &record].concat()),
        [r#"{"flow_log":"net","resource":"vpc-1","direction":"in","action":"ACCEPT"}"#]
    );
    assert!(explained(&["192.0.2.9", "--source", "198.51.100.9"]).is_empty());
}
