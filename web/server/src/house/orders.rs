//! The orders of director, stage and sites, carried out: checked by the desk, journalled by the programme, shown by the views.

use std::sync::{Arc, Weak};

use futures_util::future::BoxFuture;
use pleniere_media_core::scene::{Scene, SiteId};
use pleniere_media_core::timeline::Phase;
use pleniere_moderation::{Commands, Identity, Refusal, RefusalCode, Role};
use serde_json::{Value, json};

use super::desk::{self, Countdown, Order, Standby};
use super::{House, lock, unix_ms};

/// Longest countdown, in minutes.
const COUNTDOWN_MAX_MIN: u32 = 24 * 60;

/// The house's ear on the WebSocket for every command that is not the queue's.
pub struct Orders(Weak<House>);

impl Orders {
    /// Orders for this house; they do not keep it alive.
    pub fn new(house: &Arc<House>) -> Self {
        Self(Arc::downgrade(house))
    }
}

impl Commands for Orders {
    fn execute(
        &self,
        who: Identity,
        name: &str,
        mut fields: Value,
    ) -> BoxFuture<'static, Result<Value, Refusal>> {
        let house = self.0.upgrade();
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("do".into(), name.into());
        }
        Box::pin(async move {
            let house = house
                .ok_or_else(|| Refusal::new(RefusalCode::Unavailable, "the event is closing"))?;
            let order: Order = serde_json::from_value(fields)
                .map_err(|error| Refusal::new(RefusalCode::BadRequest, error.to_string()))?;
            let done = house.order(&who, order).await;
            house.refresh();
            done
        })
    }
}

impl House {
    async fn order(&self, who: &Identity, order: Order) -> Result<Value, Refusal> {
        allowed(who, &order)?;
        match order {
            Order::Preview(scene) => self.preview(scene)?,
            Order::Take(scene) => return self.take(who, scene).await,
            Order::Mute { site, on } => {
                self.site(&site)?;
                self.programme.mute(site, on).await.map_err(unavailable)?;
            }
            Order::Phase { to } => self.enter(to).await?,
            Order::Session { session } => self.begin(&session).await?,
            Order::Mask { on } => {
                self.programme.mask(on).await.map_err(unavailable)?;
            }
            Order::Standby { site } => self.stand_by(site)?,
            Order::Ready => self.ready(who)?,
            Order::Message { to, text } => return self.message(who, to, &text),
            Order::Seen { message } => self.acknowledge(who, message)?,
            Order::Countdown { minutes, label } => self.count_down(minutes, label)?,
        }
        Ok(json!({}))
    }

    fn preview(&self, scene: Scene) -> Result<(), Refusal> {
        self.check(&scene)?;
        lock(&self.desk).preview = Some(scene);
        Ok(())
    }

    async fn take(&self, who: &Identity, scene: Scene) -> Result<Value, Refusal> {
        self.check(&scene)?;
        lock(&self.desk).last_cut_by = who.name.clone();
        let taken = self.programme.take(scene.clone()).await;
        let id = taken.map_err(unavailable)?;
        let mut desk = lock(&self.desk);
        desk.standby.retain(|site, _| !scene.slots.contains(site));
        Ok(json!({ "scene": id }))
    }

    /// After the event no session's rules hold.
    async fn enter(&self, phase: Phase) -> Result<(), Refusal> {
        self.programme.phase(phase).await.map_err(unavailable)?;
        if phase == Phase::After {
            self.session_noted(None).await;
        }
        Ok(())
    }

    async fn begin(&self, session: &str) -> Result<(), Refusal> {
        if !self.sessions.iter().any(|known| known.id == session) {
            return Err(Refusal::new(
                RefusalCode::NotFound,
                format!("there is no session “{session}” in the run sheet"),
            ));
        }
        let begun = self.programme.begin_session(session).await;
        begun.map_err(unavailable)?;
        self.session_noted(Some(session)).await;
        Ok(())
    }

    fn stand_by(&self, site: SiteId) -> Result<(), Refusal> {
        self.site(&site)?;
        let asked = Standby {
            asked_at: unix_ms(),
            ready_at: None,
        };
        lock(&self.desk).standby.insert(site, asked);
        Ok(())
    }

    fn ready(&self, who: &Identity) -> Result<(), Refusal> {
        let site = SiteId(who.site.clone().unwrap_or_default());
        let mut desk = lock(&self.desk);
        let standby = desk
            .standby
            .get_mut(&site)
            .ok_or_else(|| Refusal::new(RefusalCode::WrongState, "no stand-by was asked"))?;
        standby.ready_at = Some(unix_ms());
        Ok(())
    }

    fn message(&self, who: &Identity, to: String, text: &str) -> Result<Value, Refusal> {
        if to != "stage" {
            self.site(&SiteId(to.clone()))?;
        }
        let from = who.name.clone().unwrap_or_else(|| "Régie".into());
        let sent = lock(&self.desk).message(&to, text, &from, unix_ms());
        sent.map(|message| json!({ "message": message.id }))
            .map_err(|why| Refusal::new(RefusalCode::BadRequest, why))
    }

    /// The first who saw it is who answered.
    fn acknowledge(&self, who: &Identity, message: u64) -> Result<(), Refusal> {
        let reader = who.site.clone().unwrap_or_else(|| "stage".into());
        let mut desk = lock(&self.desk);
        let last = desk
            .messages
            .get_mut(&reader)
            .filter(|last| last.id == message);
        let last = last.ok_or_else(|| {
            Refusal::new(RefusalCode::NotFound, "a newer message replaced this one")
        })?;
        if !last.seen {
            (last.seen, last.seen_at, last.seen_by) = (true, Some(unix_ms()), who.name.clone());
        }
        Ok(())
    }

    fn count_down(&self, minutes: u32, label: String) -> Result<(), Refusal> {
        if minutes > COUNTDOWN_MAX_MIN {
            return Err(Refusal::new(
                RefusalCode::BadRequest,
                "a countdown has at most 1440 minutes",
            ));
        }
        let ends_at = unix_ms() + i64::from(minutes) * 60_000;
        lock(&self.desk).countdown = (minutes > 0).then_some(Countdown {
            ends_at,
            minutes,
            label,
        });
        Ok(())
    }

    fn check(&self, scene: &Scene) -> Result<(), Refusal> {
        desk::check(scene, &self.sites).map_err(|why| Refusal::new(RefusalCode::BadRequest, why))
    }

    fn site(&self, site: &SiteId) -> Result<(), Refusal> {
        if self.sites.contains(site) {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalCode::NotFound,
            format!("there is no site “{}” in this event", site.0),
        ))
    }
}

/// Director's orders are the director's; a site answers for itself, the stage for the stage.
fn allowed(who: &Identity, order: &Order) -> Result<(), Refusal> {
    let fits = match order {
        Order::Ready => who.role == Role::Site,
        Order::Seen { .. } => matches!(who.role, Role::Stage | Role::Site),
        _ => who.role == Role::Director,
    };
    if fits {
        Ok(())
    } else {
        Err(Refusal::new(
            RefusalCode::NotAllowed,
            "your link does not give this order: ask the director",
        ))
    }
}

fn unavailable(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(RefusalCode::Unavailable, error.to_string())
}
