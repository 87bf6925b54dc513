use super::*;

const HEADER: SegmentHeader = SegmentHeader {
    first: Position(4711),
    previous_end: Position(4700),
};

#[test]
fn a_header_comes_back() {
    assert_eq!(
        SegmentHeader::parse(&HEADER.encode()),
        HeaderFound::Good(HEADER)
    );
}

#[test]
fn every_flipped_or_missing_octet_is_noticed() {
    let good = HEADER.encode();
    for at in 0..good.len() {
        let mut bad = good;
        bad[at] ^= 0x10;
        assert_eq!(SegmentHeader::parse(&bad), HeaderFound::Damaged, "{at}");
        assert_eq!(SegmentHeader::parse(&good[..at]), HeaderFound::Damaged);
    }
}

#[test]
fn a_later_version_is_told_from_damage() {
    let mut octets = HEADER.encode();
    octets[8] = 2;
    let checksum = checksum_of(&[&octets[..8], &octets[8..12], &octets[16..]]);
    octets[12..16].copy_from_slice(&checksum.to_le_bytes());
    assert_eq!(
        SegmentHeader::parse(&octets),
        HeaderFound::UnknownVersion(2)
    );
}

#[test]
fn names_sort_as_positions_do_and_come_back() {
    let name = file_name(Position(4711));
    assert_eq!(name, "00000000000000004711.journal");
    assert_eq!(first_position(&name), Some(Position(4711)));
    let largest = file_name(Position(u64::MAX));
    assert_eq!(first_position(&largest), Some(Position(u64::MAX)));
    assert!(name < largest);
    assert!(is_unfinished(&unfinished_name(Position(7))));
}

#[test]
fn other_names_are_no_segments() {
    for name in [
        "4711.journal",
        "0000000000000000471x.journal",
        "+0000000000000004711.journal",
        "99999999999999999999.journal",
        "00000000000000004711.journal.gz",
        "00000000000000004711",
        ".journal",
    ] {
        assert_eq!(first_position(name), None, "{name}");
        assert!(!is_unfinished(name), "{name}");
    }
}
