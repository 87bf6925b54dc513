//! Conditions of a statement: all operators and all keys must hold; of the values of a key, one
//! must, or none for a negated operator. A key that the request does not have does not hold.

use alloc::borrow::{Cow, ToOwned};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::net::IpAddr;

use flowlog_record::Timestamp;
use serde::Deserialize;

use super::pattern::{Case, Pattern};
use super::{Circumstances, InvalidPolicy};
use crate::date;

/// As it is written: operator → key → values.
pub(super) type Form = BTreeMap<String, BTreeMap<String, Values>>;

/// One value, or a list of them. They are texts; what is written as a number or as a truth value
/// means its text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Values {
    One(Scalar),
    Several(Vec<Scalar>),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Scalar {
    Text(String),
    Truth(bool),
    Number(i64),
}

/// All conditions of a statement.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions(Vec<Condition>);

/// One operator on one key.
#[derive(Clone, Debug)]
struct Condition {
    key: Key,
    negated: bool,
    tests: Vec<Test>,
}

/// What of the request is looked at.
#[derive(Clone, Debug)]
enum Key {
    CurrentTime,
    SecureTransport,
    SourceIp,
    /// Nobody signs in with a second factor here: no request has it.
    MfaPresent,
    RequestTag(String),
    ResourceTag(String),
}

/// What one value asks for.
#[derive(Clone, Debug)]
enum Test {
    Equals(String, Case),
    Like(Pattern),
    Number(Comparison, f64),
    Date(Comparison, Timestamp),
    Truth(bool),
    Address(Network),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// An address, or all that begin with the same bits.
#[derive(Clone, Copy, Debug)]
struct Network {
    address: IpAddr,
    bits: u32,
}

impl Conditions {
    pub(super) fn read(form: Form) -> Result<Self, InvalidPolicy> {
        let mut conditions = Vec::new();
        for (operator, keys) in form {
            for (key, values) in keys {
                conditions.push(Condition::read(&operator, &key, values)?);
            }
        }
        Ok(Self(conditions))
    }

    pub(super) fn hold(&self, circumstances: &Circumstances<'_>) -> bool {
        self.0
            .iter()
            .all(|condition| condition.holds(circumstances))
    }
}

impl Condition {
    fn read(operator: &str, key: &str, values: Values) -> Result<Self, InvalidPolicy> {
        let (positive, negated) = positive(operator);
        let test = |value: String| {
            let invalid = || InvalidPolicy::Condition {
                operator: operator.to_owned(),
                value: value.clone(),
            };
            if !OPERATORS.contains(&positive) {
                return Err(InvalidPolicy::Operator(operator.to_owned()));
            }
            Test::read(positive, &value).ok_or_else(invalid)
        };
        let values = match values {
            Values::One(value) => alloc::vec![value],
            Values::Several(values) => values,
        };
        Ok(Self {
            key: Key::named(key).ok_or_else(|| InvalidPolicy::Key(key.to_owned()))?,
            negated,
            tests: values
                .into_iter()
                .map(|value| test(value.into_text()))
                .collect::<Result<_, _>>()?,
        })
    }

    fn holds(&self, circumstances: &Circumstances<'_>) -> bool {
        self.key
            .of(circumstances)
            .is_some_and(|value| self.tests.iter().any(|test| test.takes(&value)) != self.negated)
    }
}

/// The operators that negate none.
const OPERATORS: [&str; 15] = [
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "NumericEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "IpAddress",
];

/// The operator that a negated one negates, and whether it is one.
fn positive(operator: &str) -> (&str, bool) {
    match operator {
        "StringNotEquals" => ("StringEquals", true),
        "StringNotEqualsIgnoreCase" => ("StringEqualsIgnoreCase", true),
        "StringNotLike" => ("StringLike", true),
        "NumericNotEquals" => ("NumericEquals", true),
        "DateNotEquals" => ("DateEquals", true),
        "NotIpAddress" => ("IpAddress", true),
        _ => (operator, false),
    }
}

impl Test {
    /// `None` when the value is not one for the operator.
    fn read(operator: &str, value: &str) -> Option<Self> {
        let number = |comparison| {
            let number = value.parse().ok().filter(|number: &f64| number.is_finite());
            number.map(|number| Self::Number(comparison, number))
        };
        let date = |comparison| date_of(value).map(|date| Self::Date(comparison, date));
        match operator {
            "StringEquals" => Some(Self::Equals(value.to_owned(), Case::Counts)),
            "StringEqualsIgnoreCase" => Some(Self::Equals(value.to_owned(), Case::Ignored)),
            "StringLike" => Pattern::new(value.to_owned(), Case::Counts)
                .ok()
                .map(Self::Like),
            "NumericEquals" => number(Comparison::Equal),
            "NumericLessThan" => number(Comparison::Less),
            "NumericLessThanEquals" => number(Comparison::LessOrEqual),
            "NumericGreaterThan" => number(Comparison::Greater),
            "NumericGreaterThanEquals" => number(Comparison::GreaterOrEqual),
            "DateEquals" => date(Comparison::Equal),
            "DateLessThan" => date(Comparison::Less),
            "DateLessThanEquals" => date(Comparison::LessOrEqual),
            "DateGreaterThan" => date(Comparison::Greater),
            "DateGreaterThanEquals" => date(Comparison::GreaterOrEqual),
            "Bool" => truth(value).map(Self::Truth),
            "IpAddress" => Network::parse(value).map(Self::Address),
            _ => None,
        }
    }

    fn takes(&self, value: &str) -> bool {
        match self {
            Self::Equals(text, Case::Counts) => value == text,
            Self::Equals(text, Case::Ignored) => value.eq_ignore_ascii_case(text),
            Self::Like(pattern) => pattern.matches(value),
            Self::Number(comparison, number) => value
                .parse::<f64>()
                .ok()
                .and_then(|value| value.partial_cmp(number))
                .is_some_and(|order| comparison.is(order)),
            Self::Date(comparison, date) => {
                date_of(value).is_some_and(|value| comparison.is(value.cmp(date)))
            }
            Self::Truth(wanted) => truth(value) == Some(*wanted),
            Self::Address(network) => value
                .parse()
                .is_ok_and(|address: IpAddr| network.contains(address)),
        }
    }
}

impl Comparison {
    fn is(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Key {
    fn named(name: &str) -> Option<Self> {
        const REQUEST_TAG: &str = "acs:RequestTag/";
        const RESOURCE_TAG: &str = "acs:ResourceTag/";
        let tag = |prefix: &str| {
            let (start, key) = name.split_at_checked(prefix.len())?;
            let fits = start.eq_ignore_ascii_case(prefix) && !key.is_empty();
            fits.then(|| key.to_owned())
        };
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("acs:CurrentTime") {
            Some(Self::CurrentTime)
        } else if is("acs:SecureTransport") {
            Some(Self::SecureTransport)
        } else if is("acs:SourceIp") {
            Some(Self::SourceIp)
        } else if is("acs:MFAPresent") {
            Some(Self::MfaPresent)
        } else {
            let request = tag(REQUEST_TAG).map(Self::RequestTag);
            request.or_else(|| tag(RESOURCE_TAG).map(Self::ResourceTag))
        }
    }

    fn of<'c>(&self, circumstances: &'c Circumstances<'_>) -> Option<Cow<'c, str>> {
        let tag = |tags: &'c [(String, String)], key: &String| {
            let found = tags.iter().find(|(known, _)| known == key);
            found.map(|(_, value)| Cow::Borrowed(value.as_str()))
        };
        match self {
            Self::CurrentTime => Some(date::timestamp(circumstances.now).into()),
            Self::SecureTransport => {
                let text = if circumstances.secure {
                    "true"
                } else {
                    "false"
                };
                Some(text.into())
            }
            Self::SourceIp => Some(format!("{}", circumstances.source).into()),
            Self::MfaPresent => None,
            Self::RequestTag(key) => tag(circumstances.request_tags, key),
            Self::ResourceTag(key) => tag(circumstances.resource_tags, key),
        }
    }
}

impl Scalar {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Truth(truth) => format!("{truth}"),
            Self::Number(number) => format!("{number}"),
        }
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            None => (text, None),
            Some((address, bits)) => (address, Some(bits.parse().ok()?)),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { address, bits })
    }

    fn contains(&self, address: IpAddr) -> bool {
        let differs = match (self.address, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                let differing = a.to_bits() ^ b.to_bits();
                differing.checked_shr(32 - self.bits).unwrap_or(0) != 0
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                let differing = a.to_bits() ^ b.to_bits();
                differing.checked_shr(128 - self.bits).unwrap_or(0) != 0
            }
            _ => true,
        };
        !differs
    }
}

fn truth(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// `2026-11-20T14:40:58Z`, or with `+08:00` in the place of `Z`.
fn date_of(text: &str) -> Option<Timestamp> {
    if let Some(at) = date::parse_timestamp(text) {
        return Some(at);
    }
    let (local, offset) = text.split_at_checked(19)?;
    let local = date::parse_timestamp(&format!("{local}Z"))?;
    let (sign, clock) = offset.split_at_checked(1)?;
    let (hours, minutes) = clock.split_once(':')?;
    let number = |text: &str| {
        let is_number = text.len() == 2 && text.bytes().all(|c| c.is_ascii_digit());
        is_number.then(|| text.parse::<i64>().ok())?
    };
    let millis = (number(hours)? * 60 + number(minutes)?) * 60_000;
    match sign {
        "+" => Some(local.plus(-millis)),
        "-" => Some(local.plus(millis)),
        _ => None,
    }
}
