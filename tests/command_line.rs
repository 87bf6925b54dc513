//! The command line against the running daemon: Logstores are made, followed and deleted, over
//! restarts of the daemon, and what goes wrong has its status.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use flowlog_access::{AccessKey, AccessKeyId, Secret};
use flowlog_record::Timestamp;
use flowlog_sls::signature::{RequestParts, sign_v1};
use flowlog_sls::{Headers, Parameters, date};
use flowlog_tests::daemon::{Daemon, PATIENCE, binary, ports, signal};
use serde_json::Value;

/// A V5 datagram with one record from 10.0.0.1, which the daemon makes a row of at once.
const CAPTURE: &str = "192.0.2.1 49152 2055 1700000000000000 \
    00050001000027106554000000000000SEQUENCE000000000a0000010a00000200000000000100020000000a\
    000003e80000000a000003e8d43101bb001006000000000018180000\n";
/// Rows leave as soon as their record has come.
const FLOW_LOG: &str = "[[flow_log]]\nname = \"default\"\nresource = \"sag-default\"\n\
    project = \"flow-logs\"\nlogstore = \"default\"\nwindow = \"none\"\ntime_source = \"arrival\"\n";

fn command(daemon_dir: &std::path::Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .arg("--config")
        .arg(daemon_dir.join("flowlogd.toml"))
        .arg("--data")
        .arg(daemon_dir.join("data"))
        .stdin(Stdio::null());
    command
}

fn ran(daemon: &Daemon, arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command(daemon.dir(), arguments).output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// A `query --follow` that was started, and the lines that it prints.
struct Follower {
    child: Child,
    lines: Receiver<String>,
    messages: Receiver<String>,
}

impl Follower {
    fn start(daemon: &Daemon, query: &str) -> Self {
        let arguments = [
            "query", "--follow", "--from", "0", "--format", "json", query,
        ];
        let mut child = command(daemon.dir(), &arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = lines(child.stdout.take().unwrap());
        let messages = lines(child.stderr.take().unwrap());
        Self {
            child,
            lines: printed,
            messages,
        }
    }

    fn row(&self) -> Value {
        serde_json::from_str(&self.lines.recv_timeout(PATIENCE).unwrap()).unwrap()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (to, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

fn send(daemon: &Daemon, sequence: u32) {
    let capture = daemon.dir().join("capture.txt");
    // the same datagram again would be a duplicate
    let datagram = CAPTURE.replace("SEQUENCE", &format!("{sequence:08x}"));
    std::fs::write(&capture, datagram).unwrap();
    let (status, _, messages) = ran(daemon, &["send", capture.to_str().unwrap()]);
    assert_eq!(status, 0, "{messages}");
}

#[test]
fn rows_are_followed_over_a_restart_and_ctrl_c_ends_with_status_zero() {
    let daemon = Daemon::start(FLOW_LOG);
    send(&daemon, 0);
    daemon.query_until("default", "srcaddr: 10.0.0.1", |rows| !rows.is_empty());
    let mut follower = Follower::start(&daemon, "srcaddr: 10.0.0.1");
    assert_eq!(follower.row()["srcaddr"], "10.0.0.1");

    let dir = daemon.stop();
    let message = follower.messages.recv_timeout(PATIENCE).unwrap();
    assert!(message.starts_with("trying again: "), "{message}");
    let daemon = Daemon::start_again(dir);
    send(&daemon, 1);
    assert_eq!(follower.row()["srcaddr"], "10.0.0.1");
    assert_eq!(
        follower.messages.recv_timeout(PATIENCE).unwrap(),
        "the Logstore answers again"
    );
    assert!(follower.lines.try_recv().is_err(), "a row came twice");

    signal(follower.child.id(), "INT");
    assert_eq!(follower.child.wait().unwrap().code(), Some(0));
    daemon.stop();
}

/// Sends a request without a body for the Project of the flow logs, and gives the answer.
fn asked(daemon: &Daemon, method: &str, target: &str) -> String {
    let (_, _, port) = ports(daemon.dir());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = Timestamp(i64::try_from(now.as_millis()).unwrap());
    let pairs = [
        ("host", "flow-logs.localhost".to_owned()),
        ("date", date::http_date(now)),
        ("x-log-apiversion", "0.6.0".to_owned()),
        ("x-log-bodyrawsize", "0".to_owned()),
        ("x-log-signaturemethod", "hmac-sha1".to_owned()),
    ];
    let headers: Headers<'_> = pairs
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let (path, query) = target.split_once('?').unwrap();
    let key = AccessKey {
        id: AccessKeyId::new("line-key").unwrap(),
        secret: Secret::new("line-secret").unwrap(),
    };
    let parts = RequestParts {
        method,
        path,
        parameters: &Parameters::parse(query).unwrap(),
        headers: &headers,
    };
    let mut request = format!("{method} {target} HTTP/1.1\r\ncontent-length: 0\r\n");
    for (name, value) in &pairs {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!(
        "connection: close\r\nauthorization: {}\r\n\r\n",
        sign_v1(&parts, &key)
    );
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn rows_are_followed_into_the_shards_of_a_split_and_of_a_merge() {
    let keys = "[[access_key]]\nid = \"line-key\"\nsecret = \"line-secret\"\n";
    let daemon = Daemon::start(&format!("{FLOW_LOG}{keys}"));
    send(&daemon, 0);
    daemon.query_until("default", "srcaddr: 10.0.0.1", |rows| !rows.is_empty());
    let mut follower = Follower::start(&daemon, "srcaddr: 10.0.0.1");
    assert_eq!(follower.row()["srcaddr"], "10.0.0.1");
    // Rows go to the shard that has the first key: 0, then 1, then what 1 and 2 become.
    for (sequence, change) in [(1, "shards/0?action=split"), (2, "shards/1?action=merge")] {
        let answer = asked(&daemon, "POST", &format!("/logstores/default/{change}"));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        send(&daemon, sequence);
        assert_eq!(follower.row()["srcaddr"], "10.0.0.1");
    }
    let rows = daemon.query("default", "srcaddr: 10.0.0.1");
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(follower.lines.try_recv().is_err(), "a row came twice");
    signal(follower.child.id(), "INT");
    assert_eq!(follower.child.wait().unwrap().code(), Some(0));
    assert!(follower.messages.try_recv().is_err());
    daemon.stop();
}

/// Runs a command on a terminal at which somebody types; status and what is to be seen.
fn typed(daemon: &Daemon, arguments: &[&str], line: &str) -> (i32, String) {
    let wanted = command(daemon.dir(), arguments);
    let words = std::iter::once(wanted.get_program()).chain(wanted.get_args());
    let words: Vec<&str> = words.map(|word| word.to_str().unwrap()).collect();
    let mut terminal = Command::new("script")
        .args(["-qec", &words.join(" "), "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut seen = BufReader::new(terminal.stdout.take().unwrap());
    let mut text = String::new();
    seen.read_line(&mut text).unwrap();
    let mut keyboard = terminal.stdin.take().unwrap();
    keyboard.write_all(line.as_bytes()).unwrap();
    seen.read_to_string(&mut text).unwrap();
    drop(keyboard);
    (terminal.wait().unwrap().code().unwrap(), text)
}

#[test]
fn a_logstore_is_deleted_by_whoever_types_its_name() {
    let daemon = Daemon::start("");
    let create = ["logstore", "create", "my-project", "my-logs"];
    assert_eq!(ran(&daemon, &create).0, 0);
    let delete = ["logstore", "delete", "my-project", "my-logs"];
    for line in ["\n", "y\n", "my-project\n"] {
        let (status, seen) = typed(&daemon, &delete, line);
        assert!(
            seen.starts_with("this deletes my-project/my-logs with all its rows"),
            "{seen}"
        );
        assert!(
            status == 1 && seen.contains("nothing was deleted"),
            "{seen}"
        );
    }
    let info = ["logstore", "info", "my-project", "my-logs"];
    assert_eq!(ran(&daemon, &info).0, 0);
    let (status, seen) = typed(&daemon, &delete, "my-logs\n");
    assert!(
        status == 0 && seen.contains("deleted my-project/my-logs"),
        "{seen}"
    );
    assert_eq!(ran(&daemon, &info).0, 1);
    // What is not there is not asked about.
    let (status, seen) = typed(&daemon, &delete, "");
    assert!(status == 1 && seen.contains("LogStoreNotExist"), "{seen}");
    daemon.stop();
}

#[test]
fn what_is_not_searched_for_is_not_followed() {
    let daemon = Daemon::start(FLOW_LOG);
    send(&daemon, 0);
    daemon.query_until("default", "srcaddr: 10.0.0.1", |rows| !rows.is_empty());
    let follow = |query| {
        ran(
            &daemon,
            &[
                "query", "--follow", "--last", "day", "--limit", "1", "--format", "csv", query,
            ],
        )
    };
    let (status, rows, messages) = follow("srcaddr: 10.0.0.1 and not srcaddr: 10.0.0.2");
    assert_eq!((status, messages.as_str()), (0, ""));
    assert_eq!(rows.lines().count(), 2, "{rows}");
    let (status, _, message) = follow("* | select count(*)");
    assert!(status == 2 && message.contains("is SQL"), "{message}");
    let (status, _, message) = follow("nosuchkey: 1");
    assert!(status == 1 && message.contains("nosuchkey"), "{message}");
    daemon.stop();
}

#[test]
fn logstores_are_made_listed_described_and_deleted() {
    let daemon = Daemon::start("");
    let created = ran(
        &daemon,
        &[
            "logstore",
            "create",
            "my-project",
            "my-logs",
            "--ttl",
            "7",
            "--shards",
            "3",
            "--index",
            "host:text,bytes:long",
        ],
    );
    assert_eq!(
        created,
        (0, String::new(), "created my-project/my-logs\n".to_owned())
    );
    let (status, list, _) = ran(
        &daemon,
        &["logstore", "list", "my-project", "--format", "csv"],
    );
    assert_eq!(
        (status, list.as_str()),
        (
            0,
            "project,logstore,ttl_days,shards,index\nmy-project,my-logs,7,3,\"bytes:long,host:text\"\n"
        )
    );
    let (_, all, _) = ran(&daemon, &["logstore", "list", "--format", "json"]);
    assert!(
        all.contains("\"flow-logs\"") && all.contains("\"my-project\""),
        "{all}"
    );
    let info = [
        "logstore",
        "info",
        "my-project",
        "my-logs",
        "--format",
        "json",
    ];
    let (status, text, messages) = ran(&daemon, &info);
    assert_eq!((status, messages.as_str()), (0, ""));
    let facts: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(facts["ttl_days"], 7);
    assert_eq!(facts["rows"], 0);
    assert_eq!(facts["shards"].as_array().unwrap().len(), 3);

    let again = ran(&daemon, &["logstore", "create", "my-project", "my-logs"]);
    assert!(
        again.0 == 1 && again.2.contains("LogStoreAlreadyExist"),
        "{again:?}"
    );
    let delete = ["logstore", "delete", "my-project", "my-logs"];
    let (status, _, message) = ran(&daemon, &delete);
    assert!(status == 2 && message.contains("--yes"), "{message}");
    let deleted = ran(&daemon, &[&delete[..], &["--yes"]].concat());
    assert_eq!(deleted.0, 0, "{deleted:?}");
    let (status, _, message) = ran(&daemon, &info);
    assert!(
        status == 1 && message.contains("LogStoreNotExist"),
        "{message}"
    );
    daemon.stop();
}

#[test]
fn wrong_names_and_keys_are_wrong_usage() {
    let daemon = Daemon::start("");
    for arguments in [
        &["logstore", "create", "No", "my-logs"][..],
        &["logstore", "info", "my-project", "-"],
        &[
            "logstore",
            "create",
            "my-project",
            "my-logs",
            "--index",
            "a:int",
        ],
        &["query", "--last", "soon"],
        &["query", "--from", "the day before"],
    ] {
        let (status, _, message) = ran(&daemon, arguments);
        assert_eq!(status, 2, "{arguments:?}: {message}");
    }
    daemon.stop();
}
