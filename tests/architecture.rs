//! The house stands as `crates/` says: a crate depends on lower layers only, and pure crates are
//! `#![no_std]`. The table below is the one of the manual; the manifests are read, not trusted.

use std::{collections::BTreeMap, fs, path::Path};

/// (crate, layer, pure)
const LAYERS: &[(&str, u8, bool)] = &[
    ("record", 0, true),
    ("access", 1, true),
    ("wire", 2, true),
    ("flowlog", 2, true),
    ("sls", 2, true),
    ("decode", 3, true),
    ("aggregate", 3, true),
    ("pipeline", 4, true),
    ("export", 4, true),
    ("collect", 5, false),
    ("http", 5, false),
    ("journal", 5, false),
    ("logstore", 6, false),
    ("control", 6, false),
    ("exporter-sim", 6, false),
    ("kafka", 7, false),
    ("sink", 8, false),
    ("flowlogd", 9, false),
];

/// What a pure crate may use beside ours: no I/O, no clock, no threads.
const PURE_DEPENDENCIES: &[&str] = &[
    "base64",
    "bitflags",
    "hashbrown",
    "hmac",
    "md-5",
    "nom",
    "postcard",
    "serde",
    "sha1",
    "sha2",
    "subtle",
];

fn crates() -> Vec<(String, toml::Table)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut found = Vec::new();
    for entry in fs::read_dir(&root).unwrap() {
        let path = entry.unwrap().path();
        let manifest = fs::read_to_string(path.join("Cargo.toml")).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        found.push((name, manifest.parse().unwrap()));
    }
    found
}

fn dependencies(manifest: &toml::Table) -> Vec<String> {
    manifest
        .get("dependencies")
        .and_then(toml::Value::as_table)
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

#[test]
fn every_crate_has_a_layer_and_depends_on_lower_ones_only() {
    let layers: BTreeMap<_, _> = LAYERS
        .iter()
        .map(|&(name, layer, _)| (name, layer))
        .collect();
    let found = crates();
    assert_eq!(
        found.len(),
        layers.len(),
        "a crate is missing here or in the folder"
    );
    for (name, manifest) in &found {
        let layer = layers
            .get(name.as_str())
            .unwrap_or_else(|| panic!("{name} has no layer"));
        for dependency in dependencies(manifest) {
            let Some(ours) = dependency.strip_prefix("flowlog-") else {
                continue;
            };
            assert!(layers[ours] < *layer, "{name} must not depend on {ours}");
        }
    }
}

#[test]
fn pure_crates_are_no_std_and_use_pure_crates_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let found: BTreeMap<_, _> = crates().into_iter().collect();
    for &(name, _, _) in LAYERS.iter().filter(|&&(_, _, pure)| pure) {
        let lib = fs::read_to_string(root.join(name).join("src/lib.rs")).unwrap();
        assert!(lib.contains("\n#![no_std]\n"), "{name} is not #![no_std]");
        for dependency in dependencies(&found[name]) {
            let known = dependency.starts_with("flowlog-")
                || PURE_DEPENDENCIES.contains(&dependency.as_str());
            assert!(known, "{name} is pure and must not depend on {dependency}");
        }
    }
}
