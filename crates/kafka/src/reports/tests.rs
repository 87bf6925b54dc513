use super::*;

#[test]
fn the_trouble_that_says_most_is_kept_until_a_row_is_confirmed() {
    let troubles = Troubles::default();
    let refused = "b:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused";
    troubles.remember(
        RDKafkaErrorCode::BrokerTransportFailure,
        &format!("{refused} (after 0ms in state CONNECT, 7 identical error(s) suppressed)"),
    );
    troubles.remember(RDKafkaErrorCode::AllBrokersDown, "1/1 brokers are down");
    assert_eq!(troubles.worst().unwrap().reason, refused);
    troubles.remember(RDKafkaErrorCode::Authentication, "wrong password");
    troubles.remember(RDKafkaErrorCode::BrokerTransportFailure, refused);
    let expected = Trouble {
        problem: Problem::Authentication,
        reason: "wrong password".to_owned(),
    };
    assert_eq!(troubles.worst(), Some(expected));
    troubles.forget();
    assert_eq!(troubles.worst(), None);
}

#[test]
fn a_certificate_that_is_refused_after_the_handshake_is_trouble_with_tls() {
    let troubles = Troubles::default();
    troubles.remember(
        RDKafkaErrorCode::BrokerTransportFailure,
        "ssl://b:1/bootstrap: Receive failed: error:0A000412:SSL routines::ssl/tls alert bad \
         certificate: SSL alert number 42 (after 1ms in state UP)",
    );
    let trouble = troubles.worst().unwrap();
    assert_eq!(trouble.problem, Problem::Tls);
    assert!(
        trouble.reason.ends_with("SSL alert number 42"),
        "{trouble:?}"
    );
}
