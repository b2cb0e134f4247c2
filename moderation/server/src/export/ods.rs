//! OpenDocument: a zip of three small XML files, every text typed as a string.

use std::io::{Cursor, Write};

use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::Format;
use super::table::{COLUMNS, Cell, Table};

const MANIFEST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">
<manifest:file-entry manifest:full-path="/" manifest:version="1.2" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
</manifest:manifest>
"#;

const HEAD: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    "\n<office:document-content",
    r#" xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0""#,
    r#" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0""#,
    r#" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0""#,
    r#" office:version="1.2"><office:body><office:spreadsheet>"#,
);
const TAIL: &str = "</table:table></office:spreadsheet></office:body></office:document-content>\n";

pub(super) fn write(table: &Table) -> Result<Vec<u8>, ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    // The media type comes first and unpacked: that is how the file is recognised.
    zip.start_file(
        "mimetype",
        packed.compression_method(CompressionMethod::Stored),
    )?;
    zip.write_all(Format::Ods.media_type().as_bytes())?;
    zip.start_file("META-INF/manifest.xml", packed)?;
    zip.write_all(MANIFEST.as_bytes())?;
    zip.start_file("content.xml", packed)?;
    zip.write_all(content(table).as_bytes())?;
    Ok(zip.finish()?.into_inner())
}

fn content(table: &Table) -> String {
    let mut out = format!(
        "{HEAD}<table:table table:name=\"{}\">",
        table.naming.language.sheet()
    );
    let headings = COLUMNS
        .iter()
        .map(|column| Cell::Text(table.heading(column).into()));
    out.push_str("<table:table-header-rows>");
    line(&mut out, headings);
    out.push_str("</table:table-header-rows>");
    for row in &table.rows {
        line(
            &mut out,
            COLUMNS.iter().map(|column| (column.cell)(table, row)),
        );
    }
    out.push_str(TAIL);
    out
}

fn line<'t>(out: &mut String, cells: impl Iterator<Item = Cell<'t>>) {
    out.push_str("<table:table-row>");
    for cell in cells {
        match cell {
            Cell::Empty => out.push_str("<table:table-cell/>"),
            Cell::Number(number) => out.push_str(&format!(
                "<table:table-cell office:value-type=\"float\" office:value=\"{number}\"><text:p>{number}</text:p></table:table-cell>"
            )),
            Cell::Text(text) => {
                out.push_str("<table:table-cell office:value-type=\"string\">");
                for paragraph in text.split('\n') {
                    out.push_str("<text:p>");
                    paragraph.chars().for_each(|c| escaped(out, c));
                    out.push_str("</text:p>");
                }
                out.push_str("</table:table-cell>");
            }
        }
    }
    out.push_str("</table:table-row>");
}

/// What XML cannot carry at all is shown as unreadable, not dropped. White space would be collapsed as it is.
fn escaped(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        ' ' if out.ends_with([' ', '>']) => out.push_str("<text:s/>"),
        '\t' => out.push_str("<text:tab/>"),
        '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
        c => out.push(c),
    }
}
