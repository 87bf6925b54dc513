use super::*;

fn group(rows: u32) -> Group {
    Group {
        time: (0..rows).collect(),
        ..Group::default()
    }
}

fn ranges(rows: Rows<'_>) -> Vec<(usize, usize)> {
    let ranges = rows.groups().map(|(_, range)| range);
    ranges.map(|range| (range.start, range.end)).collect()
}

#[test]
fn halves_have_all_rows_in_order_across_groups() {
    let groups = [group(3), group(0), group(4)];
    let rows = Rows::new("fl", &groups);
    assert_eq!(rows.len(), 7);
    assert_eq!(ranges(rows), [(0, 3), (0, 4)]);
    let (front, back) = rows.split().unwrap();
    assert_eq!((front.len(), back.len()), (3, 4));
    assert_eq!((ranges(front), ranges(back)), (vec![(0, 3)], vec![(0, 4)]));
    let (front, back) = back.split().unwrap();
    assert_eq!((ranges(front), ranges(back)), (vec![(0, 2)], vec![(2, 4)]));
    let (first, second) = back.split().unwrap();
    assert_eq!(
        (ranges(first), ranges(second)),
        (vec![(2, 3)], vec![(3, 4)])
    );
    assert!(first.split().is_none());
}

#[test]
fn a_part_is_counted_from_the_first_row_that_counts() {
    let groups = [group(3), group(4)];
    let rows = Rows::new("fl", &groups).part(1..6);
    assert_eq!(ranges(rows), [(1, 3), (0, 3)]);
    let part = rows.part(1..3);
    assert_eq!((part.len(), ranges(part)), (2, vec![(2, 3), (0, 1)]));
    assert_eq!(rows.part(4..9).len(), 1);
    assert!(rows.part(5..9).is_empty() && rows.part(7..9).is_empty());
}
