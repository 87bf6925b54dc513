//! Random streams under random flow logs.

use proptest::prelude::*;

use crate::check::differences;
use crate::flow_log::Window;
use crate::known::Stated;
use crate::strategies::{Wildness, rules, stream};

const CALM: Wildness = Wildness {
    behind: 20_000,
    longest: 700_000,
    pause: 120_000,
    steps: 30,
};

const MIXED: Wildness = Wildness {
    behind: 400_000,
    longest: 900_000,
    pause: 400_000,
    steps: 60,
};

const WILD: Wildness = Wildness {
    behind: 6_200_000,
    longest: 7_000_000,
    pause: 4_000_000,
    steps: 40,
};

proptest! {
    #![proptest_config(ProptestConfig {
        // What was found becomes a named scenario.
        failure_persistence: None,
        max_shrink_iters: 100_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn calm_streams_agree(
        inputs in stream(CALM),
        rules in proptest::collection::vec(rules(), 1..8),
    ) {
        differences(&inputs.0, &rules, Stated::default()).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn reordered_streams_agree(
        inputs in stream(MIXED),
        rules in proptest::collection::vec(rules(), 1..8),
    ) {
        differences(&inputs.0, &rules, Stated::default()).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn wild_streams_agree(
        inputs in stream(WILD),
        rules in proptest::collection::vec(rules(), 1..8),
    ) {
        // How long a period that left is remembered is not said: records may be older than that.
        let mut rules = rules;
        rules.retain(|rules| rules.window != Window::Absent);
        differences(&inputs.0, &rules, Stated::default()).map_err(TestCaseError::fail)?;
    }
}
