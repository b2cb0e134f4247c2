//! The same command on several questions.

use pleniere_moderation_core::{Command, QuestionId};
use serde_json::{Map, Value};

use super::super::{cut, fields::Fields};
use super::parts::{NUMBER, question};
use super::read_command;

/// Commands in one `bulk`.
const MAX_BULK: usize = 100;

/// Commands for a bulk: those on one question, each with the fields all have in common.
pub(super) fn read(fields: &mut Fields) -> Result<Vec<(QuestionId, Command)>, String> {
    let act: String = fields.need("act", "the name of a command")?;
    let right = "a list of objects with question and version";
    let items: Vec<Map<String, Value>> = fields.need("items", right)?;
    if !(1..=MAX_BULK).contains(&items.len()) {
        return Err(format!("bulk: 1 to {MAX_BULK} items, not {}", items.len()));
    }
    let common = fields.rest();
    let versioned = !matches!(act.as_str(), "undo" | "claim" | "release" | "note");
    let one = |item: Map<String, Value>| {
        let mut item = Fields::new("items", item);
        let question: QuestionId = question(&mut item)?;
        let version: Option<u64> = item.may("version", NUMBER)?;
        item.end()?;
        let mut whole = common.clone();
        whole.insert("question".to_owned(), question.0.into());
        if let Some(version) = version.filter(|_| versioned) {
            whole.insert("version".to_owned(), version.into());
        }
        let mut whole = Fields::new(act.clone(), whole);
        let command = read_command(&act, &mut whole)?
            .filter(|command| !command.is_personal() && command.question().is_some())
            .ok_or_else(|| format!("bulk: act: {:?} is no command on a question", cut(&act, 40)))?;
        whole.end()?;
        Ok((question, command))
    };
    items.into_iter().map(one).collect()
}
