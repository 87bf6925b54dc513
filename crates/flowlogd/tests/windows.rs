//! `NODATA` and `SKIPDATA` as `flowlogd replay` prints them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const CONFIG: &str = r#"
[[resource]]
id = "vpc-1"
kind = "vpc"
region = "cn-hangzhou"
account = "2000000000000002"
[[resource]]
id = "vsw-1"
kind = "vswitch"
parent = "vpc-1"
[[resource]]
id = "eni-1"
kind = "eni"
parent = "vsw-1"
vm_id = "i-1"
prefixes = ["10.0.1.0/24"]
[[resource]]
id = "eni-2"
kind = "eni"
parent = "vsw-1"
prefixes = ["10.0.2.0/24"]
[[resource]]
id = "eni-3"
kind = "eni"
parent = "vsw-1"
prefixes = ["10.0.3.0/24"]
[[flow_log]]
name = "fl-vpc"
resource = "vpc-1"
window = "1m"
[[flow_log]]
name = "default"
window = "1m"
"#;

/// A whole minute.
const START: u32 = 1_700_000_040;

/// A V5 datagram at so many seconds with a record for each network interface, as a line of text.
fn line(exporter: &str, at: u32, sequence: u32, interfaces: &[u8]) -> String {
    let mut octets = Vec::new();
    let count = u16::try_from(interfaces.len()).unwrap();
    octets.extend([0, 5]);
    octets.extend(count.to_be_bytes());
    let uptime = 1_000_000 + at * 1_000;
    for word in [uptime, START + at, 0, sequence, 0] {
        octets.extend(word.to_be_bytes());
    }
    for interface in interfaces {
        let mut record = [0; 48];
        record[..4].copy_from_slice(&[172, 16, 0, 1]);
        record[4..8].copy_from_slice(&[10, 0, *interface, 7]);
        record[16..20].copy_from_slice(&10_u32.to_be_bytes());
        record[20..24].copy_from_slice(&1_000_u32.to_be_bytes());
        record[24..28].copy_from_slice(&(uptime - 1_000).to_be_bytes());
        record[28..32].copy_from_slice(&uptime.to_be_bytes());
        record[38] = 6;
        octets.extend(record);
    }
    let mut line = format!("{exporter} 49152 2055 {}000000 ", START + at);
    for octet in octets {
        write!(line, "{octet:02x}").unwrap();
    }
    line + "\n"
}

fn replayed(dir: &Path, capture: &str, workers: u8) -> String {
    let (config, file) = (dir.join("flowlogd.toml"), dir.join("capture.txt"));
    std::fs::write(&config, CONFIG).unwrap();
    std::fs::write(&file, capture).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_flowlogd"))
        .arg("replay")
        .arg(&file)
        .args(["--format", "json", "--set"])
        .arg(format!("collect.workers={workers}"))
        .arg("--config")
        .arg(&config)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The rows of `fl-vpc` that are no flows, as: interface, minute, status, lost records, reason.
fn told(rows: &[Value]) -> Vec<(String, i64, String, String, String)> {
    let text = |row: &Value, column: &str| row[column].as_str().unwrap().to_owned();
    let told = rows.iter().filter(|row| {
        let status = row.get("log-status").and_then(Value::as_str);
        status.is_some_and(|status| status != "OK")
    });
    told.map(|row| {
        let window: i64 = text(row, "window").parse().unwrap();
        (
            text(row, "eni-id"),
            (window - i64::from(START)) / 60,
            text(row, "log-status"),
            row.get("lost_records")
                .map_or("-", |it| it.as_str().unwrap())
                .to_owned(),
            text(row, "reason"),
        )
    })
    .collect()
}

fn capture() -> String {
    [
        line("192.0.2.1", 10, 0, &[1, 2]),
        line("192.0.2.1", 70, 2, &[1]),
        line("192.0.2.1", 130, 7, &[1]),
        line("192.0.2.9", 360, 0, &[3]),
    ]
    .concat()
}

fn parsed(output: &str) -> Vec<Value> {
    let lines = output.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn silent_and_lossy_windows_of_a_resource_are_rows_of_a_vpc_flow_log() {
    let dir = tempfile::tempdir().unwrap();
    let mut rows = parsed(&replayed(dir.path(), &capture(), 1));
    let ledger = rows.pop().unwrap();
    let expected = [
        ("eni-2", 1, "NODATA", "-", "window"),
        // Four flows are missing: eni-1 has had three records until then, eni-2 one.
        ("eni-1", 2, "SKIPDATA", "3", "window"),
        ("eni-2", 2, "SKIPDATA", "1", "window"),
        ("eni-1", 3, "NODATA", "-", "window"),
        ("eni-2", 3, "NODATA", "-", "window"),
        // The capture ends: of windows that were over it is said early what is known.
        ("eni-1", 4, "NODATA", "-", "forced"),
        ("eni-2", 4, "NODATA", "-", "forced"),
        ("eni-1", 5, "NODATA", "-", "forced"),
        ("eni-2", 5, "NODATA", "-", "forced"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|it| (it.0.into(), it.1, it.2.into(), it.3.into(), it.4.into()))
        .collect();
    assert_eq!(told(&rows), expected);

    let of = |row: &&Value| row["row-id"].as_str().unwrap().contains("-fl-vpc-");
    let count = rows.iter().filter(of).count();
    let vpc = &ledger["flow_logs"]["fl-vpc"];
    assert_eq!(vpc["rows"], count, "they count as rows");
    assert_eq!(
        (&vpc["matched"]["records"], &vpc["emitted"]["records"]),
        (&5.into(), &5.into())
    );
    let default = &ledger["flow_logs"]["default"];
    assert_eq!(default["rows"], rows.len() - count, "SAG has none");
}

#[test]
fn a_row_without_a_flow_names_resource_and_window_alone() {
    let dir = tempfile::tempdir().unwrap();
    let rows = parsed(&replayed(dir.path(), &capture(), 1));
    let is_skipped = |row: &&Value| row["log-status"] == "SKIPDATA";
    let row = rows.iter().find(is_skipped).unwrap().as_object().unwrap();
    let start = START + 120;
    let (from, to) = (start.to_string(), (start + 60).to_string());
    let values = [
        ("version", "1"),
        ("vswitch-id", "vsw-1"),
        ("vm-id", "i-1"),
        ("vpc-id", "vpc-1"),
        ("account-id", "2000000000000002"),
        ("eni-id", "eni-1"),
        ("region", "cn-hangzhou"),
        ("start", &from),
        ("end", &to),
        ("log-status", "SKIPDATA"),
        ("window", &from),
        ("late", "false"),
        ("reason", "window"),
        ("row-id", "0-fl-vpc-64-1"),
        ("lost_records", "3"),
        ("__time__", &to),
        ("__topic__", "flow_log"),
    ];
    for (column, value) in row {
        let stated = values.iter().find(|(name, _)| name == column);
        assert_eq!(value, stated.map_or("-", |(_, value)| value), "{column}");
    }
    for (column, _) in values {
        assert!(row.contains_key(column), "{column}");
    }
}

#[test]
fn the_number_of_workers_changes_no_octet() {
    let mut capture = String::new();
    // Exporters in several partitions, which see the same interfaces at odd times, and lose some.
    for step in 0..600_u32 {
        let exporter = format!("192.0.2.{}", step % 7);
        let interface = u8::try_from(1 + step * step % 11 % 3).unwrap();
        let sequence = step / 7 + step / 100 * 5;
        capture += &line(&exporter, step * 13, sequence, &[interface]);
    }
    let dir = tempfile::tempdir().unwrap();
    let one = replayed(dir.path(), &capture, 1);
    assert!(told(&parsed(&one)).len() > 20);
    for workers in [2, 8] {
        assert!(replayed(dir.path(), &capture, workers) == one, "{workers}");
    }
}
