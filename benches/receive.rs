//! What does it cost to take a datagram from the kernel, and what are batches worth?
//!
//! The same burst of datagrams waits in a socket's queue; measured is taking it, not sending it.
//! The floor is a plain loop of the standard library's `recv_from`, which learns no time.

use std::hint::black_box;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use flowlog_collect::{BATCH, Receiver, Settings, bind};

/// A full datagram of most Exporters. A burst of them fits into a receive buffer of default size.
const OCTETS: usize = 1400;
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends bursts in which each datagram carries its number.
struct Sender {
    socket: UdpSocket,
    octets: Vec<u8>,
}

impl Sender {
    fn to(address: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(address).unwrap();
        Self {
            socket,
            octets: vec![0; OCTETS],
        }
    }

    fn burst(&mut self) {
        for number in 0..BATCH {
            self.octets[0] = u8::try_from(number).unwrap();
            assert_eq!(self.socket.send(&self.octets).unwrap(), OCTETS);
        }
    }
}

/// What a burst must have been when it has arrived: datagrams, octets, sum of the numbers.
type Arrived = (usize, usize, usize);

const ALL: Arrived = (BATCH, BATCH * OCTETS, BATCH * (BATCH - 1) / 2);

fn floor(socket: &UdpSocket, buffer: &mut [u8]) -> Arrived {
    let mut arrived = (0, 0, 0);
    while arrived.0 < BATCH {
        let (octets, from) = socket.recv_from(buffer).unwrap();
        black_box(from);
        arrived.0 += 1;
        arrived.1 += octets;
        arrived.2 += usize::from(buffer[0]);
    }
    arrived
}

fn ours(receiver: &mut Receiver) -> Arrived {
    let mut arrived = (0, 0, 0);
    while arrived.0 < BATCH {
        let received = receiver.receive(PATIENCE).unwrap();
        assert!(!received.is_empty(), "{} of {BATCH}", arrived.0);
        for datagram in &received {
            black_box((datagram.from, datagram.at_us));
            arrived.0 += 1;
            arrived.1 += datagram.octets.len();
            arrived.2 += usize::from(datagram.octets[0]);
        }
    }
    arrived
}

fn open(batch: usize) -> (Receiver, Sender) {
    let mut bound = bind(&Settings {
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        batch,
        ..Settings::default()
    })
    .unwrap();
    let sender = Sender::to(bound.report.listeners[0].bound);
    (bound.receivers.remove(0), sender)
}

fn receive(c: &mut Criterion) {
    let mut group = c.benchmark_group("receive");
    group.throughput(Throughput::ElementsAndBytes {
        elements: BATCH.try_into().unwrap(),
        bytes: (BATCH * OCTETS).try_into().unwrap(),
    });

    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut sender = Sender::to(socket.local_addr().unwrap());
    let mut buffer = vec![0; 65_535];
    group.bench_function("floor: std recv_from", |b| {
        b.iter_batched(
            || sender.burst(),
            |()| assert_eq!(floor(&socket, &mut buffer), ALL),
            BatchSize::PerIteration,
        );
    });

    for (name, batch) in [("one at a time", 1), ("recvmmsg", BATCH)] {
        let (mut receiver, mut sender) = open(batch);
        group.bench_function(name, |b| {
            b.iter_batched(
                || sender.burst(),
                |()| assert_eq!(ours(&mut receiver), ALL),
                BatchSize::PerIteration,
            );
        });
        assert_eq!(receiver.drops(), 0, "{name}");
    }
    group.finish();
}

criterion_group!(benches, receive);
criterion_main!(benches);
