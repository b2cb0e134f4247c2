//! The scripted people: a director, two moderators, an audience. Each is a [`Client`] on the event's own WebSocket with a
//! key like anybody's, and each makes room when a person sits down at the same desk.

mod director;
mod listener;
mod moderator;

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::client::{Answer, Client};
use super::script::Script;

pub use director::director;
pub use listener::listener;
pub use moderator::moderator;

/// How often each scripted person looks at the views and decides.
const LOOK: Duration = Duration::from_millis(500);
/// A scripted person whose connection broke comes back after this long.
const COME_BACK: Duration = Duration::from_secs(1);
/// The names the scripted staff carry, so that they know their own marks.
pub const DIRECTOR: &str = "Régie simulée";
/// As [`DIRECTOR`], at the moderators' desk: two, so that claims and presence show.
pub const MODERATORS: [&str; 2] = ["Odile Martin", "Karim Benali"];

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

/// The questions of a topic whose keys pass.
fn questions(client: &Client, topic: &str, pass: impl Fn(&str) -> bool) -> Vec<Value> {
    let fits = |(key, _): &(&String, &Value)| key.starts_with("q/") && pass(key);
    client
        .view(topic)
        .filter(fits)
        .map(|(_, value)| value.clone())
        .collect()
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

/// Gives a command whose refusal is no misfortune (somebody else was quicker); its code when it was refused.
async fn attempt(client: &mut Client, name: &str, fields: Value) -> anyhow::Result<Option<String>> {
    match client.command(name, fields).await? {
        Answer::Done => Ok(None),
        Answer::Refused(code) => {
            tracing::debug!(name, code, "a scripted person was refused");
            Ok(Some(code))
        }
    }
}

/// A command on a question or hand as its sender saw it.
fn seen(kind: &str, value: &Value) -> Value {
    let id = if kind == "hand" {
        &value["hand"]
    } else {
        &value["id"]
    };
    json!({ kind: id, "version": value["version"] })
}
