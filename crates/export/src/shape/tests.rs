use alloc::collections::BTreeSet;

use super::{IDS, Shape, Shapes, options_template};
use crate::settings::Carries;

/// All that a record can have: two families or none, twice.
fn shapes() -> impl Iterator<Item = Shape> {
    let is_family = |bits| bits & 0b11 != 0b11;
    (0..IDS)
        .filter(move |bits| is_family(bits >> 4) && is_family(bits >> 2))
        .map(Shape)
}

#[test]
fn the_specimen_of_a_shape_has_that_shape() {
    assert_eq!(shapes().count(), 36);
    for shape in shapes() {
        assert_eq!(Shape::of(&shape.specimen()), shape);
    }
}

#[test]
fn no_two_templates_of_any_flow_log_share_an_id() {
    let mut ids = BTreeSet::new();
    for bits in 0..=Carries::all().bits() {
        let carries = Carries::from_bits(bits).unwrap();
        assert!(ids.insert(options_template(carries).get()));
        for shape in shapes() {
            assert!(ids.insert(shape.template(carries).get()));
        }
    }
    assert_eq!(ids.len(), 32 * 37);
}

#[test]
fn a_set_of_shapes_has_what_was_put_in() {
    let mut set = Shapes::default();
    for shape in shapes() {
        set.insert(shape);
    }
    set.remove(Shape(0b10_1011));
    assert!(set.has(Shape(0)) && !set.has(Shape(0b10_1011)));
    assert_eq!(set.iter().count(), 35);
}
