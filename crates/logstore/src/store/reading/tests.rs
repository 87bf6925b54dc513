use super::*;
use crate::batch::{Batch, Cell};
use crate::sample::{LOGSTORE, PROJECT, batch, open};

const PLACE: (&str, &str) = (PROJECT, LOGSTORE);

/// The row ids that are read from a cursor on, so many rows at a time.
fn ids(logstore: &Logstore, place: (&str, &str), mut from: i64, rows: usize) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let read = logstore.read(place, 0, from, rows).unwrap();
        if read.groups.is_empty() {
            return ids;
        }
        for group in &read.groups {
            assert!(group.cursor() >= from && group.received() > 0);
            from = group.cursor() + 1;
            let column = group.group().column("row-id").unwrap();
            let mut scratch = Vec::new();
            ids.extend((0..group.group().rows()).map(|row| {
                let text = column.cell(row).text(&mut scratch).unwrap();
                String::from_utf8(text.to_vec()).unwrap()
            }));
        }
        assert_eq!(read.next, from);
    }
}

fn numbered(numbers: std::ops::Range<u64>) -> Vec<String> {
    numbers.map(|n| format!("0-default-0-{n}")).collect()
}

#[test]
fn rows_are_read_in_their_order_wherever_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    let begin = logstore.readable(PROJECT, LOGSTORE).unwrap()[0].end;
    logstore.append(batch(0, 0, 100)).wait().unwrap();
    assert_eq!(ids(&logstore, PLACE, begin, 7), numbered(0..100));
    logstore.seal();
    assert_eq!(ids(&logstore, PLACE, begin, 1000), numbered(0..100));
    logstore.append(batch(0, 100, 150)).wait().unwrap();
    for rows in [1, 60, 1000] {
        assert_eq!(ids(&logstore, PLACE, begin, rows), numbered(0..150));
    }
    let shard = &logstore.readable(PROJECT, LOGSTORE).unwrap()[0];
    assert_eq!((shard.first, shard.readonly), (begin, false));
    assert!(ids(&logstore, PLACE, shard.end, 1).is_empty());
}

#[test]
fn what_comes_back_from_a_segment_reads_as_what_was_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    let begin = logstore.readable(PROJECT, LOGSTORE).unwrap()[0].end;
    logstore.append(batch(0, 0, 20)).wait().unwrap();
    let texts = |logstore: &Logstore| -> Vec<(u32, String, Vec<String>)> {
        let read = logstore.read(PLACE, 0, begin, 1000).unwrap();
        let mut all = Vec::new();
        for group in &read.groups {
            let group = group.group();
            for (row, time) in group.time.iter().enumerate() {
                let mut scratch = Vec::new();
                let text = |cell: Cell<'_>, scratch: &mut Vec<u8>| {
                    String::from_utf8(cell.text(scratch).unwrap_or(b"none").to_vec()).unwrap()
                };
                let columns = group.columns.iter();
                let pairs = columns
                    .map(|it| format!("{}={}", it.name, text(it.values.cell(row), &mut scratch)));
                all.push((*time, group.source.to_string(), pairs.collect()));
            }
        }
        all
    };
    let held = texts(&logstore);
    logstore.seal();
    assert_eq!(texts(&logstore), held);
    assert_eq!(held.len(), 20);
}

#[test]
fn a_backlog_is_what_stands_behind_a_cursor() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    let begin = logstore.readable(PROJECT, LOGSTORE).unwrap()[0].end;
    logstore.append(batch(0, 0, 50)).wait().unwrap();
    let of = |from| logstore.backlog(PLACE, 0, from).unwrap();
    let held = of(begin);
    assert_eq!(held.rows, 50);
    assert!(held.octets > 0 && held.since.is_some());
    logstore.seal();
    assert_eq!(of(begin).rows, 50);
    let end = logstore.readable(PROJECT, LOGSTORE).unwrap()[0].end;
    assert_eq!(of(end), Backlog::default());
}

#[test]
fn a_spool_keeps_its_rows_until_they_are_released_and_nobody_sees_it() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    let place = (SPOOL, "fl-1");
    let spooled = |first, next| Batch {
        project: place.0.into(),
        logstore: place.1.into(),
        ..batch(0, first, next)
    };
    logstore.ensure_spool("fl-1").unwrap();
    logstore.ensure_spool("fl-1").unwrap();
    let begin = logstore.readable(place.0, place.1).unwrap()[0].end;
    logstore.append(spooled(0, 30)).wait().unwrap();
    logstore.seal();
    logstore.append(spooled(30, 40)).wait().unwrap();
    drop(logstore);

    let logstore = open(dir.path());
    assert_eq!(logstore.spools(), [Arc::from("fl-1")]);
    assert!(logstore.projects().iter().all(|it| &*it.name == PROJECT));
    assert!(matches!(
        logstore.create_project(SPOOL, ""),
        Err(ManageError::InvalidName(_))
    ));
    assert_eq!(ids(&logstore, place, begin, 1000), numbered(0..40));
    logstore.release("fl-1", 0, begin + 1).unwrap();
    assert_eq!(ids(&logstore, place, begin, 1000), numbered(0..40));
    let end = logstore.readable(place.0, place.1).unwrap()[0].end;
    logstore.release("fl-1", 0, end).unwrap();
    assert_eq!(ids(&logstore, place, begin, 1000), numbered(30..40));
}

#[test]
fn what_is_not_there_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    let missing = logstore.read((PROJECT, "none"), 0, 0, 1).unwrap_err();
    assert!(matches!(missing, ReadError::NoSuchLogstore { .. }));
    assert_eq!(
        logstore.read(PLACE, 7, 0, 1).unwrap_err(),
        ReadError::NoSuchShard(7)
    );
}
