//! Real Exporters beside a real collector: what softflowd and pmacctd export of real loopback
//! traffic goes to nfcapd and to flowlogd, the same datagrams to both; the rows agree octet for
//! octet and packet for packet.
//!
//! Needs softflowd, pmacctd, nfcapd, nfdump and tcpdump, and the right to capture on loopback
//! (`tests/interop/install`). Without them the suite says so and passes, but fails under `CI=true`.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use flowlog_tests::daemon::{Daemon, PATIENCE, free_udp_port, signal};

const FLOW_LOGS: &str = r#"
[[flow_log]]
name = "each"
resource = "sag-default"
project = "flow-logs"
logstore = "each"
window = "none"

[[flow_log]]
name = "windowed"
resource = "sag-default"
project = "flow-logs"
logstore = "windowed"
window = "1m"
hold = "0s"
"#;

/// (source, destination, source port, destination port, protocol) → (packets, octets)
type Sums = BTreeMap<(String, String, u64, u64, u64), (u64, u64)>;

#[test]
fn rows_agree_with_nfcapd_octet_for_octet() {
    with_tools(|| {
        let dir = tempfile::tempdir().unwrap();
        let pcap = dir.path().join("traffic.pcap");
        capture_traffic(&pcap);
        let exports = [
            Export::Softflowd(5),
            Export::Softflowd(9),
            Export::Softflowd(10),
            Export::Pmacctd(9),
            Export::Pmacctd(10),
        ];
        let running: Vec<_> = exports
            .map(|export| Comparison::begin(export, dir.path(), &pcap))
            .into();
        // The windows close for all of them in the same minute.
        running.into_iter().for_each(Comparison::finish);
    });
}

#[derive(Clone, Copy, Debug)]
enum Export {
    Softflowd(u16),
    Pmacctd(u16),
}

fn with_tools(test: impl FnOnce()) {
    let missing: Vec<_> = ["softflowd", "pmacctd", "nfcapd", "nfdump", "tcpdump"]
        .into_iter()
        .filter(|tool| !on_path(tool))
        .collect();
    if missing.is_empty() {
        return test();
    }
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!ci, "missing: {missing:?}; run tests/interop/install");
    eprintln!("SKIPPED: missing {missing:?}; run tests/interop/install");
}

fn on_path(tool: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':')
        .chain(["/usr/sbin"])
        .any(|dir| Path::new(dir).join(tool).exists())
}

/// One Exporter's records in both collectors.
struct Comparison {
    export: Export,
    daemon: Daemon,
    theirs: Sums,
}

impl Comparison {
    fn begin(export: Export, dir: &Path, pcap: &Path) -> Self {
        let dir = dir.join(format!("{export:?}"));
        fs::create_dir_all(&dir).unwrap();
        let daemon = Daemon::start(FLOW_LOGS);
        let nfcapd = Nfcapd::start(&dir.join("nfcapd"));
        let tee = Tee::start([daemon.udp, nfcapd.port]);
        export.run(&dir, pcap, tee.port);
        tee.settle();
        assert!(tee.datagrams() > 0, "{export:?} sent nothing");
        let theirs = nfcapd.stop();
        assert!(packets(&theirs) > 100, "{export:?}: {theirs:?}");
        let comparison = Self {
            export,
            daemon,
            theirs,
        };
        comparison.agrees("each");
        comparison
    }

    fn finish(self) {
        self.agrees("windowed");
        self.daemon.stop();
    }

    fn agrees(&self, logstore: &str) {
        let query = "* | select srcaddr, dstaddr, srcport, dstport, protocol, sum(packets) as packets, \
                     sum(bytes) as bytes group by srcaddr, dstaddr, srcport, dstport, protocol limit 10000";
        let rows = self.daemon.query_until(logstore, query, |rows| {
            packets(&sums(rows)) >= packets(&self.theirs)
        });
        assert_eq!(sums(&rows), self.theirs, "{:?} in {logstore}", self.export);
    }
}

fn packets(sums: &Sums) -> u64 {
    sums.values().map(|sums| sums.0).sum()
}

fn sums(rows: &[serde_json::Value]) -> Sums {
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
    let number = |row: &serde_json::Value, key: &str| text(row, key).parse::<u64>().unwrap();
    rows.iter()
        .map(|row| {
            let ports = (number(row, "srcport"), number(row, "dstport"));
            let key = (text(row, "srcaddr"), text(row, "dstaddr"), ports.0, ports.1);
            let key = (key.0, key.1, key.2, key.3, number(row, "protocol"));
            (key, (number(row, "packets"), number(row, "bytes")))
        })
        .collect()
}

impl Export {
    /// softflowd goes without its control socket, at which it may wait for ever when it reads a file.
    fn run(&self, dir: &Path, pcap: &Path, port: u16) {
        let status = match self {
            Self::Softflowd(version) => {
                let mut child = Command::new("softflowd")
                    .arg("-r")
                    .arg(pcap)
                    .args([
                        "-n",
                        &format!("127.0.0.1:{port}"),
                        "-v",
                        &version.to_string(),
                        "-d",
                    ])
                    .args(["-c", "none", "-p"])
                    .arg(dir.join("softflowd.pid"))
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap();
                wait(&mut child, Duration::from_secs(30))
            }
            Self::Pmacctd(version) => {
                let config = dir.join("pmacctd.conf");
                fs::write(
                    &config,
                    format!(
                        "daemonize: false\npcap_savefile: {}\n\
                         aggregate: src_host, dst_host, src_port, dst_port, proto, tos, tcpflags\n\
                         plugins: nfprobe[p]\nnfprobe_receiver[p]: 127.0.0.1:{port}\nnfprobe_version[p]: {version}\n\
                         nfprobe_timeouts[p]: tcp=2:tcp.rst=1:tcp.fin=1:udp=1:icmp=1:general=1:maxlife=2:expint=1\n",
                        pcap.display()
                    ),
                )
                .unwrap();
                let mut child = Command::new("pmacctd")
                    .arg("-f")
                    .arg(&config)
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap();
                wait(&mut child, Duration::from_secs(30))
            }
        };
        eprintln!("the Exporter ended with {status}");
    }
}

/// Waits for a process; one that does not end by itself is interrupted.
fn wait(child: &mut Child, patience: Duration) -> std::process::ExitStatus {
    let until = Instant::now() + patience;
    while Instant::now() < until {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        thread::sleep(Duration::from_millis(50));
    }
    signal(child.id(), "INT");
    let until = Instant::now() + Duration::from_secs(3);
    while Instant::now() < until {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap()
}

/// Captures what `make_traffic` does, and nothing of the tests beside it.
fn capture_traffic(pcap: &Path) {
    let (tcp, udp) = (
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(),
        free_udp_port(),
    );
    let filter = format!(
        "tcp port {} or udp port {udp}",
        tcp.local_addr().unwrap().port()
    );
    let mut tcpdump = Command::new("tcpdump")
        .args(["-q", "-i", "lo", "-s", "128", "-U", "-B", "16384", "-w"])
        .arg(pcap)
        .arg(filter)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = tcpdump.stderr.take().unwrap();
    let mut first = [0; 8];
    said.read_exact(&mut first).unwrap(); // it speaks once it listens
    thread::sleep(Duration::from_millis(300));
    make_traffic(tcp, udp);
    thread::sleep(Duration::from_millis(700));
    signal(tcpdump.id(), "INT");
    tcpdump.wait().unwrap();
}

/// Five TCP transfers of 300 kB and three UDP streams.
fn make_traffic(listener: TcpListener, udp: u16) {
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        for _ in 0..5 {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(&vec![7; 300_000]).unwrap();
        }
    });
    for _ in 0..5 {
        let mut octets = Vec::new();
        TcpStream::connect(address)
            .unwrap()
            .read_to_end(&mut octets)
            .unwrap();
        assert_eq!(octets.len(), 300_000);
    }
    server.join().unwrap();
    let sink = UdpSocket::bind((Ipv4Addr::LOCALHOST, udp)).unwrap();
    for stream in 0..3_usize {
        let source = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        for n in 0..100_usize {
            source
                .send_to(&vec![1; 100 + 10 * stream + n], sink.local_addr().unwrap())
                .unwrap();
        }
    }
}

/// Takes datagrams on one port and hands each to several.
struct Tee {
    port: u16,
    stop: Arc<AtomicBool>,
    datagrams: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Tee {
    fn start(to: [u16; 2]) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        let port = socket.local_addr().unwrap().port();
        let (stop, datagrams) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let (stopped, counter) = (Arc::clone(&stop), Arc::clone(&datagrams));
        let out = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let thread = thread::spawn(move || {
            let mut buffer = vec![0; 65_535];
            while !stopped.load(Ordering::Relaxed) {
                let Ok((length, _)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                for port in to {
                    out.send_to(&buffer[..length], (Ipv4Addr::LOCALHOST, port))
                        .unwrap();
                }
                counter.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self {
            port,
            stop,
            datagrams,
            thread: Some(thread),
        }
    }

    fn datagrams(&self) -> u64 {
        self.datagrams.load(Ordering::Relaxed)
    }

    /// Waits until a second has brought nothing new.
    fn settle(&self) {
        let until = Instant::now() + PATIENCE;
        let mut before = u64::MAX;
        while self.datagrams() != before && Instant::now() < until {
            before = self.datagrams();
            thread::sleep(Duration::from_secs(1));
        }
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Nfcapd {
    child: Child,
    dir: std::path::PathBuf,
    port: u16,
}

impl Nfcapd {
    fn start(dir: &Path) -> Self {
        fs::create_dir_all(dir).unwrap();
        let port = free_udp_port();
        let child = Command::new("nfcapd")
            .args([
                "-b",
                "127.0.0.1",
                "-p",
                &port.to_string(),
                "-t",
                "300",
                "-w",
            ])
            .arg(dir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let until = Instant::now() + PATIENCE;
        while UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            assert!(Instant::now() < until, "nfcapd does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Self {
            child,
            dir: dir.to_owned(),
            port,
        }
    }

    fn stop(mut self) -> Sums {
        signal(self.child.id(), "TERM");
        self.child.wait().unwrap();
        let output = Command::new("nfdump")
            .arg("-R")
            .arg(&self.dir)
            .args(["-q", "-N", "-6", "-o", "fmt:%sa,%da,%sp,%dp,%pr,%pkt,%byt"])
            .output()
            .unwrap();
        let mut sums = Sums::new();
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let fields: Vec<_> = line.split(',').map(str::trim).collect();
            let [source, destination, from, to, protocol, packets, octets] = fields[..] else {
                continue;
            };
            let protocol = match protocol {
                "TCP" => 6,
                "UDP" => 17,
                "ICMP" => 1,
                other => other.parse().unwrap(),
            };
            let key = (
                source.into(),
                destination.into(),
                from.parse().unwrap(),
                to.parse().unwrap(),
                protocol,
            );
            let entry = sums.entry(key).or_default();
            entry.0 += packets.parse::<u64>().unwrap();
            entry.1 += octets.parse::<u64>().unwrap();
        }
        sums
    }
}

impl Drop for Nfcapd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
