//! Looking without changing anything: for what is similar, and into the past.

use super::super::fields::Fields;
use super::PastOf;
use super::parts::question;
use crate::similar::Like;

pub(super) fn read_similar(fields: &mut Fields) -> Result<Like, String> {
    if fields.has("question") {
        return Ok(Like::Question(question(fields)?));
    }
    let right = "text, or question: its number";
    Ok(Like::Text(fields.need("text", right)?))
}

pub(super) fn read_past(fields: &mut Fields) -> Result<PastOf, String> {
    if fields.has("question") {
        return Ok(PastOf::Question(question(fields)?));
    }
    let right = "the number of an entry, or question: its number";
    Ok(PastOf::Before(fields.need("before", right)?))
}
