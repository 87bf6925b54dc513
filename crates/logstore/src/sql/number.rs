//! Numbers as the service prints them: doubles as Java does.

use std::fmt::Write as _;

/// A double as `Double.toString` of Java writes it: `30.5`, `1.0E10`, `NaN`, `Infinity`.
pub(super) fn java_double(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _: std::fmt::Result = if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        write!(text, "{value:?}")
    } else {
        write!(text, "{value:E}")
    };
    match text.split_once('E') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0E{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::java_double;

    #[test]
    fn doubles_are_printed_as_java_prints_them() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (30.5, "30.5"),
            (1.0, "1.0"),
            (0.001, "0.001"),
            (0.000_999, "9.99E-4"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (1e10, "1.0E10"),
            (-123_456_789.125, "-1.23456789125E8"),
            (1.5e-5, "1.5E-5"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157E308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(java_double(value), text);
        }
    }
}
