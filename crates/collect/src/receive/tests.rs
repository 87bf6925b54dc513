use std::net::UdpSocket;
use std::num::NonZeroUsize;
use std::thread;

use super::*;
use crate::{Bound, Settings, bind};

const LONG: Duration = Duration::from_secs(20);
const AT_ONCE: Duration = Duration::ZERO;

fn open(listen: &[&str], batch: usize) -> (Receiver, Vec<SocketAddr>) {
    let Bound { receivers, report } = bind(&Settings {
        listen: listen
            .iter()
            .map(|address| address.parse().unwrap())
            .collect(),
        batch,
        ..Settings::default()
    })
    .unwrap();
    let [receiver] = <[Receiver; 1]>::try_from(receivers).unwrap();
    let bound = report
        .listeners
        .iter()
        .map(|listener| listener.bound)
        .collect();
    (receiver, bound)
}

fn sender(to: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind((to.ip(), 0)).unwrap();
    socket.connect(to).unwrap();
    socket
}

/// Receives until `count` datagrams are there, or nothing comes.
fn payloads(receiver: &mut Receiver, count: usize) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    while payloads.len() < count {
        let taken = receiver.receive(LONG).unwrap();
        assert!(!taken.is_empty(), "{} of {count}", payloads.len());
        payloads.extend(taken.iter().map(|datagram| datagram.octets.to_vec()));
    }
    payloads
}

#[test]
fn a_datagram_comes_with_its_sender() {
    let (mut receiver, bound) = open(&["127.0.0.1:0"], BATCH);
    let sender = sender(bound[0]);
    sender.send(b"flow").unwrap();
    let taken = receiver.receive(LONG).unwrap();
    assert_eq!(taken.len(), 1);
    let datagram = taken.iter().next().unwrap();
    assert_eq!(datagram.from, sender.local_addr().unwrap());
    assert_eq!(datagram.octets, b"flow");
    assert!(!datagram.truncated);
    assert_eq!(taken.into_iter().count(), 1);
}

#[test]
fn a_datagram_comes_with_the_time_at_which_the_kernel_got_it() {
    let now = || sys::clock_us(libc::CLOCK_REALTIME);
    let (mut receiver, bound) = open(&["127.0.0.1:0"], BATCH);
    let sender = sender(bound[0]);
    // The kernel begins to take times a moment after it was asked to; until then a datagram has
    // the time at which it was read.
    let by_the_kernel = (0..500).any(|_| {
        let before = now();
        sender.send(b"flow").unwrap();
        let sent = now();
        let at_us = receiver.receive(LONG).unwrap().iter().next().unwrap().at_us;
        assert!((before..=now()).contains(&at_us));
        receiver.receive(Duration::from_millis(1)).unwrap();
        at_us <= sent
    });
    assert!(by_the_kernel);
}

#[test]
fn batches_keep_the_order_and_empty_datagrams() {
    let (mut receiver, bound) = open(&["127.0.0.1:0"], BATCH);
    let sender = sender(bound[0]);
    let sent: Vec<_> = (0..200_u8)
        .map(|number| vec![number; usize::from(number)])
        .collect();
    for octets in &sent {
        sender.send(octets).unwrap();
    }
    assert_eq!(receiver.receive(AT_ONCE).unwrap().len(), BATCH);
    let rest = payloads(&mut receiver, 200 - BATCH);
    assert_eq!(rest, sent[BATCH..]);
    assert!(receiver.receive(AT_ONCE).unwrap().is_empty());
}

#[test]
fn an_old_batch_is_not_seen_again() {
    let (mut receiver, bound) = open(&["127.0.0.1:0"], BATCH);
    let sender = sender(bound[0]);
    for octets in [&b"a long one"[..], b"another"] {
        sender.send(octets).unwrap();
    }
    assert_eq!(payloads(&mut receiver, 2), [&b"a long one"[..], b"another"]);
    sender.send(b"x").unwrap();
    assert_eq!(payloads(&mut receiver, 1), [b"x"]);
    assert_eq!(receiver.receive(AT_ONCE).unwrap().iter().next(), None);
}

#[test]
fn the_longest_datagrams_of_both_families_come_whole() {
    for (listen, longest) in [("127.0.0.1:0", 65_507_u32), ("[::1]:0", 65_527)] {
        let (mut receiver, bound) = open(&[listen], BATCH);
        let sender = sender(bound[0]);
        let octets: Vec<u8> = (0..longest).map(|at| at.to_le_bytes()[0]).collect();
        for _ in 0..3 {
            sender.send(&octets).unwrap();
        }
        assert!(
            payloads(&mut receiver, 3)
                .iter()
                .all(|payload| *payload == octets)
        );
    }
}

#[test]
fn one_datagram_at_a_time_is_possible() {
    let (mut receiver, bound) = open(&["127.0.0.1:0"], 1);
    let sender = sender(bound[0]);
    for octet in 0..3 {
        sender.send(&[octet]).unwrap();
    }
    for octet in 0..3 {
        let taken = receiver.receive(LONG).unwrap();
        let octets: Vec<_> = taken.iter().map(|datagram| datagram.octets).collect();
        assert_eq!(octets, [[octet]]);
    }
}

#[test]
fn both_families_arrive_at_one_socket_and_ipv4_is_unmapped() {
    let (mut receiver, bound) = open(&["[::]:0"], BATCH);
    let port = bound[0].port();
    for ip in ["127.0.0.1", "::1"] {
        let sender = sender(SocketAddr::new(ip.parse().unwrap(), port));
        sender.send(b"x").unwrap();
        let taken = receiver.receive(LONG).unwrap();
        let datagram = taken.iter().next().unwrap();
        assert_eq!(datagram.from, sender.local_addr().unwrap());
    }
}

#[test]
fn several_addresses_take_turns() {
    let (mut receiver, bound) = open(&["127.0.0.1:0", "127.0.0.2:0"], 4);
    assert_eq!(receiver.local_addresses().collect::<Vec<_>>(), bound);
    for (number, to) in bound.iter().enumerate() {
        let sender = sender(*to);
        for _ in 0..12 {
            sender.send(&[u8::try_from(number).unwrap()]).unwrap();
        }
    }
    let turns: Vec<_> = (0..6)
        .map(|_| {
            let taken = receiver.receive(LONG).unwrap();
            assert_eq!(taken.len(), 4);
            taken.iter().next().unwrap().octets[0]
        })
        .collect();
    assert_eq!(turns, [0, 1, 0, 1, 0, 1]);
}

#[test]
fn nothing_comes_after_the_timeout() {
    let (mut receiver, _) = open(&["127.0.0.1:0"], BATCH);
    let before = sys::clock_us(libc::CLOCK_MONOTONIC);
    let taken = receiver.receive(Duration::from_micros(29_500)).unwrap();
    assert!(taken.is_empty() && !taken.woken());
    let waited = sys::clock_us(libc::CLOCK_MONOTONIC) - before;
    assert!(waited >= 29_500, "{waited} µs");
}

#[test]
fn a_wake_ends_the_wait_once() {
    let (mut receiver, _) = open(&["127.0.0.1:0"], BATCH);
    let waker = receiver.waker();
    let waiting = thread::spawn(move || {
        let woken = receiver.receive(LONG).unwrap().woken();
        (receiver, woken)
    });
    waker.wake();
    let (mut receiver, woken) = waiting.join().unwrap();
    assert!(woken);
    assert!(!receiver.receive(AT_ONCE).unwrap().woken());
}

#[test]
fn a_wake_is_seen_under_load_and_costs_no_datagram() {
    let (mut receiver, bound) = open(&["127.0.0.1:0"], 4);
    let sender = sender(bound[0]);
    for number in 0..12 {
        sender.send(&[number]).unwrap();
    }
    assert_eq!(receiver.receive(LONG).unwrap().len(), 4);
    receiver.waker().wake();
    receiver.waker().wake();
    let taken = receiver.receive(LONG).unwrap();
    assert!(taken.woken() && taken.is_empty());
    assert_eq!(payloads(&mut receiver, 8).len(), 8);
    assert!(!receiver.receive(AT_ONCE).unwrap().woken());
}

#[test]
fn what_the_kernel_drops_is_counted_at_once() {
    let (mut receiver, bound) = {
        let Bound { receivers, report } = bind(&Settings {
            listen: vec!["127.0.0.1:0".parse().unwrap()],
            workers: NonZeroUsize::MIN,
            receive_buffer: 4096,
            ..Settings::default()
        })
        .unwrap();
        let [receiver] = <[Receiver; 1]>::try_from(receivers).unwrap();
        (receiver, report.listeners[0].bound)
    };
    assert_eq!(receiver.drops(), 0);
    let sender = sender(bound);
    for _ in 0..100 {
        sender.send(&[0; 1000]).unwrap();
    }
    let drops = receiver.drops();
    let mut arrived = 0;
    loop {
        match receiver.receive(AT_ONCE).unwrap().len() {
            0 => break,
            count => arrived += u64::try_from(count).unwrap(),
        }
    }
    assert!(arrived > 0 && drops > 0);
    assert_eq!(arrived + drops, 100);
    assert_eq!(receiver.drops(), drops);
}

#[test]
fn the_count_of_drops_turns_over() {
    let (receiver, _) = open(&["127.0.0.1:0"], BATCH);
    let mut port = receiver.ports.into_iter().next().unwrap();
    port.seen = u32::MAX - 1;
    assert_eq!(port.drops(), 2);
}

#[test]
fn a_receiver_goes_to_its_thread() {
    const fn is_send<T: Send>() {}
    const fn is_sync<T: Send + Sync>() {}
    is_send::<Receiver>();
    is_sync::<Waker>();
}
