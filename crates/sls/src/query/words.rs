//! A text that is searched for, taken into words as the field's index takes the field's text.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::index::{TextRules, first_char};

use super::Text;

/// The most words of one text.
pub(super) const MAX_WORDS: usize = 64;

/// What a field's text must have.
#[derive(Clone, Debug)]
pub(super) struct Words {
    rules: TextRules,
    needles: Box<[Needle]>,
    /// Beside each other and in this order.
    phrase: bool,
    /// The text itself, for one that has no word: all delimiters, or empty.
    literal: Box<[u8]>,
}

#[derive(Clone, Debug)]
enum Needle {
    Exact(Box<[u8]>),
    Pattern(Box<[Part]>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Octet(u8),
    /// `?`
    AnyOne,
    /// `*`
    Any,
}

impl Words {
    /// `None` when there are more than [`MAX_WORDS`].
    pub(super) fn new(text: &Text, rules: TextRules) -> Option<Self> {
        let (literal, needles, phrase) = match text {
            Text::Words(text) => (text, exact(text, &rules), false),
            Text::Phrase(text) => (text, exact(text, &rules), true),
            Text::Pattern(text) => (text, patterns(text, &rules), false),
        };
        let needles = (needles.len() <= MAX_WORDS).then(|| needles.into_boxed_slice())?;
        Some(Self {
            needles,
            phrase,
            literal: literal.as_bytes().into(),
            rules,
        })
    }

    pub(super) fn matches(&self, text: &[u8]) -> bool {
        match &*self.needles {
            [] if self.literal.is_empty() => text.is_empty(),
            [] => text
                .windows(self.literal.len())
                .any(|part| part == &*self.literal),
            [only] => self
                .rules
                .tokens(text)
                .any(|word| only.matches(word, &self.rules)),
            needles if self.phrase => self.has_phrase(text, needles),
            needles => self.has_all(text, needles),
        }
    }

    fn has_all(&self, text: &[u8], needles: &[Needle]) -> bool {
        let wanted = u64::MAX >> (MAX_WORDS - needles.len());
        let mut found = 0_u64;
        for word in self.rules.tokens(text) {
            for (place, needle) in needles.iter().enumerate() {
                if found >> place & 1 == 0 && needle.matches(word, &self.rules) {
                    found |= 1 << place;
                }
            }
            if found == wanted {
                return true;
            }
        }
        false
    }

    fn has_phrase(&self, text: &[u8], needles: &[Needle]) -> bool {
        let mut from = self.rules.tokens(text);
        loop {
            let mut words = from.clone();
            let here = needles.iter().all(|needle| {
                words
                    .next()
                    .is_some_and(|word| needle.matches(word, &self.rules))
            });
            if here {
                return true;
            }
            if from.next().is_none() {
                return false;
            }
        }
    }

    /// The one value that a field can have, if there is only one.
    pub(super) fn equals(&self) -> Option<&[u8]> {
        match &*self.needles {
            [] if self.literal.is_empty() => Some(&[]),
            [Needle::Exact(word)] if self.rules.is_whole() && self.is_exact(word) => Some(word),
            _ => None,
        }
    }

    /// What every value begins with, if the whole value is one word.
    pub(super) fn prefix(&self) -> Option<Box<[u8]>> {
        let [Needle::Pattern(parts)] = &*self.needles else {
            return None;
        };
        let octets = parts.iter().map_while(|part| match part {
            Part::Octet(octet) => Some(*octet),
            Part::AnyOne | Part::Any => None,
        });
        let prefix: Box<[u8]> = octets.collect();
        (self.rules.is_whole() && !prefix.is_empty() && self.is_exact(&prefix)).then_some(prefix)
    }

    /// Whether a word is only the same as itself: case matters or it has no letters.
    fn is_exact(&self, word: &[u8]) -> bool {
        self.rules.case_sensitive() || !word.iter().any(u8::is_ascii_alphabetic)
    }
}

fn exact(text: &str, rules: &TextRules) -> Vec<Needle> {
    rules
        .tokens(text.as_bytes())
        .map(|word| Needle::Exact(word.into()))
        .take(MAX_WORDS + 1)
        .collect()
}

/// Words with wildcards: `*` and `?` belong to a word even where the index splits at them.
fn patterns(text: &str, rules: &TextRules) -> Vec<Needle> {
    let splits = |c: char| !matches!(c, '*' | '?') && rules.is_delimiter(c);
    let words = text
        .split(splits)
        .filter(|word| !word.is_empty())
        .map(pattern);
    words.take(MAX_WORDS + 1).collect()
}

fn pattern(word: &str) -> Needle {
    if !word.contains(['*', '?']) {
        return Needle::Exact(word.as_bytes().into());
    }
    let mut parts: Vec<Part> = Vec::with_capacity(word.len());
    for octet in word.bytes() {
        parts.push(match octet {
            b'*' => Part::Any,
            b'?' => Part::AnyOne,
            octet => Part::Octet(octet),
        });
    }
    parts.dedup_by(|next, part| *next == Part::Any && *part == Part::Any);
    Needle::Pattern(parts.into())
}

impl Needle {
    fn matches(&self, word: &[u8], rules: &TextRules) -> bool {
        match self {
            Self::Exact(needle) => rules.equal(needle, word),
            Self::Pattern(parts) => matches_pattern(parts, word, rules),
        }
    }
}

/// Goes back to the last `*` alone, so that no pattern takes longer than its length times the
/// word's.
fn matches_pattern(mut parts: &[Part], mut word: &[u8], rules: &TextRules) -> bool {
    let mut retry: Option<(&[Part], &[u8])> = None;
    loop {
        match (parts, word) {
            ([], []) => return true,
            ([Part::Any, rest @ ..], _) => {
                retry = Some((rest, word));
                parts = rest;
                continue;
            }
            ([Part::Octet(octet), rest @ ..], [first, after @ ..])
                if rules.same(*octet, *first) =>
            {
                (parts, word) = (rest, after);
                continue;
            }
            ([Part::AnyOne, rest @ ..], [_, ..]) => {
                (parts, word) = (rest, behind_first_char(word));
                continue;
            }
            _ => {}
        }
        let Some((after_any, from)) = retry else {
            return false;
        };
        if from.is_empty() {
            return false;
        }
        let shorter = behind_first_char(from);
        retry = Some((after_any, shorter));
        (parts, word) = (after_any, shorter);
    }
}

/// What follows the first character, or the first octet where there is no character.
fn behind_first_char(word: &[u8]) -> &[u8] {
    let length = match word.first() {
        Some(first) if first.is_ascii() => 1,
        _ => first_char(word).map_or(1, char::len_utf8),
    };
    word.get(length..).unwrap_or_default()
}

/// The text of a search as it is shown in an error.
pub(super) fn shown(text: &Text) -> &String {
    let (Text::Words(text) | Text::Pattern(text) | Text::Phrase(text)) = text;
    text
}
