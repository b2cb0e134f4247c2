//! What moderators do with a raised hand.

use pleniere_moderation_core::{Command, HandId};

use super::super::fields::Fields;
use super::parts::{NUMBER, TEXT};

pub(super) fn read(name: &str, fields: &mut Fields) -> Result<Option<Command>, String> {
    let mut at = || -> Result<(HandId, u64), String> {
        let hand = fields.need("hand", "the number of a hand")?;
        Ok((hand, fields.need("version", NUMBER)?))
    };
    Ok(Some(match name {
        "call" => {
            let (hand, version) = at()?;
            Command::CallHand { hand, version }
        }
        "speaking" => {
            let (hand, version) = at()?;
            Command::HandSpeaking { hand, version }
        }
        "hand_done" => {
            let (hand, version) = at()?;
            Command::HandDone { hand, version }
        }
        "dismiss" => {
            let (hand, version) = at()?;
            let reason = fields.may("reason", TEXT)?;
            Command::DismissHand {
                hand,
                version,
                reason,
            }
        }
        "move_hand" => {
            let (hand, version) = at()?;
            let to = fields.need("to", "a place from 1")?;
            Command::MoveHand { hand, version, to }
        }
        _ => return Ok(None),
    }))
}
