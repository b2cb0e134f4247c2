//! Office Open XML: strings and numbers only, so that nothing is calculated.

use rust_xlsxwriter::{Format, FormatAlign, Workbook, XlsxError};

use super::table::{COLUMNS, Cell, Table};

pub(super) fn write(table: &Table) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let (bold, wrapped) = (
        Format::new().set_bold(),
        Format::new().set_text_wrap().set_align(FormatAlign::Top),
    );
    let sheet = book.add_worksheet();
    sheet.set_name(table.naming.language.sheet())?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, at) in COLUMNS.iter().zip(0u16..) {
        sheet.set_column_width(at, column.width)?;
        sheet.write_string_with_format(0, at, table.heading(column), &bold)?;
    }
    for (row, line) in table.rows.iter().zip(1u32..) {
        for (column, at) in COLUMNS.iter().zip(0u16..) {
            match (column.cell)(table, row) {
                Cell::Empty => {}
                // Numbers of questions and votes are far below 2^53.
                Cell::Number(number) => {
                    sheet.write_number_with_format(line, at, number as f64, &wrapped)?;
                }
                Cell::Text(text) => {
                    sheet.write_string_with_format(line, at, text, &wrapped)?;
                }
            }
        }
    }
    book.save_to_buffer()
}
