//! What keeps the daemon from starting: one sentence with key, value and remedy, the right exit
//! status, and everything is left as it was.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use flowlog_tests::daemon::{self, Daemon, PATIENCE, binary, free_tcp_port, free_udp_port};
use tempfile::TempDir;

use crate::{
    load::Load,
    rows::{self, AGED, EACH},
    tmpfs::Tmpfs,
};

/// A start that is expected to fail.
#[derive(Debug)]
pub struct Attempt {
    place: TempDir,
    config: PathBuf,
    data: PathBuf,
}

impl Attempt {
    /// On free ports, with `more` behind them.
    pub fn new(data: &Path, more: &str) -> Self {
        let ports = (free_udp_port(), free_tcp_port(), free_tcp_port());
        Self::on(ports, data, more)
    }

    /// On these ports: of `collect`, `telemetry` and `logstore`.
    pub fn on(ports: (u16, u16, u16), data: &Path, more: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        daemon::configure(place.path(), ports, more);
        Self {
            config: place.path().join("flowlogd.toml"),
            place,
            data: data.to_owned(),
        }
    }

    /// With another file as its configuration.
    fn reads(mut self, config: &Path) -> Self {
        self.config = config.to_owned();
        self
    }

    /// Runs it and checks the exit status, and that it says one sentence in which all of `words`
    /// stand.
    pub fn fails(&self, status: i32, words: &[&str]) {
        let output = ended(self.spawn());
        let said = String::from_utf8(output.stderr).unwrap();
        let errors: Vec<&str> = said
            .lines()
            .filter(|line| line.starts_with("error: "))
            .collect();
        assert_eq!(errors.len(), 1, "{said}");
        assert_eq!(said.lines().last(), Some(errors[0]), "{said}");
        assert_eq!(output.status.code(), Some(status), "{said}");
        for word in words {
            assert!(errors[0].contains(word), "{word:?} is not in: {said}");
        }
        assert!(output.stdout.is_empty());
    }

    /// Runs it and waits until it is ready, then stops it.
    pub fn starts(self) {
        let Self { place, data, .. } = self;
        if !place.path().join("data").exists() {
            symlink(data, place.path().join("data")).unwrap();
        }
        Daemon::start_again(place).stop();
    }

    fn spawn(&self) -> Child {
        Command::new(binary())
            .arg("run")
            .arg("--config")
            .arg(&self.config)
            .arg("--data")
            .arg(&self.data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// Waits for a process that is to end by itself.
fn ended(mut child: Child) -> Output {
    let until = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("it does not end: {:?}", child.wait_with_output());
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

/// A run of the program with these arguments.
fn ran(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(binary())
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn starts_that_fail_lose_nothing_of_what_was_saved() {
    let daemon = Daemon::start(&format!("{EACH}{AGED}"));
    let mut load = Load::new(50, daemon.udp);
    load.run(Duration::from_millis(700));
    let dir = daemon.stop();
    let (udp, telemetry, logstore) = daemon::ports(dir.path());
    let data = dir.path().join("data");
    let more = format!("{EACH}{AGED}");
    let on = |ports| Attempt::on(ports, &data, &more);

    let other = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = other.local_addr().unwrap().port();
    let named = format!("udp 127.0.0.1:{taken}");
    on((taken, telemetry, logstore)).fails(1, &["collect.listen", &named, "another port"]);
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = other.local_addr().unwrap().port();
    let named = format!("tcp 127.0.0.1:{taken}");
    on((udp, taken, logstore)).fails(1, &["telemetry.listen", &named, "another port"]);
    on((udp, telemetry, taken)).fails(1, &["logstore.listen", &named, "another port"]);
    let wrong = dir.path().join("wrong.toml");
    fs::write(&wrong, "[collect]\nworkers = \"many\"\n").unwrap();
    on((udp, telemetry, logstore))
        .reads(&wrong)
        .fails(2, &["wrong.toml:2", "collect.workers", "many", "write"]);

    let daemon = Daemon::start_again(dir);
    assert!(daemon.said().contains("going on from saved state epoch=1"));
    load.run(Duration::from_millis(300));
    load.finish();
    rows::come_to(&daemon, "each", rows::of(load.sent()));
    rows::aged_come_to(&daemon, rows::of(load.sent()));
    daemon.stop();
}

#[test]
fn a_data_directory_has_one_daemon() {
    let daemon = Daemon::start(EACH);
    let data = daemon.data();
    let process = format!("process {}", daemon.id());
    Attempt::new(&data, EACH).fails(1, &[data.to_str().unwrap(), "in use", &process, "--data"]);
    let mut load = Load::new(51, daemon.udp);
    load.run(Duration::from_millis(300));
    load.finish();
    rows::come_to(&daemon, "each", rows::of(load.sent()));
    daemon.stop();
}

#[test]
fn a_data_directory_that_cannot_be_used_is_said() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "somebody's").unwrap();
    let below = file.join("data");
    Attempt::new(&below, "").fails(1, &[below.to_str().unwrap(), "\"data\"", "--data"]);
    Attempt::new(place.path(), "").fails(1, &["not empty", "--data"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "somebody's");
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);

    if let Some(disk) = Tmpfs::mount("ro") {
        let data = disk.path().join("data");
        Attempt::new(&data, "").fails(
            1,
            &[data.to_str().unwrap(), "Read-only file system", "--data"],
        );
    }
}

#[test]
fn a_data_directory_of_a_later_version_is_left_alone() {
    let dir = Daemon::start(EACH).stop();
    let identity = dir.path().join("data/identity.toml");
    let text = fs::read_to_string(&identity).unwrap();
    fs::write(&identity, text.replace("format = 1", "format = 2")).unwrap();
    Attempt::new(&dir.path().join("data"), EACH).fails(
        1,
        &[identity.to_str().unwrap(), "format 2", "run the version"],
    );
    fs::write(&identity, text).unwrap();
    Daemon::start_again(dir).stop();
}

#[test]
fn a_wrong_configuration_is_said_with_key_value_and_remedy() {
    let place = tempfile::tempdir().unwrap();
    let config = place.path().join("a.toml");
    let data = place.path().join("data");
    let attempt = || Attempt::new(&data, "").reads(&config);
    attempt().fails(2, &["a.toml", "cannot be read", "--config"]);
    for (text, words) in [
        ("[colect]\n", &["a.toml:1", "colect", "collect?"][..]),
        (
            "[logstore]\nseal_sise = \"1MiB\"\n",
            &["a.toml:2", "1MiB", "seal_size?"],
        ),
        (
            "[limits]\nmemory = \"1MiB\"\n",
            &["a.toml:2", "limits.memory", "1MiB", "\"64MiB\""],
        ),
        (
            "[collect]\nlisten = [\"9995\"]\n",
            &["a.toml:2", "collect.listen", "9995"],
        ),
        ("[collect\n", &["a.toml:1"]),
        (
            "[[flow_log]]\nname = \"a\"\nresource = \"sag-default\"\nproject = \"flow-logs\"\n\
             logstore = \"aaa\"\nwindow = \"2m\"\n",
            &["a.toml:6", "window", "2m", "1m"],
        ),
    ] {
        fs::write(&config, text).unwrap();
        attempt().fails(2, words);
    }
    assert!(!data.exists(), "nothing was touched");
}

#[test]
fn a_capture_cut_short_is_shown_as_far_as_it_goes() {
    let place = tempfile::tempdir().unwrap();
    let capture = place.path().join("cut.pcap");
    fs::write(&capture, pcap_cut_in_its_third_packet()).unwrap();
    let capture = capture.to_str().unwrap();

    let (status, shown, said) = ran(&["inspect", "--format", "json", capture]);
    assert_eq!(status, Some(1), "{said}");
    assert_eq!(shown.matches("\"kind\":\"datagram\"").count(), 2, "{shown}");
    assert_eq!(shown.matches("\"kind\":\"flow\"").count(), 2, "{shown}");
    let (status, shown, said_by_replay) = ran(&["replay", "--format", "json", capture]);
    assert_eq!(status, Some(1), "{said_by_replay}");
    assert_eq!(shown.matches("\"row-id\"").count(), 1, "{shown}");
    assert!(shown.contains("\"datagrams\":{\"in\":2,"), "{shown}");
    for said in [said, said_by_replay] {
        let offset = format!("offset {}", 24 + 2 * PACKET);
        assert!(
            said.starts_with("error: ") && said.lines().count() == 1,
            "{said}"
        );
        assert!(said.contains(capture) && said.contains(&offset), "{said}");
    }
}

/// Octets of a packet in the file: headers of pcap, IPv4 and UDP, and V5 with one record.
const PACKET: usize = 16 + 20 + 8 + 72;

/// V5 datagrams in raw IPv4, the third without its last octets.
fn pcap_cut_in_its_third_packet() -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101] {
        file.extend(word.to_le_bytes());
    }
    for n in 0..3_u32 {
        let length = u32::try_from(PACKET - 16).unwrap();
        for word in [1_700_000_000 + n, 0, length, length] {
            file.extend(word.to_le_bytes());
        }
        file.extend([
            0x45, 0, 0, 100, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
        ]);
        file.extend([0x27, 0x0b, 0x27, 0x0b, 0, 80, 0, 0]);
        for word in [0x0005_0001, 100_000, 1_700_000_000 + n, 0, n, 0] {
            file.extend(word.to_be_bytes());
        }
        for word in [
            0x0a00_0001_u32,
            0x0a00_0002,
            0,
            0x0001_0002,
            3,
            180,
            90_000,
            95_000,
        ] {
            file.extend(word.to_be_bytes());
        }
        for word in [0x01bb_c000_u32, 0x0010_0600, 0, 0] {
            file.extend(word.to_be_bytes());
        }
    }
    file.truncate(file.len() - 10);
    file
}
