use std::path::Path;

use super::*;
use crate::sample::{batch, open_with, row_ids, settings};
use crate::{Logstore, Recovered};

fn row(first: i64, rows: u64) -> SegmentRow {
    SegmentRow {
        shard: 1,
        first,
        next: first + 1,
        rows,
        octets: 0,
        min_time: 0,
        max_time: 0,
        min_received: 0,
        max_received: 0,
        sums: Arc::default(),
    }
}

fn chosen(rows: &[u64]) -> Option<Range<usize>> {
    let rows: Vec<_> = (0..).zip(rows).map(|(at, rows)| row(at, *rows)).collect();
    choose(&rows, 100)
}

#[test]
fn neighbours_of_about_the_same_size_are_merged() {
    assert_eq!(chosen(&[1, 1, 1]), None);
    assert_eq!(chosen(&[1, 1, 1, 1]), Some(0..4));
    assert_eq!(chosen(&[9, 1, 1, 1]), None);
    assert_eq!(chosen(&[4, 1, 1, 1, 1]), Some(0..5));
    assert_eq!(chosen(&[90, 5, 5, 5, 5]), Some(1..5));
    assert_eq!(chosen(&[30, 30, 30, 30]), None);
}

#[test]
fn a_hole_or_a_day_ends_a_run() {
    let mut rows: Vec<_> = (0..6).map(|at| row(at, 1)).collect();
    rows[1].next = 7;
    assert_eq!(choose(&rows, 100), Some(2..6));
    rows[3].max_received = SPAN + 1;
    assert_eq!(choose(&rows, 100), None);
}

/// What the disk would hold if the process died now, opened again: its rows and its segments.
fn after_death(dir: &Path) -> (Vec<String>, usize, Recovered) {
    let image = tempfile::tempdir().unwrap();
    copy(dir, image.path());
    let (logstore, recovered) = Logstore::open(image.path(), settings()).unwrap();
    let segments = logstore.inner().shards()[0].segments().len();
    (row_ids(&logstore, "*"), segments, recovered)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

fn files(shard: &Shard) -> usize {
    let entries = std::fs::read_dir(&shard.dir).unwrap();
    let names = entries.map(|entry| entry.unwrap().path());
    names
        .filter(|path| path.extension().is_some_and(|e| e == "parquet"))
        .count()
}

/// Three segments: too few to be merged by themselves.
fn with_segments(dir: &Path) -> Logstore {
    let logstore = open_with(dir, settings());
    for part in 0..3 {
        logstore
            .append(batch(0, part * 40, (part + 1) * 40))
            .wait()
            .unwrap();
        logstore.seal();
    }
    logstore
}

#[test]
fn a_death_between_the_steps_loses_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = with_segments(dir.path());
    let inner = logstore.inner();
    let shard = &inner.shards()[0];
    let rows_before = row_ids(&logstore, "*");
    let run = shard.run_of_segments(|rows| Some(0..rows.len()));
    assert_eq!((run.len(), rows_before.len()), (3, 120));

    let merged = write(shard, &run, inner.style()).unwrap();
    assert_eq!(files(shard), 4);
    let (rows, segments, recovered) = after_death(dir.path());
    assert_eq!(
        (&rows, segments, recovered.removed_files),
        (&rows_before, 3, 1)
    );

    let gone = super::rows(&run);
    inner.metadata.merge(&gone, merged.row()).unwrap();
    let (rows, segments, recovered) = after_death(dir.path());
    assert_eq!(
        (&rows, segments, recovered.removed_files),
        (&rows_before, 1, 3)
    );

    shard.merged(&gone, merged);
    assert_eq!(row_ids(&logstore, "*"), rows_before);
    for segment in &run {
        segment.doom();
    }
    drop(run);
    assert_eq!(files(shard), 1);
    let (rows, segments, recovered) = after_death(dir.path());
    assert_eq!(
        (&rows, segments, recovered),
        (&rows_before, 1, Recovered::default())
    );
}

#[test]
fn segments_that_were_deleted_meanwhile_do_not_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = with_segments(dir.path());
    let inner = logstore.inner();
    let shard = &inner.shards()[0];
    let run = shard.run_of_segments(|rows| Some(0..rows.len()));
    let first = run[0].row().clone();
    inner
        .metadata
        .delete_segments(std::slice::from_ref(&first))
        .unwrap();
    drop(shard.forget(&[first]));
    assert!(replace(inner, shard, &run).is_err());
    assert_eq!(row_ids(&logstore, "*").len(), 80);
    assert_eq!(files(shard), 3, "the merged file is gone");
}

#[test]
fn the_sealer_merges_by_itself_while_readers_read_on() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = with_segments(dir.path());
    let inner = logstore.inner();
    let reading = inner.shards()[0].snapshot();
    logstore.append(batch(0, 120, 160)).wait().unwrap();
    logstore.seal();
    while logstore.stats().segments_merged == 0 {
        inner.wait_for_progress();
    }
    assert_eq!(logstore.stats().segments_merged, 4);
    assert_eq!(inner.shards()[0].segments().len(), 1);
    assert_eq!(row_ids(&logstore, "*").len(), 160);
    for segment in &reading.segments {
        assert!(segment.groups(i64::MIN).unwrap().all(|group| group.is_ok()));
    }
}
