//! Comma-separated values as French spreadsheets expect them: byte order mark, `;`, CRLF, every text in quotes.

use super::table::{COLUMNS, Cell, Table};

/// What a spreadsheet may take for the beginning of a formula, the full-width and small forms it folds to them included.
const TRIGGERS: [char; 15] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫',
];

pub(super) fn write(table: &Table) -> Vec<u8> {
    let mut out = String::from('\u{feff}');
    let headings = COLUMNS
        .iter()
        .map(|column| Cell::Text(table.heading(column).into()));
    line(&mut out, headings);
    for row in &table.rows {
        line(
            &mut out,
            COLUMNS.iter().map(|column| (column.cell)(table, row)),
        );
    }
    out.into_bytes()
}

fn line<'t>(out: &mut String, cells: impl Iterator<Item = Cell<'t>>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(';');
        }
        match cell {
            Cell::Empty => {}
            Cell::Number(number) => out.push_str(&number.to_string()),
            Cell::Text(text) => quoted(out, &text),
        }
    }
    out.push_str("\r\n");
}

fn quoted(out: &mut String, text: &str) {
    out.push('"');
    if text.starts_with(TRIGGERS) || text.trim_start().starts_with(TRIGGERS) {
        out.push('\'');
    }
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}
