//! What the pages see of the programme: facts from the engine, the seats and the desk, written into the topics
//! `programme`, `direct`, `stage` and `site/{id}` of docs/protocol.md. Writes only; decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use pleniere_media::{EngineLife, RecordingState, State};
use pleniere_media_core::scene::SiteId;
use pleniere_moderation::{Hub, Readers, Role, Topic};
use serde_json::{Value, json};

use super::desk::Desk;

/// Levels and health words change often: the director's view is sent this often at most, per second.
const DIRECT_HZ: f32 = 4.0;
/// Below this level, in dBFS RMS, a live room counts as silent.
const SILENT_DB: f32 = -60.0;
/// A lack is named after this long, in milliseconds: shorter ones are hiccups.
const NAMED_AFTER_MS: i64 = 3_000;

/// What is known of one site's line.
#[derive(Clone, Debug, Default)]
pub struct SiteFacts {
    /// A publisher holds the seat.
    pub publishing: bool,
    /// A publisher held it once.
    pub seen: bool,
    /// Kilobits a second received.
    pub kbps: f32,
    /// Percent of packets lost before repair.
    pub loss_percent: f32,
    /// Since when there is no picture or no sound although somebody publishes, unix milliseconds.
    lacks: BTreeMap<&'static str, i64>,
}

/// The topics of one event that this part writes.
pub struct Views {
    programme: Topic,
    direct: Topic,
    stage: Topic,
    sites: BTreeMap<SiteId, Topic>,
}

impl Views {
    /// Opens the topics.
    pub fn new(hub: &Hub, sites: &[SiteId]) -> Self {
        let own = |site: &SiteId| {
            let readers = Readers::roles(&[Role::Director, Role::Moderator]).or_site(&site.0);
            (
                site.clone(),
                hub.topic(&format!("site/{}", site.0), readers, None),
            )
        };
        Self {
            programme: hub.topic("programme", Readers::everybody(), None),
            direct: hub.topic(
                "direct",
                Readers::roles(&[Role::Director, Role::Moderator]),
                Some(DIRECT_HZ),
            ),
            stage: hub.topic(
                "stage",
                Readers::roles(&[Role::Stage, Role::Director, Role::Moderator]),
                None,
            ),
            sites: sites.iter().map(own).collect(),
        }
    }

    /// The question seen on air from programme time `at`, or that none is.
    pub fn air(&self, question: Option<&Value>, at: i64) {
        self.programme
            .set("air", &json!({ "question": question, "at": at }));
    }

    /// Writes everything that follows from the programme's state, the seats and the desk.
    pub fn write(
        &self,
        state: &State,
        facts: &mut BTreeMap<SiteId, SiteFacts>,
        simulated: &BTreeSet<SiteId>,
        sessions_at: &BTreeMap<String, i64>,
        desk: &Desk,
        now: i64,
    ) {
        self.write_programme(state, sessions_at);
        self.write_direct(state, desk);
        for (site, topic) in &self.sites {
            let facts = facts.entry(site.clone()).or_default();
            let tally = tally(site, state, desk);
            let word = if facts.publishing {
                "live"
            } else if facts.seen {
                "lost"
            } else {
                "absent"
            };
            let muted = state.muted.contains(site);
            self.programme.set(
                &format!("site/{}", site.0),
                &json!({ "state": word, "tally": tally, "muted": muted }),
            );
            self.direct.set(
                &format!("site/{}", site.0),
                &direct_site(site, word, state, facts, simulated.contains(site), now),
            );
            self.write_site(site, topic, tally, state, desk);
        }
        for (key, value) in [
            (
                "message",
                desk.messages.get("stage").map(|message| json!(message)),
            ),
            (
                "countdown",
                desk.countdown.as_ref().map(|countdown| json!(countdown)),
            ),
        ] {
            match value {
                Some(value) => self.stage.set(key, &value),
                None => self.stage.unset(key),
            }
        }
    }

    fn write_programme(&self, state: &State, sessions_at: &BTreeMap<String, i64>) {
        self.programme.set(
            "event",
            &json!({
                "phase": state.phase, "session": state.session.as_ref().map(|(id, _)| id),
                "session_at": state.session.as_ref().map(|(_, at)| at), "sessions_at": sessions_at, "masked": state.masked,
            }),
        );
        if let Some(shown) = &state.shown {
            self.programme.set("scene", &json!({ "layout": shown.scene.layout, "slots": shown.scene.slots, "at": shown.at }));
        }
    }

    fn write_direct(&self, state: &State, desk: &Desk) {
        if let Some(intent) = &state.intended {
            let shown_at = state
                .shown
                .as_ref()
                .filter(|shown| shown.id == intent.id)
                .map(|shown| shown.at);
            self.direct.set(
                "intent",
                &json!({
                    "layout": intent.scene.layout, "slots": intent.scene.slots, "asked_at": intent.at,
                    "shown_at": shown_at, "by": desk.last_cut_by,
                }),
            );
        }
        match &desk.preview {
            Some(scene) => self.direct.set("preview", scene),
            None => self.direct.unset("preview"),
        }
        let life = match state.engine.life {
            EngineLife::Absent => "absent",
            EngineLife::Restarting => "restarting",
            EngineLife::Running => "running",
        };
        self.direct.set(
            "engine",
            &json!({ "state": life, "since": state.engine.since, "restarts": state.engine.restarts }),
        );
        match &state.recording {
            Some(recording) => self.direct.set("recording", &recording_view(recording)),
            None => self.direct.set("recording", &json!({ "state": "stopped" })),
        }
        for site in self.sites.keys() {
            let key = format!("ready/{}", site.0);
            match desk.standby.get(site) {
                Some(standby) => self.direct.set(&key, standby),
                None => self.direct.unset(&key),
            }
        }
    }

    fn write_site(&self, site: &SiteId, topic: &Topic, tally: &str, state: &State, desk: &Desk) {
        let standby = desk.standby.get(site);
        let word = match (tally, standby) {
            ("air", _) => "air",
            (_, Some(_)) => "standby",
            _ => "off",
        };
        let since = match word {
            "air" => state.shown.as_ref().map(|shown| shown.at),
            "standby" => standby.map(|standby| standby.asked_at),
            _ => None,
        };
        topic.set("tally", &json!({ "state": word, "since": since }));
        match standby {
            Some(standby) => topic.set("standby", standby),
            None => topic.unset("standby"),
        }
        match desk.messages.get(&site.0) {
            Some(message) => topic.set("message", message),
            None => topic.unset("message"),
        }
    }
}

fn recording_view(recording: &RecordingState) -> Value {
    json!({
        "state": if recording.running { "recording" } else { "stopped" }, "id": recording.id, "bytes": recording.bytes,
        "grew_at": recording.grew_at, "started_at": recording.started_at, "failing": recording.failing,
    })
}

/// `air` when the site is in the picture, `preview` when it is being prepared.
fn tally(site: &SiteId, state: &State, desk: &Desk) -> &'static str {
    if state.engine.life == EngineLife::Running
        && state
            .shown
            .as_ref()
            .is_some_and(|shown| shown.scene.slots.contains(site))
    {
        "air"
    } else if desk
        .preview
        .as_ref()
        .is_some_and(|scene| scene.slots.contains(site))
    {
        "preview"
    } else {
        "off"
    }
}

fn direct_site(
    site: &SiteId,
    word: &str,
    state: &State,
    facts: &mut SiteFacts,
    simulated: bool,
    now: i64,
) -> Value {
    let report = state.sites.get(site);
    let level = report.and_then(|report| report.level_db);
    let picture = report.is_some_and(|report| report.fps > 0.0);
    let mut lack = |code: &'static str, missing: bool| {
        if missing && facts.publishing {
            facts.lacks.entry(code).or_insert(now);
        } else {
            facts.lacks.remove(code);
        }
    };
    lack("no_picture", !picture);
    lack("no_sound", level.is_none());
    lack("silent", level.is_some_and(|level| level < SILENT_DB));
    let words: Vec<Value> = facts
        .lacks
        .iter()
        .filter(|(_, since)| now - **since >= NAMED_AFTER_MS)
        .map(|(code, since)| json!({ "code": code, "since": since }))
        .collect();
    json!({
        "state": word, "words": words, "level_db": level.map(|level| level.round()), "simulated": simulated,
        "kbps": facts.kbps.round(), "loss_percent": (facts.loss_percent * 10.0).round() / 10.0,
    })
}
