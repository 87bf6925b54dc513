use super::*;
use crate::sample::{index, open};

/// Three `LogGroup`s of four logs each: `n` counts from 0, `kind` is its remainder by 3.
fn pulled() -> Pulled {
    let mut list = Vec::new();
    for group in 0..3 {
        let mut writer = LogGroupWriter::new();
        for n in 4 * group..4 * group + 4 {
            writer.log(1_700_000_000 + n, None, |contents| {
                contents.pair(b"n", n.to_string().as_bytes());
                contents.pair(b"kind", format!("k{}", n % 3).as_bytes());
                contents.pair(b"bytes", (100 * n).to_string().as_bytes());
                contents.pair(b"octets", b"\xff");
            });
        }
        writer.topic(format!("t{group}").as_bytes());
        writer.tag(b"host", b"exp-1");
        append_log_group(&mut list, writer.octets());
    }
    Pulled {
        list,
        count: 3,
        ..Pulled::default()
    }
}

/// The numbers of what a query leaves, group by group.
fn left(query: &str, index: Option<&IndexConfig>) -> Result<Vec<Vec<u32>>, String> {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    let pulled = pulled();
    let left = Filter::parse(query, index, 0)
        .and_then(|filter| filter.apply(&pulled, logstore.inner()))
        .map_err(|error| error.to_string())?;
    let mut groups = Vec::new();
    for group in log_groups(&left.list) {
        let group = group.unwrap();
        assert_eq!(group.tags().count(), 1);
        let number = |log: flowlog_sls::log_group::Log<'_>| {
            let contents: Vec<_> = log.contents().collect();
            assert_eq!(contents.len(), 4);
            assert_eq!(contents.last().unwrap().1, b"\xff");
            std::str::from_utf8(contents.first().unwrap().1)
                .unwrap()
                .parse()
                .unwrap()
        };
        let numbers: Vec<u32> = group.logs().map(number).collect();
        let topic = format!("t{}", numbers[0] / 4);
        assert_eq!(group.topic(), topic.as_bytes());
        groups.push(numbers);
    }
    assert_eq!(left.groups, groups.len());
    assert_eq!(left.logs, groups.iter().map(Vec::len).sum::<usize>());
    assert_eq!(left.looked_at, 12);
    Ok(groups)
}

#[test]
fn a_search_leaves_what_it_finds() {
    for (query, expected) in [
        ("kind: k1", vec![vec![1], vec![4, 7], vec![10]]),
        ("k0 and not n: 0", vec![vec![3], vec![6], vec![9]]),
        ("n > 9", vec![vec![10, 11]]),
        ("__topic__: t1 and kind: k2", vec![vec![5]]),
        ("__tag__:host: exp-1 and n in [3 4]", vec![vec![3], vec![4]]),
        ("absent: *", vec![]),
    ] {
        assert_eq!(left(query, None), Ok(expected), "{query}");
    }
}

#[test]
fn conditions_leave_what_fulfils_all_of_them() {
    for (query, expected) in [
        ("* | where kind = 'k1'", vec![vec![1], vec![4, 7], vec![10]]),
        ("n > 4 | where kind = 'k1'", vec![vec![7], vec![10]]),
        (
            "* | where kind = 'k1' or n = '0' | where cast(n as bigint) < 5",
            vec![vec![0, 1], vec![4]],
        ),
        (
            "* | where kind like 'k%' and regexp_like(n, '^1.$')",
            vec![vec![10, 11]],
        ),
        (
            "* | where absent is null and n in ('2', '9')",
            vec![vec![2], vec![9]],
        ),
        ("* | where n = 'a|b'", vec![]),
        (
            "* | where __topic__ = 't2' and \"__tag__:host\" = 'exp-1'",
            vec![vec![8, 9, 10, 11]],
        ),
    ] {
        assert_eq!(left(query, None), Ok(expected), "{query}");
    }
}

#[test]
fn an_index_says_what_is_a_number() {
    let query = "* | where bytes between 300 and 500";
    assert_eq!(left(query, Some(&index())), Ok(vec![vec![3], vec![4, 5]]));
}

#[test]
fn what_is_no_condition_is_refused() {
    for (query, reason) in [
        ("* | select n", "a pull takes a search"),
        ("* | where", "a pull takes a search"),
        ("* | where n = '1' | project n", "a pull takes a search"),
        ("* | where n = '1' group by n", "is not expected"),
        ("* | where n = '1' limit 1", "is not expected"),
        ("* | where true) or (true", "parentheses"),
        ("* | where n = '1'; select 1", "one statement"),
        ("* | where count(*) > 1", "aggregate"),
        ("* | where nosuch(n)", "nosuch"),
        ("* | where readfile('x') = ''", "readfile"),
        ("n > and", "n"),
    ] {
        let said = left(query, None).unwrap_err();
        assert!(said.starts_with("ParameterInvalid"), "{query}: {said}");
        assert!(said.contains(reason), "{query}: {said}");
    }
}
