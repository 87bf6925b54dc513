use super::*;
use bytes::Bytes;

fn typed() -> Group {
    let mut absent = Mask::default();
    absent.insert(1);
    Group {
        topic: "flow_log".into(),
        source: "192.0.2.1".into(),
        tags: vec![("host".into(), "exp-1".into())],
        time: vec![10, 20, 30],
        numbers: vec![5, 6, 7],
        columns: vec![
            Column {
                name: "srcaddr".into(),
                values: Values::Address {
                    values: vec![
                        std::net::Ipv4Addr::new(10, 0, 0, 1)
                            .to_ipv6_mapped()
                            .octets(),
                        [0; 16],
                        std::net::Ipv6Addr::LOCALHOST.octets(),
                    ],
                    absent,
                },
            },
            Column {
                name: "bytes".into(),
                values: Values::Int {
                    values: vec![1, -2, i64::MAX],
                    absent: Mask::default(),
                },
            },
            Column {
                name: "action".into(),
                values: Values::Text {
                    dictionary: vec!["ACCEPT".into(), "REJECT".into()],
                    index: vec![0, 1, 0],
                },
            },
            Column {
                name: "row-id".into(),
                values: Values::Numbered {
                    prefix: "0-default-3-".into(),
                    numbers: vec![5, 6, 7],
                },
            },
        ],
        ..Group::default()
    }
}

fn batch(group: Group) -> Batch {
    Batch {
        project: "flow-logs".into(),
        logstore: "default".into(),
        origin: Some(Origin {
            epoch: 0,
            flow_log: "default".into(),
            partition: 3,
            first: 5,
            next: 8,
        }),
        groups: vec![group],
    }
}

fn texts(values: &Values) -> Vec<Option<String>> {
    let mut scratch = Vec::new();
    let text = |cell: Cell<'_>, scratch: &mut Vec<u8>| {
        cell.text(scratch)
            .map(|text| String::from_utf8(text.to_vec()).unwrap())
    };
    (0..values.len())
        .map(|row| text(values.cell(row), &mut scratch))
        .collect()
}

#[test]
fn cells_are_written_as_a_person_reads_them() {
    let group = typed();
    let of = |name| {
        texts(group.column(name).unwrap())
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
    };
    assert_eq!(of("srcaddr"), ["10.0.0.1", "-", "::1"]);
    assert_eq!(of("bytes"), ["1", "-2", "9223372036854775807"]);
    assert_eq!(of("action"), ["ACCEPT", "REJECT", "ACCEPT"]);
    assert_eq!(
        of("row-id"),
        ["0-default-3-5", "0-default-3-6", "0-default-3-7"]
    );
}

#[test]
fn a_record_comes_back_as_it_was() {
    let batch = batch(typed());
    let mut record = encode(batch.origin.as_ref(), &batch.groups).unwrap();
    seal_header(&mut record, 1_700_000_000_000_000_001, 1_700_000_000);
    let back = decode(&record).unwrap();
    assert_eq!(back.cursor, 1_700_000_000_000_000_001);
    assert_eq!(back.received, 1_700_000_000);
    assert_eq!(back.origin, batch.origin);
    assert_eq!(back.groups, batch.groups);
    for cut in 0..record.len() {
        assert_eq!(decode(&record[..cut]), None);
    }
}

#[test]
fn rows_below_the_known_number_are_dropped() {
    let mut batch = batch(typed());
    batch.drop_below(6);
    let group = &batch.groups[0];
    assert_eq!(group.time, [20, 30]);
    assert_eq!(group.numbers, [6, 7]);
    assert_eq!(
        texts(group.column("srcaddr").unwrap())[0].as_deref(),
        Some("-")
    );
    assert_eq!(
        texts(group.column("action").unwrap())[0].as_deref(),
        Some("REJECT")
    );
    batch.drop_below(8);
    assert!(batch.groups.is_empty());
}

#[test]
fn what_the_types_cannot_say_is_checked() {
    assert_eq!(batch(typed()).validate(), Ok(()));
    let broken = |change: fn(&mut Group)| {
        let mut group = typed();
        change(&mut group);
        batch(group).validate().unwrap_err()
    };
    assert_eq!(broken(|g| g.time.push(1)), InvalidBatch::Length);
    assert_eq!(broken(|g| g.time_ns = vec![1]), InvalidBatch::Length);
    assert_eq!(
        broken(|g| g.columns[1].name = "srcaddr".into()),
        InvalidBatch::DuplicateName
    );
    assert_eq!(
        broken(|g| g.columns[1].name = "__time__".into()),
        InvalidBatch::ReservedName
    );
    assert_eq!(broken(|g| g.numbers = Vec::new()), InvalidBatch::Numbers);
    assert_eq!(broken(|g| g.numbers[0] = 8), InvalidBatch::Numbers);
    assert_eq!(
        broken(|g| {
            g.columns[2].values = Values::Text {
                dictionary: vec!["a".into()],
                index: vec![0, 0, 1],
            };
        }),
        InvalidBatch::Index
    );
    assert_eq!(
        broken(|g| {
            let mut absent = Mask::default();
            absent.insert(3);
            g.columns[1].values = Values::Int {
                values: vec![0; 3],
                absent,
            };
        }),
        InvalidBatch::Index
    );
    let mut empty = batch(typed());
    empty.groups.clear();
    assert_eq!(empty.validate(), Err(InvalidBatch::Empty));
}

#[test]
fn only_one_writing_of_a_number_is_canonical() {
    for (text, value) in [
        ("0", 0),
        ("7", 7),
        ("-1", -1),
        ("9223372036854775807", i64::MAX),
    ] {
        assert_eq!(canonical_decimal(text.as_bytes()), Some(value), "{text}");
    }
    assert_eq!(
        canonical_decimal(i64::MIN.to_string().as_bytes()),
        Some(i64::MIN)
    );
    for text in [
        "",
        "-",
        "-0",
        "00",
        "01",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "9223372036854775808",
        "٣",
    ] {
        assert_eq!(canonical_decimal(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_log_group_keeps_order_repetitions_and_its_many_keys() {
    let pair = |key: &str, value: &str| (Arc::from(key), Bytes::from(value.to_owned()));
    let many: Vec<_> = (0..300).map(|n| pair(&format!("k{n:03}"), "v")).collect();
    let group = Group::from(LogGroup {
        logs: vec![
            Log {
                time: 1,
                time_ns: None,
                contents: vec![pair("b", "1"), pair("a", "2")],
            },
            Log {
                time: 2,
                time_ns: Some(7),
                contents: vec![pair("a", "3"), pair("b", "4")],
            },
            Log {
                time: 3,
                time_ns: None,
                contents: vec![pair("a", "5"), pair("a", "6")],
            },
            Log {
                time: 4,
                time_ns: None,
                contents: vec![pair("__time__", "x")],
            },
            Log {
                time: 5,
                time_ns: None,
                contents: many.clone(),
            },
        ],
        ..LogGroup::default()
    });
    assert_eq!(group.validate(), Ok(()));
    assert_eq!(group.columns.len(), MAX_COLUMNS);
    let irregular = group.irregular.as_deref().unwrap();
    assert!(irregular.order(0).is_empty());
    assert_eq!(irregular.order(1), [1, 0]);
    assert!(irregular.order(2).is_empty());
    assert_eq!(irregular.rest(2), [pair("a", "6")]);
    assert_eq!(irregular.rest(3), [pair("__time__", "x")]);
    assert_eq!(irregular.rest(4), &many[254..]);
    assert!(irregular.has_ns(1) && !irregular.has_ns(0));
    assert_eq!(group.column("b").unwrap().cell(2), Cell::NoKey);
    assert_eq!(group.column("b").unwrap().cell(1), Cell::Octets(b"4"));
}

proptest::proptest! {
    #[test]
    fn no_octets_are_too_strange_for_a_record(
        octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        place in proptest::prelude::any::<proptest::sample::Index>(),
    ) {
        let batch = batch(typed());
        let mut record = encode(batch.origin.as_ref(), &batch.groups).unwrap();
        seal_header(&mut record, 1, 1);
        let place = place.index(record.len());
        let end = (place + octets.len()).min(record.len());
        record[place..end].copy_from_slice(&octets[..end - place]);
        if let Some(record) = decode(&record) {
            for group in &record.groups {
                proptest::prop_assert!(group.validate().is_ok());
                group.columns.iter().for_each(|column| drop(texts_lossy(&column.values)));
            }
        }
    }
}

fn texts_lossy(values: &Values) -> Vec<Vec<u8>> {
    let mut scratch = Vec::new();
    let text = |row| values.cell(row).text(&mut scratch).map(<[u8]>::to_vec);
    (0..values.len()).filter_map(text).collect()
}

#[test]
fn every_octet_of_an_address_is_written_as_it_is_everywhere() {
    let mut text = Vec::new();
    for octet in 0..=255 {
        let address = std::net::Ipv4Addr::new(octet, 1, octet, 255 - octet);
        Cell::Address(address.to_ipv6_mapped().octets()).write(&mut text);
        assert_eq!(std::str::from_utf8(&text).unwrap(), address.to_string());
    }
}
