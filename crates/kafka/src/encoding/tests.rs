use super::*;
use crate::FlowKey;
use crate::sample::two_rows;

#[test]
fn a_row_allocates_nothing_once_the_buffer_has_room() {
    let group = two_rows();
    let key = FlowKey::of(&group);
    for encoding in [Encoding::Json, Encoding::Protobuf] {
        let encoder = GroupEncoder::new(encoding, &group);
        let mut out = Vec::with_capacity(4096);
        let allocated = allocation_counter::measure(|| {
            for row in 0..group.rows() {
                encoder.encode(row, &mut out);
                out.extend_from_slice(&key.row(row));
            }
        });
        assert_eq!(allocated.count_total, 0, "{encoding:?}");
        assert!(out.len() > 2 * key.row(0).len(), "{encoding:?}");
    }
}
