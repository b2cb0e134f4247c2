//! Keeping somebody out, and letting them back.

use pleniere_moderation_core::{Banning, Command};

use super::super::fields::Fields;
use super::parts::{NUMBER, TEXT};

pub(super) fn read(name: &str, fields: &mut Fields) -> Result<Option<Command>, String> {
    Ok(Some(match name {
        "ban" => read_ban(fields)?,
        "unban" => Command::Unban {
            asker: fields.need("asker", "a pseudonym")?,
        },
        _ => return Ok(None),
    }))
}

fn read_ban(fields: &mut Fields) -> Result<Command, String> {
    let who = if fields.has("asker") {
        Banning::Pseudonym(fields.need("asker", "a pseudonym")?)
    } else {
        let right = "the number of a question, or asker: a pseudonym";
        Banning::AskerOf(fields.need("question", right)?)
    };
    Ok(Command::Ban {
        who,
        reason: fields.need("reason", TEXT)?,
        minutes: fields.may("minutes", NUMBER)?,
    })
}
