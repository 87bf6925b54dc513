use super::Present;
use crate::Fields;

#[test]
fn presence_is_read_from_the_fields_of_a_record() {
    let each = [
        (Fields::PROTOCOL, Present::PROTOCOL),
        (Fields::TOS, Present::TOS),
        (Fields::TCP_FLAGS, Present::TCP_FLAGS),
        (Fields::INGRESS_INTERFACE, Present::INGRESS_INTERFACE),
        (Fields::EGRESS_INTERFACE, Present::EGRESS_INTERFACE),
    ];
    for (field, present) in each {
        assert_eq!(Present::of(field), present);
        assert_eq!(Present::of(!field).or(present), Present::of(Fields::all()));
        assert!(!Present::of(!field).has(present));
    }
    assert_eq!(
        Present::of(Fields::OCTETS | Fields::SOURCE_PORT),
        Present::default()
    );
}
