use flowlog_record::ActiveTimeout;

use super::Durations;

fn after(durations: impl IntoIterator<Item = i64>) -> i64 {
    let mut learned = Durations::new();
    for duration in durations {
        learned.observe(duration);
    }
    learned.learned().millis()
}

#[test]
fn a_minute_holds_until_128_durations_were_seen() {
    assert_eq!(after([1_000; 127]), ActiveTimeout::UNLEARNED.millis());
    assert_eq!(after([1_000; 128]), 10_000);
}

#[test]
fn the_least_candidate_that_covers_99_percent_is_learned() {
    let mixed = |long: usize| (0..1_000).map(move |i| if i < long { 290_000 } else { 5_000 });
    assert_eq!(after(mixed(10)), 10_000);
    assert_eq!(after(mixed(11)), 300_000);
}

#[test]
fn durations_count_in_whole_seconds() {
    assert_eq!(after([60_999; 128]), 60_000);
    assert_eq!(after([61_000; 128]), 120_000);
}

#[test]
fn what_nothing_covers_is_the_longest() {
    assert_eq!(after([6_060_000; 128]), 6_000_000);
}

#[test]
fn only_the_last_1024_count() {
    let changed = |after: usize| {
        [1_700_000; 1_024]
            .into_iter()
            .chain((0..after).map(|_| 50_000))
    };
    assert_eq!(after(changed(1_013)), 1_800_000);
    assert_eq!(after(changed(1_014)), 60_000);
}
