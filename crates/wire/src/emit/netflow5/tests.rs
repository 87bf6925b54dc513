use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Netflow5Builder, Netflow5Record};
use crate::emit::EmitError;
use crate::netflow5::{Header, MAX_RECORDS, Message, Record};

/// The values of a view.
fn values(record: Record<'_>) -> Netflow5Record {
    Netflow5Record {
        source: record.source(),
        destination: record.destination(),
        next_hop: record.next_hop(),
        input: record.input(),
        output: record.output(),
        packets: record.packets(),
        octet_count: record.octet_count(),
        first: record.first(),
        last: record.last(),
        source_port: record.source_port(),
        destination_port: record.destination_port(),
        tcp_flags: record.tcp_flags(),
        protocol: record.protocol(),
        tos: record.tos(),
        source_as: record.source_as(),
        destination_as: record.destination_as(),
        source_mask: record.source_mask(),
        destination_mask: record.destination_mask(),
    }
}

proptest! {
    #[test]
    fn any_record_is_read_as_it_was_written(octets in any::<[u8; 24]>(), more in any::<[u8; 24]>()) {
        let mut record: [u8; 48] = [octets, more].concat().try_into().unwrap();
        record[36] = 0;
        record[46..].fill(0);
        prop_assert_eq!(values(Record::new(&record)).to_octets(), record);
    }

    #[test]
    fn any_message_is_read_as_it_was_written(
        count in 0..=MAX_RECORDS,
        numbers in any::<(u32, u32, u32, u32)>(),
        engine in any::<(u8, u8, u16)>(),
    ) {
        let header = Header {
            count: 77,
            sys_uptime: numbers.0,
            unix_secs: numbers.1,
            unix_nsecs: numbers.2,
            flow_sequence: numbers.3,
            engine_type: engine.0,
            engine_id: engine.1,
            sampling_interval: engine.2,
        };
        let records: Vec<Netflow5Record> = (0..count)
            .map(|input| Netflow5Record { input, ..Netflow5Record::default() })
            .collect();
        let mut octets = Vec::new();
        let mut builder = Netflow5Builder::new(&mut octets, &header);
        for record in &records {
            prop_assert_eq!(builder.record(&record.to_octets()), Ok(()));
        }
        prop_assert_eq!(builder.records(), count);
        prop_assert_eq!(builder.finish(), 24 + 48 * usize::from(count));
        let message = Message::parse(&octets).unwrap();
        prop_assert_eq!(message.header(), Header { count, ..header });
        prop_assert_eq!(message.error(), None);
        prop_assert_eq!(message.records().map(values).collect::<Vec<_>>(), records);
    }
}

#[test]
fn a_message_holds_thirty_records() {
    let mut octets = Vec::new();
    let mut builder = Netflow5Builder::new(&mut octets, &Header::default());
    for _ in 0..30 {
        assert_eq!(builder.record(&[1; 48]), Ok(()));
    }
    assert_eq!(builder.record(&[1; 48]), Err(EmitError::Full));
    assert_eq!(builder.finish(), 24 + 30 * 48);
}
