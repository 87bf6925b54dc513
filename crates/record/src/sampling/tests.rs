use super::Sampling;

#[test]
fn an_unknown_rate_may_name_its_sampler() {
    let unknown = Sampling::unknown_of(0);
    assert!(!unknown.is_known() && unknown.is_one());
    assert_eq!((unknown.numerator(), unknown.denominator()), (1, 1));
    assert_eq!(unknown.scale(7), 7);
    assert_eq!(unknown.sampler(), Some(0));
    assert_ne!(unknown, Sampling::UNKNOWN);
    assert_eq!(Sampling::UNKNOWN.sampler(), None);
    assert_eq!(Sampling::NONE.sampler(), None);
}
