use alloc::vec::Vec;
use core::net::Ipv4Addr;

use proptest::prelude::*;

use super::{MAX_OCTETS, Stream};
use crate::clock::Micros;
use crate::config::Timeouts;
use crate::flow::{EndReason, Flow, Metered, TCP};

const SECOND: Micros = 1_000_000;

fn stream(gap: Micros, packets: u64, closes: bool) -> Stream {
    let address = Ipv4Addr::LOCALHOST.into();
    Stream {
        flow: Flow {
            source: address,
            destination: address,
            source_port: 1,
            destination_port: 2,
            protocol: TCP,
            tos: 0,
            input: 1,
            output: 2,
            forwarding: 64,
        },
        start: 100 * SECOND,
        gap,
        packets,
        next: 0,
        size: 100,
        opens: true,
        closes,
        is_tcp: true,
    }
}

const TIMEOUTS: Timeouts = Timeouts {
    active_ms: 60_000,
    inactive_ms: 15_000,
};

/// All that a cache exports of a stream, and when.
fn exported(mut stream: Stream, timeouts: Timeouts) -> Vec<(Micros, Metered)> {
    let mut exported = Vec::new();
    while let Some(entry) = stream.entry(timeouts) {
        exported.push((entry.due, stream.export(entry)));
        assert!(exported.len() < 100_000);
    }
    exported
}

/// Start, end and due in milliseconds behind the start of the stream, packets, flags, reason.
fn summary(stream: Stream) -> Vec<(i64, i64, i64, u64, u8, EndReason)> {
    let ms = |at: Micros| (at - stream.start) / 1000;
    exported(stream, TIMEOUTS)
        .into_iter()
        .map(|(due, m)| {
            (
                ms(m.start),
                ms(m.end),
                ms(due),
                m.packets,
                m.tcp_flags,
                m.reason,
            )
        })
        .collect()
}

#[test]
fn a_connection_that_closes_is_exported_at_once() {
    assert_eq!(
        summary(stream(SECOND, 5, true)),
        [(0, 4_000, 4_000, 5, 0x1b, EndReason::EndOfFlow)]
    );
}

#[test]
fn a_flow_that_falls_silent_is_exported_after_the_inactive_timeout() {
    assert_eq!(
        summary(stream(SECOND, 5, false)),
        [(0, 4_000, 19_000, 5, 0x1a, EndReason::Idle)]
    );
}

#[test]
fn a_flow_that_goes_on_is_cut_by_the_active_timeout() {
    assert_eq!(
        summary(stream(10 * SECOND, 13, true)),
        [
            (0, 60_000, 60_000, 7, 0x1a, EndReason::Active),
            (70_000, 120_000, 120_000, 6, 0x19, EndReason::EndOfFlow),
        ]
    );
}

#[test]
fn a_silence_that_reaches_past_the_active_timeout_is_cut_by_it() {
    assert_eq!(
        summary(stream(10 * SECOND, 6, false)),
        [(0, 50_000, 60_000, 6, 0x1a, EndReason::Active)]
    );
}

#[test]
fn pauses_as_long_as_the_inactive_timeout_make_records_of_one_packet() {
    assert_eq!(
        summary(stream(15 * SECOND, 3, true)),
        [
            (0, 0, 15_000, 1, 0x1a, EndReason::Idle),
            (15_000, 15_000, 30_000, 1, 0x18, EndReason::Idle),
            (30_000, 30_000, 30_000, 1, 0x19, EndReason::EndOfFlow),
        ]
    );
}

#[test]
fn a_lonely_syn_has_no_other_flag() {
    assert_eq!(
        summary(stream(SECOND, 1, false)),
        [(0, 0, 15_000, 1, 0x02, EndReason::Idle)]
    );
}

#[test]
fn counters_of_four_octets_do_not_overflow() {
    let fast = Stream {
        size: 65_535,
        ..stream(100, 300_000, true)
    };
    let records = exported(fast, TIMEOUTS);
    assert_eq!(records.len(), 5);
    assert!(
        records
            .iter()
            .all(|(_, metered)| metered.octets <= MAX_OCTETS)
    );
    let packets: u64 = records.iter().map(|(_, metered)| metered.packets).sum();
    assert_eq!(packets, 300_000);
}

#[test]
fn an_emptied_cache_gives_what_came_so_far() {
    let mut stream = stream(SECOND, 10, true);
    assert_eq!(stream.export_until(stream.start - 1), None);
    let metered = stream.export_until(stream.start + 3 * SECOND).unwrap();
    assert_eq!((metered.packets, metered.reason), (4, EndReason::Forced));
    assert_eq!(stream.export_until(stream.start + 3 * SECOND), None);
    assert_eq!(stream.export_until(Micros::MAX).unwrap().packets, 6);
}

#[test]
fn packets_that_are_skipped_are_not_exported() {
    let mut stream = stream(SECOND, 10, true);
    stream.skip_until(stream.start - 5);
    assert_eq!(stream.next, 0);
    stream.skip_until(stream.start + 3 * SECOND);
    assert_eq!(stream.next, 3);
    stream.skip_until(stream.start);
    assert_eq!(stream.next, 3);
    stream.skip_until(Micros::MAX);
    assert_eq!(stream.entry(TIMEOUTS), None);
}

proptest! {
    #[test]
    fn records_tile_the_stream_and_keep_the_timeouts(
        gap in 1_i64..40_000_000,
        packets in 1_u64..500,
        closes in any::<bool>(),
        active_ms in 1_000_u32..100_000,
        inactive_ms in 1_000_u32..100_000,
    ) {
        let timeouts = Timeouts { active_ms, inactive_ms };
        let (active, inactive) = (i64::from(active_ms) * 1000, i64::from(inactive_ms) * 1000);
        let stream = stream(gap, packets, closes);
        let records = exported(stream, timeouts);
        let mut next = stream.start;
        let mut earlier = Micros::MIN;
        for (index, (due, metered)) in records.iter().enumerate() {
            prop_assert_eq!(metered.start, next);
            let count = i64::try_from(metered.packets).unwrap();
            prop_assert_eq!(metered.end, metered.start + (count - 1) * gap);
            prop_assert!(metered.end <= *due && earlier <= *due);
            prop_assert!(metered.end - metered.start <= active);
            prop_assert!(count == 1 || gap < inactive);
            next = metered.end + gap;
            earlier = *due;
            let is_last = index + 1 == records.len();
            match metered.reason {
                EndReason::EndOfFlow => prop_assert!(is_last && closes && *due == metered.end),
                EndReason::Idle => {
                    prop_assert_eq!(*due, metered.end + inactive);
                    prop_assert!(is_last || gap >= inactive);
                }
                _ => {
                    prop_assert_eq!(*due, metered.start + active);
                    prop_assert!(is_last || next > *due || gap >= inactive);
                }
            }
        }
        let total: u64 = records.iter().map(|(_, metered)| metered.packets).sum();
        prop_assert_eq!(total, packets);
    }

    #[test]
    fn a_sampler_takes_every_nth_packet(
        packets in 1_u64..200,
        interval in 1_u32..50,
        phase in 0_u32..50,
    ) {
        let phase = phase % interval;
        let whole = stream(SECOND, packets, true);
        let taken: Vec<i64> = (0..packets)
            .filter(|number| number % u64::from(interval) == u64::from(phase))
            .map(|number| whole.at(number))
            .collect();
        match whole.sampled(interval, phase) {
            None => prop_assert!(taken.is_empty()),
            Some(sampled) => {
                let times: Vec<i64> = (0..sampled.packets).map(|n| sampled.at(n)).collect();
                prop_assert_eq!(&times, &taken);
                prop_assert_eq!(sampled.opens, times[0] == whole.start);
                let last = *times.last().unwrap();
                prop_assert_eq!(sampled.closes, last == whole.at(packets - 1));
            }
        }
    }
}
