use super::*;
use crate::config::Sources;

fn config(text: &str) -> Config {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    Sources::default().file(Some(file.path())).load().unwrap()
}

fn resource(id: &str, last: u8) -> String {
    format!("[[resource]]\nid = \"sag-{id}\"\nkind = \"sag\"\nexporters = [\"192.0.2.{last}\"]\n")
}

fn flow_log(name: &str, more: &str) -> String {
    format!("[[flow_log]]\nname = \"{name}\"\n{more}\n")
}

fn statuses(numbered: &Numbered) -> Vec<(&str, Status)> {
    let of = |flow_log: &'_ FlowLog| flow_log.status();
    numbered
        .flow_logs
        .iter()
        .map(|flow_log| (flow_log.id().as_str(), of(flow_log)))
        .collect()
}

#[test]
fn flow_logs_and_resources_keep_their_numbers_through_changes_and_a_restart() {
    let first = config(
        &[
            resource("a", 1),
            resource("b", 2),
            flow_log("one", "resource = \"sag-a\""),
            flow_log("two", "resource = \"sag-b\""),
        ]
        .concat(),
    );
    let numbered = Numbered::new(&first, Vec::new(), Vec::new()).unwrap();
    let index_of = |numbered: &Numbered, id| numbered.inventory.index_of(id);
    let (a, b) = (index_of(&numbered, "sag-a"), index_of(&numbered, "sag-b"));
    assert!(a.is_some() && b.is_some() && a != b);

    // the first of each goes, others come before and behind
    let second = config(
        &[
            resource("c", 3),
            resource("b", 2),
            flow_log("three", "resource = \"sag-c\""),
            flow_log("two", "resource = \"sag-b\"\nwindow = \"5m\""),
        ]
        .concat(),
    );
    let numbered = numbered.changed_to(&second, &[]).unwrap();
    assert_eq!(
        statuses(&numbered),
        [
            ("one", Status::Inactive),
            ("two", Status::Active),
            ("three", Status::Active)
        ]
    );
    assert_eq!(index_of(&numbered, "sag-b"), b);
    numbered.generation().unwrap();

    // after a restart the first one is back
    let book = numbered.book(7, 64);
    let back = Numbered::new(&first, book.resources, book.flow_logs).unwrap();
    assert_eq!(
        statuses(&back),
        [
            ("one", Status::Active),
            ("two", Status::Active),
            ("three", Status::Inactive)
        ]
    );
    assert_eq!(index_of(&back, "sag-a"), a);
    assert_eq!(index_of(&back, "sag-b"), b);
    back.generation().unwrap();
}

#[test]
fn a_flow_log_on_an_unknown_resource_is_said_to_match_nothing() {
    let config = config(&flow_log(
        "lost",
        "resource = \"vpc-nowhere\"\nproduct = \"vpc\"",
    ));
    let numbered = Numbered::new(&config, Vec::new(), Vec::new()).unwrap();
    let warnings = numbered.warnings(&numbered.generation().unwrap());
    assert_eq!(
        warnings,
        [
            "flow log lost: resource vpc-nowhere is not in the inventory, so it matches nothing; add \
          it as a [[resource]]"
        ]
    );
}
