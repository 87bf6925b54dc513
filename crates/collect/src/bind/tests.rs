use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::Duration;

use super::*;
use crate::{partition_of, worker_of};

fn settings(listen: &[&str], workers: usize) -> Settings {
    Settings {
        listen: listen
            .iter()
            .map(|address| address.parse().unwrap())
            .collect(),
        workers: NonZeroUsize::new(workers).unwrap(),
        ..Settings::default()
    }
}

/// Which receiver each sender's datagrams reached; panics when they reached several.
fn reached(receivers: &mut [Receiver]) -> BTreeMap<IpAddr, (usize, usize)> {
    let mut reached = BTreeMap::new();
    for (worker, receiver) in receivers.iter_mut().enumerate() {
        loop {
            let received = receiver.receive(Duration::ZERO).unwrap();
            if received.is_empty() {
                break;
            }
            for datagram in &received {
                let entry = reached.entry(datagram.from.ip()).or_insert((worker, 0));
                assert_eq!(entry.0, worker, "{}", datagram.from);
                entry.1 += 1;
            }
        }
    }
    reached
}

fn send(from: IpAddr, to: SocketAddr) {
    let socket = UdpSocket::bind((from, 0)).unwrap();
    socket.send_to(b"x", to).unwrap();
}

#[test]
fn each_source_address_reaches_the_computed_worker_whatever_its_port() {
    const PORTS: usize = 10;
    for (listen, workers) in [("[::]:0", 4), ("0.0.0.0:0", 3), ("[::]:0", 2)] {
        let Bound {
            mut receivers,
            report,
        } = bind(&settings(&[listen], workers)).unwrap();
        assert_eq!(report.steering, Steering::BySource);
        assert_eq!(receivers.len(), workers);
        let workers = NonZeroUsize::new(workers).unwrap();
        let to = SocketAddr::from((Ipv4Addr::LOCALHOST, report.listeners[0].bound.port()));
        let sources: Vec<IpAddr> = (1..=40_u8)
            .map(|host| Ipv4Addr::new(127, host / 9, host.wrapping_mul(37), host).into())
            .collect();
        for _ in 0..PORTS {
            for &source in &sources {
                send(source, to);
            }
        }
        let expected: BTreeMap<_, _> = sources
            .iter()
            .map(|&source| {
                let partition = partition_of(source, DEFAULT_PARTITIONS);
                (source, (worker_of(partition, workers), PORTS))
            })
            .collect();
        assert_eq!(reached(&mut receivers), expected);
        let busy = expected.values().map(|&(worker, _)| worker);
        assert_eq!(busy.max(), Some(workers.get() - 1));
    }
}

#[test]
fn an_ipv6_source_reaches_the_computed_worker() {
    for listen in ["[::]:0", "[::1]:0"] {
        // With a prime number of partitions and each number of workers, ::1 has to be right often.
        for workers in 2..=7 {
            let settings = Settings {
                partitions: NonZeroU16::new(101).unwrap(),
                ..settings(&[listen], workers)
            };
            let Bound {
                mut receivers,
                report,
            } = bind(&settings).unwrap();
            let source = IpAddr::from(Ipv6Addr::LOCALHOST);
            let port = report.listeners[0].bound.port();
            send(source, SocketAddr::new(source, port));
            let worker = worker_of(partition_of(source, settings.partitions), settings.workers);
            assert_eq!(
                reached(&mut receivers),
                BTreeMap::from([(source, (worker, 1))])
            );
        }
    }
}

#[test]
fn every_address_has_a_socket_at_every_worker() {
    let bound = bind(&settings(&["127.0.0.1:0", "[::1]:0"], 3)).unwrap();
    let addresses: Vec<_> = bound.report.listeners.iter().map(|l| l.bound).collect();
    assert_eq!(bound.receivers.len(), 3);
    for receiver in &bound.receivers {
        assert_eq!(receiver.local_addresses().collect::<Vec<_>>(), addresses);
    }
}

#[test]
fn there_are_no_more_workers_than_partitions() {
    let settings = Settings {
        partitions: NonZeroU16::new(2).unwrap(),
        ..settings(&["127.0.0.1:0"], 5)
    };
    assert_eq!(bind(&settings).unwrap().receivers.len(), 2);
}

#[test]
fn where_steering_is_refused_one_receiver_has_it_all() {
    let refuse = |_: &Socket, _: &mut [sock_filter]| Err(io::Error::other("not here"));
    let settings = settings(&["127.0.0.1:0", "127.0.0.2:0"], 4);
    let Bound {
        mut receivers,
        report,
    } = bind_steered_by(&settings, refuse).unwrap();
    let refused = Steering::Refused {
        reason: "not here".to_owned(),
        workers: 4,
    };
    assert_eq!(report.steering, refused);
    assert_eq!(receivers.len(), 1);
    for host in 1..20 {
        let source = Ipv4Addr::new(127, 0, 9, host).into();
        send(source, report.listeners[usize::from(host % 2)].bound);
    }
    assert_eq!(reached(&mut receivers).len(), 19);
}

#[test]
fn datagrams_that_come_while_the_group_forms_are_not_taken() {
    let attach = |socket: &Socket, program: &mut [sock_filter]| {
        let to = socket.local_addr()?.as_socket().unwrap();
        for host in 1..20 {
            send(Ipv4Addr::new(127, 0, 9, host).into(), to);
        }
        sys::attach_steering(socket.as_fd(), program)
    };
    let mut bound = bind_steered_by(&settings(&["127.0.0.1:0"], 2), attach).unwrap();
    assert_eq!(reached(&mut bound.receivers), BTreeMap::new());
    for receiver in &mut bound.receivers {
        assert_eq!(receiver.drops(), 0);
    }
    send(Ipv4Addr::LOCALHOST.into(), bound.report.listeners[0].bound);
    assert_eq!(reached(&mut bound.receivers).len(), 1);
}

#[test]
fn one_worker_needs_no_steering() {
    let bound = bind(&settings(&["[::]:0"], 1)).unwrap();
    assert_eq!(bound.report.steering, Steering::Unneeded);
    assert!(bound.report.listeners[0].dual_stack);
}

#[test]
fn a_port_that_is_taken_is_said_with_the_remedy() {
    for workers in [1, 2] {
        let taken = bind(&settings(&["127.0.0.1:0"], 2)).unwrap();
        let address = taken.report.listeners[0].bound;
        let settings = Settings {
            listen: vec![address],
            ..settings(&[], workers)
        };
        let error = bind(&settings).unwrap_err();
        assert!(matches!(error, BindError::InUse { address: at } if at == address));
        assert_eq!(
            error.to_string(),
            format!(
                "cannot listen on udp {address}: another program, or another address of \
                 collect.listen, has the port; `ss -ulnp 'sport = :{}'` shows who, or listen on \
                 another port",
                address.port()
            )
        );
    }
}

#[test]
fn an_address_of_another_machine_is_said() {
    let error = bind(&settings(&["192.0.2.1:0"], 1)).unwrap_err();
    assert!(matches!(error, BindError::NoSuchAddress { .. }), "{error}");
}

#[test]
fn no_address_is_an_error() {
    let error = bind(&settings(&[], 2)).unwrap_err();
    assert!(matches!(error, BindError::NoAddress), "{error}");
}

#[test]
fn errors_are_named_for_what_is_wrong() {
    let address: SocketAddr = "[::]:9995".parse().unwrap();
    let named = |code| BindError::binding(address)(io::Error::from_raw_os_error(code));
    assert!(matches!(
        named(libc::EACCES),
        BindError::NotPermitted { .. }
    ));
    assert!(matches!(
        named(libc::EAFNOSUPPORT),
        BindError::NoIpv6 { .. }
    ));
    assert_eq!(
        named(libc::ENOMEM).to_string(),
        "cannot listen for udp [::]:9995: Cannot allocate memory (os error 12)"
    );
}

#[test]
fn both_wildcards_can_be_listed_side_by_side() {
    // Somebody else may take the port between finding and binding it.
    let bound = (0..10).find_map(|_| {
        let any = UdpSocket::bind("[::]:0").unwrap();
        let port = any.local_addr().unwrap().port();
        drop(any);
        let listen = [format!("[::]:{port}"), format!("0.0.0.0:{port}")];
        bind(&settings(&[&listen[0], &listen[1]], 2)).ok()
    });
    let listeners = bound.unwrap().report.listeners;
    assert!(listeners.iter().all(|listener| !listener.dual_stack));
}

#[test]
fn the_receive_buffer_is_what_the_report_says() {
    let settings = Settings {
        receive_buffer: 100_000,
        ..settings(&["127.0.0.1:0"], 2)
    };
    let report = bind(&settings).unwrap().report;
    let buffer = report.listeners[0].receive_buffer;
    assert_eq!((buffer.asked, buffer.granted), (100_000, 100_000));
    assert_eq!(report.remarks(), Vec::<String>::new());
}

#[test]
fn a_report_of_settings_that_no_kernel_grants_has_a_remark() {
    let settings = Settings {
        receive_buffer: u32::MAX,
        ..settings(&["127.0.0.1:0"], 1)
    };
    let report = bind(&settings).unwrap().report;
    assert!(report.listeners[0].receive_buffer.granted < u32::MAX);
    assert!(report.remarks()[0].contains("net.core.rmem_max"));
}
