use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::*;

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn printed(format: Format, columns: &[&str], rows: &[&[&str]]) -> String {
    let paper = Paper::default();
    let mut output = Output::new(paper.clone(), format);
    let mut out = output.rows(columns.iter().copied());
    for row in rows {
        out.row(row.iter().copied()).unwrap();
    }
    out.finish().unwrap();
    output.finish().unwrap();
    paper.text()
}

const COLUMNS: &[&str] = &["srcaddr", "bytes"];
const ROWS: &[&[&str]] = &[&["10.0.0.1", "7"], &["10.0.0.200", "12345"]];

#[test]
fn a_table_aligns_numbers_right_and_text_left() {
    assert_eq!(
        printed(Format::Table, COLUMNS, ROWS),
        "srcaddr     bytes\n10.0.0.1        7\n10.0.0.200  12345\n"
    );
}

#[test]
fn json_is_one_object_per_line_in_the_order_of_the_columns() {
    assert_eq!(
        printed(Format::Json, COLUMNS, ROWS),
        "{\"srcaddr\":\"10.0.0.1\",\"bytes\":\"7\"}\n{\"srcaddr\":\"10.0.0.200\",\"bytes\":\"12345\"}\n"
    );
}

#[test]
fn csv_quotes_what_needs_quotes() {
    assert_eq!(
        printed(Format::Csv, &["a", "b"], &[&["x,y", "say \"hi\""]]),
        "a,b\n\"x,y\",\"say \"\"hi\"\"\"\n"
    );
}

#[test]
fn no_rows_still_have_a_header_except_in_json() {
    assert_eq!(printed(Format::Csv, COLUMNS, &[]), "srcaddr,bytes\n");
    assert_eq!(printed(Format::Table, COLUMNS, &[]), "srcaddr  bytes\n");
    assert_eq!(printed(Format::Json, COLUMNS, &[]), "");
}

#[test]
fn a_long_table_has_one_header_and_keeps_its_widths() {
    let rows: Vec<Vec<String>> = (0..=CHUNK * 2)
        .map(|n| vec![format!("row-{n:06}"), n.to_string()])
        .collect();
    let paper = Paper::default();
    let mut output = Output::new(paper.clone(), Format::Table);
    let mut out = output.rows(["name", "number"]);
    for row in &rows {
        out.row(row.iter().cloned()).unwrap();
    }
    out.finish().unwrap();
    output.finish().unwrap();
    let text = paper.text();
    assert_eq!(text.matches("number").count(), 1);
    assert_eq!(text.lines().count(), rows.len() + 1);
    let widths: std::collections::BTreeSet<usize> = text.lines().map(str::len).collect();
    assert_eq!(widths.len(), 1, "{widths:?}");
}

#[test]
fn hostile_text_cannot_drive_the_terminal() {
    let text = printed(Format::Table, &["name"], &[&["\u{1b}[2Jgone\nnext"]]);
    assert!(!text.contains('\u{1b}'));
    assert_eq!(text.lines().count(), 2);
}

#[test]
fn short_rows_are_filled_and_long_ones_cut() {
    assert_eq!(
        printed(Format::Csv, COLUMNS, &[&["a"], &["b", "1", "2"]]),
        "srcaddr,bytes\na,\nb,1\n"
    );
}

#[test]
fn a_reader_that_went_away_is_a_broken_pipe() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for format in [Format::Table, Format::Json, Format::Csv] {
        let mut output = Output::new(Gone, format);
        let mut rows = output.rows(["a"]);
        let failed = rows
            .row(["1"])
            .and_then(|()| rows.finish())
            .and_then(|()| output.finish())
            .unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::BrokenPipe, "{format:?}");
    }
}

#[test]
fn rows_that_were_paused_go_on_without_another_header() {
    for (format, text) in [
        (Format::Csv, "srcaddr,bytes\n10.0.0.1,7\n10.0.0.200,12345\n"),
        (
            Format::Table,
            "srcaddr   bytes\n10.0.0.1      7\n10.0.0.200  12345\n",
        ),
    ] {
        let paper = Paper::default();
        let mut output = Output::new(paper.clone(), format);
        let mut layout = Layout::new(COLUMNS.iter().copied());
        for row in ROWS {
            let mut rows = output.resume(layout);
            rows.row(row.iter().copied()).unwrap();
            layout = rows.pause().unwrap();
        }
        assert_eq!(paper.text(), text);
    }
}

fn highlighted(format: Format, texts: &[(Option<&str>, &str)], rows: &[&[&str]]) -> String {
    let paper = Paper::default();
    let mut highlight = Highlight::default();
    for (column, text) in texts {
        highlight.text(*column, text);
    }
    let mut output = Output::new(paper.clone(), format).highlighted(Some(highlight));
    let mut out = output.rows(COLUMNS.iter().copied());
    for row in rows {
        out.row(row.iter().copied()).unwrap();
    }
    out.finish().unwrap();
    output.finish().unwrap();
    paper.text()
}

#[test]
fn a_highlighted_table_has_a_bold_header_and_shows_what_was_found_in_its_column() {
    let rows: &[&[&str]] = &[&["10.0.0.7", "7"], &["Ten", "x"]];
    assert_eq!(
        highlighted(
            Format::Table,
            &[(Some("bytes"), "7"), (None, "TEN"), (None, "")],
            rows
        ),
        "\u{1b}[1msrcaddr   bytes\u{1b}[0m\n10.0.0.7  \u{1b}[1;33m7\u{1b}[0m\n\
         \u{1b}[1;33mTen\u{1b}[0m       x\n"
    );
}

#[test]
fn what_programs_read_is_never_highlighted() {
    for format in [Format::Json, Format::Csv] {
        assert_eq!(
            highlighted(format, &[(None, "7")], ROWS),
            printed(format, COLUMNS, ROWS)
        );
    }
}

#[test]
fn a_line_with_other_characters_than_ascii_stays_as_it_is() {
    let text = highlighted(Format::Table, &[(None, "7")], &[&["é7", "7"]]);
    assert!(text.ends_with("\né7           7\n"), "{text}");
}
