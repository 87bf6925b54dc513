use std::fs;
use std::sync::atomic::Ordering;

use tempfile::TempDir;

use super::*;
use crate::recover;

fn settings(segment_octets: u64) -> Settings {
    Settings {
        segment_octets,
        record_octets_max: 1000,
        first_position: Position::ZERO,
    }
}

fn open(dir: &TempDir, segment_octets: u64) -> (Journal, Recovery) {
    Journal::open(dir.path(), settings(segment_octets)).unwrap()
}

fn contents(journal: &Journal, from: u64) -> Vec<(u64, Vec<u8>)> {
    journal
        .read(Position(from))
        .map(|record| {
            record
                .map(|(position, octets)| (position.0, octets))
                .unwrap()
        })
        .collect()
}

/// Octets that tell which record they are.
fn record(number: u64) -> Vec<u8> {
    format!("record {number}").into_bytes()
}

/// A journal of `count` records, synced.
fn filled(dir: &TempDir, segment_octets: u64, count: u64) -> Journal {
    let (mut journal, _) = open(dir, segment_octets);
    for number in 0..count {
        assert_eq!(
            journal.append(&[&record(number)]).unwrap(),
            Position(number)
        );
    }
    journal.sync().unwrap();
    journal
}

fn segment_files(dir: &TempDir) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn records_come_back_with_consecutive_positions() {
    let dir = TempDir::new().unwrap();
    let (mut journal, recovery) = open(&dir, 4096);
    assert_eq!(recovery, Recovery::default());
    assert_eq!(journal.append(&[b"one"]).unwrap(), Position(0));
    assert_eq!(journal.append(&[b"t", b"", b"wo"]).unwrap(), Position(1));
    assert_eq!(journal.append(&[]).unwrap(), Position(2));
    let expected = vec![
        (0, b"one".to_vec()),
        (1, b"two".to_vec()),
        (2, b"".to_vec()),
    ];
    assert_eq!(contents(&journal, 0), expected);
    assert_eq!(contents(&journal, 2), expected[2..]);
    assert_eq!(contents(&journal, 3), []);
    assert_eq!(journal.sync().unwrap(), Position(3));
    drop(journal);

    let (journal, recovery) = open(&dir, 4096);
    assert_eq!(recovery.records, 3);
    assert_eq!(recovery.next, Position(3));
    assert_eq!(recovery.torn_tail, None);
    assert_eq!(contents(&journal, 0), expected);
    assert_eq!(journal.durable(), Position(3));
}

#[test]
fn a_reading_sees_what_was_there_when_it_began_and_survives_appends() {
    let dir = TempDir::new().unwrap();
    let mut journal = filled(&dir, 100, 10);
    let mut reading = journal.read(Position(4));
    assert_eq!(reading.next().unwrap().unwrap(), (Position(4), record(4)));
    for number in 10..20 {
        journal.append(&[&record(number)]).unwrap();
    }
    let rest: Vec<_> = reading.map(|record| record.unwrap().0.0).collect();
    assert_eq!(rest, [5, 6, 7, 8, 9]);
    assert_eq!(contents(&journal, 15).len(), 5);
}

#[test]
fn whole_segments_behind_a_position_are_freed_and_positions_go_on() {
    let dir = TempDir::new().unwrap();
    let mut journal = filled(&dir, 100, 20);
    assert!(journal.segments() > 4);
    let before = journal.disk_octets();
    let freed = journal.free_before(Position(9)).unwrap();
    assert_eq!(journal.disk_octets(), before - freed);
    assert!(freed > 0);
    let first = journal.first().0;
    assert!(first <= 9 && first > 0);
    assert_eq!(contents(&journal, 0)[0], (first, record(first)));
    journal.roll().unwrap();
    journal.free_before(Position(20)).unwrap();
    assert_eq!(segment_files(&dir), ["00000000000000000020.journal"]);
    assert_eq!(journal.disk_octets(), FIRST_FRAME);
    drop(journal);

    let (mut journal, recovery) = open(&dir, 100);
    assert_eq!(
        (recovery.first, recovery.next),
        (Position(20), Position(20))
    );
    assert_eq!((recovery.lost_records, recovery.damaged_places), (0, 0));
    assert_eq!(journal.append(&[b"x"]).unwrap(), Position(20));
}

#[test]
fn rolling_an_empty_segment_changes_nothing() {
    let dir = TempDir::new().unwrap();
    let mut journal = filled(&dir, 4096, 1);
    journal.roll().unwrap();
    journal.roll().unwrap();
    assert_eq!(journal.segments(), 2);
}

#[test]
fn a_reading_leaves_out_segments_that_are_freed_meanwhile() {
    let dir = TempDir::new().unwrap();
    let mut journal = filled(&dir, 60, 6);
    let reading = journal.read(Position(0));
    journal.free_before(Position(3)).unwrap();
    let read: Vec<_> = reading.map(|record| record.unwrap().0.0).collect();
    assert_eq!(read, (journal.first().0..6).collect::<Vec<_>>());
}

#[test]
fn a_record_longer_than_a_segment_gets_one_of_its_own() {
    let dir = TempDir::new().unwrap();
    let mut journal = filled(&dir, 100, 2);
    journal.append(&[&[7; 500]]).unwrap();
    journal.append(&[b"after"]).unwrap();
    assert_eq!(contents(&journal, 2)[0].1.len(), 500);
    assert_eq!(contents(&journal, 3), [(3, b"after".to_vec())]);
    assert_eq!(journal.segments(), 3);
}

#[test]
fn a_record_beyond_the_limit_is_refused_and_costs_no_position() {
    let dir = TempDir::new().unwrap();
    let (mut journal, _) = open(&dir, 4096);
    let error = journal.append(&[&[0; 600], &[0; 401]]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a record of 1001 octets exceeds the limit of 1000"
    );
    assert_eq!(journal.append(&[&[0; 1000]]).unwrap(), Position(0));
}

#[test]
fn a_second_journal_on_the_same_directory_is_refused() {
    let dir = TempDir::new().unwrap();
    let (journal, _) = open(&dir, 4096);
    let error = Journal::open(dir.path(), settings(4096)).unwrap_err();
    assert!(matches!(error, JournalError::InUse { .. }), "{error}");
    drop(journal);
    open(&dir, 4096);
}

#[test]
fn the_next_position_can_be_raised_and_the_gap_is_no_loss() {
    let dir = TempDir::new().unwrap();
    drop(filled(&dir, 4096, 3));
    let raised = Settings {
        first_position: Position(100),
        ..settings(4096)
    };
    let (mut journal, recovery) = Journal::open(dir.path(), raised.clone()).unwrap();
    assert_eq!(recovery.next, Position(100));
    assert_eq!(journal.append(&[b"x"]).unwrap(), Position(100));
    drop(journal);
    let (journal, recovery) = Journal::open(dir.path(), raised).unwrap();
    assert_eq!((recovery.records, recovery.lost_records), (4, 0));
    assert_eq!(recovery.damage, []);
    assert_eq!(
        contents(&journal, 2),
        [(2, record(2)), (100, b"x".to_vec())]
    );
}

#[test]
fn a_missing_directory_is_made_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().unwrap();
    let inner = dir.path().join("a/b");
    drop(Journal::open(&inner, settings(4096)).unwrap());
    let mode = fs::metadata(&inner).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_segment_whose_making_was_cut_short_is_removed() {
    let dir = TempDir::new().unwrap();
    drop(filled(&dir, 4096, 2));
    fs::write(dir.path().join("00000000000000000002.unfinished"), b"flow").unwrap();
    fs::write(dir.path().join("notes.txt"), b"not ours").unwrap();
    let (_journal, recovery) = open(&dir, 4096);
    assert_eq!(recovery.records, 2);
    assert_eq!(
        segment_files(&dir),
        ["00000000000000000000.journal", "notes.txt"]
    );
}

#[test]
fn a_full_disk_leaves_no_part_of_the_record_and_may_be_tried_again() {
    let dir = TempDir::new().unwrap();
    let mut journal = filled(&dir, 4096, 2);
    let before = journal.disk_octets();
    journal.disk.faults.room.store(5, Ordering::SeqCst);
    let error = journal.append(&[&record(2)]).unwrap_err();
    assert!(error.is_disk_full() && !error.is_final(), "{error}");
    assert_eq!(fs::metadata(&journal.active.path).unwrap().len(), before);
    assert_eq!(contents(&journal, 0).len(), 2);
    assert_eq!(journal.next(), Position(2));

    journal.disk.faults.room.store(-1, Ordering::SeqCst);
    assert_eq!(journal.append(&[&record(2)]).unwrap(), Position(2));
    journal.sync().unwrap();
    drop(journal);
    let (journal, recovery) = open(&dir, 4096);
    assert_eq!((recovery.records, recovery.torn_tail), (3, None));
    assert_eq!(contents(&journal, 2), [(2, record(2))]);
}

#[test]
fn a_disk_too_full_for_a_new_segment_leaves_the_old_one_in_use() {
    let dir = TempDir::new().unwrap();
    let mut journal = filled(&dir, 60, 1);
    journal.disk.faults.room.store(10, Ordering::SeqCst);
    let error = journal.append(&[&record(1)]).unwrap_err();
    assert!(error.is_disk_full(), "{error}");
    assert_eq!(segment_files(&dir), ["00000000000000000000.journal"]);
    journal.disk.faults.room.store(-1, Ordering::SeqCst);
    assert_eq!(journal.append(&[&record(1)]).unwrap(), Position(1));
    assert_eq!(journal.segments(), 2);
}

#[test]
fn a_failed_sync_refuses_everything_until_the_journal_is_opened_again() {
    let dir = TempDir::new().unwrap();
    let mut journal = filled(&dir, 4096, 2);
    journal.append(&[b"not acknowledged"]).unwrap();
    journal.disk.faults.sync_fails.store(true, Ordering::SeqCst);
    assert!(journal.sync().unwrap_err().is_final());
    journal
        .disk
        .faults
        .sync_fails
        .store(false, Ordering::SeqCst);
    assert!(journal.append(&[b"x"]).unwrap_err().is_final());
    assert!(journal.sync().unwrap_err().is_final());
    assert!(journal.roll().unwrap_err().is_final());
    assert_eq!(journal.durable(), Position(2));
    assert_eq!(contents(&journal, 0).len(), 2);
    drop(journal);

    let (mut journal, recovery) = open(&dir, 4096);
    assert_eq!((recovery.records, recovery.torn_tail), (2, None));
    assert_eq!(journal.append(&[b"x"]).unwrap(), Position(2));
}

#[test]
fn a_write_that_cannot_be_taken_back_is_a_failure() {
    let dir = TempDir::new().unwrap();
    let mut journal = filled(&dir, 4096, 2);
    journal.disk.faults.room.store(5, Ordering::SeqCst);
    journal
        .disk
        .faults
        .set_len_fails
        .store(true, Ordering::SeqCst);
    assert!(journal.append(&[&record(2)]).unwrap_err().is_final());
    assert!(journal.append(&[&record(2)]).unwrap_err().is_final());
    drop(journal);
    let (_journal, recovery) = open(&dir, 4096);
    assert_eq!(recovery.records, 2);
    assert_eq!(recovery.torn_tail.unwrap().octets, 5);
}

#[test]
fn nothing_is_synced_twice() {
    let dir = TempDir::new().unwrap();
    let mut journal = filled(&dir, 4096, 2);
    let before = journal.disk.faults.syncs.load(Ordering::SeqCst);
    journal.sync().unwrap();
    journal.sync().unwrap();
    assert_eq!(journal.disk.faults.syncs.load(Ordering::SeqCst), before);
}

#[test]
fn a_torn_tail_is_cut_and_said_and_writing_goes_on_there() {
    let dir = TempDir::new().unwrap();
    let journal = filled(&dir, 4096, 3);
    let (path, whole) = (journal.active.path.clone(), journal.disk_octets());
    drop(journal);
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(whole - 4).unwrap();

    let looked = recover(dir.path()).unwrap();
    let torn = looked.torn_tail.clone().unwrap();
    assert_eq!((torn.segment, torn.octets), (path.clone(), 12));
    assert_eq!(torn.offset, whole - 16);
    assert_eq!(fs::metadata(&path).unwrap().len(), whole - 4);

    let (mut journal, recovery) = open(&dir, 4096);
    assert_eq!(recovery, looked);
    assert_eq!(fs::metadata(&path).unwrap().len(), whole - 16);
    assert_eq!(journal.append(&[b"again"]).unwrap(), Position(2));
    assert_eq!(contents(&journal, 2), [(2, b"again".to_vec())]);
}

#[test]
fn a_segment_is_brought_to_disk_before_the_next_one_begins() {
    let dir = TempDir::new().unwrap();
    let mut journal = filled(&dir, 4096, 2);
    journal.append(&[b"open"]).unwrap();
    journal.disk.faults.sync_fails.store(true, Ordering::SeqCst);
    assert!(journal.roll().unwrap_err().is_final());
    assert_eq!(segment_files(&dir), ["00000000000000000000.journal"]);

    let dir = TempDir::new().unwrap();
    let mut journal = filled(&dir, 4096, 2);
    journal.append(&[b"closed"]).unwrap();
    journal.roll().unwrap();
    assert_eq!(journal.durable(), Position(3));
}
