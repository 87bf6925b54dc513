use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use flowlog_record::{ObservationDomain, Timestamp};
use flowlog_wire::netflow5::{Header, Message};

use super::{AS_TRANS, MOST_PIECES};
use crate::{
    Carries, ExportingProcess, Narrowed, NotCarried, Protocol, Record, Settings, Sums, Tally,
};

const NOW: Timestamp = Timestamp(1_700_000_000_250);
const EXPORTER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn record() -> Record {
    Record {
        source: Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))),
        destination: Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2))),
        packets: 10,
        octets: 1_000,
        first: NOW.plus(-60_000),
        last: NOW.plus(-1),
        ..Record::of(EXPORTER)
    }
}

fn process() -> ExportingProcess {
    let domain = ObservationDomain(0xabcd_0102);
    ExportingProcess::new(Settings::new(Protocol::Netflow5, domain, Carries::SAG))
}

/// The tally, and packets and octets of each V5 record.
fn export(records: &[Record]) -> (Tally, Vec<(u32, u32)>) {
    let mut counters = Vec::new();
    let tally = process().export(NOW, records.iter().copied(), |message| {
        let message = Message::parse(message.octets).unwrap();
        assert_eq!(message.error(), None);
        counters.extend(message.records().map(|r| (r.packets(), r.octet_count())));
    });
    (tally, counters)
}

#[test]
fn counters_beyond_32_bits_are_split_evenly() {
    let octets = u64::from(u32::MAX) * 2 + 2;
    let row = Record {
        packets: 7,
        octets,
        ..record()
    };
    let (tally, counters) = export(&[row]);
    let part = u32::try_from(octets / 3).unwrap();
    assert_eq!(counters, [(2, part), (2, part + 1), (3, part + 1)]);
    assert_eq!((tally.carried.records, tally.flow_records), (1, 3));
}

#[test]
fn a_counter_of_32_bits_is_one_record() {
    let row = Record {
        octets: u32::MAX.into(),
        ..record()
    };
    assert_eq!(export(&[row]).1, [(10, u32::MAX)]);
}

#[test]
fn the_most_pieces_are_sent_and_one_octet_more_is_refused_whole() {
    let most = u64::from(u32::MAX) * u64::from(MOST_PIECES);
    let row = Record {
        octets: most,
        ..record()
    };
    let (tally, counters) = export(&[row]);
    let sum: u64 = counters.iter().map(|&(_, octets)| u64::from(octets)).sum();
    assert_eq!((counters.len(), sum), (4096, most));
    assert_eq!(tally.messages, 4096_u64.div_ceil(28));
    for absurd in [most + 1, u64::MAX] {
        let row = Record {
            octets: absurd,
            ..record()
        };
        let (tally, counters) = export(&[row]);
        assert_eq!(counters, []);
        let lost = Sums {
            records: 1,
            packets: 10,
            octets: absurd,
        };
        assert_eq!(tally.not_carried(NotCarried::Counters), lost);
        assert_eq!(tally.messages, 0);
    }
}

#[test]
fn ipv6_and_events_are_not_carried_and_counted() {
    let ipv6 = Record {
        destination: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ..record()
    };
    let event = Record {
        packets: 0,
        octets: 0,
        ..record()
    };
    let (tally, counters) = export(&[ipv6, event, record()]);
    assert_eq!(counters, [(10, 1_000)]);
    assert_eq!(tally.carried.records, 1);
    let lost = |reason| tally.not_carried(reason);
    assert_eq!(lost(NotCarried::Ipv6).octets, 1_000);
    assert_eq!(lost(NotCarried::Ipv6).records, 1);
    assert_eq!(lost(NotCarried::Event).records, 1);
    assert_eq!(lost(NotCarried::Counters), Sums::default());
}

#[test]
fn octets_without_packets_are_no_event() {
    let row = Record {
        packets: 0,
        ..record()
    };
    assert_eq!(export(&[row]).1, [(0, 1_000)]);
}

#[test]
fn what_is_too_wide_is_narrowed_and_counted_once_a_record() {
    let row = Record {
        source: None,
        destination: None,
        ingress_interface: 65_536,
        egress_interface: 65_537,
        source_as: 65_536,
        destination_as: 64_500,
        tcp_flags: 0x112,
        ..record()
    };
    let mut seen = Vec::new();
    let tally = process().export(NOW, [row], |message| {
        let message = Message::parse(message.octets).unwrap();
        seen.extend(message.records().map(|r| *r.octets()));
    });
    let sent = flowlog_wire::netflow5::Record::new(&seen[0]);
    assert_eq!((sent.source(), sent.destination()), ([0; 4], [0; 4]));
    assert_eq!((sent.input(), sent.output()), (0, 0));
    assert_eq!(
        (sent.source_as(), sent.destination_as()),
        (AS_TRANS, 64_500)
    );
    assert_eq!(sent.tcp_flags(), 0x12);
    for what in Narrowed::ALL {
        let expected = u64::from(what != Narrowed::Time);
        assert_eq!(tally.narrowed(what), expected, "{}", what.as_str());
    }
}

#[test]
fn the_header_says_engine_numbers_and_that_nothing_is_sampled() {
    let mut process = process();
    let mut headers = Vec::new();
    for records in [29, 1] {
        let records = core::iter::repeat_n(record(), records);
        let _tally = process.export(NOW, records, |message| {
            headers.push(Message::parse(message.octets).unwrap().header());
        });
    }
    let first = Header {
        count: 28,
        sys_uptime: 12 * 86_400_000,
        unix_secs: 1_700_000_000,
        unix_nsecs: 250_000_000,
        flow_sequence: 0,
        engine_type: 1,
        engine_id: 2,
        sampling_interval: 0x4001,
    };
    let then = |flow_sequence| Header {
        count: 1,
        flow_sequence,
        ..first
    };
    assert_eq!(headers, [first, then(28), then(29)]);
}
