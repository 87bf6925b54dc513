use super::*;

fn book() -> Book {
    Book::new(7, 3, Vec::new(), Vec::new())
}

fn saved(dir: &Path) {
    write(dir, &book(), |number| {
        vec![u8::try_from(number).unwrap(); 100]
    })
    .unwrap();
}

#[test]
fn what_was_written_is_read_and_removed_once() {
    let data = tempfile::tempdir().unwrap();
    let dir = directory(data.path());
    assert!(read(&dir).unwrap().is_none());
    saved(&dir);
    saved(&dir);
    let found = read(&dir).unwrap().unwrap();
    assert_eq!((found.book.epoch, found.partitions.len()), (7, 3));
    assert_eq!(found.partitions[2], Some(vec![2; 100]));
    remove(&dir).unwrap();
    assert!(read(&dir).unwrap().is_none());
    remove(&dir).unwrap();
}

#[test]
fn every_flipped_octet_and_every_cut_is_noticed() {
    let data = tempfile::tempdir().unwrap();
    let dir = directory(data.path());
    for file in [BOOK.to_owned(), partition_file(1)] {
        saved(&dir);
        let path = dir.join(file);
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert!(read(&dir).is_err(), "{} {at}", path.display());
            fs::write(&path, &good[..at]).unwrap();
            assert!(read(&dir).is_err(), "{} cut at {at}", path.display());
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(read(&dir), Err(SavedError::Unreadable { .. })));
    }
}

#[test]
fn unusable_state_is_set_aside_under_its_own_name() {
    let data = tempfile::tempdir().unwrap();
    let dir = directory(data.path());
    saved(&dir);
    let aside = set_aside(&dir, 8).unwrap();
    assert!(aside.join(BOOK).exists());
    assert!(read(&dir).unwrap().is_none());
}

#[test]
fn partitions_that_are_missing_are_neither_written_nor_read() {
    let data = tempfile::tempdir().unwrap();
    let dir = directory(data.path());
    let mut book = book();
    book.missing = vec![1];
    write(&dir, &book, |number| {
        assert_ne!(number, 1);
        vec![7; 10]
    })
    .unwrap();
    let found = read(&dir).unwrap().unwrap();
    assert_eq!(found.partitions[1], None);
    assert_eq!(found.partitions[2], Some(vec![7; 10]));
}
