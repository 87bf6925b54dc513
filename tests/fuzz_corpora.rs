//! Every file of the fuzz targets' corpora is replayed through the body of its target.

#[path = "../fuzz/bodies.rs"]
mod bodies;
#[path = "../fuzz/bodies/capture.rs"]
mod capture;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One test a target, named after it, and the list of them.
macro_rules! targets {
    ($($name:ident => $body:path),* $(,)?) => {
        const TARGETS: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                replay(stringify!($name), $body);
            }
        )*
    };
}

targets! {
    capture => capture::capture,
    differential => bodies::differential,
    emit_parse => bodies::emit_parse,
    http_request => bodies::http_request,
    journal_recovery => bodies::journal_recovery,
    log_group => bodies::log_group,
    partition => bodies::partition,
    policy => bodies::policy,
    rpc_request => bodies::rpc_request,
    saved_state => bodies::saved_state,
    search_query => bodies::search_query,
    wire_ipfix => bodies::wire_ipfix,
    wire_v5 => bodies::wire_v5,
    wire_v9 => bodies::wire_v9,
}

/// All corpora together: they are a part of the checkout.
const MOST_OCTETS: usize = 300_000;

#[test]
fn every_target_is_replayed() {
    let manifest = std::fs::read_to_string(fuzz().join("Cargo.toml")).expect("a manifest");
    let manifest: toml::Table = manifest.parse().expect("TOML");
    let built = manifest["bin"].as_array().expect("targets").iter();
    let built: BTreeSet<&str> = built.filter_map(|target| target["name"].as_str()).collect();
    assert_eq!(built, TARGETS.iter().copied().collect());
    let corpora = std::fs::read_dir(fuzz().join("corpus")).expect("corpora");
    for entry in corpora {
        let name = entry.expect("an entry").file_name();
        assert!(
            built.contains(name.to_str().expect("UTF-8")),
            "no target: {}",
            name.display()
        );
    }
}

#[test]
fn the_corpora_are_small() {
    let octets = |target: &&str| {
        files(target)
            .iter()
            .map(|(_, octets)| octets.len())
            .sum::<usize>()
    };
    let sum: usize = TARGETS.iter().map(octets).sum();
    assert!(
        sum <= MOST_OCTETS,
        "{sum} octets: minimise them (fuzz/README.md)"
    );
}

fn replay(target: &str, body: impl Fn(&[u8]) + std::panic::RefUnwindSafe) {
    let mut broken = Vec::new();
    for (path, octets) in files(target) {
        if std::panic::catch_unwind(|| body(&octets)).is_err() {
            broken.push(path);
        }
    }
    assert!(broken.is_empty(), "{target} does not hold for {broken:?}");
}

/// The corpus of a target, which is never empty.
fn files(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let directory = fuzz().join("corpus").join(target);
    let entries = std::fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{}: no files", directory.display());
    let read = |path: PathBuf| {
        let octets = std::fs::read(&path).expect("a file");
        (path, octets)
    };
    paths.into_iter().map(read).collect()
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}
