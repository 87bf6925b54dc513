use std::io::{self, Cursor};
use std::net::IpAddr;

use proptest::prelude::*;

use super::*;

/// A UDP datagram over IPv4 with the fragment word given; `octets` is what follows the IP header.
fn ipv4(fragment: u16, octets: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + octets.len()).unwrap().to_be_bytes();
    let word = fragment.to_be_bytes();
    let mut packet = vec![
        0x45, 0, total[0], total[1], 0, 9, word[0], word[1], 64, 17, 0, 0,
    ];
    packet.extend([192, 0, 2, 7, 198, 51, 100, 1]);
    packet.extend(octets);
    packet
}

fn udp(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap().to_be_bytes();
    let mut octets = vec![0xc0, 0x00, 0x08, 0x07, length[0], length[1], 0, 0];
    octets.extend(payload);
    octets
}

fn ipv6(payload: &[u8]) -> Vec<u8> {
    let udp = udp(payload);
    let length = u16::try_from(udp.len()).unwrap().to_be_bytes();
    let mut packet = vec![0x60, 0, 0, 0, length[0], length[1], 17, 64];
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    packet.extend(udp);
    packet
}

fn ethernet(ether_type: &[u8], packet: &[u8]) -> Vec<u8> {
    let mut frame = vec![2; 12];
    frame.extend(ether_type);
    frame.extend(packet);
    frame
}

fn pcap(link: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
    file.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0]);
    file.extend(link.to_le_bytes());
    for (n, packet) in packets.iter().enumerate() {
        let length = u32::try_from(packet.len()).unwrap().to_le_bytes();
        file.extend(1_700_000_000_u32.to_le_bytes());
        file.extend(u32::try_from(n).unwrap().to_le_bytes());
        file.extend(length);
        file.extend(length);
        file.extend(packet);
    }
    file
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padding = body.len().next_multiple_of(4) - body.len();
    let length = u32::try_from(12 + body.len() + padding).unwrap();
    let mut octets = kind.to_be_bytes().to_vec();
    octets.extend(length.to_be_bytes());
    octets.extend(body);
    octets.extend(vec![0; padding]);
    octets.extend(length.to_be_bytes());
    octets
}

/// Big-endian, nanoseconds, one Ethernet interface.
fn pcapng(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = block(
        0x0a0d_0d0a,
        &[
            0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255,
        ],
    );
    // if_tsresol = 9, end of options
    file.extend(block(
        1,
        &[0, 1, 0, 0, 0, 4, 0, 0, 0, 9, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0],
    ));
    for (n, packet) in packets.iter().enumerate() {
        let nanos = 1_700_000_000_000_000_000_u64 + u64::try_from(n).unwrap() * 1000;
        let length = u32::try_from(packet.len()).unwrap().to_be_bytes();
        let mut body = vec![0; 4];
        body.extend(nanos.to_be_bytes());
        body.extend(length);
        body.extend(length);
        body.extend(packet);
        file.extend(block(6, &body));
    }
    file
}

fn expected(n: i64, payload: &[u8]) -> Captured {
    Captured {
        exporter: "192.0.2.7".parse().unwrap(),
        source_port: 49152,
        destination_port: 2055,
        at_us: 1_700_000_000_000_000 + n,
        payload: payload.to_vec(),
    }
}

type Read = (Vec<Captured>, Option<CaptureError>, Skipped);

fn read(file: &[u8]) -> Read {
    let mut datagrams = Vec::new();
    let mut capture = match Capture::new("test", Cursor::new(file.to_vec())) {
        Ok(capture) => capture,
        Err(error) => return (datagrams, Some(error), Skipped::default()),
    };
    let mut error = None;
    for found in capture.by_ref() {
        assert!(error.is_none(), "something came after the error");
        match found {
            Ok(captured) => datagrams.push(captured),
            Err(problem) => error = Some(problem),
        }
    }
    (datagrams, error, capture.skipped())
}

fn three() -> Vec<Vec<u8>> {
    [b"one".as_slice(), b"", b"three33"]
        .map(|payload| ethernet(&[8, 0], &ipv4(0, &udp(payload))))
        .to_vec()
}

fn three_expected() -> Vec<Captured> {
    vec![
        expected(0, b"one"),
        expected(1, b""),
        expected(2, b"three33"),
    ]
}

const TEXT: &str = "192.0.2.7 49152 2055 1700000000000000 6f6e65\n\
     # a comment\n\n\
     192.0.2.7 49152 2055 1700000000000001 -\n\
     192.0.2.7\t49152 2055 1700000000000002 7468726565-\n";

#[test]
fn pcap_pcapng_and_text_read_alike() {
    let text = TEXT.replace("7468726565-", "74687265653333");
    for file in [pcap(1, &three()), pcapng(&three()), text.into_bytes()] {
        let (datagrams, error, skipped) = read(&file);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(datagrams, three_expected());
        assert!(skipped.is_empty());
    }
}

#[test]
fn big_endian_and_nanosecond_pcap_are_understood() {
    let packet = ethernet(&[8, 0], &ipv4(0, &udp(b"one")));
    let mut file = 0xa1b2_3c4d_u32.to_be_bytes().to_vec();
    file.extend([0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1]);
    file.extend(1_700_000_000_u32.to_be_bytes());
    file.extend(5_999_u32.to_be_bytes());
    let length = u32::try_from(packet.len()).unwrap().to_be_bytes();
    file.extend([length, length].concat());
    file.extend(packet);
    assert_eq!(read(&file).0, [expected(5, b"one")]);
}

#[test]
fn every_link_type_leads_to_the_datagram() {
    let ip = ipv4(0, &udp(b"one"));
    let with = |head: &[u8]| [head, &ip].concat();
    let cases: &[(u32, Vec<u8>)] = &[
        (1, ethernet(&[8, 0], &ip)),
        (1, ethernet(&[0x81, 0, 0, 7, 8, 0], &ip)),
        (1, ethernet(&[0x88, 0xa8, 0, 7, 0x81, 0, 0, 8, 8, 0], &ip)),
        (101, ip.clone()),
        (12, ip.clone()),
        (228, ip.clone()),
        (0, with(&[2, 0, 0, 0])),
        (108, with(&[0, 0, 0, 2])),
        (113, with(&[0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 8, 0])),
        (
            276,
            with(&[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0]),
        ),
    ];
    for (link, packet) in cases {
        let (datagrams, error, _) = read(&pcap(*link, std::slice::from_ref(packet)));
        assert!(error.is_none(), "link type {link}: {error:?}");
        assert_eq!(datagrams, [expected(0, b"one")], "link type {link}");
    }
}

#[test]
fn ethernet_padding_is_not_payload() {
    let mut packet = ethernet(&[8, 0], &ipv4(0, &udp(b"one")));
    packet.resize(60, 0);
    assert_eq!(read(&pcap(1, &[packet])).0, [expected(0, b"one")]);
}

#[test]
fn ipv6_exporters_keep_their_address() {
    let (datagrams, _, _) = read(&pcap(101, &[ipv6(b"six")]));
    assert_eq!(datagrams.len(), 1);
    assert_eq!(
        datagrams[0].exporter,
        "2001:db8::1".parse::<IpAddr>().unwrap()
    );
    assert_eq!(datagrams[0].payload, b"six");
}

#[test]
fn a_file_cut_at_any_octet_yields_what_is_whole_and_one_error() {
    for (file, records) in [(pcap(1, &three()), 24), (pcapng(&three()), 60)] {
        let whole = read(&file[..records]);
        assert!(
            whole.0.is_empty() && whole.1.is_none(),
            "{records}: {:?}",
            whole.1
        );
        for cut in 4..file.len() {
            let (datagrams, error, _) = read(&file[..cut]);
            assert_eq!(
                datagrams,
                three_expected()[..datagrams.len()],
                "cut at {cut}"
            );
            assert!(datagrams.len() < 3);
            let Some(error) = error else { continue };
            assert!(
                matches!(error.problem, CaptureProblem::CutShort { .. }),
                "{cut}: {error}"
            );
            assert!(error.offset < u64::try_from(cut).unwrap());
        }
        let complete = (4..=file.len())
            .filter(|&cut| read(&file[..cut]).1.is_none())
            .count();
        // after the headers and after each record, nowhere else
        assert!(complete == 4 || complete == 5, "{complete}");
    }
}

#[test]
fn the_error_names_the_offset_of_the_record_that_is_cut() {
    let file = pcap(1, &three());
    let second = 24 + 16 + three()[0].len();
    let (datagrams, error, _) = read(&file[..second + 20]);
    assert_eq!(datagrams, [expected(0, b"one")]);
    assert_eq!(
        error.unwrap().to_string(),
        format!(
            "test: the capture is cut short: 20 of {} octets of its last record are there (offset {second})",
            16 + three()[1].len()
        )
    );
}

#[test]
fn a_text_line_that_is_none_names_its_line() {
    let (datagrams, error, _) = read(TEXT.as_bytes());
    assert_eq!(datagrams.len(), 2);
    let error = error.unwrap();
    assert_eq!(
        error.offset,
        u64::try_from(TEXT.rfind("192").unwrap()).unwrap()
    );
    assert_eq!(
        error.to_string(),
        "test: line 5: HEX has an odd number of digits; expected EXPORTER SRC-PORT DST-PORT \
         TIME-US HEX (offset 98)"
    );
    for (line, problem) in [
        ("192.0.2.7 1 2 3", "fewer than five fields"),
        ("192.0.2.7 1 2 3 00 00", "more than five fields"),
        ("router 1 2 3 00", "EXPORTER is no IP address"),
        ("192.0.2.7 65536 2 3 00", "SRC-PORT is no port"),
        ("192.0.2.7 1 -2 3 00", "DST-PORT is no port"),
        ("192.0.2.7 1 2 now 00", "TIME-US is no number"),
        (
            "192.0.2.7 1 2 3 0g",
            "HEX has a character that is no hexadecimal digit",
        ),
    ] {
        let error = read(line.as_bytes()).1.unwrap().to_string();
        assert!(error.contains(problem), "{line}: {error}");
    }
}

#[test]
fn a_text_line_without_end_is_refused_before_it_fills_memory() {
    let endless = io::Read::chain(Cursor::new(b"192.0.2.7 1 2 3 ".to_vec()), io::repeat(b'0'));
    let mut capture = Capture::new("-", endless).unwrap();
    let error = capture.next().unwrap().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("longer than the largest datagram"),
        "{error}"
    );
    assert!(capture.next().is_none());
}

#[test]
fn the_largest_datagram_fits_a_text_line() {
    let line = format!(
        "2001:db8::1 65535 65535 {} {}",
        i64::MIN,
        "ab".repeat(65_535)
    );
    assert_eq!(read(line.as_bytes()).0[0].payload.len(), 65_535);
    let line = line + "ab";
    assert!(read(line.as_bytes()).1.is_some());
}

#[test]
fn a_record_that_claims_gigabytes_is_refused() {
    let mut file = pcap(1, &three());
    file[24 + 8..24 + 12].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
    let (datagrams, error, _) = read(&file);
    assert!(datagrams.is_empty());
    assert!(matches!(
        error.unwrap().problem,
        CaptureProblem::RecordTooLong(0xffff_fff0)
    ));
}

#[test]
fn fragments_become_one_datagram_in_any_order() {
    let payload: Vec<u8> = (0..100).collect();
    let whole = udp(&payload);
    let parts = [
        (0x2000, &whole[..40]),
        (0x2005, &whole[40..80]),
        (0x000a, &whole[80..]),
    ]
    .map(|(word, part)| ethernet(&[8, 0], &ipv4(word, part)));
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let packets: Vec<Vec<u8>> = order.iter().map(|&n| parts[n].clone()).collect();
        let (datagrams, _, skipped) = read(&pcap(1, &packets));
        assert_eq!(datagrams, [expected(2, &payload)], "{order:?}");
        assert!(skipped.is_empty());
    }
    let (datagrams, _, skipped) = read(&pcap(1, &parts[..2]));
    assert!(datagrams.is_empty());
    assert_eq!(skipped.fragments, 2);
}

#[test]
fn unfinished_fragments_give_way_to_new_ones() {
    let packets: Vec<Vec<u8>> = (0..500_u16)
        .map(|id| {
            let mut packet = ipv4(0x2000, &[0; 64]);
            packet[4..6].copy_from_slice(&id.to_be_bytes());
            packet
        })
        .collect();
    let (datagrams, _, skipped) = read(&pcap(101, &packets));
    assert!(datagrams.is_empty());
    assert_eq!(skipped.fragments, 500);
}

#[test]
fn what_is_no_datagram_is_counted() {
    let mut tcp = ipv4(0, &[0x50; 20]);
    tcp[9] = 6;
    let arp = ethernet(&[8, 6], &[0, 1, 8, 0, 6, 4, 0, 1, 0, 0]);
    let mut lying = ipv4(0, &udp(b"one"));
    lying[24..26].copy_from_slice(&500_u16.to_be_bytes());
    let (datagrams, error, skipped) = read(&pcap(101, &[tcp, lying]));
    assert!(datagrams.is_empty() && error.is_none());
    assert_eq!((skipped.not_udp, skipped.malformed), (1, 1));
    let (_, _, skipped) = read(&pcap(147, &[arp]));
    assert_eq!(skipped.not_udp, 1);
    assert_eq!(skipped.to_string(), "packets skipped: 1 that are not UDP");
}

#[test]
fn packets_cut_by_the_snapshot_length_are_counted_not_decoded() {
    let mut file = pcap(1, &three());
    let length = file[24 + 8..24 + 12].to_vec();
    file[24 + 12..24 + 16].copy_from_slice(&1500_u32.to_le_bytes());
    // the datagram itself is whole: that the frame's trailer is missing does not matter
    assert_eq!(read(&file).0.len(), 3);
    let mut cut = three();
    cut[0].truncate(44);
    let mut file = pcap(1, &cut);
    file[24 + 12..24 + 16].copy_from_slice(&length);
    let (datagrams, _, skipped) = read(&file);
    assert_eq!(datagrams.len(), 2);
    assert_eq!(skipped.truncated, 1);
}

#[test]
fn what_is_no_capture_is_said() {
    for (file, problem) in [
        (&b"\x1f\x8b\x08\x00"[..], "compressed (gzip)"),
        (b"\x00\x05\x00\x1e", "neither pcap, pcapng nor text"),
        (
            b"\x0a\x0d\x0d\x0a\x00\x00\x00\x1c\x00\x00\x00\x00",
            "byte order",
        ),
    ] {
        let error = read(file).1.unwrap().to_string();
        assert!(error.contains(problem), "{error}");
    }
    let (datagrams, error, _) = read(b"");
    assert!(datagrams.is_empty() && error.is_none());
}

#[test]
fn pcapng_blocks_that_contradict_themselves_are_damage() {
    let file = pcapng(&three());
    for (at, octets) in [
        (4_usize, [0, 0, 0, 13]),
        (24, [0, 0, 0, 32]),
        (60 + 8, [0, 0, 0, 1]),
    ] {
        let mut broken = file.clone();
        broken[at..at + 4].copy_from_slice(&octets);
        let error = read(&broken).1.unwrap();
        assert!(
            matches!(error.problem, CaptureProblem::Damaged(_)),
            "{at}: {error}"
        );
    }
}

#[test]
fn pcapng_times_follow_the_resolution_of_the_interface() {
    let interface = |units_per_second, offset_seconds| pcapng::Interface {
        link: Link(1),
        snapshot_length: 0,
        units_per_second,
        offset_seconds,
    };
    assert_eq!(
        interface(1000, 0).microseconds(1_700_000_000_123),
        1_700_000_000_123_000
    );
    assert_eq!(interface(1 << 20, 0).microseconds(1 << 21), 2_000_000);
    assert_eq!(interface(1, 10).microseconds(5), 15_000_000);
    assert_eq!(interface(1, i64::MAX).microseconds(u64::MAX), i64::MAX);
}

proptest! {
    #[test]
    fn no_octets_make_a_reader_panic(
        octets in proptest::collection::vec(any::<u8>(), 0..200),
        at in 0_usize..300,
        ng: bool,
    ) {
        let mut file = if ng { pcapng(&three()) } else { pcap(1, &three()) };
        let at = at.min(file.len());
        let end = (at + octets.len()).min(file.len());
        file.splice(at..end, octets);
        let (datagrams, _, _) = read(&file);
        prop_assert!(datagrams.len() <= file.len() / 16);
    }
}
