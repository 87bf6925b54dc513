use super::*;

fn texts(dictionary: &Dictionary) -> Vec<Option<&[u8]>> {
    let text = |at: &u32| dictionary.entries.get(usize::try_from(*at).unwrap());
    dictionary
        .index
        .iter()
        .map(|at| text(at).map(|text| &**text))
        .collect()
}

#[test]
fn dictionaries_become_one_with_the_texts_that_rows_have() {
    let column = |texts: &[&str], index: &[u32]| Values::Text {
        dictionary: texts.iter().map(|text| (*text).into()).collect(),
        index: index.to_vec(),
    };
    let mut all = Dictionary::default();
    let (first, second) = (
        column(&["x", "y", "never"], &[1, 0, 1, 0]),
        column(&["z", "x"], &[0, 1]),
    );
    all.extend(Some(&first), 1..4).unwrap();
    all.extend(None, 0..1).unwrap();
    all.extend(Some(&second), 0..2).unwrap();
    let [x, y, z] = [Some(&b"x"[..]), Some(b"y"), Some(b"z")];
    assert_eq!(texts(&all), [x, y, x, None, z, x]);
    assert_eq!(all.entries, ["x", "y", "z"]);
}

#[test]
fn numbers_and_addresses_are_what_they_look_like() {
    let mut absent = crate::batch::Mask::default();
    absent.insert(1);
    let numbers = Values::Int {
        values: vec![7, 0],
        absent: absent.clone(),
    };
    let mapped = std::net::Ipv4Addr::new(192, 0, 2, 1)
        .to_ipv6_mapped()
        .octets();
    let addresses = Values::Address {
        values: vec![mapped, mapped, mapped],
        absent,
    };
    let mut all = Dictionary::default();
    all.extend(Some(&numbers), 0..2).unwrap();
    all.extend(Some(&addresses), 0..3).unwrap();
    assert_eq!(all.entries, ["7", "-", "192.0.2.1"]);
    assert_eq!(all.index, [0, 1, 2, 1, 2]);
}

#[test]
fn a_row_without_the_key_has_no_place() {
    let octets = Values::Octets {
        dictionary: vec![Bytes::from_static(b"\xff")],
        index: vec![Values::NO_KEY, 0],
    };
    let mut all = Dictionary::default();
    all.extend(Some(&octets), 0..2).unwrap();
    assert_eq!(texts(&all), [None, Some(&b"\xff"[..])]);
}

#[test]
fn too_many_texts_are_refused() {
    let mut all = Dictionary::default();
    let long = vec![b'x'; MOST_OCTETS / 2];
    all.fill(Some(&long), 3).unwrap();
    assert_eq!(
        all.fill(Some(&[b"y", &long[..]].concat()), 1),
        Err(TooLarge)
    );
}
