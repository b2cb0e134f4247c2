//! The rules of now, and those of sessions to come.

use pleniere_moderation_core::{Command, Moderation, Names, PolicyPatch, SessionId};

use super::super::fields::Fields;
use super::parts::{FLAG, NUMBER, SLUG};

pub(super) fn read(name: &str, fields: &mut Fields) -> Result<Option<Command>, String> {
    Ok(Some(match name {
        "policy" => read_policy(fields)?,
        "queue" => Command::SetPolicy {
            session: None,
            patch: PolicyPatch {
                open: fields.may("open", FLAG)?,
                moderation: read_moderation(fields)?,
                ..PolicyPatch::default()
            },
        },
        _ => return Ok(None),
    }))
}

/// With `rules: null`, what is kept for the session is forgotten first.
fn read_policy(fields: &mut Fields) -> Result<Command, String> {
    let session = fields.may::<SessionId>("session", SLUG)?;
    let anew = fields.present::<()>("rules", "null: none of the session's own")?;
    let patch = read_patch(fields)?;
    match (session, anew) {
        (session, None) => Ok(Command::SetPolicy { session, patch }),
        (Some(session), Some(_)) => Ok(Command::ResetPolicy { session, patch }),
        (None, Some(_)) => Err("policy: rules: null goes with a session".to_owned()),
    }
}

fn read_patch(fields: &mut Fields) -> Result<PolicyPatch, String> {
    let list = "a list of ids, or null for all";
    Ok(PolicyPatch {
        open: fields.may("open", FLAG)?,
        moderation: read_moderation(fields)?,
        slow_mode_s: fields.may("slow_mode_s", "whole seconds")?,
        per_person: fields.may("per_person", NUMBER)?,
        per_person_per_min: fields.may("per_person_per_min", NUMBER)?,
        per_address_per_min: fields.may("per_address_per_min", NUMBER)?,
        max_length: fields.may("max_length", NUMBER)?,
        names: fields.may::<Names>("names", "\"none\", \"optional\" or \"required\"")?,
        themes: fields.present("themes", list)?,
        publics: fields.present("publics", list)?,
        young: fields.may("young", FLAG)?,
        hands: fields.may("hands", FLAG)?,
    })
}

fn read_moderation(fields: &mut Fields) -> Result<Option<Moderation>, String> {
    fields.may("moderation", "\"before\" or \"after\"")
}
