use core::net::{IpAddr, Ipv4Addr};

use flowlog_record::{ObservationDomain, Timestamp};
use flowlog_wire::{ipfix, netflow9};

use super::{RestoreError, VERSION};
use crate::{Carries, ExportingProcess, Protocol, Record, Settings};

const NOW: Timestamp = Timestamp(1_700_000_000_250);

fn settings(protocol: Protocol) -> Settings {
    Settings::new(protocol, ObservationDomain(7), Carries::VPC)
}

fn header(process: &mut ExportingProcess, now: Timestamp) -> netflow9::Header {
    let record = Record::of(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let mut header = None;
    let _tally = process.export(now, [record], |message| {
        header = Some(netflow9::Message::parse(message.octets).unwrap().header());
    });
    header.unwrap()
}

#[test]
fn numbers_and_the_clock_go_on_after_a_restart() {
    let settings = settings(Protocol::Netflow9);
    let mut process = ExportingProcess::new(settings);
    let before = header(&mut process, NOW);
    let mut restored = ExportingProcess::restore(&process.save(), settings).unwrap();
    let after = header(&mut restored, NOW.plus(60_000));
    assert_eq!((before.sequence, after.sequence), (0, 1));
    assert_eq!(after.sys_uptime - before.sys_uptime, 60_000);
}

/// Templates and options of one more message, and its number.
fn announced(process: &mut ExportingProcess) -> (u64, u32) {
    let record = Record::of(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let mut sequence = 0;
    let tally = process.export(NOW, [record], |message| {
        let message = ipfix::Message::parse(message.octets).unwrap();
        sequence = message.header().sequence;
    });
    (tally.announced, sequence)
}

#[test]
fn templates_are_sent_again_after_a_restart() {
    for (protocol, third) in [(Protocol::IpfixUdp, 3), (Protocol::IpfixTcp, 0)] {
        let settings = settings(protocol);
        let mut process = ExportingProcess::new(settings);
        // Options Template, options data, Template.
        assert_eq!(announced(&mut process), (3, 0));
        assert_eq!(announced(&mut process), (0, 2));
        let mut restored = ExportingProcess::restore(&process.save(), settings).unwrap();
        assert_eq!(announced(&mut restored), (3, third));
    }
}

#[test]
fn state_of_another_stream_is_refused() {
    let saved = ExportingProcess::new(settings(Protocol::Netflow9)).save();
    let restore = |settings| ExportingProcess::restore(&saved, settings).map(drop);
    let other = Settings {
        domain: ObservationDomain(8),
        ..settings(Protocol::Netflow9)
    };
    assert_eq!(restore(settings(Protocol::Netflow9)), Ok(()));
    assert_eq!(restore(other), Err(RestoreError::OtherStream));
    assert_eq!(
        restore(settings(Protocol::IpfixUdp)),
        Err(RestoreError::OtherStream)
    );
}

#[test]
fn damaged_state_and_that_of_another_version_are_refused() {
    let settings = settings(Protocol::Netflow9);
    let mut saved = ExportingProcess::new(settings).save();
    for length in 0..saved.len() {
        let cut = ExportingProcess::restore(&saved[..length], settings).map(drop);
        assert_eq!(cut, Err(RestoreError::Damaged));
    }
    saved[0] = u8::try_from(VERSION + 1).unwrap();
    let other = ExportingProcess::restore(&saved, settings).map(drop);
    assert_eq!(other, Err(RestoreError::Version(VERSION + 1)));
}
