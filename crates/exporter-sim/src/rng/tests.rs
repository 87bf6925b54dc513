use super::Rng;

#[test]
fn the_sequence_is_splitmix64() {
    let mut rng = Rng::new(0);
    assert_eq!(rng.next_u64(), 0xe220_a839_7b1d_cdaf);
    assert_eq!(rng.next_u64(), 0x6e78_9e6a_a1b9_65f4);
    assert_eq!(rng.next_u64(), 0x06c4_5d18_8009_454f);
}

#[test]
fn parts_have_sequences_of_their_own() {
    let first = |seed, part| Rng::part(seed, part).next_u64();
    assert_ne!(first(1, 0), first(1, 1));
    assert_ne!(first(1, 0), first(2, 0));
    assert_eq!(first(1, 5), first(1, 5));
}

#[test]
fn numbers_stay_in_their_range_and_reach_its_ends() {
    let mut rng = Rng::new(1);
    let mut seen = [0; 6];
    for _ in 0..1000 {
        seen[usize::try_from(rng.between(2, 5)).unwrap()] += 1;
    }
    assert_eq!(seen[..2], [0, 0]);
    assert!(seen[2..].iter().all(|&times| times > 150), "{seen:?}");
    assert_eq!((rng.below(0), rng.below(1), rng.index(0)), (0, 0, 0));
    assert_eq!(rng.between(7, 3), 7);
}

#[test]
fn a_chance_is_met_about_as_often_as_it_says() {
    let mut rng = Rng::new(1);
    let times = (0..100_000).filter(|_| rng.chance(10_000)).count();
    assert!((900..1100).contains(&times), "{times}");
    assert!(!(0..1000).any(|_| rng.chance(0)));
    assert!((0..1000).all(|_| rng.chance(1_000_000)));
}

#[test]
fn a_pick_is_one_of_them() {
    let mut rng = Rng::new(1);
    assert!((0..100).all(|_| matches!(rng.pick(&[3, 4]), Some(3 | 4))));
    assert_eq!(rng.pick::<u8>(&[]), None);
}
