//! Rows as Protocol Buffers, as `PullLogs` answers them.

use std::sync::Arc;

use flowlog_sls::log_group::{ContentsWriter, EncodedKey, LogGroupWriter};

use super::{Group, Irregular, LogGroup};

/// Writes a LogGroup that is in columns.
pub(crate) fn write_columns(group: &Group, to: &mut LogGroupWriter) {
    to.clear();
    let columns = group.columns.iter();
    let keys: Vec<EncodedKey> = columns
        .map(|column| EncodedKey::new(&column.name))
        .collect();
    let mut scratch = Vec::new();
    for (row, time) in group.time.iter().enumerate() {
        let irregular = group.irregular.as_deref();
        let has_ns = irregular.is_none_or(|irregular| irregular.has_ns(row));
        let time_ns = group.time_ns.get(row).copied().filter(|_| has_ns);
        to.log(*time, time_ns, |contents| {
            let mut put = |at: usize, contents: &mut ContentsWriter<'_>| {
                let column = group.columns.get(at).zip(keys.get(at));
                if let Some((column, key)) = column
                    && let Some(value) = column.values.cell(row).text(&mut scratch)
                {
                    contents.text(key, value);
                }
            };
            let mut rest = irregular.map_or(&[][..], |i| i.rest(row)).iter();
            let order = irregular.map_or(&[][..], |i| i.order(row));
            if order.is_empty() {
                (0..keys.len()).for_each(|at| put(at, contents));
            }
            for at in order {
                if *at != Irregular::REST {
                    put(usize::from(*at), contents);
                } else if let Some((key, value)) = rest.next() {
                    contents.pair(key.as_bytes(), value);
                }
            }
            rest.for_each(|(key, value)| contents.pair(key.as_bytes(), value));
        });
    }
    finish((&group.topic, &group.source), &group.tags, to);
}

/// Writes a LogGroup that is in rows.
pub(crate) fn write_rows(group: &LogGroup, to: &mut LogGroupWriter) {
    to.clear();
    for log in &group.logs {
        to.log(log.time, log.time_ns, |contents| {
            for (key, value) in &log.contents {
                contents.pair(key.as_bytes(), value);
            }
        });
    }
    finish((&group.topic, &group.source), &group.tags, to);
}

fn finish((topic, source): (&str, &str), tags: &[(Arc<str>, Arc<str>)], to: &mut LogGroupWriter) {
    to.topic(topic.as_bytes());
    to.source(source.as_bytes());
    for (key, value) in tags {
        to.tag(key.as_bytes(), value.as_bytes());
    }
}
