//! Streams against a Logstore that is served as the real service is, with trouble in between.

#![expect(
    clippy::disallowed_methods,
    reason = "a test waits for what happens in other threads"
)]

mod remote;

use std::net::UdpSocket;
use std::time::Instant as StdInstant;

use flowlog_decode::{Batch, Decoder, Settings as Decoding, Visitor};
use flowlog_logstore::SPOOL;
use flowlog_record::HashKey;
use flowlog_sls::index::IndexConfig;

use super::*;
use crate::error::Class;
use crate::sample::{arc, batch, ids, lane_ids};
use crate::sls::{Columns, Routing, Signature};
use crate::spec::Destination;
use remote::{Fault, PROJECT, Remote, STORE, now};

const PLACE: (&str, &str) = ("flow-logs", "default");
const PATIENCE: Duration = Duration::from_secs(20);

/// A Logstore with rows that are to go somewhere.
struct Here {
    dir: tempfile::TempDir,
    logstore: Arc<Logstore>,
}

impl Here {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let settings = flowlog_logstore::Settings::default();
        let (logstore, _) = Logstore::open(&dir.path().join("logstore"), settings).unwrap();
        logstore
            .ensure_logstore(PLACE.0, PLACE.1, IndexConfig::default())
            .unwrap();
        Self {
            dir,
            logstore: Arc::new(logstore),
        }
    }

    fn sink(&self, settings: Settings) -> Sink {
        let path = self.dir.path().join("sink.sqlite");
        Sink::open(&path, Arc::clone(&self.logstore), settings).unwrap()
    }

    fn append(&self, flow_log: &str, partition: u16, numbers: std::ops::Range<u64>) {
        self.append_at(seconds(), (flow_log, partition), numbers);
    }

    fn append_at(&self, time: u32, of: (&str, u16), numbers: std::ops::Range<u64>) {
        let batch = batch(PLACE, of, time, numbers);
        self.logstore.append(batch).wait().unwrap();
    }
}

fn seconds() -> u32 {
    u32::try_from(now().seconds()).unwrap()
}

fn spec(flow_log: &str) -> Spec {
    Spec {
        flow_log: arc(flow_log),
        project: arc(PLACE.0),
        logstore: arc(PLACE.1),
        to: Destination::Sls {
            region: "cn-test".to_owned(),
            project: PROJECT.to_owned(),
            logstore: STORE.to_owned(),
        },
    }
}

fn settings(remote: &Remote, change: impl FnOnce(&mut crate::SlsRegion)) -> Settings {
    let mut region = remote.region();
    change(&mut region);
    Settings {
        regions: [(
            "cn-test".to_owned(),
            Arc::new(SlsClient::new(region, now).unwrap()),
        )]
        .into(),
        own: OwnSockets::default(),
        clusters: BTreeMap::new(),
        most: MostBacklog {
            octets: 1 << 30,
            age: Duration::from_hours(24),
        },
        now,
    }
}

/// Waits until something is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = StdInstant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn figures(sink: &Sink, flow_log: &str) -> Figures {
    let all = sink.figures();
    all.into_iter()
        .find(|it| *it.spec.flow_log == *flow_log)
        .unwrap()
}

/// What is at the far side, lane by lane; within a lane in the order in which it came.
fn arrived(remote: &Remote, flow_log: &str, partition: u16) -> Vec<String> {
    let prefix = format!("0-{flow_log}-{partition}-");
    let mut all = ids(&remote.groups());
    all.retain(|id| id.starts_with(&prefix));
    all
}

#[test]
fn rows_of_a_flow_log_arrive_once_and_those_of_others_do_not() {
    let (here, remote) = (Here::new(), Remote::new());
    here.append("fl-1", 0, 0..5);
    let sink = here.sink(settings(&remote, |_| {}));
    sink.set(vec![spec("fl-1")]).unwrap();
    for step in 0..10 {
        for partition in 0..4 {
            here.append("fl-1", partition, 5 + step * 100..5 + (step + 1) * 100);
            here.append("other", partition, step * 10..(step + 1) * 10);
        }
    }
    until("all rows", || ids(&remote.groups()).len() == 4000);
    // What was there before the stream began is not its own.
    for partition in 0..4 {
        assert_eq!(
            arrived(&remote, "fl-1", partition),
            lane_ids("fl-1", partition, 5..1005)
        );
    }
    until("the backlog's end", || {
        figures(&sink, "fl-1").backlog_since.is_none()
    });
    let told = figures(&sink, "fl-1");
    assert_eq!((told.delivered, told.failing), (4000, false));
    assert!(sink.delivers("fl-1") && sink.delivers("nobody"));
    sink.stop(PATIENCE);
}

#[test]
fn trouble_of_every_kind_loses_nothing_and_turns_no_order() {
    let (here, remote) = (Here::new(), Remote::new());
    let sink = here.sink(settings(&remote, |region| region.signature = Signature::V1));
    remote.plan([
        Fault::Refuse(500, "InternalServerError"),
        Fault::Pass,
        Fault::Cut,
        Fault::Refuse(403, "ShardWriteQuotaExceed"),
        Fault::Refuse(413, "PostBodyTooLarge"),
        Fault::Pass,
        Fault::Garbage(502),
        Fault::Refuse(503, "ServerBusy"),
    ]);
    sink.set(vec![spec("fl-1")]).unwrap();
    for partition in 0..3 {
        here.append("fl-1", partition, 0..500);
    }
    until("all rows", || ids(&remote.groups()).len() == 1500);
    for partition in 0..3 {
        assert_eq!(
            arrived(&remote, "fl-1", partition),
            lane_ids("fl-1", partition, 0..500)
        );
    }
    let told = figures(&sink, "fl-1");
    let failed = |class| {
        told.failures
            .iter()
            .find(|(name, _)| *name == class)
            .unwrap()
            .1
    };
    assert_eq!(
        (failed("unreachable"), failed("quota"), failed("too_large")),
        (1, 1, 1)
    );
    assert_eq!((failed("busy"), told.rejected, told.given_up), (3, 0, 0));
    sink.stop(PATIENCE);
}

#[test]
fn a_clock_that_is_off_is_mended_at_once() {
    let remote = Remote::new();
    remote.turn_clock(7200);
    let here = Here::new();
    let sink = here.sink(settings(&remote, |_| {}));
    sink.set(vec![spec("fl-1")]).unwrap();
    // By the far side's clock.
    here.append_at(seconds() + 7200, ("fl-1", 0), 0..10);
    until("the rows", || ids(&remote.groups()).len() == 10);
    let told = figures(&sink, "fl-1");
    let clock = told
        .failures
        .iter()
        .find(|(name, _)| *name == "clock")
        .unwrap();
    assert_eq!((clock.1, told.attempts), (1, 2));
    sink.stop(PATIENCE);
}

#[test]
fn a_row_that_the_target_does_not_take_is_left_out_alone() {
    let (here, remote) = (Here::new(), Remote::new());
    let sink = here.sink(settings(&remote, |_| {}));
    sink.set(vec![spec("fl-1")]).unwrap();
    let numbers: Vec<u64> = (0..100).collect();
    let mut batch = batch(PLACE, ("fl-1", 0), seconds(), 0..100);
    batch.groups = vec![crate::sample::group("fl-1", 0, seconds(), &numbers)];
    batch.groups[0].time[42] = seconds() - 9 * 86_400;
    here.logstore.append(batch).wait().unwrap();
    until("the rest", || ids(&remote.groups()).len() == 99);
    assert!(!ids(&remote.groups()).contains(&"0-fl-1-0-42".to_owned()));
    until("its count", || figures(&sink, "fl-1").rejected == 1);
    sink.stop(PATIENCE);
}

#[test]
fn what_had_not_arrived_when_the_process_died_arrives_later_under_its_id() {
    let (here, remote) = (Here::new(), Remote::new());
    let sink = here.sink(settings(&remote, |_| {}));
    sink.set(vec![spec("fl-1")]).unwrap();
    here.append("fl-1", 0, 0..100);
    until("the first rows", || ids(&remote.groups()).len() == 100);
    remote.plan(vec![Fault::Hang; 50]);
    here.append("fl-1", 0, 100..200);
    here.append("fl-1", 1, 0..50);
    until("an attempt", || remote.left() < 50);
    // Nothing more is noted: as a death does.
    sink.stop(Duration::ZERO);
    remote.plan([]);
    let sink = here.sink(settings(&remote, |_| {}));
    sink.set(vec![spec("fl-1")]).unwrap();
    until("the rest", || ids(&remote.groups()).len() >= 250);
    assert_eq!(arrived(&remote, "fl-1", 0), lane_ids("fl-1", 0, 0..200));
    assert_eq!(arrived(&remote, "fl-1", 1), lane_ids("fl-1", 1, 0..50));
    sink.stop(PATIENCE);
}

#[test]
fn what_is_too_much_is_given_up_the_oldest_first_and_counted() {
    let (here, remote) = (Here::new(), Remote::new());
    let mut small = settings(&remote, |_| {});
    small.most.octets = 200_000;
    remote.refuse_all(401, "Unauthorized");
    let sink = here.sink(small);
    sink.set(vec![spec("fl-1")]).unwrap();
    for step in 0..60 {
        here.append("fl-1", 0, step * 100..(step + 1) * 100);
    }
    until("rows to be given up", || {
        figures(&sink, "fl-1").given_up > 0
    });
    until("the bound", || {
        figures(&sink, "fl-1").backlog_octets <= 200_000
    });
    until("trouble", || !sink.delivers("fl-1"));
    let told = figures(&sink, "fl-1");
    assert!(told.last_error.unwrap().contains("Unauthorized"));
    remote.pass_all();
    sink.stop(Duration::ZERO);
    let sink = here.sink(settings(&remote, |_| {}));
    sink.set(vec![spec("fl-1")]).unwrap();
    here.append("fl-1", 0, 6000..6001);
    let last = "0-fl-1-0-6000".to_owned();
    until("the last row", || ids(&remote.groups()).contains(&last));
    let came = ids(&remote.groups());
    let given_up = usize::try_from(told.given_up).unwrap();
    assert_eq!(came.len() + given_up, 6001);
    let first = u64::try_from(given_up).unwrap();
    assert_eq!(came, lane_ids("fl-1", 0, first..6001));
    sink.stop(PATIENCE);
}

#[test]
fn a_spool_gives_back_what_has_arrived_and_goes_with_its_flow_log() {
    let (here, remote) = (Here::new(), Remote::new());
    let sink = here.sink(settings(&remote, |_| {}));
    here.logstore.ensure_spool("fl-9").unwrap();
    let hidden = Spec {
        project: arc(SPOOL),
        logstore: arc("fl-9"),
        ..spec("fl-9")
    };
    sink.set(vec![hidden]).unwrap();
    let batch = batch((SPOOL, "fl-9"), ("fl-9", 0), seconds(), 0..1000);
    here.logstore.append(batch).wait().unwrap();
    here.logstore.seal();
    until("all rows", || ids(&remote.groups()).len() == 1000);
    until("room", || {
        let shard = &here.logstore.readable(SPOOL, "fl-9").unwrap()[0];
        shard.first == shard.end
    });
    sink.set(vec![]).unwrap();
    until("its end", || {
        here.logstore.spools().is_empty() && sink.figures().is_empty()
    });
    sink.stop(PATIENCE);
    let sink = here.sink(settings(&remote, |_| {}));
    assert!(sink.figures().is_empty());
    sink.stop(PATIENCE);
}

#[test]
fn rows_that_are_written_elsewhere_from_now_on_arrive_behind_those_before() {
    let (here, remote) = (Here::new(), Remote::new());
    here.logstore.ensure_spool("fl-1").unwrap();
    let hidden = || Spec {
        project: arc(SPOOL),
        logstore: arc("fl-1"),
        ..spec("fl-1")
    };
    let spooled = |numbers| batch((SPOOL, "fl-1"), ("fl-1", 0), seconds(), numbers);
    let sink = here.sink(settings(&remote, |_| {}));
    sink.set(vec![hidden()]).unwrap();
    remote.refuse_all(503, "ServerBusy");
    here.logstore.append(spooled(0..50)).wait().unwrap();
    until("trouble", || !sink.delivers("fl-1"));
    // It is read from its own Logstore now, which is older than the spool, and has rows at once.
    sink.set(vec![spec("fl-1")]).unwrap();
    here.append("fl-1", 0, 50..100);
    sink.stop(Duration::ZERO);
    let sink = here.sink(settings(&remote, |_| {}));
    sink.set(vec![spec("fl-1")]).unwrap();
    here.append("fl-1", 0, 100..150);
    std::thread::sleep(Duration::from_millis(500));
    remote.pass_all();
    until("all rows", || ids(&remote.groups()).len() >= 150);
    assert_eq!(arrived(&remote, "fl-1", 0), lane_ids("fl-1", 0, 0..150));
    until("the spool's end", || here.logstore.spools().is_empty());
    sink.stop(PATIENCE);
}

#[test]
fn the_service_is_known_by_the_certificates_of_a_file_and_by_no_others() {
    let here = Here::new();
    let remote = Remote::secure();
    let trusting = settings(&remote, |region| region.routing = Routing::Balanced);
    let sink = here.sink(trusting);
    sink.set(vec![spec("fl-1")]).unwrap();
    here.append("fl-1", 0, 0..10);
    until("the rows", || ids(&remote.groups()).len() == 10);
    sink.stop(PATIENCE);

    let stranger = Remote::secure();
    let mut region = remote.region();
    region.ca = stranger.region().ca;
    let client = SlsClient::new(region, now).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let refused = runtime.block_on(client.check(PROJECT, STORE)).unwrap_err();
    assert_eq!(refused.class, Class::Unreachable);
    assert!(refused.message.contains("certificate"), "{refused}");
    let client = SlsClient::new(remote.region(), now).unwrap();
    runtime.block_on(client.check(PROJECT, STORE)).unwrap();
    let missing = runtime
        .block_on(client.check(PROJECT, "nothing"))
        .unwrap_err();
    assert_eq!(missing.class, Class::Missing);
    let mut silent = remote.region();
    silent.columns = Columns::All;
    silent.ca = Some("nowhere.pem".into());
    assert!(matches!(
        SlsClient::new(silent, now),
        Err(crate::SlsError::Certificates { .. })
    ));
}

/// A stream that exports to a socket of this test.
fn exporting(server: std::net::SocketAddr, speech: crate::Speech) -> Spec {
    Spec {
        to: Destination::Netflow(crate::Collector {
            server,
            speech,
            domain: 7,
            layout: crate::Layout::Cen,
        }),
        ..spec("fl-1")
    }
}

/// What a collector has of the Flow Records that came.
#[derive(Default)]
struct Seen {
    records: u64,
    octets: u64,
}

impl Visitor for Seen {
    fn records(&mut self, batch: &mut Batch<'_>) {
        for record in &*batch.records {
            self.records += 1;
            self.octets += record.octets;
        }
    }
}

fn decoder() -> Decoder {
    Decoder::new(Decoding::default(), HashKey::PUBLIC)
}

/// Takes datagrams until so many Flow Records have come.
fn take(socket: &UdpSocket, decoder: &mut Decoder, wanted: u64) -> Seen {
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut seen = Seen::default();
    let mut buffer = [0; 2048];
    while seen.records < wanted {
        let (length, from) = socket.recv_from(&mut buffer).expect("datagrams");
        let _ = decoder.decode(now(), from.ip(), &buffer[..length], &mut seen);
    }
    seen
}

#[test]
fn rows_are_exported_to_another_collector_and_go_on_after_a_restart() {
    for speech in [crate::Speech::V5, crate::Speech::V9, crate::Speech::V10] {
        let (here, remote) = (Here::new(), Remote::new());
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let spec = exporting(socket.local_addr().unwrap(), speech);
        let mut decoder = decoder();
        for round in 0..2 {
            let sink = here.sink(settings(&remote, |_| {}));
            sink.set(vec![spec.clone()]).unwrap();
            here.append("fl-1", 0, round * 100 + 1..round * 100 + 101);
            let seen = take(&socket, &mut decoder, 100);
            let sum: u64 = (round * 100 + 1..round * 100 + 101).sum();
            assert_eq!((seen.records, seen.octets), (100, sum), "{speech:?}");
            until("the count", || figures(&sink, "fl-1").delivered == 100);
            sink.stop(PATIENCE);
        }
    }
}

#[test]
fn ipfix_over_a_connection_goes_on_with_the_next_one() {
    use std::io::Read as _;
    let (here, remote) = (Here::new(), Remote::new());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap();
    let sink = here.sink(settings(&remote, |_| {}));
    sink.set(vec![exporting(server, crate::Speech::V10Tcp)])
        .unwrap();
    here.append("fl-1", 0, 0..50);
    let read = |wanted: u64| {
        let (mut stream, from) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (mut decoder, mut seen) = (decoder(), Seen::default());
        while seen.records < wanted {
            let mut head = [0; 4];
            stream.read_exact(&mut head).unwrap();
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let mut message = head.to_vec();
            message.resize(length, 0);
            stream.read_exact(&mut message[4..]).unwrap();
            let _ = decoder.decode(now(), from.ip(), &message, &mut seen);
        }
        seen
    };
    assert_eq!(read(50).octets, (0..50).sum::<u64>());
    until("the count", || figures(&sink, "fl-1").delivered == 50);
    // The connection is gone by now: what is written to it finds that out, the first part unheard.
    std::thread::scope(|scope| {
        let second = scope.spawn(|| read(1));
        for step in 1..100 {
            here.append("fl-1", 0, step * 50..(step + 1) * 50);
            std::thread::sleep(Duration::from_millis(50));
            if second.is_finished() {
                break;
            }
        }
        assert!(second.join().unwrap().records >= 1);
    });
    drop(listener);
    sink.stop(Duration::ZERO);
}

#[test]
fn what_netflow_5_cannot_say_is_counted() {
    let (here, remote) = (Here::new(), Remote::new());
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sink = here.sink(settings(&remote, |_| {}));
    sink.set(vec![exporting(
        socket.local_addr().unwrap(),
        crate::Speech::V5,
    )])
    .unwrap();
    let mut rows = batch(PLACE, ("fl-1", 0), seconds(), 1..4);
    let source = rows.groups[0]
        .columns
        .iter_mut()
        .find(|it| &*it.name == "srcaddr")
        .unwrap();
    source.values = flowlog_logstore::batch::Values::Text {
        dictionary: vec!["2001:db8::1".into(), "192.0.2.7".into()],
        index: vec![0, 1, 0],
    };
    here.logstore.append(rows).wait().unwrap();
    assert_eq!(take(&socket, &mut decoder(), 1).octets, 2);
    until("the count", || figures(&sink, "fl-1").rejected == 2);
    assert_eq!(figures(&sink, "fl-1").delivered, 1);
    sink.stop(PATIENCE);
}
