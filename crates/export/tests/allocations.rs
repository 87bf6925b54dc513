//! Once a process has sent a message, further ones are made without touching the allocator.

use std::net::IpAddr;

use flowlog_export::{Carries, ExportingProcess, Protocol, Record, Settings};
use flowlog_record::{ObservationDomain, Timestamp};

const NOW: Timestamp = Timestamp(1_700_000_000_250);

#[test]
fn nothing_is_allocated_for_records_and_messages() {
    let row = Record {
        source: Some(IpAddr::from([192, 0, 2, 1])),
        destination: Some(IpAddr::from([192, 0, 2, 2])),
        packets: 10,
        octets: 6 << 30,
        first: NOW.plus(-60_000),
        last: NOW,
        ..Record::of(IpAddr::from([192, 0, 2, 3]))
    };
    for protocol in [
        Protocol::Netflow5,
        Protocol::Netflow9,
        Protocol::IpfixUdp,
        Protocol::IpfixTcp,
    ] {
        let settings = Settings::new(protocol, ObservationDomain(7), Carries::all());
        let mut process = ExportingProcess::new(settings);
        let mut octets = 0;
        let mut carried = 0;
        let allocations = allocation_counter::measure(|| {
            // Templates are sent again in between.
            for minute in 0..10 {
                let rows = core::iter::repeat_n(row, 10_000);
                let tally = process.export(NOW.plus(minute * 60_000), rows, |message| {
                    octets += message.octets.len();
                });
                carried += tally.carried.records;
            }
        });
        assert_eq!(carried, 100_000);
        assert!(octets > usize::try_from(carried).unwrap() * 48);
        assert_eq!(allocations.count_total, 0, "{protocol:?}: {allocations:?}");
    }
}
