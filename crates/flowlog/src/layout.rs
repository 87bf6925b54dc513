//! What rows look like: columns of the three products, and their values (flow logs, *Rows*).
//!
//! A [`Layout`] is made once per flow log; a [`Column`] then gives the [`Value`] of a row without
//! formatting or allocating, so that a Logstore gets integers and addresses as they are. In Simple
//! Log Service and in a replay every value is its text.

mod column;
mod identity;
mod render;
#[cfg(test)]
mod tests;
mod value;

use alloc::vec::Vec;

pub use column::{Column, ColumnType};
pub use identity::Names;
pub use render::{RowTime, SLS_TOPIC, row_source, row_time};
pub use value::{RowId, Value};

pub(crate) use column::CEN_NAMED;

use crate::{FlowLog, Product};
use column::{CEN, LOST_RECORDS, OWN, SAG, VPC};

/// Whether a column of this name is one of our own, which the real service does not have.
pub fn is_own_column(name: &str) -> bool {
    let own = OWN.iter().chain([&LOST_RECORDS]);
    own.into_iter().any(|column| column.name() == name)
}

/// The columns of one flow log's rows: those of its product, our own behind them, then the further
/// Information Elements that it lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    columns: Vec<Column>,
}

impl Layout {
    /// The columns of this flow log.
    pub fn for_flow_log(flow_log: &FlowLog) -> Self {
        let product = match (flow_log.product(), flow_log.log_format()) {
            (Product::Cen, Some(format)) => format.columns(),
            (Product::Cen, None) => CEN,
            (Product::Vpc, _) => VPC,
            (Product::Sag, _) => SAG,
        };
        let lost = (flow_log.product() == Product::Vpc).then_some(LOST_RECORDS);
        let extra = (0..).zip(flow_log.elements()).map(Column::extra);
        let columns = product.iter().chain(OWN).copied();
        Self {
            columns: columns.chain(lost).chain(extra).collect(),
        }
    }

    /// All columns in their order.
    ///
    /// This is also the index of a Logstore: a field of each name, `long` or `text`.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns without our own: what the real service delivers, and the further elements.
    pub fn product_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.is_own())
    }
}
