//! The daemon itself: rows of its flow logs to a broker that is down while the daemon is killed.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, UdpSocket},
};

use flowlog_tests::daemon::{Daemon, netflow5};
use serde_json::Value;

use crate::broker::{Broker, Record, installed};

/// Sends V5 records of one flow each, with so many octets; waits until their rows have left.
fn send(daemon: &Daemon, sequences: std::ops::Range<u32>) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let rows = || daemon.metric("flowlogd_logstore_rows_total");
    let wanted = rows() + f64::from(u32::try_from(sequences.len()).unwrap());
    for sequence in sequences {
        let to = (Ipv4Addr::LOCALHOST, daemon.udp);
        socket.send_to(&netflow5(sequence), to).unwrap();
    }
    daemon.wait_until("rows on disk", || rows() >= wanted);
}

/// The distinct row ids of a topic, and the octets of their rows.
fn rows(records: &[Record]) -> (usize, u64) {
    let rows: BTreeSet<(String, u64)> = records
        .iter()
        .map(|record| {
            let row: Value = serde_json::from_slice(&record.value).unwrap();
            let id = row["row-id"].as_str().unwrap().to_owned();
            (id, row["bytes"].as_u64().unwrap())
        })
        .collect();
    (rows.len(), rows.iter().map(|(_, octets)| octets).sum())
}

#[test]
fn the_rows_of_a_flow_log_reach_their_topic_whoever_dies_meanwhile() {
    let Some(kafka) = installed() else { return };
    let mut broker = Broker::prepare(kafka);
    broker.start();
    broker.create(&["rows.each:3"]);
    let here = Daemon::start(&format!(
        "[kafka.main]\nbrokers = \"{}\"\ntopic = \"rows.{{flow_log}}\"\n\
         [[flow_log]]\nname = \"each\"\nwindow = \"none\"\n",
        broker.address()
    ));
    send(&here, 0..100);
    here.wait_until("rows to arrive", || {
        here.metric("flowlogd_sink_delivered_rows_total") >= 100.0
    });
    broker.kill();
    send(&here, 100..200);
    here.wait_until("a backlog", || {
        here.metric("flowlogd_sink_backlog_rows") >= 100.0
    });
    let here = Daemon::start_again(here.kill());
    broker.start();
    here.wait_until("the rest to arrive", || {
        here.metric("flowlogd_sink_delivered_rows_total") >= 100.0
    });
    send(&here, 200..250);
    here.wait_until("the last", || {
        here.metric("flowlogd_sink_backlog_rows") < 1.0
            && here.metric("flowlogd_sink_delivered_rows_total") >= 150.0
    });
    let octets = (0..250).map(|sequence| 300 + sequence).sum();
    assert_eq!(
        rows(&broker.read("rows.each", "read_committed")),
        (250, octets)
    );
    here.stop();
}
