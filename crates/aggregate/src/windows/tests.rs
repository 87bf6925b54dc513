use alloc::vec::Vec;

use flowlog_record::Window;

use super::{Holds, MOST_CHANGES, Pane, Windows};
use crate::rules::Hold;

const MINUTE: i64 = 60_000;

fn lengths_at(windows: &Windows, times: &[i64]) -> Vec<(i64, i64)> {
    let pane = |t: &i64| windows.at(*t * MINUTE);
    let in_minutes = |pane: Pane| (pane.from / MINUTE, (pane.until - pane.from) / MINUTE);
    times.iter().map(pane).map(in_minutes).collect()
}

#[test]
fn windows_are_aligned_to_the_epoch_on_both_sides() {
    let windows = Windows::new(Some(Window::FiveMinutes));
    assert_eq!(
        lengths_at(&windows, &[0, 4, 5, -1]),
        [(0, 5), (0, 5), (5, 5), (-5, 5)]
    );
}

#[test]
fn without_a_window_there_is_one_for_all_of_time() {
    assert_eq!(Windows::new(None).at(7), Pane::ALL);
    assert_eq!(Pane::ALL.window(), None);
}

#[test]
fn a_new_length_holds_from_the_next_common_multiple() {
    let mut windows = Windows::new(Some(Window::OneMinute));
    windows.change(Window::TenMinutes, 3 * MINUTE);
    assert_eq!(
        lengths_at(&windows, &[2, 9, 10, 19]),
        [(2, 1), (9, 1), (10, 10), (10, 10)]
    );
    windows.change(Window::FiveMinutes, 21 * MINUTE);
    assert_eq!(
        lengths_at(&windows, &[2, 22, 29, 30]),
        [(2, 1), (20, 10), (20, 10), (30, 5)]
    );
}

#[test]
fn a_length_that_did_not_hold_yet_is_replaced() {
    let mut windows = Windows::new(Some(Window::OneMinute));
    windows.change(Window::TenMinutes, 3 * MINUTE);
    windows.change(Window::FiveMinutes, 4 * MINUTE);
    assert_eq!(lengths_at(&windows, &[4, 5, 10]), [(4, 1), (5, 5), (10, 5)]);
    windows.change(Window::OneMinute, 4 * MINUTE);
    assert_eq!(lengths_at(&windows, &[4, 5, 10]), [(4, 1), (5, 1), (10, 1)]);
}

#[test]
fn a_hold_is_taken_when_the_period_ends() {
    let mut holds = Holds::new(Hold::Fixed(1));
    holds.change(Hold::Fixed(2), 100);
    holds.change(Hold::Fixed(3), 200);
    let held: Vec<Hold> = [0, 100, 101, 200, 201].map(|end| holds.at(end)).to_vec();
    assert_eq!(held, [1, 1, 2, 2, 3].map(Hold::Fixed));
}

#[test]
fn changes_are_remembered_up_to_a_limit() {
    let mut windows = Windows::new(Some(Window::OneMinute));
    let mut holds = Holds::new(Hold::Auto);
    for n in 0..200 {
        let next = [Window::TenMinutes, Window::OneMinute][usize::from(n % 2 == 1)];
        windows.change(next, n * 20 * MINUTE);
        holds.change(Hold::Fixed(n), n);
    }
    assert_eq!(windows.lengths.len(), MOST_CHANGES);
    assert_eq!(holds.changes.len(), MOST_CHANGES);
    assert_eq!(holds.at(1_000), Hold::Fixed(199));
}
