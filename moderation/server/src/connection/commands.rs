//! Commands of one connection: on whose behalf, where to, and what is answered.

use std::sync::Arc;

use bytes::Bytes;
use pleniere_moderation_core::{Actor, Command, SiteId, Staff};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{IN_FLIGHT, Line};
use crate::{
    access::{Identity, Role},
    frame,
    participant::{ParticipantSecret, short_hash},
    queue::now,
    refusal::{Refusal, RefusalCode},
    wire::{self, Do},
};

impl<S: AsyncRead + AsyncWrite + Unpin> Line<'_, S> {
    /// Starts a command; its answer comes as a reply.
    pub(super) fn act(&mut self, act: Do, in_budget: bool) {
        let Do { name, id, fields } = act;
        let in_flight = self.running.as_ref().map_or(0, |running| running.len());
        if !in_budget || in_flight >= IN_FLIGHT {
            let refusal = Refusal::new(RefusalCode::TooFast, "too many messages; wait a second");
            self.replies.push_back(refused(&id, &refusal));
            return;
        }
        let key = short_hash(&[&self.sender.0, id.as_bytes()]);
        let web = Arc::clone(&self.web);
        let run: super::Reply = match wire::command(&name, fields.clone()) {
            Err(refusal) => {
                self.replies.push_back(refused(&id, &refusal));
                return;
            }
            Ok(Some(command)) => {
                let actor = self.actor(&command);
                Box::pin(async move {
                    outcome(&id, web.queue.execute_once(actor, command, Some(key)).await)
                })
            }
            Ok(None) => {
                let who = self.identity.clone();
                Box::pin(
                    async move { outcome(&id, web.execute_extra(who, &name, fields, key).await) },
                )
            }
        };
        self.running.get_or_insert_default().push(run);
    }

    /// Who gives this command: staff moderate under their name, and ask and vote as anybody.
    fn actor(&self, command: &Command) -> Actor {
        let personal = command.is_personal();
        match &self.identity {
            Identity {
                role: Role::Moderator,
                ..
            } if !personal => Actor::Moderator(staff(&self.identity)),
            Identity {
                role: Role::Director,
                ..
            } if !personal => Actor::Director(staff(&self.identity)),
            Identity {
                role: Role::Site,
                site: Some(site),
                ..
            } => match SiteId::new(site.as_str()) {
                Ok(site) => Actor::Room {
                    site,
                    participant: self.participant,
                },
                Err(_) => Actor::Participant(self.participant),
            },
            _ => Actor::Participant(self.participant),
        }
    }
}

/// Who a moderator or director is, told by a digest of their key's id. No key, no digest.
fn staff(identity: &Identity) -> Staff {
    let digest = |key: &String| {
        let bytes = short_hash(&[b"staff", key.as_bytes()]);
        bytes[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    Staff {
        id: identity.key_id.as_ref().map(digest).unwrap_or_default(),
        name: staff_name(identity),
    }
}

/// The name colleagues see.
pub(super) fn staff_name(identity: &Identity) -> String {
    identity
        .name
        .clone()
        .unwrap_or_else(|| identity.role.as_str().to_owned())
}

/// The first message to a client.
pub(super) fn welcome(identity: &Identity, secret: &ParticipantSecret) -> String {
    let mut welcome = json!({
        "role": identity.role.as_str(),
        "now": now(),
        "participant": secret.reveal(),
    });
    if let Some(name) = &identity.name {
        welcome["name"] = json!(name);
    }
    if let Some(site) = &identity.site {
        welcome["site"] = json!(site);
    }
    json!({ "welcome": welcome }).to_string()
}

fn outcome(id: &str, result: Result<Arc<str>, Refusal>) -> Bytes {
    match result {
        Ok(result) => frame::text(&format!(
            "{{\"done\":{},\"result\":{result}}}",
            Value::from(id)
        )),
        Err(refusal) => refused(id, &refusal),
    }
}

fn refused(id: &str, refusal: &Refusal) -> Bytes {
    let mut message =
        json!({ "refused": id, "code": refusal.code.as_str(), "detail": refusal.detail });
    if let Some(current) = &refusal.current {
        message["current"] = current.clone();
    }
    frame::text(&message.to_string())
}
