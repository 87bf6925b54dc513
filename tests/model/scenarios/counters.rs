//! Which counters count: §5, totals, biflows and sampling; §6, duplicates.

use super::{only, told, told_with};
use crate::check::{check, rows};
use crate::flow_log::{Hold, Rules, Window};
use crate::known::Stated;
use crate::row::Columns;
use crate::script::{Exporter, MINUTE, NOON, SECOND, Script, Version};
use crate::split::Factor;
use crate::stream::{Content, Record};

const ALONE: Rules = only(Window::PerRecord, None);
const MINUTES: Rules = only(Window::Of(MINUTE), None);

/// A record over these milliseconds after noon, without counters.
fn at(from: i64, to: i64) -> Record {
    Record::udp(1).between(NOON + from, NOON + to)
}

/// One with totals of packets, and of ten octets each.
fn total(from: i64, to: i64, packets: u128) -> Record {
    at(from, to).with(86, 8, packets).with(85, 8, 10 * packets)
}

/// Each row's words from its interval on.
fn parts(lines: Vec<String>) -> Vec<String> {
    let words = |line: String| line.splitn(4, ' ').nth(3).expect("four words").to_owned();
    lines.into_iter().map(words).collect()
}

/// Rows with their columns, checked.
fn checked(script: &Script, rules: Rules, stated: Stated) -> Vec<Columns> {
    check(&script.inputs, &[rules], stated);
    rows(&script.inputs, &[rules], stated).remove(0)
}

#[test]
fn totals_count_by_what_they_grew() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let mut script = Script::new();
    // Heard before the flow began.
    script.send(&exporter, NOON, vec![at(0, 0)]);
    script.send(&exporter, NOON + 61_000, vec![total(10_000, 60_000, 100)]);
    script.send(&exporter, NOON + 121_000, vec![total(10_000, 120_000, 150)]);
    script.send(&exporter, NOON + 181_000, vec![total(10_500, 180_000, 175)]);
    let expected = [
        "10000..60000 100/1000 active",
        "60001..120000 50/500 active",
        "120001..180000 25/250 active",
    ];
    assert_eq!(parts(told(&script, ALONE)), expected);
}

#[test]
fn totals_of_a_flow_older_than_the_exporter_is_known_are_a_baseline() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let mut script = Script::new();
    script.send(&exporter, NOON + 61_000, vec![total(10_000, 60_000, 100)]);
    script.send(&exporter, NOON + 121_000, vec![total(10_000, 120_000, 150)]);
    let expected = ["60001..120000 50/500 active"];
    assert_eq!(parts(told(&script, ALONE)), expected);
    // Unless the record says that the flow ended.
    for reason in [1, 3, 4, 5] {
        let mut script = Script::new();
        let record = total(10_000, 60_000, 100).with(136, 1, reason);
        script.send(&exporter, NOON + 61_000, vec![record]);
        assert_eq!(parts(told(&script, ALONE)), ["10000..60000 100/1000 ended"]);
    }
    // FIN alone does not: it was seen at any time of the connection.
    let mut script = Script::new();
    let record = total(10_000, 60_000, 100).with(6, 1, 0x11);
    script.send(&exporter, NOON + 61_000, vec![record]);
    assert_eq!(told(&script, ALONE), Vec::<String>::new());
}

#[test]
fn totals_begin_anew_when_they_shrink_or_their_start_moves() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let mut script = Script::new();
    script.send(&exporter, NOON, vec![at(0, 0)]);
    script.send(&exporter, NOON + 61_000, vec![total(10_000, 60_000, 100)]);
    // Reset: all of it is new.
    script.send(&exporter, NOON + 121_000, vec![total(10_000, 120_000, 30)]);
    // Another connection with the same key.
    script.send(&exporter, NOON + 181_000, vec![total(130_000, 180_000, 70)]);
    script.send(&exporter, NOON + 191_000, vec![total(130_000, 190_000, 71)]);
    let expected = [
        "10000..60000 100/1000 active",
        "60001..120000 30/300 active",
        "130000..180000 70/700 active",
        "180001..190000 1/10 inactive",
    ];
    assert_eq!(parts(told(&script, ALONE)), expected);
}

#[test]
fn totals_are_kept_by_exporter_domain_and_key() {
    let mut first = Exporter::new(1, Version::Ipfix);
    let mut second = first;
    first.domain = 1;
    second.domain = 2;
    let third = Exporter::new(2, Version::Ipfix);
    let mut script = Script::new();
    for exporter in [first, second, third] {
        script.send(&exporter, NOON, vec![at(0, 0)]);
    }
    for (at, packets) in [(60_000, 100), (120_000, 150)] {
        for exporter in [first, second, third] {
            let records = vec![
                total(10_000, at, packets),
                total(10_000, at, 2 * packets).with(7, 2, 1002),
                total(10_000, at, 3 * packets).with(5, 1, 8),
            ];
            script.send(&exporter, NOON + at + 1_000, records);
        }
    }
    let told = parts(told(&script, ALONE));
    assert_eq!(told.len(), 18);
    for (packets, times) in [(100, 3), (200, 3), (300, 3), (50, 3), (150, 3)] {
        let counters = format!(" {packets}/{}0 ", packets);
        let found = told.iter().filter(|line| line.contains(&counters)).count();
        // 100 is also what the second flow grew by.
        let times = if packets == 100 { times + 3 } else { times };
        assert_eq!(found, times, "{packets}: {told:?}");
    }
}

#[test]
fn totals_are_forgotten_after_a_while() {
    let exporter = Exporter::new(1, Version::Ipfix);
    // Twice 60 s, and the longest hold there is.
    for (pause, expected) in [(415_000, 50), (425_000, 150)] {
        let mut script = Script::new();
        script.send(&exporter, NOON, vec![at(0, 0)]);
        script.send(&exporter, NOON + 60_000, vec![total(10_000, 60_000, 100)]);
        let next = 60_000 + pause;
        script.send(&exporter, NOON + next, vec![total(10_000, next, 150)]);
        let told = told(&script, ALONE);
        assert!(
            told[1].contains(&format!(" {expected}/{expected}0 ")),
            "{pause}: {told:?}"
        );
    }
}

#[test]
fn totals_begin_anew_when_the_exporter_does() {
    for jump in [false, true] {
        let mut exporter = Exporter::new(1, Version::V9);
        let mut script = Script::new();
        script.send(&exporter, NOON, vec![at(0, 0)]);
        script.send(&exporter, NOON + 61_000, vec![total(10_000, 60_000, 100)]);
        if jump {
            exporter.boot = NOON;
        }
        // Two datagrams running must say so.
        script.send(&exporter, NOON + 70_000, vec![at(70_000, 70_000)]);
        script.send(&exporter, NOON + 71_000, vec![at(71_000, 71_000)]);
        script.send(&exporter, NOON + 121_000, vec![total(10_000, 120_000, 150)]);
        let expected = if jump {
            [
                "10000..60000 100/1000 active",
                "10000..120000 150/1500 active",
            ]
        } else {
            [
                "10000..60000 100/1000 active",
                "60001..120000 50/500 active",
            ]
        };
        assert_eq!(parts(told(&script, ALONE)), expected);
    }
}

#[test]
fn totals_that_tell_of_a_restart_count_once() {
    let mut exporter = Exporter::new(1, Version::V9);
    let mut script = Script::new();
    script.send(&exporter, NOON, vec![at(0, 0)]);
    script.send(&exporter, NOON + 61_000, vec![total(10_000, 60_000, 100)]);
    exporter.boot = NOON + 62_000;
    for (to, packets) in [(65_000, 7), (75_000, 9), (85_000, 12)] {
        script.send(
            &exporter,
            NOON + to + SECOND,
            vec![total(63_000, to, packets)],
        );
    }
    let expected = [
        "10000..60000 100/1000 active",
        "63000..65000 7/70 inactive",
        "65001..75000 2/20 inactive",
        "75001..85000 3/30 inactive",
    ];
    assert_eq!(parts(told(&script, ALONE)), expected);
}

#[test]
fn deltas_with_a_kept_start_lie_behind_the_last_end() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let stated = Stated {
        keeps_start: true,
        ..Stated::default()
    };
    let mut script = Script::new();
    for (to, packets) in [(60_000, 100), (120_000, 50), (180_000, 25)] {
        let record = at(10_000, to).counted(packets, 10 * packets);
        script.send(&exporter, NOON + to + SECOND, vec![record]);
    }
    let expected = [
        "10000..60000 100/1000 active",
        "60001..120000 50/500 active",
        "120001..180000 25/250 active",
    ];
    assert_eq!(parts(told_with(&script, ALONE, stated)), expected);
    // Without the resource's word they overlap.
    let expected = [
        "10000..60000 100/1000 active",
        "10000..120000 50/500 active",
        "10000..180000 25/250 active",
    ];
    assert_eq!(parts(told(&script, ALONE)), expected);
}

#[test]
fn counters_are_taken_in_their_order() {
    let all = |record: Record, ids: &[(u16, u128)]| {
        ids.iter()
            .fold(record, |record, &(id, value)| record.with(id, 8, value))
    };
    let exporter = Exporter::new(1, Version::Ipfix);
    let forward = [
        (352, 6),
        (231, 5),
        (298, 50),
        (23, 4),
        (24, 40),
        (1, 1),
        (2, 10),
    ];
    for (taken, expected) in [(1, "0/6"), (3, "50/5"), (5, "40/4"), (7, "10/1")] {
        let mut script = Script::new();
        let record = all(at(0, 1_000), &forward[..taken]);
        script.send(&exporter, NOON + SECOND, vec![record]);
        let told = told(&script, ALONE);
        assert_eq!(told, [format!("1000 key 1 0..1000 {expected} inactive")]);
    }
    // Deltas go before totals.
    let mut script = Script::new();
    let record = all(at(0, 1_000), &[(1, 7), (2, 3), (85, 700), (86, 300)]);
    script.send(&exporter, NOON + SECOND, vec![record]);
    assert_eq!(parts(told(&script, ALONE)), ["0..1000 3/7 inactive"]);
}

/// The columns of a uniflow that tell its direction.
fn direction(row: &Columns) -> Vec<&str> {
    let columns = [
        "srcaddr",
        "srcport",
        "dstaddr",
        "dstport",
        "inport",
        "outport",
        "tos",
        "tcp-flags",
        "packets",
        "bytes",
        "start",
        "end",
    ];
    columns.iter().map(|&column| row[column].as_str()).collect()
}

#[test]
fn a_biflow_is_two_uniflows() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let (start, end) = ((NOON / 1000).to_string(), (NOON / 1000 + 1).to_string());
    let forward = at(0, 1_000)
        .with(5, 1, 8)
        .with(6, 1, 0x12)
        .with(10, 4, 3)
        .with(14, 4, 4);
    let cisco = (forward.clone().with(231, 8, 100).with(298, 8, 1))
        .with(232, 8, 2000)
        .with(299, 8, 20);
    let rfc = forward
        .clone()
        .counted(1, 100)
        .with_reverse(1, 8, 2000)
        .with_reverse(2, 8, 20);
    let rfc_marked = rfc.clone().with_reverse(5, 1, 16).with_reverse(6, 1, 0x10);
    for (record, tos, flags) in [(cisco, "8", "-"), (rfc, "8", "-"), (rfc_marked, "16", "16")] {
        let mut script = Script::new();
        script.send(&exporter, NOON + SECOND, vec![record]);
        let rows = checked(&script, ALONE, Stated::default());
        let there = [
            "10.0.0.1", "1001", "10.9.9.9", "53", "3", "4", "8", "18", "1", "100", &start, &end,
        ];
        let back = [
            "10.9.9.9", "53", "10.0.0.1", "1001", "4", "3", tos, flags, "20", "2000", &start, &end,
        ];
        assert_eq!(
            rows.iter().map(direction).collect::<Vec<_>>(),
            [there, back]
        );
    }
}

#[test]
fn an_empty_reverse_side_is_dropped() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let mut script = Script::new();
    let record = at(0, 1_000)
        .counted(3, 30)
        .with_reverse(1, 8, 0)
        .with_reverse(2, 8, 0);
    script.send(&exporter, NOON + SECOND, vec![record]);
    let events = Rules {
        events: true,
        ..ALONE
    };
    assert_eq!(parts(told(&script, events)), ["0..1000 3/30 inactive"]);
}

#[test]
fn a_reverse_uniflow_keeps_the_ports_of_icmp() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let mut script = Script::new();
    let record = at(0, 1_000)
        .with(4, 1, 1)
        .without(7)
        .without(11)
        .with(32, 2, 0x0800);
    let record = record
        .counted(3, 30)
        .with_reverse(1, 8, 40)
        .with_reverse(2, 8, 4);
    script.send(&exporter, NOON + SECOND, vec![record]);
    let rows = checked(&script, MINUTES, Stated::default());
    let mut ends: Vec<_> = (rows.iter())
        .map(|row| {
            (
                row["srcaddr"].as_str(),
                row["srcport"].as_str(),
                row["dstport"].as_str(),
            )
        })
        .collect();
    ends.sort_unstable();
    assert_eq!(ends, [("10.0.0.1", "0", "2048"), ("10.9.9.9", "0", "2048")]);
}

#[test]
fn absent_values_share_the_key_with_zero() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let mut script = Script::new();
    let bare = at(0, 1_000)
        .without(5)
        .without(10)
        .without(14)
        .without(7)
        .counted(1, 10);
    let zero = at(0, 1_000)
        .with(10, 4, 0)
        .with(14, 4, 0)
        .with(7, 2, 0)
        .counted(2, 20);
    script.send(&exporter, NOON + SECOND, vec![bare.clone()]);
    let of = |script: &Script| {
        let rows = checked(script, MINUTES, Stated::default());
        assert_eq!(rows.len(), 1);
        let columns = [
            "srcport",
            "tos",
            "inport",
            "outport",
            "tcp-flags",
            "packets",
        ];
        columns.map(|column| rows[0][column].clone())
    };
    assert_eq!(of(&script), ["0", "-", "-", "-", "-", "1"]);
    script.send(&exporter, NOON + SECOND, vec![zero]);
    assert_eq!(of(&script), ["0", "0", "0", "0", "-", "3"]);
    // Without addresses at all.
    let mut script = Script::new();
    script.send(&exporter, NOON + SECOND, vec![bare.without(8).without(12)]);
    let rows = checked(&script, MINUTES, Stated::default());
    assert_eq!([&rows[0]["srcaddr"], &rows[0]["dstaddr"]], ["-", "-"]);
}

/// `sampling PACKETS/OCTETS of RAW/RAW` of each row.
fn sampled(script: &Script, rules: Rules, stated: Stated) -> Vec<String> {
    let mut told: Vec<_> = (checked(script, rules, stated).iter())
        .map(|row| {
            format!(
                "{} {}/{} of {}/{}",
                row["sampling"], row["packets"], row["bytes"], row["packets_raw"], row["bytes_raw"],
            )
        })
        .collect();
    told.sort_unstable();
    told
}

#[test]
fn the_rate_is_read_from_the_elements_in_their_order() {
    let exporter = Exporter::new(1, Version::Ipfix);
    for (elements, expected) in [
        (&[][..], "- 3/50 of 3/50"),
        (&[(34, 1)], "1 3/50 of 3/50"),
        (&[(34, 100)], "100 300/5000 of 3/50"),
        (&[(50, 200)], "200 600/10000 of 3/50"),
        (&[(34, 100), (50, 200)], "100 300/5000 of 3/50"),
        (&[(34, 0), (50, 200)], "200 600/10000 of 3/50"),
        (&[(310, 3), (309, 2)], "3/2 5/75 of 3/50"),
        (&[(310, 1000), (309, 10)], "100 300/5000 of 3/50"),
        (&[(305, 1), (306, 9)], "10 30/500 of 3/50"),
        (&[(305, 4), (306, 3)], "7/4 5/88 of 3/50"),
        (&[(305, 50)], "50 150/2500 of 3/50"),
        (&[(305, 50), (50, 7)], "7 21/350 of 3/50"),
    ] {
        let mut script = Script::new();
        let record = elements
            .iter()
            .fold(at(0, 1_000).counted(3, 50), |record, &(id, value)| {
                record.with(id, 4, value)
            });
        script.send(&exporter, NOON + SECOND, vec![record]);
        assert_eq!(
            sampled(&script, MINUTES, Stated::default()),
            [expected],
            "{elements:?}"
        );
    }
}

#[test]
fn scaled_sums_are_conserved_over_windows() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let mut script = Script::new();
    let record = at(0, 599_999)
        .counted(1_001, 100_003)
        .with(310, 4, 7)
        .with(309, 4, 3);
    script.send(&exporter, NOON + 600_000, vec![record]);
    let held = |window| Rules {
        hold: Hold::Fixed(3_600_000),
        ..only(Window::Of(window), None)
    };
    let whole = ["7/3 2336/233340 of 1001/100003"];
    assert_eq!(
        sampled(&script, held(10 * MINUTE), Stated::default()),
        whole
    );
    let parts = checked(&script, held(MINUTE), Stated::default());
    assert_eq!(parts.len(), 10);
    let sum = |column: &str| -> u64 {
        parts
            .iter()
            .map(|row| row[column].parse::<u64>().expect("a number"))
            .sum()
    };
    assert_eq!((sum("packets"), sum("bytes")), (2336, 233_340));
}

#[test]
fn rates_are_asked_for_in_the_order_of_their_sources() {
    let mut exporter = Exporter::new(1, Version::V5);
    let v5 = || Record::udp(1).with(6, 1, 0).with(2, 4, 3).with(1, 4, 50);
    let plain = |rate| Stated {
        sampling: Factor::new(rate, 1).map(|factor| (factor, false)),
        ..Stated::default()
    };
    let forced = |rate| Stated {
        sampling: Factor::new(rate, 1).map(|factor| (factor, true)),
        ..Stated::default()
    };
    // The low 14 bits of the header; the others are the mode.
    for (word, stated, expected) in [
        (0, Stated::default(), "- 3/50 of 3/50"),
        (0x4000, Stated::default(), "- 3/50 of 3/50"),
        (0x4064, Stated::default(), "100 300/5000 of 3/50"),
        (0x4064, plain(7), "100 300/5000 of 3/50"),
        (0x4064, forced(7), "7 21/350 of 3/50"),
        (0, plain(7), "7 21/350 of 3/50"),
    ] {
        exporter.sampling = word;
        let mut script = Script::new();
        let record = v5().switched(exporter.boot, NOON, NOON + 1_000);
        script.send(&exporter, NOON + SECOND, vec![record]);
        assert_eq!(sampled(&script, MINUTES, stated), [expected], "{word:x}");
    }
    // The record goes before options, options before a plain override.
    let exporter = Exporter::new(1, Version::V9);
    for (options, own, stated, expected) in [
        (Some(100), Some(7), Stated::default(), "7 21/350 of 3/50"),
        (Some(100), None, Stated::default(), "100 300/5000 of 3/50"),
        (Some(100), None, plain(7), "100 300/5000 of 3/50"),
        (Some(100), Some(9), forced(7), "7 21/350 of 3/50"),
        (None, None, plain(7), "7 21/350 of 3/50"),
    ] {
        let mut script = Script::new();
        if let Some(rate) = options {
            script.options(&exporter, NOON, Record::new().with(34, 4, rate));
        }
        let mut record = at(0, 1_000).counted(3, 50);
        if let Some(rate) = own {
            record = record.with(34, 4, rate);
        }
        script.send(&exporter, NOON + SECOND, vec![record]);
        assert_eq!(sampled(&script, MINUTES, stated), [expected]);
    }
}

#[test]
fn samplers_are_told_apart_by_their_id() {
    let exporter = Exporter::new(1, Version::V9);
    let mut script = Script::new();
    for (id, rate) in [(1, 100), (2, 1000)] {
        let fields = Record::new().with(48, 1, id).with(50, 4, rate);
        script.options(&exporter, NOON, fields);
    }
    for (key, id) in [(1, Some(1)), (2, Some(2)), (3, Some(3)), (4, None)] {
        let mut record = Record::udp(key).between(NOON, NOON + 1_000).counted(3, 50);
        if let Some(id) = id {
            record = record.with(48, 1, id);
        }
        script.send(&exporter, NOON + SECOND, vec![record]);
    }
    let expected = [
        // One that is not known, and none of two.
        "- 3/50 of 3/50",
        "- 3/50 of 3/50",
        "100 300/5000 of 3/50",
        "1000 3000/50000 of 3/50",
    ];
    assert_eq!(sampled(&script, MINUTES, Stated::default()), expected);
}

#[test]
fn a_selector_is_the_scope_of_its_options() {
    let exporter = Exporter::new(1, Version::Ipfix);
    let mut script = Script::new();
    for (id, packets) in [(1, 99), (2, 999)] {
        let scope = Record::new().with(302, 8, id);
        let fields = Record::new().with(305, 4, 1).with(306, 4, packets);
        script.push(
            &exporter,
            NOON,
            NOON,
            vec![Content::Options { scope, fields }],
        );
    }
    let record = at(0, 1_000).counted(3, 50).with(302, 8, 2);
    script.send(&exporter, NOON + SECOND, vec![record]);
    let expected = ["1000 3000/50000 of 3/50"];
    assert_eq!(sampled(&script, MINUTES, Stated::default()), expected);
}

#[test]
fn options_of_one_domain_say_nothing_of_another() {
    let exporter = Exporter::new(1, Version::V9);
    let mut other = exporter;
    other.domain = 9;
    let mut script = Script::new();
    script.options(&other, NOON, Record::new().with(34, 4, 100));
    script.send(&exporter, NOON + SECOND, vec![at(0, 1_000).counted(3, 50)]);
    assert_eq!(
        sampled(&script, MINUTES, Stated::default()),
        ["- 3/50 of 3/50"]
    );
}

#[test]
fn a_rate_that_becomes_known_scales_what_is_open() {
    let exporter = Exporter::new(1, Version::V9);
    let mut script = Script::new();
    script.send(&exporter, NOON + SECOND, vec![at(0, 1_000).counted(3, 50)]);
    script.options(
        &exporter,
        NOON + 2 * SECOND,
        Record::new().with(310, 4, 3).with(309, 4, 2),
    );
    // Scaled by the sum, not record by record.
    let expected = ["3/2 5/75 of 3/50"];
    for rules in [MINUTES, only(Window::Absent, None)] {
        assert_eq!(sampled(&script, rules, Stated::default()), expected);
    }
    script.send(
        &exporter,
        NOON + 3 * SECOND,
        vec![at(2_000, 3_000).counted(3, 51)],
    );
    let expected = ["3/2 10/152 of 6/101"];
    for rules in [MINUTES, only(Window::Absent, None)] {
        assert_eq!(sampled(&script, rules, Stated::default()), expected);
    }
    // What has left before stays as it was.
    let mut script = Script::new();
    script.send(&exporter, NOON + SECOND, vec![at(0, 1_000).counted(3, 50)]);
    script.tick(NOON + 3 * MINUTE);
    script.options(&exporter, NOON + 3 * MINUTE, Record::new().with(34, 4, 100));
    script.send(
        &exporter,
        NOON + 3 * MINUTE,
        vec![at(178_000, 179_000).counted(3, 50)],
    );
    let expected = ["- 3/50 of 3/50", "100 300/5000 of 3/50"];
    assert_eq!(sampled(&script, MINUTES, Stated::default()), expected);
}

#[test]
fn several_rates_in_one_row_are_told_as_none() {
    let exporter = Exporter::new(1, Version::V9);
    let mut script = Script::new();
    for rate in [10, 100] {
        let record = at(0, 1_000).counted(3, 50).with(34, 4, rate);
        script.send(&exporter, NOON + SECOND, vec![record]);
    }
    let expected = ["- 330/5500 of 6/100"];
    assert_eq!(sampled(&script, MINUTES, Stated::default()), expected);
}

#[test]
fn the_same_datagram_counts_once_among_the_last_64() {
    let exporter = Exporter::new(1, Version::V9);
    for (between, twice) in [(0, false), (1, false), (62, false), (63, false), (64, true)] {
        let mut script = Script::new();
        script.send(&exporter, NOON + SECOND, vec![at(0, 1_000).counted(1, 1)]);
        for _ in 0..between {
            script.send(&exporter, NOON + SECOND, vec![at(0, 1_000)]);
        }
        script.again(between, NOON + 2 * SECOND);
        let expected = if twice { 2 } else { 1 };
        assert_eq!(told(&script, ALONE).len(), expected, "{between}");
    }
}

#[test]
fn the_same_octets_of_another_exporter_or_later_count() {
    let first = Exporter::new(1, Version::V9);
    let second = Exporter::new(2, Version::V9);
    let mut script = Script::new();
    // Both begin at sequence 0: the same octets.
    for exporter in [first, second] {
        script.send(&exporter, NOON + SECOND, vec![at(0, 1_000).counted(1, 1)]);
    }
    // The same records, sent again in a datagram of their own.
    script.send(&first, NOON + SECOND, vec![at(0, 1_000).counted(1, 1)]);
    assert_eq!(told(&script, ALONE).len(), 3);
}
