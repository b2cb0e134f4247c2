//! One of the scripted audience: asks, votes, and sometimes wants to speak.

use std::time::Instant;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Client, Person, Scene, attempt, entry, play, questions};

/// Somebody who is called looks at the camera this long before they are ready, in seconds.
const PREPARES_S: u64 = 4;

/// Plays one member of the audience until `stop`: the `seat`-th of `people`, who asks and votes when it is their turn.
pub async fn listener(scene: Scene, seat: usize, people: usize, stop: CancellationToken) {
    let person = Listener {
        scene: scene.clone(),
        seat,
        people,
        begun: Instant::now(),
        asked: 0,
        voted: 0,
        raised: 0,
        called: None,
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
    raised: usize,
    /// Since when they have been called.
    called: Option<Instant>,
}

impl Person for Listener {
    const TOPICS: &'static [&'static str] = &["public", "mine"];

    async fn act(&mut self, client: &mut Client) -> anyhow::Result<()> {
        let elapsed = self.begun.elapsed().as_secs();
        let audience = &self.scene.script.audience;
        let (ask_s, vote_s, hand_s) = (
            audience.ask_every_s,
            audience.vote_every_s,
            audience.hand_every_s,
        );
        if elapsed >= ask_s * self.turn(self.asked) {
            let asked = question(&self.scene, self.asked * self.people + self.seat);
            self.asked += 1;
            attempt(client, "ask", asked).await?;
        }
        // The first votes come once there is something to vote for.
        if elapsed >= vote_s * self.turn(self.voted) + 5 {
            self.vote(client).await?;
            self.voted += 1;
        }
        if hand_s > 0 && elapsed >= hand_s * self.turn(self.raised) + 20 {
            self.raise(client).await?;
            self.raised += 1;
        }
        self.come(client).await
    }
}

impl Listener {
    /// When it is this person's turn again, counted in turns of everybody.
    fn turn(&self, done: usize) -> u64 {
        (done * self.people + self.seat) as u64
    }

    async fn vote(&self, client: &mut Client) -> anyhow::Result<()> {
        let mine: Vec<String> = client.view("mine").map(|(key, _)| key.clone()).collect();
        let open = questions(client, "public", |key| !mine.iter().any(|own| own == key));
        let open: Vec<&Value> = open
            .iter()
            .filter(|question| question["state"] == "approved")
            .collect();
        if let Some(chosen) = open.get((self.seat * 7 + self.voted) % open.len().max(1)) {
            attempt(client, "vote", json!({ "question": chosen["id"] })).await?;
        }
        Ok(())
    }

    async fn raise(&self, client: &mut Client) -> anyhow::Result<()> {
        let offered = entry(client, "public", "queue").is_some_and(|queue| queue["hands"] == true);
        if !offered {
            return Ok(());
        }
        let turn = self.raised * self.people + self.seat;
        let mut fields = question(&self.scene, turn);
        let about = deal(&self.scene.script.audience.abouts, turn, 1);
        if let Some(map) = fields.as_object_mut() {
            for key in ["text", "theme", "show_name"] {
                map.remove(key);
            }
            map.extend(about.map(|about| ("about".to_owned(), Value::from(about))));
        }
        attempt(client, "hand", fields).await?;
        Ok(())
    }

    /// Who is called comes, after a moment.
    async fn come(&mut self, client: &mut Client) -> anyhow::Result<()> {
        let called = entry(client, "mine", "hand").is_some_and(|hand| hand["state"] == "called");
        if !called {
            self.called = None;
            return Ok(());
        }
        let since = *self.called.get_or_insert_with(Instant::now);
        if since.elapsed().as_secs() >= PREPARES_S {
            self.called = None;
            attempt(client, "hand_ready", json!({})).await?;
        }
        Ok(())
    }
}

/// The `turn`-th of a list that is dealt round in steps.
fn deal(from: &[String], turn: usize, step: usize) -> Option<String> {
    from.get((turn * step) % from.len().max(1)).cloned()
}

fn question(scene: &Scene, turn: usize) -> Value {
    let audience = &scene.script.audience;
    let deal = |from: &[String], step: usize| deal(from, turn, step);
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
