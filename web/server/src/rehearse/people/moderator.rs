//! One of the two scripted moderators. Both sort what comes in, each their half; the first keeps the air, the second the
//! hands. What becomes of a question is in the script.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Client, MODERATORS, Person, Scene, attempt, play, questions, seen};
use crate::rehearse::script::{Case, Moderator as Pace, Verdict};

/// Plays the moderator of this number (0 or 1) until `stop`.
pub async fn moderator(scene: Scene, number: usize, key: String, stop: CancellationToken) {
    let person = Moderator {
        pace: scene.script.moderator.clone(),
        number,
        since: BTreeMap::new(),
        reads: None,
        plain: BTreeSet::new(),
        last_air: Instant::now(),
        last_call: Instant::now(),
    };
    play(scene, Some(key), stop, person).await;
}

struct Moderator {
    pace: Pace,
    number: usize,
    /// Since when each question or hand has been in the state it was seen in.
    since: BTreeMap<(String, String), Instant>,
    /// The question this moderator claimed.
    reads: Option<i64>,
    /// Questions for which the script asks what the rules refuse: they are approved.
    plain: BTreeSet<i64>,
    last_air: Instant,
    last_call: Instant,
}

/// A command and its fields.
type Act = (&'static str, Value);

impl Person for Moderator {
    const TOPICS: &'static [&'static str] = &["moderation"];

    async fn act(&mut self, client: &mut Client) -> anyhow::Result<()> {
        let colleague = |(key, value): (&String, &Value)| {
            let scripted = MODERATORS.iter().any(|name| value["name"] == *name);
            key.starts_with("colleague/") && !scripted
        };
        if client.view("moderation").any(colleague) {
            return self.let_go(client).await;
        }
        let questions = questions(client, "moderation", |_| true);
        let act = self.sort(&questions).or_else(|| match self.number {
            0 => self.keep_the_air(&questions),
            _ => self.keep_the_floor(&hands(client)),
        });
        let Some((name, fields)) = act else {
            return Ok(());
        };
        let question = fields["question"].as_i64();
        let refused = attempt(client, name, fields).await?;
        // What the script wishes and the rules do not allow is not wished again.
        if refused.is_some_and(|code| code != "claimed" && code != "stale") {
            self.plain.extend(question);
        }
        Ok(())
    }
}

impl Moderator {
    /// A person sat down at the desk: nothing of theirs stays claimed.
    async fn let_go(&mut self, client: &mut Client) -> anyhow::Result<()> {
        match self.reads.take() {
            Some(question) => {
                let fields = json!({ "question": question });
                attempt(client, "release", fields).await.map(drop)
            }
            None => Ok(()),
        }
    }

    /// Reads what came in: first claims a question, then decides about it.
    fn sort(&mut self, questions: &[Value]) -> Option<Act> {
        let own =
            |question: &&Value| question["id"].as_u64().unwrap_or(0) % 2 == self.number as u64;
        let waiting = questions.iter().filter(own).find(|question| {
            let waits = match question["state"].as_str() {
                Some("received") => self.pace.approve_after_s,
                Some("held") => self.pace.approve_after_s + self.pace.held_s,
                _ => return false,
            };
            age(&mut self.since, "q", question) >= waits
        })?;
        let id = waiting["id"].as_i64();
        if self.reads != id {
            self.reads = id;
            return Some(("claim", json!({ "question": id })));
        }
        // Reading takes a moment, in which colleagues see who reads.
        if age(&mut self.since, "claim", waiting) < self.pace.reads_s {
            return None;
        }
        self.reads = None;
        let plain = id.is_some_and(|id| self.plain.contains(&id));
        let cases = if plain {
            &[]
        } else {
            self.pace.cases.as_slice()
        };
        Some(decide(waiting, questions, cases))
    }

    /// Puts the most supported question on air, and marks it as answered after a while.
    fn keep_the_air(&mut self, questions: &[Value]) -> Option<Act> {
        let in_state = |state: &'static str| {
            questions
                .iter()
                .filter(move |question| question["state"] == state)
        };
        if let Some(question) = in_state("on_air").next() {
            let over = self.last_air.elapsed().as_secs() >= self.pace.answer_after_s;
            return over.then(|| ("answer", seen("question", question)));
        }
        if self.last_air.elapsed().as_secs() < self.pace.air_every_s {
            return None;
        }
        let waiting = in_state("staged").chain(in_state("approved"));
        let best = waiting.max_by_key(|question| question["votes"].as_i64().unwrap_or(0))?;
        self.last_air = Instant::now();
        Some(("air", seen("question", best)))
    }

    /// Calls one hand after the other, gives the floor to whoever is ready, and thanks them after a while.
    fn keep_the_floor(&mut self, hands: &[Value]) -> Option<Act> {
        let in_state = |state: &'static str| hands.iter().find(move |hand| hand["state"] == state);
        let after = |since: &mut BTreeMap<_, _>, hand: &Value, seconds: u64, act: &'static str| {
            (age(since, "hand", hand) >= seconds).then(|| (act, seen("hand", hand)))
        };
        if let Some(speaks) = in_state("speaking") {
            return after(&mut self.since, speaks, self.pace.speaks_s, "hand_done");
        }
        if let Some(ready) = in_state("ready") {
            return after(&mut self.since, ready, self.pace.reads_s, "speaking");
        }
        if let Some(called) = in_state("called") {
            return after(&mut self.since, called, self.pace.call_every_s, "dismiss");
        }
        if self.last_call.elapsed().as_secs() < self.pace.call_every_s {
            return None;
        }
        let raised = hands.iter().filter(|hand| hand["state"] == "raised");
        let first = raised.min_by_key(|hand| hand["place"].as_u64().unwrap_or(u64::MAX))?;
        self.last_call = Instant::now();
        Some(("call", seen("hand", first)))
    }
}

/// Seconds since a question or hand was first seen in its state.
fn age(since: &mut BTreeMap<(String, String), Instant>, kind: &str, value: &Value) -> u64 {
    let number = value["hand"].as_u64().or(value["id"].as_u64()).unwrap_or(0);
    let state = value["state"].as_str().unwrap_or_default();
    let key = (format!("{kind}{number}"), state.to_owned());
    since
        .entry(key)
        .or_insert_with(Instant::now)
        .elapsed()
        .as_secs()
}

/// What becomes of a question: what the first case about it says, else it is approved.
fn decide(question: &Value, all: &[Value], cases: &[Case]) -> Act {
    let fields = |more: Value| {
        let mut fields = seen("question", question);
        if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
            fields.extend(more);
        }
        fields
    };
    let text = question["text"].as_str().unwrap_or_default();
    let noted = question["notes"]
        .as_array()
        .is_some_and(|notes| !notes.is_empty());
    let held = question["state"] == "held";
    match cases
        .iter()
        .find(|case| text.contains(&case.about))
        .map(|case| &case.verdict)
    {
        Some(Verdict::Hold { text }) if !held => ("hold", fields(json!({ "text": text }))),
        Some(Verdict::Merge { like }) => match same(question, all, like) {
            Some(into) => ("merge", fields(json!({ "into": into }))),
            None => ("approve", fields(json!({}))),
        },
        Some(Verdict::Defer { to }) => ("defer", fields(json!({ "to": to }))),
        Some(Verdict::Answer { written }) => {
            ("answer", fields(json!({ "written": written, "to": "all" })))
        }
        Some(Verdict::Decline { code, text }) => (
            "decline",
            fields(json!({ "reason": { "code": code, "text": text } })),
        ),
        Some(Verdict::Note { text }) if !noted => {
            ("note", json!({ "question": question["id"], "text": text }))
        }
        _ => ("approve", fields(json!({}))),
    }
}

/// An earlier question that says the same and is still open.
fn same<'q>(question: &Value, all: &'q [Value], like: &str) -> Option<&'q Value> {
    let open = |other: &&Value| matches!(other["state"].as_str(), Some("approved" | "staged"));
    let says = |other: &&Value| {
        other["text"]
            .as_str()
            .is_some_and(|text| text.contains(like))
    };
    let other = |one: &&Value| one["id"] != question["id"];
    Some(&all.iter().filter(open).filter(says).find(other)?["id"])
}

/// The open hands.
fn hands(client: &Client) -> Vec<Value> {
    let hands = client
        .view("moderation")
        .filter(|(key, _)| key.starts_with("hand/"));
    hands.map(|(_, hand)| hand.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::script::Script;

    fn question(id: u64, text: &str, state: &str) -> Value {
        json!({ "id": id, "text": text, "state": state, "version": 1 })
    }

    #[test]
    fn the_built_in_script_shows_every_way_a_question_can_go() {
        let script = Script::load(None).unwrap();
        let mut acts = BTreeSet::new();
        let mut seen: Vec<Value> = Vec::new();
        for (text, id) in script.audience.questions.iter().zip(1u64..) {
            let asked = question(id, text, "received");
            let (act, _) = decide(&asked, &seen, &script.moderator.cases);
            acts.insert(act);
            if act == "hold" {
                let held = question(id, text, "held");
                assert_eq!(decide(&held, &seen, &script.moderator.cases).0, "approve");
            }
            seen.push(question(id, text, "approved"));
        }
        for act in [
            "approve", "hold", "merge", "defer", "answer", "decline", "note",
        ] {
            assert!(acts.contains(act), "{act}: {acts:?}");
        }
    }

    #[test]
    fn what_says_the_same_is_merged_into_the_open_one() {
        let case = Case {
            about: "panne".into(),
            verdict: Verdict::Merge {
                like: "répare".into(),
            },
        };
        let asked = question(3, "Une panne ?", "received");
        let all = [
            question(1, "Qui répare ?", "answered"),
            question(2, "Qui répare ?", "approved"),
            asked.clone(),
        ];
        let (act, fields) = decide(&asked, &all, std::slice::from_ref(&case));
        assert_eq!(
            (act, &fields["into"], &fields["version"]),
            ("merge", &json!(2), &json!(1))
        );
        assert_eq!(
            decide(&asked, &all[..1], &[case]).0,
            "approve",
            "nothing to merge into"
        );
    }
}
