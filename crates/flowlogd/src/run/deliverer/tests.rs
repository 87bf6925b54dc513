use crossbeam_channel::{bounded, unbounded};
use flowlog_logstore::Settings;
use flowlog_record::{
    Address, Distribution, FlowKey, FlowLogIndex, LogStatus, Present, Reason, Row, RowSampling,
};
use flowlog_sls::GetLogsRequest;

use super::*;
use crate::config::Config;
use crate::run::book::Numbered;
use crate::run::delivery::Delivery;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// A deliverer over a Logstore in a directory of its own.
struct Bench {
    logstore: Arc<Logstore>,
    delivery: Arc<Delivery>,
    rows: Sender<Handover>,
    stopping: Sender<()>,
    events: Inbox<Event>,
    board: Arc<Board>,
    deliverer: Deliverer,
    _dir: tempfile::TempDir,
}

fn bench(settings: Settings) -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::default();
    let numbered = Numbered::new(&config, Vec::new(), Vec::new()).unwrap();
    let delivery = Arc::new(Delivery::new(&config, 1, &numbered));
    let (logstore, _) = Logstore::open(dir.path(), settings).unwrap();
    let logstore = Arc::new(logstore);
    delivery.make_logstores(&logstore).unwrap();
    let (rows, inbox) = unbounded();
    let (stopping, stopped) = bounded(0);
    let (told, events) = unbounded();
    let board = Arc::new(Board::new(0, numbered.names()));
    let deliverer = Deliverer::new(
        Arc::clone(&logstore),
        (inbox, stopped),
        Arc::clone(&board),
        told,
        (|| NOW, Arc::default()),
    );
    Bench {
        logstore,
        delivery,
        rows,
        stopping,
        events,
        board,
        deliverer,
        _dir: dir,
    }
}

impl Bench {
    fn hand_over(&self, partition: u16, numbers: std::ops::Range<u64>) {
        let handover = Handover {
            partition,
            delivery: Arc::clone(&self.delivery),
            rows: numbers.map(row).collect(),
        };
        self.rows.send(handover).unwrap();
    }
}

fn row(number: u64) -> Row {
    Row {
        flow_log: FlowLogIndex(0),
        exporter: Address::from_ipv4_octets([192, 0, 2, 1]),
        key: FlowKey::default(),
        has_source: false,
        has_destination: false,
        present: Present::default(),
        start: NOW,
        end: NOW,
        window: None,
        packets: 1,
        octets: 1,
        packets_raw: 1,
        octets_raw: 1,
        sampling: RowSampling::UnknownOrMixed,
        tcp_flags: 0,
        distribution: Distribution::Direct,
        late: false,
        reason: Reason::Window,
        status: LogStatus::Ok,
        left_at: NOW,
        number,
        records: 1,
        extra: None,
    }
}

/// The row ids that the Logstore has, in order.
fn stored(logstore: &Logstore) -> Vec<String> {
    let request: GetLogsRequest = serde_json::from_str(
        r#"{"from": 1699999000, "to": 1700001000, "query": "*", "line": 100}"#,
    )
    .unwrap();
    let answer = logstore.query("flow-logs", "default", &request).unwrap();
    let answer = serde_json::to_value(&answer).unwrap();
    let mut ids: Vec<String> = answer["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["row-id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

fn numbers(given_back: &[Handover]) -> Vec<(u16, u64)> {
    let rows = given_back.iter().flat_map(|handover| {
        let partition = handover.partition;
        handover.rows.iter().map(move |row| (partition, row.number))
    });
    rows.collect()
}

#[test]
fn rows_of_several_partitions_are_stored_once_whatever_is_sent_again() {
    let bench = bench(Settings::default());
    bench.hand_over(3, 0..2);
    bench.hand_over(4, 0..1);
    bench.hand_over(3, 2..4);
    bench.hand_over(3, 3..5);
    drop(bench.rows);
    assert!(bench.deliverer.run().is_empty());
    let ids: Vec<String> = (0..5)
        .map(|n| format!("1-default-3-{n}"))
        .chain(["1-default-4-0".to_owned()])
        .collect();
    assert_eq!(stored(&bench.logstore), ids);
    assert_eq!(bench.board.waiting_rows(), 0);
}

#[test]
fn a_logstore_that_was_deleted_is_made_again_and_nothing_is_lost() {
    let bench = bench(Settings::default());
    bench
        .logstore
        .delete_logstore("flow-logs", "default")
        .unwrap();
    bench.hand_over(3, 0..2);
    drop(bench.rows);
    assert!(bench.deliverer.run().is_empty());
    assert_eq!(stored(&bench.logstore), ["1-default-3-0", "1-default-3-1"]);
}

#[test]
fn what_a_full_disk_refuses_comes_back_in_its_order_when_the_daemon_stops() {
    let bench = bench(Settings {
        disk_budget: Some(0),
        ..Settings::default()
    });
    // The budget is looked at when something is sealed: the first rows find room.
    let mut kept = 0;
    while bench.logstore.stats().batches_refused_full == 0 {
        let (batches, _) = bench.delivery.batches(9, [row(kept)].iter(), NOW);
        for batch in batches {
            drop(bench.logstore.append(batch).wait());
        }
        bench.logstore.seal();
        kept += 1;
        assert!(kept < 1000, "the budget is not kept");
    }
    bench.hand_over(3, 0..2);
    bench.hand_over(4, 0..1);
    bench.hand_over(3, 2..4);
    drop(bench.stopping);
    drop(bench.rows);
    let given_back = bench.deliverer.run();
    assert_eq!(
        numbers(&given_back),
        [(3, 0), (3, 1), (4, 0), (3, 2), (3, 3)]
    );
    assert!(
        bench.events.try_recv().is_err(),
        "a full disk is no reason to end"
    );
}

#[test]
fn rows_that_no_logstore_takes_are_given_up_and_counted() {
    let bench = bench(Settings::default());
    let mut rows: Vec<Row> = (0..3).map(row).collect();
    rows[1].number = u64::MAX;
    bench
        .rows
        .send(Handover {
            partition: 3,
            delivery: Arc::clone(&bench.delivery),
            rows: rows.into(),
        })
        .unwrap();
    drop(bench.rows);
    assert!(bench.deliverer.run().is_empty());
    assert_eq!(bench.board.given_up_rows(), 3);
}
