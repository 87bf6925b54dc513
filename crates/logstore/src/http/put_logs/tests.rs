use flowlog_sls::log_group::LogGroupWriter;

use super::*;
use crate::batch::{Cell, Values};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn envelope(headers: &[(&str, &str)]) -> Result<Envelope, Error> {
    Envelope::of(&headers.iter().copied().collect())
}

fn protobuf(size: usize, compression: &str) -> Envelope {
    let size = size.to_string();
    envelope(&[
        ("content-type", "application/x-protobuf"),
        ("x-log-bodyrawsize", &size),
        ("x-log-compresstype", compression),
    ])
    .unwrap()
}

fn sent(time: u32, value: &[u8]) -> Vec<u8> {
    let mut writer = LogGroupWriter::new();
    writer.log(time, Some(5), |contents| {
        contents.pair(b"srcaddr", value);
        contents.pair("\u{6d41}".as_bytes(), b"\xff\x00");
    });
    writer.topic(b"flow_log");
    writer.source(b"192.0.2.1");
    writer.tag(b"host", b"exp-1");
    writer.octets().to_vec()
}

fn message(error: &Error) -> String {
    format!("{} {}", error.status, error.code)
}

#[test]
fn the_head_says_what_the_body_is() {
    let codes = [
        (&[][..], "400 MissingContentType"),
        (&[("content-type", "text/plain")], "400 InvalidContentType"),
        (
            &[("content-type", "application/x-protobuf")],
            "400 MissingBodyRawSize",
        ),
        (
            &[
                ("content-type", "application/x-protobuf"),
                ("x-log-bodyrawsize", "x"),
            ],
            "400 InvalidBodyRawSize",
        ),
        (
            &[
                ("content-type", "application/x-protobuf"),
                ("x-log-bodyrawsize", "10485761"),
            ],
            "413 PostBodyTooLarge",
        ),
        (
            &[
                ("content-type", "application/json"),
                ("x-log-compresstype", "gzip"),
            ],
            "400 InvalidCompressType",
        ),
        (
            &[
                ("content-type", "application/json"),
                ("x-log-compresstype", "lz4"),
            ],
            "400 MissingBodyRawSize",
        ),
    ];
    for (headers, code) in codes {
        assert_eq!(
            message(&envelope(headers).unwrap_err()),
            code,
            "{headers:?}"
        );
    }
    // Python sends 0 with any JSON.
    let json = [
        ("content-type", "application/json; charset=utf-8"),
        ("x-log-bodyrawsize", "0"),
    ];
    assert!(envelope(&json).is_ok());
}

#[test]
fn values_are_kept_to_the_octet() {
    let raw = sent(1_700_000_000, b"10.0.0.1");
    let groups = protobuf(raw.len(), "").open(&raw, NOW).unwrap();
    let [group] = groups.as_slice() else {
        panic!("one group")
    };
    assert_eq!((&*group.topic, &*group.source), ("flow_log", "192.0.2.1"));
    assert_eq!(group.tags, [("host".into(), "exp-1".into())]);
    assert_eq!(
        (&group.time, &group.time_ns),
        (&vec![1_700_000_000], &vec![5])
    );
    let cell = |key| group.column(key).map(|values: &Values| values.cell(0));
    assert_eq!(cell("srcaddr"), Some(Cell::Octets(b"10.0.0.1")));
    assert_eq!(cell("\u{6d41}"), Some(Cell::Octets(b"\xff\x00")));
}

#[test]
fn the_size_must_be_that_of_the_body() {
    let raw = sent(1_700_000_000, b"x");
    let packed = lz4_flex::block::compress(&raw);
    assert!(protobuf(raw.len(), "lz4").open(&packed, NOW).is_ok());
    let wrong = [
        (protobuf(raw.len() + 1, ""), &raw, "400 InvalidBodyRawSize"),
        (
            protobuf(raw.len() + 1, "lz4"),
            &packed,
            "400 PostBodyUncompressError",
        ),
        (
            protobuf(raw.len() - 1, "lz4"),
            &packed,
            "400 PostBodyUncompressError",
        ),
        (
            protobuf(raw.len(), "zstd"),
            &packed,
            "400 PostBodyUncompressError",
        ),
    ];
    for (envelope, body, code) in wrong {
        assert_eq!(
            message(&envelope.open(body, NOW).unwrap_err()),
            code,
            "{envelope:?}"
        );
    }
}

#[test]
fn one_log_that_is_wrong_refuses_all() {
    let open = |raw: &[u8]| protobuf(raw.len(), "").open(raw, NOW).map(drop);
    let day = 86_400;
    for time in [1_700_000_000 - 7 * day, 1_700_000_000 + 900] {
        assert_eq!(open(&sent(time, b"x")), Ok(()));
    }
    for time in [1_700_000_000 - 7 * day - 1, 1_700_000_000 + 901] {
        assert_eq!(
            message(&open(&sent(time, b"x")).unwrap_err()),
            "400 PostBodyInvalid"
        );
    }
    let mut writer = LogGroupWriter::new();
    writer.topic(b"nothing else");
    assert_eq!(
        message(&open(writer.octets()).unwrap_err()),
        "400 PostBodyInvalid"
    );
    writer.log(1_700_000_000, None, |contents| contents.pair(b"\xff", b"v"));
    let error = open(writer.octets()).unwrap_err();
    assert!(error.message.contains("a key is not UTF-8"), "{error}");
    let raw = sent(1_700_000_000, b"x");
    assert_eq!(
        message(&open(&raw[..raw.len() - 3]).unwrap_err()),
        "400 PostBodyInvalid"
    );
}

/// A list of packages; `compression` as in its field 3.
fn list(parts: &[(&[u8], usize, u8)]) -> Vec<u8> {
    let varint = |mut number: usize| {
        let mut octets = Vec::new();
        while number >= 0x80 {
            octets.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
            number >>= 7;
        }
        octets.push(u8::try_from(number).unwrap());
        octets
    };
    let mut list = Vec::new();
    for (data, size, compression) in parts {
        let mut package = [&[0x0a][..], &varint(data.len()), data].concat();
        package.extend([&[0x10][..], &varint(*size), &[0x18, *compression]].concat());
        list.extend([&[0x0a][..], &varint(package.len()), &package].concat());
    }
    list
}

#[test]
fn packages_of_logtail_become_a_group_each() {
    let envelope = envelope(&[
        ("content-type", "application/x-protobuf"),
        ("x-log-mode", "batch_group"),
    ])
    .unwrap();
    let raw = sent(1_700_000_000, b"x");
    let packed = lz4_flex::block::compress(&raw);
    let body = list(&[(&raw, raw.len(), 0), (&packed, raw.len(), 2)]);
    let groups = envelope.open(&body, NOW).unwrap();
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0], groups[1]);
    let bomb = list(&[(&packed, 10_485_760, 2), (&packed, raw.len(), 2)]);
    assert!(envelope.open(&bomb, NOW).is_err());
    let large = list(&[(&raw, 10_485_760, 0), (&raw, 1, 0)]);
    assert_eq!(
        message(&envelope.open(&large, NOW).unwrap_err()),
        "413 PostBodyTooLarge"
    );
    assert_eq!(
        message(&envelope.open(&[], NOW).unwrap_err()),
        "400 PostBodyInvalid"
    );
}

#[test]
fn json_is_a_group_too() {
    let envelope = envelope(&[("content-type", "application/json")]).unwrap();
    let body = br#"{"__topic__":"t","__tags__":{"host":"h","n":1},
        "__logs__":[{"__time__":1700000001,"a":"x","b":7},{"__time__":"1700000002","a":null}]}"#;
    let groups = envelope.open(body, NOW).unwrap();
    let group = &groups[0];
    assert_eq!((&*group.topic, &*group.source), ("t", ""));
    assert_eq!(
        group.tags,
        [("host".into(), "h".into()), ("n".into(), "1".into())]
    );
    assert_eq!(group.time, [1_700_000_001, 1_700_000_002]);
    let cell = |key, row| group.column(key).unwrap().cell(row);
    assert_eq!(cell("b", 0), Cell::Octets(b"7"));
    assert_eq!(cell("a", 1), Cell::Octets(b"null"));
    for body in [
        "{",
        "{}",
        r#"{"__logs__":[]}"#,
        r#"{"__logs__":[7]}"#,
        r#"{"__logs__":[{"__time__":1700000000}]}"#,
        r#"{"__logs__":[{"__time__":5,"a":"x"}]}"#,
        r#"{"__logs__":[{"a":"x"}],"__tags__":[]}"#,
    ] {
        let error = envelope.open(body.as_bytes(), NOW).unwrap_err();
        assert_eq!(message(&error), "400 PostBodyInvalid", "{body}");
    }
}
