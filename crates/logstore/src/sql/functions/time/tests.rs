use proptest::prelude::*;

use super::civil::Civil;
use super::moment::Moment;
use super::unit::Unit;
use super::{format, zone::Zone};

proptest! {
    #[test]
    fn every_millisecond_has_one_date(millis in -62_167_219_200_000..253_402_300_800_000_i64) {
        let civil = Civil::from_millis(millis).unwrap();
        prop_assert_eq!(civil.millis(), millis);
        let Civil { year, month, day, hour, minute, second, millisecond } = civil;
        let text = format!(
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{millisecond:03}"
        );
        prop_assert_eq!(Civil::parse(&text), Some(civil));
    }

    #[test]
    fn no_text_is_too_strange_for_a_date(text in "[0-9TZ: .+-]{0,30}|.{0,12}") {
        if let Some(civil) = Civil::parse(&text) {
            prop_assert_eq!(Civil::from_millis(civil.millis()), Some(civil));
        }
        if let Some(moment) = Moment::parse(&text) {
            prop_assert_eq!(Moment::parse(&moment.print()).map(|again| again.millis()), Some(moment.millis()));
        }
    }

    #[test]
    fn what_is_written_is_read_again(millis in 0..4_102_444_800_000_i64) {
        let civil = Civil::from_millis(millis).unwrap();
        for format in ["%Y-%m-%d %H:%i:%s.%f", "%e.%c.%Y %r.%f", "%d/%b/%Y:%T.%f", "%W, %M %d %Y %k:%i:%S.%f"] {
            let text = format::write(format, civil).unwrap();
            prop_assert_eq!(format::read(format, &text).unwrap(), civil, "{}", text);
        }
    }

    #[test]
    fn a_unit_that_is_cut_to_begins_at_or_before(
        millis in -62_100_000_000_000..253_300_000_000_000_i64,
        name in proptest::sample::select(&["second", "minute", "hour", "day", "week", "month", "quarter", "year"][..]),
    ) {
        let civil = Civil::from_millis(millis).unwrap();
        let unit = Unit::named(name).unwrap();
        let begin = unit.cut(civil).unwrap();
        let next = unit.add(begin, 1).unwrap();
        prop_assert!(begin.millis() <= millis && millis < next.millis());
        prop_assert_eq!(unit.cut(begin), Some(begin));
        prop_assert_eq!((unit.between(begin, civil), unit.between(begin, next)), (0, 1));
    }

    #[test]
    fn a_zone_shows_each_moment_once(hours in 0..400_000_i64, name in proptest::sample::select(&["+08:00", "Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "UTC"][..])) {
        let zone = Zone::named(name).unwrap();
        let utc = Moment::from_millis(hours * 3_600_000).unwrap();
        let there = utc.at(zone.clone()).unwrap();
        // An hour that clocks show twice is taken for the first.
        let off = utc.millis() - there.millis();
        prop_assert!(off == 0 || (name.contains('/') && off == 3_600_000), "{}", off);
    }
}
