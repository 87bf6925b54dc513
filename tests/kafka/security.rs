//! TLS, users and rights, on a broker that demands all of them.

use std::{fs, path::Path, thread, time::Duration};

use flowlog_kafka::{
    Disposition, Mechanism, Problem, Producer, Rows, Sasl, Secret, Security, Settings, Tls, Topic,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

use Problem::{Authentication, Tls as TlsFails, Unreachable};

use crate::{
    broker::{Broker, free_ports, installed},
    rows::group,
};

const PATIENCE: Duration = Duration::from_secs(20);
/// How long to wait where only time tells that nothing comes.
const SHORT: Duration = Duration::from_secs(2);

/// An authority, a certificate of the broker for 127.0.0.1 and one of a client.
fn certify(dir: &Path) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    authority
        .distinguished_name
        .push(DnType::CommonName, "flowlog test authority");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    fs::write(dir.join("ca.pem"), authority.pem()).unwrap();
    for (name, usage) in [
        ("broker", ExtendedKeyUsagePurpose::ServerAuth),
        ("client", ExtendedKeyUsagePurpose::ClientAuth),
    ] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![usage];
        let certificate = params.signed_by(&key, &authority).unwrap();
        let (certificate, key) = (certificate.pem(), key.serialize_pem());
        fs::write(dir.join(format!("{name}.pem")), &certificate).unwrap();
        fs::write(dir.join(format!("{name}.key")), &key).unwrap();
        fs::write(
            dir.join(format!("{name}.both")),
            format!("{key}{certificate}"),
        )
        .unwrap();
    }
}

/// The settings behind two listeners: users over TLS, and certificates.
fn properties(dir: &Path) -> String {
    certify(dir);
    let dir = dir.display();
    let module = "org.apache.kafka.common.security";
    format!(
        "ssl.keystore.type=PEM\nssl.keystore.location={dir}/broker.both\n\
         ssl.truststore.type=PEM\nssl.truststore.location={dir}/ca.pem\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,USERS:SASL_SSL,\
         CERTIFICATES:SSL\n\
         listener.name.certificates.ssl.client.auth=required\n\
         listener.name.users.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512\n\
         listener.name.users.plain.sasl.jaas.config={module}.plain.PlainLoginModule required \
         user_flows=\"pa ss,word\" user_stranger=\"stranger\";\n\
         listener.name.users.scram-sha-256.sasl.jaas.config={module}.scram.ScramLoginModule required;\n\
         listener.name.users.scram-sha-512.sasl.jaas.config={module}.scram.ScramLoginModule required;\n\
         authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
         super.users=User:ANONYMOUS;User:flows;User:CN=client\n"
    )
}

fn user(mechanism: Mechanism, user: &str, password: &str) -> Option<Sasl> {
    Some(Sasl {
        mechanism,
        user: user.to_owned(),
        password: Secret::new(password),
    })
}

fn open(port: u16, tls: Option<Tls>, sasl: Option<Sasl>) -> Producer {
    open_at("127.0.0.1", port, tls, sasl)
}

fn open_at(host: &str, port: u16, tls: Option<Tls>, sasl: Option<Sasl>) -> Producer {
    let topic = Topic::new("secured").unwrap();
    let mut settings = Settings::new(format!("{host}:{port}"), topic);
    settings.patience = SHORT;
    settings.security = Security { tls, sasl };
    Producer::open(settings).unwrap()
}

/// Delivers and checks; both go well.
fn goes_well(producer: &Producer) {
    let groups = [group("fl", 0, 10)];
    let delivered = producer.deliver(Rows::new("fl", &groups));
    assert_eq!(
        delivered.map(|d| d.rows),
        Ok(10),
        "{:?}",
        producer.trouble()
    );
    producer.check(&["fl"], PATIENCE).unwrap();
}

/// Delivers and checks; both say what is wrong, the second with these words.
fn goes_wrong(producer: &Producer, problem: Problem, words: &str) {
    let patience = match problem {
        Problem::Unreachable => SHORT,
        _ => PATIENCE,
    };
    let said = producer.check(&["fl"], patience).unwrap_err();
    assert_eq!(said.problem, problem, "{said}");
    assert!(said.to_string().contains(words), "{said}");
    let groups = [group("fl", 0, 10)];
    let error = producer.deliver(Rows::new("fl", &groups)).unwrap_err();
    assert_eq!(error.problem, problem, "{error}: {:?}", producer.trouble());
    let expected = match problem {
        Problem::Unreachable => Disposition::Retry,
        _ => Disposition::Hold,
    };
    assert_eq!(error.disposition(), expected, "{error}");
    assert!(producer.trouble().is_some());
}

#[test]
fn users_and_certificates_are_let_in_and_everybody_else_is_told_why_not() {
    let Some(kafka) = installed() else { return };
    let mut ports = Vec::new();
    let mut broker = Broker::prepare_with(kafka, &["USERS", "CERTIFICATES"], |dir, further| {
        ports = further.to_vec();
        properties(dir)
    });
    let (users, certificates) = (ports[0], ports[1]);
    broker.start();
    broker.create(&["secured:1"]);
    broker.scram("flows", "another secret");
    let file = |name: &str| Some(broker.dir().join(name));
    let trusting = || {
        Some(Tls {
            authorities: file("ca.pem"),
            ..Tls::default()
        })
    };

    goes_well(&open(
        users,
        trusting(),
        user(Mechanism::Plain, "flows", "pa ss,word"),
    ));
    for mechanism in [Mechanism::ScramSha256, Mechanism::ScramSha512] {
        goes_well(&open(
            users,
            trusting(),
            user(mechanism, "flows", "another secret"),
        ));
    }
    let certified = Tls {
        authorities: file("ca.pem"),
        certificate: file("client.pem"),
        key: file("client.key"),
        key_password: None,
    };
    goes_well(&open(certificates, Some(certified), None));

    // Another authority, and none but those of the system.
    let foreign = Tls {
        authorities: file("client.pem"),
        ..Tls::default()
    };
    let plain = broker.port();
    let nobody = free_ports(1)[0];
    let sasl = |mechanism, password| user(mechanism, "flows", password);
    let right = || sasl(Mechanism::Plain, "pa ss,word");
    let plain_wrong = sasl(Mechanism::Plain, "wrong");
    let scram_wrong = sasl(Mechanism::ScramSha512, "wrong");
    let refused = "refuses user \"flows\" or the password";
    let unasked = "PLAINTEXT broker listener?";
    // The certificate is for 127.0.0.1.
    let misnamed = open_at("localhost", users, trusting(), right());
    let cases = [
        (
            open(users, trusting(), plain_wrong),
            Authentication,
            refused,
        ),
        (
            open(users, trusting(), scram_wrong),
            Authentication,
            refused,
        ),
        (open(users, Some(foreign), right()), TlsFails, "certificate"),
        (
            open(users, Some(Tls::default()), right()),
            TlsFails,
            "certificate",
        ),
        // A certificate is demanded and not shown; TLS is spoken to who does not.
        (open(certificates, trusting(), None), TlsFails, "TLS"),
        (misnamed, TlsFails, "certificate verify failed"),
        (open(plain, trusting(), None), Unreachable, unasked),
        (
            open(nobody, trusting(), None),
            Unreachable,
            "Connection refused",
        ),
    ];
    thread::scope(|scope| {
        for (producer, problem, words) in cases {
            scope.spawn(move || goes_wrong(&producer, problem, words));
        }
    });

    // Known, but without any right.
    let stranger = open(
        users,
        trusting(),
        user(Mechanism::Plain, "stranger", "stranger"),
    );
    let said = stranger.check(&["fl"], PATIENCE).unwrap_err();
    assert_eq!(said.problem, Problem::UnknownTopic, "{said}");
    let groups = [group("fl", 0, 10)];
    let error = stranger.deliver(Rows::new("fl", &groups)).unwrap_err();
    assert_eq!(error.problem, Problem::Authorization, "{error}");
    assert_eq!(error.disposition(), Disposition::Hold);

    assert_eq!(broker.read("secured", "read_uncommitted").len(), 40);
}
