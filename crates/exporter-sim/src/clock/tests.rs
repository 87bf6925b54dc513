use super::{ExporterClock, micros};

const DAY_MS: i64 = 86_400_000;

fn clock(offset_ms: i64, drift_ppm: i64) -> ExporterClock {
    ExporterClock {
        boot: micros(1_700_000_000_000),
        set: micros(1_700_000_100_000),
        offset: micros(offset_ms),
        drift_ppm,
    }
}

#[test]
fn uptime_counts_from_the_boot() {
    let clock = clock(5000, 0);
    assert_eq!(clock.uptime(clock.boot), 0);
    assert_eq!(clock.uptime(clock.boot + 1_999), 1);
    assert_eq!(clock.boot_millis(), 1_700_000_005_000);
}

#[test]
fn uptime_wraps_after_49_7_days() {
    let clock = clock(0, 0);
    let wrap = clock.boot + micros(1 << 32);
    assert_eq!(clock.uptime(wrap - 1), u32::MAX);
    assert_eq!(clock.uptime(wrap), 0);
    assert_eq!(clock.uptime(wrap + micros(7)), 7);
    assert_eq!(clock.uptime(clock.boot - 1), u32::MAX);
}

#[test]
fn a_clock_is_off_and_runs_away() {
    let at = micros(1_700_000_100_000);
    assert_eq!(clock(-250, 0).shown_millis(at), 1_700_000_099_750);
    let tomorrow = at + micros(DAY_MS);
    let behind = clock(0, 100).shown_millis(tomorrow) - clock(0, 0).shown_millis(tomorrow);
    assert_eq!(behind, 8_640);
    let ahead = clock(0, -100).shown_millis(tomorrow) - clock(0, 0).shown_millis(tomorrow);
    assert_eq!(ahead, -8_640);
}
