//! The functions of the service that SQLite lacks, and the list of those that a query may use.

mod aggregate;
mod civil;
mod scalar;
mod time;

use rusqlite::Connection;

/// SQLite's own functions that mean the same in the service.
const BUILT_IN: [&str; 32] = [
    "abs",
    "avg",
    "coalesce",
    "count",
    "cume_dist",
    "dense_rank",
    "first_value",
    "if",
    "iif",
    "lag",
    "last_value",
    "lead",
    "length",
    "like",
    "lower",
    "ltrim",
    "max",
    "min",
    "nth_value",
    "ntile",
    "nullif",
    "percent_rank",
    "rank",
    "replace",
    "row_number",
    "rtrim",
    "sign",
    "substr",
    "substring",
    "sum",
    "trim",
    "upper",
];

/// Whether a query may use a function of this name.
pub(super) fn is_allowed(name: &str) -> bool {
    let is = |known: &&str| known.eq_ignore_ascii_case(name);
    BUILT_IN.iter().any(&is) || scalar::NAMES.iter().any(&is) || aggregate::NAMES.iter().any(is)
}

/// Makes the functions known to a connection.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    scalar::register(connection)?;
    time::register(connection)?;
    aggregate::register(connection)
}

#[cfg(test)]
mod tests;
