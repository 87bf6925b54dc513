//! One page of a list.

use serde_json::Value;

use crate::arguments::Arguments;
use crate::problem::Problem;

/// The most that a page has.
const MOST: usize = 50;

/// Which page is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    pub(super) number: usize,
    pub(super) size: usize,
}

impl Page {
    /// `PageNumber` and `PageSize`; more than 50 is 50.
    pub(super) fn read(
        arguments: &Arguments,
        default: usize,
        invalid: &Problem,
    ) -> Result<Self, Problem> {
        let read = |name, default| {
            let number = arguments.filter_number(name).map_err(|_| invalid.clone())?;
            let number = number.map_or(Ok(default), usize::try_from);
            let number = number.map_err(|_| invalid.clone())?;
            if number == 0 {
                return Err(invalid.clone());
            }
            Ok(number)
        };
        Ok(Self {
            number: read("PageNumber", 1)?,
            size: read("PageSize", default)?.min(MOST),
        })
    }

    /// The items of this page, and how many there are on all pages.
    pub(super) fn of<T>(
        &self,
        items: impl Iterator<Item = T>,
        show: impl Fn(&T) -> Value,
    ) -> (Vec<Value>, usize) {
        let first = (self.number - 1).saturating_mul(self.size);
        let last = first.saturating_add(self.size);
        let mut shown = Vec::new();
        let mut total = 0;
        for item in items {
            if (first..last).contains(&total) {
                shown.push(show(&item));
            }
            total += 1;
        }
        (shown, total)
    }
}
