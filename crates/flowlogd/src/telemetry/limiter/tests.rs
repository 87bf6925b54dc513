use std::net::Ipv4Addr;

use super::*;

fn exporter(n: u32) -> IpAddr {
    Ipv4Addr::from_bits(n).into()
}

const SAY: Verdict = Verdict::Say { suppressed: 0 };

#[test]
fn one_warning_of_a_kind_per_exporter_and_minute() {
    let mut limiter = WarningLimiter::default();
    assert_eq!(limiter.admit("malformed", exporter(1), Timestamp(0)), SAY);
    for at in 1..=7 {
        assert_eq!(
            limiter.admit("malformed", exporter(1), Timestamp(at)),
            Verdict::Suppress
        );
    }
    assert_eq!(limiter.admit("template", exporter(1), Timestamp(8)), SAY);
    assert_eq!(limiter.admit("malformed", exporter(2), Timestamp(8)), SAY);
    assert_eq!(
        limiter.admit("malformed", exporter(1), Timestamp(60_000)),
        Verdict::Say { suppressed: 7 }
    );
}

#[test]
fn a_flood_of_addresses_is_one_warning_and_bounded() {
    let mut limiter = WarningLimiter::default();
    let said = (0..10_000)
        .filter(|&n| limiter.admit("malformed", exporter(n), Timestamp(5)) == SAY)
        .count();
    assert_eq!(said, TOLD_APART + 1);
    assert_eq!(limiter.entries.len(), TOLD_APART + 1);
    // the minute is over: there is room again, and the count is said
    let later = Timestamp(70_000);
    assert_eq!(
        limiter.admit("malformed", exporter(99_999), later),
        Verdict::Say { suppressed: 9_995 }
    );
    for n in 0..100 {
        let verdict = limiter.admit("other", exporter(n), later);
        // beside the place of all malformed there are three, and the one of all others
        assert_eq!(verdict == SAY, n < 4, "{n}");
    }
    assert!(limiter.entries.len() <= TOLD_APART + 2);
}

#[test]
fn a_clock_that_is_set_back_does_not_silence() {
    let mut limiter = WarningLimiter::default();
    assert_eq!(
        limiter.admit("malformed", exporter(1), Timestamp(1_000_000)),
        SAY
    );
    assert_eq!(limiter.admit("malformed", exporter(1), Timestamp(0)), SAY);
}
