use alloc::format;
use alloc::vec;

use proptest::prelude::*;

use super::*;

const TIMEOUT: i64 = 40_000;

/// A group under test: a virtual clock and consumers that do as they are told.
struct Group {
    assignment: Assignment,
    shards: BTreeSet<u32>,
    now: Timestamp,
}

impl Group {
    fn new(shards: u32) -> Self {
        Self {
            assignment: Assignment::default(),
            shards: (0..shards).collect(),
            now: Timestamp(1_700_000_000_000),
        }
    }

    fn beat(&mut self, consumer: &str, holds: &[u32]) -> Result<Vec<u32>, ErrorCode> {
        let heartbeat = Heartbeat { consumer, holds };
        let answer = self
            .assignment
            .handle_heartbeat(self.now, TIMEOUT, &self.shards, heartbeat);
        answer.map_err(|error| error.code)
    }
}

#[test]
fn a_consumer_alone_reads_everything() {
    let mut group = Group::new(3);
    assert_eq!(group.beat("a", &[]), Ok(vec![0, 1, 2]));
    assert_eq!(group.beat("a", &[0, 1, 2]), Ok(vec![0, 1, 2]));
    assert!(group.assignment.holds("a", 2) && !group.assignment.holds("b", 2));
}

#[test]
fn a_shard_moves_when_the_old_consumer_lets_it_go() {
    let mut group = Group::new(2);
    assert_eq!(group.beat("a", &[]), Ok(vec![0, 1]));
    // It was told to read both and has not yet said that it does.
    assert_eq!(group.beat("b", &[]), Ok(vec![]));
    assert_eq!(group.beat("a", &[0, 1]), Ok(vec![0]));
    assert_eq!(group.beat("b", &[]), Ok(vec![]));
    assert_eq!(group.beat("a", &[0]), Ok(vec![0]));
    assert_eq!(group.beat("b", &[]), Ok(vec![1]));
    assert!(group.assignment.holds("b", 1) && !group.assignment.holds("a", 1));
}

#[test]
fn the_shards_of_a_consumer_that_is_gone_are_read_by_others() {
    let mut group = Group::new(2);
    group.beat("a", &[]).unwrap();
    group.beat("b", &[]).unwrap();
    group.beat("a", &[0]).unwrap();
    assert_eq!(group.beat("b", &[]), Ok(vec![1]));
    group.now = group.now.plus(TIMEOUT - 1);
    assert_eq!(group.beat("b", &[1]), Ok(vec![1]));
    group.now = group.now.plus(1);
    assert_eq!(group.beat("b", &[1]), Ok(vec![0, 1]));
    assert_eq!(
        group.beat("a", &[0]),
        Err(ErrorCode::NotExistConsumerWithBody)
    );
    assert_eq!(group.beat("a", &[]), Ok(vec![]));
}

#[test]
fn shards_that_come_and_go_are_shared_too() {
    let mut group = Group::new(1);
    assert_eq!(group.beat("a", &[]), Ok(vec![0]));
    assert_eq!(group.beat("b", &[]), Ok(vec![]));
    group.shards = BTreeSet::from([1, 2]);
    assert_eq!(group.beat("b", &[]), Ok(vec![2]));
    assert_eq!(group.beat("a", &[0]), Ok(vec![1]));
}

#[test]
fn a_group_has_bounds() {
    let mut group = Group::new(1);
    for consumer in 0..MAX_CONSUMERS {
        group.beat(&format!("c-{consumer}"), &[]).unwrap();
    }
    assert_eq!(group.beat("more", &[]), Err(ErrorCode::ParameterInvalid));
    let mut group = Group::new(1);
    let long = "x".repeat(MAX_CONSUMER_OCTETS + 1);
    assert_eq!(group.beat(&long, &[]), Err(ErrorCode::ParameterInvalid));
}

#[derive(Clone, Debug)]
enum Step {
    /// A consumer sends a heartbeat; it lets shards go at once, or with the next one.
    Beat(usize, bool),
    /// A consumer dies.
    Die(usize),
    Wait(i64),
    Shards(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..4_usize, any::<bool>()).prop_map(|(who, slow)| Step::Beat(who, slow)),
        1 => (0..4_usize).prop_map(Step::Die),
        2 => (0..TIMEOUT).prop_map(Step::Wait),
        1 => (1..6_u32).prop_map(Step::Shards),
    ]
}

proptest! {
    /// Consumers read what they were told last, or more while they finish.
    #[test]
    fn no_shard_has_two_readers_and_in_the_end_every_one_has_one(
        steps in prop::collection::vec(step(), 0..80)
    ) {
        let mut group = Group::new(3);
        // By consumer what it reads, and when it beat last.
        let mut reads: BTreeMap<usize, (BTreeSet<u32>, Timestamp)> = BTreeMap::new();
        let beat = |group: &mut Group, reads: &mut BTreeMap<usize, (BTreeSet<u32>, Timestamp)>,
                    who: usize, slow: bool| {
            let name = format!("c-{who}");
            let held: Vec<u32> = reads.get(&who).map_or(vec![], |(r, _)| r.iter().copied().collect());
            let answer = group.beat(&name, &held);
            let finishing = slow && answer.is_ok();
            // When it is not known, it stops everything and begins anew.
            let told: BTreeSet<u32> = answer.unwrap_or_default().into_iter().collect();
            let mut now_reads = told;
            if finishing {
                now_reads.extend(held.iter().filter(|shard| group.shards.contains(shard)));
            }
            reads.insert(who, (now_reads, group.now));
        };
        for step in steps {
            match step {
                Step::Beat(who, slow) => {
                    let alive = reads.get(&who).is_none_or(|(_, at)| group.now.since(*at) < TIMEOUT);
                    if !alive {
                        // A good consumer notices that its time has run out.
                        reads.remove(&who);
                    }
                    beat(&mut group, &mut reads, who, slow);
                }
                Step::Die(who) => drop(reads.remove(&who)),
                Step::Wait(millis) => group.now = group.now.plus(millis),
                Step::Shards(count) => {
                    group.shards = (0..count).collect();
                    let shards = group.shards.clone();
                    for (r, _) in reads.values_mut() {
                        r.retain(|s| shards.contains(s));
                    }
                }
            }
            let now = group.now;
            reads.retain(|_, (_, at)| now.since(*at) < TIMEOUT);
            let all: Vec<u32> = reads.values().flat_map(|(r, _)| r.iter().copied()).collect();
            let distinct: BTreeSet<u32> = all.iter().copied().collect();
            prop_assert_eq!(all.len(), distinct.len(), "{:?}", reads);
        }
        // The dead are forgotten, the living come to rest.
        group.now = group.now.plus(TIMEOUT);
        reads.clear();
        for _ in 0..4 {
            for who in 0..3 {
                beat(&mut group, &mut reads, who, false);
            }
        }
        let counts: Vec<usize> = reads.values().map(|(r, _)| r.len()).collect();
        prop_assert_eq!(counts.iter().sum::<usize>(), group.shards.len());
        prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
    }
}
