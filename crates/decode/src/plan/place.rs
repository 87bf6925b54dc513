//! Where in a row of octets the values of a plan's columns are.
//!
//! Records of one length are read where they lie. Records with values of variable length are
//! gathered first: runs of fixed fields are copied whole, variable values that the plan wants get
//! slots of their own, and the columns then read rows of one length.

use alloc::boxed::Box;
use alloc::vec::Vec;

use flowlog_record::{EnterpriseNumber, InformationElementId};
use flowlog_wire::{FieldSpecifier, VARIABLE_LENGTH, variable_length};

use crate::layout::Layout;

/// Octets of the slot of an integer of variable length.
const INTEGER_SLOT: u8 = 8;

/// A value within a row: its offset and its octets, 1 to 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: usize,
    pub(super) width: u8,
}

impl Place {
    /// The low octets of an integer: at most `width` of them.
    pub(super) fn low(self, width: u8) -> Self {
        let width = width.min(self.width);
        Self {
            offset: self.offset + usize::from(self.width - width),
            width,
        }
    }

    /// The value in a row; empty when the row is too short, which it never is.
    #[inline]
    pub(super) fn of(self, row: &[u8]) -> &[u8] {
        row.get(self.offset..self.offset + usize::from(self.width))
            .unwrap_or_default()
    }

    /// The value of an integer in a row.
    #[inline]
    pub(super) fn unsigned(self, row: &[u8]) -> u64 {
        unsigned(self.of(row))
    }
}

/// An integer of any length; of more than eight octets the low ones.
#[inline]
pub(crate) fn unsigned(octets: &[u8]) -> u64 {
    octets
        .iter()
        .fold(0, |value, &octet| value << 8 | u64::from(octet))
}

/// Finds the fields of a Template and gives them places.
#[derive(Debug)]
pub(super) struct Places<'a> {
    fields: &'a [FieldSpecifier],
    /// Where the runs of fixed fields begin in a gathered row, and after which fields they end.
    offsets: Vec<usize>,
    slots: Vec<Slot>,
    stride: usize,
}

/// The slot of a value of variable length in a gathered row.
#[derive(Clone, Copy, Debug)]
struct Slot {
    field: usize,
    place: Place,
    is_integer: bool,
}

impl<'a> Places<'a> {
    pub(super) fn new(layout: &'a Layout) -> Self {
        let mut stride = 0;
        let offsets = layout
            .fields()
            .iter()
            .map(|&field| {
                let offset = stride;
                stride += fixed_length(field);
                offset
            })
            .collect();
        Self {
            fields: layout.fields(),
            offsets,
            slots: Vec::new(),
            stride,
        }
    }

    /// The first field of that element that is an integer of at most eight octets.
    pub(super) fn integer(
        &mut self,
        enterprise: EnterpriseNumber,
        id: InformationElementId,
    ) -> Option<Place> {
        let at = self.position(enterprise, id, |length| {
            matches!(length, 1..=8 | VARIABLE_LENGTH)
        })?;
        self.place(at, None)
    }

    /// The first field of that element with exactly that length.
    pub(super) fn exact(
        &mut self,
        enterprise: EnterpriseNumber,
        id: InformationElementId,
        width: u8,
    ) -> Option<Place> {
        let at = self.position(enterprise, id, |length| {
            length == u16::from(width) || length == VARIABLE_LENGTH
        })?;
        self.place(at, Some(width))
    }

    /// Where in the Template the first field of that element stands that fits.
    pub(super) fn position(
        &self,
        enterprise: EnterpriseNumber,
        id: InformationElementId,
        fits: impl Fn(u16) -> bool,
    ) -> Option<usize> {
        self.fields.iter().position(|field| {
            field.enterprise == enterprise && field.id == id && fits(field.length)
        })
    }

    /// The length of a row, and how rows are gathered where records have no common length.
    pub(super) fn finish(self, shortest: usize) -> (usize, Option<Gather>) {
        let is_variable = self.fields.iter().any(|f| f.length == VARIABLE_LENGTH);
        let gather = is_variable.then(|| self.gather(shortest));
        (self.stride.max(1), gather)
    }

    fn place(&mut self, at: usize, exact: Option<u8>) -> Option<Place> {
        let field = self.fields.get(at)?;
        if let Ok(width) = u8::try_from(field.length) {
            let offset = *self.offsets.get(at)?;
            return Some(Place { offset, width });
        }
        if let Some(known) = self.slots.iter().find(|slot| slot.field == at) {
            return Some(known.place);
        }
        let place = Place {
            offset: self.stride,
            width: exact.unwrap_or(INTEGER_SLOT),
        };
        self.stride += usize::from(place.width);
        self.slots.push(Slot {
            field: at,
            place,
            is_integer: exact.is_none(),
        });
        Some(place)
    }

    fn gather(&self, shortest: usize) -> Gather {
        let mut steps = Vec::new();
        let mut run = 0;
        for (at, field) in self.fields.iter().enumerate() {
            if field.length != VARIABLE_LENGTH {
                run += usize::from(field.length);
                continue;
            }
            let slot = self.slots.iter().find(|slot| slot.field == at);
            steps.push(Step {
                run: core::mem::take(&mut run),
                slot: slot.copied(),
            });
        }
        Gather {
            steps: steps.into_boxed_slice(),
            tail: run,
            // A Template of nothing but strings that the plan does not want.
            stride: self.stride.max(1),
            shortest,
        }
    }
}

/// How a record of variable length becomes a row of fixed length.
#[derive(Debug)]
pub(super) struct Gather {
    steps: Box<[Step]>,
    /// Octets of the fixed fields behind the last variable one.
    tail: usize,
    stride: usize,
    /// Octets of the shortest record: fewer are padding.
    shortest: usize,
}

/// Fixed fields, then one value of variable length.
#[derive(Debug)]
struct Step {
    run: usize,
    slot: Option<Slot>,
}

impl Gather {
    pub(super) const fn shortest(&self) -> usize {
        self.shortest
    }

    /// Appends the row of the record that `octets` begin with, and returns the record's length;
    /// `None` when it runs past them, the rows being as before.
    pub(super) fn row(&self, octets: &[u8], rows: &mut Vec<u8>) -> Option<usize> {
        let begin = rows.len();
        let length = self.append(octets, rows);
        rows.resize(length.map_or(begin, |_| begin + self.stride), 0);
        length
    }

    fn append(&self, octets: &[u8], rows: &mut Vec<u8>) -> Option<usize> {
        let begin = rows.len();
        let mut rest = octets;
        for step in &self.steps {
            let (run, behind) = rest.split_at_checked(step.run)?;
            rows.extend_from_slice(run);
            let (start, length) = variable_length(behind)?;
            rest = behind.get(start + length..)?;
        }
        let (tail, rest) = rest.split_at_checked(self.tail)?;
        rows.extend_from_slice(tail);
        rows.resize(begin + self.stride, 0);
        self.fill_slots(octets, rows.get_mut(begin..)?);
        Some(octets.len() - rest.len())
    }

    /// Walks the record again for the values that have slots; few Templates have any.
    fn fill_slots(&self, octets: &[u8], row: &mut [u8]) {
        if self.steps.iter().all(|step| step.slot.is_none()) {
            return;
        }
        let mut rest = octets;
        for step in &self.steps {
            let behind = rest.get(step.run..).unwrap_or_default();
            let (start, length) = variable_length(behind).unwrap_or_default();
            let value = behind.get(start..start + length).unwrap_or_default();
            rest = behind.get(start + length..).unwrap_or_default();
            if let Some(slot) = step.slot {
                slot.fill(value, row);
            }
        }
    }
}

impl Slot {
    /// Integers to the right, what must have one length only if it has; else the slot stays zero.
    fn fill(&self, value: &[u8], row: &mut [u8]) {
        let width = usize::from(self.place.width);
        let fits = value.len() == width || (self.is_integer && value.len() < width);
        let begin = self.place.offset + width.saturating_sub(value.len());
        if let (true, Some(slot)) = (fits, row.get_mut(begin..self.place.offset + width)) {
            slot.copy_from_slice(value);
        }
    }
}

fn fixed_length(field: FieldSpecifier) -> usize {
    match field.length {
        VARIABLE_LENGTH => 0,
        length => usize::from(length),
    }
}
