//! Recovery of a journal from a directory in which anything may have happened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use flowlog_journal::{Journal, JournalError, Position, Settings, recover};

/// Records of the good journal; a few segments full.
const RECORDS: u8 = 40;
const RECORD_OCTETS: usize = 100;

type Files = BTreeMap<String, Vec<u8>>;

/// The good journal: its files by name.
static GOOD: LazyLock<Files> = LazyLock::new(|| {
    let directory = directory();
    let (mut journal, _) = Journal::open(directory.path(), settings()).expect("opens");
    for n in 0..RECORDS {
        journal.append(&[&[n; RECORD_OCTETS]]).expect("appends");
    }
    journal.sync().expect("syncs");
    let files = std::fs::read_dir(directory.path()).expect("lists");
    let paths = files.map(|entry| entry.expect("an entry").path());
    paths
        .map(|path| (name(&path), std::fs::read(&path).expect("reads")))
        .collect()
});

/// Damage to the files of a journal.
#[derive(Default)]
struct Damage {
    /// Files whose content is not what was written.
    touched: BTreeSet<String>,
    /// Octets were invented, so that a frame may have been forged.
    forged: bool,
    /// There are segments that the journal did not make.
    added: bool,
}

/// Any octets may stand in a journal's directory: recovery ends and says what is left; what was not
/// touched is kept, and what is kept can be appended to and read again.
pub fn journal_recovery(octets: &[u8]) {
    let mut files = GOOD.clone();
    let damage = apply(octets, &mut files);
    let directory = directory();
    for (name, content) in &files {
        std::fs::write(directory.path().join(name), content).expect("writes");
    }
    let surveyed = recover(directory.path());
    let (mut journal, recovery) = match Journal::open(directory.path(), settings()) {
        Ok(opened) => opened,
        Err(error) => {
            assert!(
                matches!(error, JournalError::UnknownVersion { .. }),
                "{error}"
            );
            assert!(damage.forged && surveyed.is_err());
            return;
        }
    };
    assert_eq!(surveyed.expect("as opening does"), recovery);
    let before = read(&journal);
    assert_eq!(before.len() as u64, recovery.records);
    assert_eq!(
        (journal.first(), journal.next()),
        (recovery.first, recovery.next)
    );
    assert!(
        before
            .iter()
            .all(|(at, _)| (recovery.first..recovery.next).contains(at))
    );
    check_kept(&before, &damage);

    let position = match journal.append(&[b"be", b"hind"]) {
        Ok(position) => position,
        Err(JournalError::PositionsExhausted) => {
            return assert!(damage.added && recovery.next == Position(u64::MAX));
        }
        Err(error) => panic!("cannot append after recovery: {error}"),
    };
    assert!(position >= recovery.next);
    journal.sync().expect("syncs after recovery");
    drop(journal);
    let (journal, again) = Journal::open(directory.path(), settings()).expect("opens again");
    assert_eq!(again.torn_tail, None, "the tail was cut");
    let mut after = read(&journal);
    assert_eq!(after.pop(), Some((position, b"behind".to_vec())));
    assert_eq!(after, before, "what was kept stays");
}

/// Follows a script of `[kind, file, place (2), length, octets …]`.
fn apply(mut script: &[u8], files: &mut Files) -> Damage {
    let mut damage = Damage::default();
    while let Some((&[kind, file, high, low, length], rest)) = script.split_first_chunk::<5>() {
        let (octets, behind) = rest.split_at(usize::from(length).min(rest.len()));
        script = behind;
        let place = usize::from(u16::from_be_bytes([high, low]));
        if kind % 6 == 5 {
            let position = octets
                .iter()
                .fold(0_u64, |sum, octet| sum << 8 | u64::from(*octet));
            let content = files
                .values()
                .nth(usize::from(file) % (files.len() + 1))
                .cloned();
            files.insert(
                format!("{position:020}.journal"),
                content.unwrap_or_default(),
            );
            (damage.added, damage.forged) = (true, true);
            continue;
        }
        let Some(name) = files
            .keys()
            .nth(usize::from(file) % files.len().max(1))
            .cloned()
        else {
            continue;
        };
        let content = files.get_mut(&name).expect("it is there");
        let at = place % (content.len() + 1);
        match kind % 6 {
            0 => content.truncate(at),
            1 => {
                let end = content.len().min(at + octets.len());
                content[at..end].copy_from_slice(&octets[..end - at]);
            }
            2 => content.extend(octets),
            3 => content.splice(at.., octets.iter().copied()).for_each(drop),
            _ => drop(files.remove(&name)),
        }
        damage.forged |= matches!(kind % 6, 1..=3);
        damage.touched.insert(name);
    }
    damage
}

/// Records of files that nobody touched are there; without forgery no others are.
fn check_kept(kept: &[(Position, Vec<u8>)], damage: &Damage) {
    let written = |n: u8| (Position(u64::from(n)), vec![n; RECORD_OCTETS]);
    if !damage.forged {
        assert!(kept.iter().all(|(at, record)| {
            u8::try_from(at.0).is_ok_and(|n| n < RECORDS && *record == written(n).1)
        }));
    }
    if damage.added {
        return;
    }
    let starts: Vec<(u64, &String)> = GOOD.keys().map(|name| (start(name), name)).collect();
    for n in 0..RECORDS {
        let (_, file) = starts
            .iter()
            .rfind(|(start, _)| *start <= u64::from(n))
            .expect("a file");
        if !damage.touched.contains(*file) {
            assert!(
                kept.contains(&written(n)),
                "record {n} was lost, {file} is as it was"
            );
        }
    }
}

fn start(name: &str) -> u64 {
    name.trim_end_matches(".journal")
        .parse()
        .expect("a position")
}

fn read(journal: &Journal) -> Vec<(Position, Vec<u8>)> {
    let records: Vec<_> = journal
        .read(Position::ZERO)
        .map(|record| record.expect("it can be read"))
        .collect();
    assert!(
        records.windows(2).all(|pair| pair[0].0 < pair[1].0),
        "positions ascend"
    );
    records
}

fn settings() -> Settings {
    Settings {
        segment_octets: 1024,
        ..Settings::default()
    }
}

fn name(path: &Path) -> String {
    path.file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

/// In memory where that is possible: nothing here is about the disk.
fn directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    }
    .expect("a directory")
}
