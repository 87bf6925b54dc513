use proptest::prelude::*;

use super::*;

#[test]
fn attempts_go_freely_until_there_is_trouble_and_again_after_a_success() {
    let mut pace = Pace::default();
    let now = Timestamp(1_000_000);
    assert!(pace.may_begin(now, 3));
    pace.failed(now, 0);
    assert!(!pace.may_begin(now, 0));
    let again = pace.next().unwrap();
    assert_eq!(again, Timestamp(1_000_125));
    assert!(pace.may_begin(again, 0));
    assert!(!pace.may_begin(again, 1), "one at a time");
    pace.succeeded();
    assert!(pace.may_begin(now, 3));
    assert_eq!((pace.next(), pace.failures()), (None, 0));
}

#[test]
fn what_somebody_has_to_look_at_is_tried_rarely() {
    let mut pace = Pace::default();
    for _ in 0..100 {
        pace.held(Timestamp(0), u64::MAX);
    }
    let until = pace.next().unwrap();
    assert!((150_000..=300_000).contains(&until.millis()), "{until:?}");
}

proptest! {
    #[test]
    fn pauses_double_within_their_bounds(chances in proptest::collection::vec(any::<u64>(), 1..40)) {
        let mut pace = Pace::default();
        let mut whole = 250;
        for chance in chances {
            pace.failed(Timestamp(0), chance);
            let pause = pace.next().unwrap().millis();
            prop_assert!((whole / 2..=whole).contains(&pause), "{pause} of {whole}");
            whole = (whole * 2).min(30_000);
        }
    }

    #[test]
    fn no_time_is_too_late(now in any::<i64>(), chance in any::<u64>()) {
        let mut pace = Pace::default();
        pace.failed(Timestamp(now), chance);
        prop_assert!(pace.next().unwrap() >= Timestamp(now));
    }
}
