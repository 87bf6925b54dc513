use super::*;

#[test]
fn the_trouble_that_says_most_is_kept_until_a_row_is_confirmed() {
    let reports = Reports::default();
    let refused = "b:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused";
    reports.remember(
        RDKafkaErrorCode::BrokerTransportFailure,
        &format!("{refused} (after 0ms in state CONNECT, 7 identical error(s) suppressed)"),
    );
    reports.remember(RDKafkaErrorCode::AllBrokersDown, "1/1 brokers are down");
    assert_eq!(reports.trouble().unwrap().reason, refused);
    reports.remember(RDKafkaErrorCode::Authentication, "wrong password");
    reports.remember(RDKafkaErrorCode::BrokerTransportFailure, refused);
    let expected = Trouble {
        problem: Problem::Authentication,
        reason: "wrong password".to_owned(),
    };
    assert_eq!(reports.trouble(), Some(expected));
    reports.forget();
    assert_eq!(reports.trouble(), None);
}

#[test]
fn a_certificate_that_is_refused_after_the_handshake_is_trouble_with_tls() {
    let reports = Reports::default();
    reports.remember(
        RDKafkaErrorCode::BrokerTransportFailure,
        "ssl://b:1/bootstrap: Receive failed: error:0A000412:SSL routines::ssl/tls alert bad \
         certificate: SSL alert number 42 (after 1ms in state UP)",
    );
    let trouble = reports.trouble().unwrap();
    assert_eq!(trouble.problem, Problem::Tls);
    assert!(
        trouble.reason.ends_with("SSL alert number 42"),
        "{trouble:?}"
    );
}
