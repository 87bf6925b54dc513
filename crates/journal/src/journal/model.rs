//! The journal against a map from positions to records, through crashes and damage.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

#[derive(Clone, Debug)]
enum Operation {
    Append(Vec<u8>),
    Sync,
    Roll,
    FreeBefore(u16),
    Reopen,
    /// Lose the tail that was not synced, from any octet on; what is cut off comes back as zeros
    /// if so wanted, as file systems have it.
    Crash {
        keep: u16,
        zeros: bool,
    },
    /// Change any octet of any segment, then open again.
    Flip {
        segment: u16,
        offset: u16,
        with: u8,
    },
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Operation::Append),
        3 => Just(Operation::Sync),
        1 => Just(Operation::Roll),
        1 => any::<u16>().prop_map(Operation::FreeBefore),
        1 => Just(Operation::Reopen),
        2 => (any::<u16>(), any::<bool>())
            .prop_map(|(keep, zeros)| Operation::Crash { keep, zeros }),
        1 => (any::<u16>(), any::<u16>(), 1..=255_u8)
            .prop_map(|(segment, offset, with)| Operation::Flip { segment, offset, with }),
    ]
}

/// Where a record lies.
#[derive(Clone, Debug)]
struct Placed {
    octets: Vec<u8>,
    path: PathBuf,
    from: u64,
    to: u64,
}

struct Model {
    dir: TempDir,
    journal: Option<Journal>,
    records: BTreeMap<u64, Placed>,
    next: u64,
    durable: u64,
    /// Segments that were damaged once: left alone, for a second change might mend them.
    damaged: BTreeSet<PathBuf>,
}

impl Model {
    fn new() -> Self {
        let mut model = Self {
            dir: TempDir::new().unwrap(),
            journal: None,
            records: BTreeMap::new(),
            next: 0,
            durable: 0,
            damaged: BTreeSet::new(),
        };
        model.reopen();
        model
    }

    fn journal(&mut self) -> &mut Journal {
        self.journal.as_mut().unwrap()
    }

    fn reopen(&mut self) -> Recovery {
        self.journal = None;
        let settings = Settings {
            segment_octets: 128,
            ..Settings::default()
        };
        let (journal, recovery) = Journal::open(self.dir.path(), settings).unwrap();
        self.journal = Some(journal);
        recovery
    }

    fn apply(&mut self, operation: Operation) {
        match operation {
            Operation::Append(octets) => self.append(octets),
            Operation::Sync => {
                assert_eq!(self.journal().sync().unwrap().0, self.next);
                self.durable = self.next;
            }
            Operation::Roll => {
                let active = &self.journal().active;
                let begins = active.end > active.first;
                self.journal().roll().unwrap();
                if begins {
                    self.durable = self.next;
                }
            }
            Operation::FreeBefore(position) => {
                let position = u64::from(position) % (self.next + 1);
                self.journal().free_before(Position(position)).unwrap();
                let first = self.journal().first().0;
                assert!(
                    self.records
                        .range(..first)
                        .all(|(&freed, _)| freed < position)
                );
                self.records = self.records.split_off(&first);
            }
            Operation::Reopen => {
                let recovery = self.reopen();
                assert_eq!(recovery.torn_tail, None);
                self.durable = self.next;
            }
            Operation::Crash { keep, zeros } => self.crash(keep, zeros),
            Operation::Flip {
                segment,
                offset,
                with,
            } => self.flip(segment, offset, with),
        }
        self.check();
    }

    fn append(&mut self, octets: Vec<u8>) {
        let middle = octets.len() / 2;
        let segments = self.journal().segments();
        let position = self
            .journal()
            .append(&[&octets[..middle], &octets[middle..]])
            .unwrap();
        assert_eq!(position.0, self.next);
        if self.journal().segments() > segments {
            self.durable = self.next;
        }
        self.next += 1;
        let to = self.journal().active.octets;
        let placed = Placed {
            path: self.journal().active.path.clone(),
            from: to - size(octets.len() + 8),
            to,
            octets,
        };
        self.records.insert(position.0, placed);
    }

    fn crash(&mut self, keep: u16, zeros: bool) {
        let (path, durable, octets) = {
            let journal = self.journal();
            let path = journal.active.path.clone();
            (path, journal.durable_octets, journal.active.octets)
        };
        self.journal = None;
        let cut = durable + u64::from(keep) % (octets - durable + 1);
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(cut).unwrap();
        if zeros {
            file.set_len(octets).unwrap();
        }
        let next = self.reopen().next.0;
        // Where zeros were written, zeros that come back are no loss.
        let survives = |record: &Placed| {
            let kept = cut.saturating_sub(record.from + 8);
            let lost = record.octets.get(usize::try_from(kept).unwrap()..);
            record.path != path
                || record.to <= cut
                || (zeros
                    && cut >= record.from + 8
                    && lost.is_some_and(|lost| lost.iter().all(|&octet| octet == 0)))
        };
        assert!(next >= self.durable);
        assert!(
            self.records
                .range(..next)
                .all(|(_, record)| survives(record))
        );
        assert!(
            !self
                .records
                .range(next..)
                .any(|(_, record)| survives(record))
        );
        self.records.split_off(&next);
        self.next = next;
        self.durable = next;
    }

    fn flip(&mut self, segment: u16, offset: u16, with: u8) {
        let paths: BTreeSet<_> = {
            let journal = self.journal();
            let segments = journal.closed.iter().chain([&journal.active]);
            segments.map(|segment| segment.path.clone()).collect()
        };
        let last = paths.last().unwrap().clone();
        let clean: Vec<_> = paths.difference(&self.damaged).cloned().collect();
        if clean.is_empty() {
            return;
        }
        let path = clean[usize::from(segment) % clean.len()].clone();
        self.journal = None;
        let octets = fs::metadata(&path).unwrap().len();
        let offset = u64::from(offset) % octets;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .unwrap();
        let mut octet = [0];
        file.read_exact_at(&mut octet, offset).unwrap();
        file.write_all_at(&[octet[0] ^ with], offset).unwrap();

        let hit = self
            .records
            .iter()
            .find(|(_, record)| record.path == path && (record.from..record.to).contains(&offset))
            .map(|(&position, record)| (position, record.clone()));
        if let Some((position, hit)) = hit {
            let followed =
                (self.records.get(&(position + 1))).is_some_and(|next| next.path == path);
            if offset < hit.from + 4 || !followed {
                self.records
                    .retain(|&other, record| record.path != path || other < position);
                if path == last {
                    self.next = position;
                }
            } else {
                self.records.remove(&position);
            }
        }
        let recovery = self.reopen();
        assert!(recovery.damaged_places > 0 || recovery.torn_tail.is_some());
        self.durable = self.next;
        // Opening mends the last segment's header and cuts its tail; other damage stays.
        self.damaged.insert(path);
    }

    fn check(&mut self) {
        assert_eq!(self.journal().next().0, self.next);
        assert_eq!(self.journal().durable().0, self.durable);
        for from in [0, self.next / 2, self.next] {
            let read: Vec<_> = self
                .journal()
                .read(Position(from))
                .map(|record| {
                    record
                        .map(|(position, octets)| (position.0, octets))
                        .unwrap()
                })
                .collect();
            let expected = self.records.range(from..);
            assert!(
                expected
                    .map(|(&position, record)| (position, record.octets.clone()))
                    .eq(read)
            );
        }
        let files = fs::read_dir(self.dir.path()).unwrap();
        let on_disk: u64 = files
            .map(|file| file.unwrap().metadata().unwrap().len())
            .sum();
        assert_eq!(self.journal().disk_octets(), on_disk);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_journal_is_a_map_from_positions_to_records(
        operations in prop::collection::vec(operation(), 1..60),
    ) {
        let mut model = Model::new();
        for operation in operations {
            model.apply(operation);
        }
    }
}
