use std::sync::Arc;

use crate::batch::{Group, Log, LogGroup};
use crate::sample::{NOW, group};
use crate::segment::{Segment, Style};
use crate::settings::Compression;
use crate::shard::Stored;

use super::Whole;

fn log(time: u32, time_ns: Option<u32>, contents: &[(&str, &[u8])]) -> Log {
    Log {
        time,
        time_ns,
        contents: contents
            .iter()
            .map(|(key, value)| ((*key).into(), value.to_vec().into()))
            .collect(),
    }
}

/// `LogGroup`s with every sort of trouble: other keys, other orders, repetitions, octets.
fn clients() -> Vec<LogGroup> {
    let plain = |n: u32| LogGroup {
        topic: "t".into(),
        source: "192.0.2.9".into(),
        tags: vec![("a".into(), "1".into()), ("a".into(), "2".into())],
        logs: (0..n)
            .map(|at| log(NOW + at, None, &[("n", at.to_string().as_bytes())]))
            .collect(),
    };
    let odd = LogGroup {
        logs: vec![
            log(
                NOW,
                Some(5),
                &[("b", b"\xff\x00"), ("a", b"007"), ("b", b"again")],
            ),
            log(
                NOW + 9,
                None,
                &[("a", b"-"), ("__time__", b"mine"), ("", b"")],
            ),
        ],
        ..LogGroup::default()
    };
    vec![plain(70), odd, plain(3)]
}

fn stored(groups: Vec<Group>) -> Vec<Arc<Stored>> {
    (100..)
        .zip(groups)
        .map(|(cursor, group)| Arc::new(Stored::new(cursor, NOW + 1, group)))
        .collect()
}

fn read(segment: &Segment, from: i64) -> Vec<Whole> {
    segment.groups(from).unwrap().map(Result::unwrap).collect()
}

#[test]
fn what_a_client_sent_comes_back_whole_from_any_cursor() {
    let dir = tempfile::tempdir().unwrap();
    let groups = clients();
    let stored = stored(groups.iter().cloned().map(Group::from).collect());
    let style = Style {
        compression: Compression::Zstd,
        row_group_rows: 20,
    };
    let segment = Segment::write(dir.path(), 1, &stored, style).unwrap();
    let want: Vec<_> = (100..)
        .zip(groups)
        .map(|(cursor, group)| Whole {
            cursor,
            received: NOW + 1,
            group,
        })
        .collect();
    assert_eq!(read(&segment, i64::MIN), want);
    assert_eq!(read(&segment, 101), want[1..]);
    assert_eq!(read(&segment, 103), []);
}

#[test]
fn typed_rows_come_back_as_their_texts_and_stay_so_when_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let numbers: Vec<u64> = (0..90).collect();
    let stored = stored(vec![group("192.0.2.1", 0, &numbers)]);
    let style = Style {
        compression: Compression::Lz4,
        row_group_rows: 40,
    };
    let segment = Segment::write(dir.path(), 1, &stored, style).unwrap();
    let back = read(&segment, 100);
    assert_eq!((back.len(), back[0].group.logs.len()), (1, 90));
    let first = &back[0].group.logs[0].contents;
    assert!(first.contains(&("srcaddr".into(), "10.0.0.0".into())));
    assert!(first.contains(&("window".into(), "-".into())));
    let again = (100, Group::from(back[0].group.clone()));
    let again = Arc::new(Stored::new(again.0, NOW + 1, again.1));
    let twice = tempfile::tempdir().unwrap();
    let segment = Segment::write(twice.path(), 1, &[again], style).unwrap();
    assert_eq!(read(&segment, 100), back);
}
