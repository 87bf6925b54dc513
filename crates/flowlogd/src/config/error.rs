//! What is wrong with a configuration, in one sentence.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The program's own defaults.
    Default,
    /// A file, and a line of it from 1.
    File(PathBuf, Option<usize>),
    /// An environment variable.
    Environment(String),
    /// An argument of the command.
    Argument(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("defaults"),
            Self::File(path, Some(line)) => write!(f, "{}:{line}", path.display()),
            Self::File(path, None) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Argument(argument) => f.write_str(argument),
        }
    }
}

/// A configuration that cannot be used; the program ends with status 2.
///
/// Reads `ORIGIN: KEY = VALUE: PROBLEM; REMEDY`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// Where the value came from.
    pub origin: Origin,
    /// The key, `flow_log[0].window`; empty when the file as a whole cannot be read.
    pub key: String,
    /// The value as TOML, secrets masked; `None` for a key that is missing.
    pub value: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if !self.key.is_empty() {
            f.write_str(&self.key)?;
            if let Some(value) = &self.value {
                write!(f, " = {value}")?;
            }
            f.write_str(": ")?;
        }
        write!(f, "{}; {}", self.problem, self.remedy)
    }
}
