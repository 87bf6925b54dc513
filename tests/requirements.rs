//! The lists of what the standards demand (`requirements/*.toml`) are whole: each entry has one
//! state, and the tests that it names are there.
//!
//! A list is data: what it says of a sentence is for a person to judge. This suite judges that
//! nothing in it has gone stale.

use std::collections::BTreeSet;
use std::path::Path;

use toml::{Table, Value};

const LISTS: &[&str] = &[
    include_str!("requirements/rfc7011.toml"),
    include_str!("requirements/rfc3954.toml"),
];

/// What an entry may be; it is one of them.
const STATES: &[&str] = &["test", "todo", "exception"];

/// Who has to fulfil an entry.
const ROLES: &[&str] = &["collector", "exporter"];

#[test]
fn every_requirement_has_one_state_and_its_tests_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let source = |file: &str| std::fs::read_to_string(root.join(file)).ok();
    for list in LISTS {
        let list: Table = list.parse().unwrap();
        let title = text(&list, "title");
        let faults = faults(&list, &source);
        assert!(faults.is_empty(), "{title}:\n{}", faults.join("\n"));
    }
}

#[test]
fn every_list_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("requirements");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), LISTS.len());
}

/// Everything that is wrong with a list; `source` gives the text of a file.
fn faults(list: &Table, source: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let sections = texts(list, "sections");
    let entries = list.get("requirement").and_then(Value::as_array);
    let mut faults = Vec::new();
    let mut ids = BTreeSet::new();
    for entry in entries.into_iter().flatten().filter_map(Value::as_table) {
        let id = text(entry, "id");
        let mut fault = |what: String| faults.push(format!("{id}: {what}"));
        if !ids.insert(id) {
            fault("the id is there twice".to_owned());
        }
        let section = id.rsplit_once('-').map_or("", |(section, _)| section);
        let is_within = |outer: &&str| {
            let rest = section.strip_prefix(outer);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if !sections.iter().any(is_within) {
            fault(format!("section {section:?} is not one of {sections:?}"));
        }
        if !ROLES.contains(&text(entry, "role")) {
            fault(format!("role is none of {ROLES:?}"));
        }
        if text(entry, "text").is_empty() {
            fault("it does not say what is demanded".to_owned());
        }
        state_faults(entry, source).into_iter().for_each(fault);
    }
    if ids.is_empty() {
        faults.push("no requirements".to_owned());
    }
    faults
}

/// What is wrong with the state of an entry.
fn state_faults(entry: &Table, source: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let known = |key: &&String| {
        let key = key.as_str();
        STATES.contains(&key) || ["id", "role", "text"].contains(&key)
    };
    let mut faults: Vec<String> = entry
        .keys()
        .filter(|key| !known(key))
        .map(|key| format!("unknown key {key}"))
        .collect();
    let states = STATES.iter().filter(|state| entry.contains_key(**state));
    let states: Vec<&str> = states.copied().collect();
    match states[..] {
        ["test"] => {
            let tests = texts(entry, "test");
            if tests.is_empty() {
                faults.push("it names no test".to_owned());
            }
            let missing = tests.into_iter().filter(|test| !exists(test, source));
            faults.extend(missing.map(|test| format!("there is no test {test}")));
        }
        [state] if text(entry, state).is_empty() => faults.push(format!("{state} says nothing")),
        [_] => {}
        _ => faults.push(format!("one of {STATES:?} is needed, there are {states:?}")),
    }
    faults
}

/// Whether `FILE::TEST` is a test of that file.
fn exists(test: &str, source: &dyn Fn(&str) -> Option<String>) -> bool {
    let found = test
        .rsplit_once("::")
        .and_then(|(file, name)| Some((source(file)?, name)));
    found.is_some_and(|(source, name)| is_test(&source, name))
}

/// Whether a source has a function of that name that the test command runs.
fn is_test(source: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    let mut attributes = Vec::new();
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[") {
            attributes.push(line);
        } else if line.starts_with(&head) && attributes.contains(&"#[test]") {
            return !attributes.iter().any(|it| it.starts_with("#[ignore"));
        } else {
            attributes.clear();
        }
    }
    false
}

/// A string of a table, empty if it is not there.
fn text<'t>(table: &'t Table, key: &str) -> &'t str {
    table.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The strings of a list in a table.
fn texts<'t>(table: &'t Table, key: &str) -> Vec<&'t str> {
    let list = table.get(key).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// The faults of a list of section 3 with this entry, beside a file with one test and one function.
fn faults_of(entry: &str) -> Vec<String> {
    let list = format!("sections = [\"3\"]\n{entry}");
    let source =
        "#[test]\nfn a_test() {}\n\nfn a_function() {}\n#[test]\n#[ignore]\nfn asleep() {}";
    faults(&list.parse().unwrap(), &|file: &str| {
        (file == "a.rs").then(|| source.to_owned())
    })
}

#[test]
fn what_is_wrong_with_an_entry_is_found() {
    let entry = |id: &str, state: &str| {
        format!("[[requirement]]\nid = \"{id}\"\nrole = \"collector\"\ntext = \"t\"\n{state}\n")
    };
    for good in [
        "test = [\"a.rs::a_test\"]",
        "todo = \"later\"",
        "exception = \"why\"",
    ] {
        assert_eq!(faults_of(&entry("3.1-1", good)), [""; 0], "{good}");
    }
    let bad = [
        ("3.1-1", "", "one of"),
        ("3.1-1", "todo = \"a\"\nexception = \"b\"", "one of"),
        ("3.1-1", "todo = \"\"", "says nothing"),
        ("3.1-1", "test = []", "names no test"),
        ("3.1-1", "test = [\"a.rs::a_function\"]", "there is no test"),
        ("3.1-1", "test = [\"a.rs::asleep\"]", "there is no test"),
        ("3.1-1", "test = [\"a.rs::a_tes\"]", "there is no test"),
        ("3.1-1", "test = [\"b.rs::a_test\"]", "there is no test"),
        ("3.1-1", "todo = \"a\"\nsoon = \"b\"", "unknown key"),
        ("31-1", "todo = \"a\"", "section"),
        ("4-1", "todo = \"a\"", "section"),
    ];
    for (id, state, expected) in bad {
        let faults = faults_of(&entry(id, state));
        let [fault] = &faults[..] else {
            panic!("{state}: {faults:?}");
        };
        assert!(fault.contains(expected), "{state}: {fault}");
    }
    let twice = entry("3-1", "todo = \"a\"").repeat(2);
    assert_eq!(faults_of(&twice), ["3-1: the id is there twice"]);
    assert_eq!(faults_of(""), ["no requirements"]);
}
