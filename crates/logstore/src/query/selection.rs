//! Which rows of a chunk are meant: all, as mostly, or some.

/// Rows of a chunk, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// All of so many rows.
    All(u32),
    /// These.
    Some(Vec<u32>),
}

impl Selection {
    /// All of so many rows.
    pub(crate) fn all(rows: usize) -> Self {
        Self::All(u32::try_from(rows).unwrap_or(u32::MAX))
    }

    /// The rows whose bits are set, of so many rows.
    pub(super) fn of(bits: &[u64], rows: usize) -> Self {
        let ones: u32 = bits.iter().map(|word| word.count_ones()).sum();
        let ones = usize::try_from(ones).unwrap_or(usize::MAX);
        if ones >= rows {
            return Self::all(rows);
        }
        let mut some = Vec::with_capacity(ones);
        for (first, word) in (0_u32..).step_by(64).zip(bits) {
            let mut left = *word;
            while left != 0 {
                some.push(first + left.trailing_zeros());
                left &= left - 1;
            }
        }
        Self::Some(some)
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::All(rows) => usize::try_from(*rows).unwrap_or(usize::MAX),
            Self::Some(rows) => rows.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row at a place among them.
    pub(crate) fn get(&self, at: usize) -> Option<u32> {
        match self {
            Self::All(rows) => u32::try_from(at).ok().filter(|row| row < rows),
            Self::Some(rows) => rows.get(at).copied(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        let (all, some) = match self {
            Self::All(rows) => (0..*rows, &[][..]),
            Self::Some(rows) => (0..0, &**rows),
        };
        all.chain(some.iter().copied())
    }

    /// Leaves those for which `keep` says so.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        match self {
            Self::Some(rows) => rows.retain(|row| keep(*row)),
            Self::All(rows) => {
                let kept: Vec<u32> = (0..*rows).filter(|row| keep(*row)).collect();
                if kept.len() < self.len() {
                    *self = Self::Some(kept);
                }
            }
        }
    }

    /// The values of the rows out of those of all rows; `absent` for what is not there.
    pub(crate) fn pick<T: Copy>(&self, values: &[T], absent: T, to: &mut Vec<T>) {
        to.clear();
        let all = values.get(..self.len());
        match (self, all) {
            (Self::All(_), Some(all)) => to.extend_from_slice(all),
            (Self::All(_), None) => {
                to.extend_from_slice(values);
                to.resize(self.len(), absent);
            }
            (Self::Some(rows), _) => {
                let value = |row: &u32| values.get(super::place(*row)).copied();
                to.extend(rows.iter().map(|row| value(row).unwrap_or(absent)));
            }
        }
    }
}
