//! The rows of one attempt.

use std::ops::Range;

use flowlog_logstore::batch::Group;

/// Rows of one flow log: groups as the Logstore has them, or a part of their rows.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    flow_log: &'a str,
    groups: Groups<'a>,
    first: usize,
    len: usize,
}

/// Groups side by side, or wherever they are.
#[derive(Clone, Copy, Debug)]
enum Groups<'a> {
    Own(&'a [Group]),
    Lent(&'a [&'a Group]),
}

impl<'a> Groups<'a> {
    fn iter(self) -> impl Iterator<Item = &'a Group> + use<'a> {
        let (own, lent): (&'a [Group], &'a [&'a Group]) = match self {
            Self::Own(groups) => (groups, &[]),
            Self::Lent(groups) => (&[], groups),
        };
        own.iter().chain(lent.iter().copied())
    }
}

impl<'a> Rows<'a> {
    /// All rows of the groups.
    pub fn new(flow_log: &'a str, groups: &'a [Group]) -> Self {
        Self::of(flow_log, Groups::Own(groups))
    }

    /// All rows of groups that are lent one by one.
    pub fn lent(flow_log: &'a str, groups: &'a [&'a Group]) -> Self {
        Self::of(flow_log, Groups::Lent(groups))
    }

    fn of(flow_log: &'a str, groups: Groups<'a>) -> Self {
        Self {
            flow_log,
            groups,
            first: 0,
            len: groups.iter().map(Group::rows).sum(),
        }
    }

    /// Some of the rows, by their place among them; what is beyond the last does not count.
    #[must_use]
    pub fn part(&self, places: Range<usize>) -> Self {
        let end = places.end.min(self.len);
        let start = places.start.min(end);
        Self {
            first: self.first + start,
            len: end - start,
            ..*self
        }
    }

    /// The flow log's id.
    pub const fn flow_log(&self) -> &'a str {
        self.flow_log
    }

    /// The number of rows.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Both halves, in order; `None` when there are fewer than two rows.
    pub const fn split(&self) -> Option<(Self, Self)> {
        if self.len < 2 {
            return None;
        }
        let half = self.len / 2;
        let (mut front, mut back) = (*self, *self);
        front.len = half;
        back.first += half;
        back.len -= half;
        Some((front, back))
    }

    /// Each group with the numbers of the rows that count.
    pub fn groups(&self) -> impl Iterator<Item = (&'a Group, Range<usize>)> + use<'a> {
        let mut skip = self.first;
        let mut left = self.len;
        self.groups.iter().filter_map(move |group| {
            let first = skip.min(group.rows());
            skip -= first;
            let count = left.min(group.rows() - first);
            left -= count;
            (count > 0).then_some((group, first..first + count))
        })
    }
}

#[cfg(test)]
mod tests;
