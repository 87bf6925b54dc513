//! The functions that a query may use.
//!
//! # Aggregates
//! `any_value` `approx_distinct` `approx_percentile` `arbitrary` `array_agg` `avg` `bitwise_and_agg`
//! `bitwise_or_agg` `bool_and` `bool_or` `checksum` `corr` `count` `count_if` `covar_pop` `covar_samp`
//! `every` `geometric_mean` `histogram` `kurtosis` `map_agg` `max` `max_by` `min` `min_by`
//! `regr_intercept` `regr_slope` `skewness` `stddev` `stddev_pop` `stddev_samp` `sum` `var_pop`
//! `var_samp` `variance`
//!
//! # Windows
//! `cume_dist` `dense_rank` `first_value` `lag` `last_value` `lead` `nth_value` `ntile`
//! `percent_rank` `rank` `row_number`, and the aggregates
//!
//! # Periods
//! `compare` `ts_compare` `time_series`
//!
//! # Time
//! `at_timezone` `current_date` `current_time` `current_timestamp` `current_timezone` `date`
//! `date_add` `date_diff` `date_format` `date_parse` `date_trunc` `day` `day_of_month` `day_of_week`
//! `day_of_year` `dow` `doy` `extract` `from_iso8601_date` `from_iso8601_timestamp` `from_unixtime`
//! `hour` `localtime` `localtimestamp` `millisecond` `minute` `month` `now` `quarter` `second`
//! `to_iso8601` `to_unixtime` `week` `week_of_year` `year` `year_of_week` `yow`
//!
//! # Text
//! `chr` `codepoint` `concat` `ends_with` `from_utf8` `hamming_distance` `length`
//! `levenshtein_distance` `like` `lower` `lpad` `ltrim` `position` `replace` `reverse` `rpad` `rtrim`
//! `split` `split_part` `split_to_map` `starts_with` `strpos` `substr` `substring` `to_utf8` `trim`
//! `upper`
//!
//! # Regular expressions
//! `regexp_count` `regexp_extract` `regexp_extract_all` `regexp_like` `regexp_replace`
//! `regexp_split`
//!
//! # Addresses
//! `bigint_to_ip` `ip_prefix` `ip_subnet_max` `ip_subnet_min` `ip_subnet_range` `ip_to_bigint`
//! `ip_to_domain` `is_ipv4` `is_ipv6` `is_prefix_subnet_of` `is_private_ip` `is_subnet_of`
//!
//! # The Web
//! `url_decode` `url_encode` `url_extract_fragment` `url_extract_host` `url_extract_parameter`
//! `url_extract_path` `url_extract_port` `url_extract_protocol` `url_extract_query`
//!
//! # JSON, arrays and maps
//! `all_match` `any_match` `array_distinct` `array_except` `array_intersect` `array_join` `array_max`
//! `array_min` `array_position` `array_remove` `array_sort` `array_union` `cardinality` `contains`
//! `element_at` `filter` `flatten` `is_json_scalar` `json_array_contains` `json_array_get`
//! `json_array_length` `json_extract` `json_extract_bool` `json_extract_double` `json_extract_long`
//! `json_extract_scalar` `json_format` `json_parse` `json_size` `map` `map_keys` `map_values`
//! `none_match` `sequence` `slice` `transform`
//!
//! # Numbers
//! `abs` `acos` `asin` `atan` `atan2` `bit_count` `bitwise_and` `bitwise_left_shift` `bitwise_not`
//! `bitwise_or` `bitwise_right_shift` `bitwise_xor` `cbrt` `ceil` `ceiling` `cos` `cosh` `degrees` `e`
//! `exp` `floor` `from_base` `greatest` `infinity` `is_finite` `is_infinite` `is_nan` `least` `ln`
//! `log` `log10` `log2` `mod` `pi` `pow` `power` `radians` `round` `sign` `sin` `sinh` `sqrt` `tan`
//! `tanh` `to_base` `truncate` `width_bucket`
//!
//! # Types, conditions, octets
//! `cast` `coalesce` `crc32` `format_data_size` `format_duration` `from_hex` `if` `nullif`
//! `parse_data_size` `to_hex` `try` `try_cast` `typeof`
//!
//! What the service has beside these needs a database of places or networks (`ip_to_country` and its
//! like), or is rare on dashboards; it is refused by its name.
//!
//! # As it is here
//! Arrays and maps are JSON texts. A timestamp is a text in UTC unless a zone stands behind it.
//! `approx_distinct` is exact up to 2048 values and within one percent or so beyond,
//! `approx_percentile` exact up to 8192. A division by zero is NULL. `try(x)` is NULL where a function
//! within fails.

mod address;
mod aggregate;
mod array;
mod binary;
mod convert;
mod json;
mod math;
mod regular;
mod text;
mod time;
mod value;
mod web;

use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::Value;

pub(super) use aggregate::{Budget, MOST_PERIODS, Share};
pub(super) use text::{Like, is_like, like_parts};
pub(super) use time::{date, timestamp};

use value::Scalar;

/// SQLite's own functions that mean the same in the service.
const BUILT_IN: [&str; 20] = [
    "avg",
    "coalesce",
    "count",
    "cume_dist",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "max",
    "min",
    "nth_value",
    "ntile",
    "nullif",
    "percent_rank",
    "rank",
    "row_number",
    "sign",
    "sum",
    "json_each",
];

/// Functions that become something else before SQLite sees them.
const REWRITTEN: [&str; 21] = [
    "all_match",
    "any_match",
    "cast",
    "compare",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_timezone",
    "date",
    "extract",
    "filter",
    "if",
    "localtime",
    "localtimestamp",
    "none_match",
    "now",
    "time_series",
    "transform",
    "try",
    "try_cast",
    "ts_compare",
];

/// Functions that are true or false.
const TRUTHS: [&str; 22] = [
    "all_match",
    "any_match",
    "bool_and",
    "bool_or",
    "contains",
    "ends_with",
    "every",
    "is_finite",
    "is_infinite",
    "is_ipv4",
    "is_ipv6",
    "is_json_scalar",
    "is_nan",
    "is_prefix_subnet_of",
    "is_private_ip",
    "is_subnet_of",
    "json_array_contains",
    "json_extract_bool",
    "like",
    "none_match",
    "regexp_like",
    "starts_with",
];

/// Tables of functions of single values.
const SCALARS: [&[Scalar]; 10] = [
    address::SCALARS,
    array::SCALARS,
    binary::SCALARS,
    convert::SCALARS,
    json::SCALARS,
    math::SCALARS,
    regular::SCALARS,
    text::SCALARS,
    time::SCALARS,
    web::SCALARS,
];

/// All functions of single values.
fn scalars() -> impl Iterator<Item = &'static Scalar> {
    SCALARS.into_iter().flatten()
}

/// Whether a function is one of single values that we register.
pub(super) fn is_scalar(name: &str) -> bool {
    let real = math::REALS.iter().any(|(known, _)| *known == name);
    real || is_part_of_time(name) || scalars().any(|scalar| scalar.name == name)
}

/// Whether a function gives a part of a time.
pub(super) fn is_part_of_time(name: &str) -> bool {
    time::PARTS.iter().any(|(known, _)| *known == name)
}

/// Whether a function is one of many values.
pub(super) fn is_aggregate(name: &str) -> bool {
    matches!(name, "avg" | "count" | "max" | "min" | "sum") || aggregate::names().contains(&name)
}

/// Whether a function is true or false.
pub(super) fn is_truth(name: &str) -> bool {
    TRUTHS.contains(&name)
}

/// Whether SQLite may call a function of this name.
pub(super) fn is_allowed(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let plain = name.strip_suffix('?').unwrap_or(&name);
    BUILT_IN.contains(&plain) || is_scalar(plain) || aggregate::names().contains(&plain)
}

/// Why a statement cannot use a function, if it cannot.
pub(super) fn why_not(name: &str) -> Option<String> {
    let misplaced = match name {
        "compare" | "ts_compare" => {
            "it stands in the list of columns of a SELECT over a sub-query, as a column of its own"
        }
        "time_series" => {
            "it stands once in the list of columns, with an alias that GROUP BY names: \
             time_series(__time__, '15m', '%H:%i', '0')"
        }
        _ if REWRITTEN.contains(&name) => "it has another number of arguments",
        _ if is_allowed(name) && name != "json_each" => return None,
        _ if name.starts_with("ip_to_") => {
            let text = "it needs a database of places, which is not part of this Logstore";
            return Some(format!("function {name} is not supported: {text}"));
        }
        _ => return Some(format!("function {name} is not supported")),
    };
    Some(format!(
        "function {name} cannot be used like this: {misplaced}"
    ))
}

/// A moment, milliseconds of the epoch, as the service prints it.
pub(super) fn print_moment(millis: i64) -> String {
    time::print(millis).unwrap_or_default()
}

/// Makes the functions known to a connection.
pub(super) fn register(connection: &Connection, budget: &Arc<Budget>) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    for Scalar {
        name,
        arguments,
        call,
    } in scalars()
    {
        let lenient = format!("{name}?");
        for arguments in *arguments {
            connection.create_scalar_function(*name, *arguments, flags, call)?;
            connection.create_scalar_function(&*lenient, *arguments, flags, |ctx| {
                call(ctx).or(Ok(Value::Null))
            })?;
        }
    }
    for (name, function) in math::REALS {
        let lenient = format!("{name}?");
        connection.create_scalar_function(*name, 1, flags, move |ctx| {
            Ok(value::real(ctx, 0)?.map(function))
        })?;
        connection.create_scalar_function(&*lenient, 1, flags, move |ctx| {
            Ok(value::real(ctx, 0).unwrap_or(None).map(function))
        })?;
    }
    for (name, part) in time::PARTS {
        let lenient = format!("{name}?");
        connection.create_scalar_function(*name, 1, flags, move |ctx| time::part(ctx, *part))?;
        connection.create_scalar_function(&*lenient, 1, flags, move |ctx| {
            time::part(ctx, *part).or(Ok(Value::Null))
        })?;
    }
    aggregate::register(connection, budget)
}

#[cfg(test)]
mod tests;
