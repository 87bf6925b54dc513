//! What a row costs on its way back to NetFlow: records to messages of V5, V9 and IPFIX, and copying
//! the same octets.
//!
//! Rows as a SAG flow log has them, one in eight IPv6 (V5: none), in batches of 4096, messages of up
//! to 1400 octets. Making them from the columns of a row is not measured.
//!
//! Instructions: `valgrind --tool=callgrind --collect-atstart=no --toggle-collect='export::ours'
//! --dump-after='export::ours'` and the bench with `--test ours` gives a file a version and call.

use std::hint::black_box;
use std::net::{IpAddr, Ipv6Addr};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowlog_export::{Carries, ExportingProcess, Protocol, Record, Settings};
use flowlog_record::{ObservationDomain, Timestamp};

const ROWS: u32 = 4_096;
const NOW: Timestamp = Timestamp(1_700_000_100_250);

fn rows(has_ipv6: bool) -> Vec<Record> {
    (0..ROWS).map(|n| row(n, has_ipv6 && n % 8 == 7)).collect()
}

fn row(n: u32, is_ipv6: bool) -> Record {
    let address = |network: u32| -> IpAddr {
        if is_ipv6 {
            return Ipv6Addr::from_bits(0x2001_0db8 << 96 | u128::from(network + n)).into();
        }
        (network + n).to_be_bytes().into()
    };
    let millis = i64::from(n);
    Record {
        source: Some(address(0x0a00_0000)),
        destination: Some(address(0xc633_6400)),
        source_port: 1_024 + u16::try_from(n).unwrap(),
        destination_port: 443,
        protocol: 6,
        packets: 10 + u64::from(n),
        octets: 6_000 + u64::from(n),
        first: NOW.plus(-60_000 - millis),
        last: NOW.plus(-millis),
        tcp_flags: 0x1b,
        ingress_interface: 1,
        egress_interface: 2,
        ..Record::of([192, 0, 2, 1].into())
    }
}

/// Messages of all rows; their octets.
#[inline(never)]
fn ours(process: &mut ExportingProcess, rows: &[Record], out: &mut [u8]) -> usize {
    let mut octets = 0;
    let _tally = process.export(NOW, rows.iter().copied(), |message| {
        let place = &mut out[..message.octets.len()];
        place.copy_from_slice(black_box(message.octets));
        octets += message.octets.len();
    });
    octets
}

/// Copies the same messages.
#[inline(never)]
fn copy(messages: &[Vec<u8>], out: &mut [u8]) -> usize {
    for message in messages {
        let place = &mut out[..message.len()];
        place.copy_from_slice(black_box(message));
        let _ = black_box(&place);
    }
    messages.iter().map(Vec::len).sum()
}

fn bench(c: &mut Criterion) {
    for (name, protocol) in [
        ("v5", Protocol::Netflow5),
        ("v9", Protocol::Netflow9),
        ("ipfix", Protocol::IpfixUdp),
    ] {
        let rows = rows(protocol != Protocol::Netflow5);
        let domain = ObservationDomain(7);
        let mut process = ExportingProcess::new(Settings::new(protocol, domain, Carries::SAG));
        let mut out = vec![0; 2_048];
        // The first messages of a process say more than the others.
        ours(&mut process, &rows, &mut out);
        let mut messages = Vec::new();
        let tally = process.export(NOW, rows.iter().copied(), |message| {
            messages.push(message.octets.to_vec());
        });
        let sum: u64 = rows.iter().map(|row| row.octets).sum();
        assert_eq!(tally.carried.octets, sum, "every octet is carried");
        assert_eq!(tally.flow_records, u64::from(ROWS), "in a record each");
        let octets = usize::try_from(tally.message_octets).unwrap();

        let mut group = c.benchmark_group(format!("export/{name}"));
        group.throughput(Throughput::Elements(ROWS.into()));
        let written = ours(&mut process, &rows, &mut out);
        assert!(
            written.abs_diff(octets) < 600,
            "the same but for Templates that are due"
        );
        group.bench_function("ours", |b| {
            b.iter(|| ours(&mut process, black_box(&rows), &mut out));
        });
        assert_eq!(copy(&messages, &mut out), octets, "every octet is copied");
        group.bench_function("memcpy", |b| b.iter(|| copy(&messages, &mut out)));
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
