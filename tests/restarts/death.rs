//! `kill -9` at any moment: a row that a query has shown is there after the next start, once.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use flowlog_tests::daemon::Daemon;

use crate::{
    load::{Background, Load},
    rows::{self, EACH, Rows},
};

/// From the answer of a query to the kill.
const DELAYS_MS: [u64; 6] = [0, 3, 40, 250, 700, 1_100];

#[test]
fn rows_that_were_seen_outlive_kill_9_once() {
    // A head is sealed each second, so that some of the kills come upon that.
    let sealing = format!("seal_after = \"1s\"\n{EACH}");
    let mut daemon = Daemon::start(&sealing);
    let mut seen = Rows::new();
    for (epoch, delay) in (1..).zip(DELAYS_MS) {
        let load = Background::start(Load::new(10 + epoch, daemon.udp));
        let before = rows::count(&daemon, "each");
        daemon.wait_until("rows", || rows::count(&daemon, "each") > before + 50);
        let now = rows::all(&daemon, "each");
        assert!(
            now.keys()
                .filter(|id| !seen.contains_key(id))
                .all(|id| id.epoch <= epoch.into()),
        );
        seen = now;
        thread::sleep(Duration::from_millis(delay));
        let dir = daemon.kill();
        drop(load);

        daemon = Daemon::start_again(dir);
        let begun = format!("a new epoch of row ids begins epoch={}", epoch + 1);
        assert!(daemon.said().contains(&begun), "{}", daemon.said());
        let now = rows::all(&daemon, "each");
        for (id, row) in &seen {
            assert_eq!(now.get(id), Some(row), "{id:?}");
        }
        rows::are_numbered_without_a_gap(&now);
        seen = now;
    }
    let epochs: std::collections::BTreeSet<u64> = seen.keys().map(|id| id.epoch).collect();
    assert_eq!(epochs, (1..=6).collect());
    daemon.stop();
}

#[test]
fn a_torn_tail_is_cut_and_said() {
    let daemon = Daemon::start(EACH);
    let mut load = Load::new(30, daemon.udp);
    load.run(Duration::from_millis(500));
    load.finish();
    rows::come_to(&daemon, "each", rows::of(load.sent()));
    let seen = rows::all(&daemon, "each");
    let journal = journal(&daemon.data());
    let dir = daemon.kill();
    // What a power cut may leave of a write that was under way.
    let mut file = fs::File::options().append(true).open(&journal).unwrap();
    file.write_all(&[0x5a; 1_234]).unwrap();

    let daemon = Daemon::start_again(dir);
    let said = daemon.said();
    assert!(said.contains("torn_octets=1234 lost_records=0"), "{said}");
    assert_eq!(rows::all(&daemon, "each"), seen);
    let mut load = Load::new(31, daemon.udp);
    load.run(Duration::from_millis(500));
    load.finish();
    let wanted = seen.len() + usize::try_from(load.sent().records).unwrap();
    daemon.wait_until("the new rows", || {
        rows::all(&daemon, "each").len() >= wanted
    });
    assert_eq!(rows::all(&daemon, "each").len(), wanted);
    daemon.stop();
}

/// The file into which the only Logstore writes.
fn journal(data: &Path) -> PathBuf {
    let mut found = Vec::new();
    let mut dirs = vec![data.join("logstore/flow-logs/each")];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|it| it == "journal") {
                found.push(path);
            }
        }
    }
    found.sort();
    found.pop().unwrap()
}
