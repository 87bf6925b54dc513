use flowlog_record::Version;

use crate::{Malformed, Problem, message_version};

#[test]
fn three_versions_are_known() {
    assert_eq!(message_version(&[0, 5]), Ok(Version::V5));
    assert_eq!(message_version(&[0, 9, 1]), Ok(Version::V9));
    assert_eq!(message_version(&[0, 10, 1, 2]), Ok(Version::Ipfix));
    for word in [0_u16, 1, 6, 7, 8, 11, 0x0500, 0x0a00, 0xffff] {
        let unknown = Malformed {
            offset: 0,
            problem: Problem::UnknownVersion,
        };
        assert_eq!(message_version(&word.to_be_bytes()), Err(unknown));
    }
}

#[test]
fn a_version_needs_two_octets() {
    for octets in [&[][..], &[9]] {
        let short = Malformed {
            offset: octets.len(),
            problem: Problem::ShortHeader,
        };
        assert_eq!(message_version(octets), Err(short));
    }
}
