//! How text falls into words.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Delimiters of words, and what makes two words the same.
///
/// Text is octets: what is not UTF-8 belongs to a word. Case is that of ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRules {
    /// Bit `c` for each delimiter `c` below 128.
    ascii: u128,
    /// The other delimiters.
    others: Box<[char]>,
    case_sensitive: bool,
    chinese: bool,
}

impl TextRules {
    /// Rules with the delimiters `tokens`, of which the first character counts.
    pub fn new<T: AsRef<str>>(tokens: &[T], case_sensitive: bool, chinese: bool) -> Self {
        let delimiters = tokens
            .iter()
            .filter_map(|token| token.as_ref().chars().next());
        let (ascii, others): (Vec<char>, Vec<char>) = delimiters.partition(char::is_ascii);
        let ascii = ascii
            .into_iter()
            .fold(0, |bits, c| bits | 1 << u32::from(c));
        Self {
            ascii,
            others: others.into(),
            case_sensitive,
            chinese,
        }
    }

    /// Whether case matters.
    pub const fn case_sensitive(&self) -> bool {
        self.case_sensitive
    }

    /// Whether every text is one word.
    pub const fn is_whole(&self) -> bool {
        self.ascii == 0 && self.others.is_empty() && !self.chinese
    }

    /// The words of a text in their order; none is empty.
    pub const fn tokens<'r, 't>(&'r self, text: &'t [u8]) -> Tokens<'r, 't> {
        Tokens {
            rules: self,
            rest: text,
        }
    }

    /// Whether two octets are the same in a word.
    #[inline]
    pub(crate) const fn same(&self, a: u8, b: u8) -> bool {
        a == b || (!self.case_sensitive && a.eq_ignore_ascii_case(&b))
    }

    /// Whether two words are the same.
    #[inline]
    pub(crate) fn equal(&self, a: &[u8], b: &[u8]) -> bool {
        if self.case_sensitive {
            a == b
        } else {
            a.eq_ignore_ascii_case(b)
        }
    }

    pub(crate) fn is_delimiter(&self, c: char) -> bool {
        match u32::from(c) {
            code @ 0..128 => self.ascii >> code & 1 == 1,
            _ => self.others.contains(&c),
        }
    }

    /// What the first character of a text is, and how long.
    fn classify(&self, text: &[u8]) -> (Class, usize) {
        let Some(&first) = text.first() else {
            return (Class::Delimiter, 0);
        };
        if first.is_ascii() {
            let delimits = self.ascii >> first & 1 == 1;
            return (
                if delimits {
                    Class::Delimiter
                } else {
                    Class::Word
                },
                1,
            );
        }
        if self.others.is_empty() && !self.chinese {
            return (Class::Word, 1);
        }
        let Some(c) = first_char(text) else {
            return (Class::Word, 1);
        };
        let class = if self.others.contains(&c) {
            Class::Delimiter
        } else if self.chinese && is_chinese(c) {
            Class::WordOfItsOwn
        } else {
            Class::Word
        };
        (class, c.len_utf8())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Delimiter,
    Word,
    WordOfItsOwn,
}

/// The first character of a text that is not empty, if it is UTF-8.
pub(crate) fn first_char(text: &[u8]) -> Option<char> {
    let head = text.get(..text.len().min(4))?;
    let valid = match core::str::from_utf8(head) {
        Ok(valid) => valid,
        Err(error) => core::str::from_utf8(head.get(..error.valid_up_to())?).ok()?,
    };
    valid.chars().next()
}

/// Ideographs and kana: scripts without spaces.
fn is_chinese(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
}

/// The words of a text, see [`TextRules::tokens`].
#[derive(Clone, Debug)]
pub struct Tokens<'r, 't> {
    rules: &'r TextRules,
    rest: &'t [u8],
}

impl<'t> Iterator for Tokens<'_, 't> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        if self.rules.is_whole() {
            let whole = core::mem::take(&mut self.rest);
            return (!whole.is_empty()).then_some(whole);
        }
        loop {
            let (class, length) = self.rules.classify(self.rest);
            if length == 0 {
                return None;
            }
            if class == Class::Delimiter {
                self.rest = self.rest.get(length..)?;
                continue;
            }
            let end = if class == Class::WordOfItsOwn {
                length
            } else {
                self.end_of_word(length)
            };
            let (word, rest) = self.rest.split_at_checked(end)?;
            self.rest = rest;
            return Some(word);
        }
    }
}

impl Tokens<'_, '_> {
    /// Where the word ends whose first character ends at `from`.
    fn end_of_word(&self, from: usize) -> usize {
        let mut end = from;
        while let Some(rest) = self.rest.get(end..) {
            match self.rules.classify(rest) {
                (Class::Word, length @ 1..) => end += length,
                _ => break,
            }
        }
        end
    }
}

/// The canonical decimal text of an integer, on the stack.
pub(crate) struct Decimal {
    digits: [u8; 20],
    start: usize,
}

impl Decimal {
    pub(crate) fn of(value: i64) -> Self {
        let mut decimal = Self::of_unsigned(value.unsigned_abs());
        let before = decimal.start.checked_sub(1);
        if let Some(place) = before.filter(|_| value < 0)
            && let Some(sign) = decimal.digits.get_mut(place)
        {
            *sign = b'-';
            decimal.start = place;
        }
        decimal
    }

    pub(crate) fn of_unsigned(value: u64) -> Self {
        let mut decimal = Self {
            digits: [b'0'; 20],
            start: 20,
        };
        let mut rest = value;
        for digit in decimal.digits.iter_mut().rev() {
            let Ok(value) = u8::try_from(rest % 10) else {
                break;
            };
            *digit = b'0' + value;
            decimal.start -= 1;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        decimal
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.digits.get(self.start..).unwrap_or_default()
    }
}
