//! Sessions, Templates, options and limits, by whole datagrams.

use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use flowlog_record::{ExporterProfile, Fields, HashKey, Sampling, SamplingOverride, Timestamp};
use flowlog_wire::Problem;
use proptest::prelude::*;

use crate::testing::{
    AT, Bench, EXPORT, EXPORTER, Field, Head, Octets, UPTIME, data, netflow9_options_template,
    options_template, set, template,
};
use crate::{Decoder, Limits, Outcome, Refusal, SetKind, Settings, TemplateChange};

const ACCEPTED: Outcome = Outcome::Accepted {
    partly_malformed: false,
};
const OCTETS_AND_PACKETS: [Field; 2] = [(0, 1, 4), (0, 2, 4)];

fn head(sequence: u32) -> Head {
    Head {
        sequence,
        ..Head::default()
    }
}

fn octets(bench: &Bench) -> Vec<u64> {
    bench
        .seen
        .records
        .iter()
        .map(|record| record.octets)
        .collect()
}

#[test]
fn a_template_and_its_data_may_share_a_datagram() {
    let mut bench = Bench::default();
    let sets = [
        template(0, 256, &OCTETS_AND_PACKETS),
        data(256, &[(10, 4), (1, 4), (20, 4), (2, 4)]),
    ];
    let decoded = bench.decode(&head(0).netflow9(&sets));
    assert_eq!(decoded.outcome, ACCEPTED);
    assert_eq!(
        (decoded.flows, decoded.templates, decoded.sets.decoded),
        (2, 1, 2)
    );
    assert_eq!(octets(&bench), [10, 20]);
    assert_eq!(bench.seen.sets, [SetKind::Template, SetKind::Data]);
}

#[test]
fn a_redefinition_holds_at_once() {
    let mut bench = Bench::default();
    let first = [
        template(2, 256, &OCTETS_AND_PACKETS),
        data(256, &[(1, 4), (2, 4)]),
    ];
    let _ = bench.decode(&head(0).ipfix(&first));
    let again = [template(2, 256, &OCTETS_AND_PACKETS)];
    let _ = bench.decode(&head(1).ipfix(&again));
    let turned = [
        template(2, 256, &[(0, 2, 4), (0, 1, 4)]),
        data(256, &[(1, 4), (2, 4)]),
    ];
    let _ = bench.decode(&head(1).ipfix(&turned));
    assert_eq!(octets(&bench), [1, 2]);
    let changes = [
        TemplateChange::New,
        TemplateChange::Repeated,
        TemplateChange::Redefined,
    ];
    assert_eq!(bench.seen.changes, changes);
    assert_eq!(bench.exporter().stats.redefinitions, 1);
}

#[test]
fn an_id_may_pass_from_options_to_flows() {
    let mut bench = Bench::default();
    let fields = [(0, 143, 4), (0, 41, 4)];
    let first = [
        options_template(256, 1, &fields),
        data(256, &[(1, 4), (2, 4)]),
    ];
    let decoded = bench.decode(&head(0).ipfix(&first));
    assert_eq!((decoded.options, decoded.flows), (1, 0));
    let second = [
        template(2, 256, &OCTETS_AND_PACKETS),
        data(256, &[(1, 4), (2, 4)]),
    ];
    let decoded = bench.decode(&head(1).ipfix(&second));
    assert_eq!((decoded.options, decoded.flows), (0, 1));
}

#[test]
fn templates_of_another_version_domain_or_exporter_are_others() {
    let mut bench = Bench::new(Settings {
        park: false,
        ..Settings::default()
    });
    let _ = bench.decode(&head(0).netflow9(&[template(0, 256, &OCTETS_AND_PACKETS)]));
    let records = [data(256, &[(1, 4), (2, 4)])];
    let skipped = |decoded: crate::Decoded| decoded.sets.skipped == 1 && decoded.flows == 0;
    assert!(skipped(bench.decode(&head(0).ipfix(&records))), "version");
    let domain = Head {
        domain: 2,
        ..head(0)
    };
    assert!(skipped(bench.decode(&domain.netflow9(&records))), "domain");
    let other = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
    assert!(
        skipped(bench.decode_from(other, AT, &head(0).netflow9(&records))),
        "exporter"
    );
    assert_eq!(bench.decode(&head(1).netflow9(&records)).flows, 1);
    let mapped = "::ffff:192.0.2.1".parse().unwrap();
    assert_eq!(
        bench
            .decode_from(mapped, AT, &head(2).netflow9(&records))
            .flows,
        1,
        "mapped"
    );
}

#[test]
fn a_withdrawal_is_honoured() {
    let mut bench = Bench::new(Settings {
        park: false,
        ..Settings::default()
    });
    let records = data(256, &[(1, 4), (2, 4)]);
    let _ = bench.decode(&head(0).ipfix(&[template(2, 256, &OCTETS_AND_PACKETS)]));
    let sets = [template(2, 256, &[]), records.clone()];
    let decoded = bench.decode(&head(0).ipfix(&sets));
    assert_eq!(
        (decoded.withdrawals, decoded.flows, decoded.sets.skipped),
        (1, 0, 1)
    );
    let _ = bench.decode(&head(1).ipfix(&[template(2, 256, &OCTETS_AND_PACKETS)]));
    let all = set(2, &Octets::default().number(2, 2).number(0, 2));
    let decoded = bench.decode(&head(2).ipfix(&[all, records]));
    assert_eq!(
        (decoded.withdrawals, decoded.flows, decoded.sets.skipped),
        (1, 0, 1)
    );
}

#[test]
fn a_template_without_octets_is_refused_and_the_old_one_forgotten() {
    let mut bench = Bench::new(Settings {
        park: false,
        ..Settings::default()
    });
    let _ = bench.decode(&head(0).netflow9(&[template(0, 256, &OCTETS_AND_PACKETS)]));
    let sets = [
        template(0, 256, &[(0, 1, 0), (0, 2, 0)]),
        data(256, &[(1, 4), (2, 4)]),
    ];
    let decoded = bench.decode(&head(1).netflow9(&sets));
    assert!(matches!(decoded.outcome, Outcome::Malformed(m) if m.problem == Problem::EmptyRecord));
    assert_eq!(bench.seen.problems, [Problem::EmptyRecord]);
    assert!(bench.seen.records.is_empty());
}

#[test]
fn many_fields_without_octets_are_refused() {
    let mut bench = Bench::default();
    let mut fields = vec![(0, 210, 0); 16_000];
    fields.push((0, 4, 1));
    let _ = bench.decode(&head(0).ipfix(&[template(2, 256, &fields)]));
    assert_eq!(bench.seen.problems, [Problem::TemplateTooLarge]);
}

#[test]
fn a_datagram_that_came_before_is_not_applied() {
    let mut bench = Bench::default();
    let datagram = head(0).netflow5(&[(1, 10, UPTIME, UPTIME)]);
    assert_eq!(bench.decode(&datagram).outcome, ACCEPTED);
    assert_eq!(bench.decode(&datagram).outcome, Outcome::Duplicate);
    let mut other = datagram.clone();
    *other.last_mut().unwrap() ^= 1;
    assert_eq!(
        bench.decode(&other).outcome,
        ACCEPTED,
        "the same header, other content"
    );
    assert_eq!(bench.exporter().stats.duplicates, 1);
    assert_eq!(bench.seen.records.len(), 2);
}

#[test]
fn a_source_that_is_no_host_is_refused() {
    let mut bench = Bench::default();
    let datagram = head(0).netflow5(&[]);
    for address in ["0.0.0.0", "255.255.255.255", "224.0.0.1", "::", "ff02::1"] {
        let from = address.parse().unwrap();
        let outcome = bench.decode_from(from, AT, &datagram).outcome;
        assert_eq!(
            outcome,
            Outcome::Refused(Refusal::SourceAddress),
            "{address}"
        );
    }
    assert_eq!(bench.decoder.exporters().count(), 0);
}

#[test]
fn what_cannot_be_read_makes_no_exporter() {
    let mut bench = Bench::default();
    for datagram in [&[][..], &[0], &[0, 1, 2, 3], &[0, 9, 0, 0]] {
        assert!(matches!(
            bench.decode(datagram).outcome,
            Outcome::Malformed(_)
        ));
    }
    assert_eq!(bench.decoder.exporters().count(), 0);
}

#[test]
fn sets_before_a_broken_one_count() {
    let mut bench = Bench::default();
    let broken = Octets::default().number(256, 2).number(400, 2).number(0, 4);
    let sets = [
        template(0, 256, &OCTETS_AND_PACKETS),
        data(256, &[(1, 4), (2, 4)]),
        broken,
    ];
    let decoded = bench.decode(&head(0).netflow9(&sets));
    assert_eq!(
        decoded.outcome,
        Outcome::Accepted {
            partly_malformed: true
        }
    );
    assert_eq!(octets(&bench), [1]);
    assert_eq!(bench.seen.problems, [Problem::SetPastEnd]);
    assert_eq!(bench.exporter().stats.malformed, 1);
}

#[test]
fn a_biflow_becomes_two_records_unless_its_reverse_side_is_empty() {
    let mut bench = Bench::default();
    let fields = [
        (0, 8, 4),
        (0, 12, 4),
        (0, 7, 2),
        (0, 11, 2),
        (0, 1, 4),
        (29_305, 1, 4),
        (0, 5, 1),
    ];
    let record = |reverse| {
        [
            (1, 4),
            (2, 4),
            (100, 2),
            (80, 2),
            (50, 4),
            (reverse, 4),
            (7, 1),
        ]
    };
    let values = [record(60), record(0)].concat();
    let sets = [template(2, 256, &fields), data(256, &values)];
    let decoded = bench.decode(&head(0).ipfix(&sets));
    assert_eq!((decoded.flows, decoded.flow_records), (2, 3));
    let [first, reverse, second] = bench.seen.records[..] else {
        panic!("three records");
    };
    assert_eq!((first.octets, reverse.octets, second.octets), (50, 60, 50));
    assert_eq!(
        (reverse.source, reverse.destination),
        (first.destination, first.source)
    );
    assert_eq!((reverse.source_port, reverse.destination_port), (80, 100));
    assert_eq!(reverse.tos, 7);
    assert!(reverse.fields.contains(Fields::REVERSE));
    assert!(!first.fields.contains(Fields::REVERSE));
}

/// The rate of one record of 48 (samplerId) = 1, behind some options.
fn rate_after(options: &[Octets], fields: &[Field], values: &[(u64, usize)]) -> Sampling {
    let mut bench = Bench::default();
    let mut sets = options.to_vec();
    sets.extend([template(0, 300, fields), data(300, values)]);
    let _ = bench.decode(&head(0).netflow9(&sets));
    bench.seen.records[0].sampling
}

#[test]
fn the_rate_of_a_record_goes_before_that_of_options() {
    let one_in = |n| Sampling::one_in(n).unwrap();
    let scope = [(0, 1, 4)];
    let sampler = [
        netflow9_options_template(256, &scope, &[(0, 48, 1), (0, 50, 4)]),
        data(256, &[(9, 4), (1, 1), (500, 4)]),
        data(256, &[(9, 4), (2, 1), (600, 4)]),
    ];
    let of_sampler = |id| rate_after(&sampler, &[(0, 48, 1), (0, 1, 4)], &[(id, 1), (1, 4)]);
    assert_eq!(of_sampler(1), one_in(500));
    assert_eq!(of_sampler(2), one_in(600));
    assert_eq!(
        of_sampler(3),
        Sampling::unknown_of(3),
        "two rates, and none is that one"
    );
    let own = rate_after(&sampler, &[(0, 34, 4), (0, 48, 1)], &[(7, 4), (1, 1)]);
    assert_eq!(own, one_in(7));
    let zero = rate_after(&sampler, &[(0, 34, 4), (0, 48, 1)], &[(0, 4), (1, 1)]);
    assert_eq!(zero, one_in(500), "0 says nothing");
    let only = rate_after(&sampler[..2], &[(0, 48, 1), (0, 1, 4)], &[(3, 1), (1, 4)]);
    assert_eq!(only, one_in(500), "the only one");
    let fraction = rate_after(&[], &[(0, 305, 4), (0, 306, 4)], &[(2, 4), (5, 4)]);
    assert_eq!(fraction, Sampling::ratio(7, 2).unwrap());
}

#[test]
fn a_stated_rate_is_the_last_word_and_a_forced_one_the_first() {
    let rate_of = |force, interval: u16| {
        let mut bench = Bench::default();
        bench.seen.profile = ExporterProfile {
            sampling: Some(SamplingOverride {
                sampling: Sampling::one_in(9).unwrap(),
                force,
            }),
            ..ExporterProfile::default()
        };
        let mut datagram = head(0).netflow5(&[(1, 10, UPTIME, UPTIME)]);
        datagram[22..24].copy_from_slice(&interval.to_be_bytes());
        let _ = bench.decode(&datagram);
        bench.seen.records[0].sampling.numerator()
    };
    assert_eq!(rate_of(false, 0x4064), 100, "mode bits aside");
    assert_eq!(rate_of(false, 0), 9);
    assert_eq!(rate_of(true, 100), 9);
}

#[test]
fn profiles_are_asked_for_once_and_again_after_a_change() {
    let mut bench = Bench::default();
    for n in 0..3 {
        let _ = bench.decode(&head(n).netflow5(&[]));
    }
    assert_eq!(bench.seen.profiles_asked, 1);
    let _ = bench.decode(&head(0).netflow9(&[]));
    assert_eq!(bench.seen.profiles_asked, 2, "another session");
    bench.decoder.profiles_changed();
    let _ = bench.decode(&head(3).netflow5(&[]));
    assert_eq!(bench.seen.profiles_asked, 3);
}

#[test]
fn options_tell_when_an_ipfix_exporter_was_booted() {
    let mut bench = Bench::default();
    let boot = u64::from(EXPORT) * 1000 - 100_000;
    let sets = [
        options_template(256, 1, &[(0, 144, 4), (0, 160, 8)]),
        data(256, &[(1, 4), (boot, 8)]),
        template(2, 257, &[(0, 22, 4), (0, 21, 4)]),
        data(257, &[(90_000, 4), (95_000, 4)]),
    ];
    let _ = bench.decode(&head(0).ipfix(&sets));
    let record = bench.seen.records[0];
    assert!(!record.fields.contains(Fields::SINCE_BOOT));
    assert_eq!(record.end, Timestamp(i64::from(EXPORT) * 1000 - 5_000));
}

#[test]
fn sets_wait_for_their_template_and_keep_their_time() {
    let mut bench = Bench::settling();
    let records = data(256, &[(1, 4), (2, 4)]);
    let first = bench.decode_at(
        AT.plus(5_000),
        &head(0).ipfix(core::slice::from_ref(&records)),
    );
    assert_eq!((first.outcome, first.sets.parked), (ACCEPTED, 1));
    let later = Head {
        export: EXPORT + 60,
        ..head(1)
    };
    let sets = [template(2, 256, &OCTETS_AND_PACKETS)];
    let second = bench.decode_at(AT.plus(65_000), &later.ipfix(&sets));
    assert_eq!(
        (second.sets.parked, second.sets.decoded, second.flows),
        (-1, 2, 1)
    );
    assert_eq!(
        bench.seen.records[0].end,
        Timestamp(i64::from(EXPORT) * 1000)
    );
    assert_eq!(bench.seen.shifts, [5_500], "that of its own datagram");
}

#[test]
fn parked_sets_are_given_up_in_time() {
    let mut bench = Bench::default();
    let _ = bench.decode(&head(0).ipfix(&[data(256, &[(1, 4)])]));
    let half_an_hour = 30 * 60 * 1000;
    assert_eq!(bench.decoder.expire(AT.plus(half_an_hour)), 0);
    assert_eq!(bench.decoder.expire(AT.plus(half_an_hour + 1)), 1);
    let decoded = bench.decode(&head(1).ipfix(&[template(2, 256, &[(0, 1, 4)])]));
    assert_eq!(decoded.flows, 0);
}

#[test]
fn what_is_parked_has_a_limit_and_the_old_makes_room() {
    let limits = Limits {
        parked: 1_000,
        ..Limits::default()
    };
    let mut bench = Bench::new(Settings {
        limits,
        ..Settings::default()
    });
    let body = [(0, 8); 40];
    let send = |bench: &mut Bench, at: Timestamp, n| {
        bench
            .decode_at(at, &head(n).ipfix(&[data(256, &body)]))
            .sets
    };
    assert_eq!(send(&mut bench, AT, 0).parked, 1);
    assert_eq!(send(&mut bench, AT, 1).parked, 1);
    assert_eq!(send(&mut bench, AT, 2).skipped, 1, "full");
    let later = AT.plus(limits.parked_millis + 1);
    let sets = send(&mut bench, later, 3);
    assert_eq!((sets.parked, sets.expired, sets.skipped), (-1, 2, 0));
}

#[test]
fn after_a_restart_a_template_is_trusted_only_where_it_fits() {
    let mut bench = Bench::default();
    let fits = |n, uptime| {
        let values: Vec<_> = (0..6).map(|i| (u64::from(n * 10 + i), 4)).collect();
        Head { uptime, ..head(n) }.netflow9(&[data(256, &values)])
    };
    let _ = bench.decode(&head(0).netflow9(&[template(0, 256, &OCTETS_AND_PACKETS)]));
    let _ = bench.decode(&fits(1, UPTIME));
    assert_eq!((bench.seen.restarts, bench.seen.records.len()), (0, 3));
    let _ = bench.decode(&fits(2, 1_000));
    let _ = bench.decode(&fits(3, 1_000));
    assert_eq!(
        (bench.seen.restarts, bench.seen.records.len()),
        (1, 9),
        "it fits"
    );
    let odd = [(1, 4), (2, 4), (3, 4)];
    let datagram = Head {
        uptime: 1_000,
        ..head(4)
    }
    .netflow9(&[data(256, &odd)]);
    assert_eq!(
        bench.decode(&datagram).sets.parked,
        1,
        "four octets are no padding"
    );
    // The next announcement says what it was.
    let sets = [template(0, 256, &[(0, 1, 4), (0, 2, 4), (0, 4, 4)])];
    let decoded = bench.decode(
        &Head {
            uptime: 1_000,
            ..head(5)
        }
        .netflow9(&sets),
    );
    assert_eq!((decoded.flows, decoded.sets.parked), (1, -1));
    assert_eq!(bench.exporter().stats.restarts, 1);
}

#[test]
fn what_went_missing_is_counted_in_records() {
    let mut bench = Bench::default();
    let _ = bench.decode(&head(0).netflow5(&[(1, 1, UPTIME, UPTIME); 10]));
    let decoded = bench.decode(&head(25).netflow5(&[(1, 1, UPTIME, UPTIME); 10]));
    assert_eq!(decoded.missed_records, 15);
    let sets = [
        template(0, 256, &OCTETS_AND_PACKETS),
        data(256, &[(1, 4); 12]),
    ];
    let _ = bench.decode(&head(100).netflow9(&sets));
    let decoded = bench.decode(&head(103).netflow9(&sets));
    assert_eq!(decoded.missed_records, 12, "two datagrams of six");
    let stats = bench.exporter().stats;
    assert_eq!(
        (stats.gaps, stats.missed, stats.missed_records),
        (2, 17, 27)
    );
}

#[test]
fn the_longest_silent_exporter_makes_room() {
    let limits = Limits {
        exporters: 3,
        ..Limits::default()
    };
    let mut bench = Bench::new(Settings {
        limits,
        ..Settings::default()
    });
    let address = |n: u8| IpAddr::V4(Ipv4Addr::new(10, 0, 0, n));
    for n in [1, 2, 3, 1, 4] {
        let datagram = head(u32::from(n)).netflow5(&[(1, u32::from(n), 0, 0)]);
        let _ = bench.decode_from(address(n), AT, &datagram);
    }
    let known: Vec<_> = bench
        .decoder
        .exporters()
        .map(|e| (e.address, e.id.0))
        .collect();
    assert_eq!(known, [(address(3), 2), (address(1), 0), (address(4), 3)]);
}

#[test]
fn templates_have_limits_and_the_used_ones_stay() {
    let limits = Limits {
        templates: 64,
        ..Limits::default()
    };
    let mut bench = Bench::new(Settings {
        limits,
        ..Settings::default()
    });
    let _ = bench.decode(&head(0).ipfix(&[template(2, 256, &OCTETS_AND_PACKETS)]));
    for n in 1..2_000_u16 {
        let head = Head {
            domain: u32::from(n % 7),
            ..head(u32::from(n))
        };
        let _ = bench.decode(&head.ipfix(&[template(2, 256 + n, &OCTETS_AND_PACKETS)]));
        let records = [data(256, &[(u64::from(n), 4), (1, 4)])];
        let decoded = bench.decode(&self::head(u32::from(n)).ipfix(&records));
        assert_eq!(decoded.flows, 1, "the live one, at {n}");
    }
    let templates = bench
        .decoder
        .exporters
        .iter()
        .map(|entry| entry.sessions.template_count());
    assert!(templates.sum::<usize>() <= 64);
    assert!(bench.exporter().stats.forgotten_templates > 1_800);
}

#[test]
fn sessions_have_a_limit() {
    let limits = Limits {
        sessions: 4,
        ..Limits::default()
    };
    let mut bench = Bench::new(Settings {
        limits,
        ..Settings::default()
    });
    for domain in 0..100 {
        let _ = bench.decode(&Head { domain, ..head(0) }.ipfix(&[data(256, &[(1, 4)])]));
    }
    let sessions = bench
        .decoder
        .exporters
        .iter()
        .map(|entry| entry.sessions.iter().count());
    assert_eq!(sessions.sum::<usize>(), 4);
    let entry = bench.decoder.exporters.iter().next().unwrap();
    let parked: usize = entry.sessions.iter().map(|s| s.parked.all().octets).sum();
    assert_eq!(entry.parked_cost, parked);
}

#[test]
fn what_templates_cost_has_a_limit() {
    let limits = Limits {
        octets: 20_000,
        ..Limits::default()
    };
    let mut bench = Bench::new(Settings {
        limits,
        ..Settings::default()
    });
    for n in 0..100 {
        let sets = [template(2, 256 + n, &[(0, 1, 4); 30])];
        let _ = bench.decode(&head(0).ipfix(&sets));
        let entry = bench.decoder.exporters.iter().next().unwrap();
        assert!(entry.sessions.cost() <= 20_000);
    }
    assert!(bench.exporter().stats.forgotten_templates > 80);
}

#[test]
fn what_all_exporters_cost_has_a_limit() {
    let limits = Limits {
        octets_in_all: 20_000,
        ..Limits::default()
    };
    let mut bench = Bench::new(Settings {
        limits,
        ..Settings::default()
    });
    for n in 0..100 {
        let from = IpAddr::V4(Ipv4Addr::new(10, 0, 0, n));
        let datagram = head(0).ipfix(&[template(2, 256, &[(0, 1, 4); 30])]);
        let _ = bench.decode_from(from, AT, &datagram);
        let cost: usize = bench.decoder.exporters.iter().map(|entry| entry.cost).sum();
        assert_eq!(bench.decoder.cost(), cost);
        assert!(cost <= 20_000);
    }
    assert_eq!(bench.decoder.exporters().count(), 3);
}

/// A datagram of a random shape: of several Exporters, sessions and Templates, sometimes broken.
fn datagram() -> impl Strategy<Value = (u8, i64, Vec<u8>)> {
    let field = prop::sample::select(&[
        (0, 1, 4),
        (0, 2, 8),
        (0, 8, 4),
        (0, 12, 4),
        (0, 21, 4),
        (0, 22, 4),
        (0, 34, 2),
        (0, 48, 1),
        (0, 153, 8),
        (0, 160, 8),
        (29_305, 1, 4),
        (0, 82, u16::MAX),
        (0, 27, 16),
    ]);
    let any_set = prop_oneof![
        2 => (any::<bool>(), 256_u16..260, prop::collection::vec(field.clone(), 1..6))
            .prop_map(|(v9, id, fields)| template(if v9 { 0 } else { 2 }, id, &fields)),
        1 => (256_u16..260, prop::collection::vec(field, 2..6))
            .prop_map(|(id, fields)| options_template(id, 1, &fields)),
        5 => (256_u16..260, prop::collection::vec(any::<u8>(), 0..80))
            .prop_map(|(id, body)| set(id, &Octets::default().octets(&body))),
    ];
    let message = (
        any::<bool>(),
        0_u32..200,
        0_u32..2,
        prop::collection::vec(any_set, 0..5),
    )
        .prop_map(|(v9, sequence, domain, sets)| {
            let head = Head {
                sequence,
                domain,
                ..Head::default()
            };
            if v9 {
                head.netflow9(&sets)
            } else {
                head.ipfix(&sets)
            }
        });
    let netflow5 = (0_u32..200, 0_usize..70).prop_map(|(n, count)| {
        head(n).netflow5(&vec![(1, n, UPTIME.wrapping_sub(n), UPTIME); count])
    });
    let broken = (message.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(mut octets, at, value)| {
            let at = at.index(octets.len());
            octets[at] = value;
            octets
        },
    );
    let all = prop_oneof![4 => message, 1 => netflow5, 2 => broken,
        1 => prop::collection::vec(any::<u8>(), 0..60)];
    (0_u8..3, 0_i64..100_000, all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Datagrams and Sets are each in one class, and nothing is read that is not there.
    #[test]
    fn the_ledger_balances(datagrams in prop::collection::vec(datagram(), 1..60)) {
        let limits = Limits { parked: 600, parked_in_all: 900, sessions: 3, ..Limits::default() };
        let mut bench = Bench::new(Settings { limits, ..Settings::default() });
        bench.seen.settles = true;
        let mut sets = crate::SetCounts::default();
        let mut now = AT;
        for (exporter, step, octets) in &datagrams {
            now = now.plus(*step);
            let from = IpAddr::V4(Ipv4Addr::new(10, 0, 0, *exporter + 1));
            let before = sets.parked;
            let decoded = bench.decode_from(from, now, octets);
            sets += decoded.sets;
            prop_assert!(sets.parked >= 0);
            prop_assert!(before > 0 || decoded.flows <= u64::try_from(octets.len()).unwrap());
            prop_assert_eq!(
                i128::from(sets.received),
                i128::from(sets.decoded) + i128::from(sets.parked)
                    + i128::from(sets.expired) + i128::from(sets.skipped)
            );
        }
        let parked = bench.decoder.exporters.iter()
            .flat_map(|entry| entry.sessions.iter())
            .map(|session| session.parked.all().sets)
            .sum::<usize>();
        prop_assert_eq!(i64::try_from(parked).unwrap(), sets.parked);
    }

    /// A decoder saved and restored in the middle goes on as if nothing had been.
    #[test]
    fn a_restored_decoder_goes_on_as_before(
        datagrams in prop::collection::vec(datagram(), 1..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut one = Bench::settling();
        let mut other = Bench::settling();
        let cut = cut.index(datagrams.len());
        let mut now = AT;
        for (n, (exporter, step, octets)) in datagrams.iter().enumerate() {
            now = now.plus(*step);
            if n == cut {
                let saved = other.decoder.save();
                other.decoder =
                    Decoder::restore(&saved, Settings::default(), HashKey::PUBLIC).unwrap();
                prop_assert_eq!(other.decoder.save(), saved);
            }
            let from = IpAddr::V4(Ipv4Addr::new(10, 0, 0, *exporter + 1));
            let expected = one.decode_from(from, now, octets);
            prop_assert_eq!(other.decode_from(from, now, octets), expected);
        }
        prop_assert_eq!(&other.seen.records, &one.seen.records);
        prop_assert_eq!(&other.seen.sets, &one.seen.sets);
        prop_assert_eq!(other.decoder.save(), one.decoder.save());
    }
}

#[test]
fn an_exporter_keeps_its_number_across_a_restore() {
    let mut bench = Bench::default();
    let _ = bench.decode(&head(0).netflow5(&[]));
    let saved = bench.decoder.save();
    bench.decoder = Decoder::restore(&saved, Settings::default(), HashKey::PUBLIC).unwrap();
    let _ = bench.decode_from("192.0.2.9".parse().unwrap(), AT, &head(0).netflow5(&[]));
    let _ = bench.decode_from(EXPORTER, AT, &head(0).netflow5(&[(1, 1, 0, 0)]));
    let known: Vec<_> = bench
        .decoder
        .exporters()
        .map(|exporter| exporter.id.0)
        .collect();
    assert_eq!(known, [1, 0]);
}
