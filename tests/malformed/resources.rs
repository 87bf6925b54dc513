//! Derivation 8: Exporters that want a great deal. What a decoder remembers is measured by the
//! state that it saves.

use std::net::{IpAddr, Ipv4Addr};

use flowlog_decode::{Batch, Decoder, Limits, Settings, Visitor};
use flowlog_record::{HashKey, Timestamp};

const AT: Timestamp = Timestamp(1_700_000_000_000);

/// Counts records.
#[derive(Default)]
struct Count(u64);

impl Visitor for Count {
    fn records(&mut self, batch: &mut Batch<'_>) {
        self.0 += batch.records.len() as u64;
    }
}

/// An IPFIX message of these Sets.
fn message(domain: u32, sequence: u32, sets: &[Vec<u8>]) -> Vec<u8> {
    let body = sets.concat();
    let length = u16::try_from(body.len() + 16).unwrap();
    let mut octets = vec![0, 10];
    octets.extend(length.to_be_bytes());
    octets.extend(1_700_000_000_u32.to_be_bytes());
    octets.extend(sequence.to_be_bytes());
    octets.extend(domain.to_be_bytes());
    octets.extend(body);
    octets
}

fn set(id: u16, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 4).unwrap();
    [&id.to_be_bytes()[..], &length.to_be_bytes(), body].concat()
}

/// A Template Set with one record of fields (element, length).
fn template(id: u16, fields: &[(u16, u16)]) -> Vec<u8> {
    let count = u16::try_from(fields.len()).unwrap();
    let mut body = [id.to_be_bytes(), count.to_be_bytes()].concat();
    for (element, length) in fields {
        body.extend(element.to_be_bytes());
        body.extend(length.to_be_bytes());
    }
    set(2, &body)
}

fn address(n: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + n))
}

fn small() -> Limits {
    Limits {
        exporters: 256,
        sessions: 16,
        templates: 128,
        octets: 256 << 10,
        octets_in_all: 4 << 20,
        parked: 16_384,
        parked_in_all: 262_144,
        ..Limits::default()
    }
}

fn decoder(limits: Limits) -> Decoder {
    let settings = Settings {
        limits,
        ..Settings::default()
    };
    Decoder::new(settings, HashKey::PUBLIC)
}

#[test]
fn derivation_8_a_hundred_thousand_templates() {
    let mut decoder = decoder(small());
    let mut count = Count::default();
    let live = address(77);
    let fields = [(1, 4), (2, 4)];
    let first = message(0, 0, &[template(256, &fields)]);
    let _ = decoder.decode(AT, live, &first, &mut count);
    let mut largest = 0;
    for n in 0..100_000_u32 {
        let id = 256 + u16::try_from(n % 60_000).unwrap();
        let octets = message(n % 37, n, &[template(id, &fields)]);
        let from = address(1_000 + n % 1_000);
        let _ = decoder.decode(AT, from, &octets, &mut count);
        if n % 100 == 0 {
            let data = message(0, n, &[set(256, &n.to_be_bytes().repeat(2))]);
            let before = count.0;
            let _ = decoder.decode(AT, live, &data, &mut count);
            assert_eq!(count.0, before + 1, "the live one, at {n}");
        }
        if n % 10_000 == 0 {
            largest = largest.max(decoder.save().len());
        }
    }
    assert!(decoder.exporters().count() <= 256);
    assert!(largest < 4_000_000, "{largest} octets of state");
}

#[test]
fn derivation_8_a_hundred_thousand_datagrams_without_templates() {
    let mut decoder = decoder(small());
    let mut count = Count::default();
    let mut sets = flowlog_decode::SetCounts::default();
    for n in 0..100_000_u32 {
        let octets = message(n % 5, n, &[set(256, &n.to_be_bytes().repeat(50))]);
        let decoded = decoder.decode(AT, address(n % 200), &octets, &mut count);
        sets += decoded.sets;
    }
    assert_eq!(count.0, 0);
    assert!(sets.skipped > 90_000 && sets.parked > 0, "{sets:?}");
    assert!(decoder.save().len() < 1_000_000, "{}", decoder.save().len());
}

#[test]
fn derivation_8_a_datagram_of_nothing_but_set_headers() {
    let mut decoder = decoder(Limits::default());
    let mut count = Count::default();
    let sets = vec![set(256, &[]); (65_507 - 16) / 4];
    let decoded = decoder.decode(AT, address(1), &message(0, 0, &sets), &mut count);
    assert_eq!(decoded.sets.received, 16_372);
    assert!(decoder.save().len() < 1_000_000);
}

#[test]
fn derivation_8_a_template_of_sixteen_thousand_fields() {
    let mut decoder = decoder(Limits::default());
    let mut count = Count::default();
    let mut fields = vec![(1, 0); 16_000];
    fields.push((4, 1));
    let _ = decoder.decode(
        AT,
        address(1),
        &message(0, 0, &[template(256, &fields)]),
        &mut count,
    );
    let _ = decoder.decode(
        AT,
        address(1),
        &message(0, 0, &[set(256, &[6; 60_000])]),
        &mut count,
    );
    assert_eq!(count.0, 0, "refused");
    // As many idle fields as are allowed, and as many records as fit.
    fields.drain(257..16_000);
    fields.truncate(257);
    fields[256] = (4, 1);
    let _ = decoder.decode(
        AT,
        address(1),
        &message(0, 0, &[template(257, &fields)]),
        &mut count,
    );
    let _ = decoder.decode(
        AT,
        address(1),
        &message(0, 0, &[set(257, &[6; 60_000])]),
        &mut count,
    );
    assert_eq!(count.0, 60_000);
}
