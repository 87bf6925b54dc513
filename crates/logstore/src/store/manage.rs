//! Making, listing, changing and deleting Projects and Logstores.

use std::collections::BTreeMap;
use std::sync::Arc;

use flowlog_sls::KeyRange;
use flowlog_sls::index::IndexConfig;
use flowlog_sls::limits::{is_logstore_name, is_project_name};
use serde_json::{Map, Value};

use super::catalog::{
    Entry, FOR_EVER_DAYS, LogstoreInfo, NewLogstore, ProjectInfo, ShardInfo, Store, open_shard,
    remove_directory,
};
use super::reading::SPOOL;
use super::{Logstore, Recovered};
use crate::error::{ManageError, OpenError};
use crate::metadata::{LogstoreRow, ShardRow};

impl Logstore {
    /// Makes a Project.
    ///
    /// # Errors
    /// [`ManageError::InvalidName`], [`ManageError::ProjectExists`], [`ManageError::Metadata`].
    pub fn create_project(&self, name: &str, description: &str) -> Result<(), ManageError> {
        self.create_project_with(name, description, Map::new())
    }

    /// Makes a Project, and remembers whatever else is said of it.
    ///
    /// # Errors
    /// As [`create_project`](Self::create_project).
    pub fn create_project_with(
        &self,
        name: &str,
        description: &str,
        properties: Map<String, Value>,
    ) -> Result<(), ManageError> {
        if !is_project_name(name) {
            return Err(ManageError::InvalidName(name.to_owned()));
        }
        self.make_project(name, description, properties)
    }

    /// Makes a Project, whatever its name is like.
    pub(super) fn make_project(
        &self,
        name: &str,
        description: &str,
        properties: Map<String, Value>,
    ) -> Result<(), ManageError> {
        let inner = self.inner();
        let mut catalog = inner.catalog_mut();
        let now = i64::from(inner.settings.clock.seconds());
        let properties = Value::Object(properties).to_string();
        let made = &inner.metadata;
        let row = made.create_project(name, description, &properties, now)?;
        let row = row.ok_or_else(|| ManageError::ProjectExists(name.to_owned()))?;
        let entry = Entry {
            row,
            logstores: BTreeMap::new(),
        };
        catalog.projects.insert(Arc::clone(&entry.row.name), entry);
        Ok(())
    }

    /// Changes the description of a Project.
    ///
    /// # Errors
    /// [`ManageError::NoSuchProject`], [`ManageError::Metadata`].
    pub fn update_project(&self, name: &str, description: &str) -> Result<(), ManageError> {
        let inner = self.inner();
        let mut catalog = inner.catalog_mut();
        let missing = || ManageError::NoSuchProject(name.to_owned());
        let entry = catalog.projects.get_mut(name).ok_or_else(missing)?;
        let mut row = entry.row.clone();
        description.clone_into(&mut row.description);
        row.modified = i64::from(inner.settings.clock.seconds());
        inner.metadata.update_project(&row)?;
        entry.row = row;
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
        if !is_logstore_name(name) {
            return Err(ManageError::InvalidName(name.to_owned()));
        }
        check_ttl(new.ttl_days)?;
        let ranges = (1..=256)
            .contains(&new.shards)
            .then(|| KeyRange::ALL.parts(new.shards));
        let ranges = ranges
            .flatten()
            .ok_or(ManageError::OutOfRange("shardCount"))?;
        self.make_logstore(project, name, new, &ranges)
    }

    /// Makes a Logstore, whatever its name is like.
    pub(super) fn make_logstore(
        &self,
        project: &str,
        name: &str,
        new: NewLogstore,
        ranges: &[KeyRange],
    ) -> Result<(), ManageError> {
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
        let made = inner.metadata.create_logstore(&row, ranges, cursor)?;
        let (row, shards) = made.ok_or_else(|| ManageError::LogstoreExists(name.to_owned()))?;
        let home = inner.dir.join(project).join(name);
        let mut recovered = Recovered::default();
        let open = |shard: &ShardRow| open_shard(&home, shard, &inner.metadata, &mut recovered);
        let shards = shards.iter().map(open).collect::<Result<_, _>>()?;
        let store = Store::new(row, new.index.map(Arc::new), shards);
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

    /// Changes how long a Logstore keeps its rows, and whatever else was said of it: what is not
    /// said again stays.
    ///
    /// # Errors
    /// [`ManageError::OutOfRange`], [`ManageError::NoSuchLogstore`], [`ManageError::Metadata`].
    pub fn update_logstore(
        &self,
        project: &str,
        name: &str,
        ttl_days: Option<u32>,
        properties: Map<String, Value>,
    ) -> Result<(), ManageError> {
        ttl_days.map_or(Ok(()), check_ttl)?;
        self.change(project, name, |store| {
            let mut all: Map<String, Value> =
                serde_json::from_str(&store.row.properties).unwrap_or_default();
            all.extend(properties);
            store.row.properties = Value::Object(all).to_string();
            store.row.ttl_days = ttl_days.unwrap_or(store.row.ttl_days);
        })
    }

    /// Every Project but the one that clients do not see, by name.
    pub fn projects(&self) -> Vec<ProjectInfo> {
        let catalog = self.inner().catalog();
        let entries = catalog.projects.iter();
        let seen = entries.filter(|(name, _)| ***name != *SPOOL);
        seen.map(|(_, entry)| entry.info()).collect()
    }

    /// The Project of this name.
    pub fn project(&self, name: &str) -> Option<ProjectInfo> {
        self.inner().catalog().projects.get(name).map(Entry::info)
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

    /// The shards of a Logstore, by number; `None` without the Logstore.
    pub fn shards(&self, project: &str, name: &str) -> Option<Vec<ShardInfo>> {
        let catalog = self.inner().catalog();
        let store = catalog.store(project, name)?;
        Some(store.shards.iter().map(|shard| shard.info()).collect())
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
            changed.read_row();
            changed.row.modified = i64::from(inner.settings.clock.seconds());
            inner.metadata.update_logstore(&changed.row)?;
            *store = Arc::new(changed);
        }
        Ok(())
    }
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

fn close(store: &Store) {
    store.shards.iter().for_each(|shard| shard.close());
}
