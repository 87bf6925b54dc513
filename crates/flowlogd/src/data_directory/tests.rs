use tempfile::TempDir;

use super::*;

fn place() -> (TempDir, PathBuf) {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("a").join("data");
    (temporary, path)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_directory_is_closed_to_others_and_keeps_what_it_is() {
    let (_temporary, path) = place();
    let first = DataDirectory::open(&path).unwrap().identity();
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&path.join(IDENTITY)), 0o600);
    assert_eq!((first.format, first.partitions), (1, 64));
    assert_ne!(first.hash_key, HashKey([0; 4]));
    assert_eq!(DataDirectory::open(&path).unwrap().identity(), first);
    let (_temporary, other) = place();
    assert_ne!(
        DataDirectory::open(&other).unwrap().identity().hash_key,
        first.hash_key
    );
}

#[test]
fn an_open_directory_is_closed_when_it_becomes_ours() {
    let (_temporary, path) = place();
    fs::create_dir_all(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    let data = DataDirectory::open(&path).unwrap();
    assert_eq!(mode(data.path()), 0o700);
}

#[test]
fn a_directory_of_somebody_else_is_left_alone() {
    let (_temporary, path) = place();
    fs::create_dir_all(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    fs::write(path.join("thesis.tex"), "x").unwrap();
    let error = DataDirectory::open(&path).unwrap_err().to_string();
    assert!(
        error.contains("is not empty and no data directory"),
        "{error}"
    );
    assert_eq!(mode(&path), 0o755);
    assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
}

#[test]
fn a_second_daemon_is_told_who_has_it() {
    let (_temporary, path) = place();
    let first = DataDirectory::open(&path).unwrap();
    let error = DataDirectory::open(&path).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} is in use by another flowlogd (process {}); stop that one, or give this one another \
             directory with --data",
            path.display(),
            std::process::id()
        )
    );
    drop(first);
    DataDirectory::open(&path).unwrap();
}

#[test]
fn a_path_that_is_no_directory_is_one_sentence() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("file");
    fs::write(&path, "x").unwrap();
    let error = DataDirectory::open(&path.join("data"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("cannot be made: Not a directory"), "{error}");
    assert!(error.contains("--data"), "{error}");
}

#[test]
fn a_full_disk_is_said_as_such() {
    let error = unusable(
        Path::new("d/x"),
        "written",
        io::ErrorKind::StorageFull.into(),
    );
    assert_eq!(
        error.to_string(),
        "d/x cannot be written: no space is left on its disk; free some, or put \"data\" (--data) on \
         another disk"
    );
}

#[test]
fn damage_and_later_formats_are_told_apart() {
    let (_temporary, path) = place();
    drop(DataDirectory::open(&path).unwrap());
    let identity = path.join(IDENTITY);
    let good = fs::read_to_string(&identity).unwrap();
    for (text, expected) in [
        (
            good.replace("format = 1", "format = 2\nnew = 1"),
            "has format 2",
        ),
        (
            good.replace("partitions = 64", "partitions = 0"),
            "no partitions",
        ),
        (
            good.replace("hash_key = \"", "hash_key = \"0"),
            "64 hexadecimal digits",
        ),
        ("[".to_owned(), "no TOML"),
        (String::new(), "missing field"),
    ] {
        fs::write(&identity, text).unwrap();
        let error = DataDirectory::open(&path).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    fs::write(&identity, [0xff, 0xfe]).unwrap();
    assert!(
        DataDirectory::open(&path)
            .unwrap_err()
            .to_string()
            .contains("no text")
    );
}

#[test]
fn every_start_has_an_epoch_of_its_own() {
    let (_temporary, path) = place();
    for epoch in 1..4 {
        assert_eq!(
            DataDirectory::open(&path).unwrap().begin_epoch().unwrap(),
            epoch
        );
    }
    fs::write(path.join(EPOCH), "x").unwrap();
    let data = DataDirectory::open(&path).unwrap();
    assert!(
        data.begin_epoch()
            .unwrap_err()
            .to_string()
            .contains("it holds no number")
    );
}

#[test]
fn the_root_key_is_generated_once_and_found_by_others() {
    let (_temporary, path) = place();
    let config = Config::default();
    let error = credentials(&path, &config).unwrap_err().to_string();
    assert!(error.contains("start the daemon once"), "{error}");

    let data = DataDirectory::open(&path).unwrap();
    let generated = data.root_key(&config).unwrap();
    let file = path.join(CREDENTIALS);
    assert!(matches!(&generated, RootKey::Generated(_, place) if *place == file));
    assert_eq!(mode(&file), 0o600);
    assert_eq!(
        data.root_key(&config).unwrap(),
        RootKey::Found(generated.key().clone())
    );
    // the lock is held, and yet another command can read it
    assert_eq!(credentials(&path, &config).unwrap(), *generated.key());

    // longer than what chance may put into the name of the directory
    fs::write(&file, "id = \"a\"\nsecret = 7000070007\n").unwrap();
    let error = credentials(&path, &config).unwrap_err().to_string();
    assert!(
        error.contains("it holds no id and secret") && !error.contains("7000070007"),
        "{error}"
    );
}

#[test]
fn a_configured_key_needs_no_file() {
    let (_temporary, path) = place();
    let sources = crate::config::Sources::default();
    let assignments = [
        "access_key.0.id=a".to_owned(),
        "access_key.0.secret=\"b\"".to_owned(),
    ];
    let config = sources.set(&assignments).unwrap().load().unwrap();
    let data = DataDirectory::open(&path).unwrap();
    let RootKey::Configured(key) = data.root_key(&config).unwrap() else {
        panic!("the configured key");
    };
    assert_eq!(key.id.as_str(), "a");
    assert!(!path.join(CREDENTIALS).exists());
    assert_eq!(credentials(&path, &config).unwrap(), key);
}
