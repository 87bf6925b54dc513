use std::sync::Arc;
use std::thread;

use super::*;

fn far() -> Instant {
    now() + Duration::from_mins(1)
}

#[test]
fn an_attempt_settles_when_every_row_has_a_report() {
    let attempt = Arc::new(Attempt::new());
    for _ in 0..1000 {
        attempt.sends();
    }
    let reports = {
        let attempt = Arc::clone(&attempt);
        thread::spawn(move || (0..1000).for_each(|_| attempt.confirm()))
    };
    let outcome = attempt.settle(far());
    reports.join().unwrap();
    let expected = Outcome {
        confirmed: 1000,
        problem: None,
        settled: true,
    };
    assert_eq!(outcome, expected);
}

#[test]
fn the_problem_that_says_most_is_kept() {
    let attempt = Attempt::new();
    for problem in [Problem::TimedOut, Problem::TooLarge, Problem::Interrupted] {
        attempt.sends();
        attempt.fail(problem);
    }
    let outcome = attempt.settle(far());
    assert_eq!(outcome.problem, Some(Problem::TooLarge));
    assert!(outcome.settled);
}

#[test]
fn an_attempt_without_reports_is_given_up_unsettled() {
    let attempt = Attempt::new();
    attempt.sends();
    assert!(!attempt.settle(now()).settled);
}
