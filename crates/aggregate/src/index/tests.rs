use alloc::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// What is in an index, slots by hash; the index itself beside it.
#[derive(Default)]
struct Model {
    index: Option<Index>,
    hashes: BTreeMap<Slot, u64>,
}

impl Model {
    fn index(&mut self) -> &mut Index {
        self.index.get_or_insert_with(Index::new)
    }

    fn insert(&mut self, slot: Slot, hash: u64) {
        let others = self.hashes.clone();
        self.index().insert((slot, hash), || others.into_iter());
        self.hashes.insert(slot, hash);
    }

    fn remove(&mut self, slot: Slot) {
        if let Some(hash) = self.hashes.remove(&slot) {
            self.index().remove(slot, hash);
        }
    }

    /// Every slot is found once under its hash, and no hash finds one that is not there.
    fn check(&mut self) {
        let hashes = self.hashes.clone();
        let index = self.index();
        for (&slot, &hash) in &hashes {
            assert_eq!(index.slots(hash).filter(|found| *found == slot).count(), 1);
            assert!(index.slots(hash).all(|found| hashes.contains_key(&found)));
        }
        assert_eq!(index.live, hashes.len());
        assert!(index.used >= index.live && index.used <= most_of(index.entries.len()));
    }
}

/// Hashes that meet often: few homes, few tags.
fn hash() -> impl Strategy<Value = u64> {
    (0_u64..40, 0_u64..3).prop_map(|(home, tag)| home << 57 | home << 50 | tag)
}

proptest! {
    #[test]
    fn it_finds_what_a_map_has(
        steps in prop::collection::vec((0_u32..120, hash(), any::<bool>()), 0..400)
    ) {
        let mut model = Model::default();
        for (slot, hash, adds) in steps {
            model.remove(slot);
            if adds {
                model.insert(slot, hash);
            }
        }
        model.check();
    }
}

#[test]
fn an_empty_index_finds_nothing() {
    let index = Index::new();
    assert_eq!(index.slots(0).next(), None);
    assert_eq!(index.slots(u64::MAX).next(), None);
    assert_eq!(index.octets(), 0);
}

#[test]
fn a_slot_that_is_not_there_is_not_taken_out() {
    let mut model = Model::default();
    model.insert(1, 7);
    model.index().remove(2, 7);
    model.index().remove(1, 8 << 60);
    model.check();
}

#[test]
fn the_same_hash_finds_all_of_its_slots() {
    let mut model = Model::default();
    (0..50).for_each(|slot| model.insert(slot, u64::MAX));
    assert_eq!(model.index().slots(u64::MAX).count(), 50);
    (0..50).for_each(|slot| model.remove(slot));
    assert_eq!(model.index().slots(u64::MAX).next(), None);
}

#[test]
fn slots_larger_than_their_number_have_room() {
    let mut model = Model::default();
    model.insert(100_000, 3);
    model.insert(5, 3);
    model.check();
}

#[test]
fn coming_and_going_does_not_make_it_grow() {
    let mut model = Model::default();
    (0..1000)
        .for_each(|slot| model.insert(slot, u64::from(slot).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    let octets = model.index().octets();
    for round in 0..50_000_u64 {
        let slot = u32::try_from(round % 1000).unwrap();
        model.remove(slot);
        model.insert(slot, round.wrapping_mul(0xd6e8_feb8_6659_fd93));
    }
    model.check();
    assert!(model.index().octets() <= 2 * octets);
}
