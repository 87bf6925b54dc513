//! Days and dates of the proleptic Gregorian calendar, in UTC.

/// A point in time, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sql::functions) struct Civil {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) millisecond: i64,
}

const DAY: i64 = 86_400_000;
/// The year 9999, either way: what can be written with four digits.
const MOST: i64 = 253_402_300_799_999;

impl Civil {
    /// 1970-01-01 00:00:00
    pub(super) const EPOCH: Self = Self {
        year: 1970,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        millisecond: 0,
    };

    /// From milliseconds of the epoch; `None` beyond the years that have four digits.
    pub(super) fn from_millis(millis: i64) -> Option<Self> {
        if !(-62_167_219_200_000..=MOST).contains(&millis) {
            return None;
        }
        let (days, rest) = (millis.div_euclid(DAY), millis.rem_euclid(DAY));
        // Days since 0000-03-01, in eras of 400 years, as Howard Hinnant has it.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        Some(Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
            hour: rest / 3_600_000,
            minute: rest / 60_000 % 60,
            second: rest / 1000 % 60,
            millisecond: rest % 1000,
        })
    }

    /// Milliseconds of the epoch.
    pub(super) fn millis(self) -> i64 {
        let year = if self.month <= 2 {
            self.year - 1
        } else {
            self.year
        };
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let shifted_month = (self.month + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        days * DAY
            + self.hour * 3_600_000
            + self.minute * 60_000
            + self.second * 1000
            + self.millisecond
    }

    /// `2023-11-14`, `2023-11-14 22:13:20` or `2023-11-14 22:13:20.123`, with `T` and `Z` too.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches('Z');
        let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
        let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
        let (year, month, day) = (date.next()??, date.next()??, date.next()??);
        let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let mut time = time.splitn(3, ':').map(|part| part.parse::<i64>().ok());
        let (hour, minute) = (time.next()??, time.next()??);
        let second = time.next().unwrap_or(Some(0))?;
        if !fraction.chars().all(|c| c.is_ascii_digit()) {
            return None;
        }
        let digits: String = fraction.chars().chain("00".chars()).take(3).collect();
        let civil = Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            millisecond: digits.parse().ok()?,
        };
        Some(civil).filter(|civil| civil.is_a_date())
    }

    /// Whether there is such a day and such a time.
    pub(super) fn is_a_date(self) -> bool {
        let in_range = (0..=9999).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=31).contains(&self.day)
            && (0..24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            && (0..60).contains(&self.second);
        // The 31st of a month that has 30 days would come back as another day.
        in_range && Self::from_millis(self.millis()) == Some(self)
    }

    /// The year and the number of the week as ISO 8601 has it: the first has the first Thursday.
    pub(super) fn week(self) -> (i64, i64) {
        let thursday = Self::from_millis(self.millis() + (3 - self.weekday()) * DAY);
        let thursday = thursday.unwrap_or(self);
        (thursday.year, (thursday.day_of_year() - 1) / 7 + 1)
    }

    /// 0 for Monday.
    pub(super) fn weekday(self) -> i64 {
        (self.millis().div_euclid(DAY) + 3).rem_euclid(7)
    }

    /// 1 for the first of January.
    pub(super) fn day_of_year(self) -> i64 {
        let first = Self {
            month: 1,
            day: 1,
            ..self
        };
        (self.millis() - first.millis()).div_euclid(DAY) + 1
    }
}
