//! What several commands have: a question and the version seen, a choice in a form; and the words for what is right.

use pleniere_moderation_core::{Patch, QuestionId};

use super::super::fields::Fields;

pub(super) const NUMBER: &str = "a whole number";
pub(super) const TEXT: &str = "text";
pub(super) const FLAG: &str = "true or false";
pub(super) const SLUG: &str = "an id of a-z, 0-9 and -";

pub(super) fn question(fields: &mut Fields) -> Result<QuestionId, String> {
    fields.need("question", "the number of a question")
}

pub(super) fn at(fields: &mut Fields) -> Result<(QuestionId, u64), String> {
    let question = question(fields)?;
    Ok((
        question,
        fields.need("version", "the version you saw, a whole number")?,
    ))
}

/// A choice in a form; an empty one is none.
pub(super) fn chosen<T: TryFrom<String>>(
    fields: &mut Fields,
    field: &'static str,
) -> Result<Option<T>, String> {
    Ok(match patch(fields, field)? {
        Patch::Set(value) => Some(value),
        Patch::Keep | Patch::Clear => None,
    })
}

/// Absent: as it was. `null` or empty: cleared.
pub(super) fn patch<T: TryFrom<String>>(
    fields: &mut Fields,
    field: &'static str,
) -> Result<Patch<T>, String> {
    let sent = fields.present::<String>(field, TEXT)?;
    let Some(text) = sent else {
        return Ok(Patch::Keep);
    };
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(Patch::Clear);
    };
    T::try_from(text)
        .map(Patch::Set)
        .map_err(|_| format!("{field}: expected {SLUG}"))
}
