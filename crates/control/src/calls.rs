//! How often each operation was called within a minute.

use std::collections::BTreeMap;

use flowlog_flowlog::Product;
use flowlog_record::Timestamp;

const MINUTE_MS: i64 = 60_000;

/// The calls of the minute. As large as the table of operations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls(BTreeMap<(Product, &'static str), (i64, u32)>);

impl Calls {
    /// Counts a call.
    ///
    /// # Errors
    /// There were `most` in this minute already; how many milliseconds of it are left.
    pub(crate) fn enter(
        &mut self,
        operation: (Product, &'static str),
        most: u32,
        now: Timestamp,
    ) -> Result<(), u32> {
        if most == 0 {
            return Ok(());
        }
        let minute = now.millis().div_euclid(MINUTE_MS);
        let (of, count) = self.0.entry(operation).or_insert((minute, 0));
        if *of != minute {
            (*of, *count) = (minute, 0);
        }
        if *count >= most {
            let left = MINUTE_MS - now.millis().rem_euclid(MINUTE_MS);
            return Err(u32::try_from(left).unwrap_or(1));
        }
        *count += 1;
        Ok(())
    }
}
