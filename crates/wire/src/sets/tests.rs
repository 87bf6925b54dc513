use alloc::vec::Vec;

use flowlog_record::Version;

use super::{Set, SetKind, Sets};
use crate::{Malformed, Problem, TemplateId};

fn sets(octets: &[u8]) -> Vec<Result<Set<'_>, Malformed>> {
    Sets::new(Version::V9, 20, octets).collect()
}

fn set(id: u16, offset: usize, body: &[u8]) -> Set<'_> {
    let length = u16::try_from(body.len() + 4).unwrap();
    Set {
        id,
        offset,
        length,
        body,
    }
}

#[test]
fn sets_stand_behind_each_other() {
    assert_eq!(
        sets(&[1, 0, 0, 6, 7, 8, 0, 1, 0, 4, 1, 1, 0, 5, 9]),
        [
            Ok(set(256, 20, &[7, 8])),
            Ok(set(1, 26, &[])),
            Ok(set(257, 30, &[9])),
        ]
    );
}

#[test]
fn a_length_below_four_is_an_error_and_the_end() {
    for length in 0..4 {
        assert_eq!(
            sets(&[1, 0, 0, 4, 1, 0, 0, length, 1, 0, 0, 4]),
            [
                Ok(set(256, 20, &[])),
                Err(Malformed::at(24, Problem::SetTooShort)),
            ]
        );
    }
}

#[test]
fn a_length_past_the_message_is_an_error() {
    assert_eq!(
        sets(&[1, 0, 0, 9, 1, 2, 3, 4]),
        [Err(Malformed::at(20, Problem::SetPastEnd))]
    );
}

#[test]
fn up_to_three_octets_are_no_set() {
    for rest in [&[1][..], &[0, 1], &[0, 0, 1]] {
        assert_eq!(
            sets(rest),
            [Err(Malformed::at(20, Problem::TrailingOctets))]
        );
    }
}

#[test]
fn zeros_to_the_end_are_padding() {
    for zeros in 0..100 {
        let mut octets = [1, 0, 0, 5, 9].to_vec();
        octets.resize(5 + zeros, 0);
        assert_eq!(sets(&octets), [Ok(set(256, 20, &[9]))]);
    }
}

#[test]
fn zeros_before_something_else_are_a_set_without_length() {
    assert_eq!(
        sets(&[0, 0, 0, 0, 0, 0, 0, 1]),
        [Err(Malformed::at(20, Problem::SetTooShort))]
    );
}

#[test]
fn the_kind_of_a_set_depends_on_the_version() {
    let kinds = |id| [Version::V9, Version::Ipfix].map(|version| set(id, 0, &[]).kind(version));
    assert_eq!(kinds(0), [SetKind::Template, SetKind::Reserved]);
    assert_eq!(kinds(1), [SetKind::OptionsTemplate, SetKind::Reserved]);
    assert_eq!(kinds(2), [SetKind::Reserved, SetKind::Template]);
    assert_eq!(kinds(3), [SetKind::Reserved, SetKind::OptionsTemplate]);
    assert_eq!(kinds(4), [SetKind::Reserved; 2]);
    assert_eq!(kinds(255), [SetKind::Reserved; 2]);
    for id in [256, u16::MAX] {
        assert_eq!(kinds(id), [SetKind::Data(TemplateId::new(id).unwrap()); 2]);
    }
    assert_eq!(set(256, 0, &[]).kind(Version::V5), SetKind::Reserved);
}

#[test]
fn a_reserved_set_is_an_error_at_its_header() {
    let reserved = Some(Malformed::at(44, Problem::ReservedSet));
    assert_eq!(set(9, 44, &[]).error(Version::V9), reserved);
    assert_eq!(set(0, 44, &[]).error(Version::Ipfix), reserved);
    assert_eq!(set(0, 44, &[]).error(Version::V9), None);
    assert_eq!(set(256, 44, &[]).error(Version::Ipfix), None);
}

#[test]
fn the_body_begins_behind_the_header() {
    assert_eq!(set(256, 20, &[]).body_offset(), 24);
}
