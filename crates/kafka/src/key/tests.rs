use super::*;
use crate::sample::two_rows;

#[test]
fn both_directions_have_one_key() {
    let forth = two_rows();
    let mut back = two_rows();
    let swapped = [
        ("srcaddr", "dstaddr"),
        ("dstaddr", "srcaddr"),
        ("srcport", "dstport"),
        ("dstport", "srcport"),
    ];
    for column in &mut back.columns {
        if let Some((_, to)) = swapped.iter().find(|(from, _)| *from == &*column.name) {
            column.name = (*to).into();
        }
    }
    let key = FlowKey::of(&forth).row(0);
    assert_eq!(key, FlowKey::of(&back).row(0));

    // ::1 is lower than ::ffff:10.0.0.1.
    let mut expected = vec![0; 15];
    expected.extend([1, 0xff, 0xff]);
    expected.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1]);
    expected.extend([1, 187, 6]);
    assert_eq!(key.to_vec(), expected);
}

#[test]
fn another_port_or_protocol_is_another_flow_and_rows_without_addresses_share_a_key() {
    let group = two_rows();
    let key = FlowKey::of(&group).row(0);
    for changed in ["srcport", "protocol"] {
        let mut other = two_rows();
        for column in &mut other.columns {
            if let (true, Values::Int { values, .. }) =
                (&*column.name == changed, &mut column.values)
            {
                values[0] += 1;
            }
        }
        assert_ne!(key, FlowKey::of(&other).row(0), "{changed}");
    }
    assert_eq!(FlowKey::of(&group).row(1), [0; OCTETS]);
}

#[test]
fn addresses_kept_as_text_make_the_same_key() {
    let group = two_rows();
    let mut text = two_rows();
    for column in &mut text.columns {
        if &*column.name == "srcaddr" {
            column.values = Values::Text {
                dictionary: vec!["10.0.0.1".into(), "-".into()],
                index: vec![0, 1],
            };
        }
    }
    for row in 0..2 {
        assert_eq!(FlowKey::of(&group).row(row), FlowKey::of(&text).row(row));
    }
}
