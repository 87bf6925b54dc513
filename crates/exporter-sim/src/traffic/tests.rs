use alloc::collections::BTreeSet;

use super::{DENIED, Generator};
use crate::config::Traffic;
use crate::flow::{ICMP, ICMP6, TCP, UDP};
use crate::rng::Rng;

fn generator(traffic: Traffic, has_ipv6: bool) -> Generator {
    Generator::new(Rng::new(1), traffic, 2, has_ipv6)
}

#[test]
fn all_kinds_of_connections_come() {
    let mut generator = generator(Traffic::default(), true);
    let mut kinds = BTreeSet::new();
    let mut denied = 0;
    for _ in 0..1000 {
        let (request, response) = generator.connection(5);
        assert_eq!(request.start, 5);
        assert!(request.gap > 0 && request.packets > 0 && request.size > 0);
        kinds.insert((request.flow.protocol, request.flow.is_ipv6()));
        denied += u32::from(request.flow.forwarding == DENIED);
        assert_eq!(response.is_none(), request.flow.forwarding == DENIED);
        if let Some(response) = response {
            assert!(response.start > request.start);
            assert_eq!(response.flow.source, request.flow.destination);
            assert_eq!(response.flow.input, request.flow.output);
        }
    }
    let all = [
        (ICMP, false),
        (TCP, false),
        (TCP, true),
        (UDP, false),
        (UDP, true),
        (ICMP6, true),
    ];
    assert_eq!(kinds, BTreeSet::from(all));
    assert!((20..100).contains(&denied));
}

#[test]
fn clients_are_inside_the_network_of_their_exporter() {
    let mut generator = generator(Traffic::default(), false);
    for _ in 0..100 {
        let (request, _) = generator.connection(0);
        let text = alloc::format!("{} {}", request.flow.source, request.flow.destination);
        assert!(
            text.starts_with("10.2.") && text.contains(" 198.18."),
            "{text}"
        );
    }
}

#[test]
fn connections_begin_as_often_as_asked() {
    let mut generator = generator(
        Traffic {
            connections_per_minute: 60,
            ..Traffic::default()
        },
        true,
    );
    let total: i64 = (0..1000).map(|_| generator.pause().unwrap()).sum();
    assert!((950_000_000..1_050_000_000).contains(&total), "{total}");
}

#[test]
fn none_begin_where_none_are_asked_for() {
    let mut generator = generator(
        Traffic {
            connections_per_minute: 0,
            ..Traffic::default()
        },
        true,
    );
    assert_eq!(generator.pause(), None);
}

#[test]
fn long_lived_connections_last_for_hours() {
    let mut generator = generator(Traffic::default(), false);
    for _ in 0..20 {
        let (request, response) = generator.long_lived(0);
        let hours = request.gap * i64::try_from(request.packets).unwrap() / 3_600_000_000;
        assert!((1..=8).contains(&hours), "{hours}");
        assert!(response.is_some());
    }
}
