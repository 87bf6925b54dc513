use std::sync::Arc;

use parquet::basic::{Compression, Type};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use proptest::prelude::*;

use super::*;
use crate::batch::{Cell, Column, Group, Mask, Values};
use crate::sample::{NOW, group};
use crate::settings;

fn style(row_group_rows: usize) -> Style {
    Style {
        compression: settings::Compression::Zstd,
        row_group_rows,
    }
}

fn stored(groups: Vec<Group>) -> Vec<Arc<Stored>> {
    (100..)
        .zip(groups)
        .map(|(cursor, group)| Arc::new(Stored::new(cursor, NOW, group)))
        .collect()
}

fn written(groups: Vec<Group>, style: Style) -> (tempfile::TempDir, Segment) {
    let dir = tempfile::tempdir().unwrap();
    let segment = Segment::write(dir.path(), 1, &stored(groups), style).unwrap();
    (dir, segment)
}

fn text_column(name: &str, values: &[&str]) -> Column {
    let index = (0..u32::try_from(values.len()).unwrap()).collect();
    let dictionary = values.iter().map(|value| Arc::from(*value)).collect();
    Column {
        name: name.into(),
        values: Values::Text { dictionary, index },
    }
}

#[test]
fn other_programs_see_numbers_and_readable_addresses() {
    let numbers: Vec<u64> = (1..4).collect();
    let (_dir, segment) = written(vec![group("192.0.2.1", 7, &numbers)], style(1000));
    let reader = SerializedFileReader::new(File::open(segment.path()).unwrap()).unwrap();
    let row = reader.get_row_iter(None).unwrap().nth(1).unwrap().unwrap();
    let field = |name: &str| {
        row.get_column_iter()
            .find(|(known, _)| *known == name)
            .unwrap()
            .1
    };
    assert_eq!(*field("__cursor__"), Field::Long(100));
    assert_eq!(*field("__position__"), Field::Long(1));
    assert_eq!(*field("__time__"), Field::Long(i64::from(NOW) + 2));
    assert_eq!(*field("__receive_time__"), Field::Long(i64::from(NOW)));
    assert_eq!(*field("__topic__"), Field::Str("flow_log".to_owned()));
    assert_eq!(*field("__source__"), Field::Str("192.0.2.1".to_owned()));
    assert_eq!(
        *field("__tags__"),
        Field::Str("{\"host\":\"192.0.2.1\"}".to_owned())
    );
    assert_eq!(*field("srcaddr"), Field::Str("10.0.0.2".to_owned()));
    assert_eq!(*field("bytes"), Field::Long(2));
    assert_eq!(*field("action"), Field::Str("ACCEPT".to_owned()));
    assert_eq!(*field("row-id"), Field::Str("0-default-7-2".to_owned()));
    let chunk = reader.metadata().row_group(0).column(0);
    assert!(matches!(chunk.compression(), Compression::ZSTD(_)));
    assert_eq!(
        segment.row().octets,
        fs::metadata(segment.path()).unwrap().len()
    );
}

/// Two rows with every sort of column.
fn all_sorts() -> Group {
    let mut absent = Mask::default();
    absent.insert(1);
    let column = |name: &str, values| Column {
        name: name.into(),
        values,
    };
    let octets = |name: &str, value: &[u8], index: [u32; 2]| {
        let dictionary = vec![bytes::Bytes::copy_from_slice(value)];
        column(
            name,
            Values::Octets {
                dictionary,
                index: index.into(),
            },
        )
    };
    let columns = vec![
        column(
            "ints",
            Values::Int {
                values: vec![1, -2],
                absent: Mask::default(),
            },
        ),
        column(
            "absent",
            Values::Int {
                values: vec![1, 0],
                absent,
            },
        ),
        text_column("texts", &["17", "-1"]),
        text_column("zeros", &["017", "1"]),
        text_column("minus", &["-", "1"]),
        octets("none", b"5", [Values::NO_KEY; 2]),
        octets("some", b"5", [Values::NO_KEY, 0]),
        octets("octets", &[0xff], [0, 0]),
        column(
            "unused",
            Values::Text {
                dictionary: vec!["5".into(), "x".into()],
                index: vec![0, 0],
            },
        ),
    ];
    Group {
        time: vec![1, 2],
        columns,
        ..Group::default()
    }
}

#[test]
fn a_column_is_of_integers_only_if_every_value_is_written_in_the_one_way() {
    let (_dir, segment) = written(vec![all_sorts()], style(1000));
    let reader = segment.read().unwrap();
    let ints: Vec<_> = reader
        .keys()
        .filter(|key| reader.is_int(key))
        .map(|key| &**key)
        .collect();
    assert_eq!(ints, ["ints", "texts", "some", "unused"]);
    let minus = reader.lane(0, "minus").unwrap();
    assert_eq!(
        (minus.cell(0), minus.cell(1)),
        (Cell::Octets(b"-"), Cell::Octets(b"1"))
    );
    let some = reader.lane(0, "some").unwrap();
    assert_eq!((some.cell(0), some.cell(1)), (Cell::NoKey, Cell::Int(5)));
}

#[test]
fn octets_that_are_no_text_are_not_called_text() {
    let (_dir, segment) = written(vec![all_sorts()], style(1000));
    let parquet = SerializedFileReader::new(File::open(segment.path()).unwrap()).unwrap();
    let schema = parquet.metadata().file_metadata().schema_descr();
    let octets = schema
        .columns()
        .iter()
        .find(|c| c.name() == "octets")
        .unwrap();
    assert_eq!(
        (octets.physical_type(), octets.logical_type_ref()),
        (Type::BYTE_ARRAY, None)
    );
}

#[test]
fn row_groups_are_skipped_by_bounds_and_filters() {
    let numbers: Vec<u64> = (0..250).collect();
    let (_dir, segment) = written(vec![group("192.0.2.1", 0, &numbers)], style(100));
    let reader = segment.read().unwrap();
    assert_eq!(reader.row_groups(), 3);
    assert_eq!((reader.rows(1), reader.rows(2)), (100, 50));
    assert_eq!(reader.bounds(1, "bytes"), Some((100, 199)));
    assert_eq!(reader.bounds(1, "srcaddr"), None);
    let holding = |text: &str| {
        (0..3)
            .filter(|at| reader.may_hold(*at, "srcaddr", text.as_bytes()))
            .collect::<Vec<_>>()
    };
    assert_eq!(holding("10.0.0.150"), [1]);
    assert!(holding("10.9.9.9").is_empty());
}

/// Reads every column of a file; what is wrong with it is an error.
fn read_all(path: &Path, sums: &Arc<[u32]>) -> Result<usize, SegmentError> {
    let reader = Reader::open(path, sums)?;
    let mut cells = 0;
    for row_group in 0..reader.row_groups() {
        let names: Vec<_> = reader.keys().cloned().collect();
        for name in names {
            let lane = reader.lane(row_group, &name)?;
            cells += (0..reader.rows(row_group))
                .filter(|r| lane.cell(*r) != Cell::NoKey)
                .count();
        }
    }
    Ok(cells)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn damage_is_an_error_and_nothing_worse(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 40)
    ) {
        let numbers: Vec<u64> = (0..2000).collect();
        let (dir, segment) = written(vec![group("192.0.2.1", 0, &numbers)], style(100));
        let octets = fs::read(segment.path()).unwrap();
        let sums = &segment.row().sums;
        prop_assert!(octets.len() > 2 * checked::BLOCK);
        prop_assert!(read_all(segment.path(), sums).unwrap() > 300);
        let damaged = dir.path().join("damaged.parquet");
        for (place, bit) in places {
            let mut octets = octets.clone();
            let place = place.index(octets.len());
            octets[place] ^= 1 << (bit % 8);
            fs::write(&damaged, &octets).unwrap();
            prop_assert!(read_all(&damaged, sums).is_err());
            fs::write(&damaged, &octets[..place]).unwrap();
            prop_assert!(read_all(&damaged, sums).is_err());
        }
    }

    #[test]
    fn what_was_written_is_read(
        rows in prop::collection::vec(
            prop::collection::vec(prop::option::of("[ab]{0,2}|-?[0-9]{1,3}"), 4), 1..60
        ),
        row_group_rows in 1..20_usize,
    ) {
        let names = ["a", "b", "c", "d"];
        let logs = rows.iter().map(|row| {
            let contents = names.iter().zip(row).filter_map(|(name, value)| {
                value.clone().map(|value| (Arc::from(*name), bytes::Bytes::from(value)))
            });
            crate::batch::Log { time: 1, time_ns: None, contents: contents.collect() }
        });
        let log_group = crate::batch::LogGroup { logs: logs.collect(), ..Default::default() };
        let (_dir, segment) = written(vec![Group::from(log_group)], style(row_group_rows));
        let reader = segment.read().unwrap();
        let mut scratch = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let mut found = Vec::new();
            for row_group in 0..reader.row_groups() {
                let lane = reader.lane(row_group, name).unwrap();
                for row in 0..reader.rows(row_group) {
                    let text = lane.cell(row).text(&mut scratch);
                    found.push(text.map(|text| String::from_utf8(text.to_vec()).unwrap()));
                }
            }
            let expected: Vec<_> = rows.iter().map(|row| row[at].clone()).collect();
            prop_assert_eq!(found, expected);
        }
    }
}

#[test]
fn tags_and_the_rest_come_back_as_they_were() {
    let tags: Vec<(Arc<str>, Arc<str>)> = vec![
        ("a".into(), "\"1\"".into()),
        ("b".into(), "流".into()),
        ("a".into(), "".into()),
    ];
    let json = rest::tags_to(&tags).unwrap();
    assert_eq!(
        String::from_utf8(json.clone()).unwrap(),
        r#"{"a":"\"1\"","b":"流","a":""}"#
    );
    assert_eq!(tags_from(&json), tags);
    assert_eq!(tags_from(b"{"), []);
    let long = vec![7; 300];
    let pairs = [("key", &*long), ("", b"".as_slice()), ("key", b"\xff")];
    let octets = bytes::Bytes::from(rest::rest_to(pairs.into_iter()));
    let back = rest_from(&octets);
    let back: Vec<_> = back.iter().map(|(key, value)| (&**key, &**value)).collect();
    assert_eq!(back, pairs);
    for cut in 0..octets.len() {
        assert!(rest_from(&octets.slice(..cut)).len() < 3);
    }
}

#[test]
fn texts_that_are_mostly_different_have_no_dictionary_and_are_found_by_a_filter() {
    use parquet::basic::Encoding;
    let texts: Vec<String> = (0..100).map(|n| format!("0-default-7-{n}")).collect();
    let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
    let group = Group {
        time: vec![NOW; 100],
        columns: vec![text_column("id", &texts), text_column("few", &["a"; 100])],
        ..Group::default()
    };
    let mut few = group;
    few.columns[1].values = Values::Text {
        dictionary: vec!["a".into(), "b".into()],
        index: (0..100).map(|n| n % 2).collect(),
    };
    let (_dir, segment) = written(vec![few], style(1000));
    let file = SerializedFileReader::new(File::open(segment.path()).unwrap()).unwrap();
    let chunks = file.metadata().row_group(0).columns();
    let has_dictionary = |name: &str| {
        let chunk = chunks
            .iter()
            .find(|chunk| chunk.column_path().string() == name);
        chunk
            .unwrap()
            .encodings()
            .any(|e| e == Encoding::RLE_DICTIONARY)
    };
    assert_eq!((has_dictionary("id"), has_dictionary("few")), (false, true));
    let reader = segment.read().unwrap();
    assert!(reader.may_hold(0, "id", b"0-default-7-99"));
    assert!(!reader.may_hold(0, "id", b"0-default-7-100"));
    let lane = reader.lane(0, "id").unwrap();
    assert_eq!(lane.cell(42), Cell::Octets(b"0-default-7-42"));
}
