//! A planned stop under load: this run and the next together have what was sent.

use std::time::Duration;

use flowlog_tests::daemon::Daemon;

use crate::{
    load::Load,
    rows::{self, AGED, EACH},
};

const SHORT: Duration = Duration::from_millis(1_500);

#[test]
fn sigterm_under_load_loses_nothing_and_cuts_no_row() {
    let mut daemon = Daemon::start(&format!("{EACH}{AGED}"));
    let mut load = Load::new(1, daemon.udp);
    load.run(SHORT);
    for restart in 1..=3_u32 {
        daemon = stopped_with_a_full_queue(daemon, &mut load);
        assert!(
            daemon.said().contains("going on from saved state epoch=1"),
            "{}",
            daemon.said()
        );
        load.run(SHORT / restart);
        daemon.wait_until("rows are open", || {
            daemon.metric("flowlogd_pipeline_open_records") > 0.0
        });
    }
    load.finish();

    rows::come_to(&daemon, "each", rows::of(load.sent()));
    rows::come_to(&daemon, "aged", rows::of(load.sent()));
    for logstore in ["each", "aged"] {
        let all = rows::all(&daemon, logstore);
        rows::are_numbered_without_a_gap(&all);
        assert!(all.keys().all(|id| id.epoch == 1));
        assert!(all.values().all(|row| row["reason"] != "forced"));
    }
    let rows = rows::all(&daemon, "each").len();
    assert_eq!(u64::try_from(rows).unwrap(), load.sent().records);
    assert!(
        rows::all(&daemon, "aged").len() < rows,
        "rows were aggregated"
    );
    daemon.stop();
}

/// Stops a daemon while the kernel has datagrams for it that it has not taken, and starts it again.
fn stopped_with_a_full_queue(daemon: Daemon, load: &mut Load) -> Daemon {
    daemon.signal("STOP");
    load.fill();
    daemon.signal("TERM");
    daemon.signal("CONT");
    let dir = daemon.ended();
    let daemon = Daemon::start_again(dir);
    assert_eq!(
        daemon.metric("flowlogd_collect_kernel_dropped_datagrams_total"),
        0.0
    );
    daemon
}

#[test]
fn a_stop_comes_to_its_end_while_senders_go_on() {
    let daemon = Daemon::start(EACH);
    let _load = crate::load::Background::start(Load::new(2, daemon.udp));
    daemon.wait_until("rows", || rows::count(&daemon, "each") > 100);
    let dir = daemon.stop();
    let daemon = Daemon::start_again(dir);
    let before = rows::count(&daemon, "each");
    daemon.wait_until("new rows", || rows::count(&daemon, "each") > before + 100);
    daemon.signal("INT");
    let daemon = Daemon::start_again(daemon.ended());
    rows::are_numbered_without_a_gap(&rows::all(&daemon, "each"));
}
