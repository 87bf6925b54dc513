//! The command line against the running daemon: Logstores are made, followed and deleted, over
//! restarts of the daemon, and what goes wrong has its status.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use flowlog_tests::daemon::{Daemon, PATIENCE, binary, signal};
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
