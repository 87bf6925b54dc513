use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use flowlog_record::{ExporterId, FlowRecord, Placed};
use proptest::prelude::*;

use super::Slab;
use crate::cell::Cell;
use crate::key::{KeyV6, Packed, pack};
use crate::rules::KeyLayout;

fn cell(start: i64) -> Cell<KeyV6> {
    match pack(
        &FlowRecord::EMPTY,
        Placed::default(),
        ExporterId(1),
        KeyLayout::Gateway,
    ) {
        Packed::V6(key) => Cell::new(key, start),
        Packed::V4(_) => unreachable!("no addresses"),
    }
}

#[test]
fn the_place_last_freed_is_given_first() {
    let mut slab = Slab::new();
    for n in 0..4 {
        assert_eq!(slab.insert(cell(n)), Some(u32::try_from(n).unwrap()));
    }
    slab.remove(1);
    slab.remove(3);
    slab.remove(3);
    assert_eq!(slab.live, 2);
    assert_eq!(
        [
            slab.insert(cell(7)),
            slab.insert(cell(8)),
            slab.insert(cell(9))
        ],
        [3, 1, 4].map(Some)
    );
}

#[test]
fn a_damaged_list_of_free_places_is_not_followed() {
    let mut slab = Slab::restore([cell(1), cell(2)].into_iter(), 0);
    assert_eq!(slab.insert(cell(3)), Some(2));
    assert_eq!(slab.get(0).unwrap().start(), 1);
}

#[test]
fn cells_keep_their_places_over_many_chunks() {
    let mut slab = Slab::new();
    for n in 0..40_000 {
        slab.insert(cell(n));
    }
    assert!(
        slab.iter()
            .all(|(slot, cell)| i64::from(slot) == cell.start())
    );
    assert_eq!(slab.live, 40_000);
    assert!(slab.get(40_000).is_none());
}

proptest! {
    #[test]
    fn a_slab_is_a_map(operations in prop::collection::vec(prop::option::of(0..12u32), 0..100)) {
        let (mut slab, mut map) = (Slab::new(), BTreeMap::new());
        for (n, operation) in (0..).zip(operations) {
            if let Some(slot) = operation {
                slab.remove(slot);
                map.remove(&slot);
            } else {
                let slot = slab.insert(cell(n)).unwrap();
                prop_assert_eq!(map.insert(slot, n), None);
            }
            let found: Vec<(u32, i64)> = slab.iter().map(|(slot, cell)| (slot, cell.start())).collect();
            prop_assert_eq!(found, map.clone().into_iter().collect::<Vec<_>>());
            prop_assert_eq!(slab.live, u32::try_from(map.len()).unwrap());
            let places = slab.places().map(|(_, cell)| *cell);
            slab = Slab::restore(places.collect::<Vec<_>>().into_iter(), slab.first_free());
        }
    }
}
