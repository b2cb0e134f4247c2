//! The scripted people: a director, a moderator, an audience. Each is a [`Client`] on the event's own WebSocket with a
//! key like anybody's, and each makes room when a person sits down at the same desk.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::client::{Answer, Client};
use super::script::Script;

/// How often each scripted person looks at the views and decides.
const LOOK: Duration = Duration::from_millis(500);
/// A scripted person whose connection broke comes back after this long.
const COME_BACK: Duration = Duration::from_secs(1);
/// The names the scripted staff carry, so that they know their own marks.
pub const DIRECTOR: &str = "Régie simulée";
/// As [`DIRECTOR`], at the moderators' desk.
pub const MODERATOR: &str = "Modération simulée";

/// What every scripted person needs to know of the event.
#[derive(Clone)]
pub struct Scene {
    /// Where the event is served (loopback).
    pub server: SocketAddr,
    /// Event id.
    pub event: String,
    /// Site ids in the order of their numbers.
    pub sites: Vec<String>,
    /// Session ids of the run sheet.
    pub sessions: Vec<String>,
    /// Ids a question may carry.
    pub publics: Vec<String>,
    /// Ids a question may carry.
    pub themes: Vec<String>,
    /// The script.
    pub script: Script,
}

/// Somebody who looks at the views twice a second and may act.
trait Person: Send {
    /// The topics this person reads.
    const TOPICS: &'static [&'static str];

    /// One look.
    ///
    /// # Errors
    /// The connection ended.
    fn act(&mut self, client: &mut Client) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// Plays the director until `stop`.
pub async fn director(scene: Scene, key: String, stop: CancellationToken) {
    let person = Director {
        scene: scene.clone(),
        begun: Instant::now(),
        next_take: 0,
        sessions_begun: 0,
    };
    play(scene, Some(key), stop, person).await;
}

struct Director {
    scene: Scene,
    begun: Instant,
    next_take: usize,
    sessions_begun: u64,
}

impl Person for Director {
    const TOPICS: &'static [&'static str] = &["direct", "programme"];

    async fn act(&mut self, client: &mut Client) -> anyhow::Result<()> {
        let elapsed = self.begun.elapsed().as_secs();
        if elapsed / self.scene.script.run_sheet.session_every_s >= self.sessions_begun {
            self.next_session(client).await?;
            self.sessions_begun += 1;
        }
        let takes = &self.scene.script.takes;
        if takes.is_empty() || rests(client, self.scene.script.director_rests_s) {
            return Ok(());
        }
        let take = &takes[self.next_take % takes.len()];
        if elapsed >= (self.next_take / takes.len()) as u64 * self.scene.script.loop_s + take.at_s {
            let site = |number: &usize| self.scene.sites.get(number.wrapping_sub(1));
            let slots: Vec<&String> = take.slots.iter().filter_map(site).collect();
            client
                .command("take", json!({ "layout": take.layout, "slots": slots }))
                .await?;
            self.next_take += 1;
        }
        Ok(())
    }
}

impl Director {
    /// The session after the current one: after a restart the run sheet goes on where it stood.
    async fn next_session(&self, client: &mut Client) -> anyhow::Result<()> {
        let current =
            entry(client, "programme", "event").and_then(|event| event["session"].as_str());
        let place =
            current.and_then(|id| self.scene.sessions.iter().position(|session| session == id));
        let next = place.map_or(0, |place| place + 1);
        if let Some(session) = self.scene.sessions.get(next).cloned() {
            client
                .command("session", json!({ "session": session }))
                .await?;
        }
        Ok(())
    }
}

/// Whether a person cut less than `rest_s` seconds ago.
fn rests(client: &Client, rest_s: u64) -> bool {
    let Some(intent) = entry(client, "direct", "intent") else {
        return false;
    };
    let by_person = intent["by"].as_str().is_some_and(|by| by != DIRECTOR);
    let asked_at = intent["asked_at"].as_i64().unwrap_or(0);
    by_person
        && crate::house::unix_ms() - asked_at < i64::try_from(rest_s).unwrap_or(i64::MAX) * 1000
}

/// Plays the moderator until `stop`.
pub async fn moderator(scene: Scene, key: String, stop: CancellationToken) {
    let person = Moderator {
        pace: scene.script.moderator.clone(),
        seen: BTreeMap::new(),
        last_air: Instant::now(),
    };
    play(scene, Some(key), stop, person).await;
}

struct Moderator {
    pace: super::script::Moderator,
    seen: BTreeMap<i64, Instant>,
    last_air: Instant,
}

impl Person for Moderator {
    const TOPICS: &'static [&'static str] = &["moderation"];

    async fn act(&mut self, client: &mut Client) -> anyhow::Result<()> {
        let colleague = |(key, value): (&String, &Value)| {
            key.starts_with("colleague/") && value["name"] != MODERATOR
        };
        if client.view("moderation").any(colleague) {
            return Ok(());
        }
        let questions = questions(client, "moderation", |_| true);
        match self.choose(&questions) {
            Some((name, question)) => {
                let fields = json!({ "question": question["id"], "version": question["version"] });
                if let Answer::Refused(code) = client.command(name, fields).await? {
                    tracing::debug!(name, code, "the scripted moderator was refused");
                }
            }
            None => return Ok(()),
        }
        Ok(())
    }
}

impl Moderator {
    /// The next thing to do with one of the questions.
    fn choose<'a>(&mut self, questions: &'a [Value]) -> Option<(&'static str, &'a Value)> {
        let in_state = |state: &'static str| {
            questions
                .iter()
                .filter(move |question| question["state"] == state)
        };
        for question in in_state("received") {
            let since = *self
                .seen
                .entry(question["id"].as_i64().unwrap_or(0))
                .or_insert_with(Instant::now);
            if since.elapsed().as_secs() >= self.pace.approve_after_s {
                return Some(("approve", question));
            }
        }
        if let Some(question) = in_state("on_air").next() {
            return (self.last_air.elapsed().as_secs() >= self.pace.answer_after_s)
                .then_some(("answer", question));
        }
        if self.last_air.elapsed().as_secs() < self.pace.air_every_s {
            return None;
        }
        let waiting = in_state("staged").chain(in_state("approved"));
        let best = waiting.max_by_key(|question| question["votes"].as_i64().unwrap_or(0))?;
        self.last_air = Instant::now();
        Some(("air", best))
    }
}

/// Plays one member of the audience until `stop`: the `seat`-th of `people`, who asks and votes when it is their turn.
pub async fn listener(scene: Scene, seat: usize, people: usize, stop: CancellationToken) {
    let person = Listener {
        scene: scene.clone(),
        seat,
        people,
        begun: Instant::now(),
        asked: 0,
        voted: 0,
    };
    play(scene, None, stop, person).await;
}

struct Listener {
    scene: Scene,
    seat: usize,
    people: usize,
    begun: Instant,
    asked: usize,
    voted: usize,
}

impl Person for Listener {
    const TOPICS: &'static [&'static str] = &["public", "mine"];

    async fn act(&mut self, client: &mut Client) -> anyhow::Result<()> {
        let elapsed = self.begun.elapsed().as_secs();
        let audience = &self.scene.script.audience;
        let turn = |done: usize| (done * self.people + self.seat) as u64;
        if elapsed >= audience.ask_every_s * turn(self.asked) {
            let asked = question(&self.scene, self.asked * self.people + self.seat);
            client.command("ask", asked).await?;
            self.asked += 1;
        }
        // The first votes come once there is something to vote for.
        if elapsed >= audience.vote_every_s * turn(self.voted) + 5 {
            let mine: Vec<String> = client.view("mine").map(|(key, _)| key.clone()).collect();
            let open = questions(client, "public", |key| !mine.iter().any(|own| own == key));
            let open: Vec<&Value> = open
                .iter()
                .filter(|question| question["state"] == "approved")
                .collect();
            if let Some(chosen) = open.get((self.seat * 7 + self.voted) % open.len().max(1)) {
                client
                    .command("vote", json!({ "question": chosen["id"] }))
                    .await?;
            }
            self.voted += 1;
        }
        Ok(())
    }
}

/// The questions of a topic whose keys pass.
fn questions(client: &Client, topic: &str, pass: impl Fn(&str) -> bool) -> Vec<Value> {
    let fits = |(key, _): &(&String, &Value)| key.starts_with("q/") && pass(key);
    client
        .view(topic)
        .filter(fits)
        .map(|(_, value)| value.clone())
        .collect()
}

fn question(scene: &Scene, turn: usize) -> Value {
    let audience = &scene.script.audience;
    let deal = |from: &[String], step: usize| from.get((turn * step) % from.len().max(1)).cloned();
    let mut fields =
        json!({ "text": deal(&audience.questions, 1).unwrap_or_else(|| "Une question ?".into()) });
    if let Some(map) = fields.as_object_mut() {
        let mut put = |key: &str, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                map.insert(key.into(), value.into());
            }
        };
        let name = deal(&audience.names, 1);
        let named = name.as_ref().is_some_and(|name| !name.is_empty());
        put("name", name);
        put("public", deal(&scene.publics, 1));
        put("theme", deal(&scene.themes, 3));
        put("site", deal(&scene.sites, 2));
        map.insert("show_name".into(), named.into());
    }
    fields
}

fn entry<'a>(client: &'a Client, topic: &str, key: &str) -> Option<&'a Value> {
    client
        .view(topic)
        .find(|(name, _)| *name == key)
        .map(|(_, value)| value)
}

/// Keeps a client connected and lets the person act twice a second, until `stop`.
async fn play<P: Person>(
    scene: Scene,
    key: Option<String>,
    stop: CancellationToken,
    mut person: P,
) {
    let life = async {
        loop {
            if let Err(error) = attend(&scene, key.as_deref(), &mut person).await {
                tracing::debug!(%error, "a scripted person lost the line and comes back");
            }
            tokio::time::sleep(COME_BACK).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = life => {}
    }
}

async fn attend<P: Person>(scene: &Scene, key: Option<&str>, person: &mut P) -> anyhow::Result<()> {
    let mut client = Client::connect(scene.server, &scene.event, key, P::TOPICS).await?;
    loop {
        client.listen(LOOK).await?;
        person.act(&mut client).await?;
    }
}
