use alloc::format;

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn nonces(most: usize) -> Nonces {
    Nonces::new(HashKey::PUBLIC, most)
}

#[test]
fn a_nonce_is_refused_for_as_long_as_its_request_is_fresh() {
    for ahead in [-FRESHNESS_MS, 0, FRESHNESS_MS] {
        let mut nonces = nonces(10);
        let at = NOW.plus(ahead);
        nonces.remember("key", "nonce", at, NOW).unwrap();
        let last = at.plus(FRESHNESS_MS);
        assert_eq!(
            nonces.remember("key", "nonce", at, last),
            Err(NonceRefused::Used)
        );
        let later = last.plus(BIN_MS + 1);
        nonces.remember("key", "nonce", later, later).unwrap();
        assert_eq!(nonces.len(), 1);
    }
}

#[test]
fn a_full_memory_refuses_new_ones_and_forgets_none_that_matters() {
    let mut nonces = nonces(3);
    for n in 0..3 {
        nonces.remember("key", &format!("{n}"), NOW, NOW).unwrap();
    }
    assert_eq!(
        nonces.remember("key", "new", NOW, NOW),
        Err(NonceRefused::Full)
    );
    assert_eq!(
        nonces.remember("key", "0", NOW, NOW),
        Err(NonceRefused::Used)
    );
    let later = NOW.plus(FRESHNESS_MS + BIN_MS);
    nonces.remember("key", "new", later, later).unwrap();
    assert_eq!(nonces.len(), 1);
}

#[test]
fn where_the_key_ends_and_the_nonce_begins_counts() {
    let mut nonces = nonces(10);
    nonces.remember("ab", "c", NOW, NOW).unwrap();
    nonces.remember("a", "bc", NOW, NOW).unwrap();
    assert!(!nonces.is_empty());
}

#[test]
fn one_that_is_restored_is_known_as_long_as_it_would_have_been() {
    let mut before = Nonces::new(HashKey::PUBLIC, 10);
    let known = before.remember("key", "nonce", NOW, NOW).unwrap();
    let mut after = Nonces::new(HashKey::PUBLIC, 10);
    after.restore(known);
    after.restore(known);
    assert_eq!(after.len(), 1);
    let last = NOW.plus(FRESHNESS_MS);
    assert_eq!(
        after.remember("key", "nonce", NOW, last),
        Err(NonceRefused::Used)
    );
    let later = last.plus(2 * BIN_MS);
    after.remember("key", "nonce", later, later).unwrap();
}
