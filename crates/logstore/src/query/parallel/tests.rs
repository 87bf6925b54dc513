use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

#[test]
fn results_are_in_the_order_of_the_items_whoever_did_the_work() {
    for helpers in [0, 1, 7] {
        let helpers = Helpers::new(helpers);
        for items in [0, 1, 2, 100] {
            let all: Vec<u32> = (0..items).collect();
            let doubled = helpers.each(all.clone(), |item| item * 2);
            assert_eq!(doubled, all.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
    }
}

#[test]
fn helpers_come_back_even_from_work_that_panics() {
    let helpers = Helpers::new(3);
    let window = helpers.window();
    let panics = AssertUnwindSafe(|| helpers.each(vec![1, 2, 3, 4], |item| assert!(item < 3)));
    assert!(catch_unwind(panics).is_err());
    assert_eq!(helpers.window(), window);
    // All of them may be taken while work goes on.
    let inner = helpers.each(vec![(); 4], |()| helpers.each(vec![1, 2], |item| item));
    assert_eq!(inner, vec![vec![1, 2]; 4]);
}
