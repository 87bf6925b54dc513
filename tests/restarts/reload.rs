//! SIGHUP: what can change changes without a loss, what cannot is said, and a wrong configuration
//! changes nothing.

use std::{net::UdpSocket, thread, time::Duration};

use flowlog_exporter_sim::{Blaster, Counts};
use flowlog_record::Version;
use flowlog_tests::daemon::Daemon;

use crate::{
    load::{Load, now},
    rows::{self, AGED, EACH},
};

const SHORT: Duration = Duration::from_millis(800);

#[test]
fn flow_logs_come_and_go_under_load_and_open_rows_leave_at_once() {
    let daemon = Daemon::start(&format!("{EACH}{AGED}"));
    let mut load = Load::new(70, daemon.udp);
    load.run(SHORT);
    let until_then = taken(&daemon, &load);
    let later = EACH.replace("\"each\"", "\"later\"");
    reload(
        &daemon,
        &format!("{EACH}{later}"),
        "the configuration was reloaded keys=[\"flow_log\"]",
    );
    // Those that were open leave, cut, though the Exporters go on.
    load.run(SHORT);
    rows::come_to(&daemon, "aged", rows::of(until_then));
    let aged = rows::all(&daemon, "aged");
    assert!(aged.values().any(|row| row["reason"] == "forced"));
    rows::are_numbered_without_a_gap(&aged);

    // It comes again, and its rows go on with their numbers.
    let until_now = taken(&daemon, &load);
    reload(
        &daemon,
        &format!("{EACH}{AGED}{later}"),
        "reloaded keys=[\"flow_log\"]",
    );
    load.run(SHORT);
    load.finish();
    let sent = load.sent();
    rows::come_to(&daemon, "each", rows::of(sent));
    rows::come_to(&daemon, "later", rows::of(sent - until_then));
    // A planned stop keeps the numbers of flow logs that are gone.
    let without = until_now - until_then;
    rows::aged_come_to(&daemon, rows::of(sent - without));
    rows::are_numbered_without_a_gap(&rows::all(&daemon, "aged"));
    let daemon = Daemon::start_again(daemon.stop());
    assert!(daemon.said().contains("going on from saved state epoch=1"));
    rows::come_to(&daemon, "each", rows::of(sent));
    daemon.stop();
}

/// Everything that was sent, once the daemon has it.
fn taken(daemon: &Daemon, load: &Load) -> Counts {
    let sent = load.sent();
    daemon.wait_until("all datagrams are taken", || {
        daemon.metric("flowlogd_collect_datagrams_total") >= datagrams(sent)
    });
    sent
}

fn datagrams(counts: Counts) -> f64 {
    f64::from(u32::try_from(counts.datagrams).unwrap())
}

/// Configures, tells by SIGHUP, and waits until that is answered.
fn reload(daemon: &Daemon, more: &str, answer: &str) {
    let before = daemon.said().len();
    daemon.configure(more);
    daemon.signal("HUP");
    daemon.wait_until(answer, || daemon.said()[before..].contains(answer));
}

#[test]
fn a_wrong_configuration_changes_nothing_and_is_said() {
    let daemon = Daemon::start(EACH);
    let mut load = Load::new(71, daemon.udp);
    load.run(SHORT);
    for (wrong, words) in [
        ("[limits]\nmemery = \"1GiB\"\n", "did you mean memory?"),
        ("[log]\nlevel = \"loud\"\n", "log.level = \"loud\""),
        (
            "[[flow_log]]\nname = \"each\"\nwindow = \"2m\"\n",
            "flow_log[0].window = \"2m\"",
        ),
        ("[[flow_log]", "flowlogd.toml:"),
    ] {
        reload(&daemon, wrong, "the configuration was not reloaded");
        let said = daemon.said();
        let answer = said.lines().last().unwrap();
        assert!(
            answer.contains("ERROR") && answer.contains(words),
            "{answer}"
        );
        load.run(SHORT / 8);
    }
    load.finish();
    // What it had holds still: the right configuration is nothing new.
    reload(&daemon, EACH, "the configuration was reloaded keys=[]");
    rows::come_to(&daemon, "each", rows::of(load.sent()));
    daemon.stop();
}

#[test]
fn the_log_level_changes_and_what_cannot_change_is_said() {
    let daemon = Daemon::start(EACH);
    let with = |more: &str| format!("{more}{EACH}");
    let loud = with("retention_days = 7\n[log]\nlevel = \"debug\"\n");
    reload(
        &daemon,
        &loud,
        "keys=[\"log.level\", \"logstore.retention_days\"]",
    );
    let quiet = with("[log]\nlevel = \"error\"\n");
    reload(
        &daemon,
        &quiet,
        "keys=[\"log.level\", \"logstore.retention_days\"]",
    );
    // Nothing that is no error is written any more: the answer to this cannot be waited for.
    let before = daemon.said().len();
    reload(
        &daemon,
        "[log]\nlevel = \"loud\"\n",
        "the configuration was not reloaded",
    );
    assert_eq!(daemon.said()[before..].lines().count(), 1);
    let restart = with("seal_size = \"2MiB\"\n[log]\nformat = \"json\"\n");
    reload(
        &daemon,
        &restart,
        "these keys change only with a restart keys=[\"log.format\", \"logstore.seal_size\"]",
    );
    daemon.wait_until_said("the configuration was reloaded keys=[\"log.level\"]");
    daemon.stop();
}

#[test]
fn the_memory_limit_changes_and_datagrams_are_shed_and_counted() {
    const MIB: f64 = 1_048_576.0;
    // Rows stay open, so that memory grows by what is sent.
    let aged = AGED.replace("10s", "600s");
    let daemon = Daemon::start(&aged);
    let mut blast = Blast::new(daemon.udp);
    while daemon.metric("flowlogd_flowlogd_resident_octets") < 70.0 * MIB {
        blast.send(500);
    }
    blast.has_come(&daemon);
    assert!(!daemon.said().contains("shedding"));
    let short = format!("[limits]\nmemory = \"64MiB\"\n{aged}");
    reload(&daemon, &short, "reloaded keys=[\"limits.memory\"]");
    daemon.wait_until_said("shedding datagrams");
    blast.send(10);
    daemon.wait_until("datagrams are shed", || shed(&daemon) == 10.0);
    reload(&daemon, &aged, "reloaded keys=[\"limits.memory\"]");
    daemon.wait_until_said("memory is below its limit again");
    blast.send(10);
    blast.has_come(&daemon);
    assert_eq!(shed(&daemon), 10.0);
    daemon.stop();
}

/// How many datagrams were shed.
fn shed(daemon: &Daemon) -> f64 {
    daemon.metric("flowlogd_pipeline_datagrams_total{outcome=\"shed\"}")
}

/// One Exporter of V5 with a million flows.
struct Blast {
    blaster: Blaster,
    socket: UdpSocket,
    to: (&'static str, u16),
    sent: u32,
}

impl Blast {
    fn new(port: u16) -> Self {
        Self {
            blaster: Blaster::new(Version::V5, 1, 1_000_000),
            socket: UdpSocket::bind("127.1.72.1:0").unwrap(),
            to: ("127.0.0.1", port),
            sent: 0,
        }
    }

    fn send(&mut self, datagrams: u32) {
        let mut octets = Vec::new();
        for n in 0..datagrams {
            self.blaster.datagram(now(), 30, &mut octets);
            self.socket.send_to(&octets, self.to).unwrap();
            if n % 10 == 9 {
                thread::sleep(Duration::from_millis(1));
            }
        }
        self.sent += datagrams;
    }

    /// Waits until the daemon has counted everything; the kernel may have dropped some of it.
    fn has_come(&self, daemon: &Daemon) {
        daemon.wait_until("all datagrams are counted", || {
            let taken = daemon.metric("flowlogd_pipeline_datagrams_total");
            let dropped = daemon.metric("flowlogd_collect_kernel_dropped_datagrams_total");
            taken + dropped >= f64::from(self.sent)
        });
    }
}
