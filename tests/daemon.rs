//! The daemon as a user has it: the binary, started on free loopback ports, asked and stopped.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tempfile::TempDir;

/// How long anything may take before the test fails instead of hanging.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running `flowlogd` with a data directory and ports of its own.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    dir: TempDir,
    log_start: usize,
    /// Where it receives NetFlow.
    pub udp: u16,
    /// Where it answers `/metrics`, `/healthz` and `/readyz`.
    pub telemetry: u16,
}

impl Daemon {
    /// Starts with free ports and `more` behind them in the configuration; waits until it is ready.
    pub fn start(more: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), more)
    }

    /// The same over a directory that an earlier daemon has left.
    pub fn start_in(dir: TempDir, more: &str) -> Self {
        let ports = (free_udp_port(), free_tcp_port(), free_tcp_port());
        configure(dir.path(), ports, more);
        Self::start_again(dir)
    }

    /// Over a directory that an earlier daemon has left, with its ports and its configuration.
    pub fn start_again(dir: TempDir) -> Self {
        let (udp, telemetry, _) = ports(dir.path());
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(dir.path().join("log"))
            .unwrap();
        let log_start = usize::try_from(log.metadata().unwrap().len()).unwrap();
        let child = Command::new(binary())
            .args(["run", "--config"])
            .arg(dir.path().join("flowlogd.toml"))
            .arg("--data")
            .arg(dir.path().join("data"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut daemon = Self {
            child,
            dir,
            log_start,
            udp,
            telemetry,
        };
        daemon.wait_until_ready();
        daemon
    }

    fn wait_until_ready(&mut self) {
        let until = Instant::now() + PATIENCE;
        while self
            .http("/readyz")
            .is_none_or(|answer| !answer.starts_with("HTTP/1.1 200"))
        {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("flowlogd ended with {status}:\n{}", self.log());
            }
            assert!(
                Instant::now() < until,
                "flowlogd is not ready:\n{}",
                self.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The answer of the telemetry listener, head and body, `None` while nothing listens.
    pub fn http(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.telemetry)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    /// The value of a metric, all its series added up.
    pub fn metric(&self, name: &str) -> f64 {
        let text = self.http("/metrics").unwrap_or_default();
        text.lines()
            .filter(|line| {
                line.strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with([' ', '{']))
            })
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// What it has said since this start.
    pub fn said(&self) -> String {
        self.log().split_off(self.log_start)
    }

    /// Waits until it has said something since this start.
    pub fn wait_until_said(&self, what: &str) {
        self.wait_until(what, || self.said().contains(what));
    }

    /// Waits until something holds.
    pub fn wait_until(&self, what: &str, holds: impl Fn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds() {
            assert!(Instant::now() < until, "never: {what}\n{}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Writes another configuration behind its ports. It is told by a signal, or by the next start.
    pub fn configure(&self, more: &str) {
        configure(self.dir.path(), ports(self.dir.path()), more);
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// The port of its control API.
    pub fn control(&self) -> u16 {
        // It is ready a moment before it says so.
        self.wait_until_said("control=127.0.0.1:");
        let said = self.said();
        let (_, port) = said.rsplit_once("control=127.0.0.1:").unwrap();
        let digits = port.split(|c: char| !c.is_ascii_digit()).next().unwrap();
        digits.parse().unwrap()
    }

    /// The directory with its configuration, its data and its log.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// `flowlogd query` against it, JSON; fails the test when the command fails.
    pub fn query(&self, logstore: &str, query: &str) -> Vec<serde_json::Value> {
        let output = self.try_query(logstore, query);
        assert!(
            output.status.success(),
            "{query}: {}\n{}",
            String::from_utf8_lossy(&output.stderr),
            self.log()
        );
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// `flowlogd query` against it, whatever comes of it.
    pub fn try_query(&self, logstore: &str, query: &str) -> Output {
        Command::new(binary())
            .args([
                "query",
                "--from",
                "0",
                "--to",
                "4000000000",
                "--format",
                "json",
            ])
            .args(["--logstore", logstore, "--config"])
            .arg(self.dir.path().join("flowlogd.toml"))
            .arg("--data")
            .arg(self.data())
            .arg(query)
            .output()
            .unwrap()
    }

    /// Asks again until `enough` says so; the last answer in any case of patience lost is a failure.
    pub fn query_until(
        &self,
        logstore: &str,
        query: &str,
        enough: impl Fn(&[serde_json::Value]) -> bool,
    ) -> Vec<serde_json::Value> {
        let until = Instant::now() + PATIENCE * 3;
        loop {
            let output = self.try_query(logstore, query);
            let rows: Vec<serde_json::Value> = String::from_utf8_lossy(&output.stdout)
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .collect();
            if output.status.success() && enough(&rows) {
                return rows;
            }
            assert!(
                Instant::now() < until,
                "{query}: not enough: {rows:?}\n{}\n{}",
                String::from_utf8_lossy(&output.stderr),
                self.log()
            );
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// SIGTERM, and the directory back once it has ended; fails unless it ended well.
    pub fn stop(self) -> TempDir {
        self.signal("TERM");
        self.ended()
    }

    /// Waits for the end of a daemon that was told to stop, and gives the directory back; fails
    /// unless it ended well.
    pub fn ended(mut self) -> TempDir {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(
                    status.success(),
                    "flowlogd ended with {status}:\n{}",
                    self.log()
                );
                break;
            }
            assert!(
                Instant::now() < until,
                "flowlogd does not end:\n{}",
                self.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
        std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap())
    }

    /// SIGKILL, and the directory as it was at that moment.
    pub fn kill(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes the configuration of a daemon.
pub fn configure(dir: &Path, (udp, telemetry, logstore): (u16, u16, u16), more: &str) {
    // Any port: who wants to know it asks the daemon.
    let control = if more.contains("[control]\n") {
        ""
    } else {
        "[control]\nlisten = \"127.0.0.1:0\"\n"
    };
    let config = format!(
        "{control}[collect]\nlisten = [\"127.0.0.1:{udp}\"]\n[telemetry]\n\
         listen = \"127.0.0.1:{telemetry}\"\n[logstore]\nlisten = \"127.0.0.1:{logstore}\"\n{more}"
    );
    fs::write(dir.join("flowlogd.toml"), config).unwrap();
}

/// The ports of `collect`, `telemetry` and `logstore` in the configuration that is there.
pub fn ports(dir: &Path) -> (u16, u16, u16) {
    let text = fs::read_to_string(dir.join("flowlogd.toml")).unwrap();
    let ports: Vec<u16> = text
        .lines()
        .filter_map(|line| line.strip_prefix("listen = ")?.split_once("127.0.0.1:"))
        .map(|(_, port)| port.trim_end_matches(['"', ']']).parse().unwrap())
        .filter(|port| *port > 0)
        .collect();
    (ports[0], ports[1], ports[2])
}

/// The binary under test: beside the test's own, where cargo puts it.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let beside = test
        .parent()
        .and_then(Path::parent)
        .unwrap()
        .join("flowlogd");
    assert!(
        beside.exists(),
        "{} is missing: cargo build -p flowlogd",
        beside.display()
    );
    beside
}

/// What `tests/sdk/install` has put there; `None`, said loudly, when it has not.
pub fn installed(what: &str) -> Option<PathBuf> {
    let test = std::env::current_exe().unwrap();
    // target/debug/deps/TEST-…
    let sdk = test.ancestors().nth(3).unwrap().join("sdk");
    let path = sdk.join(what);
    // The mark is written when a client is whole.
    let mark = sdk.join(what.split('/').next().unwrap()).join("installed");
    if path.exists() && mark.exists() {
        return Some(path);
    }
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!ci, "missing: {}; run tests/sdk/install", path.display());
    eprintln!("SKIPPED: missing {}; run tests/sdk/install", path.display());
    None
}

/// Sends a signal to a process that the test has started.
pub fn signal(pid: u32, name: &str) {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status()
        .unwrap();
    assert!(status.success(), "kill -{name} {pid}: {status}");
}

/// A UDP port of the loopback that was free a moment ago, and is given to nobody else here.
pub fn free_udp_port() -> u16 {
    not_given_yet(|| {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.local_addr().unwrap().port()
    })
}

/// A TCP port of the loopback that was free a moment ago, and is given to nobody else here.
pub fn free_tcp_port() -> u16 {
    not_given_yet(|| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap().port()
    })
}

/// The first of these ports that was not given before: the system gives a free one again at once.
fn not_given_yet(free: impl Fn() -> u16) -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let port = free();
        if given.insert(port) {
            return port;
        }
    }
}

/// A NetFlow V5 datagram of the present with one record, of `300 + sequence` octets.
pub fn netflow5(sequence: u32) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut octets = vec![0, 5, 0, 1];
    octets.extend(100_000_u32.to_be_bytes());
    octets.extend(u32::try_from(now.as_secs()).unwrap().to_be_bytes());
    octets.extend([0; 4]);
    octets.extend(sequence.to_be_bytes());
    octets.extend([0; 4]);
    octets.extend([10, 0, 0, 1, 192, 0, 2, 9, 0, 0, 0, 0, 0, 1, 0, 2]);
    octets.extend(3_u32.to_be_bytes());
    octets.extend((300 + sequence).to_be_bytes());
    octets.extend(99_000_u32.to_be_bytes());
    octets.extend(99_900_u32.to_be_bytes());
    let [.., high, low] = sequence.to_be_bytes();
    octets.extend([high, low, 0, 80, 0, 0x18, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    octets
}
