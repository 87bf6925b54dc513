use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::num::NonZeroUsize;

use crossbeam_channel::{bounded, unbounded};
use flowlog_pipeline::Settings;
use flowlog_record::{HashKey, Row};

use super::*;
use crate::config::Config;
use crate::run::book::Numbered;

const PARTITIONS: NonZeroU16 = NonZeroU16::new(4).unwrap();

struct Bench {
    worker: Worker,
    commands: Sender<Command>,
    rows: Inbox<Handover>,
    numbered: Numbered,
    address: SocketAddr,
}

/// One worker with all partitions, on a port of the loopback.
fn bench() -> Bench {
    let config = Config::default();
    let numbered = Numbered::new(&config, Vec::new(), Vec::new()).unwrap();
    let generation = numbered.generation().unwrap();
    let settings = Settings::with_key(HashKey::PUBLIC);
    let owned = (0..PARTITIONS.get())
        .map(|number| Owned {
            number,
            partition: Partition::new(&settings, &generation),
        })
        .collect();
    let bound = flowlog_collect::bind(&flowlog_collect::Settings {
        listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
        workers: NonZeroUsize::MIN,
        partitions: PARTITIONS,
        ..flowlog_collect::Settings::default()
    })
    .unwrap();
    let address = bound.report.listeners[0].bound;
    let receiver = bound.receivers.into_iter().next().unwrap();
    let (to_rows, rows) = bounded(2);
    let (commands, inbox) = unbounded();
    let links = Links {
        rows: to_rows,
        notices: unbounded().0,
        shed: Arc::default(),
        own: OwnSockets::default(),
        board: Arc::new(Board::new(1, numbered.names())),
        delivery: Arc::new(Delivery::new(&config, 1, &numbered)),
    };
    Bench {
        worker: Worker::new((0, 1, PARTITIONS), receiver, owned, inbox, links),
        commands,
        rows,
        numbered,
        address,
    }
}

/// V5 headers without records: accepted, however many there are.
fn send(to: SocketAddr, count: u32) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for n in 0..count {
        let mut octets = [0; 24];
        octets[1] = 5;
        octets[16..20].copy_from_slice(&n.to_be_bytes());
        socket.send_to(&octets, to).unwrap();
    }
}

fn datagrams(owned: &[Owned]) -> u64 {
    owned
        .iter()
        .map(|owned| owned.partition.ledger().datagrams.total())
        .sum()
}

#[test]
fn a_worker_that_was_never_begun_gives_everything_back_untouched() {
    let Bench {
        worker,
        commands,
        address,
        ..
    } = bench();
    send(address, 3);
    drop(commands);
    let (owned, outbox) = worker.run();
    assert_eq!((owned.len(), outbox.len(), datagrams(&owned)), (4, 0, 0));
}

#[test]
fn what_the_kernel_has_is_taken_even_if_the_wake_comes_behind_the_command() {
    let mut bench = bench();
    send(bench.address, 100);
    bench.commands.send(Command::Stop).unwrap();
    assert!(bench.worker.turn());
    bench.worker.receiver.waker().wake();
    bench.worker.drain();
    assert_eq!(datagrams(&bench.worker.owned), 100);
}

#[test]
fn datagrams_are_shed_and_counted_while_memory_is_short() {
    let mut bench = bench();
    bench.worker.links.shed.store(true, Ordering::Relaxed);
    send(bench.address, 5);
    bench.worker.drain();
    let shed = |owned: &Owned| owned.partition.ledger().datagrams.shed;
    assert_eq!(bench.worker.owned.iter().map(shed).sum::<u64>(), 5);
}

#[test]
fn rows_that_nobody_takes_wait_in_their_order_and_leave_in_it() {
    let mut bench = bench();
    for number in 0..5 {
        let rows = vec![row(number)].into();
        bench.worker.owned[1].partition.put_back_rows(rows);
        bench.worker.hand_over();
    }
    let numbers = |handovers: Vec<Handover>| -> Vec<u64> {
        let rows = handovers.iter().flat_map(|handover| handover.rows.iter());
        rows.map(|row| row.number).collect()
    };
    assert_eq!(bench.worker.outbox.len(), 3, "two places in the channel");
    let mut taken = bench.rows.try_iter().collect::<Vec<_>>();
    bench.worker.hand_over();
    taken.extend(bench.rows.try_iter());
    bench.worker.hand_over();
    taken.extend(bench.rows.try_iter());
    assert_eq!(numbers(taken), [0, 1, 2, 3, 4]);
}

#[test]
fn many_rows_are_handed_over_in_parts_and_in_their_order() {
    let mut bench = bench();
    let many = (0..).map(row).take(2 * HANDOVER + 5).collect();
    bench.worker.owned[2].partition.put_back_rows(many);
    bench.worker.hand_over();
    let mut parts: Vec<RowBlocks> = bench.rows.try_iter().map(|it| it.rows).collect();
    bench.worker.hand_over();
    parts.extend(bench.rows.try_iter().map(|it| it.rows));
    let lengths: Vec<usize> = parts.iter().map(RowBlocks::len).collect();
    assert_eq!(lengths, [HANDOVER, HANDOVER, 5]);
    let numbers = parts.iter().flat_map(RowBlocks::iter).map(|row| row.number);
    assert!(numbers.is_sorted());
}

#[test]
fn rows_leave_under_the_flow_logs_that_held_when_they_left() {
    let mut bench = bench();
    let before = Arc::clone(&bench.worker.links.delivery);
    bench.worker.owned[0]
        .partition
        .put_back_rows(vec![row(0)].into());
    let next = Arc::new(Delivery::new(&Config::default(), 1, &bench.numbered));
    let generation = bench.numbered.generation().unwrap();
    bench.worker.change(&generation, Arc::clone(&next));
    bench.worker.owned[0]
        .partition
        .put_back_rows(vec![row(1)].into());
    bench.worker.hand_over();
    let deliveries: Vec<_> = bench.rows.try_iter().map(|it| it.delivery).collect();
    assert!(Arc::ptr_eq(&deliveries[0], &before) && Arc::ptr_eq(&deliveries[1], &next));
}

fn row(number: u64) -> Row {
    use flowlog_record::{
        Address, Distribution, FlowKey, FlowLogIndex, LogStatus, Present, Reason, RowSampling,
    };
    Row {
        flow_log: FlowLogIndex(0),
        exporter: Address::UNSPECIFIED,
        key: FlowKey::default(),
        has_source: false,
        has_destination: false,
        present: Present::default(),
        start: Timestamp(0),
        end: Timestamp(0),
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
        left_at: Timestamp(0),
        number,
        records: 1,
        extra: None,
    }
}
