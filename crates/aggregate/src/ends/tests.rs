use super::{Ends, GENERATION_MS};

#[test]
fn the_last_end_of_a_key_is_remembered() {
    let mut ends = Ends::default();
    ends.insert(1, 10, 0, 9);
    ends.insert(1, 20, 0, 9);
    assert_eq!((ends.get(1, 0), ends.get(2, 0)), (Some(20), None));
}

#[test]
fn ends_are_forgotten_after_one_to_two_generations() {
    let mut ends = Ends::default();
    ends.insert(1, 10, GENERATION_MS - 1, 9);
    ends.insert(2, 20, GENERATION_MS, 9);
    assert_eq!(ends.get(1, 2 * GENERATION_MS - 1), Some(10));
    assert_eq!(
        (
            ends.get(1, 2 * GENERATION_MS),
            ends.get(2, 2 * GENERATION_MS)
        ),
        (None, Some(20))
    );
    assert_eq!(ends.get(2, 9 * GENERATION_MS), None);
}

#[test]
fn the_newer_of_two_generations_counts() {
    let mut ends = Ends::default();
    ends.insert(1, 10, 0, 9);
    ends.insert(1, 11, GENERATION_MS, 9);
    assert_eq!(ends.get(1, GENERATION_MS), Some(11));
}

#[test]
fn a_full_generation_ends_early() {
    let mut ends = Ends::default();
    for hash in 0..100 {
        ends.insert(hash, 1, 0, 10);
    }
    assert!(ends.current.len() + ends.last.len() <= 20);
    assert_eq!((ends.get(99, 0), ends.get(0, 0)), (Some(1), None));
}

#[test]
fn saved_ends_are_the_same() {
    let mut ends = Ends::default();
    ends.insert(1, 10, 0, 9);
    ends.insert(2, 20, GENERATION_MS, 9);
    let mut restored = Ends::restore(&ends.save());
    assert_eq!(
        (
            restored.get(1, GENERATION_MS),
            restored.get(2, GENERATION_MS)
        ),
        (Some(10), Some(20))
    );
    assert_eq!(restored.get(1, 2 * GENERATION_MS), None);
}
