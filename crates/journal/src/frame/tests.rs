use super::*;

fn encoded(position: u64, parts: &[&[u8]]) -> Vec<u8> {
    let mut buffer = vec![9; 3];
    encode(&mut buffer, Position(position), parts, 100).unwrap();
    buffer
}

#[test]
fn gathered_parts_make_one_frame() {
    let frame = encoded(5, &[b"ab", b"", b"c"]);
    assert_eq!(frame.len(), 11);
    assert_eq!(frame, encoded(5, &[b"abc"]));
    let header = FrameHeader::parse(*frame.first_chunk().unwrap()).unwrap();
    assert_eq!(header.octets(), 11);
    assert!(header.covers(Position(5), b"abc"));
}

#[test]
fn a_frame_is_good_for_its_position_and_payload_alone() {
    let frame = encoded(5, &[b"abc"]);
    let header = FrameHeader::parse(*frame.first_chunk().unwrap()).unwrap();
    assert!(!header.covers(Position(6), b"abc"));
    assert!(!header.covers(Position(5), b"abd"));
}

#[test]
fn zeros_and_lengths_out_of_bounds_are_no_frame() {
    assert_eq!(FrameHeader::parse([0; 8]), None);
    assert_eq!(FrameHeader::parse([7, 0, 0, 0, 1, 2, 3, 4]), None);
    assert_eq!(FrameHeader::parse([0xff; 8]), None);
    assert!(FrameHeader::parse([8, 0, 0, 0, 1, 2, 3, 4]).is_some());
}

#[test]
fn the_limit_counts_the_payload() {
    let mut buffer = Vec::new();
    encode(&mut buffer, Position(0), &[&[0; 100]], 100).unwrap();
    let error = encode(&mut buffer, Position(0), &[&[0; 101]], 100).unwrap_err();
    assert!(matches!(
        error,
        JournalError::RecordTooLong {
            octets: 101,
            limit: 100
        }
    ));
}
