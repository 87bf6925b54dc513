use super::*;

#[test]
fn a_numbered_text_is_what_it_has_of_the_one_before_and_the_rest() {
    let prefixes: [Arc<str>; 3] = ["0-a-1-".into(), "epoch7".into(), "0-a-2-".into()];
    let runs: [&[u64]; 3] = [
        &[8, 9, 10, 11, 5, 6],
        &[9, 10, 99, 100, 101],
        &[u64::MAX, 0],
    ];
    let mut numbered = Numbered::default();
    let mut wanted = Vec::new();
    for (prefix, numbers) in prefixes.iter().zip(runs) {
        let values = Values::Numbered {
            prefix: Arc::clone(prefix),
            numbers: numbers.to_vec(),
        };
        numbered.extend(Some(&values), 0..numbers.len());
        wanted.extend(numbers.iter().map(|number| format!("{prefix}{number}")));
    }
    let mut before = String::new();
    let mut seen = Vec::new();
    numbered.each(0..numbered.numbers.len(), |text, same| {
        let text = std::str::from_utf8(text).unwrap();
        assert_eq!(text[..same], before[..same]);
        assert_ne!(text.get(same..=same), before.get(same..=same).or(Some("")));
        text.clone_into(&mut before);
        seen.push(text.to_owned());
    });
    assert_eq!(seen, wanted);
    let bounds = numbered.bounds().unwrap();
    let bound = |text: Option<&String>| text.unwrap().clone().into_bytes();
    assert_eq!(bounds.0, bound(wanted.iter().min()));
    assert_eq!(bounds.1, bound(wanted.iter().max()));
    let mut some = Vec::new();
    numbered.each(4..8, |text, _| {
        some.push(String::from_utf8(text.to_vec()).unwrap());
    });
    assert_eq!(some, wanted[4..8]);
}
