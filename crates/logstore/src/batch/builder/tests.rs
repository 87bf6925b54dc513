use proptest::prelude::*;

use super::*;
use crate::batch::{Log, LogGroup};
use crate::chunk::{Chunk, Part};
use crate::shard::Stored;

/// The rows back out of the columns.
fn logs(group: Group) -> Vec<Log> {
    let rows = group.rows();
    let chunk = Chunk::new(Part::Group(Arc::new(Stored::new(0, 0, group))));
    let number = |field, row| {
        let lane = chunk.lane(&field).unwrap();
        let number = lane.cell(row).int();
        number.map(|number| u32::try_from(number).unwrap())
    };
    (0..rows)
        .map(|row| {
            let mut contents = Vec::new();
            chunk
                .contents(row, |key, value| {
                    contents.push((Arc::clone(key), Bytes::copy_from_slice(value)));
                })
                .unwrap();
            Log {
                time: number(crate::chunk::Field::Time, row).unwrap(),
                time_ns: number(crate::chunk::Field::TimeNs, row),
                contents,
            }
        })
        .collect()
}

fn log() -> impl Strategy<Value = Log> {
    let key = prop::sample::select(vec!["a", "b", "c", "d", "__time__", ""]);
    let value = prop::collection::vec(0..3_u8, 0..3);
    let contents = prop::collection::vec((key, value), 1..6);
    (0..5_u32, prop::option::of(0..3_u32), contents).prop_map(|(time, time_ns, contents)| Log {
        time,
        time_ns,
        contents: contents
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect(),
    })
}

proptest! {
    #[test]
    fn rows_come_back_as_they_were(rows in prop::collection::vec(log(), 0..20)) {
        let group = Group::from(LogGroup { logs: rows.clone(), ..LogGroup::default() });
        prop_assert_eq!(logs(group), rows);
    }
}

#[test]
fn a_value_is_kept_once_and_its_memory_is_what_is_counted() {
    let mut builder = GroupBuilder::new(1000);
    for row in 0..1000_u32 {
        let number = (row % 10).to_string();
        let contents = [("same", &b"x"[..]), ("ten", number.as_bytes())];
        builder.row(row, None, contents.into_iter());
    }
    let group = builder.finish();
    assert!(group.irregular.is_none() && group.time_ns.is_empty());
    let sizes: Vec<usize> = group
        .columns
        .iter()
        .map(|column| match &column.values {
            Values::Octets { dictionary, .. } => dictionary.len(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(sizes, [1, 10]);
}

#[test]
fn keys_that_hardly_a_row_has_take_no_cells() {
    let rows = 100_000;
    let mut builder = GroupBuilder::new(rows);
    for row in 0..rows {
        let key = format!("key-{row}");
        builder.row(0, None, [(key.as_str(), &b"v"[..])].into_iter());
    }
    let group = builder.finish();
    assert_eq!(group.columns.len(), MAX_CELLS / rows);
    let octets = group.octets();
    assert!(octets < 32 << 20, "{octets}");
    let irregular = group.irregular.unwrap();
    assert_eq!(&*irregular.rest(rows - 1)[0].0, "key-99999");
}
