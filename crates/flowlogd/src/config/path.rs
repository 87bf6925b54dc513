//! Keys as paths: `flow_log[0].window`.

use std::fmt;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Key(String),
    Item(usize),
}

/// Where a value stands in the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path(pub(super) Vec<Step>);

impl Path {
    /// From `collect.listen`, `flow_log.0.window` or `flow_log[0].window`; every step is a key.
    pub(super) fn parse(text: &str) -> Self {
        let steps = text
            .split(['.', '['])
            .map(|step| Step::Key(step.trim_end_matches(']').trim().to_owned()));
        Self(steps.collect())
    }

    pub(super) fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    pub(super) fn item(&self, item: usize) -> Self {
        self.with(Step::Item(item))
    }

    pub(super) fn parent(&self) -> Option<Self> {
        let (_, before) = self.0.split_last()?;
        Some(Self(before.to_vec()))
    }

    /// The last key, `""` at the root and at an item.
    pub(super) fn last_key(&self) -> &str {
        match self.0.last() {
            Some(Step::Key(key)) => key,
            _ => "",
        }
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Item(item) => write!(f, "[{item}]")?,
            }
        }
        Ok(())
    }
}
