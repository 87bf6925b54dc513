use alloc::vec::Vec;

use super::{Fate, InFlight, Network};
use crate::clock::Micros;
use crate::config::Impairments;
use crate::exporter::Emission;
use crate::rng::Rng;
use crate::tally::Counts;

fn network(impairments: Impairments) -> Network {
    Network::new(impairments, Rng::new(1))
}

fn emission(at: Micros) -> Emission {
    Emission {
        at,
        counts: Counts::default(),
        octets: at.to_be_bytes().to_vec(),
    }
}

fn arrivals(network: &mut Network) -> Vec<InFlight> {
    core::iter::from_fn(|| network.arrive()).collect()
}

#[test]
fn a_sound_network_changes_nothing() {
    let mut network = network(Impairments::default());
    for at in [1, 2, 2, 3] {
        assert_eq!(network.carry(7, emission(at)), Fate::default());
    }
    assert_eq!(network.next_due(), Some(1));
    let times: Vec<Micros> = arrivals(&mut network)
        .iter()
        .map(|a| a.emission.at)
        .collect();
    assert_eq!(times, [1, 2, 2, 3]);
    assert_eq!(network.next_due(), None);
}

#[test]
fn what_is_lost_does_not_arrive() {
    let mut network = network(Impairments {
        loss_ppm: 500_000,
        ..Impairments::default()
    });
    let lost = (0..1000)
        .filter(|&at| network.carry(0, emission(at)).is_lost)
        .count();
    assert!((400..600).contains(&lost), "{lost}");
    assert_eq!(arrivals(&mut network).len(), 1000 - lost);
}

#[test]
fn a_copy_comes_later_and_is_the_same() {
    let mut network = network(Impairments {
        duplicate_ppm: 1_000_000,
        ..Impairments::default()
    });
    assert!(network.carry(0, emission(5)).is_doubled);
    let arrived = arrivals(&mut network);
    let [first, copy] = &arrived[..] else {
        panic!("{arrived:?}");
    };
    assert!(!first.is_copy && copy.is_copy);
    assert_eq!(first.emission.octets, copy.emission.octets);
    assert!(copy.emission.at > 5 && copy.emission.at <= 100_005);
}

#[test]
fn a_detour_lets_others_overtake() {
    let mut network = network(Impairments {
        reorder_ppm: 300_000,
        reorder_ms: 10,
        ..Impairments::default()
    });
    for at in 0..100 {
        let _fate = network.carry(0, emission(at * 1000));
    }
    let arrived = arrivals(&mut network);
    let sent = |a: &InFlight| Micros::from_be_bytes(a.emission.octets[..].try_into().unwrap());
    assert_eq!(arrived.len(), 100);
    assert!(arrived.is_sorted_by_key(|a| a.emission.at));
    assert!(!arrived.is_sorted_by_key(sent));
    assert!(
        arrived
            .iter()
            .all(|a| (0..=10_000).contains(&(a.emission.at - sent(a))))
    );
}

#[test]
fn one_impairment_does_not_move_another() {
    let lost = |duplicate_ppm| {
        let mut network = network(Impairments {
            loss_ppm: 100_000,
            duplicate_ppm,
            ..Impairments::default()
        });
        let lost: Vec<bool> = (0..100)
            .map(|at| network.carry(0, emission(at)).is_lost)
            .collect();
        lost
    };
    assert_eq!(lost(0), lost(1_000_000));
}
