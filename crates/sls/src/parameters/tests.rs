use proptest::prelude::*;

use super::*;
use crate::ErrorCode;

#[test]
fn what_clients_send_is_tolerated() {
    let query = Parameters::parse("a=1&b=&c&&d=x+y%20z%2B&e=%E6%B5%81&a=2").unwrap();
    assert_eq!(
        (query.get("a"), query.get("d"), query.get("e")),
        (Some("1"), Some("x y z+"), Some("流"))
    );
    assert_eq!(
        (query.get("b"), query.get("c"), query.get("z")),
        (None, None, None)
    );
    assert!(query.contains("b") && query.contains("c") && !query.contains("z"));
    assert_eq!(Parameters::parse("").unwrap(), Parameters::default());
}

#[test]
fn numbers_and_truth_values_have_defaults_and_errors() {
    let query = Parameters::parse("n=-7&e=&t=True&f=FALSE&x=1.5").unwrap();
    assert_eq!(query.number("n", 5), Ok(-7));
    assert_eq!(
        (query.number("e", 5), query.number("absent", 5)),
        (Ok(5), Ok(5))
    );
    assert_eq!(
        (query.flag("t", false), query.flag("f", true)),
        (Ok(true), Ok(false))
    );
    assert_eq!(
        (query.flag("e", true), query.flag("absent", false)),
        (Ok(true), Ok(false))
    );
    for error in [
        query.number("x", 0).unwrap_err(),
        query.flag("x", true).unwrap_err(),
    ] {
        assert_eq!(error.code, ErrorCode::ParameterInvalid);
        assert!(
            error.message.contains("parameter x") && error.message.contains("1.5"),
            "{error}"
        );
    }
}

#[test]
fn a_parameter_is_utf8() {
    assert_eq!(
        Parameters::parse("a=%ff").unwrap_err().code,
        ErrorCode::ParameterInvalid
    );
}

proptest! {
    #[test]
    fn reading_undoes_writing(pairs: Vec<(String, String)>) {
        let named = pairs.iter().filter(|(key, _)| !key.is_empty());
        let query: Parameters = named.map(|(key, value)| (key.as_str(), value.as_str())).collect();
        prop_assert_eq!(Parameters::parse(&query.to_query()), Ok(query));
    }
}
