//! The scripted director: takes by the clock, and the next session every so often.

use std::time::Instant;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Client, DIRECTOR, Person, Scene, entry, play};

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
