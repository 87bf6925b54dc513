use flowlog_sls::log_group::LogGroup;

use super::*;
use crate::sample::group;

fn read(cursor: i64, source: &str, numbers: Range<u64>) -> ReadGroup {
    let numbers: Vec<u64> = numbers.collect();
    let group = Group {
        source: source.into(),
        tags: vec![("host".into(), source.into())],
        ..group("fl", 3, 1_700_000_000, &numbers)
    };
    ReadGroup::new(cursor, 1, group)
}

/// Source and contents of the logs of a parcel.
fn contents(parcel: &Parcel) -> (String, Vec<Vec<(String, String)>>) {
    let raw = lz4_flex::block::decompress(&parcel.body, parcel.raw).unwrap();
    let read = LogGroup::parse(&raw).unwrap();
    let text = |octets: &[u8]| std::str::from_utf8(octets).unwrap().to_owned();
    let logs = read.logs().map(|log| {
        let pairs = log.contents().map(|(key, value)| (text(key), text(value)));
        pairs.collect()
    });
    (text(read.source()), logs.collect())
}

#[test]
fn a_parcel_holds_the_documented_columns_and_all_of_them_when_asked() {
    let names = |columns| {
        let parcels = Encoder::new(columns).parcels(&[read(1, "a", 5..6)]);
        let (source, logs) = contents(&parcels[0]);
        assert_eq!((&*source, parcels.len(), logs.len()), ("a", 1, 1));
        let pairs = logs[0].iter().map(|(key, value)| format!("{key}={value}"));
        pairs.collect::<Vec<_>>()
    };
    let documented = ["srcaddr=10.0.0.5", "packets=5", "bytes=5"];
    assert_eq!(names(Columns::Documented), documented);
    let own = ["exporter=192.0.2.1", "row-id=0-fl-3-5"];
    assert_eq!(names(Columns::All), [&documented[..], &own].concat());
}

#[test]
fn rows_of_one_source_share_requests_of_at_most_so_many_rows() {
    let groups = [
        read(1, "a", 0..10),
        read(2, "a", 10..5000),
        read(3, "b", 0..1),
    ];
    let mut encoder = Encoder::new(Columns::All);
    let parcels = encoder.parcels(&groups);
    let rows: Vec<usize> = parcels.iter().map(Parcel::rows).collect();
    assert_eq!(rows, [4096, 904, 1]);
    let all: Vec<_> = parcels.iter().flat_map(|it| contents(it).1).collect();
    let bytes = |log: &Vec<(String, String)>| log[2].1.parse::<u64>().unwrap();
    let wanted: Vec<u64> = (0..5000).chain(0..1).collect();
    assert_eq!(all.iter().map(bytes).collect::<Vec<_>>(), wanted);
}

#[test]
fn a_request_is_parted_until_a_single_row_is_left() {
    let mut encoder = Encoder::new(Columns::All);
    let mut parcels = encoder.parcels(&[read(1, "a", 0..5), read(2, "a", 5..7)]);
    let mut single = Vec::new();
    while let Some(parcel) = parcels.pop() {
        match encoder.split(&parcel) {
            Some(halves) => parcels.extend(halves.into_iter().flatten()),
            None => single.push(contents(&parcel).1[0][2].1.clone()),
        }
    }
    single.sort();
    assert_eq!(single, ["0", "1", "2", "3", "4", "5", "6"]);
}
