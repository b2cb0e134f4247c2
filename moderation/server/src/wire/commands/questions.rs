//! What moderators do with one question.

use pleniere_moderation_core::{Audience, Command, Decline, DeclineCode, QuestionId};
use serde_json::{Map, Value};

use super::super::fields::Fields;
use super::parts::{FLAG, NUMBER, TEXT, at, patch, question};

pub(super) fn read(name: &str, fields: &mut Fields) -> Result<Option<Command>, String> {
    match read_step(name, fields)? {
        None => read_more(name, fields),
        step => Ok(step),
    }
}

/// Commands that carry a question and a version and nothing else.
fn read_step(name: &str, fields: &mut Fields) -> Result<Option<Command>, String> {
    let make: fn(QuestionId, u64) -> Command = match name {
        "approve" => |question, version| Command::Approve { question, version },
        "restore" => |question, version| Command::Restore { question, version },
        "unmerge" => |question, version| Command::Unmerge { question, version },
        "stage" => |question, version| Command::Stage { question, version },
        "unstage" => |question, version| Command::Unstage { question, version },
        "air" => |question, version| Command::Air { question, version },
        "off_air" => |question, version| Command::OffAir { question, version },
        "reopen" => |question, version| Command::Reopen { question, version },
        _ => return Ok(None),
    };
    let (question, version) = at(fields)?;
    Ok(Some(make(question, version)))
}

/// Commands with fields of their own.
fn read_more(name: &str, fields: &mut Fields) -> Result<Option<Command>, String> {
    Ok(Some(match name {
        "hold" => {
            let (question, version) = at(fields)?;
            let text = fields.may("text", TEXT)?;
            Command::Hold {
                question,
                version,
                text,
            }
        }
        "decline" => {
            let (question, version) = at(fields)?;
            let reason = read_reason(fields.need("reason", "an object with code, text, see")?)?;
            Command::Decline {
                question,
                version,
                reason,
            }
        }
        "defer" => {
            let (question, version) = at(fields)?;
            let to = fields.need("to", "text: to whom")?;
            Command::Defer {
                question,
                version,
                to,
            }
        }
        "edit" => {
            let (question, version) = at(fields)?;
            Command::Edit {
                question,
                version,
                text: fields.need("text", TEXT)?,
                theme: patch(fields, "theme")?,
                public: patch(fields, "public")?,
                site: patch(fields, "site")?,
            }
        }
        "merge" => {
            let (question, version) = at(fields)?;
            let into = fields.need("into", "the number of another question")?;
            Command::Merge {
                question,
                version,
                into,
            }
        }
        "assign" => {
            let (question, version) = at(fields)?;
            Command::Assign {
                question,
                version,
                speaker: patch(fields, "speaker")?,
                site: patch(fields, "to_site")?,
            }
        }
        "move" => {
            let (question, version) = at(fields)?;
            let to = fields.need("to", "a rank from 1")?;
            Command::Move {
                question,
                version,
                to,
            }
        }
        "answer" => read_answer(fields)?,
        "note" => Command::Note {
            question: question(fields)?,
            text: fields.need("text", TEXT)?,
        },
        "claim" => Command::Claim {
            question: question(fields)?,
            take: fields.may("take", FLAG)?.unwrap_or(false),
        },
        "release" => Command::Release {
            question: question(fields)?,
        },
        "undo" => Command::Undo {
            question: fields.may("question", NUMBER)?,
        },
        _ => return Ok(None),
    }))
}

fn read_answer(fields: &mut Fields) -> Result<Command, String> {
    let (question, version) = at(fields)?;
    let written: Option<String> = fields.may("written", TEXT)?;
    let to = fields.may("to", "\"all\" or \"one\"")?;
    Ok(Command::Answer {
        question,
        version,
        written: written.filter(|text| !text.is_empty()),
        to: to.unwrap_or(Audience::All),
    })
}

fn read_reason(map: Map<String, Value>) -> Result<Decline, String> {
    let mut fields = Fields::new("reason", map);
    let right =
        "one of answered, duplicate, off_topic, too_long, unclear, personal, unlawful, time, other";
    let reason = Decline {
        code: fields.need::<DeclineCode>("code", right)?,
        text: fields.may("text", TEXT)?,
        see: fields.may("see", "the number of a question")?,
    };
    fields.end()?;
    Ok(reason)
}
