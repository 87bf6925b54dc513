//! Random streams and flow logs.

use proptest::prelude::*;

use crate::flow_log::{Hold, Rules, TimeSource, Window};
use crate::script::{Exporter, MINUTE, NOON, SECOND, Script, Version};
use crate::stream::{Record, Stream, millis, ntp};

/// How wild a stream is.
#[derive(Clone, Copy, Debug)]
pub struct Wildness {
    /// The most that an Exporter's record lies behind its export, in milliseconds.
    pub behind: i64,
    /// The longest duration.
    pub longest: i64,
    /// The longest pause between two inputs.
    pub pause: i64,
    pub steps: usize,
}

/// What one record is like; times count from its export.
#[derive(Clone, Debug)]
struct Told {
    key: u8,
    behind: i64,
    duration: i64,
    packets: u64,
    octets: u64,
    flags: Option<u8>,
    reason: Option<u8>,
    clock: u8,
    wide: bool,
}

#[derive(Clone, Debug)]
enum Step {
    Send {
        exporter: usize,
        delay: i64,
        records: Vec<Told>,
    },
    Again {
        back: usize,
    },
    Tick,
    Off,
}

fn scaled(most: i64) -> impl Strategy<Value = i64> {
    prop_oneof![
        2 => Just(0),
        3 => 0..=most.min(5_000),
        3 => 0..=most.min(70_000),
        1 => Just(most.min(60_000)),
        2 => 0..=most,
    ]
}

fn told(wildness: Wildness) -> impl Strategy<Value = Told> {
    let packets = prop_oneof![
        1 => Just(0_u64),
        2 => Just(1),
        2 => Just(2),
        4 => 3..40_u64,
        1 => 0..=5_000_000_000_u64,
    ];
    let octets = prop_oneof![1 => Just(0_u64), 4 => 0..5_000_u64, 1 => 0..=(1_u64 << 40)];
    let flags = prop_oneof![
        2 => Just(None),
        2 => Just(Some(0x10)),
        1 => Just(Some(0x02)),
        1 => Just(Some(0x11)),
        1 => Just(Some(0x04)),
    ];
    let reason = prop_oneof![4 => Just(None), 2 => (0..=5_u8).prop_map(Some)];
    let times = (scaled(wildness.behind), scaled(wildness.longest));
    (
        1..=3_u8,
        times,
        packets,
        octets,
        flags,
        reason,
        0..6_u8,
        any::<bool>(),
    )
        .prop_map(
            |(key, (behind, duration), packets, octets, flags, reason, clock, wide)| Told {
                key,
                behind,
                duration,
                packets,
                octets,
                flags,
                reason,
                clock,
                wide,
            },
        )
}

fn step(wildness: Wildness) -> impl Strategy<Value = Step> {
    let records = proptest::collection::vec(told(wildness), 1..4);
    let send =
        (0..2_usize, 0..900_i64, records).prop_map(|(exporter, delay, records)| Step::Send {
            exporter,
            delay,
            records,
        });
    prop_oneof![
        12 => send,
        1 => (0..70_usize).prop_map(|back| Step::Again { back }),
        2 => Just(Step::Tick),
        // Rare: what comes behind it is counted only.
        1 => prop_oneof![9 => Just(Step::Tick), 1 => Just(Step::Off)],
    ]
}

fn version() -> impl Strategy<Value = Version> {
    prop_oneof![
        1 => Just(Version::V5),
        3 => Just(Version::V9),
        3 => Just(Version::Ipfix),
    ]
}

/// A stream of two Exporters.
pub fn stream(wildness: Wildness) -> impl Strategy<Value = Stream> {
    let steps =
        proptest::collection::vec((scaled(wildness.pause), step(wildness)), 1..wildness.steps);
    (version(), version(), 0..600_000_i64, steps).prop_map(|(first, second, offset, steps)| {
        let exporters = [Exporter::new(1, first), Exporter::new(2, second)];
        let mut script = Script::new();
        let mut now = NOON + offset;
        for (pause, step) in steps {
            now += pause;
            match step {
                Step::Send {
                    exporter,
                    delay,
                    records,
                } => {
                    let exporter = &exporters[exporter];
                    let sent = now - delay;
                    let records = records.iter().map(|told| record(exporter, sent, told));
                    script.send_late(exporter, sent, now, records.collect());
                }
                Step::Again { back } if !script.inputs.is_empty() => {
                    let back = back % script.inputs.len();
                    script.again(back, now);
                }
                Step::Off => {
                    script.off(now);
                }
                Step::Again { .. } | Step::Tick => {
                    script.tick(now);
                }
            }
        }
        Stream(script.inputs)
    })
}

fn record(exporter: &Exporter, sent: i64, told: &Told) -> Record {
    // By the Exporter's clock.
    let x = sent + exporter.ahead;
    let end = x - told.behind;
    let start = end - told.duration;
    let mut record = match (exporter.version, told.flags) {
        (_, Some(flags)) => Record::tcp(told.key, flags),
        (Version::V5, None) => Record::udp(told.key).with(6, 1, 0),
        (_, None) => Record::udp(told.key),
    };
    if exporter.version == Version::V5 {
        let word = |value: u64| u128::from(value & 0xffff_ffff);
        return record
            .with(2, 4, word(told.packets))
            .with(1, 4, word(told.octets))
            .switched(exporter.boot, start, end);
    }
    if let Some(reason) = told.reason {
        record = record.with(136, 1, reason.into());
    }
    let small = told.packets < 1 << 32 && told.octets < 1 << 32;
    let length = if told.wide || !small { 8 } else { 4 };
    record = record
        .with(2, length, told.packets.into())
        .with(1, length, told.octets.into());
    match (exporter.version, told.clock) {
        (_, 0) => record.between(start, end),
        (_, 1) => record
            .with(150, 4, millis(start / 1000))
            .with(151, 4, millis(end / 1000)),
        (_, 2) => record
            .with(154, 8, ntp(start * 1000 + 500))
            .with(155, 8, ntp(end * 1000 + 500)),
        (_, 3) => record
            .with(156, 8, ntp(start * 1000 + 500))
            .with(157, 8, ntp(end * 1000 + 500)),
        (Version::Ipfix, 4) => {
            let header = exporter.header(sent).export_time();
            let ago = |time: i64| millis((header - time).max(0) * 1000);
            if header - start > 4_000_000 {
                return record.between(start, end);
            }
            record.with(158, 4, ago(start)).with(159, 4, ago(end))
        }
        (Version::Ipfix, _) => {
            record
                .with(160, 8, millis(exporter.boot))
                .switched(exporter.boot, start, end)
        }
        (_, _) => record.switched(exporter.boot, start, end),
    }
}

/// A flow log.
pub fn rules() -> impl Strategy<Value = Rules> {
    let window = prop_oneof![
        3 => Just(Window::Of(MINUTE)),
        2 => Just(Window::Of(5 * MINUTE)),
        2 => Just(Window::Of(10 * MINUTE)),
        3 => Just(Window::Absent),
        1 => Just(Window::PerRecord),
    ];
    let aging = prop_oneof![
        3 => Just(None),
        2 => Just(Some((300, 15))),
        1 => Just(Some((60, 10))),
        1 => Just(Some((120, 600))),
        1 => (60..=6000_i64, 10..=600_i64).prop_map(Some),
    ];
    let hold = prop_oneof![
        3 => Just(Hold::Auto),
        2 => Just(Hold::Fixed(0)),
        1 => (1..=120_i64).prop_map(|seconds| Hold::Fixed(seconds * SECOND)),
    ];
    let lateness = prop_oneof![2 => Just(7_200_i64), 1 => Just(0), 1 => Just(86_400)];
    let time_source = prop_oneof![
        4 => Just(TimeSource::Corrected),
        1 => Just(TimeSource::Exporter),
        1 => Just(TimeSource::Arrival),
    ];
    (window, aging, hold, lateness, time_source, any::<bool>()).prop_map(
        |(window, aging, hold, lateness, time_source, events)| Rules {
            window,
            aging: aging
                .filter(|_| window != Window::PerRecord)
                .map(|(active, inactive)| (active * SECOND, inactive * SECOND)),
            hold,
            allowed_lateness: lateness * SECOND,
            time_source,
            events,
        },
    )
}
