//! Commands of one connection: on whose behalf, where to, and what is answered.

use std::sync::Arc;

use bytes::Bytes;
use pleniere_moderation_core::{Actor, Command, QuestionId, SiteId, Staff};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{IN_FLIGHT, Line, Reply};
use crate::{
    access::{Identity, Role},
    frame,
    http::Web,
    limit::Deed,
    participant::{ParticipantSecret, short_hash, staff_id},
    queue::now,
    refusal::{Refusal, RefusalCode},
    similar::Like,
    wire::{self, Acting, Do},
};

impl<S: AsyncRead + AsyncWrite + Unpin> Line<'_, S> {
    /// Starts a command; its answer comes as a reply.
    pub(super) fn act(&mut self, act: Do, in_budget: bool) {
        let Do { name, id, fields } = act;
        let in_flight = self.running.as_ref().map_or(0, |running| running.len());
        let started = if !in_budget || in_flight >= IN_FLIGHT {
            Err(Refusal::new(
                RefusalCode::TooFast,
                "too many messages; wait a second",
            ))
        } else {
            wire::acting(&name, fields).and_then(|acting| self.start(name, &id, acting))
        };
        match started {
            Ok(run) => self.running.get_or_insert_default().push(run),
            Err(refusal) => self.replies.push_back(refused(&id, &refusal)),
        }
    }

    fn start(&self, name: String, id: &str, acting: Acting) -> Result<Reply, Refusal> {
        let id = id.to_owned();
        let key = short_hash(&[&self.sender.0, id.as_bytes()]);
        let web = Arc::clone(&self.web);
        Ok(match acting {
            Acting::One(command) => {
                self.check_limits(&command)?;
                let actor = self.actor(&command);
                if command == Command::HandReady {
                    // Done again each time: a key is not remembered, nor given to a hand that is down since.
                    return Ok(Box::pin(async move {
                        outcome(&id, ready_with_key(&web, actor).await)
                    }));
                }
                Box::pin(async move {
                    outcome(&id, web.queue.execute_once(actor, command, Some(key)).await)
                })
            }
            Acting::Bulk(items) => {
                self.check_staff()?;
                let actor = self.actor(&Command::Undo { question: None });
                Box::pin(async move { outcome(&id, Ok(bulk(&web, &actor, items, &key).await)) })
            }
            Acting::Similar(like) => {
                let public_only = self.check_staff().is_err();
                if public_only && matches!(like, Like::Question(_)) {
                    return Err(not_for_you());
                }
                let limits = &self.web.queue.live().limits;
                limits.may_type(self.sender, std::time::Instant::now())?;
                Box::pin(async move {
                    let found = web.queue.live().similar.find(like, public_only).await;
                    outcome(&id, Ok(json!({ "questions": found }).to_string().into()))
                })
            }
            Acting::Past(of) => {
                self.check_staff()?;
                Box::pin(async move {
                    let past = web.queue.past(of).await;
                    outcome(&id, past.map(|past| past.to_string().into()))
                })
            }
            Acting::Other(fields) => {
                let (who, fields) = (self.identity.clone(), Value::Object(fields));
                Box::pin(
                    async move { outcome(&id, web.execute_extra(who, &name, fields, key).await) },
                )
            }
        })
    }

    /// What anybody may do is bounded by person and by address; who holds a key is known.
    fn check_limits(&self, command: &Command) -> Result<(), Refusal> {
        if self.identity.key_id.is_some() || !command.is_personal() {
            return Ok(());
        }
        let deed = match command {
            Command::Ask(_) | Command::RaiseHand(_) => Deed::Ask,
            _ => Deed::Vote,
        };
        let live = self.web.queue.live();
        live.may_act(self.sender, self.address, deed)
    }

    fn check_staff(&self) -> Result<(), Refusal> {
        let staff = matches!(self.identity.role, Role::Moderator | Role::Director);
        staff.then_some(()).ok_or_else(not_for_you)
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

fn not_for_you() -> Refusal {
    Refusal::new(
        RefusalCode::NotAllowed,
        "this is for moderators and directors",
    )
}

/// Says that somebody called is ready, and hands out the key they enter with.
async fn ready_with_key(web: &Web, actor: Actor) -> Result<Arc<str>, Refusal> {
    let mut answer = web.queue.execute(actor, Command::HandReady).await?;
    let hand = answer["hand"].as_u64().unwrap_or_default();
    let name = answer["name"].as_str().map(str::to_owned);
    let guest = web.access.guest_key(hand, name.as_deref());
    let guest = guest.map_err(|no| Refusal::new(RefusalCode::Unavailable, no.detail))?;
    answer["key"] = json!(guest.key);
    answer["link"] = json!(guest.link);
    Ok(answer.to_string().into())
}

/// Each item is its own command; all are put in line before the first answer is waited for, so that they share a sync
/// of the disk.
async fn bulk(
    web: &Web,
    actor: &Actor,
    items: Vec<(QuestionId, Command)>,
    key: &[u8; 16],
) -> Arc<str> {
    let mut waiting = Vec::with_capacity(items.len());
    for (index, (question, command)) in items.into_iter().enumerate() {
        let key = short_hash(&[key, &index.to_be_bytes()]);
        let submitted = web.queue.submit(actor.clone(), command, Some(key)).await;
        waiting.push((question, submitted));
    }
    let mut results = Vec::with_capacity(waiting.len());
    for (question, submitted) in waiting {
        let result = match submitted {
            Ok(answer) => answer.await.unwrap_or_else(|_| Err(Refusal::busy())),
            Err(refusal) => Err(refusal),
        };
        results.push(match result {
            Ok(answer) => serde_json::from_str(&answer).unwrap_or_default(),
            Err(refusal) => refusal_value("question", &json!(question), &refusal),
        });
    }
    json!({ "results": results }).to_string().into()
}

/// Who a moderator or director is, told by a digest of their key's id. No key, no digest.
pub(super) fn staff(identity: &Identity) -> Staff {
    let name = identity.name.clone();
    Staff {
        id: identity.key_id.as_deref().map(staff_id).unwrap_or_default(),
        name: name.unwrap_or_else(|| identity.role.as_str().to_owned()),
    }
}

/// The first message to a client. `spread_ms`: over how long it spreads its return when the server goes away.
pub(super) fn welcome(identity: &Identity, secret: &ParticipantSecret, spread_ms: u64) -> String {
    let mut welcome = json!({
        "role": identity.role.as_str(),
        "now": now(),
        "participant": secret.reveal(),
        "spread_ms": spread_ms,
    });
    if let Some(name) = &identity.name {
        welcome["name"] = json!(name);
    }
    if let Some(site) = &identity.site {
        welcome["site"] = json!(site);
    }
    if matches!(identity.role, Role::Moderator | Role::Director) {
        welcome["staff"] = json!(staff(identity).id);
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
    frame::text(&refusal_value("refused", &json!(id), refusal).to_string())
}

fn refusal_value(about: &str, id: &Value, refusal: &Refusal) -> Value {
    let mut value = json!({ about: id, "code": refusal.code.as_str(), "detail": refusal.detail });
    if let Some(current) = &refusal.current {
        value["current"] = current.clone();
    }
    if let Some(seconds) = refusal.retry_s {
        value["retry_s"] = json!(seconds);
    }
    value
}
