//! Words, quotes and signs of SQL; nothing of what they mean.

use flowlog_sls::Error;

/// One token, white space and comments left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// As it was written.
    pub(super) text: &'a str,
    /// Octets from the start of the statement.
    pub(super) at: usize,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// `"…"`: a name.
    Name,
    /// `'…'`: a text.
    Text,
    /// Digits, with or without point and exponent.
    Number,
    /// Anything else, one character each, but `||`, `<>`, `!=`, `<=`, `>=` whole.
    Sign,
}

impl Token<'_> {
    /// Whether it is this keyword or this sign.
    pub(super) fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Sign) && self.text.eq_ignore_ascii_case(text)
    }

    /// Whether it is one of these keywords or signs.
    pub(super) fn is_any(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.is(text))
    }

    /// The octet behind it.
    pub(super) fn end(&self) -> usize {
        self.at + self.text.len()
    }
}

/// All tokens of a statement.
pub(super) fn tokens(sql: &str) -> Result<Vec<Token<'_>>, Error> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = sql.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(length) = blank(rest)? {
            at += length;
            continue;
        }
        let (kind, length) = token(rest)?;
        let text = rest.get(..length).unwrap_or(rest);
        tokens.push(Token { kind, text, at });
        at += text.len().max(1);
    }
    Ok(tokens)
}

/// The length of white space or a comment, if there is one.
fn blank(rest: &str) -> Result<Option<usize>, Error> {
    let space = rest.len() - rest.trim_start().len();
    if space > 0 {
        return Ok(Some(space));
    }
    if rest.starts_with("--") {
        return Ok(Some(rest.find('\n').map_or(rest.len(), |end| end + 1)));
    }
    if rest.starts_with("/*") {
        let end = rest
            .find("*/")
            .ok_or_else(|| Error::parameter("a comment of the SQL is open"))?;
        return Ok(Some(end + 2));
    }
    Ok(None)
}

fn token(rest: &str) -> Result<(Kind, usize), Error> {
    let first = rest.chars().next().unwrap_or(' ');
    let second = rest.chars().nth(1);
    let run = |inside: fn(char) -> bool| rest.find(|c| !inside(c)).unwrap_or(rest.len());
    Ok(match first {
        '\'' => (Kind::Text, quoted(rest, '\'')?),
        '"' => (Kind::Name, quoted(rest, '"')?),
        '0'..='9' => (Kind::Number, number(rest)),
        '.' if second.is_some_and(|c| c.is_ascii_digit()) => (Kind::Number, number(rest)),
        c if is_word(c) && !c.is_ascii_digit() => (Kind::Word, run(is_word)),
        '`' | '$' | '@' | '#' | '?' | '\0' => {
            let message = format!("the SQL has a '{first}', which means nothing here");
            return Err(Error::parameter(message));
        }
        _ => {
            let two = ["||", "<>", "!=", "<=", ">="]
                .iter()
                .any(|sign| rest.starts_with(sign));
            (Kind::Sign, if two { 2 } else { first.len_utf8() })
        }
    })
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// The length of a quoted text; the quote itself is written twice inside.
fn quoted(rest: &str, quote: char) -> Result<usize, Error> {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return Ok(at + 1);
        }
    }
    Err(Error::parameter(format!(
        "a quotation mark ({quote}) of the SQL is not closed"
    )))
}

fn number(rest: &str) -> usize {
    let octets = rest.as_bytes();
    let mut end = 0;
    while let Some(c) = octets.get(end) {
        let exponent_sign = matches!(c, b'+' | b'-')
            && end > 0
            && octets
                .get(end - 1)
                .is_some_and(|e| e.eq_ignore_ascii_case(&b'e'));
        if !(c.is_ascii_digit() || *c == b'.' || c.eq_ignore_ascii_case(&b'e') || exponent_sign) {
            break;
        }
        end += 1;
    }
    end
}
