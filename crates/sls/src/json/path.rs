//! One value out of a JSON text, without a tree of the rest.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// The value at `a.b.c` in an object, as text: a string without its quotation marks, anything else
/// as it is written. `None` where there is nothing, `null`, or no object.
///
/// A name may have dots itself. Of names that are there twice the first counts. What stands behind
/// the value is not looked at.
pub fn at_path<'j>(json: &'j [u8], path: &str) -> Option<Cow<'j, [u8]>> {
    let mut reader = Reader(json);
    reader.find(path.as_bytes())
}

/// What is left of the text.
#[derive(Clone, Copy)]
struct Reader<'j>(&'j [u8]);

impl<'j> Reader<'j> {
    /// The value at a path of the object that begins here.
    fn find(&mut self, path: &[u8]) -> Option<Cow<'j, [u8]>> {
        self.eat(b'{')?;
        loop {
            let name = decoded(self.string()?);
            self.eat(b':')?;
            let value = *self;
            if let Some(below) = path.strip_prefix(&*name) {
                let found = match below {
                    [] => Some(value.value()?),
                    [b'.', below @ ..] => value.clone().find(below),
                    _ => None,
                };
                if let Some(found) = found {
                    return (&*found != b"null" || value.is_string()).then_some(found);
                }
            }
            self.skip()?;
            self.eat(b',')?;
        }
    }

    /// The value that begins here, as text.
    fn value(mut self) -> Option<Cow<'j, [u8]>> {
        if self.is_string() {
            return self.string().map(decoded);
        }
        self.space();
        let before = self.0;
        self.skip()?;
        let length = before.len() - self.0.len();
        before.get(..length).map(Cow::Borrowed)
    }

    fn is_string(mut self) -> bool {
        self.space();
        self.0.first() == Some(&b'"')
    }

    /// Passes over the value that begins here.
    fn skip(&mut self) -> Option<()> {
        self.space();
        let mut depth = 0_usize;
        loop {
            match self.0.first()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.pass(1);
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.pass(1);
                }
                b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' if depth > 0 => self.pass(1),
                _ => {
                    let ends = |c: &u8| b",:}] \n\r\t\"{[".contains(c);
                    let length = self.0.iter().position(ends).unwrap_or(self.0.len());
                    if length == 0 {
                        return None;
                    }
                    self.pass(length);
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// What stands between the quotation marks here, escapes and all.
    fn string(&mut self) -> Option<&'j [u8]> {
        self.eat(b'"')?;
        let mut end = 0;
        loop {
            match self.0.get(end)? {
                b'"' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        let inside = self.0.get(..end)?;
        self.pass(end + 1);
        Some(inside)
    }

    fn eat(&mut self, sign: u8) -> Option<()> {
        self.space();
        self.0 = self.0.strip_prefix(&[sign])?;
        Some(())
    }

    fn space(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }

    fn pass(&mut self, octets: usize) {
        self.0 = self.0.get(octets..).unwrap_or_default();
    }
}

/// A string without its escapes.
fn decoded(string: &[u8]) -> Cow<'_, [u8]> {
    if !string.contains(&b'\\') {
        return Cow::Borrowed(string);
    }
    let mut decoded = Vec::with_capacity(string.len());
    let mut rest = string;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'\\' {
            decoded.push(*first);
            continue;
        }
        let Some((escape, behind)) = rest.split_first() else {
            break;
        };
        rest = behind;
        match escape {
            b'n' => decoded.push(b'\n'),
            b't' => decoded.push(b'\t'),
            b'r' => decoded.push(b'\r'),
            b'b' => decoded.push(8),
            b'f' => decoded.push(12),
            b'u' => {
                let mut text = String::new();
                text.push(unicode(&mut rest));
                decoded.extend_from_slice(text.as_bytes());
            }
            other => decoded.push(*other),
        }
    }
    Cow::Owned(decoded)
}

/// The character of `XXXX`, or of a pair of surrogates; U+FFFD where it is none.
fn unicode(rest: &mut &[u8]) -> char {
    let mut take = |prefix: &[u8]| {
        let behind = rest.strip_prefix(prefix)?;
        let (digits, after) = behind.split_at_checked(4)?;
        let digits = str::from_utf8(digits).ok()?;
        let unit = u16::from_str_radix(digits, 16).ok()?;
        *rest = after;
        Some(unit)
    };
    let Some(first) = take(b"") else {
        return char::REPLACEMENT_CHARACTER;
    };
    let second = (0xd800..0xdc00).contains(&first).then(|| take(b"\\u"));
    let units = [Some(first), second.flatten()];
    let mut chars = char::decode_utf16(units.into_iter().flatten());
    match chars.next() {
        Some(Ok(c)) => c,
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests;
