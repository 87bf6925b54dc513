//! Windows, aging, periods: §1 and §2, with the worked example to the digit.

use crate::check::{check, rows};
use crate::flow_log::{Rules, Window};
use crate::known::Stated;
use crate::script::{Exporter, MINUTE, NOON, SECOND, Script, Version};
use crate::stream::{Input, Record};

fn only(window: Window, aging: Option<(i64, i64)>) -> Rules {
    Rules {
        window,
        aging,
        ..Rules::DEFAULT
    }
}

/// 12:00:30.000–12:20:29.900, ten packets a second of 1000 octets, 20 records of 600 packets, each
/// 59.9 s long; the Exporter sends each when it is complete.
fn example(version: Version) -> Vec<Input> {
    let exporter = Exporter::new(1, version);
    let mut script = Script::new();
    for n in 0..20 {
        let start = NOON + 30 * SECOND + n * MINUTE;
        let end = start + 59_900;
        let record = match version {
            Version::Ipfix => Record::udp(1).between(start, end),
            _ => Record::udp(1).switched(exporter.boot, start, end),
        };
        // V9 says the export time in seconds: it sends when a second is full.
        let sent = start + MINUTE;
        script.send(&exporter, sent, vec![record.counted(600, 600_000)]);
    }
    script.tick(NOON + 60 * MINUTE);
    script.inputs
}

#[test]
fn the_worked_example_holds_to_the_digit() {
    for version in [Version::V9, Version::Ipfix] {
        let inputs = example(version);
        let minutes = only(Window::Of(MINUTE), None);
        let tens = only(Window::Of(10 * MINUTE), None);
        let aging = only(Window::Absent, Some((300_000, 15_000)));
        let both = only(Window::Of(10 * MINUTE), Some((300_000, 15_000)));
        let all = [minutes, tens, aging, both];
        check(&inputs, &all, Stated::default());
        let rows = rows(&inputs, &all, Stated::default());
        let sums = |at: usize| -> Vec<(i64, i64, u64, u64)> {
            let mut sums: Vec<_> = (rows[at].iter())
                .map(|row| {
                    let number = |column: &str| row[column].parse::<i64>().expect("a number");
                    let count = |column: &str| row[column].parse::<u64>().expect("a count");
                    let (start, end) = (number("start"), number("end"));
                    let noon = NOON / 1000;
                    (start - noon, end - noon, count("packets"), count("bytes"))
                })
                .collect();
            sums.sort_unstable();
            sums
        };
        let mut expected = vec![(30, 60, 300, 300_000)];
        expected.extend((1..20).map(|n| (60 * n, 60 * n + 60, 600, 600_000)));
        expected.push((1200, 1229, 300, 300_000));
        assert_eq!(sums(0), expected, "W = 1");
        let expected = [
            (30, 600, 5_700, 5_700_000),
            (600, 1200, 6_000, 6_000_000),
            (1200, 1229, 300, 300_000),
        ];
        assert_eq!(sums(1), expected, "W = 10");
        let expected = [
            (30, 330, 3_000, 3_000_000),
            (330, 630, 3_000, 3_000_000),
            (630, 930, 3_000, 3_000_000),
            (930, 1229, 3_000, 3_000_000),
        ];
        assert_eq!(sums(2), expected, "300/15");
        let periods: Vec<_> = sums(3)
            .iter()
            .map(|&(start, end, ..)| (start, end))
            .collect();
        let expected = [(30, 330), (330, 600), (600, 900), (900, 1200), (1200, 1229)];
        assert_eq!(periods, expected, "W = 10 and 300/15");
    }
}
