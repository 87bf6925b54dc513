//! The Templates of one session.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use flowlog_record::Version;
use flowlog_wire::{FieldSpecifier, FieldSpecifiers, Problem, TemplateId};

use crate::elements as ie;
use crate::layout::Layout;
use crate::plan::Plan;
use crate::sampling::is_about_sampling;
use crate::visitor::TemplateChange;

/// A Template or Options Template, compiled.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) layout: Layout,
    pub(crate) data: DataKind,
    /// The Exporter has restarted since it was announced (aggregation §3).
    pub(crate) is_suspect: bool,
    /// The last datagram that announced or used it, by the decoder's count.
    pub(crate) used: u64,
}

/// What the data records of a Template are.
#[derive(Debug)]
pub(crate) enum DataKind {
    /// Flows.
    Flows(Box<Plan>),
    /// Options.
    Options {
        scope_field_count: u16,
        /// Whether there is anything in them that decoding goes by.
        is_of_use: bool,
    },
}

/// The Templates of one session by their IDs.
#[derive(Debug, Default)]
pub(crate) struct Templates {
    by_id: BTreeMap<TemplateId, Template>,
    /// What all of them cost.
    cost: usize,
}

/// A Template Record, as far as it says what the Template is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Announcement<'a> {
    pub(crate) id: TemplateId,
    pub(crate) fields: FieldSpecifiers<'a>,
    /// `None` in a Template Record, the number of scope fields in an Options Template Record.
    pub(crate) scope_field_count: Option<u16>,
}

impl Template {
    /// # Errors
    /// What [`Layout::new`] finds wrong with the fields.
    pub(crate) fn new(
        version: Version,
        fields: Box<[FieldSpecifier]>,
        scope_field_count: Option<u16>,
    ) -> Result<Self, Problem> {
        let layout = Layout::new(fields)?;
        let data = match scope_field_count {
            None => DataKind::Flows(Box::new(Plan::compile(version, &layout))),
            Some(scope_field_count) => DataKind::Options {
                scope_field_count,
                is_of_use: layout.fields().iter().copied().any(is_of_use),
            },
        };
        Ok(Self {
            layout,
            data,
            is_suspect: false,
            used: 0,
        })
    }

    pub(crate) const fn scope_field_count(&self) -> Option<u16> {
        match self.data {
            DataKind::Flows(_) => None,
            DataKind::Options {
                scope_field_count, ..
            } => Some(scope_field_count),
        }
    }

    /// What it costs, in octets: the plan, and for each field its specifier and its column.
    pub(crate) fn cost(&self) -> usize {
        512 + 24 * self.layout.fields().len()
    }

    fn is(&self, announced: &Announcement<'_>) -> bool {
        self.scope_field_count() == announced.scope_field_count
            && self.layout.fields().len() == announced.fields.len()
            && self
                .layout
                .fields()
                .iter()
                .copied()
                .eq(announced.fields.iter())
    }
}

impl Templates {
    pub(crate) fn get(&self, id: TemplateId) -> Option<&Template> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: TemplateId) -> Option<&mut Template> {
        self.by_id.get_mut(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// What all of them cost, in octets.
    pub(crate) const fn cost(&self) -> usize {
        self.cost
    }

    /// In the order of their IDs.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (TemplateId, &Template)> {
        self.by_id.iter().map(|(&id, template)| (id, template))
    }

    /// Takes note of a Template Record; nothing is allocated for one that says nothing new.
    pub(crate) fn announce(
        &mut self,
        version: Version,
        announced: &Announcement<'_>,
        now: u64,
    ) -> TemplateChange {
        if let Some(known) = self.by_id.get_mut(&announced.id)
            && known.is(announced)
        {
            known.is_suspect = false;
            known.used = now;
            return TemplateChange::Repeated;
        }
        let was_there = self.remove(announced.id);
        let fields: Vec<_> = announced.fields.iter().collect();
        let scopes = announced.scope_field_count;
        match Template::new(version, fields.into_boxed_slice(), scopes) {
            Err(problem) => TemplateChange::Refused(problem),
            Ok(template) => {
                self.insert(
                    announced.id,
                    Template {
                        used: now,
                        ..template
                    },
                );
                if was_there {
                    TemplateChange::Redefined
                } else {
                    TemplateChange::New
                }
            }
        }
    }

    pub(crate) fn insert(&mut self, id: TemplateId, template: Template) {
        self.cost += template.cost();
        if let Some(replaced) = self.by_id.insert(id, template) {
            self.cost -= replaced.cost();
        }
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, id: TemplateId) -> bool {
        let removed = self.by_id.remove(&id);
        if let Some(template) = &removed {
            self.cost -= template.cost();
        }
        removed.is_some()
    }

    /// Removes those that `goes` names; returns how many.
    pub(crate) fn remove_where(&mut self, mut goes: impl FnMut(&Template) -> bool) -> usize {
        let before = self.by_id.len();
        let mut cost = 0;
        self.by_id.retain(|_, template| {
            let stays = !goes(template);
            if stays {
                cost += template.cost();
            }
            stays
        });
        self.cost = cost;
        before - self.by_id.len()
    }

    /// The Exporter has restarted: none is trusted until it is announced again.
    pub(crate) fn suspect_all(&mut self) {
        for template in self.by_id.values_mut() {
            template.is_suspect = true;
        }
    }
}

fn is_of_use(field: FieldSpecifier) -> bool {
    is_about_sampling(field.enterprise, field.id) || field.id == ie::SYSTEM_INIT_TIME_MILLISECONDS
}
