//! The headers of a request as a signature needs them.

use alloc::borrow::Cow;
use alloc::vec::Vec;

/// Names folded to lower case, values as received; by name, those of one name in the order in
/// which they came.
#[derive(Clone, Debug, Default)]
pub struct Headers<'a>(Vec<(Cow<'a, str>, &'a [u8])>);

impl<'a> Headers<'a> {
    /// The value of the first header of this name (lower case), without surrounding white space;
    /// `None` when it is absent, empty or not UTF-8.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().find(|(key, _)| key == name)?;
        core::str::from_utf8(value)
            .ok()
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }

    /// Name and value of each header, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a [u8])> {
        self.0.iter().map(|(name, value)| (&**name, *value))
    }
}

impl<'a> FromIterator<(&'a str, &'a [u8])> for Headers<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a [u8])>>(headers: I) -> Self {
        let mut headers: Vec<_> = headers
            .into_iter()
            .map(|(name, value)| (lower_case(name), value))
            .collect();
        headers.sort_by(|(a, _), (b, _)| a.cmp(b));
        Self(headers)
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(headers: I) -> Self {
        headers
            .into_iter()
            .map(|(name, value)| (name, value.as_bytes()))
            .collect()
    }
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|c| c.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}
