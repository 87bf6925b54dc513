//! The control API against the running daemon and real datagrams: what a call does to rows.
//!
//! The client here signs by itself, in either way; the official SDKs are in the suite `sdk`.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream, UdpSocket},
    process::Command,
    thread,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use flowlog_access::{
    AccessKey, AccessKeyId, Secret, date,
    rpc::{Parameters, RpcRequest, content_sha256, sign_v1, sign_v3},
};
use flowlog_record::Timestamp;
use flowlog_tests::daemon::{Daemon, PATIENCE, binary};
use serde_json::Value;

const CONFIG: &str = r#"
[[access_key]]
id = "root"
secret = "secret"
[[user]]
name = "auditor"
id = "auditor"
secret = "secret"
policies = ['{"Version":"1","Statement":[{"Effect":"Allow","Action":["smartag:Describe*"],"Resource":"*"}]}']
[[resource]]
id = "sag-one"
kind = "sag"
exporters = ["127.0.0.1"]
[[resource]]
id = "sag-two"
kind = "sag"
exporters = ["192.0.2.1"]
[[resource]]
id = "vpc-one"
kind = "vpc"
exporters = ["127.0.0.1"]
prefixes = ["10.0.0.0/8"]
"#;

const SAG: &str = "2018-03-13";
const VPC: &str = "2016-04-28";
const NEW: &str = "Action=CreateFlowLog&RegionId=cn-shanghai&OutputType=sls&SlsRegionId=cn-shanghai&ProjectName=flow-logs&LogstoreName=mine&ActiveAging=6000&InactiveAging=600";

/// A client of the daemon's control API.
struct Client {
    port: u16,
    key: AccessKey,
    sent: u32,
}

impl Client {
    fn new(daemon: &Daemon, id: &str) -> Self {
        Self {
            port: daemon.control(),
            key: AccessKey {
                id: AccessKeyId::new(id).unwrap(),
                secret: Secret::new("secret").unwrap(),
            },
            sent: 0,
        }
    }

    /// Nonces of two clients and of two runs differ.
    fn nonce(&mut self) -> String {
        self.sent += 1;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        format!("{}-{}-{}", self.key.id, since.as_nanos(), self.sent)
    }

    /// A call signed in the first way.
    fn call(&mut self, version: &str, text: &str) -> Value {
        let request = self.signed(version, text);
        answer(self.port, &request).1
    }

    /// The octets of such a call.
    fn signed(&mut self, version: &str, text: &str) -> String {
        let mut parameters = Parameters::parse(text).unwrap();
        let nonce = self.nonce();
        for (name, value) in [
            ("Version", version),
            ("AccessKeyId", self.key.id.as_str()),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", &nonce),
            ("Timestamp", &now()),
        ] {
            parameters.push(name, value);
        }
        let signature = sign_v1("POST", &parameters, &self.key.secret);
        parameters.push("Signature", &signature);
        let form = encoded(&parameters);
        let head = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            form.len()
        );
        format!("{head}\r\n{form}")
    }

    /// A call signed in the second way; its status as well.
    fn call_v3(&mut self, version: &str, action: &str, query: &str) -> (u16, Value) {
        let parameters = Parameters::parse(query).unwrap();
        let (at, nonce, digest) = (now(), self.nonce(), content_sha256(b""));
        let headers = [
            ("host", "localhost"),
            ("x-acs-action", action),
            ("x-acs-content-sha256", &digest),
            ("x-acs-date", &at),
            ("x-acs-signature-nonce", &nonce),
            ("x-acs-version", version),
        ];
        let request = RpcRequest {
            method: "POST",
            query: &parameters,
            form: &Parameters::default(),
            headers: &headers,
            body: b"",
        };
        let mut head = format!(
            "POST /?{} HTTP/1.1\r\nConnection: close\r\n",
            encoded(&parameters)
        );
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!(
            "Authorization: {}\r\nContent-Length: 0\r\n\r\n",
            sign_v3(&request, &self.key)
        );
        answer(self.port, &head)
    }

    fn flow_log(&mut self) -> String {
        let made = self.call(SAG, NEW);
        let id = made["FlowLogId"].as_str();
        let id = id.unwrap_or_else(|| panic!("{made}")).to_owned();
        self.on("AssociateFlowLog", &id, "&SmartAGId=sag-one");
        id
    }

    /// A call that must be done.
    fn on(&mut self, action: &str, id: &str, more: &str) -> Value {
        let text = format!("Action={action}&RegionId=cn-shanghai&FlowLogId={id}{more}");
        let done = self.call(SAG, &text);
        assert_eq!(done.get("Code"), None, "{text}: {done}");
        done
    }

    fn status(&mut self, id: &str) -> String {
        let text = format!("Action=DescribeFlowLogs&RegionId=cn-shanghai&FlowLogId={id}");
        let all = self.call(SAG, &text);
        all["FlowLogs"]["FlowLogSetType"][0]["Status"]
            .as_str()
            .unwrap_or("gone")
            .to_owned()
    }
}

fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    date::timestamp(Timestamp(i64::try_from(since.as_millis()).unwrap()))
}

fn encoded(parameters: &Parameters) -> String {
    use flowlog_access::percent::encode;
    let pair = |(name, value): (&str, &str)| {
        format!("{}={}", encode(name.as_bytes()), encode(value.as_bytes()))
    };
    parameters.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// Sends a request; status and body of what comes back.
fn answer(port: u16, request: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (
        status,
        serde_json::from_str(body).unwrap_or_else(|_| panic!("{text}")),
    )
}

/// One record of NetFlow V5 from 10.0.0.1 to 10.9.9.9 with source port `port`.
fn datagram(sequence: u32, port: u16) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seconds = u32::try_from(now.as_secs()).unwrap();
    let mut octets = vec![0, 5, 0, 1];
    octets.extend(100_000_u32.to_be_bytes());
    octets.extend(seconds.to_be_bytes());
    octets.extend([0; 4]);
    octets.extend(sequence.to_be_bytes());
    octets.extend([0; 4]);
    octets.extend([10, 0, 0, 1, 192, 0, 2, 9, 0, 0, 0, 0, 0, 1, 0, 2]);
    octets.extend(3_u32.to_be_bytes());
    octets.extend(300_u32.to_be_bytes());
    octets.extend(99_000_u32.to_be_bytes());
    octets.extend(99_900_u32.to_be_bytes());
    octets.extend(port.to_be_bytes());
    octets.extend([0, 80, 0, 0x18, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(octets.len(), 72);
    octets
}

/// An Exporter on this machine.
struct Exporter {
    socket: UdpSocket,
    sequence: u32,
}

impl Exporter {
    fn new(daemon: &Daemon) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.connect((Ipv4Addr::LOCALHOST, daemon.udp)).unwrap();
        Self {
            socket,
            sequence: 0,
        }
    }

    fn send(&mut self, port: u16) {
        self.socket.send(&datagram(self.sequence, port)).unwrap();
        self.sequence += 1;
    }
}

/// Source ports and reasons of the rows in the Logstore `mine`.
fn rows(daemon: &Daemon, logstore: &str) -> Vec<(String, String)> {
    let output = daemon.try_query(logstore, "*");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut rows: Vec<_> = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|row| {
            let of = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            (of("srcport"), of("reason"))
        })
        .collect();
    rows.sort();
    rows
}

fn open_rows(daemon: &Daemon) -> f64 {
    daemon.metric("flowlogd_pipeline_live_flows")
}

fn taken(daemon: &Daemon) -> f64 {
    daemon.metric("flowlogd_collect_datagrams_total")
}

#[test]
fn traffic_is_captured_while_the_flow_log_is_active_and_open_rows_leave_when_it_is_not() {
    let daemon = Daemon::start(CONFIG);
    let mut root = Client::new(&daemon, "root");
    let mut exporter = Exporter::new(&daemon);
    let id = root.flow_log();
    assert_eq!(root.status(&id), "Active");
    let before = open_rows(&daemon);
    exporter.send(1001);
    daemon.wait_until("the record is open", || open_rows(&daemon) > before);
    // No row leaves by itself within ten minutes.
    assert_eq!(rows(&daemon, "mine"), []);
    root.on("DeactiveFlowLog", &id, "");
    let first = ("1001".to_owned(), "forced".to_owned());
    daemon.wait_until("the open row has left", || {
        rows(&daemon, "mine") == [first.clone()]
    });
    assert_eq!(root.status(&id), "Inactive");

    // What comes now is not captured; what comes behind the activation is.
    exporter.send(1002);
    daemon.wait_until("the second record has been counted", || {
        taken(&daemon) >= 2.0
    });
    root.on("ActiveFlowLog", &id, "");
    exporter.send(1003);
    daemon.wait_until("the next record is open", || open_rows(&daemon) > before);
    root.on("DisassociateFlowLog", &id, "&SmartAGId=sag-one");
    exporter.send(1004);
    root.on("AssociateFlowLog", &id, "&SmartAGId=sag-two");
    exporter.send(1005);
    root.on("DisassociateFlowLog", &id, "&SmartAGId=sag-two");
    root.on("DeleteFlowLog", &id, "");
    let third = ("1003".to_owned(), "forced".to_owned());
    daemon.wait_until("rows of active times alone", || {
        rows(&daemon, "mine") == [first.clone(), third.clone()]
    });
    assert_eq!(root.status(&id), "gone");
    daemon.stop();
}

#[test]
fn a_change_that_was_answered_is_there_after_a_death() {
    let daemon = Daemon::start(CONFIG);
    let mut root = Client::new(&daemon, "root");
    let mut ids = Vec::new();
    for n in 0..4 {
        let text = format!(
            "Action=CreateFlowLog&RegionId=cn-hangzhou&ResourceType=VPC&ResourceId=vpc-{n}&TrafficType=All&ProjectName=flow-logs&LogStoreName=vpc"
        );
        let made = root.call(VPC, &text);
        ids.push(made["FlowLogId"].as_str().unwrap().to_owned());
    }
    let of = |daemon: &Daemon| {
        let all =
            Client::new(daemon, "root").call(VPC, "Action=DescribeFlowLogs&RegionId=cn-hangzhou");
        let all = all["FlowLogs"]["FlowLog"].as_array().unwrap().clone();
        let state = |it: &Value| {
            (
                it["FlowLogId"].as_str().unwrap().to_owned(),
                it["Status"].as_str().unwrap().to_owned(),
            )
        };
        all.iter().map(state).collect::<Vec<_>>()
    };
    daemon.wait_until("all are active", || {
        of(&daemon).iter().all(|(_, status)| status == "Active")
    });
    let on =
        |action: &str, id: &str| format!("Action={action}&RegionId=cn-hangzhou&FlowLogId={id}");
    assert_eq!(
        root.call(VPC, &on("DeactiveFlowLog", &ids[1]))["Success"],
        "true"
    );
    assert_eq!(
        root.call(VPC, &on("DeleteFlowLog", &ids[2]))["Success"],
        "true"
    );
    let daemon = Daemon::start_again(daemon.kill());
    let expected: Vec<(String, String)> = [(0, "Active"), (1, "Inactive"), (3, "Active")]
        .map(|(n, status): (usize, &str)| (ids[n].clone(), status.to_owned()))
        .into();
    assert_eq!(of(&daemon), expected);
    // A planned stop keeps them as well.
    let daemon = Daemon::start_again(daemon.stop());
    assert_eq!(of(&daemon), expected);
    daemon.stop();
}

#[test]
fn of_two_clients_that_activate_at_once_one_does() {
    let daemon = Daemon::start(CONFIG);
    let mut root = Client::new(&daemon, "root");
    let text = "Action=CreateFlowLog&RegionId=cn-hangzhou&ResourceType=VPC&ResourceId=vpc-one&TrafficType=All&ProjectName=flow-logs&LogStoreName=vpc";
    let made = root.call(VPC, text);
    let id = made["FlowLogId"].as_str().unwrap().to_owned();
    let status = |daemon: &Daemon| {
        let all =
            Client::new(daemon, "root").call(VPC, "Action=DescribeFlowLogs&RegionId=cn-hangzhou");
        all["FlowLogs"]["FlowLog"][0]["Status"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let on = |action: &str| format!("Action={action}&RegionId=cn-hangzhou&FlowLogId={id}");
    for _ in 0..5 {
        daemon.wait_until("active", || status(&daemon) == "Active");
        assert_eq!(root.call(VPC, &on("DeactiveFlowLog"))["Success"], "true");
        daemon.wait_until("inactive", || status(&daemon) == "Inactive");
        let outcomes: Vec<Value> = thread::scope(|scope| {
            let activate = || Client::new(&daemon, "root").call(VPC, &on("ActiveFlowLog"));
            let both = [scope.spawn(activate), scope.spawn(activate)];
            both.into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        let done = outcomes.iter().filter(|it| it["Success"] == "true").count();
        let refused = outcomes
            .iter()
            .filter(|it| it["Code"] == "IncorrectStatus.flowlog")
            .count();
        assert_eq!((done, refused), (1, 1), "{outcomes:?}");
    }
    daemon.stop();
}

#[test]
fn a_user_sees_what_it_may_and_every_change_is_written_down() {
    let daemon = Daemon::start(CONFIG);
    let mut root = Client::new(&daemon, "root");
    let id = root.flow_log();
    let mut auditor = Client::new(&daemon, "auditor");
    assert_eq!(auditor.status(&id), "Active");
    let (status, refused) = auditor.call_v3(
        SAG,
        "DeleteFlowLog",
        &format!("RegionId=cn-shanghai&FlowLogId={id}"),
    );
    assert_eq!(
        (status, refused["Code"].as_str()),
        (403, Some("Forbidden.RAM"))
    );
    let audit = || {
        let output = daemon.try_query(
            "audit",
            "* | select caller, action, outcome order by action",
        );
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    daemon.wait_until("three calls are audited", || audit().len() == 3);
    assert_eq!(
        audit(),
        [
            r#"{"caller":"root","action":"smartag:AssociateFlowLog","outcome":"Success"}"#,
            r#"{"caller":"root","action":"smartag:CreateFlowLog","outcome":"Success"}"#,
            r#"{"caller":"auditor","action":"smartag:DeleteFlowLog","outcome":"Forbidden.RAM"}"#,
        ]
    );
    daemon.stop();
}

#[test]
fn hostile_requests_get_their_error_and_change_nothing() {
    let daemon = Daemon::start(CONFIG);
    let port = daemon.control();
    let code = |request: &str| {
        let (status, body) = answer(port, request);
        (status, body["Code"].as_str().unwrap().to_owned())
    };
    let is = |status: u16, code: &str| (status, code.to_owned());
    let end = "Host: x\r\nConnection: close\r\n";
    assert_eq!(
        code(&format!("GET / HTTP/1.1\r\n{end}\r\n")),
        is(400, "MissingAction")
    );
    assert_eq!(
        code(&format!("DELETE / HTTP/1.1\r\n{end}\r\n")),
        is(403, "UnsupportedHTTPMethod")
    );
    let long = "x".repeat(20_000);
    let query = format!("GET /?Action={long}&Version=1 HTTP/1.1\r\n{end}\r\n");
    assert_eq!(code(&query), is(400, "MissingAccessKeyId"));
    let many = "a=b&".repeat(2000);
    assert_eq!(
        code(&format!("GET /?{many} HTTP/1.1\r\n{end}\r\n")),
        is(400, "InvalidParameter")
    );
    let huge = format!(
        "POST / HTTP/1.1\r\n{end}Content-Length: {}\r\n\r\n",
        (1 << 20) + 1
    );
    assert_eq!(code(&huge), is(413, "InvalidParameter"));
    let json = format!(
        "POST / HTTP/1.1\r\n{end}Content-Type: application/json\r\nContent-Length: 18\r\n\r\n{{\"Action\":\"Create\"}}"
    );
    assert_eq!(code(&json), is(400, "MissingAction"));
    let resident = || daemon.metric("flowlogd_flowlogd_resident_octets");
    daemon.wait_until("memory is measured", || resident() > 0.0);
    let memory = resident();
    for n in 0..2000 {
        let request = format!(
            "GET /?Action=CreateFlowLog&Version={VPC}&AccessKeyId=root&Signature=x&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureNonce={n}&Timestamp={} HTTP/1.1\r\n{end}\r\n",
            now()
        );
        assert_eq!(code(&request), is(400, "SignatureDoesNotMatch"));
    }
    assert!(resident() < memory + 64e6);
    let all =
        Client::new(&daemon, "root").call(VPC, "Action=DescribeFlowLogs&RegionId=cn-hangzhou");
    assert_eq!(all["TotalCount"], "0");
    daemon.stop();
}

#[test]
fn flow_logs_of_the_api_are_explained_beside_a_running_daemon() {
    let daemon = Daemon::start(CONFIG);
    let id = Client::new(&daemon, "root").flow_log();
    let explained = Command::new(binary())
        .args([
            "resource",
            "explain",
            "127.0.0.1",
            "--format",
            "json",
            "--config",
        ])
        .arg(daemon.dir().join("flowlogd.toml"))
        .arg("--data")
        .arg(daemon.data())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&explained.stdout);
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first["resource"], "sag-one", "{text}");
    assert_eq!(first["flow_logs"], id, "{text}");
    daemon.stop();
}

#[test]
fn users_come_and_go_with_a_reload() {
    let daemon = Daemon::start(CONFIG);
    let mut late = Client::new(&daemon, "late");
    let all = "Action=DescribeFlowLogs&RegionId=cn-shanghai";
    assert_eq!(late.call(SAG, all)["Code"], "InvalidAccessKeyId.NotFound");
    let user = CONFIG.replace("\"auditor\"", "\"late\"");
    daemon.configure(&user);
    daemon.signal("HUP");
    daemon.wait_until_said("the configuration was reloaded keys=[\"user\"]");
    assert_eq!(late.call(SAG, all)["Code"], Value::Null);
    let mut auditor = Client::new(&daemon, "auditor");
    assert_eq!(
        auditor.call(SAG, all)["Code"],
        "InvalidAccessKeyId.NotFound"
    );
    daemon.stop();
}

#[test]
fn a_change_cannot_be_replayed_after_the_daemon_was_killed() {
    let daemon = Daemon::start(CONFIG);
    let mut root = Client::new(&daemon, "root");
    let id = root.flow_log();
    let stop = format!("Action=DeactiveFlowLog&RegionId=cn-shanghai&FlowLogId={id}");
    let request = root.signed(SAG, &stop);
    assert_eq!(answer(root.port, &request).1["Code"], Value::Null);
    root.on("ActiveFlowLog", &id, "");
    let daemon = Daemon::start_again(daemon.kill());
    let port = daemon.control();
    assert_eq!(answer(port, &request).1["Code"], "SignatureNonceUsed");
    let mut root = Client::new(&daemon, "root");
    assert_eq!(root.status(&id), "Active");
    daemon.stop();
}

#[test]
fn a_logstore_that_must_be_there_is_not_made_and_holds_nobody_up() {
    const STRICT: &str = "[control]\nlisten = \"127.0.0.1:0\"\ncreate_logstores = false\n";
    let daemon = Daemon::start(&format!("{STRICT}{CONFIG}"));
    let mut root = Client::new(&daemon, "root");
    assert_eq!(root.call(SAG, NEW)["Code"], "ProjectOrLogstoreNotExist");
    logstore(&daemon, &["create", "flow-logs", "mine"]);
    let id = root.flow_log();
    let mut exporter = Exporter::new(&daemon);
    exporter.send(1);
    daemon.wait_until("an open row", || open_rows(&daemon) > 0.0);
    logstore(&daemon, &["delete", "flow-logs", "mine", "--yes"]);
    // Its row has no place any more; the Logstore is not made for it, and others are not held up.
    root.on("DeactiveFlowLog", &id, "");
    daemon.wait_until_said("rows that cannot be stored were given up");
    assert!(!daemon.try_query("mine", "*").status.success());
    daemon.stop();
}

fn logstore(daemon: &Daemon, arguments: &[&str]) {
    let done = Command::new(binary())
        .arg("logstore")
        .args(arguments)
        .arg("--config")
        .arg(daemon.dir().join("flowlogd.toml"))
        .arg("--data")
        .arg(daemon.data())
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn a_flow_log_that_is_deleted_leaves_the_others_alone() {
    let daemon = Daemon::start(CONFIG);
    let mut root = Client::new(&daemon, "root");
    let new = "Action=CreateFlowLog&RegionId=cn-hangzhou&ResourceType=VPC&ResourceId=vpc-one&\
               TrafficType=All&ProjectName=flow-logs&LogStoreName=vpc";
    let all = "Action=DescribeFlowLogs&RegionId=cn-hangzhou";
    let mut last = String::new();
    for _ in 0..3 {
        let made = root.call(VPC, new);
        last = made["FlowLogId"]
            .as_str()
            .unwrap_or_else(|| panic!("{made}"))
            .to_owned();
        let until = Instant::now() + PATIENCE;
        while root.call(VPC, all)["FlowLogs"]["FlowLog"][0]["Status"] != "Active" {
            assert!(Instant::now() < until, "never active: {}", daemon.log());
        }
        let delete = format!("Action=DeleteFlowLog&RegionId=cn-hangzhou&FlowLogId={last}");
        assert_eq!(root.call(VPC, &delete)["Code"], Value::Null);
        while root.call(VPC, all)["TotalCount"] != "0" {
            assert!(Instant::now() < until, "never gone: {}", daemon.log());
        }
    }
    // Those that are gone are known over a restart, and take nothing.
    let daemon = Daemon::start_again(daemon.stop());
    let mut root = Client::new(&daemon, "root");
    let made = root.call(VPC, new);
    assert_ne!(made["FlowLogId"], last.as_str());
    let until = Instant::now() + PATIENCE;
    while root.call(VPC, all)["FlowLogs"]["FlowLog"][0]["Status"] != "Active" {
        assert!(Instant::now() < until, "never active: {}", daemon.log());
    }
    daemon.stop();
}

#[test]
fn the_rows_of_a_flow_log_whose_output_is_netflow_reach_the_collector_alone() {
    let there = Daemon::start("[[flow_log]]\nname = \"each\"\nwindow = \"none\"\n");
    let daemon = Daemon::start(CONFIG);
    let mut root = Client::new(&daemon, "root");
    let mut exporter = Exporter::new(&daemon);
    let new = |server: &str, version: &str| {
        format!(
            "Action=CreateFlowLog&RegionId=cn-shanghai&OutputType=netflow&NetflowServerIp={server}\
             &NetflowServerPort={}&NetflowVersion={version}&ActiveAging=6000&InactiveAging=600",
            there.udp
        )
    };
    let refused = root.call(SAG, &new("240.0.0.1", "V9"));
    assert_eq!(refused["Code"], "IllegalParam.NetflowServerIp");
    let made = root.call(SAG, &new("127.0.0.1", "V10"));
    let id = made["FlowLogId"].as_str().unwrap().to_owned();
    root.on("AssociateFlowLog", &id, "&SmartAGId=sag-one");
    let before = open_rows(&daemon);
    exporter.send(1001);
    daemon.wait_until("the record is open", || open_rows(&daemon) > before);
    root.on("DeactiveFlowLog", &id, "");
    let query = "* | select srcport, bytes from log";
    let rows = there.query_until("default", query, |rows| !rows.is_empty());
    assert_eq!(
        (rows.len(), &rows[0]["srcport"], &rows[0]["bytes"]),
        (1, &"1001".into(), &"300".into())
    );
    root.on("DisassociateFlowLog", &id, "&SmartAGId=sag-one");
    root.on("DeleteFlowLog", &id, "");
    daemon.stop();
    there.stop();
}
