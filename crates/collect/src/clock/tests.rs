use proptest::prelude::*;

use super::*;

const SECOND: i64 = 1_000_000;
/// A system clock's time at which the machine had run for 1000 s.
const SYSTEM: i64 = 1_700_000_000 * SECOND;
const BOOT: i64 = 1000 * SECOND;

fn clock() -> Clock {
    Clock::at(SYSTEM, BOOT)
}

/// `seconds` later, the system clock having been set by `set` seconds.
fn pass(clock: &mut Clock, seconds: i64, set: i64) -> Option<ClockStep> {
    let boot = BOOT + seconds * SECOND;
    clock.observe(boot + SYSTEM - BOOT + set * SECOND, boot, 0)
}

/// Seconds handed out beyond the beginning.
fn shown(clock: &mut Clock) -> i64 {
    (clock.now_us() - SYSTEM) / SECOND
}

#[test]
fn time_passes_as_the_system_clock_says() {
    let mut clock = clock();
    assert_eq!(pass(&mut clock, 7, 0), None);
    assert_eq!(shown(&mut clock), 7);
    assert_eq!(clock.arrival_us(SYSTEM + 9 * SECOND), SYSTEM + 7 * SECOND);
}

#[test]
fn a_step_forward_is_said_once_and_followed() {
    let mut clock = clock();
    let step = pass(&mut clock, 10, 3600).unwrap();
    assert_eq!(step.at_us, SYSTEM + 10 * SECOND);
    assert_eq!(step.to_string(), "system clock changed by 3600000 ms");
    assert_eq!(shown(&mut clock), 3610);
    assert_eq!(pass(&mut clock, 11, 3600), None);
    assert_eq!(shown(&mut clock), 3611);
}

#[test]
fn a_step_back_is_said_and_made_up_for_at_half_speed() {
    let mut clock = clock();
    let step = pass(&mut clock, 10, -60).unwrap();
    assert_eq!(
        (step.at_us, step.by_us),
        (SYSTEM + 10 * SECOND, -60 * SECOND)
    );
    assert_eq!(shown(&mut clock), 10);
    for (seconds, expected) in [(12, 11), (70, 40), (130, 70), (131, 71), (500, 440)] {
        assert_eq!(pass(&mut clock, seconds, -60), None);
        assert_eq!(shown(&mut clock), expected, "after {seconds} s");
    }
}

#[test]
fn steps_to_and_fro_leave_nothing_behind() {
    let mut clock = clock();
    pass(&mut clock, 10, -60).unwrap();
    assert_eq!(pass(&mut clock, 10, 0).unwrap().by_us, 60 * SECOND);
    assert_eq!(shown(&mut clock), 10);
    pass(&mut clock, 12, 0);
    assert_eq!(shown(&mut clock), 12);
}

#[test]
fn small_steps_are_no_steps_until_they_sum_up() {
    let mut clock = clock();
    assert_eq!(clock.observe(SYSTEM + 6_000, BOOT, 0), None);
    assert_eq!(clock.observe(SYSTEM + 12_000, BOOT, 3_000), None);
    assert_eq!(
        clock.observe(SYSTEM + 12_000, BOOT, 0).unwrap().by_us,
        12_000
    );
}

#[test]
fn arrivals_from_before_a_step_stay_between_what_was_handed_out_and_now() {
    let mut clock = clock();
    clock.arrival_us(SYSTEM - SECOND);
    pass(&mut clock, 10, 3600).unwrap();
    let before_the_step = SYSTEM + 9 * SECOND;
    assert_eq!(clock.arrival_us(before_the_step), SYSTEM + 10 * SECOND);

    let mut clock = self::clock();
    pass(&mut clock, 10, -3600).unwrap();
    assert_eq!(clock.arrival_us(before_the_step), SYSTEM + 10 * SECOND);
}

#[test]
fn arrivals_keep_their_own_time() {
    let mut clock = clock();
    pass(&mut clock, 10, 0);
    for micros in [3, 5, 5, 4, 9] {
        let expected = SYSTEM + if micros == 4 { 5 } else { micros };
        assert_eq!(clock.arrival_us(SYSTEM + micros), expected);
    }
}

#[test]
fn the_machine_s_own_clocks_show_no_step() {
    let mut clock = Clock::start();
    let mut last = clock.now_us();
    for _ in 0..100 {
        assert_eq!(clock.read(), None);
        let now = clock.now_us();
        assert!(now >= last);
        last = now;
    }
    let system = sys::clock_us(libc::CLOCK_REALTIME);
    assert!((system - last).abs() < SECOND, "{system} {last}");
}

proptest! {
    #[test]
    fn time_never_goes_back_nor_stands_still(
        events in prop::collection::vec((1..1000_i64, prop_oneof![3 => Just(0), 1 => -5000..5000_i64], -2000..2000_i64), 1..50),
    ) {
        let mut clock = clock();
        let (mut seconds, mut set) = (0, 0);
        let mut last = clock.now_us();
        for (passed, by, arrival) in events {
            seconds += passed;
            set += by;
            let step = pass(&mut clock, seconds, set);
            prop_assert_eq!(step.map(|step| step.by_us), (by != 0).then_some(by * SECOND));
            let now = clock.now_us();
            prop_assert!(now >= last + passed * SECOND / 2);
            prop_assert!(clock.arrival_us(now + arrival * SECOND) >= now);
            // Never behind the system clock.
            prop_assert!(now >= SYSTEM + (seconds + set) * SECOND);
            last = now;
        }
    }
}
