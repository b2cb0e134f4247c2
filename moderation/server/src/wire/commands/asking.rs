//! What anybody may do: ask, vote, raise a hand.

use pleniere_moderation_core::{Ask, Command, Raise};

use super::super::fields::Fields;
use super::parts::{FLAG, TEXT, chosen, question};

pub(super) fn read(name: &str, fields: &mut Fields) -> Result<Option<Command>, String> {
    Ok(Some(match name {
        "ask" => Command::Ask(read_ask(fields)?),
        "vote" => Command::Vote {
            question: question(fields)?,
        },
        "unvote" => Command::Unvote {
            question: question(fields)?,
        },
        "withdraw" => Command::Withdraw {
            question: question(fields)?,
        },
        "hand" => Command::RaiseHand(Raise {
            name: fields.may("name", TEXT)?,
            public: chosen(fields, "public")?,
            site: chosen(fields, "site")?,
            about: fields.may("about", TEXT)?,
        }),
        "hand_down" => Command::LowerHand,
        "hand_ready" => Command::HandReady,
        _ => return Ok(None),
    }))
}

pub(super) fn read_ask(fields: &mut Fields) -> Result<Ask, String> {
    Ok(Ask {
        text: fields.need("text", TEXT)?,
        name: fields.may("name", TEXT)?,
        show_name: fields.may("show_name", FLAG)?.unwrap_or(false),
        public: chosen(fields, "public")?,
        theme: chosen(fields, "theme")?,
        site: chosen(fields, "site")?,
        lang: fields.may("lang", "a language tag")?,
        programme_at: fields.may("programme_at", "milliseconds since 1970")?,
    })
}
