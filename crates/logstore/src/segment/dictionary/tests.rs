use super::*;

fn entries(dictionary: &Dictionary) -> Vec<&str> {
    let entries = dictionary.entries.iter();
    entries
        .map(|entry| std::str::from_utf8(entry).unwrap())
        .collect()
}

fn texts(dictionary: &Dictionary) -> Vec<Option<&[u8]>> {
    let text = |at: &u32| dictionary.entries.get(*at);
    dictionary.index.iter().map(text).collect()
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
    assert_eq!(entries(&all), ["x", "y", "z"]);
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
    assert_eq!(entries(&all), ["7", "-", "192.0.2.1"]);
    assert_eq!(all.index, [0, 1, 2, 1, 2]);
}

#[test]
fn a_text_that_looks_like_an_address_has_its_place() {
    let mapped = |last| {
        let address = std::net::Ipv4Addr::new(192, 0, 2, last);
        address.to_ipv6_mapped().octets()
    };
    let addresses = |lasts: &[u8]| Values::Address {
        values: lasts.iter().copied().map(mapped).collect(),
        absent: crate::batch::Mask::default(),
    };
    let mut all = Dictionary::default();
    all.extend(Some(&addresses(&[1, 2, 1])), 0..3).unwrap();
    all.fill(Some(b"192.0.2.2"), 1).unwrap();
    all.fill(Some(b"192.0.2.3"), 1).unwrap();
    all.extend(Some(&addresses(&[3, 4, 1])), 0..3).unwrap();
    let all_entries = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"];
    assert_eq!(entries(&all), all_entries);
    assert_eq!(all.index, [0, 1, 0, 1, 2, 2, 3, 0]);
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
