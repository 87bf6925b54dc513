//! Every conformance case is read as its sources and several other decoders read it: totals, Sets,
//! Templates, flows with all fields, options, errors and normalized values.

#[path = "captures/reading.rs"]
mod reading;

use flowlog_decode::Settings;
use flowlog_tests::captures::{self, Case};
use reading::{INSPECTING, Reading, read};
use serde_json::Value;

#[test]
fn every_case_is_read_as_expected() {
    let Some(cases) = captures::all() else {
        return;
    };
    assert_eq!(cases.len(), 85, "the number of cases");
    let mut differences = Vec::new();
    for case in &cases {
        let reading = read(&case.datagrams, INSPECTING());
        for difference in compare(case, &reading) {
            differences.push(format!("{}: {difference}", case.name));
        }
    }
    let shown: Vec<_> = differences.iter().take(40).map(String::as_str).collect();
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        shown.join("\n")
    );
}

#[test]
fn parked_sets_are_decoded_when_their_template_comes() {
    let Some(cases) = captures::all() else {
        return;
    };
    let mut with_more = 0;
    for case in &cases {
        let more = case.total("records_more_if_sets_are_kept_until_their_template_comes");
        if more == 0 {
            continue;
        }
        let settings = Settings {
            drop_duplicates: false,
            ..Settings::default()
        };
        let mut decoder = flowlog_decode::Decoder::new(settings, flowlog_record::HashKey::PUBLIC);
        let mut counter = Counter::default();
        let mut sets = flowlog_decode::SetCounts::default();
        for datagram in &case.datagrams {
            let at = flowlog_record::Timestamp::from_micros(datagram.at_us);
            let decoded = decoder.decode(at, datagram.exporter, &datagram.octets, &mut counter);
            sets += decoded.sets;
        }
        let expected = case.total("flows") + case.total("options") + more;
        assert_eq!(counter.0, expected, "{}", case.name);
        assert_eq!((sets.parked, sets.skipped), (0, 0), "{}", case.name);
        assert_eq!(sets.received, sets.decoded, "{}", case.name);
        with_more += 1;
    }
    assert!(with_more > 0, "a case with Sets before their Template");
}

/// Counts records.
#[derive(Default)]
struct Counter(u64);

impl flowlog_decode::Visitor for Counter {
    fn records(&mut self, batch: &mut flowlog_decode::Batch<'_>) {
        self.0 += batch.records.len() as u64;
    }

    fn options(&mut self, _record: &flowlog_decode::OptionsRecord<'_>) {
        self.0 += 1;
    }
}

/// How our reading of a case differs from what is expected.
fn compare(case: &Case, reading: &Reading) -> Vec<String> {
    let mut differences = Differences::default();
    let accepted = &case.expect("accept")["flows"];
    if accepted == "any" {
        let errors = reading.totals()["datagrams_with_errors"].clone();
        differences.check("errors", &(errors != 0).into(), &true.into());
        return differences.0;
    }
    let flows = Value::from(reading.flows.len());
    if let Some(accepted) = accepted.as_array() {
        if !accepted.contains(&flows) {
            differences
                .0
                .push(format!("{flows} flows, accepted {accepted:?}"));
        }
        if flows != case.expect("totals")["flows"] {
            return differences.0;
        }
    }
    totals(case, reading, &mut differences);
    differences.list("template", case.expect("templates"), &reading.templates);
    datagrams(case, reading, &mut differences);
    records(
        "flow",
        case.expect("flows"),
        &reading.flows,
        &mut differences,
    );
    records(
        "options",
        case.expect("options"),
        &reading.options,
        &mut differences,
    );
    let fingerprint = sha2::Digest::finalize(reading.fingerprint.clone());
    let hex: String = fingerprint
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect();
    differences.check(
        "fingerprint",
        &hex.into(),
        &case.expect("aggregates")["fingerprint"],
    );
    differences.0
}

fn totals(case: &Case, reading: &Reading, differences: &mut Differences) {
    for (name, value) in reading.totals().as_object().expect("an object") {
        differences.check(name, value, &case.expect("totals")[name]);
    }
}

/// Headers, Sets, counts, and whether there was an error.
fn datagrams(case: &Case, reading: &Reading, differences: &mut Differences) {
    let expected = case.expect("datagrams").as_array().expect("an array");
    for (expected, seen) in expected.iter().zip(&reading.datagrams) {
        let n = &expected["n"];
        for (name, expected) in expected.as_object().expect("an object") {
            match name.as_str() {
                "notes" | "sets_without_template" => {}
                "errors" => {
                    let errors = seen["errors"].as_array().map_or(0, Vec::len);
                    let expected = expected.as_array().map_or(0, Vec::len);
                    differences.check(
                        &format!("datagram {n} errors"),
                        &errors.into(),
                        &expected.into(),
                    );
                }
                _ => differences.check(&format!("datagram {n} {name}"), &seen[name], expected),
            }
        }
    }
}

/// The records that a case lists, by their ordinal.
fn records(what: &str, expected: &Value, seen: &[Value], differences: &mut Differences) {
    for expected in expected.as_array().expect("an array") {
        let i = usize::try_from(expected["i"].as_u64().expect("an ordinal")).expect("small");
        let Some(seen) = seen.get(i) else {
            differences.0.push(format!("{what} {i} is missing"));
            continue;
        };
        for (name, expected) in expected.as_object().expect("an object") {
            if name == "vendor" {
                continue;
            }
            if name == "normalized" {
                members(&format!("{what} {i}"), &seen[name], expected, differences);
            } else {
                differences.check(&format!("{what} {i} {name}"), &seen[name], expected);
            }
        }
    }
}

fn members(what: &str, seen: &Value, expected: &Value, differences: &mut Differences) {
    let (seen, expected) = (
        seen.as_object().expect("seen"),
        expected.as_object().expect("expected"),
    );
    let names: std::collections::BTreeSet<_> = seen.keys().chain(expected.keys()).collect();
    for name in names {
        let value =
            |map: &serde_json::Map<String, Value>| map.get(name).cloned().unwrap_or_default();
        differences.check(&format!("{what} {name}"), &value(seen), &value(expected));
    }
}

#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn check(&mut self, what: &str, seen: &Value, expected: &Value) {
        if seen == expected {
            return;
        }
        let pairs = match (seen.as_array(), expected.as_array()) {
            (Some(seen), Some(expected)) if seen.len() == expected.len() => {
                seen.iter().zip(expected)
            }
            _ => return self.0.push(format!("{what}: {seen}, expected {expected}")),
        };
        for (i, (seen, expected)) in pairs.enumerate() {
            self.check(&format!("{what} {i}"), seen, expected);
        }
    }

    fn list(&mut self, what: &str, expected: &Value, seen: &[Value]) {
        let expected = expected.as_array().expect("an array");
        self.check(
            &format!("{what}s"),
            &seen.len().into(),
            &expected.len().into(),
        );
        for (i, (seen, expected)) in seen.iter().zip(expected).enumerate() {
            self.check(&format!("{what} {i}"), seen, expected);
        }
    }
}
