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
    odd: Odd,
}

/// What few records have.
#[derive(Clone, Debug)]
struct Odd {
    /// 0: neither time is missing; 1: the start; 2: the end; 3: both.
    missing: u8,
    /// Element 161.
    lasted: Option<u32>,
    /// Element 323, before the export.
    observed: Option<i64>,
    /// Element 34.
    rate: Option<u64>,
    /// Packets and octets of the reverse direction.
    reverse: Option<(u64, u64)>,
}

#[derive(Clone, Debug)]
enum Step {
    Send {
        exporter: usize,
        delay: i64,
        records: Vec<Told>,
    },
    Restart,
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
    let forms = (0..6_u8, any::<bool>(), odd(wildness));
    let told = (1..=3_u8, times, packets, octets, flags, reason, forms);
    told.prop_map(|(key, times, packets, octets, flags, reason, forms)| Told {
        key,
        behind: times.0,
        duration: times.1,
        packets,
        octets,
        flags,
        reason,
        clock: forms.0,
        wide: forms.1,
        odd: forms.2,
    })
}

fn odd(wildness: Wildness) -> impl Strategy<Value = Odd> {
    let missing = prop_oneof![12 => Just(0), 1 => Just(1_u8), 1 => Just(2), 1 => Just(3)];
    let lasted = prop_oneof![4 => Just(None), 1 => (0..90_000_u32).prop_map(Some)];
    let observed = prop_oneof![4 => Just(None), 1 => (0..=wildness.behind).prop_map(Some)];
    let rate = prop_oneof![6 => Just(None), 1 => Just(Some(10)), 1 => Just(Some(1))];
    let reverse = prop_oneof![6 => Just(None), 1 => (0..9_u64, 0..9_000_u64).prop_map(Some)];
    let odd = (missing, lasted, observed, rate, reverse);
    odd.prop_map(|(missing, lasted, observed, rate, reverse)| Odd {
        missing,
        lasted,
        observed,
        rate,
        reverse,
    })
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
        1 => Just(Step::Restart),
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

/// An Exporter whose clock may be wrong.
fn exporter(last: u8) -> impl Strategy<Value = Exporter> {
    let ahead = prop_oneof![
        6 => Just(0),
        2 => -2_000..=1_000_i64,
        1 => -10 * MINUTE..=10 * MINUTE,
        1 => -3_000_000..=3_000_000_i64,
    ];
    let boot = prop_oneof![
        3 => Just(NOON - 86_400_000),
        // Wraps soon.
        1 => (0..20 * MINUTE).prop_map(|later| NOON + later - (1 << 32)),
    ];
    let sampling = prop_oneof![2 => Just(0), 1 => Just(0x4000 + 25_u16)];
    (version(), ahead, boot, sampling).prop_map(move |(version, ahead, boot, sampling)| Exporter {
        ahead,
        boot,
        sampling,
        ..Exporter::new(last, version)
    })
}

/// A stream of two Exporters.
pub fn stream(wildness: Wildness) -> impl Strategy<Value = Stream> {
    let step = (scaled(wildness.pause), step(wildness));
    let steps = proptest::collection::vec(step, 1..wildness.steps);
    (exporter(1), exporter(2), 0..600_000_i64, steps).prop_map(|(first, second, offset, steps)| {
        let mut script = Script::new();
        let mut now = NOON + offset;
        for (pause, step) in steps {
            now += pause;
            play(&mut script, &[first, second], now, step);
        }
        Stream(script.inputs)
    })
}

fn play(script: &mut Script, exporters: &[Exporter; 2], now: i64, step: Step) {
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
        Step::Restart => {
            script.restart();
        }
        Step::Again { .. } | Step::Tick => {
            script.tick(now);
        }
    }
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
    let record = odd_values(exporter, x, &told.odd, record);
    let mut timed = timed(exporter, sent, told.clock, (start, end), record);
    let missing = told.odd.missing;
    for (bit, ids) in [
        (1, [22, 150, 152, 154, 156, 158]),
        (2, [21, 151, 153, 155, 157, 159]),
    ] {
        if missing & bit != 0 {
            timed = ids.into_iter().fold(timed, Record::without);
        }
    }
    timed
}

fn odd_values(exporter: &Exporter, x: i64, odd: &Odd, mut record: Record) -> Record {
    if let Some(lasted) = odd.lasted {
        record = record.with(161, 4, lasted.into());
    }
    if let Some(observed) = odd.observed {
        record = record.with(323, 8, millis(x - observed));
    }
    if let Some(rate) = odd.rate {
        record = record.with(34, 4, rate.into());
    }
    match (exporter.version, odd.reverse) {
        (Version::Ipfix, Some((packets, octets))) => record
            .with_reverse(2, 4, packets.into())
            .with_reverse(1, 4, octets.into()),
        (Version::V9, Some((packets, octets))) => {
            record
                .with(299, 4, packets.into())
                .with(232, 4, octets.into())
        }
        _ => record,
    }
}

/// The interval by one of the clocks.
fn timed(
    exporter: &Exporter,
    sent: i64,
    clock: u8,
    (start, end): (i64, i64),
    record: Record,
) -> Record {
    match (exporter.version, clock) {
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
