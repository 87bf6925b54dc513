//! Projects and Logstores: made, listed, described, deleted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLockReadGuard, RwLockWriteGuard};

use flowlog_sls::index::IndexConfig;
use serde_json::{Map, Value};

use super::{Inner, Logstore, Recovered};
use crate::batch::Batch;
use crate::error::{ManageError, OpenError};
use crate::metadata::{LogstoreRow, Metadata, ProjectRow, ShardRow};
use crate::shard::Shard;

/// A Project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectInfo {
    /// Its name.
    pub name: Arc<str>,
    /// What its maker wrote.
    pub description: String,
    /// Seconds of the epoch.
    pub created: i64,
    /// Seconds of the epoch.
    pub modified: i64,
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
    /// The number of its shards.
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
    /// Shards, 1 to 256. Typed batches go to the first one. 1.
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
    projects: BTreeMap<Arc<str>, Entry>,
}

#[derive(Debug)]
struct Entry {
    row: ProjectRow,
    logstores: BTreeMap<Arc<str>, Arc<Store>>,
}

/// A Logstore in memory; a change puts a new one in its place.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) row: LogstoreRow,
    pub(crate) index: Option<Arc<IndexConfig>>,
    pub(crate) shards: Vec<Arc<Shard>>,
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
        for row in metadata.logstores()? {
            let unsound = || OpenError::Unsound(format!("logstore {}", row.name));
            let project = names.get(&row.project).ok_or_else(unsound)?;
            let home = dir.join(&**project).join(&*row.name);
            let rows = shards.remove(&row.id).ok_or_else(unsound)?;
            remove_foreign(&home, &rows)?;
            let open = |shard: &ShardRow| open_shard(&home, shard, metadata, recovered);
            let shards = rows.iter().map(open).collect::<Result<_, _>>()?;
            let entry = catalog.projects.get_mut(project).ok_or_else(unsound)?;
            let store = Store {
                index: index_of(&row)?,
                row,
                shards,
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

    fn catalog_mut(&self) -> RwLockWriteGuard<'_, Catalog> {
        self.catalog.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every shard of every Logstore.
    pub(crate) fn shards(&self) -> Vec<Arc<Shard>> {
        self.catalog()
            .stores()
            .flat_map(|store| store.shards.iter().cloned())
            .collect()
    }

    /// The shard that takes a batch.
    pub(super) fn shard_for(&self, batch: &Batch) -> Option<Arc<Shard>> {
        let catalog = self.catalog();
        catalog
            .store(&batch.project, &batch.logstore)?
            .shards
            .first()
            .cloned()
    }
}

impl Logstore {
    /// Makes a Project.
    ///
    /// # Errors
    /// [`ManageError::InvalidName`], [`ManageError::ProjectExists`], [`ManageError::Metadata`].
    pub fn create_project(&self, name: &str, description: &str) -> Result<(), ManageError> {
        if !valid_name(name, false) {
            return Err(ManageError::InvalidName(name.to_owned()));
        }
        let inner = self.inner();
        let mut catalog = inner.catalog_mut();
        let now = i64::from(inner.settings.clock.seconds());
        let row = inner.metadata.create_project(name, description, now)?;
        let row = row.ok_or_else(|| ManageError::ProjectExists(name.to_owned()))?;
        let entry = Entry {
            row,
            logstores: BTreeMap::new(),
        };
        catalog.projects.insert(Arc::clone(&entry.row.name), entry);
        Ok(())
    }

    /// Makes a Logstore.
    ///
    /// # Errors
    /// [`ManageError`]: its name, its numbers, its Project, another of the same name, the disk.
    pub fn create_logstore(
        &self,
        project: &str,
        name: &str,
        new: NewLogstore,
    ) -> Result<(), ManageError> {
        if !valid_name(name, true) {
            return Err(ManageError::InvalidName(name.to_owned()));
        }
        check_ttl(new.ttl_days)?;
        if !(1..=256).contains(&new.shards) {
            return Err(ManageError::OutOfRange("shardCount"));
        }
        let inner = self.inner();
        let mut catalog = inner.catalog_mut();
        let missing = || ManageError::NoSuchProject(project.to_owned());
        let entry = catalog.projects.get_mut(project).ok_or_else(missing)?;
        let now = i64::from(inner.settings.clock.seconds());
        let row = LogstoreRow {
            id: 0,
            project: entry.row.id,
            name: name.into(),
            ttl_days: new.ttl_days,
            properties: Value::Object(new.properties).to_string(),
            index: new.index.as_ref().map(index_text).transpose()?,
            created: now,
            modified: now,
        };
        // As the service has it: the time of creation in nanoseconds, so that cursors of a
        // Logstore that was deleted are not valid in its successor.
        let cursor = now.saturating_mul(1_000_000_000);
        let made = inner.metadata.create_logstore(&row, new.shards, cursor)?;
        let (row, shards) = made.ok_or_else(|| ManageError::LogstoreExists(name.to_owned()))?;
        let home = inner.dir.join(project).join(name);
        let mut recovered = Recovered::default();
        let open = |shard: &ShardRow| open_shard(&home, shard, &inner.metadata, &mut recovered);
        let shards = shards.iter().map(open).collect::<Result<_, _>>()?;
        let store = Store {
            index: new.index.map(Arc::new),
            row,
            shards,
        };
        entry
            .logstores
            .insert(Arc::clone(&store.row.name), Arc::new(store));
        Ok(())
    }

    /// Makes Project and Logstore where they are absent, and gives the Logstore this index.
    ///
    /// # Errors
    /// As [`create_project`](Self::create_project) and [`create_logstore`](Self::create_logstore).
    pub fn ensure_logstore(
        &self,
        project: &str,
        name: &str,
        index: IndexConfig,
    ) -> Result<(), ManageError> {
        match self.create_project(project, "") {
            Ok(()) | Err(ManageError::ProjectExists(_)) => {}
            Err(error) => return Err(error),
        }
        let new = NewLogstore {
            index: Some(index.clone()),
            ..NewLogstore::default()
        };
        match self.create_logstore(project, name, new) {
            Err(ManageError::LogstoreExists(_)) => self.set_index(project, name, Some(index)),
            outcome => outcome,
        }
    }

    /// Gives a Logstore an index, or takes it away; it holds for all rows at once.
    ///
    /// # Errors
    /// [`ManageError::NoSuchLogstore`], [`ManageError::Metadata`].
    pub fn set_index(
        &self,
        project: &str,
        name: &str,
        index: Option<IndexConfig>,
    ) -> Result<(), ManageError> {
        let text = index.as_ref().map(index_text).transpose()?;
        self.change(project, name, |store| {
            store.row.index = text;
            store.index = index.map(Arc::new);
        })
    }

    /// Changes how long a Logstore keeps its rows.
    ///
    /// # Errors
    /// [`ManageError::OutOfRange`], [`ManageError::NoSuchLogstore`], [`ManageError::Metadata`].
    pub fn set_ttl(&self, project: &str, name: &str, days: u32) -> Result<(), ManageError> {
        check_ttl(days)?;
        self.change(project, name, |store| store.row.ttl_days = days)
    }

    /// Every Project, by name.
    pub fn projects(&self) -> Vec<ProjectInfo> {
        let catalog = self.inner().catalog();
        let info = |entry: &Entry| ProjectInfo {
            name: Arc::clone(&entry.row.name),
            description: entry.row.description.clone(),
            created: entry.row.created,
            modified: entry.row.modified,
        };
        catalog.projects.values().map(info).collect()
    }

    /// The Project of this name.
    pub fn project(&self, name: &str) -> Option<ProjectInfo> {
        self.projects()
            .into_iter()
            .find(|project| &*project.name == name)
    }

    /// The Logstores of a Project, by name; `None` without the Project.
    pub fn logstores(&self, project: &str) -> Option<Vec<LogstoreInfo>> {
        let catalog = self.inner().catalog();
        let entry = catalog.projects.get(project)?;
        Some(
            entry
                .logstores
                .values()
                .map(|store| store.info(&entry.row.name))
                .collect(),
        )
    }

    /// The Logstore of this name.
    pub fn logstore(&self, project: &str, name: &str) -> Option<LogstoreInfo> {
        let catalog = self.inner().catalog();
        let entry = catalog.projects.get(project)?;
        Some(entry.logstores.get(name)?.info(&entry.row.name))
    }

    /// Deletes a Logstore and its rows.
    ///
    /// # Errors
    /// [`ManageError::NoSuchLogstore`], [`ManageError::Metadata`].
    pub fn delete_logstore(&self, project: &str, name: &str) -> Result<(), ManageError> {
        let inner = self.inner();
        let mut catalog = inner.catalog_mut();
        let missing = || ManageError::NoSuchLogstore(name.to_owned());
        let entry = catalog.projects.get_mut(project).ok_or_else(missing)?;
        let store = entry.logstores.get(name).ok_or_else(missing)?;
        inner.metadata.delete_logstore(store.row.id)?;
        close(store);
        entry.logstores.remove(name);
        remove_directory(&inner.dir.join(project).join(name));
        Ok(())
    }

    /// Deletes a Project and its Logstores.
    ///
    /// # Errors
    /// [`ManageError::NoSuchProject`], [`ManageError::Metadata`].
    pub fn delete_project(&self, name: &str) -> Result<(), ManageError> {
        let inner = self.inner();
        let mut catalog = inner.catalog_mut();
        let missing = || ManageError::NoSuchProject(name.to_owned());
        let entry = catalog.projects.get(name).ok_or_else(missing)?;
        inner.metadata.delete_project(entry.row.id)?;
        entry.logstores.values().for_each(|store| close(store));
        catalog.projects.remove(name);
        remove_directory(&inner.dir.join(name));
        Ok(())
    }

    fn change(
        &self,
        project: &str,
        name: &str,
        change: impl FnOnce(&mut Store),
    ) -> Result<(), ManageError> {
        let inner = self.inner();
        let mut catalog = inner.catalog_mut();
        let missing = || ManageError::NoSuchLogstore(name.to_owned());
        let entry = catalog.projects.get_mut(project).ok_or_else(missing)?;
        let store = entry.logstores.get_mut(name).ok_or_else(missing)?;
        let mut changed = Store::clone(store);
        change(&mut changed);
        if changed.row != store.row {
            changed.row.modified = i64::from(inner.settings.clock.seconds());
            inner.metadata.update_logstore(&changed.row)?;
            *store = Arc::new(changed);
        }
        Ok(())
    }
}

impl Store {
    fn info(&self, project: &Arc<str>) -> LogstoreInfo {
        LogstoreInfo {
            project: Arc::clone(project),
            name: Arc::clone(&self.row.name),
            ttl_days: self.row.ttl_days,
            shards: u32::try_from(self.shards.len()).unwrap_or(u32::MAX),
            index: self.index.clone(),
            properties: serde_json::from_str(&self.row.properties).unwrap_or_default(),
            created: self.row.created,
            modified: self.row.modified,
        }
    }
}

/// Names as the service has them: they are also directories.
fn valid_name(name: &str, underscore: bool) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let ends = [name.as_bytes().first(), name.as_bytes().last()];
    (3..=63).contains(&name.len())
        && ends.iter().all(|c| c.is_some_and(|c| inner(*c)))
        && name
            .bytes()
            .all(|c| inner(c) || c == b'-' || (underscore && c == b'_'))
}

fn check_ttl(days: u32) -> Result<(), ManageError> {
    if (1..=FOR_EVER_DAYS).contains(&days) {
        Ok(())
    } else {
        Err(ManageError::OutOfRange("ttl"))
    }
}

fn index_text(index: &IndexConfig) -> Result<String, ManageError> {
    let unsound = |error: serde_json::Error| OpenError::Unsound(error.to_string());
    Ok(serde_json::to_string(index).map_err(unsound)?)
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

fn open_shard(
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

fn close(store: &Store) {
    store.shards.iter().for_each(|shard| shard.close());
}

/// Open files stay readable for the queries that have them.
fn remove_directory(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "cannot remove a directory");
    }
}
