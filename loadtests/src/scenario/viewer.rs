//! Viewers as the page is one: they remember what they have, come back when the server said, go on where they were, and
//! repeat what was not answered. What each one has is checked against what all others got.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::fleet::{Crowd, Line, Roll};

/// First and longest wait of who comes to a closed door.
const BACKOFF: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(8)];
/// How far returns spread when the server did not say.
const SPREAD_MS: u64 = 10_000;

/// Where a viewer is in a topic: its life and the number of changes.
type Position = (String, u64);

#[derive(Default)]
struct Viewer {
    participant: Option<String>,
    at: Option<Position>,
    /// When it last got a whole view or went on where it was; none while away.
    in_place: Option<Instant>,
    /// Welcome, and not gone since.
    welcome: bool,
    /// Unsuccessful tries in a row.
    tries: u32,
    /// A command that was not answered.
    waiting: Option<String>,
}

/// All of them.
pub struct Viewers {
    viewers: Vec<Viewer>,
    /// What every viewer at a position has.
    views: HashMap<Position, BTreeMap<String, Value>>,
    /// The message that led there: from the position before (true), or whole.
    messages: HashMap<(Position, bool), Vec<u8>>,
    /// Votes that were given.
    given: u64,
    /// Votes that were acknowledged.
    done: u64,
    spread_ms: u64,
    luck: u64,
    /// Who wants to come back, and when.
    pub returning: Vec<(Instant, usize)>,
    pub roll: Roll,
}

impl Viewers {
    /// So many who were never here.
    pub fn new(count: usize) -> Self {
        Self {
            viewers: (0..count).map(|_| Viewer::default()).collect(),
            views: HashMap::new(),
            messages: HashMap::new(),
            given: 0,
            done: 0,
            spread_ms: SPREAD_MS,
            luck: 0x9E37_79B9_7F4A_7C15,
            returning: Vec::new(),
            roll: Roll::default(),
        }
    }

    /// `who` votes, at once or as soon as it is back. Whoever still waits for an answer is passed over.
    pub fn vote(&mut self, who: usize, question: usize, line: Option<&mut Line>) {
        let viewer = &mut self.viewers[who];
        if viewer.waiting.is_some() {
            return;
        }
        self.given += 1;
        let vote = json!({ "do": "vote", "id": format!("{who}-{question}"), "question": question })
            .to_string();
        if let Some(line) = line.filter(|_| viewer.welcome) {
            line.send(&vote);
        }
        viewer.waiting = Some(vote);
    }

    /// Commands under way.
    pub fn waiting(&self) -> usize {
        self.viewers
            .iter()
            .filter(|viewer| viewer.waiting.is_some())
            .count()
    }

    /// Whether somebody has not come back since `stopped`.
    pub fn gone_or_unsure(&self, stopped: Instant) -> bool {
        self.viewers
            .iter()
            .any(|viewer| viewer.in_place.is_none_or(|at| at < stopped))
    }

    /// How many are where, for an error.
    pub fn state(&self) -> String {
        let here = self
            .viewers
            .iter()
            .filter(|viewer| viewer.in_place.is_some())
            .count();
        format!(
            "{here} of {} are back, {} commands wait",
            self.viewers.len(),
            self.waiting()
        )
    }

    /// Everybody has what the server has, and each vote counts once.
    ///
    /// # Errors
    /// Not so.
    pub fn check_whole(&self, list: &Value) -> anyhow::Result<()> {
        let questions: BTreeMap<String, &Value> = list["questions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|question| (format!("q/{}", question["id"]), question))
            .collect();
        for (who, viewer) in self.viewers.iter().enumerate() {
            let at = viewer
                .at
                .as_ref()
                .with_context(|| format!("viewer {who} has no view"))?;
            let view = self
                .views
                .get(at)
                .with_context(|| format!("viewer {who} is at {at:?}"))?;
            let theirs = view.iter().filter(|(key, _)| key.starts_with("q/"));
            ensure!(
                theirs
                    .map(|(key, value)| (key.clone(), value))
                    .eq(questions.iter().map(|(key, value)| (key.clone(), *value))),
                "viewer {who} has another view than the server"
            );
        }
        ensure!(
            self.waiting() == 0,
            "{} votes were never answered",
            self.waiting()
        );
        let counted: u64 = questions
            .values()
            .filter_map(|question| question["votes"].as_u64())
            .sum();
        ensure!(
            (counted, self.done) == (self.given, self.given),
            "{} votes given, {} acknowledged, {counted} counted",
            self.given,
            self.done
        );
        Ok(())
    }

    fn hello(&self, who: usize) -> String {
        let viewer = &self.viewers[who];
        let mut topic = json!({ "topic": "public" });
        if let Some((epoch, offset)) = &viewer.at {
            topic["epoch"] = json!(epoch);
            topic["offset"] = json!(offset);
        }
        let mut hello = json!({ "topics": [topic] });
        if let Some(participant) = &viewer.participant {
            hello["participant"] = json!(participant);
        }
        json!({ "hello": hello }).to_string()
    }

    fn hear(&mut self, who: usize, line: &mut Line, text: &[u8]) -> anyhow::Result<()> {
        if text.starts_with(b"{\"topic\"") {
            return self.follow(who, text);
        }
        let message: Value = serde_json::from_slice(text)?;
        let welcome = &message["welcome"];
        if welcome.is_object() {
            self.spread_ms = welcome["spread_ms"].as_u64().unwrap_or(self.spread_ms);
            let viewer = &mut self.viewers[who];
            viewer.participant = welcome["participant"].as_str().map(str::to_owned);
            (viewer.welcome, viewer.tries) = (true, 0);
            if let Some(command) = &viewer.waiting {
                line.send(command);
            }
            return Ok(());
        }
        ensure!(
            message["done"].is_string(),
            "viewer {who} was answered {message}"
        );
        ensure!(
            self.viewers[who].waiting.take().is_some(),
            "viewer {who} was answered twice: {message}"
        );
        self.done += 1;
        Ok(())
    }

    /// A change or a snapshot of the public view: the next one, and the same as everybody's.
    fn follow(&mut self, who: usize, text: &[u8]) -> anyhow::Result<()> {
        let (epoch, offset, whole) = head(text).context("a change without epoch or offset")?;
        let viewer = &mut self.viewers[who];
        let before = viewer.at.take();
        let at = (epoch, offset);
        if !whole {
            let expected = before
                .as_ref()
                .map(|(epoch, offset)| (epoch.as_str(), offset + 1));
            ensure!(
                expected == Some((&at.0, at.1)),
                "viewer {who} got {at:?} after {before:?}: a hole or a repetition"
            );
        }
        viewer.at = Some(at.clone());
        viewer.in_place.get_or_insert_with(Instant::now);
        let key = (at, !whole);
        if let Some(known) = self.messages.get(&key) {
            ensure!(
                known == text,
                "viewer {who} got another message for {key:?}"
            );
            return Ok(());
        }
        let message: Value = serde_json::from_slice(text)?;
        let mut view = before
            .filter(|_| !whole)
            .and_then(|at| self.views.get(&at))
            .cloned()
            .unwrap_or_default();
        for (key, value) in message["set"].as_object().context("no set")? {
            view.insert(key.clone(), value.clone());
        }
        for gone in message["unset"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            view.remove(gone);
        }
        if let Some(other) = self.views.get(&key.0) {
            ensure!(
                *other == view,
                "a snapshot and the changes to {:?} disagree",
                key.0
            );
        }
        self.views.insert(key.0.clone(), view);
        self.messages.insert(key, text.to_vec());
        Ok(())
    }

    /// A number below `below`: the same ones in every run.
    fn chance(&mut self, below: u64) -> u64 {
        self.luck ^= self.luck << 13;
        self.luck ^= self.luck >> 7;
        self.luck ^= self.luck << 17;
        self.luck % below.max(1)
    }
}

/// Epoch and offset of a change or snapshot, and whether it is a snapshot.
pub fn head(text: &[u8]) -> Option<(String, u64, bool)> {
    let text = std::str::from_utf8(text).ok()?;
    let (_, rest) = text.split_once("\"epoch\":\"")?;
    let (epoch, rest) = rest.split_once("\",\"offset\":")?;
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    let whole = rest[end..].starts_with(",\"snapshot\":true");
    Some((epoch.to_owned(), rest[..end].parse().ok()?, whole))
}

impl Crowd for Viewers {
    fn roll(&mut self) -> &mut Roll {
        &mut self.roll
    }

    fn opened(&mut self, who: usize, line: &mut Line) {
        line.send(&self.hello(who));
    }

    fn text(&mut self, who: usize, line: &mut Line, text: &[u8]) {
        if let Err(error) = self.hear(who, line, text) {
            self.roll.wrong(format!("{error:#}"));
        }
    }

    /// Comes back when the server said, else as the page does: some time within the spread, and longer from try to try.
    fn closed(&mut self, who: usize, _code: u16, reason: &str) {
        let viewer = &mut self.viewers[who];
        (viewer.in_place, viewer.welcome) = (None, false);
        let tries = viewer.tries;
        viewer.tries += 1;
        let said = reason
            .strip_prefix("back in ")
            .and_then(|rest| rest.strip_suffix(" ms"));
        let wait = match said.and_then(|ms| ms.parse().ok()) {
            Some(ms) => Duration::from_millis(ms),
            None => {
                let backoff = (BACKOFF[0] * 2_u32.pow(tries.min(10))).min(BACKOFF[1]);
                let spread = if tries == 0 {
                    self.spread_ms
                } else {
                    backoff.as_millis() as u64 / 2
                };
                backoff / 2 + Duration::from_millis(self.chance(spread))
            }
        };
        self.returning.push((Instant::now() + wait, who));
    }

    fn joined(&mut self) -> usize {
        self.viewers
            .iter()
            .filter(|viewer| viewer.in_place.is_some())
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_change_says_where_it_leads() {
        let change = br#"{"topic":"public","epoch":"a1","offset":17,"set":{},"unset":[]}"#;
        let snapshot = br#"{"topic":"public","epoch":"a1","offset":17,"snapshot":true,"set":{}}"#;
        assert_eq!(head(change), Some(("a1".to_owned(), 17, false)));
        assert_eq!(head(snapshot), Some(("a1".to_owned(), 17, true)));
        assert_eq!(head(b"{}"), None);
    }
}
