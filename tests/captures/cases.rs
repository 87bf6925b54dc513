//! The conformance cases: datagrams of real Exporters, and what is in them.
//!
//! They are data beside the project. `FLOWLOG_CAPTURES` names their directory; without it they are
//! looked for beside the checkout. Where they are absent the suites are skipped, loudly; in CI
//! that is a failure.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One case: its datagrams and its expectations.
#[derive(Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The whole of its JSON; what is expected stands under `expect`.
    pub json: Value,
    /// Its datagrams in order.
    pub datagrams: Vec<Datagram>,
}

/// One UDP datagram.
#[derive(Clone, Debug)]
pub struct Datagram {
    /// Source address.
    pub exporter: IpAddr,
    /// Microseconds of the epoch.
    pub at_us: i64,
    /// Payload.
    pub octets: Vec<u8>,
}

impl Case {
    /// What is expected under a name; null when nothing is.
    pub fn expect(&self, name: &str) -> &Value {
        &self.json["expect"][name]
    }

    /// A count among the expected totals.
    pub fn total(&self, name: &str) -> u64 {
        self.expect("totals")[name].as_u64().unwrap_or(0)
    }
}

/// Every case in the order of their names, or `None` when there are no captures here.
///
/// # Panics
/// Without captures in CI, and when a case cannot be read.
pub fn all() -> Option<Vec<Case>> {
    let directory = directory()?;
    let mut names: Vec<String> = std::fs::read_dir(directory.join("cases"))
        .expect("captures have a directory `cases`")
        .map(|entry| entry.expect("a readable directory").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|path| {
            path.file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    Some(names.iter().map(|name| read(&directory, name)).collect())
}

/// Where the captures are.
fn directory() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures");
    let directory = std::env::var_os("FLOWLOG_CAPTURES").map_or_else(beside, PathBuf::from);
    if directory.join("cases").is_dir() {
        return Some(directory);
    }
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "no captures at {}: set FLOWLOG_CAPTURES",
        directory.display()
    );
    eprintln!(
        "SKIPPED: no captures at {}; set FLOWLOG_CAPTURES to run this suite",
        directory.display()
    );
    None
}

fn read(directory: &Path, name: &str) -> Case {
    let text = |path: PathBuf| {
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let json = text(directory.join(format!("cases/{name}.json")));
    let datagrams = text(directory.join(format!("dgrams/{name}.dgrams")));
    Case {
        name: name.to_owned(),
        json: serde_json::from_str(&json).expect("a case is JSON"),
        datagrams: datagrams.lines().map(datagram).collect(),
    }
}

/// `EXPORTER SRC-PORT DST-PORT TIME-US HEX-PAYLOAD`, `-` for an empty payload.
fn datagram(line: &str) -> Datagram {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [exporter, _, _, at_us, hex] = words[..] else {
        panic!("not a datagram: {line}");
    };
    let digits = if hex == "-" { "" } else { hex };
    let octet = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex digits");
    Datagram {
        exporter: exporter.parse().expect("an address"),
        at_us: at_us.parse().expect("a time"),
        octets: (0..digits.len()).step_by(2).map(octet).collect(),
    }
}
