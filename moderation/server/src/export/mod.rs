//! The questions of an event as a table for spreadsheets and programs. Builds the table from a state and gives the bytes of
//! a file; writes none, changes no journal and decides nothing about questions.
//!
//! What somebody typed is never a formula: CSV cells that a spreadsheet would take for one get a leading apostrophe,
//! xlsx and ods cells are typed as text.

mod csv;
mod json;
mod ods;
mod stored;
mod table;
mod words;
mod xlsx;

use std::{fmt, str::FromStr};

pub use stored::{read, replay};
pub use table::{Naming, Table};
pub use words::Language;

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// UTF-8 with byte order mark, `;` between cells, CRLF: what a French spreadsheet opens by a double click.
    Csv,
    /// Office Open XML.
    Xlsx,
    /// OpenDocument.
    Ods,
    /// For programs: the protocol's words, times with their offset.
    Json,
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Xlsx, Self::Ods, Self::Json];

    /// The word for it, which is also the end of a file's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Ods => "ods",
            Self::Json => "json",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Ods => "application/vnd.oasis.opendocument.spreadsheet",
            Self::Json => "application/json",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| format!("found `{text}`; expected csv, xlsx, ods or json"))
    }
}

/// A file that could not be written. Nothing a person typed leads here: their texts are short and clean.
#[derive(Debug, thiserror::Error)]
#[error("the {format} file cannot be written: {why}")]
pub struct ExportError {
    format: Format,
    why: String,
}

/// The table as the content of a file.
///
/// # Errors
/// [`ExportError`] when the file's own limits are passed.
pub fn write(table: &Table, format: Format) -> Result<Vec<u8>, ExportError> {
    let failed = |why: String| ExportError { format, why };
    match format {
        Format::Csv => Ok(csv::write(table)),
        Format::Xlsx => xlsx::write(table).map_err(|error| failed(error.to_string())),
        Format::Ods => ods::write(table).map_err(|error| failed(error.to_string())),
        Format::Json => Ok(json::write(table)),
    }
}

#[cfg(test)]
mod tests;
