//! Rows: where the values of a plan's columns are, and how records get there.
//!
//! Columns read rows of one fixed size, so that nothing about a Template is left to be checked in
//! their loops. A record of fixed length that fits is copied into its row whole; of one that is
//! longer, or has values of variable length, the plan picks what its columns want.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use flowlog_record::{EnterpriseNumber, InformationElementId};
use flowlog_wire::{FieldSpecifier, VARIABLE_LENGTH, variable_length};

use crate::layout::Layout;

/// Octets in which values may begin.
pub(super) const REACH: usize = 256;
/// Octets of a row: a value that begins at the last of the reach still fits.
const ROW: usize = REACH + 16;

/// The values of one record.
pub(super) type Row = [u8; ROW];

/// A row of nothing.
pub(super) const EMPTY_ROW: Row = [0; ROW];

/// Octets of the slot of an integer of variable length.
const INTEGER_SLOT: u8 = 8;

/// A value within a row: its offset and its octets, 1 to 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u8,
    pub(super) width: u8,
}

impl Place {
    /// The low octets of an integer: at most `width` of them.
    pub(super) fn low(self, width: u8) -> Self {
        let width = width.min(self.width);
        Self {
            offset: self.offset.saturating_add(self.width - width),
            width,
        }
    }

    /// The value in a row.
    #[inline]
    pub(super) fn of(self, row: &Row) -> &[u8] {
        row.get(usize::from(self.offset)..)
            .and_then(|from| from.get(..usize::from(self.width)))
            .unwrap_or_default()
    }

    /// The value of an integer in a row.
    #[inline]
    pub(super) fn unsigned(self, row: &Row) -> u64 {
        unsigned(self.of(row))
    }
}

/// An integer of any length; of more than eight octets the low ones.
#[inline]
pub(crate) fn unsigned(octets: &[u8]) -> u64 {
    octets
        .iter()
        .fold(0, |value, &octet| (value << 8) | u64::from(octet))
}

/// The fields that a plan wants, by their number in the Template; of what must have one length
/// that length.
pub(super) type Wanted = BTreeMap<usize, Option<u8>>;

/// Finds the fields of a Template, and says where in a row they are.
#[derive(Debug)]
pub(super) struct Places<'a> {
    fields: &'a [FieldSpecifier],
    /// By the number of the field; none for what is not in a row.
    by_field: Vec<Option<Place>>,
    /// What was asked for.
    pub(super) wanted: Wanted,
}

impl<'a> Places<'a> {
    /// Every field where it stands in the record; of those that do not fit only the width is
    /// right, for [`arranged`](Self::arranged) to place them.
    pub(super) fn whole(layout: &'a Layout) -> Self {
        let mut offset = 0_usize;
        let place = |field: &FieldSpecifier| {
            let begin = offset;
            offset += usize::from(field.length);
            Some(Place {
                offset: u8::try_from(begin).unwrap_or(0),
                width: u8::try_from(field.length).unwrap_or(INTEGER_SLOT),
            })
        };
        Self {
            fields: layout.fields(),
            by_field: layout.fields().iter().map(place).collect(),
            wanted: Wanted::new(),
        }
    }

    /// The wanted fields one behind the other, as far as a row reaches.
    pub(super) fn arranged(layout: &'a Layout, wanted: &Wanted) -> Self {
        let mut offset = 0;
        let mut place = |(at, field): (usize, &FieldSpecifier)| {
            let exact = wanted.get(&at)?;
            let width = u8::try_from(field.length).unwrap_or(exact.unwrap_or(INTEGER_SLOT));
            let begin = offset;
            offset += usize::from(width);
            (offset <= REACH).then_some(Place {
                offset: u8::try_from(begin).ok()?,
                width,
            })
        };
        let fields = layout.fields().iter().enumerate();
        Self {
            fields: layout.fields(),
            by_field: fields.map(&mut place).collect(),
            wanted: wanted.clone(),
        }
    }

    /// The first field of that element that is an integer of at most eight octets.
    pub(super) fn integer(
        &mut self,
        enterprise: EnterpriseNumber,
        id: InformationElementId,
    ) -> Option<Place> {
        let fits = |length| matches!(length, 1..=8 | VARIABLE_LENGTH);
        let at = self.position(enterprise, id, fits)?;
        self.place(at, None)
    }

    /// The first field of that element with exactly that length.
    pub(super) fn exact(
        &mut self,
        enterprise: EnterpriseNumber,
        id: InformationElementId,
        width: u8,
    ) -> Option<Place> {
        let fits = |length| length == u16::from(width) || length == VARIABLE_LENGTH;
        let at = self.position(enterprise, id, fits)?;
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

    fn place(&mut self, at: usize, exact: Option<u8>) -> Option<Place> {
        self.wanted.insert(at, exact);
        *self.by_field.get(at)?
    }

    /// How records become rows with the fields in these places.
    pub(super) fn gather(&self, layout: &Layout) -> Gather {
        let mut segments = Vec::new();
        let mut segment = Segment::default();
        for (at, field) in self.fields.iter().enumerate() {
            let place = self.by_field.get(at).copied().flatten();
            if field.length != VARIABLE_LENGTH {
                segment.add(usize::from(field.length), place);
                continue;
            }
            let exact = self.wanted.get(&at).copied().flatten();
            segment.variable = place.map(|place| Slot {
                place,
                is_integer: exact.is_none(),
            });
            segments.push(core::mem::take(&mut segment));
        }
        Gather {
            segments: segments.into_boxed_slice(),
            tail: segment,
            shortest: layout.shortest(),
        }
    }
}

/// How a record becomes a row.
#[derive(Debug)]
pub(super) struct Gather {
    segments: Box<[Segment]>,
    /// The fixed fields behind the last variable one.
    tail: Segment,
    /// Octets of the shortest record: fewer are padding.
    shortest: usize,
}

/// Fixed fields, and the value of variable length behind them.
#[derive(Debug, Default)]
struct Segment {
    length: usize,
    picks: Vec<Pick>,
    variable: Option<Slot>,
}

/// Octets of a segment that go into the row.
#[derive(Debug)]
struct Pick {
    from: usize,
    to: usize,
    length: usize,
}

/// Where a value of variable length goes.
#[derive(Clone, Copy, Debug)]
struct Slot {
    place: Place,
    is_integer: bool,
}

impl Gather {
    pub(super) const fn shortest(&self) -> usize {
        self.shortest
    }

    /// Fills the row of the record that `octets` begin with, and returns the record's length;
    /// `None` when it runs past them.
    pub(super) fn row(&self, octets: &[u8], row: &mut Row) -> Option<usize> {
        let mut rest = octets;
        for segment in &self.segments {
            let (fixed, behind) = rest.split_at_checked(segment.length)?;
            segment.pick(fixed, row);
            let (start, length) = variable_length(behind)?;
            let (value, behind) = behind.get(start..)?.split_at_checked(length)?;
            if let Some(slot) = segment.variable {
                slot.fill(value, row);
            }
            rest = behind;
        }
        let (fixed, rest) = rest.split_at_checked(self.tail.length)?;
        self.tail.pick(fixed, row);
        Some(octets.len() - rest.len())
    }
}

impl Segment {
    /// A field of so many octets; picks that lie behind each other become one.
    fn add(&mut self, length: usize, place: Option<Place>) {
        let from = self.length;
        self.length += length;
        let Some(place) = place else {
            return;
        };
        let to = usize::from(place.offset);
        match self.picks.last_mut() {
            Some(last) if last.from + last.length == from && last.to + last.length == to => {
                last.length += length;
            }
            _ => self.picks.push(Pick { from, to, length }),
        }
    }

    #[inline]
    fn pick(&self, fixed: &[u8], row: &mut Row) {
        for pick in &self.picks {
            let from = fixed.get(pick.from..pick.from + pick.length);
            let to = row.get_mut(pick.to..pick.to + pick.length);
            if let (Some(from), Some(to)) = (from, to) {
                to.copy_from_slice(from);
            }
        }
    }
}

impl Slot {
    /// Integers to the right; what must have one length only if it has. Else the value is zero.
    fn fill(self, value: &[u8], row: &mut Row) {
        let (offset, width) = (
            usize::from(self.place.offset),
            usize::from(self.place.width),
        );
        let Some(slot) = row.get_mut(offset..offset + width) else {
            return;
        };
        slot.fill(0);
        let fits = value.len() == width || (self.is_integer && value.len() < width);
        let begin = width.saturating_sub(value.len());
        if let (true, Some(slot)) = (fits, slot.get_mut(begin..)) {
            slot.copy_from_slice(value);
        }
    }
}

/// Copies records of one length into rows, as many as there are rows.
pub(super) fn copy_whole(octets: &[u8], stride: usize, rows: &mut [Row]) {
    match stride {
        0..=64 => copy_chunks::<64>(octets, stride, rows),
        65..=128 => copy_chunks::<128>(octets, stride, rows),
        _ => copy_chunks::<REACH>(octets, stride, rows),
    }
}

/// Copies `N` octets, a number known to the compiler, where there are as many: what is behind the
/// record does no harm.
#[inline]
fn copy_chunks<const N: usize>(octets: &[u8], stride: usize, rows: &mut [Row]) {
    let mut rest = octets;
    for row in rows {
        if let (Some(from), Some(to)) = (rest.first_chunk::<N>(), row.first_chunk_mut::<N>()) {
            *to = *from;
        } else {
            let length = rest.len().min(N);
            if let (Some(from), Some(to)) = (rest.get(..length), row.get_mut(..length)) {
                to.copy_from_slice(from);
            }
        }
        rest = rest.get(stride..).unwrap_or_default();
    }
}
