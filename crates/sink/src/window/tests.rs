use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::sample::group;

const LANES: u16 = 3;

fn lane(partition: u16) -> Lane {
    Lane {
        epoch: 0,
        partition: partition.into(),
    }
}

fn read(cursor: i64, partition: u16, rows: u64) -> ReadGroup {
    let numbers: Vec<u64> = (0..rows).collect();
    ReadGroup::new(cursor, 1, group("fl", partition, 1, &numbers))
}

fn position(window: &Window) -> i64 {
    window.positions().next().unwrap().1
}

fn cursors(shipment: &Shipment) -> Vec<i64> {
    shipment.groups.iter().map(ReadGroup::cursor).collect()
}

#[test]
fn what_is_of_one_lane_leaves_together_and_never_twice_at_once() {
    let mut window = Window::default();
    window.begin(0, 10);
    for (cursor, partition) in [(10, 0), (11, 1), (12, 0), (13, 1)] {
        window.push(0, lane(partition), read(cursor, partition, 5));
    }
    let (first, second) = (window.next().unwrap(), window.next().unwrap());
    assert_eq!(
        (cursors(&first), cursors(&second)),
        (vec![10, 12], vec![11, 13])
    );
    window.push(0, lane(0), read(14, 0, 5));
    assert!(window.next().is_none(), "its lane is busy");
    window.arrived(&second);
    assert_eq!(position(&window), 10);
    window.arrived(&first);
    assert_eq!((position(&window), window.rows()), (14, 5));
    assert_eq!(cursors(&window.next().unwrap()), [14]);
}

#[test]
fn a_shipment_has_so_many_rows_and_a_large_log_group_leaves_alone() {
    let mut window = Window::default();
    let most = u64::try_from(SHIPMENT_ROWS).unwrap();
    for (cursor, rows) in [(1, 1), (2, most + 1), (3, most), (4, 1)] {
        window.push(0, lane(0), read(cursor, 0, rows));
    }
    let mut left = Vec::new();
    while let Some(shipment) = window.next() {
        left.push(cursors(&shipment));
        window.arrived(&shipment);
    }
    assert_eq!(left, [vec![1], vec![2], vec![3], vec![4]]);
    assert!(window.is_empty());
}

#[test]
fn what_is_none_of_ours_moves_the_position_when_nothing_else_is_there() {
    let mut window = Window::default();
    window.begin(0, 5);
    window.read_up_to(0, 9);
    assert_eq!(position(&window), 9);
    window.push(0, lane(0), read(9, 0, 1));
    window.read_up_to(0, 20);
    assert_eq!(position(&window), 9);
    assert_eq!(window.give_up_oldest().map(|it| it.cursor()), Some(9));
    assert!(window.give_up_oldest().is_none());
    assert_eq!((position(&window), window.rows()), (20, 0));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Read(u16),
    Leave,
    Arrive(usize),
    GiveUp,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..LANES).prop_map(Step::Read),
        3 => Just(Step::Leave),
        3 => any::<usize>().prop_map(Step::Arrive),
        1 => Just(Step::GiveUp),
    ];
    proptest::collection::vec(step, 0..80)
}

proptest! {
    #[test]
    fn nothing_is_lost_nothing_overtakes_and_the_position_is_behind_all_that_has_arrived(
        steps in steps()
    ) {
        let mut window = Window::default();
        window.begin(0, 0);
        let mut next = 0;
        let mut under_way: Vec<Shipment> = Vec::new();
        // Every cursor with its lane, and what became of it.
        let mut settled: BTreeMap<i64, (u16, bool)> = BTreeMap::new();
        let mut last_arrived: BTreeMap<u32, i64> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Read(partition) => {
                    window.push(0, lane(partition), read(next, partition, 1));
                    settled.insert(next, (partition, false));
                    next += 1;
                }
                Step::Leave => {
                    if let Some(shipment) = window.next() {
                        prop_assert!(under_way.iter().all(|it| it.lane != shipment.lane));
                        under_way.push(shipment);
                    }
                }
                Step::Arrive(at) if !under_way.is_empty() => {
                    let shipment = under_way.swap_remove(at % under_way.len());
                    for cursor in cursors(&shipment) {
                        let before = last_arrived.insert(shipment.lane.partition, cursor);
                        prop_assert!(before.is_none_or(|before| before < cursor));
                        settled.get_mut(&cursor).unwrap().1 = true;
                    }
                    window.arrived(&shipment);
                }
                Step::GiveUp => {
                    if let Some(given_up) = window.give_up_oldest() {
                        settled.get_mut(&given_up.cursor()).unwrap().1 = true;
                    }
                }
                Step::Arrive(_) => {}
            }
            let open = settled.iter().filter(|(_, (_, done))| !done);
            let first_open = open.clone().map(|(cursor, _)| *cursor).next();
            prop_assert_eq!(position(&window), first_open.unwrap_or(next));
            prop_assert!(window.rows() >= open.count());
        }
        for shipment in &under_way {
            for cursor in cursors(shipment) {
                settled.get_mut(&cursor).unwrap().1 = true;
            }
            window.arrived(shipment);
        }
        while let Some(shipment) = window.next() {
            for cursor in cursors(&shipment) {
                settled.get_mut(&cursor).unwrap().1 = true;
            }
            window.arrived(&shipment);
        }
        prop_assert!(settled.values().all(|(_, done)| *done));
        prop_assert!(window.is_empty());
        prop_assert_eq!(window.rows(), 0);
    }
}
