//! Real collectors: `nfcapd` and `nfacctd` receive what is exported, on loopback, in each version, and
//! count the same packets and octets flow by flow; `nfcapd` also the same milliseconds.
//!
//! Needs nfcapd, nfdump and nfacctd (`tests/interop/install`). Without them the suite says so and
//! passes, but fails under `CI=true`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "what fails here fails the test; real processes are waited for in real time"
)]

use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, Ipv4Addr, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

use flowlog_export::{Carries, ExportingProcess, Protocol, Record, Settings};
use flowlog_record::{Direction, ObservationDomain, Timestamp};

const PATIENCE: Duration = Duration::from_secs(30);
/// Source and destination address and port.
type Key = (IpAddr, IpAddr, u16, u16);

/// What a collector has of one flow; times in milliseconds, where it keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    packets: u64,
    octets: u64,
    first: i64,
    last: i64,
}

#[test]
fn nfcapd_and_nfacctd_read_what_is_exported() {
    let missing: Vec<_> = ["nfcapd", "nfdump", "nfacctd"]
        .into_iter()
        .filter(|tool| !on_path(tool))
        .collect();
    if !missing.is_empty() {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "missing: {missing:?}; run tests/interop/install");
        eprintln!("SKIPPED: missing {missing:?}; run tests/interop/install");
        return;
    }
    let cases = [
        (Protocol::Netflow5, Carries::SAG),
        (Protocol::Netflow9, Carries::SAG),
        (Protocol::Netflow9, Carries::VPC),
        (Protocol::IpfixUdp, Carries::SAG),
        (Protocol::IpfixUdp, Carries::VPC),
    ];
    thread::scope(|scope| {
        for (protocol, carries) in cases {
            scope.spawn(move || both_read(protocol, carries));
        }
    });
}

fn both_read(protocol: Protocol, carries: Carries) {
    let name = format!("{}-{protocol:?}-{}", std::process::id(), carries.bits());
    let dir = std::env::temp_dir().join(format!("flowlog-export-{name}"));
    fs::create_dir_all(&dir).unwrap();
    let nfcapd = Collector::nfcapd(&dir);
    let nfacctd = Collector::nfacctd(&dir);
    let rows = rows(protocol);
    let settings = Settings::new(protocol, ObservationDomain(7), carries);
    send(settings, &rows, [nfcapd.port, nfacctd.port]);
    let expected: BTreeMap<Key, Sums> = rows.iter().map(expected).collect();
    let untimed = expected.iter().map(|(key, sums)| {
        let Sums {
            packets, octets, ..
        } = *sums;
        (
            *key,
            Sums {
                packets,
                octets,
                ..Sums::default()
            },
        )
    });
    assert_eq!(
        nfacctd.flows_of_nfacctd(),
        untimed.collect(),
        "{name}, nfacctd"
    );
    assert_eq!(nfcapd.flows_of_nfdump(), expected, "{name}, nfdump");
    fs::remove_dir_all(&dir).unwrap();
}

fn on_path(tool: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':')
        .chain(["/usr/sbin"])
        .any(|dir| Path::new(dir).join(tool).exists())
}

fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

/// 200 flows of the last minutes; one in 50 is of 10 GiB, one in four is IPv6 if there is IPv6.
fn rows(protocol: Protocol) -> Vec<Record> {
    let has_ipv6 = protocol != Protocol::Netflow5;
    let now = now();
    let row = |n: u8| {
        let address = |last: u8| {
            if has_ipv6 && n % 4 == 1 {
                return IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(last) + 1]);
            }
            IpAddr::from([10, 0, 0, last])
        };
        let number = u64::from(n);
        Record {
            source: Some(address(n)),
            destination: Some(address(n / 2)),
            source_port: 1_000 + u16::from(n),
            destination_port: 443,
            protocol: 6,
            packets: 10 + number,
            octets: if n % 50 == 7 { 10 << 30 } else { 77 + number },
            first: now.plus(-60_001 - 7 * i64::from(n)),
            last: now.plus(-1 - 3 * i64::from(n)),
            direction: [Direction::Unknown, Direction::In, Direction::Out][usize::from(n % 3)],
            tcp_flags: 0x1b,
            tos: 8,
            ingress_interface: 3,
            egress_interface: 4,
            ..Record::of(IpAddr::from([198, 51, 100, 7]))
        }
    };
    (0..200).map(row).collect()
}

fn expected(row: &Record) -> (Key, Sums) {
    let key = (
        row.source.unwrap(),
        row.destination.unwrap(),
        row.source_port,
        row.destination_port,
    );
    let sums = Sums {
        packets: row.packets,
        octets: row.octets,
        first: row.first.millis(),
        last: row.last.millis(),
    };
    (key, sums)
}

fn send(settings: Settings, rows: &[Record], ports: [u16; 2]) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut process = ExportingProcess::new(settings);
    for rows in rows.chunks(40) {
        let _tally = process.export(now(), rows.iter().copied(), |message| {
            for port in ports {
                let to = (Ipv4Addr::LOCALHOST, port);
                socket.send_to(message.octets, to).unwrap();
            }
        });
    }
    assert_eq!(process.total().carried.records, 200);
}

/// A collector that runs; it ends with this.
struct Collector {
    child: Child,
    /// Where its flows are.
    output: PathBuf,
    port: u16,
}

impl Collector {
    fn nfcapd(dir: &Path) -> Self {
        let files = dir.join("nfcapd");
        fs::create_dir_all(&files).unwrap();
        let mut command = Command::new("nfcapd");
        command.args(["-b", "127.0.0.1", "-t", "300", "-w"]);
        command.arg(&files).stdout(Stdio::null());
        Self::start(
            command,
            "Startup nfcapd",
            |port| ["-p".to_owned(), port.to_string()],
            files,
        )
    }

    /// It prints what it has every two seconds. The plugin that does so is ready last, and warns then
    /// that it has no file.
    fn nfacctd(dir: &Path) -> Self {
        let (config, flows) = (dir.join("nfacctd.conf"), dir.join("flows"));
        let configure = |port: u16| {
            let text = format!(
                "daemonize: false\nnfacctd_ip: 127.0.0.1\nnfacctd_port: {port}\n\
                 nfacctd_renormalize: true\n\
                 aggregate: src_host, dst_host, src_port, dst_port\n\
                 plugins: print[p]\nprint_output[p]: csv\nprint_refresh_time[p]: 2\n"
            );
            fs::write(&config, text).unwrap();
            ["-f".to_owned(), config.display().to_string()]
        };
        let mut command = Command::new("nfacctd");
        command.stdout(fs::File::create(&flows).unwrap());
        Self::start(command, "no print_output_file", configure, flows)
    }

    /// Starts it with the arguments for a port that is free, and waits until it has `said` that it
    /// listens: one that has bound its port may not do so yet.
    fn start(
        mut command: Command,
        said: &str,
        arguments: impl FnOnce(u16) -> [String; 2],
        output: PathBuf,
    ) -> Self {
        let free = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let log = output.with_extension("log");
        command.args(arguments(port));
        let child = command.stderr(fs::File::create(&log).unwrap()).spawn();
        let collector = Self {
            child: child.unwrap(),
            output,
            port,
        };
        wait_until(|| fs::read_to_string(&log).is_ok_and(|text| text.contains(said)));
        collector
    }

    fn end(&mut self, signal: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(status.success());
        self.child.wait().unwrap();
    }

    fn flows_of_nfdump(mut self) -> BTreeMap<Key, Sums> {
        // It has had the seconds that the other collector takes to read its socket.
        self.end("-TERM");
        let format = "fmt:%sa,%da,%sp,%dp,%pkt,%byt,%tsr,%td";
        let output = Command::new("nfdump")
            .arg("-R")
            .arg(&self.output)
            .args(["-q", "-N", "-6", "-o", format])
            .output()
            .unwrap();
        let mut flows = BTreeMap::new();
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let fields: Vec<_> = line.split(',').map(str::trim).collect();
            if fields.len() == 8 {
                let millis = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
                let flow = add(&mut flows, &fields);
                flow.first = millis(fields[6]);
                flow.last = flow.first + millis(fields[7]);
            }
        }
        flows
    }

    fn flows_of_nfacctd(mut self) -> BTreeMap<Key, Sums> {
        let read = || fs::read_to_string(&self.output).unwrap();
        let is_flow = |line: &&str| !line.starts_with("SRC_IP,DST_IP,SRC_PORT,DST_PORT,");
        wait_until(|| {
            let text = read();
            text.ends_with('\n') && text.lines().filter(is_flow).count() >= 200
        });
        let text = read();
        self.end("-INT");
        let mut flows = BTreeMap::new();
        for line in text.lines().filter(is_flow) {
            let fields: Vec<_> = line.split(',').collect();
            add(&mut flows, &fields);
        }
        flows
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Adds addresses, ports, packets and octets to the flow that they are of.
fn add<'f>(flows: &'f mut BTreeMap<Key, Sums>, fields: &[&str]) -> &'f mut Sums {
    let address = |text: &str| text.parse().unwrap();
    let port = |text: &str| text.parse().unwrap();
    let key = (
        address(fields[0]),
        address(fields[1]),
        port(fields[2]),
        port(fields[3]),
    );
    let flow = flows.entry(key).or_default();
    flow.packets += fields[4].parse::<u64>().unwrap();
    flow.octets += fields[5].parse::<u64>().unwrap();
    flow
}

fn wait_until(holds: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "waited for too long");
        thread::sleep(Duration::from_millis(20));
    }
}
