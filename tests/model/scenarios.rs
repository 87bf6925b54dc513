//! Streams made by hand. Each says what must come out, and the model must say the same.

#[path = "scenarios/counters.rs"]
mod counters;
#[path = "scenarios/leaving.rs"]
mod leaving;
#[path = "scenarios/periods.rs"]
mod periods;
#[path = "scenarios/times.rs"]
mod times;

use crate::check;
use crate::flow_log::{Rules, Window};
use crate::known::Stated;
use crate::script::{NOON, Script};

/// What left of one flow log, as [`check::told`] has it, with nothing stated.
fn told(script: &Script, rules: Rules) -> Vec<String> {
    told_with(script, rules, Stated::default())
}

fn told_with(script: &Script, rules: Rules, stated: Stated) -> Vec<String> {
    check::told(&script.inputs, rules, stated, NOON)
}

/// A flow log with this window and this aging, all else at its default.
const fn only(window: Window, aging: Option<(i64, i64)>) -> Rules {
    Rules {
        window,
        aging,
        ..Rules::DEFAULT
    }
}
