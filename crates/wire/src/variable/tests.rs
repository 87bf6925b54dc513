use crate::variable_length;

#[test]
fn both_forms_give_start_and_length() {
    assert_eq!(variable_length(&[0]), Some((1, 0)));
    assert_eq!(variable_length(&[2, b'a', b'b', b'c']), Some((1, 2)));
    assert_eq!(variable_length(&[255, 0, 1, b'a']), Some((3, 1)));
    assert_eq!(variable_length(&[255, 0, 0]), Some((3, 0)));
}

#[test]
fn a_value_that_runs_past_its_octets_is_none() {
    for octets in [
        &[][..],
        &[1],
        &[254, 0],
        &[255],
        &[255, 0],
        &[255, 0, 1],
        &[255, 255, 255, 0],
    ] {
        assert_eq!(variable_length(octets), None, "{octets:?}");
    }
}
