use flowlog_record::Timestamp;

use super::{DAY_MS, LEAD_MS, LONGEST_MS, Uptimes, boot_for, header_time, seconds};
use crate::tally::{Narrowed, Tally};

const NOW: Timestamp = Timestamp(1_700_000_000_250);

#[test]
fn a_header_of_whole_seconds_is_never_before_its_records() {
    assert_eq!(header_time(NOW, false), NOW);
    assert_eq!(header_time(NOW, true), Timestamp(1_700_000_001_000));
    assert_eq!(
        header_time(Timestamp(1_700_000_000_000), true),
        Timestamp(1_700_000_000_000)
    );
}

#[test]
fn a_time_that_no_header_can_say_is_the_nearest() {
    assert_eq!(header_time(Timestamp::MIN, true), Timestamp(0));
    let latest = header_time(Timestamp::MAX, true);
    assert_eq!(seconds(latest), u32::MAX);
    assert_eq!(header_time(Timestamp::MAX, false), latest);
}

#[test]
fn a_boot_holds_until_uptime_is_too_long() {
    let boot = boot_for(NOW, None);
    assert_eq!(NOW.since(boot), LEAD_MS);
    let last = boot.plus(LONGEST_MS);
    assert_eq!(boot_for(last, Some(boot)), boot);
    assert_eq!(boot_for(last.plus(1), Some(boot)), last.plus(1 - LEAD_MS));
}

#[test]
fn a_clock_set_back_to_before_the_boot_boots_anew() {
    let boot = boot_for(NOW, None);
    assert_eq!(boot_for(boot, Some(boot)), boot);
    let before = boot.plus(-1);
    assert_eq!(boot_for(before, Some(boot)), before.plus(-LEAD_MS));
}

#[test]
fn times_are_kept_from_the_boot_to_the_header_and_clamped_beyond() {
    let boot = boot_for(NOW, None);
    let uptimes = Uptimes { boot, header: NOW };
    let mut tally = Tally::default();
    let now = u32::try_from(LEAD_MS).unwrap();
    assert_eq!(uptimes.of(boot, NOW, &mut tally), (0, now));
    assert_eq!(tally.narrowed(Narrowed::Time), 0);
    assert_eq!(uptimes.of(boot.plus(-1), NOW, &mut tally), (0, now));
    assert_eq!(uptimes.of(boot, NOW.plus(1), &mut tally), (0, now));
    assert_eq!(
        uptimes.of(Timestamp::MAX, Timestamp::MIN, &mut tally),
        (now, now)
    );
    assert_eq!(tally.narrowed(Narrowed::Time), 3);
}

#[test]
fn a_last_time_before_the_first_is_the_first() {
    let boot = boot_for(NOW, None);
    let uptimes = Uptimes { boot, header: NOW };
    let mut tally = Tally::default();
    let (first, last) = (boot.plus(DAY_MS), boot.plus(DAY_MS - 1));
    let day = u32::try_from(DAY_MS).unwrap();
    assert_eq!(uptimes.of(first, last, &mut tally), (day, day));
    assert_eq!(tally.narrowed(Narrowed::Time), 1);
}
