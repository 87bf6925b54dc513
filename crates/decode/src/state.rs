//! A decoder's state, saved and restored: what makes a replay give the same records.
//!
//! Postcard, behind a version. Templates are saved as their fields and compiled again; profiles
//! are not saved, they are asked for again.

use alloc::vec::Vec;
use core::fmt;

use flowlog_record::{EnterpriseNumber, HashKey, InformationElementId, Timestamp};
use flowlog_wire::{FieldSpecifier, TemplateId};
use serde::{Deserialize, Serialize};

use crate::clock::SlidingMinimum;
use crate::decoder::Decoder;
use crate::duplicates::RecentDatagrams;
use crate::exporter::Exporter;
use crate::exporters::Entry;
use crate::park::Parked;
use crate::restart::RestartDetector;
use crate::sampling::Rates;
use crate::sequence::Sequence;
use crate::session::{Session, SessionKey, Sessions, Templates};
use crate::settings::Settings;
use crate::template::Template;

/// The version of what [`Decoder::save`] writes.
const VERSION: u32 = 2;

/// Why a saved state cannot be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// It was saved by a version that this one does not know.
    UnknownVersion(u32),
    /// It is damaged.
    Damaged,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVersion(version) => {
                write!(f, "decoder state of unknown version {version}")
            }
            Self::Damaged => f.write_str("damaged decoder state"),
        }
    }
}

impl core::error::Error for RestoreError {}

#[derive(Serialize, Deserialize)]
struct SavedDecoder {
    clock: u64,
    next_id: u32,
    /// From the longest silent to the one heard last.
    exporters: Vec<SavedExporter>,
}

#[derive(Serialize, Deserialize)]
struct SavedExporter {
    exporter: Exporter,
    sessions: Vec<SavedSession>,
}

#[derive(Serialize, Deserialize)]
struct SavedSession {
    key: SessionKey,
    templates: Vec<SavedTemplate>,
    rates: Rates,
    boot: Option<Timestamp>,
    learned_boot: SlidingMinimum,
    sequence: Sequence,
    recent: RecentDatagrams,
    restarts: RestartDetector,
    parked: Parked,
    datagrams: u64,
    records: u64,
    used: u64,
}

#[derive(Serialize, Deserialize)]
struct SavedTemplate {
    id: u16,
    scope_field_count: Option<u16>,
    /// Enterprise, element, length.
    fields: Vec<(u32, u16, u16)>,
    is_suspect: bool,
    used: u64,
}

impl Decoder {
    /// Everything that it knows, in octets.
    pub fn save(&self) -> Vec<u8> {
        let saved = SavedDecoder {
            clock: self.clock,
            next_id: self.exporters.next_id(),
            exporters: self.exporters.iter().map(SavedExporter::of).collect(),
        };
        // Nothing in it can fail to be written; were it so, restoring would say so.
        postcard::to_allocvec(&(VERSION, saved)).unwrap_or_default()
    }

    /// The decoder that was saved, with the same `key`; `settings` may be others.
    ///
    /// # Errors
    /// [`RestoreError`] for octets that this version did not write.
    pub fn restore(octets: &[u8], settings: Settings, key: HashKey) -> Result<Self, RestoreError> {
        let (version, rest): (u32, _) =
            postcard::take_from_bytes(octets).map_err(|_| RestoreError::Damaged)?;
        if version != VERSION {
            return Err(RestoreError::UnknownVersion(version));
        }
        let saved: SavedDecoder = postcard::from_bytes(rest).map_err(|_| RestoreError::Damaged)?;
        let mut decoder = Self::new(settings, key);
        decoder.clock = saved.clock;
        decoder.exporters.set_next_id(saved.next_id);
        for exporter in saved.exporters {
            let mut sessions = Sessions::default();
            for session in exporter.sessions {
                sessions.insert(session.restore()?);
            }
            decoder.insert(exporter.exporter, sessions);
        }
        Ok(decoder)
    }
}

impl SavedExporter {
    fn of(entry: &Entry) -> Self {
        Self {
            exporter: entry.exporter.clone(),
            sessions: entry.sessions.iter().map(SavedSession::of).collect(),
        }
    }
}

impl SavedSession {
    fn of(session: &Session) -> Self {
        let templates = session.templates.iter();
        Self {
            key: session.key,
            templates: templates
                .map(|(id, template)| SavedTemplate::of(id, template))
                .collect(),
            rates: session.rates.clone(),
            boot: session.boot,
            learned_boot: session.learned_boot.clone(),
            sequence: session.sequence.clone(),
            recent: session.recent,
            restarts: session.restarts,
            parked: session.parked.clone(),
            datagrams: session.datagrams,
            records: session.records,
            used: session.used,
        }
    }

    fn restore(self) -> Result<Session, RestoreError> {
        let mut templates = Templates::default();
        for saved in self.templates {
            let id = TemplateId::new(saved.id).ok_or(RestoreError::Damaged)?;
            templates.insert(id, saved.restore(self.key)?);
        }
        Ok(Session {
            templates,
            rates: self.rates,
            boot: self.boot,
            learned_boot: self.learned_boot,
            sequence: self.sequence,
            recent: self.recent,
            restarts: self.restarts,
            parked: self.parked,
            datagrams: self.datagrams,
            records: self.records,
            used: self.used,
            ..Session::new(self.key)
        })
    }
}

impl SavedTemplate {
    fn of(id: TemplateId, template: &Template) -> Self {
        let fields = template.layout.fields().iter();
        Self {
            id: id.get(),
            scope_field_count: template.scope_field_count(),
            fields: fields.map(|f| (f.enterprise.0, f.id.0, f.length)).collect(),
            is_suspect: template.is_suspect,
            used: template.used,
        }
    }

    fn restore(self, (version, _): SessionKey) -> Result<Template, RestoreError> {
        let field = |(enterprise, id, length)| FieldSpecifier {
            enterprise: EnterpriseNumber(enterprise),
            id: InformationElementId(id),
            length,
        };
        let fields: Vec<_> = self.fields.into_iter().map(field).collect();
        let template = Template::new(version, fields.into_boxed_slice(), self.scope_field_count)
            .map_err(|_| RestoreError::Damaged)?;
        Ok(Template {
            is_suspect: self.is_suspect,
            used: self.used,
            ..template
        })
    }
}

#[cfg(test)]
mod tests;
