use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::header::file_name;
use crate::{Journal, Settings};

/// Records of four octets, so frames of twelve; five of them in a segment.
fn filled(dir: &TempDir, count: u64) {
    let settings = Settings {
        segment_octets: FIRST_FRAME + 60,
        ..Settings::default()
    };
    let (mut journal, _) = Journal::open(dir.path(), settings).unwrap();
    for number in 0..count {
        journal.append(&[format!("{number:4}").as_bytes()]).unwrap();
    }
    journal.sync().unwrap();
}

fn segment(dir: &TempDir, first: u64) -> PathBuf {
    dir.path().join(file_name(Position(first)))
}

fn flip(path: &Path, offset: u64) {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut octet = [0];
    file.read_exact_at(&mut octet, offset).unwrap();
    file.write_all_at(&[octet[0] ^ 0x40], offset).unwrap();
}

fn positions(dir: &TempDir) -> Vec<u64> {
    let (journal, _) = Journal::open(dir.path(), Settings::default()).unwrap();
    let records = journal.read(Position(0));
    records.map(|record| record.unwrap().0.0).collect()
}

#[test]
fn a_good_journal_has_nothing_to_say() {
    let dir = TempDir::new().unwrap();
    filled(&dir, 12);
    let expected = Recovery {
        next: Position(12),
        records: 12,
        ..Recovery::default()
    };
    assert_eq!(recover(dir.path()).unwrap(), expected);
}

#[test]
fn a_damaged_record_in_the_middle_costs_itself() {
    let dir = TempDir::new().unwrap();
    filled(&dir, 12);
    flip(&segment(&dir, 5), FIRST_FRAME + 12 + 9);
    let recovery = recover(dir.path()).unwrap();
    assert_eq!((recovery.records, recovery.next), (11, Position(12)));
    assert_eq!((recovery.lost_records, recovery.lost_octets), (1, 12));
    let expected = Damage {
        segment: segment(&dir, 5),
        offset: FIRST_FRAME + 12,
        octets: 12,
        records: 1,
    };
    assert_eq!(recovery.damage, [expected]);
    assert_eq!(recovery.torn_tail, None);
    assert_eq!(positions(&dir), [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11]);
}

#[test]
fn a_damaged_length_costs_the_rest_of_its_segment_and_nothing_behind() {
    let dir = TempDir::new().unwrap();
    filled(&dir, 12);
    flip(&segment(&dir, 5), FIRST_FRAME + 12);
    let recovery = recover(dir.path()).unwrap();
    assert_eq!((recovery.records, recovery.lost_records), (8, 4));
    let expected = Damage {
        segment: segment(&dir, 5),
        offset: FIRST_FRAME + 12,
        octets: 48,
        records: 4,
    };
    assert_eq!(recovery.damage, [expected]);
    assert_eq!(positions(&dir), [0, 1, 2, 3, 4, 5, 10, 11]);
}

#[test]
fn the_same_damage_in_the_last_segment_is_a_torn_tail() {
    let dir = TempDir::new().unwrap();
    filled(&dir, 12);
    flip(&segment(&dir, 10), FIRST_FRAME + 12 + 11);
    let recovery = recover(dir.path()).unwrap();
    assert_eq!((recovery.records, recovery.next), (11, Position(11)));
    let torn = recovery.torn_tail.unwrap();
    assert_eq!((torn.offset, torn.octets), (FIRST_FRAME + 12, 12));
    assert_eq!(recovery.damaged_places, 0);
}

#[test]
fn a_segment_that_ends_too_early_is_said_with_the_records_that_are_missing() {
    let dir = TempDir::new().unwrap();
    filled(&dir, 12);
    let file = OpenOptions::new()
        .write(true)
        .open(segment(&dir, 0))
        .unwrap();
    file.set_len(FIRST_FRAME + 24).unwrap();
    let recovery = recover(dir.path()).unwrap();
    assert_eq!((recovery.records, recovery.lost_records), (9, 3));
    let expected = Damage {
        segment: segment(&dir, 0),
        offset: FIRST_FRAME + 24,
        octets: 0,
        records: 3,
    };
    assert_eq!(recovery.damage, [expected]);
}

#[test]
fn a_segment_that_is_gone_is_said_with_the_records_that_are_missing() {
    let dir = TempDir::new().unwrap();
    filled(&dir, 12);
    fs::remove_file(segment(&dir, 5)).unwrap();
    let recovery = recover(dir.path()).unwrap();
    assert_eq!((recovery.records, recovery.lost_records), (7, 5));
    assert_eq!(recovery.damaged_places, 1);
    assert_eq!(positions(&dir), [0, 1, 2, 3, 4, 10, 11]);
}

#[test]
fn a_damaged_segment_header_costs_no_record_and_is_mended_in_the_last() {
    let dir = TempDir::new().unwrap();
    filled(&dir, 12);
    flip(&segment(&dir, 5), 3);
    flip(&segment(&dir, 10), 20);
    let recovery = recover(dir.path()).unwrap();
    assert_eq!((recovery.records, recovery.lost_records), (12, 0));
    assert_eq!((recovery.damaged_places, recovery.lost_octets), (2, 64));
    assert_eq!(positions(&dir).len(), 12);
    assert_eq!(recover(dir.path()).unwrap().damaged_places, 1);
}

#[test]
fn a_last_segment_shorter_than_its_header_is_a_torn_tail() {
    let dir = TempDir::new().unwrap();
    filled(&dir, 12);
    let path = segment(&dir, 10);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(7).unwrap();
    let recovery = recover(dir.path()).unwrap();
    assert_eq!((recovery.records, recovery.next), (10, Position(10)));
    let torn = recovery.torn_tail.unwrap();
    assert_eq!((torn.offset, torn.octets), (0, 7));
    assert_eq!(positions(&dir).len(), 10);
    assert_eq!(recover(dir.path()).unwrap().torn_tail, None);
}

#[test]
fn a_segment_under_another_name_is_not_believed() {
    let dir = TempDir::new().unwrap();
    filled(&dir, 12);
    fs::rename(segment(&dir, 10), segment(&dir, 20)).unwrap();
    let recovery = recover(dir.path()).unwrap();
    assert_eq!(recovery.records, 10);
    assert_eq!(recovery.next, Position(20));
    assert!(recovery.torn_tail.is_some());
}

#[test]
fn a_segment_of_a_later_version_is_left_alone() {
    let dir = TempDir::new().unwrap();
    filled(&dir, 3);
    let file = OpenOptions::new()
        .write(true)
        .open(segment(&dir, 0))
        .unwrap();
    let mut octets = SegmentHeader {
        first: Position(0),
        previous_end: Position(0),
    }
    .encode();
    octets[8] = 9;
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&octets[..12]);
    checksum.update(&octets[16..]);
    octets[12..16].copy_from_slice(&checksum.finalize().to_le_bytes());
    file.write_all_at(&octets, 0).unwrap();
    let error = Journal::open(dir.path(), Settings::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("has format version 9, this program knows 1")
    );
}

#[test]
fn the_list_of_damage_is_bounded_and_the_sums_are_not() {
    let dir = TempDir::new().unwrap();
    let (mut journal, _) = Journal::open(dir.path(), Settings::default()).unwrap();
    for _ in 0..201 {
        journal.append(&[b"1234"]).unwrap();
    }
    drop(journal);
    for number in 0..100 {
        flip(&segment(&dir, 0), FIRST_FRAME + number * 24 + 10);
    }
    let recovery = recover(dir.path()).unwrap();
    assert_eq!(recovery.damage.len(), 64);
    assert_eq!((recovery.damaged_places, recovery.lost_octets), (100, 1200));
    assert_eq!((recovery.records, recovery.lost_records), (101, 100));
}

#[test]
fn looking_at_a_directory_that_is_not_there_is_an_error() {
    let dir = TempDir::new().unwrap();
    let error = recover(&dir.path().join("absent")).unwrap_err();
    assert!(error.to_string().starts_with("cannot list "), "{error}");
}

#[test]
fn a_reader_begins_at_the_last_mark_before_its_position() {
    let mut segment = Segment::new(PathBuf::new(), Position(100));
    assert_eq!(segment.seek(Position(100)), (Position(100), FIRST_FRAME));
    let mut offset = FIRST_FRAME;
    for position in 100..200 {
        segment.push(Position(position), offset, 10_000);
        offset += 10_000;
    }
    assert_eq!(segment.end, Position(200));
    assert!(segment.marks.len() < 5);
    assert_eq!(segment.seek(Position(99)), (Position(100), FIRST_FRAME));
    assert_eq!(segment.seek(Position(126)).0, Position(100));
    let (mark, at) = segment.seek(Position(127));
    assert_eq!((mark, at), (Position(127), FIRST_FRAME + 270_000));
    assert_eq!(segment.seek(Position(500)).0, Position(181));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever stands in the files: looking does not fail, opening agrees with it, and then
    /// the journal works.
    #[test]
    fn any_files_make_a_journal(
        files in prop::collection::vec((0..30_u64, prop::collection::vec(any::<u8>(), 0..200)), 0..4),
        headed in any::<bool>(),
    ) {
        let dir = TempDir::new().unwrap();
        for (first, octets) in &files {
            let header = SegmentHeader { first: Position(*first), previous_end: Position(*first / 2) };
            let header = if headed { header.encode().to_vec() } else { Vec::new() };
            fs::write(segment(&dir, *first), [&header[..], octets].concat()).unwrap();
        }
        let looked = recover(dir.path()).unwrap();
        let (mut journal, opened) = Journal::open(dir.path(), Settings::default()).unwrap();
        prop_assert_eq!(&looked, &opened);
        let position = journal.append(&[b"x"]).unwrap();
        prop_assert_eq!(position, looked.next);
        journal.sync().unwrap();
        drop(journal);
        let again = recover(dir.path()).unwrap();
        prop_assert_eq!(again.records, looked.records + 1);
        prop_assert_eq!(again.torn_tail, None);
        let (journal, _) = Journal::open(dir.path(), Settings::default()).unwrap();
        let last = journal.read(position).next().unwrap().unwrap();
        prop_assert_eq!(last, (position, b"x".to_vec()));
    }
}
