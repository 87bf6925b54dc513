//! A real Apache Kafka, one broker that is its own controller, and the official client.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::{Duration, Instant},
};

use flowlog_tests::daemon::signal;
use tempfile::TempDir;

/// How long a broker or a client may take, on a machine that builds at the same time.
const PATIENCE: Duration = Duration::from_secs(120);

/// Settings of every broker. What the real thing does three times for safety is done once; a broker
/// that was killed is believed dead after a second.
const PROPERTIES: &str = "\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=data
auto.create.topics.enable=false
num.partitions=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.enable=false
num.network.threads=2
num.io.threads=2
background.threads=2
broker.heartbeat.interval.ms=200
broker.session.timeout.ms=1000
";

/// What `tests/kafka/install` has put there; `None`, said loudly, when it has not.
pub fn installed() -> Option<PathBuf> {
    let test = std::env::current_exe().unwrap();
    // target/debug/deps/TEST-…
    let kafka = test.ancestors().nth(3).unwrap().join("kafka");
    // The mark is written when all is there.
    if kafka.join("installed").exists() {
        return Some(kafka);
    }
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    let kafka = kafka.display();
    assert!(!ci, "missing: {kafka}; run tests/kafka/install");
    eprintln!("SKIPPED: missing {kafka}; run tests/kafka/install");
    None
}

/// A broker, and the directory it lives in.
pub struct Broker {
    kafka: PathBuf,
    dir: TempDir,
    port: u16,
    child: Option<Child>,
}

/// A record as the official client has read it.
#[derive(Clone, Debug)]
pub struct Record {
    pub partition: u32,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

impl Broker {
    /// A broker that has never run.
    pub fn prepare(kafka: PathBuf) -> Self {
        Self::prepare_with(kafka, &[], |_, _| String::new())
    }

    /// A broker with further listeners, and further settings for the directory and their ports.
    pub fn prepare_with(
        kafka: PathBuf,
        listeners: &[&str],
        more: impl FnOnce(&Path, &[u16]) -> String,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ports = free_ports(2 + listeners.len());
        let (port, controller) = (ports[0], ports[1]);
        let all = listeners.iter().zip(&ports[2..]);
        let all: String = all
            .map(|(name, port)| format!(",{name}://127.0.0.1:{port}"))
            .collect();
        let properties = format!(
            "{PROPERTIES}controller.quorum.voters=1@127.0.0.1:{controller}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{all}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}{all}\n{}",
            more(dir.path(), &ports[2..])
        );
        fs::write(dir.path().join("server.properties"), properties).unwrap();
        let broker = Self {
            kafka,
            dir,
            port,
            child: None,
        };
        let mut format = broker.java(&["-Xmx128m"]);
        format.args([
            "kafka.tools.StorageTool",
            "format",
            "-t",
            "AAAAAAAAAAAAAAAAAAAAAQ",
        ]);
        said(format.args(["-c", "server.properties"]));
        broker
    }

    /// Says that clients find it elsewhere, for the next start.
    pub fn advertise(&self, port: u16) {
        let file = self.dir.path().join("server.properties");
        let properties = fs::read_to_string(&file).unwrap();
        let listener = format!("advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n");
        fs::write(file, properties + &listener).unwrap();
    }

    /// Starts it, the first time or again.
    pub fn start(&mut self) {
        let log = self.dir.path().join("broker.log");
        let out = fs::File::options()
            .create(true)
            .append(true)
            .open(log)
            .unwrap();
        let mut command = self.java(&["-Xms64m", "-Xmx256m"]);
        command
            .args(["kafka.Kafka", "server.properties"])
            .stdout(out.try_clone().unwrap())
            .stderr(out);
        self.child = Some(command.spawn().unwrap());
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            let log = || fs::read_to_string(self.dir.path().join("broker.log")).unwrap();
            assert!(ended.is_none(), "the broker ended:\n{}", log());
            assert!(Instant::now() < until, "the broker is late:\n{}", log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            signal(child.id(), "KILL");
            child.wait().unwrap();
        }
    }

    /// Lets it hang for a while, with its connections open.
    pub fn hang(&self, time: Duration) {
        signal(self.pid(), "STOP");
        thread::sleep(time);
        signal(self.pid(), "CONT");
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// The directory it lives in.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Where clients without TLS connect.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The port of [`Self::address`].
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes topics, `NAME:PARTITIONS[:KEY=VALUE]`.
    pub fn create(&self, topics: &[&str]) {
        self.client("create", topics);
    }

    /// Gives a user a password for SCRAM.
    pub fn scram(&self, user: &str, password: &str) {
        self.client("scram", &[user, password]);
    }

    /// What a reader of committed or of all records sees of a topic, partition by partition.
    pub fn read(&self, topic: &str, isolation: &str) -> Vec<Record> {
        let lines = self.client("read", &[topic, isolation]);
        let mut records: Vec<_> = lines.lines().map(record).collect();
        records.sort_by_key(|(partition, offset, _)| (*partition, *offset));
        records.into_iter().map(|(_, _, record)| record).collect()
    }

    /// How many octets a topic has on disk.
    pub fn octets(&self, topic: &str) -> u64 {
        let data = fs::read_dir(self.dir.path().join("data")).unwrap();
        let ours = data.map(Result::unwrap).filter(|entry| {
            let name = entry.file_name().into_string().unwrap();
            name.rsplit_once('-').is_some_and(|(name, _)| name == topic)
        });
        ours.map(|entry| fs::metadata(entry.path().join("00000000000000000000.log")).unwrap())
            .map(|file| file.len())
            .sum()
    }

    fn client(&self, what: &str, arguments: &[&str]) -> String {
        let mut command = self.java(&["-Xmx256m"]);
        command.args(["KafkaClient", what, &self.address()]);
        said(command.args(arguments))
    }

    /// Java with all classes, in the broker's directory; starts fast rather than runs fast.
    fn java(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("java");
        let classes = format!("{0}:{0}/jars/*", self.kafka.display());
        command
            .current_dir(self.dir.path())
            .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            .arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
            .args(["-cp", &classes])
            .args(arguments)
            .stdin(Stdio::null());
        command
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The broker of the tests that leave it alive, with these topics; it ends with the last of them.
pub fn shared(topics: &[&str]) -> Option<Arc<Broker>> {
    static SHARED: Mutex<Weak<Broker>> = Mutex::new(Weak::new());
    let kafka = installed()?;
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let broker = shared.upgrade().unwrap_or_else(|| {
        let mut broker = Broker::prepare(kafka);
        broker.start();
        Arc::new(broker)
    });
    *shared = Arc::downgrade(&broker);
    drop(shared);
    broker.create(topics);
    Some(broker)
}

/// Runs a command to its end; what it has said.
pub fn said(command: &mut Command) -> String {
    let out = tempfile::NamedTempFile::new().unwrap();
    let errors = tempfile::NamedTempFile::new().unwrap();
    let mut child = command
        .stdout(out.reopen().unwrap())
        .stderr(errors.reopen().unwrap())
        .spawn()
        .unwrap();
    let until = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > until {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{command:?} does not end");
        }
        thread::sleep(Duration::from_millis(10));
    };
    let errors = fs::read_to_string(errors.path()).unwrap();
    assert!(status.success(), "{command:?}: {status}\n{errors}");
    fs::read_to_string(out.path()).unwrap()
}

fn record(line: &str) -> (u32, u64, Record) {
    let mut words = line.split(' ');
    let mut next = || words.next().unwrap();
    let partition = next().parse().unwrap();
    let offset = next().parse().unwrap();
    let record = Record {
        partition,
        key: octets(next()),
        value: octets(next()),
    };
    (partition, offset, record)
}

fn octets(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// Ports that nobody listens on.
pub fn free_ports(count: usize) -> Vec<u16> {
    let held: Vec<_> = (0..count)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
        .collect();
    held.iter()
        .map(|listener| listener.local_addr().unwrap().port())
        .collect()
}
