//! What requests ask for, whatever octets they are.

use flowlog_record::Timestamp;
use flowlog_sls::log_group::LogGroupWriter;
use flowlog_sls::{Error, Headers, Operation};
use proptest::prelude::*;

use crate::sample::NOW;
use crate::{Understood, understand};

fn ask(
    method: &str,
    target: &str,
    sent: &[(&str, &str)],
    body: &[u8],
) -> Result<Understood, Error> {
    let usual = [("host", "p.localhost"), ("x-log-apiversion", "0.6.0")];
    let headers: Headers<'_> = usual.into_iter().chain(sent.iter().copied()).collect();
    let now = Timestamp(i64::from(NOW) * 1000);
    understand((method, target), headers, body, now)
}

fn log_group() -> Vec<u8> {
    let mut writer = LogGroupWriter::new();
    for number in 0..20 {
        writer.log(NOW + number, (number > 9).then_some(number), |contents| {
            contents.pair(b"srcaddr", b"10.0.0.1");
            contents.pair(b"bytes", number.to_string().as_bytes());
        });
    }
    writer.topic(b"flow_log");
    writer.tag(b"host", b"exp-1");
    writer.octets().to_vec()
}

fn put(compression: &str, size: usize, body: &[u8]) -> Result<Understood, Error> {
    let size = size.to_string();
    let headers = [
        ("content-type", "application/x-protobuf"),
        ("x-log-bodyrawsize", &*size),
        ("x-log-compresstype", compression),
    ];
    ask("POST", "/logstores/store/shards/lb", &headers, body)
}

fn bodies() -> [(&'static str, Vec<u8>); 4] {
    let raw = log_group();
    [
        ("lz4", lz4_flex::block::compress(&raw)),
        (
            "deflate",
            miniz_oxide::deflate::compress_to_vec_zlib(&raw, 6),
        ),
        ("zstd", zstd::bulk::compress(&raw, 1).unwrap()),
        ("", raw),
    ]
}

#[test]
fn a_request_is_understood_without_a_server() {
    for (compression, body) in bodies() {
        let understood = put(compression, log_group().len(), &body).unwrap();
        assert_eq!(
            (understood.rows, understood.project.as_deref()),
            (20, Some("p"))
        );
        assert_eq!(understood.operation.action(), "log:PostLogStoreLogs");
    }
    let project = ask("GET", "/", &[], b"").unwrap();
    assert_eq!(project.operation, Operation::GetProject);
    let list = ask("GET", "http://localhost/", &[], b"").unwrap();
    assert_eq!(
        (list.operation.action(), list.project),
        ("log:ListProject", None)
    );
    let error = ask("POST", "/logstores", &[], b"{").unwrap_err();
    assert_eq!(error.code.as_str(), "PostBodyInvalid");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_bodies_are_errors_of_the_client(
        which in 0..4_usize,
        at in any::<prop::sample::Index>(),
        octet in any::<u8>(),
        cut in any::<prop::sample::Index>(),
        larger in 0..3_usize,
    ) {
        let (compression, mut body) = bodies()[which].clone();
        let place = at.index(body.len());
        body[place] = octet;
        body.truncate(cut.index(body.len() * 4) + 1);
        let outcome = put(compression, log_group().len() + larger, &body);
        if let Err(error) = outcome {
            prop_assert!((400..500).contains(&error.status), "{}", error);
        }
    }

    #[test]
    fn any_target_is_an_operation_or_an_error_of_the_client(
        method in "(GET|POST|PUT|DELETE|HEAD)",
        path in "(/logstores(/[a-z%]{0,4}(/(shards|logs|index|consumergroups)(/[a-z0-9]{0,3})?)?)?|/[a-z]*)/?",
        query in "((type|action|cursor|from|to|count|key|line)=[a-zA-Z0-9=%+-]{0,6}&){0,4}",
        body in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let outcome = ask(&method, &format!("{path}?{query}"), &[], &body);
        match outcome {
            Ok(understood) => prop_assert!(understood.operation.action().starts_with("log:")),
            Err(error) => prop_assert!((400..500).contains(&error.status), "{}", error),
        }
    }
}
