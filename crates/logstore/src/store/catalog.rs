//! Projects and Logstores as they are in memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLockReadGuard, RwLockWriteGuard};

use flowlog_sls::index::IndexConfig;
use flowlog_sls::operation::Route;
use flowlog_sls::{HashKey, KeyRange};
use serde_json::{Map, Value};

use super::consumers::ConsumerGroups;
use super::{Inner, Recovered};
use crate::batch::Batch;
use crate::error::OpenError;
use crate::metadata::{ConsumerGroupRow, LogstoreRow, Metadata, ProjectRow, ShardRow};
use crate::shard::Shard;

/// A Project.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectInfo {
    /// Its name.
    pub name: Arc<str>,
    /// What its maker wrote.
    pub description: String,
    /// Seconds of the epoch.
    pub created: i64,
    /// Seconds of the epoch.
    pub modified: i64,
    /// Whatever else its maker said, as it was said.
    pub properties: Map<String, Value>,
}

/// A shard of a Logstore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardInfo {
    /// Its number within the Logstore.
    pub number: u32,
    /// Others have taken over its keys; it can be read and takes nothing more.
    pub readonly: bool,
    /// The keys that it takes.
    pub range: KeyRange,
    /// Seconds of the epoch.
    pub created: i64,
}

/// A Logstore.
#[derive(Clone, Debug, PartialEq)]
pub struct LogstoreInfo {
    /// The Project.
    pub project: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Days that rows are kept, 1 to 3650; 3650: for ever.
    pub ttl_days: u32,
    /// The number of its shards that take something.
    pub shards: u32,
    /// Which keys can be searched and used in SQL; without it nothing can.
    pub index: Option<Arc<IndexConfig>>,
    /// Whatever else its maker said, as it was said.
    pub properties: Map<String, Value>,
    /// Seconds of the epoch.
    pub created: i64,
    /// Seconds of the epoch.
    pub modified: i64,
}

/// What a Logstore to be made is like.
#[derive(Clone, Debug, PartialEq)]
pub struct NewLogstore {
    /// Days that rows are kept, 1 to 3650; 3650: for ever. 30.
    pub ttl_days: u32,
    /// Shards, 1 to 256. Typed batches go to the one that has the first key. 1.
    pub shards: u32,
    /// The index.
    pub index: Option<IndexConfig>,
    /// Whatever else is to be remembered.
    pub properties: Map<String, Value>,
}

impl Default for NewLogstore {
    fn default() -> Self {
        Self {
            ttl_days: 30,
            shards: 1,
            index: None,
            properties: Map::new(),
        }
    }
}

/// Days that mean for ever.
pub(super) const FOR_EVER_DAYS: u32 = 3650;

/// What is there, in memory.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    pub(super) projects: BTreeMap<Arc<str>, Entry>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) row: ProjectRow,
    pub(super) logstores: BTreeMap<Arc<str>, Arc<Store>>,
}

/// A Logstore in memory; a change puts a new one in its place.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) row: LogstoreRow,
    pub(crate) index: Option<Arc<IndexConfig>>,
    pub(crate) shards: Vec<Arc<Shard>>,
    /// Whether each `LogGroup` that a client writes gets the tags `__client_ip__` and
    /// `__receive_time__`.
    pub(crate) append_meta: bool,
    /// Up to how many shards take something, where busy ones are split; `None`: they are not.
    pub(super) auto_split: Option<usize>,
    pub(crate) groups: Arc<ConsumerGroups>,
    /// Counts what the server itself finds a shard for.
    turn: Arc<AtomicUsize>,
}

impl Catalog {
    /// Opens everything that the metadata names, and removes what it does not.
    pub(super) fn open(
        dir: &Path,
        metadata: &Metadata,
        recovered: &mut Recovered,
    ) -> Result<Self, OpenError> {
        let mut names = BTreeMap::new();
        let mut catalog = Self::default();
        for row in metadata.projects()? {
            names.insert(row.id, Arc::clone(&row.name));
            let entry = Entry {
                row,
                logstores: BTreeMap::new(),
            };
            catalog.projects.insert(Arc::clone(&entry.row.name), entry);
        }
        let mut shards: BTreeMap<i64, Vec<ShardRow>> = BTreeMap::new();
        for shard in metadata.shards()? {
            shards.entry(shard.logstore).or_default().push(shard);
        }
        let mut groups: BTreeMap<i64, Vec<ConsumerGroupRow>> = BTreeMap::new();
        for group in metadata.consumer_groups()? {
            groups.entry(group.logstore).or_default().push(group);
        }
        for row in metadata.logstores()? {
            let unsound = || OpenError::Unsound(format!("logstore {}", row.name));
            let project = names.get(&row.project).ok_or_else(unsound)?;
            let home = dir.join(&**project).join(&*row.name);
            let rows = shards.remove(&row.id).ok_or_else(unsound)?;
            remove_foreign(&home, &rows)?;
            let open = |shard: &ShardRow| open_shard(&home, shard, metadata, recovered);
            let shards = rows.iter().map(open).collect::<Result<_, _>>()?;
            let entry = catalog.projects.get_mut(project).ok_or_else(unsound)?;
            let index = index_of(&row)?;
            let groups = groups.remove(&row.id).unwrap_or_default();
            let store = Store {
                groups: Arc::new(ConsumerGroups::new(groups)),
                ..Store::new(row, index, shards)
            };
            entry
                .logstores
                .insert(Arc::clone(&store.row.name), Arc::new(store));
        }
        Ok(catalog)
    }

    /// The Logstore of this name.
    pub(crate) fn store(&self, project: &str, logstore: &str) -> Option<&Arc<Store>> {
        self.projects.get(project)?.logstores.get(logstore)
    }

    /// Whether there is a Project of this name.
    pub(crate) fn has_project(&self, project: &str) -> bool {
        self.projects.contains_key(project)
    }

    /// Every Logstore.
    pub(crate) fn stores(&self) -> impl Iterator<Item = &Arc<Store>> {
        self.projects
            .values()
            .flat_map(|entry| entry.logstores.values())
    }
}

impl Inner {
    pub(crate) fn catalog(&self) -> RwLockReadGuard<'_, Catalog> {
        self.catalog.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn catalog_mut(&self) -> RwLockWriteGuard<'_, Catalog> {
        self.catalog.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every shard of every Logstore.
    pub(crate) fn shards(&self) -> Vec<Arc<Shard>> {
        self.catalog()
            .stores()
            .flat_map(|store| store.shards.iter().cloned())
            .collect()
    }

    /// Octets of rows in memory.
    pub(super) fn memory(&self) -> usize {
        let fill = self.shards().into_iter().map(|shard| shard.fill());
        fill.map(|fill| fill.head + fill.frozen_octets).sum()
    }

    /// The shard with the largest head, unless something is on its way to a segment already.
    pub(super) fn largest_head(&self) -> Option<Arc<Shard>> {
        let shards = self.shards();
        if shards.iter().any(|shard| shard.fill().frozen > 0) {
            return None;
        }
        shards.into_iter().max_by_key(|shard| shard.fill().head)
    }

    /// The shard that takes a batch.
    pub(super) fn shard_for(&self, batch: &Batch, route: Route) -> Option<Arc<Shard>> {
        let catalog = self.catalog();
        let store = catalog.store(&batch.project, &batch.logstore)?;
        match route {
            Route::Key(key) | Route::Sequence(key, _) => store.shard_of_key(key).cloned(),
            Route::Balanced => {
                let turn = store.turn.fetch_add(1, Ordering::Relaxed);
                let shards = store.writable().count().max(1);
                store.writable().nth(turn % shards).cloned()
            }
        }
    }
}

impl Entry {
    pub(super) fn info(&self) -> ProjectInfo {
        ProjectInfo {
            name: Arc::clone(&self.row.name),
            description: self.row.description.clone(),
            created: self.row.created,
            modified: self.row.modified,
            properties: serde_json::from_str(&self.row.properties).unwrap_or_default(),
        }
    }
}

impl Shard {
    pub(super) fn info(&self) -> ShardInfo {
        ShardInfo {
            number: self.number(),
            readonly: self.is_readonly(),
            range: self.range(),
            created: self.row().created,
        }
    }
}

impl Store {
    pub(super) fn new(
        row: LogstoreRow,
        index: Option<Arc<IndexConfig>>,
        shards: Vec<Arc<Shard>>,
    ) -> Self {
        Self {
            append_meta: append_meta(&row),
            auto_split: auto_split(&row),
            row,
            index,
            shards,
            groups: Arc::default(),
            turn: Arc::default(),
        }
    }

    /// The same with other shards.
    pub(super) fn with_shards(&self, shards: Vec<Arc<Shard>>) -> Self {
        Self {
            shards,
            ..self.clone()
        }
    }

    /// What the row says, after it was changed.
    pub(super) fn read_row(&mut self) {
        self.append_meta = append_meta(&self.row);
        self.auto_split = auto_split(&self.row);
    }

    /// The shard of this number.
    pub(crate) fn shard(&self, number: u32) -> Option<&Arc<Shard>> {
        self.shards.iter().find(|shard| shard.number() == number)
    }

    /// The shards that take something, by number.
    pub(crate) fn writable(&self) -> impl Iterator<Item = &Arc<Shard>> {
        self.shards.iter().filter(|shard| !shard.is_readonly())
    }

    /// The shard that takes what has this key.
    pub(crate) fn shard_of_key(&self, key: HashKey) -> Option<&Arc<Shard>> {
        self.writable().find(|shard| shard.range().contains(key))
    }

    pub(super) fn info(&self, project: &Arc<str>) -> LogstoreInfo {
        LogstoreInfo {
            project: Arc::clone(project),
            name: Arc::clone(&self.row.name),
            ttl_days: self.row.ttl_days,
            shards: u32::try_from(self.writable().count()).unwrap_or(u32::MAX),
            index: self.index.clone(),
            properties: serde_json::from_str(&self.row.properties).unwrap_or_default(),
            created: self.row.created,
            modified: self.row.modified,
        }
    }
}

fn append_meta(row: &LogstoreRow) -> bool {
    let properties: Map<String, Value> = serde_json::from_str(&row.properties).unwrap_or_default();
    properties.get("appendMeta") == Some(&Value::Bool(true))
}

/// Shards of a Logstore whose busy ones are split, where nothing else is said.
const MOST_SPLIT: u64 = 64;

fn auto_split(row: &LogstoreRow) -> Option<usize> {
    let properties: Map<String, Value> = serde_json::from_str(&row.properties).ok()?;
    let wanted = properties.get("autoSplit") == Some(&Value::Bool(true));
    let most = properties.get("maxSplitShard").and_then(Value::as_u64);
    wanted.then(|| usize::try_from(most.unwrap_or(MOST_SPLIT)).ok())?
}

fn index_of(row: &LogstoreRow) -> Result<Option<Arc<IndexConfig>>, OpenError> {
    let Some(text) = &row.index else {
        return Ok(None);
    };
    let unsound = |error| OpenError::Unsound(format!("index of logstore {}: {error}", row.name));
    serde_json::from_str(text)
        .map(|index| Some(Arc::new(index)))
        .map_err(unsound)
}

pub(super) fn open_shard(
    home: &Path,
    row: &ShardRow,
    metadata: &Metadata,
    recovered: &mut Recovered,
) -> Result<Arc<Shard>, OpenError> {
    let (shard, found) = Shard::open(row, home.join(row.id.to_string()), metadata)?;
    recovered.groups += found.replayed.groups;
    recovered.rows += found.replayed.rows;
    recovered.torn_octets += found.replayed.torn_octets;
    recovered.lost_records += found.replayed.lost_records;
    recovered.removed_files += found.removed_files;
    recovered.set_aside.extend(found.set_aside);
    Ok(Arc::new(shard))
}

/// Removes the shards of a Logstore that was deleted while its directory could not be.
fn remove_foreign(home: &Path, rows: &[ShardRow]) -> Result<(), OpenError> {
    if !home.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(home).map_err(OpenError::io(home))? {
        let path = entry.map_err(OpenError::io(home))?.path();
        let id = path
            .file_name()
            .and_then(|name| name.to_str()?.parse::<i64>().ok());
        if id.is_some_and(|id| rows.iter().all(|row| row.id != id)) {
            remove_directory(&path);
        }
    }
    Ok(())
}

/// Open files stay readable for the queries that have them.
pub(super) fn remove_directory(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "cannot remove a directory");
    }
}
