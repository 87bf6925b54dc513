//! What is left after a death at any moment.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use crate::sample::{batch, open_with, row_ids, settings};
use crate::{Logstore, Recovered, Settings};

/// Heads of some hundred rows, so that boundaries are crossed all the time.
fn small() -> Settings {
    Settings {
        seal_octets: 60_000,
        ..settings()
    }
}

/// What the disk would hold if the process died now.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if let Err(error) = std::fs::copy(entry.path(), &target) {
            // Freed between listing and copying.
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        }
    }
}

/// All rows by partition; fails when one is there twice.
fn rows(logstore: &Logstore) -> BTreeMap<u16, Vec<u64>> {
    let mut rows: BTreeMap<u16, Vec<u64>> = BTreeMap::new();
    for id in row_ids(logstore, "*") {
        let mut parts = id.rsplit('-');
        let number = parts.next().unwrap().parse().unwrap();
        rows.entry(parts.next().unwrap().parse().unwrap())
            .or_default()
            .push(number);
    }
    for numbers in rows.values_mut() {
        numbers.sort_unstable();
    }
    rows
}

#[derive(Clone, Debug)]
enum Operation {
    /// Rows of a partition, beginning so many before the next number.
    Append {
        partition: u16,
        again: u64,
        rows: u64,
    },
    Seal,
    /// Closes and opens.
    Reopen,
    /// Goes on with a copy of the directory.
    Crash,
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let append =
        (0..3_u16, 0..20_u64, 1..150_u64).prop_map(|(partition, again, rows)| Operation::Append {
            partition,
            again,
            rows,
        });
    let operation = prop_oneof![
        6 => append,
        1 => Just(Operation::Seal),
        1 => Just(Operation::Reopen),
        2 => Just(Operation::Crash),
    ];
    prop::collection::vec(operation, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_row_is_there_once_whatever_happens(operations in operations()) {
        let mut dir = tempfile::tempdir().unwrap();
        let mut logstore = Some(open_with(dir.path(), small()));
        let mut model: BTreeMap<u16, Vec<u64>> = BTreeMap::new();
        for operation in operations {
            match operation {
                Operation::Append { partition, again, rows } => {
                    let known = model.entry(partition).or_default();
                    let next = u64::try_from(known.len()).unwrap();
                    let first = next.saturating_sub(again);
                    let appended = logstore.as_ref().unwrap();
                    let appended = appended.append(batch(partition, first, next + rows)).wait();
                    prop_assert_eq!(appended.unwrap().repeated, next - first);
                    known.extend(next..next + rows);
                }
                Operation::Seal => logstore.as_ref().unwrap().seal(),
                Operation::Reopen => {
                    drop(logstore.take());
                    logstore = Some(open_with(dir.path(), small()));
                }
                Operation::Crash => {
                    let next = tempfile::tempdir().unwrap();
                    copy(dir.path(), next.path());
                    logstore = Some(open_with(next.path(), small()));
                    dir = next;
                }
            }
            prop_assert_eq!(&rows(logstore.as_ref().unwrap()), &model);
        }
    }
}

/// Directories before and after sealing 200 rows.
fn before_and_after() -> (tempfile::TempDir, tempfile::TempDir) {
    let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let logstore = open_with(after.path(), settings());
    logstore.append(batch(0, 0, 200)).wait().unwrap();
    copy(after.path(), before.path());
    logstore.seal();
    drop(logstore);
    (before, after)
}

fn check(dir: &Path) -> Recovered {
    let (logstore, recovered) = Logstore::open(dir, settings()).unwrap();
    let expected = BTreeMap::from([(0, (0..200).collect::<Vec<u64>>())]);
    assert_eq!(rows(&logstore), expected);
    assert_eq!(
        logstore.append(batch(0, 0, 200)).wait().unwrap().repeated,
        200
    );
    recovered
}

fn shard() -> std::path::PathBuf {
    Path::new(crate::sample::PROJECT)
        .join(crate::sample::LOGSTORE)
        .join("1")
}

#[test]
fn a_death_between_segment_and_metadata_leaves_the_rows_in_the_journal() {
    let (before, after) = before_and_after();
    let segments = std::fs::read_dir(after.path().join(shard())).unwrap();
    let segment = segments
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|e| e == "parquet"))
        .unwrap();
    let home = before.path().join(shard());
    std::fs::copy(&segment, home.join(segment.file_name().unwrap())).unwrap();
    std::fs::write(home.join("7-8.unfinished"), b"half").unwrap();
    let recovered = check(before.path());
    assert_eq!((recovered.rows, recovered.removed_files), (200, 2));
}

#[test]
fn a_death_between_metadata_and_journal_leaves_the_rows_in_the_segment() {
    let (before, after) = before_and_after();
    copy(
        &before.path().join(shard()).join("journal"),
        &after.path().join(shard()).join("journal"),
    );
    let recovered = check(after.path());
    assert_eq!((recovered.rows, recovered.removed_files), (0, 0));
}

#[test]
fn a_torn_tail_is_cut_and_said() {
    let (before, _after) = before_and_after();
    let journal = before.path().join(shard()).join("journal");
    let file = std::fs::read_dir(journal)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut octets = std::fs::read(&file).unwrap();
    octets.extend_from_slice(&[1, 1, 0, 0, 7]);
    std::fs::write(&file, octets).unwrap();
    assert_eq!(check(before.path()).torn_octets, 5);
}

#[test]
fn a_segment_that_is_missing_is_said() {
    let (_before, after) = before_and_after();
    let segments = std::fs::read_dir(after.path().join(shard())).unwrap();
    for path in segments.map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|e| e == "parquet") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let (logstore, recovered) = Logstore::open(after.path(), settings()).unwrap();
    assert_eq!(recovered.set_aside.len(), 1);
    assert_eq!(logstore.stats().segments_set_aside, 1);
    assert_eq!(rows(&logstore), BTreeMap::new());
    // Their numbers are remembered all the same.
    assert_eq!(
        logstore.append(batch(0, 0, 200)).wait().unwrap().repeated,
        200
    );
}

const CHILD: &str = "FLOWLOG_LOGSTORE_CHILD";

/// Not a test of its own: what `what_was_acknowledged_survives_a_kill` starts and kills.
#[test]
#[ignore = "runs as a child process alone"]
#[expect(clippy::print_stdout, reason = "how it tells its parent")]
fn child_appends_until_it_is_killed() {
    let Ok(dir) = std::env::var(CHILD) else {
        return;
    };
    let logstore = open_with(Path::new(&dir), small());
    let mut first = rows(&logstore)
        .get(&0)
        .map_or(0, |rows| u64::try_from(rows.len()).unwrap());
    loop {
        logstore.append(batch(0, first, first + 50)).wait().unwrap();
        first += 50;
        println!("acknowledged {first}");
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 1..4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::tests::crash::child_appends_until_it_is_killed",
            ])
            .args(["--ignored", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let numbers =
            lines.filter_map(|line| line.ok()?.strip_prefix("acknowledged ")?.parse().ok());
        for number in numbers.take(37 * round) {
            acknowledged = number;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let logstore = open_with(dir.path(), small());
        let stored = rows(&logstore).remove(&0).unwrap_or_default();
        let next = u64::try_from(stored.len()).unwrap();
        assert_eq!(stored, (0..next).collect::<Vec<_>>());
        assert!(
            next >= acknowledged,
            "{next} rows, but {acknowledged} were acknowledged"
        );
    }
    assert!(acknowledged > 1000);
}
