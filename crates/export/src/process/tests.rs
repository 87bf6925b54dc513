use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use flowlog_record::{Direction, ObservationDomain, Timestamp};
use flowlog_wire::{ipfix, netflow9};

use super::ExportingProcess;
use crate::{Carries, MessageLimit, Narrowed, Protocol, Record, Refresh, Settings, Sums, Tally};

const NOW: Timestamp = Timestamp(1_700_000_000_250);
const EXPORTER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const EXPORTER6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn settings(protocol: Protocol) -> Settings {
    Settings::new(protocol, ObservationDomain(7), Carries::all())
}

fn record() -> Record {
    Record {
        source: Some(EXPORTER),
        destination: Some(EXPORTER),
        packets: 10,
        octets: 1_000,
        first: NOW.plus(-60_000),
        last: NOW,
        ..Record::of(EXPORTER)
    }
}

/// A record of each shape there is.
fn shapes() -> Vec<Record> {
    let addresses = [None, Some(EXPORTER), Some(EXPORTER6)];
    let mut records = Vec::new();
    for source in addresses {
        for destination in addresses {
            for exporter in [EXPORTER, EXPORTER6] {
                for direction in [Direction::Unknown, Direction::Out] {
                    records.push(Record {
                        source,
                        destination,
                        exporter,
                        direction,
                        ..record()
                    });
                }
            }
        }
    }
    records
}

/// IDs of the Sets in the order of the messages.
fn set_ids(octets: &[u8]) -> Vec<u16> {
    let sets = match octets[1] {
        9 => netflow9::Message::parse(octets).unwrap().sets(),
        _ => ipfix::Message::parse(octets).unwrap().sets(),
    };
    sets.map(|set| set.unwrap().id).collect()
}

fn sequence(octets: &[u8]) -> u32 {
    match octets[1] {
        9 => netflow9::Message::parse(octets).unwrap().header().sequence,
        _ => ipfix::Message::parse(octets).unwrap().header().sequence,
    }
}

/// Exports one record; whether Templates and options went with it.
fn announces(process: &mut ExportingProcess, now: Timestamp) -> bool {
    process.export(now, [record()], |_| ()).announced > 0
}

#[test]
fn nothing_in_makes_no_message() {
    for protocol in [Protocol::Netflow5, Protocol::Netflow9, Protocol::IpfixUdp] {
        let mut process = ExportingProcess::new(settings(protocol));
        let tally = process.export(NOW, [], |_| unreachable!());
        assert_eq!(tally, Tally::default());
    }
}

#[test]
fn a_template_stands_before_the_first_record_that_needs_it() {
    let mut process = ExportingProcess::new(settings(Protocol::IpfixUdp));
    let ipv6 = Record {
        source: Some(EXPORTER6),
        ..record()
    };
    let mut ids = Vec::new();
    let _tally = process.export(NOW, [record(), ipv6, record()], |message| {
        ids.push(set_ids(message.octets));
    });
    let base = 256 + 64 * 31;
    let (options, v4, v6) = (base + 63, base + 0b01_0100, base + 0b10_0100);
    assert_eq!(ids, [[3, options, 2, v4, 2, v6, v4]]);
}

#[test]
fn templates_go_out_again_after_the_time_and_not_before() {
    let mut process = ExportingProcess::new(settings(Protocol::IpfixUdp));
    let at = |ms| NOW.plus(ms);
    assert!(announces(&mut process, at(0)));
    assert!(!announces(&mut process, at(59_999)));
    assert!(announces(&mut process, at(60_000)));
    assert!(!announces(&mut process, at(60_000)));
    // A clock that is set back.
    assert!(announces(&mut process, at(-1)));
    assert!(!announces(&mut process, at(0)));
}

#[test]
fn templates_go_out_again_after_so_many_messages() {
    let mut settings = settings(Protocol::IpfixUdp);
    settings.refresh.every_messages = 3;
    let mut process = ExportingProcess::new(settings);
    let announced: Vec<_> = (0..7).map(|_| announces(&mut process, NOW)).collect();
    assert_eq!(announced, [true, false, false, true, false, false, true]);
}

#[test]
fn netflow9_announces_in_the_first_three_messages_after_a_boot() {
    let mut process = ExportingProcess::new(settings(Protocol::Netflow9));
    let announced: Vec<_> = (0..5).map(|_| announces(&mut process, NOW)).collect();
    assert_eq!(announced, [true, true, true, false, false]);
    let later = NOW.plus(12 * 86_400_000 + 1_000);
    assert!(announces(&mut process, later));
    assert!(announces(&mut process, later));
}

#[test]
fn a_refresh_of_every_message_comes_to_an_end_however_short_messages_are() {
    for protocol in [Protocol::Netflow9, Protocol::IpfixUdp] {
        let settings = Settings {
            limit: MessageLimit::new(512).unwrap(),
            refresh: Refresh {
                every_ms: 0,
                every_messages: 0,
            },
            ..settings(protocol)
        };
        let mut process = ExportingProcess::new(settings);
        let _tally = process.export(NOW, shapes(), |_| ());
        let mut messages = Vec::new();
        let tally = process.export(NOW, shapes(), |message| {
            assert!(message.octets.len() <= 512);
            messages.push(message.flow_records);
        });
        assert_eq!(tally.carried.records, 36);
        assert_eq!(messages.iter().sum::<u32>(), 36);
        assert!(messages.contains(&0), "Templates alone fill a message");
    }
}

#[test]
fn a_connection_gets_templates_once_and_its_own_numbers() {
    let mut process = ExportingProcess::new(settings(Protocol::IpfixTcp));
    let year = NOW.plus(365 * 86_400_000);
    assert!(announces(&mut process, NOW));
    assert!(!announces(&mut process, year));
    process.handle_connection();
    let mut sent = Vec::new();
    let tally = process.export(year, [record()], |message| {
        sent.push(sequence(message.octets));
    });
    assert_eq!((sent, tally.announced), ([0].into(), 3));
}

#[test]
fn a_collector_that_begins_anew_gets_templates_and_the_same_numbers() {
    let mut process = ExportingProcess::new(settings(Protocol::IpfixUdp));
    assert!(announces(&mut process, NOW));
    process.handle_connection();
    let mut sent = Vec::new();
    let tally = process.export(NOW, [record()], |message| {
        sent.push(sequence(message.octets));
    });
    // One record of options, one of a flow.
    assert_eq!((sent, tally.announced), ([2].into(), 3));
}

#[test]
fn messages_on_a_connection_are_as_long_as_they_may() {
    let mut settings = settings(Protocol::IpfixTcp);
    settings.limit = MessageLimit::new(u16::MAX).unwrap();
    let mut process = ExportingProcess::new(settings);
    let mut lengths = Vec::new();
    let records = core::iter::repeat_n(record(), 2_000);
    let _tally = process.export(NOW, records, |message| {
        let header = ipfix::Message::parse(message.octets).unwrap().header();
        assert_eq!(usize::from(header.length), message.octets.len());
        lengths.push(message.octets.len());
    });
    assert!(lengths.len() > 1);
    assert!((65_400..=65_535).contains(&lengths[0]), "{lengths:?}");
}

#[test]
fn times_before_1970_are_zero_in_ipfix_and_counted() {
    let settings = Settings::new(Protocol::IpfixUdp, ObservationDomain(7), Carries::CEN);
    let mut process = ExportingProcess::new(settings);
    let row = Record {
        first: Timestamp(-1),
        last: Timestamp(1),
        ..record()
    };
    let mut times = Vec::new();
    let tally = process.export(NOW, [row, record()], |message| {
        let message = ipfix::Message::parse(message.octets).unwrap();
        let data = message.sets().last().unwrap().unwrap();
        // Behind addresses, ports, protocol and counters.
        times.extend_from_slice(&data.body[29..45]);
    });
    assert_eq!(times, [[0; 8], 1_u64.to_be_bytes()].concat());
    assert_eq!(tally.narrowed(Narrowed::Time), 1);
}

#[test]
fn upper_tcp_flags_are_left_out_and_counted_where_flags_are_carried() {
    let row = Record {
        tcp_flags: 0x100,
        ..record()
    };
    for (carries, count) in [(Carries::SAG, 1), (Carries::CEN, 0)] {
        let settings = Settings::new(Protocol::Netflow9, ObservationDomain(7), carries);
        let tally = ExportingProcess::new(settings).export(NOW, [row, record()], |_| ());
        assert_eq!(tally.narrowed(Narrowed::TcpFlags), count);
    }
}

#[test]
fn the_total_is_the_sum_of_the_batches() {
    let mut process = ExportingProcess::new(settings(Protocol::Netflow9));
    let mut sum = process.export(NOW, shapes(), |_| ());
    sum += process.export(NOW, [record()], |_| ());
    let carried = Sums {
        records: 37,
        packets: 370,
        octets: 37_000,
    };
    assert_eq!((sum.carried, process.total()), (carried, sum));
}
