use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use flowlog_record::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::{Error, ErrorCode};

const SECONDS: u32 = 1_700_000_000;
/// One log {srcaddr=10.0.0.1}, topic `flow_log`, source 192.0.2.1, tag host=exp-1, as the official
/// encoders write it.
const VECTOR: &str = "0a200880e2cfaa0612130a0773726361646472120831302e302e302e312515cd5b07\
                      1a08666c6f775f6c6f6722093139322e302e322e31320d0a04686f737412056578702d31";

fn vector() -> [u8; 70] {
    crate::percent::from_hex(VECTOR).unwrap()
}

#[test]
fn the_writer_writes_as_the_official_encoders() {
    let mut group = LogGroupWriter::new();
    let key = EncodedKey::new("srcaddr");
    assert!(group.log(SECONDS, Some(123_456_789), |log| {
        log.text(&key, b"10.0.0.1");
    }));
    group.topic(b"flow_log");
    group.source(b"192.0.2.1");
    group.tag(b"host", b"exp-1");
    assert_eq!(group.octets(), vector());
    assert_eq!(group.len(), 1);
}

#[test]
fn the_reader_reads_what_the_official_encoders_write() {
    let octets = vector();
    let group = LogGroup::parse(&octets).unwrap();
    assert_eq!(
        (group.topic(), group.source()),
        (&b"flow_log"[..], &b"192.0.2.1"[..])
    );
    assert_eq!((group.len(), group.machine_uuid()), (1, &b""[..]));
    assert_eq!(
        group.tags().collect::<Vec<_>>(),
        [(&b"host"[..], &b"exp-1"[..])]
    );
    let logs: Vec<_> = group.logs().collect();
    assert_eq!(
        (logs[0].time, logs[0].time_ns),
        (SECONDS, Some(123_456_789))
    );
    let contents: Vec<_> = logs[0].contents().collect();
    assert_eq!(contents, [(&b"srcaddr"[..], &b"10.0.0.1"[..])]);
}

#[test]
fn unknown_fields_are_skipped_and_the_last_of_a_single_field_counts() {
    let octets = [
        &[
            0x0a, 19, 0x08, 1, 0x12, 6, 0x0a, 1, b'k', 0x12, 1, b'v', 0x1a, 1, b'x', 0x08, 2, 0x38,
            0x80, 0x01, 0x00,
        ][..],
        &[
            0x12, 1, b'c', 0x1a, 1, b'a', 0x1a, 1, b'b', 0x2a, 1, b'm', 0x39, 0, 0, 0, 0, 0, 0, 0,
            0, 0x3d, 0, 0, 0, 0,
        ],
    ]
    .concat();
    let group = LogGroup::parse(&octets[..19]);
    assert_eq!(group.unwrap_err().problem, ProtobufProblem::Truncated);
    let octets = [&[0x0a, 18], &octets[2..20], &octets[21..]].concat();
    let group = LogGroup::parse(&octets).unwrap();
    assert_eq!(
        (group.topic(), group.machine_uuid()),
        (&b"b"[..], &b"m"[..])
    );
    assert_eq!(group.logs().map(|log| log.time).collect::<Vec<_>>(), [2]);
}

#[test]
fn errors_say_where_and_what() {
    use ProtobufProblem as P;
    let pair = [0x12, 6, 0x0a, 1, b'k', 0x12, 1, b'v'];
    let log = |inside: &[u8]| [&[0x0a, u8::try_from(inside.len()).unwrap()], inside].concat();
    let cases = [
        (vec![0x0a], 1, P::Truncated),
        (vec![0x0a, 5, 0], 2, P::Truncated),
        (
            vec![
                0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
            ],
            11,
            P::Truncated,
        ),
        (
            vec![
                0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02,
            ],
            1,
            P::NumberTooLarge,
        ),
        (vec![0x80], 0, P::Truncated),
        (vec![0x3b], 0, P::WireType),
        (vec![0x00, 0], 0, P::FieldNumber),
        (vec![0x18, 1], 0, P::WireType),
        (log(&pair), 0, P::MissingTime),
        (log(&[0x08, 1]), 0, P::MissingContents),
        (
            log(&[0x08, 1, 0x12, 3, 0x0a, 1, b'k']),
            4,
            P::IncompletePair,
        ),
        (
            log(&[0x08, 1, 0x12, 3, 0x12, 1, b'v']),
            4,
            P::IncompletePair,
        ),
        (
            log(&[0x08, 0x80, 0x80, 0x80, 0x80, 0x10]),
            2,
            P::NumberTooLarge,
        ),
        (log(&[0x08, 1, 0x20, 1]), 4, P::WireType),
        (vec![0x32, 3, 0x0a, 1, b'k'], 0, P::IncompletePair),
    ];
    for (octets, offset, problem) in cases {
        let error = LogGroup::parse(&octets).unwrap_err();
        assert_eq!(
            (error.offset, error.problem),
            (offset, problem),
            "{octets:02x?}"
        );
    }
    let error = Error::from(LogGroup::parse(&[0x0a]).unwrap_err());
    assert_eq!(error.code, ErrorCode::PostBodyInvalid);
    assert!(
        error
            .message
            .starts_with("Protobuffer content cannot be parsed"),
        "{error}"
    );
}

#[test]
fn a_log_without_contents_is_not_written() {
    let mut group = LogGroupWriter::new();
    assert!(!group.log(1, None, |_| {}));
    assert!(group.is_empty() && group.octets().is_empty());
}

#[test]
fn a_group_is_refused_whole_for_one_log_out_of_range() {
    let mut group = LogGroupWriter::new();
    group.log(SECONDS, None, |log| log.pair(b"k", b"v"));
    let now = Timestamp(i64::from(SECONDS) * 1000);
    assert_eq!(LogGroup::parse(group.octets()).unwrap().check(now), Ok(()));
    group.log(SECONDS + 901, None, |log| log.pair(b"k", b"v"));
    let error = LogGroup::parse(group.octets())
        .unwrap()
        .check(now)
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::PostBodyInvalid);
    group.clear();
    assert!(group.octets().is_empty());
    group.topic(&[b'x'; 129]);
    let error = LogGroup::parse(group.octets())
        .unwrap()
        .check(now)
        .unwrap_err();
    assert_eq!(error.message, "Topic must have at most 128 octets");
}

#[test]
fn a_list_is_read_group_by_group_until_an_error() {
    let mut list = Vec::new();
    append_log_group(&mut list, &vector());
    append_log_group(&mut list, &[]);
    append_log_group(&mut list, &[0x0a]);
    append_log_group(&mut list, &vector());
    let counts: Vec<_> = log_groups(&list)
        .map(|group| group.map(|group| group.len()))
        .collect();
    assert_eq!(
        (counts[0], counts[1], counts[2].is_err(), counts.len()),
        (Ok(1), Ok(0), true, 3)
    );
}

/// A model of a log.
#[derive(Clone, Debug)]
struct Model {
    time: u32,
    time_ns: Option<u32>,
    contents: Vec<(String, Cell)>,
}

#[derive(Clone, Debug)]
enum Cell {
    Text(Vec<u8>),
    Integer(i64),
    Unsigned(u64),
}

impl Cell {
    fn text(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone(),
            Self::Integer(value) => alloc::format!("{value}").into_bytes(),
            Self::Unsigned(value) => alloc::format!("{value}").into_bytes(),
        }
    }
}

fn model() -> impl Strategy<Value = Model> {
    let cell = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200).prop_map(Cell::Text),
        any::<i64>().prop_map(Cell::Integer),
        any::<u64>().prop_map(Cell::Unsigned),
    ];
    let contents = proptest::collection::vec((".{0,5}", cell), 1..6);
    (any::<u32>(), any::<Option<u32>>(), contents).prop_map(|(time, time_ns, contents)| Model {
        time,
        time_ns,
        contents,
    })
}

proptest! {
    #[test]
    fn reading_undoes_writing(
        logs in proptest::collection::vec(model(), 0..5), topic: Vec<u8>, source: Vec<u8>, tags: Vec<(Vec<u8>, Vec<u8>)>,
    ) {
        let mut writer = LogGroupWriter::new();
        writer.topic(&topic);
        for log in &logs {
            writer.log(log.time, log.time_ns, |to| {
                for (key, cell) in &log.contents {
                    let encoded = EncodedKey::new(key);
                    match cell {
                        Cell::Text(text) if text.len() % 2 == 0 => to.pair(key.as_bytes(), text),
                        Cell::Text(text) => to.text(&encoded, text),
                        Cell::Integer(value) => to.integer(&encoded, *value),
                        Cell::Unsigned(value) => to.unsigned(&encoded, *value),
                    }
                }
            });
        }
        writer.source(&source);
        for (key, value) in &tags {
            writer.tag(key, value);
        }
        let group = LogGroup::parse(writer.octets()).unwrap();
        prop_assert_eq!((group.topic(), group.source(), group.len()), (&*topic, &*source, logs.len()));
        let read: Vec<_> = group.tags().map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
        prop_assert_eq!(read, tags);
        for (read, log) in group.logs().zip(&logs) {
            prop_assert_eq!((read.time, read.time_ns), (log.time, log.time_ns));
            let contents: Vec<_> = read.contents().map(|(k, v)| (k.to_vec(), v.to_vec())).collect();
            let want: Vec<_> = log.contents.iter().map(|(k, v)| (k.as_bytes().to_vec(), v.text())).collect();
            prop_assert_eq!(contents, want);
        }
    }

    #[test]
    fn any_octets_are_survived_and_what_was_checked_can_be_read(octets: Vec<u8>, at: usize, octet: u8) {
        let mut mutated = vector();
        mutated[at % 70] = octet;
        for octets in [&octets[..], &mutated, &mutated[..at % 70]] {
            if let Ok(group) = LogGroup::parse(octets) {
                prop_assert_eq!(group.logs().count(), group.len());
                prop_assert!(group.logs().all(|log| log.contents().count() > 0));
            }
            prop_assert!(log_groups(octets).count() <= octets.len());
        }
    }
}

#[test]
fn a_package_says_how_it_is_compressed() {
    // data "ab" of 9 octets, LZ4 by default; then uncompressed "c".
    let list = [
        10, 6, 10, 2, b'a', b'b', 16, 9, // first
        10, 7, 10, 1, b'c', 16, 1, 24, 0, // second
    ];
    let packages: Vec<_> = packages(&list).map(Result::unwrap).collect();
    assert_eq!(packages[0].data, b"ab");
    assert_eq!((packages[0].raw_octets, packages[1].raw_octets), (9, 1));
    assert_eq!(packages[0].compression, Some(crate::Compression::Lz4));
    assert_eq!(
        (packages[1].data, packages[1].compression),
        (&b"c"[..], None)
    );
    let unknown = [10, 2, 24, 4];
    let error = super::packages(&unknown).next().unwrap().unwrap_err();
    assert_eq!(error.problem, ProtobufProblem::UnknownValue);
    assert_eq!(
        super::packages(&list[..5]).filter(Result::is_err).count(),
        1
    );
}
