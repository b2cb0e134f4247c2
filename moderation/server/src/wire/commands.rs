//! Commands by their name and fields, a module for each subject.

mod asking;
mod bans;
mod hands;
mod looking;
mod lots;
mod parts;
mod questions;
mod rules;
#[cfg(test)]
mod tests;

use pleniere_moderation_core::{Ask, Command, QuestionId};
use serde_json::{Map, Value};

use super::fields::Fields;
use crate::{
    refusal::{Refusal, RefusalCode},
    similar::Like,
};

/// Takes the fields of the commands of one subject; none when the name is of another.
type Read = fn(&str, &mut Fields) -> Result<Option<Command>, String>;

const SUBJECTS: [Read; 5] = [
    asking::read,
    questions::read,
    bans::read,
    rules::read,
    hands::read,
];

/// What a command asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Acting {
    /// One command of the queue.
    One(Command),
    /// The same on several questions, each on its own.
    Bulk(Vec<(QuestionId, Command)>),
    /// Questions that say nearly the same.
    Similar(Like),
    /// What happened before.
    Past(PastOf),
    /// Nothing the queue knows; its fields as they came.
    Other(Map<String, Value>),
}

/// Which part of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PastOf {
    /// Everything before this row of the journal.
    Before(u64),
    /// Everything of one question.
    Question(QuestionId),
}

/// What the command of that name asks for.
///
/// # Errors
/// [`RefusalCode::BadRequest`] for fields that do not fit.
pub(crate) fn acting(name: &str, map: Map<String, Value>) -> Result<Acting, Refusal> {
    read(name, map).map_err(|detail| Refusal::new(RefusalCode::BadRequest, detail))
}

/// A question as pages and scripts send it.
///
/// # Errors
/// [`RefusalCode::BadRequest`] for fields that do not fit.
pub(crate) fn ask(map: Map<String, Value>) -> Result<Ask, Refusal> {
    let mut fields = Fields::new("ask", map);
    let ask = asking::read_ask(&mut fields).and_then(|ask| fields.end().map(|()| ask));
    ask.map_err(|detail| Refusal::new(RefusalCode::BadRequest, detail))
}

fn read(name: &str, map: Map<String, Value>) -> Result<Acting, String> {
    let mut fields = Fields::new(name, map);
    let acting = match name {
        "bulk" => Acting::Bulk(lots::read(&mut fields)?),
        "similar" => Acting::Similar(looking::read_similar(&mut fields)?),
        "history" => Acting::Past(looking::read_past(&mut fields)?),
        _ => match read_command(name, &mut fields)? {
            Some(command) => Acting::One(command),
            None => return Ok(Acting::Other(fields.rest())),
        },
    };
    fields.end()?;
    Ok(acting)
}

fn read_command(name: &str, fields: &mut Fields) -> Result<Option<Command>, String> {
    for read in SUBJECTS {
        if let Some(command) = read(name, fields)? {
            return Ok(Some(command));
        }
    }
    Ok(None)
}
