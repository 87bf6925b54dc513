//! What a table shows in bold or in colour on a terminal: its header, and what a search has found.
//!
//! Escapes are put around text that is laid out already, so that they change no width. Values never
//! bring escapes of their own: control characters are escaped before.

use std::env;
use std::io::{self, IsTerminal};
use std::ops::Range;

const BOLD: &str = "\u{1b}[1m";
const FOUND: &str = "\u{1b}[1;33m";
const PLAIN: &str = "\u{1b}[0m";

/// When a table is highlighted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether standard output is highlighted.
    pub fn is_wanted(self) -> bool {
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => io::stdout().is_terminal() && !set("NO_COLOR") && !is_dumb,
        }
    }
}

/// What is highlighted: the header, and these texts in these columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Highlight {
    texts: Vec<(Option<String>, String)>,
}

impl Highlight {
    /// Highlights a text wherever it stands in a column, or in any column; case does not matter.
    pub fn text(&mut self, column: Option<&str>, text: &str) {
        if !text.is_empty() {
            let text = text.to_ascii_lowercase();
            self.texts.push((column.map(str::to_owned), text));
        }
    }

    /// The header of a table.
    pub(super) fn header(line: &str) -> String {
        format!("{BOLD}{line}{PLAIN}")
    }

    /// A line of a table whose columns are so wide. Places are counted in octets, so that a line
    /// with others than ASCII characters stays as it is.
    pub(super) fn line(&self, line: &str, columns: &[String], widths: &[u16]) -> String {
        if self.texts.is_empty() || !line.is_ascii() {
            return line.to_owned();
        }
        let lower = line.to_ascii_lowercase();
        let mut found = vec![false; line.len()];
        let mut start = 0;
        for (column, &width) in columns.iter().zip(widths) {
            let end = (start + usize::from(width)).min(line.len());
            self.mark(&lower, column, start..end, &mut found);
            start = end;
        }
        written(line, &found)
    }

    fn mark(&self, line: &str, column: &str, place: Range<usize>, found: &mut [bool]) {
        let cell = line.get(place.clone()).unwrap_or_default();
        for (of, text) in &self.texts {
            if of.as_deref().is_some_and(|of| of != column) {
                continue;
            }
            for (at, _) in cell.match_indices(text.as_str()) {
                let from = place.start + at;
                if let Some(marks) = found.get_mut(from..from + text.len()) {
                    marks.fill(true);
                }
            }
        }
    }
}

fn written(line: &str, found: &[bool]) -> String {
    let mut text = String::with_capacity(line.len() + 16);
    let mut inside = false;
    for (character, &is_found) in line.chars().zip(found) {
        if is_found != inside {
            text.push_str(if is_found { FOUND } else { PLAIN });
            inside = is_found;
        }
        text.push(character);
    }
    if inside {
        text.push_str(PLAIN);
    }
    text
}
