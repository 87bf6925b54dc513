//! Rows that go elsewhere: into a region of the real Log Service (another daemon's Logstore stands
//! for it), and to other NetFlow collectors (another daemon stands for them), with targets that are
//! down and daemons that die.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, UdpSocket},
    process::Command,
};

use flowlog_tests::daemon::{Daemon, binary, free_udp_port, netflow5};
use serde_json::Value;

const KEY: &str = "[[access_key]]\nid = \"root\"\nsecret = \"secret\"\n";
/// One row for each record, here and there.
const EACH: &str = "[[flow_log]]\nname = \"each\"\nwindow = \"none\"\n";

/// Sends records with these sequence numbers; the sum of their octets.
fn send(daemon: &Daemon, sequences: std::ops::Range<u32>) -> u64 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect((Ipv4Addr::LOCALHOST, daemon.udp)).unwrap();
    let before = daemon.metric("flowlogd_pipeline_rows_total");
    let count = f64::from(u32::try_from(sequences.len()).unwrap());
    let mut octets = 0;
    for sequence in sequences {
        socket.send(&netflow5(sequence)).unwrap();
        octets += u64::from(300 + sequence);
    }
    daemon.wait_until("its rows to leave", || {
        daemon.metric("flowlogd_pipeline_rows_total") >= before + count
    });
    octets
}

fn sum(rows: &[Value]) -> (u64, u64) {
    let number = |key: &str| rows[0][key].as_str().unwrap().parse().unwrap_or(0);
    (number("c"), number("b"))
}

/// A daemon that stands for the real service; a flow log of its own, which has no rows, makes Project,
/// Logstore and index.
fn service() -> Daemon {
    Daemon::start(&format!(
        "{KEY}[[flow_log]]\nname = \"maker\"\nproject = \"far\"\nlogstore = \"store\"\n"
    ))
}

/// A region whose Projects lie there, and a flow log of it.
fn in_region(service: u16) -> String {
    format!(
        "[sls.region.cn-shanghai]\nendpoint = \"http://127.0.0.1:{service}\"\nid = \"root\"\n\
         secret = \"secret\"\ncolumns = \"all\"\n\
         {EACH}region = \"cn-shanghai\"\nproject = \"far\"\nlogstore = \"store\"\n"
    )
}

/// The ids of all rows that have arrived, in the order of their cursors; and those of a second reader,
/// who drops what he has: one number for each (epoch, flow log, partition).
fn arrived(daemon: &Daemon) -> (Vec<String>, Vec<String>) {
    let query = "* | select \"row-id\" as id from log limit 100000";
    let output = Command::new(binary())
        .args([
            "query",
            "--format",
            "json",
            "--project",
            "far",
            "--logstore",
            "store",
        ])
        .args(["--from", "0", "--to", "4000000000", query, "--config"])
        .arg(daemon.dir().join("flowlogd.toml"))
        .arg("--data")
        .arg(daemon.data())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let id = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        row["id"].as_str().unwrap().to_owned()
    };
    let all: Vec<String> = text.lines().map(id).collect();
    let distinct: BTreeSet<&String> = all.iter().collect();
    let distinct = distinct.into_iter().cloned().collect();
    (all, distinct)
}

fn delivered(daemon: &Daemon, count: usize) {
    daemon.wait_until("rows to arrive", || arrived(daemon).1.len() >= count);
}

#[test]
fn rows_of_a_region_reach_the_service_whoever_dies_meanwhile() {
    let there = service();
    let (_, _, port) = flowlog_tests::daemon::ports(there.dir());
    let here = Daemon::start(&in_region(port));
    send(&here, 0..200);
    delivered(&there, 200);

    // The service is down, rows wait; then we die as well.
    let there = there.stop();
    send(&here, 200..500);
    here.wait_until("rows to be on disk", || {
        here.metric("flowlogd_logstore_rows_total") >= 500.0
    });
    here.wait_until("trouble", || here.metric("flowlogd_sink_failing") >= 1.0);
    here.wait_until("a backlog", || {
        here.metric("flowlogd_sink_backlog_rows") >= 300.0
    });
    let here = here.kill();
    let there = Daemon::start_again(there);
    let here = Daemon::start_again(here);
    delivered(&there, 500);

    for round in 0..3 {
        let begin = 500 + round * 100;
        send(&here, begin..begin + 100);
        here.wait_until("rows to be on disk", || {
            here.metric("flowlogd_logstore_rows_total") >= 100.0
        });
    }
    let here = Daemon::start_again(here.kill());
    delivered(&there, 800);
    let (all, distinct) = arrived(&there);
    assert_eq!(distinct.len(), 800);
    assert!(all.len() >= 800);
    // Nobody sees them here.
    assert!(here.data().join("logstore/.spool/each").exists());
    assert!(!here.try_query("default", "*").status.success());
    here.stop();
    there.stop();
}

#[test]
fn rows_go_to_another_collector_in_every_version() {
    for version in ["V5", "V9", "V10"] {
        let there = Daemon::start(EACH);
        let collector = format!(
            "{EACH}output = \"all\"\nnetflow = {{ server = \"127.0.0.1:{}\", version = \"{version}\" }}\n",
            there.udp
        );
        let here = Daemon::start(&collector);
        let octets = send(&here, 0..300);
        let query = "* | select count(*) as c, sum(bytes) as b";
        let ours = here.query_until("default", query, |rows| sum(rows).0 == 300);
        assert_eq!(sum(&ours), (300, octets));
        let theirs = there.query_until("default", query, |rows| sum(rows).0 >= 300);
        assert_eq!(sum(&theirs), (300, octets), "{version}");
        // Numbers go on after a planned restart: the far side has seen no gap and no restart.
        let here = Daemon::start_again(here.stop());
        let more = send(&here, 300..400);
        let theirs = there.query_until("default", query, |rows| sum(rows).0 >= 400);
        assert_eq!(sum(&theirs), (400, octets + more), "{version}");
        assert!(
            there.metric("flowlogd_pipeline_lost_records_total") < 0.5,
            "{version}"
        );
        here.stop();
        there.stop();
    }
}

#[test]
fn a_configuration_can_be_tried_against_its_targets() {
    let there = service();
    let (_, _, port) = flowlog_tests::daemon::ports(there.dir());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("flowlogd.toml");
    let checked = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new(binary());
        let output = command
            .args(["check-config", "--connect"])
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), said)
    };
    let (status, said) = checked(&in_region(port));
    assert_eq!(status, Some(0), "{said}");
    assert!(
        said.contains("# flow log each to far/store in cn-shanghai: takes rows"),
        "{said}"
    );
    assert!(!said.contains("secret = \"secret\""), "{said}");
    let (status, said) = checked(&in_region(port).replace("\"store\"", "\"nothing\""));
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("404 LogStoreNotExist"), "{said}");
    let (status, said) =
        checked(&in_region(port).replace("secret = \"secret\"", "secret = \"wrong\""));
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("SignatureNotMatch"), "{said}");
    there.stop();
}

/// Datagrams that were refused.
fn refused(daemon: &Daemon) -> f64 {
    let metrics = daemon.http("/metrics").unwrap_or_default();
    let of = |line: &str| {
        let (series, number) = line.rsplit_once(' ')?;
        let is_it = series.starts_with("flowlogd_pipeline_datagrams_total")
            && series.contains("outcome=\"refused\"");
        is_it.then(|| number.parse::<f64>().ok()).flatten()
    };
    metrics.lines().filter_map(of).sum()
}

#[test]
fn a_collector_that_is_ourselves_is_no_loop() {
    let port = free_udp_port();
    // From the configuration a collector may lie anywhere.
    let here = Daemon::start(&format!(
        "{EACH}output = \"all\"\nnetflow = {{ server = \"127.0.0.1:{port}\" }}\n"
    ));
    let itself = format!(
        "{EACH}output = \"all\"\nnetflow = {{ server = \"127.0.0.1:{}\" }}\n",
        here.udp
    );
    here.configure(&itself);
    here.signal("HUP");
    here.wait_until_said("the configuration was reloaded");
    send(&here, 0..50);
    here.wait_until("our own datagrams to be refused", || {
        here.metric("flowlogd_sink_delivered_rows_total") >= 50.0 && refused(&here) >= 1.0
    });
    let rows = here.query("default", "* | select count(*) as c");
    assert_eq!(rows[0]["c"], "50");
    here.stop();
}
