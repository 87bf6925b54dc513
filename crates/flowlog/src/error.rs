//! What is wrong with a value, a flow log or a resource; every error says what to write instead.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

/// A text or number that its type does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidValue {
    /// The value as it was given.
    pub value: String,
    /// What it should be.
    pub remedy: &'static str,
}

impl InvalidValue {
    pub(crate) fn new(value: impl Into<String>, remedy: &'static str) -> Self {
        Self {
            value: value.into(),
            remedy,
        }
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.value, self.remedy)
    }
}

impl core::error::Error for InvalidValue {}

/// A flow log that cannot be: which field, its value, what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionError {
    /// The field, by its name in the configuration.
    pub field: &'static str,
    /// The value as it was given.
    pub value: String,
    /// What to do about it.
    pub remedy: Cow<'static, str>,
}

impl DefinitionError {
    pub(crate) fn new(
        field: &'static str,
        value: impl Into<String>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            field,
            value: value.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = `{}`: {}", self.field, self.value, self.remedy)
    }
}

impl core::error::Error for DefinitionError {}

/// An inventory that cannot be: which resource, which field, its value, what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryError {
    /// The id of the resource.
    pub resource: String,
    /// The field, by its name in the configuration.
    pub field: &'static str,
    /// The value as it was given.
    pub value: String,
    /// What to do about it.
    pub remedy: Cow<'static, str>,
}

impl fmt::Display for InventoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "resource `{}`: {} = `{}`: {}",
            self.resource, self.field, self.value, self.remedy
        )
    }
}

impl core::error::Error for InventoryError {}
