//! Saved state that cannot be taken up: it is set aside, that is said, a new epoch begins, and the
//! rows that were stored are there as before.

use std::{fs, path::Path, time::Duration};

use flowlog_tests::daemon::Daemon;

use crate::{
    load::Load,
    rows::{self, AGED, EACH},
};

const SHORT: Duration = Duration::from_millis(500);

#[test]
fn damaged_state_is_set_aside() {
    is_set_aside("partition-00007", "its checksum is wrong", |octets| {
        octets[0] ^= 1;
    });
}

#[test]
fn state_of_another_version_is_set_aside() {
    is_set_aside("book", "it is of format 99", |octets| {
        let content = octets.len() - 4;
        let text = String::from_utf8(octets[..content].to_vec()).unwrap();
        let later = text.replacen("\"format\":2,", "\"format\":99,", 1);
        assert_ne!(text, later);
        *octets = later.into_bytes();
        octets.extend(crc32(octets).to_be_bytes());
    });
}

fn is_set_aside(file: &str, problem: &str, spoil: impl FnOnce(&mut Vec<u8>)) {
    let daemon = Daemon::start(&format!("{EACH}{AGED}"));
    let mut load = Load::new(60, daemon.udp);
    load.run(SHORT);
    load.finish();
    rows::come_to(&daemon, "each", rows::of(load.sent()));
    let seen = rows::all(&daemon, "each");
    let dir = daemon.stop();
    let path = dir.path().join("data/state").join(file);
    let mut octets = fs::read(&path).unwrap();
    spoil(&mut octets);
    fs::write(&path, &octets).unwrap();

    let daemon = Daemon::start_again(dir);
    let said = daemon.said();
    let aside = daemon.data().join("state.unusable-2");
    for words in [
        problem,
        "set aside",
        aside.to_str().unwrap(),
        "a new epoch of row ids begins epoch=2",
    ] {
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
    assert_eq!(fs::read(aside.join(file)).unwrap(), octets);
    assert!(!exists(&daemon.data(), "state"));
    assert_eq!(rows::all(&daemon, "each"), seen);

    let mut load = Load::new(61, daemon.udp);
    load.run(SHORT);
    load.finish();
    let wanted = seen.len() + usize::try_from(load.sent().records).unwrap();
    daemon.wait_until("the new rows", || {
        rows::all(&daemon, "each").len() == wanted
    });
    let now = rows::all(&daemon, "each");
    rows::are_numbered_without_a_gap(&now);
    assert!(now.keys().all(|id| seen.contains_key(id) || id.epoch == 2));
    let dir = daemon.stop();
    let daemon = Daemon::start_again(dir);
    assert!(daemon.said().contains("going on from saved state epoch=2"));
    daemon.stop();
}

fn exists(data: &Path, name: &str) -> bool {
    data.join(name).exists()
}

/// The CRC of zip and gzip, bit by bit.
fn crc32(octets: &[u8]) -> u32 {
    !octets.iter().fold(!0, |crc, octet| {
        (0..8).fold(crc ^ u32::from(*octet), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
