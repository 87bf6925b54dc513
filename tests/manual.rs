//! The manual is true to the program in what can be looked up: every warning is explained, and every
//! metric that it names is there. Its links are rustdoc's to check.

use std::path::{Path, PathBuf};
use std::process::Command;

use flowlogd::telemetry::metrics;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn operations() -> String {
    let path = root().join("crates/flowlogd/src/manual/operations.md");
    std::fs::read_to_string(path).unwrap()
}

/// The sources of all crates, without their tests.
fn sources() -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join("crates")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is = |name: &str| path.file_name().is_some_and(|it| it == name);
            if path.is_dir() && !is("tests") && !is("bin") {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") && !is("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

/// The messages of `warn!` and `error!`: the last string in each, joined where it goes over lines.
fn messages(source: &str) -> Vec<String> {
    let macros = source
        .match_indices("warn!(")
        .map(|(at, found)| at + found.len());
    let errors = source
        .match_indices("error!(")
        .map(|(at, found)| at + found.len());
    macros
        .chain(errors)
        .filter_map(|at| message(&source[at..]))
        .collect()
}

/// The last string before the parenthesis that closes.
fn message(rest: &str) -> Option<String> {
    let (mut depth, mut last, mut open) = (1, None, None::<String>);
    let mut characters = rest.chars().peekable();
    while let Some(character) = characters.next() {
        match (&mut open, character) {
            (Some(text), '"') => last = Some(std::mem::take(text)),
            (Some(_), '\\') => {
                characters.next();
                while characters.next_if(|next| next.is_whitespace()).is_some() {}
                continue;
            }
            (Some(text), other) => {
                text.push(other);
                continue;
            }
            (None, '"') => {
                open = Some(String::new());
                continue;
            }
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            (None, _) => {}
        }
        open = None;
        if depth == 0 {
            break;
        }
    }
    last
}

#[test]
fn every_warning_is_explained() {
    let operations = operations();
    let mut count = 0;
    for (path, source) in sources() {
        for message in messages(&source) {
            // Sentences that are made elsewhere; those of flow logs are in the table as well.
            if message.starts_with('{') {
                continue;
            }
            count += 1;
            let row = format!("| `{message}` |");
            assert!(operations.contains(&row), "{}: {row}", path.display());
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn messages_are_found_where_they_stand() {
    let source =
        "warn!(%a, b = f(\"x\"), \"one\");\n tracing::error!(\"two \\\n    three\"); warn!(a);";
    assert_eq!(messages(source), ["one", "two three"]);
}

#[test]
fn every_metric_that_is_named_is_there() {
    let alerts = std::fs::read_to_string(root().join("config/alerts.yml")).unwrap();
    let operations = operations() + &alerts.replace("flowlogd_", "`flowlogd_");
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let named: Vec<&str> = operations
        .match_indices("`flowlogd_")
        .map(|(at, _)| &operations[at + 1..])
        .map(|rest| rest.split(|c| !is_name(c)).next().unwrap_or_default())
        .collect();
    assert!(named.len() > 20, "{}", named.len());
    for name in named {
        assert!(
            metrics::ALL.iter().any(|metric| metric.name == name),
            "{name}"
        );
    }
}

#[test]
fn the_alert_rules_are_rules_for_prometheus() {
    let file = root().join("config/alerts.yml");
    let checked = Command::new("promtool")
        .args(["check", "rules"])
        .arg(file)
        .output();
    match checked {
        Ok(checked) => assert!(checked.status.success(), "{checked:?}"),
        Err(problem) => {
            let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!ci, "promtool: {problem}; run tests/interop/install");
            eprintln!("SKIPPED: promtool: {problem}; run tests/interop/install");
        }
    }
}
