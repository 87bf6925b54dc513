//! Where the configuration comes from, and which source each value has.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path as FilePath, PathBuf};

use toml::{Table, Value};

use super::Config;
use super::error::{ConfigError, Origin};
use super::path::Path;
use super::sections::MASK;
use super::tree::{self, Places};
use super::validation::{self, Problem, is_secret};

/// What the names of environment variables begin with.
const PREFIX: &str = "FLOWLOGD_";
/// The longest value that an error repeats.
const SHOWN: usize = 80;

/// The sources of a configuration, the weakest first. Without any it is the defaults.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    file: Option<PathBuf>,
    overrides: Vec<Override>,
}

/// One key set by something else than the file.
#[derive(Clone, Debug)]
struct Override {
    origin: Origin,
    path: Path,
    text: String,
}

impl Sources {
    /// A TOML file.
    #[must_use]
    pub fn file(mut self, path: Option<&FilePath>) -> Self {
        self.file = path.map(FilePath::to_owned);
        self
    }

    /// Environment variables; `FLOWLOGD_COLLECT__LISTEN` is `collect.listen`.
    ///
    /// What Kubernetes sets for a service that is called `flowlogd` is left alone.
    #[must_use]
    pub fn environment(
        mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        for (name, value) in variables {
            let (Ok(name), Ok(text)) = (name.into_string(), value.into_string()) else {
                continue;
            };
            let Some(key) = name
                .strip_prefix(PREFIX)
                .filter(|key| !is_of_kubernetes(key))
            else {
                continue;
            };
            let path = Path::parse(&key.to_lowercase().replace("__", "."));
            let origin = Origin::Environment(name);
            self.overrides.push(Override { origin, path, text });
        }
        self
    }

    /// The environment of this process.
    #[must_use]
    pub fn process_environment(self) -> Self {
        self.environment(std::env::vars_os())
    }

    /// Assignments `key=value`, as `--set` has them: `flow_log.default.window=5m`.
    ///
    /// # Errors
    /// An assignment without `=`.
    pub fn set(mut self, assignments: &[String]) -> Result<Self, Box<ConfigError>> {
        for assignment in assignments {
            let origin = Origin::Argument("--set".to_owned());
            let Some((key, value)) = assignment.split_once('=') else {
                return Err(Box::new(ConfigError {
                    origin,
                    key: assignment.clone(),
                    value: None,
                    problem: "no value".to_owned(),
                    remedy: "write --set key=value".to_owned(),
                }));
            };
            self.overrides.push(Override {
                origin,
                path: Path::parse(key.trim()),
                text: value.trim().to_owned(),
            });
        }
        Ok(self)
    }

    /// A key that a flag of the command stands for.
    #[must_use]
    pub fn flag(mut self, flag: &str, key: &str, value: Option<&FilePath>) -> Self {
        if let Some(value) = value {
            self.overrides.push(Override {
                origin: Origin::Argument(flag.to_owned()),
                path: Path::parse(key),
                text: value.display().to_string(),
            });
        }
        self
    }

    /// Reads, merges and checks.
    ///
    /// # Errors
    /// The first thing that is wrong, with the place it came from.
    pub fn load(&self) -> Result<Config, Box<ConfigError>> {
        let mut merged = Merged {
            tree: tree::of(&Config::default()),
            origins: BTreeMap::new(),
        };
        if let Some(file) = &self.file {
            merged.add_file(file)?;
        }
        for change in &self.overrides {
            merged.add_override(change)?;
        }
        let config = merged.read()?;
        match validation::check(&config) {
            Ok(()) => Ok(config),
            Err(problem) => Err(merged.error(problem)),
        }
    }
}

/// The sources put together, with where each value came from.
struct Merged {
    tree: Table,
    origins: BTreeMap<Path, Origin>,
}

impl Merged {
    fn add_file(&mut self, file: &FilePath) -> Result<(), Box<ConfigError>> {
        let text = fs::read_to_string(file).map_err(|problem| {
            Box::new(ConfigError {
                origin: Origin::File(file.to_owned(), None),
                key: String::new(),
                value: None,
                problem: format!("the configuration cannot be read: {problem}"),
                remedy: "name a readable file with --config, or leave it out for the defaults"
                    .to_owned(),
            })
        })?;
        let syntax = |error: &toml::de::Error| {
            Box::new(ConfigError {
                origin: Origin::File(
                    file.to_owned(),
                    error.span().map(|at| line_of(&text, at.start)),
                ),
                key: String::new(),
                value: None,
                problem: one_line(error.message()),
                remedy: "correct the TOML there".to_owned(),
            })
        };
        let places = Places::of(&text).map_err(|error| syntax(&error))?;
        for (path, at) in places.iter() {
            let origin = Origin::File(file.to_owned(), Some(line_of(&text, at)));
            self.origins.insert(path.clone(), origin);
        }
        let table: Table = text.parse().map_err(|error| syntax(&error))?;
        tree::merge(&mut self.tree, table);
        Ok(())
    }

    fn add_override(&mut self, change: &Override) -> Result<(), Box<ConfigError>> {
        let before = self.tree.clone();
        match tree::set(&mut self.tree, &change.path, &change.text) {
            Ok(path) => {
                // a section that was not there is the override's own
                let mut made = path.parent();
                while let Some(section) = made.filter(|path| tree::get(&before, path).is_none()) {
                    made = section.parent();
                    self.origins.insert(section, change.origin.clone());
                }
                self.origins.insert(path, change.origin.clone());
                Ok(())
            }
            Err(problem) => Err(Box::new(ConfigError {
                origin: change.origin.clone(),
                key: change.path.to_string(),
                value: None,
                problem: problem.to_owned(),
                remedy: "write a key such as collect.listen or flow_log.0.window".to_owned(),
            })),
        }
    }

    /// Reads the types out of the tree. Errors of serde name a place in a text, so a text is made.
    fn read(&self) -> Result<Config, Box<ConfigError>> {
        let text = tree::rendered(&self.tree);
        toml::from_str(&text).map_err(|error| {
            let path = error.span().and_then(|at| {
                let places = Places::of(&text).ok()?;
                places.path_at(at.start).cloned()
            });
            self.error(Problem::of_serde(path.unwrap_or_default(), error.message()))
        })
    }

    fn error(&self, problem: Problem) -> Box<ConfigError> {
        Box::new(ConfigError {
            origin: self.origin(&problem.path),
            key: problem.path.to_string(),
            value: self.shown(&problem.path),
            problem: problem.wrong,
            remedy: problem.remedy,
        })
    }

    /// The source of a value, or of what holds it.
    fn origin(&self, path: &Path) -> Origin {
        let mut path = Some(path.clone());
        while let Some(here) = path {
            if let Some(origin) = self.origins.get(&here) {
                return origin.clone();
            }
            path = here.parent();
        }
        Origin::Default
    }

    /// A value as TOML on one line; nothing for tables, nothing of secrets.
    fn shown(&self, path: &Path) -> Option<String> {
        let value = tree::get(&self.tree, path)?;
        if is_secret(path) {
            return Some(format!("\"{MASK}\""));
        }
        let text = match value {
            Value::Table(_) => return None,
            Value::Array(entries) if entries.iter().any(Value::is_table) => return None,
            value => one_line(&value.to_string()),
        };
        match text.char_indices().nth(SHOWN) {
            Some((end, _)) => Some(format!("{}…", text.get(..end).unwrap_or_default())),
            None => Some(text),
        }
    }
}

/// `FLOWLOGD_SERVICE_HOST`, `FLOWLOGD_PORT`, `FLOWLOGD_PORT_9995_UDP…`.
fn is_of_kubernetes(key: &str) -> bool {
    key == "PORT" || key.starts_with("PORT_") || key.starts_with("SERVICE_")
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.get(..offset).unwrap_or(text).matches('\n').count()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
