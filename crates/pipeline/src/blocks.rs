//! Rows on their way out, in blocks.
//!
//! A window that ends lets very many rows leave at once. One vector of all of them would be copied
//! as it grows, and be memory that nothing else can use; blocks are neither, and the first can be
//! stored and freed while later ones are filled.

use alloc::vec::Vec;

use flowlog_record::Row;

/// Rows of a full block: some 200 KiB.
const BLOCK: usize = 1024;

/// Rows in the order in which they left.
#[derive(Clone, Debug, Default)]
pub struct RowBlocks {
    /// None of them is empty.
    blocks: Vec<Vec<Row>>,
}

impl RowBlocks {
    /// Adds a row behind the others.
    pub fn push(&mut self, row: Row) {
        if let Some(last) = self.blocks.last_mut()
            && last.len() < BLOCK
        {
            return last.push(row);
        }
        // Most partitions never fill the first.
        let room = if self.blocks.is_empty() { 4 } else { BLOCK };
        let mut block = Vec::with_capacity(room);
        block.push(row);
        self.blocks.push(block);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Whether the first block is full.
    pub fn has_full_block(&self) -> bool {
        self.blocks
            .first()
            .is_some_and(|block| block.len() >= BLOCK)
    }

    /// The rows.
    pub fn iter(&self) -> impl Iterator<Item = &Row> {
        self.blocks.iter().flatten()
    }

    /// Takes whole blocks from the front, as many as have no more than `most` rows, but at least one.
    /// `None` when there are no rows.
    pub fn split_front(&mut self, most: usize) -> Option<Self> {
        let mut rows = 0_usize;
        let fit = self.blocks.iter().take_while(|block| {
            rows = rows.saturating_add(block.len());
            rows <= most
        });
        let count = fit.count().max(1).min(self.blocks.len());
        let rest = self.blocks.split_off(count);
        let front = core::mem::replace(&mut self.blocks, rest);
        (!front.is_empty()).then_some(Self { blocks: front })
    }

    /// Puts rows behind these.
    pub fn append(&mut self, mut behind: Self) {
        self.blocks.append(&mut behind.blocks);
    }

    /// All of them in one vector.
    pub fn into_vec(self) -> Vec<Row> {
        let mut blocks = self.blocks.into_iter();
        let mut rows = blocks.next().unwrap_or_default();
        blocks.for_each(|mut block| rows.append(&mut block));
        rows
    }
}

impl From<Vec<Row>> for RowBlocks {
    fn from(rows: Vec<Row>) -> Self {
        let blocks = if rows.is_empty() {
            Vec::new()
        } else {
            alloc::vec![rows]
        };
        Self { blocks }
    }
}

impl FromIterator<Row> for RowBlocks {
    fn from_iter<I: IntoIterator<Item = Row>>(rows: I) -> Self {
        let mut all = Self::default();
        rows.into_iter().for_each(|row| all.push(row));
        all
    }
}

#[cfg(test)]
mod tests;
