use super::*;
use crate::spec::Destination;

fn spec(flow_log: &str, logstore: &str) -> Spec {
    Spec {
        flow_log: flow_log.into(),
        project: "flow-logs".into(),
        logstore: logstore.into(),
        to: Destination::Sls {
            region: "cn-hangzhou".into(),
            project: "proj".into(),
            logstore: "store".into(),
        },
    }
}

#[test]
fn what_is_saved_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sink.sqlite");
    let progress = Progress {
        shards: [(0, 7), (3, i64::MAX)].into(),
        target: Some("words".to_owned()),
    };
    let book = Book::open(&path).unwrap();
    let (one, two) = (spec("one", "a"), spec("two", "b"));
    let nothing = Progress::default();
    book.save([(&one, &nothing), (&two, &nothing)].into_iter())
        .unwrap();
    let moved = Spec {
        to: Destination::Sls {
            region: "cn-shanghai".into(),
            project: "proj".into(),
            logstore: "store".into(),
        },
        ..spec("one", "a")
    };
    assert_eq!(moved.name(), one.name());
    assert_ne!(spec("one", "c").name(), one.name());
    book.save([(&moved, &progress)].into_iter()).unwrap();
    book.forget(&two.name()).unwrap();
    drop(book);
    let book = Book::open(&path).unwrap();
    assert_eq!(book.streams().unwrap(), (vec![(moved, progress)], vec![]));
}

#[test]
fn what_nobody_understands_is_named_and_a_newer_database_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sink.sqlite");
    let book = Book::open(&path).unwrap();
    book.lock()
        .execute("INSERT INTO stream VALUES ('odd', '{}', '{}')", [])
        .unwrap();
    assert_eq!(book.streams().unwrap(), (vec![], vec!["odd".to_owned()]));
    book.lock().pragma_update(None, "user_version", 9).unwrap();
    drop(book);
    assert!(Book::open(&path).is_err());
}
