//! `date_format` and `date_parse`, with the signs that `MySQL` has.

use std::fmt::Write as _;

use rusqlite::Result;

use super::civil::Civil;
use crate::sql::functions::value::wrong;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// A time as a format has it.
pub(super) fn write(format: &str, civil: Civil) -> Result<String> {
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let Some(sign) = chars.next() else { break };
        // Writing to a string cannot fail.
        let _: std::fmt::Result = write_part(&mut out, sign, civil)?;
    }
    Ok(out)
}

fn write_part(out: &mut String, sign: char, civil: Civil) -> Result<std::fmt::Result> {
    let Civil {
        year,
        month,
        day,
        hour,
        minute,
        second,
        millisecond,
    } = civil;
    let hour12 = (hour + 11) % 12 + 1;
    let half = if hour < 12 { "AM" } else { "PM" };
    let month_name = name(&MONTHS, month - 1);
    let day_name = name(&DAYS, civil.weekday());
    let short = |name: &'static str| name.get(..3).unwrap_or(name);
    Ok(match sign {
        'Y' => write!(out, "{year:04}"),
        'y' => write!(out, "{:02}", year % 100),
        'm' => write!(out, "{month:02}"),
        'c' => write!(out, "{month}"),
        'd' => write!(out, "{day:02}"),
        'e' => write!(out, "{day}"),
        'H' => write!(out, "{hour:02}"),
        'k' => write!(out, "{hour}"),
        'h' | 'I' => write!(out, "{hour12:02}"),
        'l' => write!(out, "{hour12}"),
        'i' => write!(out, "{minute:02}"),
        's' | 'S' => write!(out, "{second:02}"),
        'f' => write!(out, "{millisecond:03}000"),
        'p' => write!(out, "{half}"),
        'T' => write!(out, "{hour:02}:{minute:02}:{second:02}"),
        'r' => write!(out, "{hour12:02}:{minute:02}:{second:02} {half}"),
        'j' => write!(out, "{:03}", civil.day_of_year()),
        'v' => write!(out, "{:02}", civil.week().1),
        'x' => write!(out, "{:04}", civil.week().0),
        'M' => write!(out, "{month_name}"),
        'b' => write!(out, "{}", short(month_name)),
        'W' => write!(out, "{day_name}"),
        'a' => write!(out, "{}", short(day_name)),
        'w' => write!(out, "{}", (civil.weekday() + 1) % 7),
        '%' => write!(out, "%"),
        other => return Err(wrong(format!("date_format: %{other} is not supported"))),
    })
}

fn name(names: &[&'static str], at: i64) -> &'static str {
    let name = usize::try_from(at).ok().and_then(|at| names.get(at));
    name.copied().unwrap_or_default()
}

/// A text read as a format has it; what the format does not name is that of 1970-01-01 00:00:00.
pub(super) fn read(format: &str, text: &str) -> Result<Civil> {
    let mut reader = Reader {
        left: text,
        civil: Civil::EPOCH,
        afternoon: None,
    };
    reader.read(format)?;
    let civil = reader.finished();
    civil.ok_or_else(|| {
        let text: String = text.chars().take(50).collect();
        wrong(format!("date_parse: '{text}' is not written as '{format}'"))
    })
}

struct Reader<'a> {
    left: &'a str,
    civil: Civil,
    afternoon: Option<bool>,
}

impl Reader<'_> {
    /// Stops where the text is not as the format has it; what is left then says so.
    fn read(&mut self, format: &str) -> Result<()> {
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            let found = match (c, chars.as_str()) {
                ('%', "") => None,
                ('%', _) => match chars.next() {
                    Some('T') => {
                        self.read("%H:%i:%s")?;
                        Some(())
                    }
                    Some('r') => {
                        self.read("%h:%i:%s %p")?;
                        Some(())
                    }
                    sign => self.part(sign.unwrap_or('%'))?,
                },
                _ => self.literal(c),
            };
            if found.is_none() {
                self.left = "not as the format has it";
                return Ok(());
            }
        }
        Ok(())
    }

    fn literal(&mut self, c: char) -> Option<()> {
        self.left = self.left.strip_prefix(c)?;
        Some(())
    }

    fn part(&mut self, sign: char) -> Result<Option<()>> {
        let found = match sign {
            'Y' => self.number(4).map(|n| self.civil.year = n),
            'y' => self
                .number(2)
                .map(|n| self.civil.year = if n < 70 { 2000 + n } else { 1900 + n }),
            'm' | 'c' => self.number(2).map(|n| self.civil.month = n),
            'd' | 'e' => self.number(2).map(|n| self.civil.day = n),
            'H' | 'k' | 'h' | 'I' | 'l' => self.number(2).map(|n| self.civil.hour = n),
            'i' => self.number(2).map(|n| self.civil.minute = n),
            's' | 'S' => self.number(2).map(|n| self.civil.second = n),
            'f' => self.fraction(),
            'p' => self
                .named(&["AM", "PM"])
                .map(|at| self.afternoon = Some(at == 1)),
            'M' => self.named(&MONTHS).map(|at| self.civil.month = at + 1),
            'b' => self.short(&MONTHS).map(|at| self.civil.month = at + 1),
            'W' => self.named(&DAYS).map(|_| ()),
            'a' => self.short(&DAYS).map(|_| ()),
            '%' => self.literal('%'),
            other => return Err(wrong(format!("date_parse: %{other} is not supported"))),
        };
        Ok(found)
    }

    fn digits(&mut self, most: usize) -> Option<String> {
        let is_digit = |c: &char| c.is_ascii_digit();
        let digits: String = self.left.chars().take(most).take_while(is_digit).collect();
        self.left = self.left.get(digits.len()..)?;
        (!digits.is_empty()).then_some(digits)
    }

    fn number(&mut self, most: usize) -> Option<i64> {
        self.digits(most)?.parse().ok()
    }

    /// Up to nine digits behind the point, of which three count.
    fn fraction(&mut self) -> Option<()> {
        let digits: String = self
            .digits(9)?
            .chars()
            .chain("00".chars())
            .take(3)
            .collect();
        self.civil.millisecond = digits.parse().ok()?;
        Some(())
    }

    fn named(&mut self, names: &[&str]) -> Option<i64> {
        self.one_of(names, |name| name)
    }

    fn short(&mut self, names: &[&str]) -> Option<i64> {
        self.one_of(names, |name| name.get(..3).unwrap_or(name))
    }

    fn one_of(&mut self, names: &[&str], form: fn(&str) -> &str) -> Option<i64> {
        let begins = |name: &&str| {
            let part = self.left.get(..form(name).len());
            part.is_some_and(|part| part.eq_ignore_ascii_case(form(name)))
        };
        let at = names.iter().position(begins)?;
        let length = form(names.get(at)?).len();
        self.left = self.left.get(length..)?;
        i64::try_from(at).ok()
    }

    fn finished(mut self) -> Option<Civil> {
        match self.afternoon {
            Some(true) if self.civil.hour < 12 => self.civil.hour += 12,
            Some(false) if self.civil.hour == 12 => self.civil.hour = 0,
            _ => {}
        }
        let civil = Some(self.civil).filter(|civil| civil.is_a_date());
        civil.filter(|_| self.left.is_empty())
    }
}
