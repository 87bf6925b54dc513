//! How results reach standard output: the same rows as a table, as JSON or as CSV.
//!
//! Guarantees: memory is bounded however many rows come (a table is laid out [`CHUNK`] rows at a
//! time); control characters of hostile text never reach a terminal through a table. Messages go
//! to standard error through [`say`]; nothing else in the program prints.

mod highlight;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, BufWriter, Write};

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets,
};
use serde::Serialize;

pub use highlight::{Color, Highlight};

/// Rows that are laid out together: column widths are those of the widest cell so far.
pub const CHUNK: usize = 500;

/// What results look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns for people.
    #[default]
    Table,
    /// One JSON object per line.
    Json,
    /// RFC 4180 with a header line.
    Csv,
}

/// Where the results of a command go.
pub struct Output {
    to: Box<dyn Write>,
    format: Format,
    highlight: Option<Highlight>,
}

impl Output {
    /// To standard output, buffered; call [`Output::finish`] at the end.
    pub fn stdout(format: Format) -> Self {
        Self::new(io::stdout(), format)
    }

    /// To any writer, buffered.
    pub fn new(to: impl Write + 'static, format: Format) -> Self {
        Self {
            to: Box::new(BufWriter::with_capacity(64 * 1024, to)),
            format,
            highlight: None,
        }
    }

    /// Highlights tables; what programs read stays as it is.
    #[must_use]
    pub fn highlighted(mut self, highlight: Option<Highlight>) -> Self {
        self.highlight = highlight.filter(|_| self.format == Format::Table);
        self
    }

    /// The format that was asked for.
    pub fn format(&self) -> Format {
        self.format
    }

    /// One line of text, as it is.
    ///
    /// # Errors
    /// What the writer says; `BrokenPipe` when the reader has gone.
    pub fn line(&mut self, text: impl fmt::Display) -> io::Result<()> {
        writeln!(self.to, "{text}")
    }

    /// One JSON object on a line of its own, whatever the format.
    ///
    /// # Errors
    /// What the writer says; `BrokenPipe` when the reader has gone.
    pub fn json(&mut self, object: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.to, object)?;
        self.to.write_all(b"\n")
    }

    /// Begins rows of these columns; end them with [`Rows::finish`].
    pub fn rows<C: Into<String>>(&mut self, columns: impl IntoIterator<Item = C>) -> Rows<'_> {
        self.resume(Layout::new(columns))
    }

    /// Goes on with rows that were paused, without another header.
    pub fn resume(&mut self, layout: Layout) -> Rows<'_> {
        Rows {
            output: self,
            layout,
            held: Vec::new(),
        }
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// What the writer says; `BrokenPipe` when the reader has gone.
    pub fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }

    /// Writes out what is buffered and ends.
    ///
    /// # Errors
    /// What the writer says; `BrokenPipe` when the reader has gone.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// What rows look like, kept while no row comes; see [`Rows::pause`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    columns: Vec<String>,
    widths: Vec<u16>,
    header_written: bool,
}

impl Layout {
    /// Of these columns, before the first row.
    pub fn new<C: Into<String>>(columns: impl IntoIterator<Item = C>) -> Self {
        let columns: Vec<String> = columns.into_iter().map(Into::into).collect();
        Self {
            widths: vec![0; columns.len()],
            columns,
            header_written: false,
        }
    }

    /// The columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }
}

/// Rows under way. Cells beyond the columns are dropped, missing ones are empty.
#[derive(Debug)]
pub struct Rows<'a> {
    output: &'a mut Output,
    layout: Layout,
    held: Vec<Vec<String>>,
}

impl Rows<'_> {
    /// One row.
    ///
    /// # Errors
    /// What the writer says; `BrokenPipe` when the reader has gone.
    pub fn row<C: Into<String>>(&mut self, cells: impl IntoIterator<Item = C>) -> io::Result<()> {
        let mut cells: Vec<String> = cells.into_iter().map(Into::into).collect();
        cells.resize(self.layout.columns.len(), String::new());
        if self.output.format == Format::Json {
            let object: serde_json::Map<String, serde_json::Value> = self
                .layout
                .columns
                .iter()
                .cloned()
                .zip(cells.into_iter().map(Into::into))
                .collect();
            return self.output.json(&object);
        }
        self.held.push(cells);
        if self.held.len() >= CHUNK {
            self.write_held()?;
        }
        Ok(())
    }

    /// Writes what is held; a table or CSV without rows still has its header.
    ///
    /// # Errors
    /// What the writer says; `BrokenPipe` when the reader has gone.
    pub fn finish(mut self) -> io::Result<()> {
        self.write_held()
    }

    /// Writes what is held, through to the reader, and gives back what [`Output::resume`] needs.
    ///
    /// # Errors
    /// What the writer says; `BrokenPipe` when the reader has gone.
    pub fn pause(mut self) -> io::Result<Layout> {
        self.write_held()?;
        self.output.flush()?;
        Ok(self.layout)
    }

    fn write_held(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.held);
        if rows.is_empty() && self.layout.header_written {
            return Ok(());
        }
        match self.output.format {
            Format::Json => {}
            Format::Csv => self.write_csv(&rows)?,
            Format::Table => self.write_table(&rows)?,
        }
        self.layout.header_written = true;
        Ok(())
    }

    fn write_csv(&mut self, rows: &[Vec<String>]) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(&mut self.output.to);
        if !self.layout.header_written {
            csv.write_record(&self.layout.columns).map_err(io_error)?;
        }
        for row in rows {
            csv.write_record(row).map_err(io_error)?;
        }
        csv.flush()
    }

    fn write_table(&mut self, rows: &[Vec<String>]) -> io::Result<()> {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        if !self.layout.header_written {
            table.set_header(self.layout.columns.iter().map(|name| printable(name)));
        }
        for row in rows {
            table.add_row(row.iter().map(|cell| Cell::new(printable(cell))));
        }
        for (at, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            let cells = || rows.iter().filter_map(|row| row.get(at));
            if cells().next().is_some() && cells().all(|cell| is_numeric(cell)) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            if let Some(&width) = self.layout.widths.get(at).filter(|&&width| width > 0) {
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
            }
        }
        self.layout.widths = (self
            .layout
            .widths
            .iter()
            .zip(table.column_max_content_widths()))
        // a column's width counts its padding
        .map(|(&before, now)| before.max(now.saturating_add(2)))
        .collect();
        for (at, line) in table.lines().enumerate() {
            let line = line.trim_end();
            let line = match &self.output.highlight {
                None => line.to_owned(),
                Some(_) if at == 0 && !self.layout.header_written => Highlight::header(line),
                Some(highlight) => highlight.line(line, &self.layout.columns, &self.layout.widths),
            };
            writeln!(self.output.to, "{line}")?;
        }
        Ok(())
    }
}

/// One message to standard error. That it cannot be written is no reason to fail.
pub fn say(message: impl fmt::Display) {
    let written = writeln!(io::stderr(), "{message}");
    drop(written);
}

/// Text with control characters escaped, so that a hostile value cannot drive the terminal.
pub fn printable(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

fn is_numeric(cell: &str) -> bool {
    cell == "-" || cell.is_empty() || cell.parse::<f64>().is_ok_and(f64::is_finite)
}

fn io_error(problem: csv::Error) -> io::Error {
    match problem.into_kind() {
        csv::ErrorKind::Io(problem) => problem,
        other => io::Error::other(format!("{other:?}")),
    }
}
