use super::{
    AbstractDataType, EnterpriseNumber, InformationElementId, element, element_named, generated,
};

#[test]
fn the_table_is_sorted_and_has_no_element_twice() {
    for pair in generated::ELEMENTS.windows(2) {
        assert!((pair[0].0, pair[0].1) < (pair[1].0, pair[1].1), "{pair:?}");
    }
}

#[test]
fn known_elements_are_found_by_number_and_by_name() {
    let octets = element(EnterpriseNumber::IANA, InformationElementId(1)).unwrap();
    assert_eq!(
        (octets.name, octets.data_type),
        ("octetDeltaCount", AbstractDataType::Unsigned64)
    );
    assert_eq!(element_named("octetDeltaCount"), Some(octets));
    assert_eq!(
        element(EnterpriseNumber(4_000_000_000), InformationElementId(1)),
        None
    );
    assert_eq!(element_named("noSuchElement"), None);
}
