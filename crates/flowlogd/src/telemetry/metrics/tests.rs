use std::collections::BTreeSet;

use super::*;

#[test]
fn names_are_unique_and_say_crate_and_kind() {
    let crates = ["collect", "pipeline", "logstore", "sink", "flowlogd"];
    let names: BTreeSet<&str> = ALL.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), ALL.len());
    for metric in ALL {
        let rest = metric.name.strip_prefix("flowlogd_").unwrap();
        assert!(
            crates
                .iter()
                .any(|name| rest.starts_with(&format!("{name}_"))),
            "{rest}"
        );
        assert_eq!(
            rest.ends_with("_total"),
            metric.kind == Kind::Counter,
            "{rest}"
        );
        assert!(
            rest.bytes().all(|c| c.is_ascii_lowercase() || c == b'_'),
            "{rest}"
        );
        assert!(
            metric.description.ends_with('.') && !metric.description.contains('\n'),
            "{rest}"
        );
    }
}

#[test]
fn what_is_published_is_rendered_with_help_and_labels() {
    let recorder = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || {
        PIPELINE_DATAGRAMS.describe();
        PIPELINE_EXPORTERS.describe();
        let accepted = [("outcome", "accepted".to_owned())];
        PIPELINE_DATAGRAMS.count(&accepted, 7);
        PIPELINE_DATAGRAMS.count(&accepted, 9);
        PIPELINE_EXPORTERS.measure(&[], 3);
    });
    let text = recorder.handle().render();
    assert!(
        text.contains("# HELP flowlogd_pipeline_datagrams_total Datagrams by outcome"),
        "{text}"
    );
    assert!(
        text.contains("# TYPE flowlogd_pipeline_datagrams_total counter"),
        "{text}"
    );
    assert!(
        text.contains("flowlogd_pipeline_datagrams_total{outcome=\"accepted\"} 9"),
        "{text}"
    );
    assert!(text.contains("flowlogd_pipeline_exporters 3"), "{text}");
}

#[test]
fn large_numbers_are_exact_up_to_two_to_the_53() {
    for (value, text) in [
        (0, "0"),
        (1 << 32, "4294967296"),
        ((1 << 53) - 1, "9007199254740991"),
    ] {
        assert_eq!(float(value).to_string(), text);
    }
}
