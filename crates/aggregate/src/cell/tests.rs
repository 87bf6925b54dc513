use flowlog_record::{ExporterId, Fields, FlowRecord, Placed, Present};
use proptest::prelude::*;

use super::{Cell, Marks, NEVER, PROPORTIONAL, TIME_BOUND, presence_of, presence_parts};
use crate::key::{Key, KeyV4, KeyV6, Packed, pack};
use crate::rules::KeyLayout;
use crate::wheel::Mark;

fn key() -> KeyV6 {
    let placed = Placed::default();
    match pack(
        &FlowRecord::EMPTY,
        placed,
        ExporterId(1),
        KeyLayout::Gateway,
    ) {
        Packed::V6(key) => key,
        Packed::V4(_) => unreachable!("no addresses"),
    }
}

#[test]
fn a_row_between_ipv4_addresses_is_one_cache_line() {
    assert_eq!(size_of::<Cell<KeyV4>>(), 64);
    assert_eq!(align_of::<Cell<KeyV4>>(), 64);
    assert_eq!(size_of::<Cell<KeyV6>>(), 88);
}

#[test]
fn a_new_row_is_in_use_and_empty() {
    let cell = Cell::new(key(), -5);
    assert!(cell.has(Marks::LIVE) && cell.is_empty());
    assert_eq!((cell.start(), cell.last(), cell.records()), (-5, -5, 0));
    assert_eq!(cell.timer(), Mark::NONE);
    assert!(!cell.free(7).has(Marks::LIVE));
}

#[test]
fn full_counters_add_nothing() {
    let mut cell = Cell::new(key(), 0);
    cell.add(u64::MAX, 5).unwrap();
    assert_eq!(cell.add(1, 1), None);
    assert_eq!(cell.add(0, u64::MAX), None);
    assert_eq!((cell.packets, cell.octets), (u64::MAX, 5));
}

#[test]
fn records_are_counted_up_to_255_and_begin_again_with_one() {
    let mut cell = Cell::new(key(), 0);
    for _ in 0..255 {
        assert!(cell.has_room());
        cell.count(true);
    }
    assert!(!cell.has_room());
    cell.spill();
    assert!(cell.is_spilled());
    assert_eq!(cell.records(), 1);
}

#[test]
fn presence_keeps_the_fields_that_rows_tell() {
    let fields = Fields::SOURCE | Fields::TOS | Fields::EGRESS_INTERFACE | Fields::OCTETS;
    let (source, destination, present) = presence_parts(presence_of(fields) | PROPORTIONAL);
    assert!(source && !destination);
    assert_eq!(present, Present::of(fields));
}

proptest! {
    #[test]
    fn presence_is_that_of_the_fields(bits in any::<u64>()) {
        let fields = Fields::from_bits_truncate(bits);
        let (source, destination, present) = presence_parts(presence_of(fields));
        prop_assert_eq!(source, fields.contains(Fields::SOURCE));
        prop_assert_eq!(destination, fields.contains(Fields::DESTINATION));
        prop_assert_eq!(present, Present::of(fields));
    }

    #[test]
    fn no_value_disturbs_another(
        (start, length) in (-TIME_BOUND..=TIME_BOUND, 0..NEVER),
        (threshold, ended) in (0..=NEVER, any::<bool>()),
        (code, presence, timer, records) in (0..32u8, any::<u8>(), any::<u8>(), 0..255u64),
        flags in any::<u16>(),
        order in any::<u8>(),
    ) {
        let mut cell = Cell::new(key(), if order & 1 == 0 { start } else { 0 });
        cell.set(Marks::SIDE);
        cell.set_timer(Mark::new(!timer));
        cell.set_sampling(!code & 31);
        cell.set_threshold(NEVER - threshold, !ended);
        cell.set_length(NEVER);
        (0..records).for_each(|_| cell.count(true));
        cell.set_start(start);
        cell.or_presence(presence);
        cell.set_timer(Mark::new(timer));
        cell.set_sampling(code);
        cell.key.or_flags(flags);
        if order & 2 == 0 {
            cell.set_length(length);
            cell.set_threshold(threshold, ended);
        } else {
            cell.continue_to(start + length, threshold, ended);
        }
        prop_assert_eq!(cell.start(), start);
        prop_assert_eq!(cell.last(), start + length);
        prop_assert_eq!(cell.threshold(), threshold);
        prop_assert_eq!(cell.has(Marks::ENDED), ended);
        prop_assert_eq!(cell.sampling(), code);
        prop_assert_eq!(cell.presence(), presence);
        prop_assert_eq!(cell.timer(), Mark::new(timer));
        prop_assert_eq!(cell.records(), records);
        prop_assert_eq!(cell.key.flags(), flags);
        prop_assert!(cell.has(Marks::LIVE) && cell.has(Marks::SIDE));
        prop_assert!(!cell.has(Marks::CLOSED) && !cell.has(Marks::LISTED) && !cell.is_spilled());
        let copy = Cell::from_words(cell.key, cell.words());
        prop_assert_eq!(copy.words(), cell.words());
        cell.clear_counters();
        prop_assert_eq!((cell.presence(), cell.records(), cell.sampling()), (0, 0, 0));
        prop_assert_eq!((cell.start(), cell.last(), cell.threshold()), (start, start + length, threshold));
    }
}
