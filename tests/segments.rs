//! Segments as other programs see them: rows of real datagrams, sealed, read by DuckDB.
//!
//! What DuckDB finds is compared with what the Logstore answers. Needs what `tests/sdk/install python`
//! installs. Without it the test says so and passes, but fails under `CI=true`.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, UdpSocket},
    path::Path,
    process::Command,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use flowlog_exporter_sim::{Fleet, FleetConfig};
use flowlog_record::Timestamp;
use flowlog_tests::daemon::{Daemon, installed};

/// One row a record, sealed a second later.
const CONFIG: &str = "seal_after = \"1s\"\n\
                      [[flow_log]]\nname = \"default\"\nwindow = \"none\"\n\
                      columns = [\"sourceMacAddress\"]\n";
/// Text columns, numbers, and one that is absent in every row.
const QUERY: &str = "select count(*) as rows, sum(bytes) as bytes, sum(packets) as packets, \
                     count(distinct srcaddr) as sources, count(distinct \"row-id\") as ids, \
                     min(srcport) as low, max(dstport) as high, \
                     sum(case when protocol = 6 then 1 else 0 end) as tcp";

#[test]
fn duckdb_reads_what_the_logstore_answers() {
    let Some(python) = installed("python/bin/python") else {
        return;
    };
    let daemon = Daemon::start(CONFIG);
    send(daemon.udp);
    let segments = daemon.data().join("logstore/flow-logs/default");
    let is_sealed = || {
        let ours = daemon.query("default", &format!("* | {QUERY}"));
        let rows: u64 = ours[0]["rows"].as_str().unwrap().parse().unwrap();
        rows > 1000 && rows == sealed(&python, &segments)
    };
    daemon.wait_until("all rows are in segments", is_sealed);

    let script = format!(
        "import duckdb,sys,json\n\
         of=duckdb.sql('''{QUERY} from read_parquet('{}/**/*.parquet', union_by_name=true)''')\n\
         print(json.dumps(dict(zip(of.columns,[str(v) for v in of.fetchall()[0]]))))",
        segments.display()
    );
    let theirs = run(&python, &script);
    let theirs: serde_json::Value = serde_json::from_str(&theirs).unwrap();
    let ours = daemon.query("default", &format!("* | {QUERY}"));
    for (column, value) in theirs.as_object().unwrap() {
        assert_eq!(&ours[0][column], value, "{column}");
    }
    daemon.stop();
}

/// How many rows DuckDB finds in segments.
fn sealed(python: &Path, segments: &Path) -> u64 {
    let has_any = fs::read_dir(segments).is_ok_and(|mut dir| dir.next().is_some());
    if !has_any {
        return 0;
    }
    let script = format!(
        "import duckdb,glob\n\
         there=glob.glob('{0}/**/*.parquet', recursive=True)\n\
         print(duckdb.sql('''select count(*) from read_parquet('{0}/**/*.parquet')''').fetchall()[0][0] \
         if there else 0)",
        segments.display()
    );
    run(python, &script).trim().parse().unwrap()
}

fn run(python: &Path, script: &str) -> String {
    let output = Command::new(python).args(["-c", script]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Five minutes of simulated Exporters, as fast as the socket takes them.
fn send(port: u16) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = Timestamp(i64::try_from(since.as_millis()).unwrap());
    let config = FleetConfig {
        exporters: 3,
        first_address: Ipv4Addr::new(127, 1, 90, 1),
        ..FleetConfig::default()
    };
    let mut fleet = Fleet::new(&config, now.plus(-300_000)).unwrap();
    let mut sockets = BTreeMap::new();
    let mut pump = |fleet: &mut Fleet| {
        while let Some(datagram) = fleet.poll(now) {
            let socket = sockets
                .entry(datagram.from)
                .or_insert_with(|| UdpSocket::bind((datagram.from, 0)).unwrap());
            let to = (Ipv4Addr::LOCALHOST, port);
            socket.send_to(&datagram.octets, to).unwrap();
            // A receive buffer that the kernel grants to anybody is enough.
            thread::sleep(Duration::from_micros(200));
        }
    };
    pump(&mut fleet);
    fleet.stop(now);
    pump(&mut fleet);
}
