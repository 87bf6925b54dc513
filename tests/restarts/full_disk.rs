//! A disk without room: at the start it is said; later rows wait, and none is lost.

use std::{os::unix::fs::symlink, time::Duration};

use flowlog_tests::daemon::Daemon;

use crate::{
    load::Load,
    rows::{self, AGED, EACH},
    tmpfs::Tmpfs,
    trouble::Attempt,
};

#[test]
fn rows_wait_while_the_disk_is_full_and_none_is_lost() {
    let Some(disk) = Tmpfs::mount("size=64m,mode=700") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    symlink(disk.path(), dir.path().join("data")).unwrap();
    let daemon = Daemon::start_in(dir, &format!("{EACH}{AGED}"));
    let mut load = Load::new(40, daemon.udp);
    load.run(Duration::from_millis(700));
    let ballast = disk.fill(0);
    load.run(Duration::from_millis(1_500));
    daemon.wait_until("rows wait", || {
        daemon.metric("flowlogd_pipeline_waiting_rows") > 0.0
    });
    daemon.wait_until_said("rows wait for the Logstore");
    assert!(daemon.metric("flowlogd_logstore_refused_batches_total") > 0.0);
    let stored = rows::count(&daemon, "each");
    // It answers and receives all the time.
    load.run(Duration::from_millis(500));
    assert_eq!(rows::count(&daemon, "each"), stored);

    drop(ballast);
    load.run(Duration::from_millis(500));
    load.finish();
    rows::come_to(&daemon, "each", rows::of(load.sent()));
    rows::aged_come_to(&daemon, rows::of(load.sent()));
    daemon.wait_until("nothing waits", || {
        daemon.metric("flowlogd_pipeline_waiting_rows") == 0.0
    });
    rows::are_numbered_without_a_gap(&rows::all(&daemon, "each"));
    daemon.stop();
}

#[test]
fn a_stop_on_a_full_disk_waits_for_room_and_keeps_what_is_open() {
    let Some(disk) = Tmpfs::mount("size=64m,mode=700") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    symlink(disk.path(), dir.path().join("data")).unwrap();
    let daemon = Daemon::start_in(dir, &format!("{EACH}{AGED}"));
    let mut load = Load::new(41, daemon.udp);
    load.run(Duration::from_millis(700));
    let ballast = disk.fill(0);
    load.run(Duration::from_millis(700));
    daemon.signal("TERM");
    daemon.wait_until_said("state cannot be saved yet");
    drop(ballast);
    let daemon = Daemon::start_again(daemon.ended());
    load.run(Duration::from_millis(700));
    load.finish();
    rows::come_to(&daemon, "each", rows::of(load.sent()));
    rows::aged_come_to(&daemon, rows::of(load.sent()));
    rows::are_numbered_without_a_gap(&rows::all(&daemon, "each"));
    daemon.stop();
}

#[test]
fn a_full_disk_at_the_start_is_said() {
    for free in [0, 4_096, 16_384, 65_536, 131_072] {
        let Some(disk) = Tmpfs::mount("size=1m,mode=700") else {
            return;
        };
        let data = disk.path().join("data");
        let ballast = disk.fill(free);
        let attempt = Attempt::new(&data, "");
        attempt.fails(
            1,
            &[
                data.to_str().unwrap(),
                "disk",
                "\"data\" (--data) on another disk",
            ],
        );
        // Once there is room it starts as if nothing had been.
        drop(ballast);
        attempt.starts();
    }
}
