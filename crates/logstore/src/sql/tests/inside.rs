//! Values inside keys of type JSON.

use flowlog_sls::index::IndexConfig;

use super::{refused, rows};
use crate::Logstore;
use crate::batch::{Batch, Group, GroupBuilder};
use crate::sample::{LOGSTORE, NOW, PROJECT, open};

const INDEX: &str = r#"{"line":{"token":[" "]},"keys":{"n":{"type":"long"},
    "j":{"type":"json","token":[" "],"index_all":true,"json_keys":{
        "a.b":{"type":"long","alias":"ab"},"name":{"type":"text"},"r":{"type":"double"},
        "hidden":{"type":"text","doc_value":false}}}}}"#;

/// Rows 0 to 9 in a segment, 10 to 19 in the head; every fifth `j` is no JSON.
fn filled() -> (tempfile::TempDir, Logstore) {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    let index: IndexConfig = serde_json::from_str(INDEX).unwrap();
    let index = Some(index.checked().unwrap());
    logstore.set_index(PROJECT, LOGSTORE, index).unwrap();
    for first in [0_u32, 10] {
        let mut builder = GroupBuilder::new(10);
        for n in first..first + 10 {
            let json = match n % 5 {
                4 => "no json".to_owned(),
                _ => format!(
                    r#"{{"a":{{"b":{}}},"name":"Ann {}","r":{}.5,"deep":{{"x":"y{}"}},"hidden":"h"}}"#,
                    n * 10,
                    n % 2,
                    n,
                    n % 3
                ),
            };
            let pairs = [("n", n.to_string()), ("j", json)];
            let pairs = pairs.iter().map(|(key, value)| (*key, value.as_bytes()));
            builder.row(NOW + n, None, pairs);
        }
        let batch = Batch {
            project: PROJECT.into(),
            logstore: LOGSTORE.into(),
            origin: None,
            groups: vec![Group { ..builder.finish() }],
        };
        logstore.append(batch).wait().unwrap();
        if first == 0 {
            logstore.seal();
        }
    }
    (dir, logstore)
}

#[test]
fn a_value_inside_json_is_a_column_and_can_be_searched() {
    let (_dir, logstore) = filled();
    for (query, answer) in [
        (
            "* | select sum(\"j.a.b\"), count(\"j.a.b\"), sum(ab) from log",
            "1440,16,1440",
        ),
        (
            "* | select n where \"j.a.b\" between 90 and 110 order by n",
            "10;11",
        ),
        (
            "* | select \"j.name\" as name, count(*) as c, sum(\"j.r\") group by name order by name",
            "Ann 0,8,76.0;Ann 1,8,76.0;null,4,null",
        ),
        (
            "* | select \"j.deep.x\" as x, max(n) group by x order by x",
            "y0,18;y1,16;y2,17;null,19",
        ),
        ("j.a.b >= 170 | select n order by n", "17;18"),
        ("j.name: 1 and j.deep.x: y1 | select n order by n", "1;7;13"),
        ("not j.name: * | select n order by n", "4;9;14;19"),
    ] {
        assert_eq!(rows(&logstore, query), answer, "{query}");
    }
    assert!(refused(&logstore, "select \"j.hidden\" from log").contains("cannot be resolved"));
    assert!(refused(&logstore, "select \"n.a\" from log").contains("cannot be resolved"));
}
