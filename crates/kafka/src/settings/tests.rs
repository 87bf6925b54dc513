use super::*;
use crate::{Mechanism, Producer, Sasl, Secret, Tls};

fn settings() -> Settings {
    Settings::new("127.0.0.1:1", Topic::new("flow-logs").unwrap())
}

fn refused(settings: Settings) -> String {
    Producer::open(settings).unwrap_err().to_string()
}

#[test]
fn what_is_wrong_with_a_setting_is_said_before_anything_is_sent() {
    let mut without = settings();
    without.brokers = " ".to_owned();
    assert_eq!(refused(without), "bootstrap.servers: no broker is named");

    let mut hasty = settings();
    hasty.patience = Duration::from_millis(10);
    assert_eq!(
        refused(hasty),
        "message.timeout.ms: from 1 second to 4 minutes"
    );

    let mut unnamed = settings();
    unnamed.transactional_id = Some(String::new());
    assert_eq!(refused(unnamed), "transactional.id: must not be empty");

    let mut alone = settings();
    alone.security.tls = Some(Tls {
        certificate: Some("/nowhere/certificate.pem".into()),
        ..Tls::default()
    });
    assert_eq!(
        refused(alone),
        "ssl.key.location: a certificate needs its key"
    );

    let mut absent = settings();
    absent.security.tls = Some(Tls {
        authorities: Some("/nowhere/ca.pem".into()),
        ..Tls::default()
    });
    let said = refused(absent);
    assert!(said.contains("ssl.ca.location"), "{said}");
}

#[test]
fn every_compression_and_mechanism_is_built_in() {
    for compression in [Compression::None, Compression::Lz4, Compression::Zstd] {
        let mut settings = settings();
        settings.compression = compression;
        Producer::open(settings).unwrap();
    }
    for mechanism in [
        Mechanism::Plain,
        Mechanism::ScramSha256,
        Mechanism::ScramSha512,
    ] {
        let mut settings = settings();
        settings.security.tls = Some(Tls::default());
        settings.security.sasl = Some(Sasl {
            mechanism,
            user: "flows".to_owned(),
            password: Secret::new("do not show"),
        });
        let producer = Producer::open(settings).unwrap();
        let shown = format!("{producer:?}");
        assert!(
            shown.contains("Secret(…)") && !shown.contains("do not show"),
            "{shown}"
        );
    }
}
