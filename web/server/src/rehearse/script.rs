//! The script of a rehearsal: a file that says what the scripted people do. Reads and checks; acts nowhere.

use std::path::Path;

use anyhow::{Context as _, ensure};
use pleniere_media_core::scene::Layout;
use serde::Deserialize;

/// The whole script.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The takes start again after this many seconds.
    pub loop_s: u64,
    /// Seconds the scripted director stays away after a person's cut.
    pub director_rests_s: u64,
    /// The director's moves, by time in the loop.
    #[serde(default, rename = "take")]
    pub takes: Vec<Take>,
    /// The run sheet's pace.
    pub run_sheet: RunSheet,
    /// The scripted moderators.
    pub moderator: Moderator,
    /// The scripted audience.
    pub audience: Audience,
}

/// One move of the director.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Take {
    /// Seconds into the loop.
    pub at_s: u64,
    /// The layout to take.
    pub layout: Layout,
    /// Site numbers (from 1) in slot order; numbers the event has not are left out.
    pub slots: Vec<usize>,
}

/// How fast the sessions follow each other.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSheet {
    /// The next session begins after this many seconds.
    pub session_every_s: u64,
}

/// How the scripted moderators work.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moderator {
    /// A question is claimed this many seconds after it was seen.
    pub approve_after_s: u64,
    /// Reading it takes this long.
    pub reads_s: u64,
    /// What was put aside is looked at again after this many seconds.
    pub held_s: u64,
    /// The most supported question goes on air this often.
    pub air_every_s: u64,
    /// It is answered this many seconds later.
    pub answer_after_s: u64,
    /// A hand is called this often, in seconds; who does not come for as long is let go.
    pub call_every_s: u64,
    /// Who has the floor speaks this long.
    pub speaks_s: u64,
    /// What becomes of some questions; the others are approved.
    #[serde(default, rename = "case")]
    pub cases: Vec<Case>,
}

/// What becomes of a question about something.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// Words of the question.
    pub about: String,
    /// What the moderator does.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What the moderator does with a question.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Verdict {
    /// Puts it aside; it is approved later.
    Hold {
        /// Why, for the colleagues.
        text: String,
    },
    /// Unites it with an open question, when there is one.
    Merge {
        /// Words of that question.
        like: String,
    },
    /// Leaves it to somebody after the event.
    Defer {
        /// To whom.
        to: String,
    },
    /// Answers it in writing.
    Answer {
        /// The answer.
        written: String,
    },
    /// Does not take it.
    Decline {
        /// The protocol's word for the reason.
        code: String,
        /// In the moderator's words.
        text: String,
    },
    /// Tells the colleagues something, then approves it.
    Note {
        /// The note.
        text: String,
    },
}

/// How the scripted audience behaves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audience {
    /// Somebody asks this often, in seconds.
    pub ask_every_s: u64,
    /// Somebody votes this often, in seconds.
    pub vote_every_s: u64,
    /// Somebody asks for the floor this often, in seconds; 0 = nobody does.
    pub hand_every_s: u64,
    /// What they want to speak about, dealt round.
    pub abouts: Vec<String>,
    /// First names, dealt round; an empty one asks without a name.
    pub names: Vec<String>,
    /// What is asked, in turn.
    pub questions: Vec<String>,
}

/// The script built into the program.
const DEFAULT: &str = include_str!("../../../../config/rehearsals/default.toml");

impl Script {
    /// The script in `file`, or the built-in one.
    ///
    /// # Errors
    /// The file cannot be read, or says something a script cannot.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let (text, name) = match file {
            None => (DEFAULT.to_owned(), "the built-in script".to_owned()),
            Some(path) => {
                let name = path.display().to_string();
                (
                    std::fs::read_to_string(path)
                        .with_context(|| format!("cannot read the script {name}"))?,
                    name,
                )
            }
        };
        let script: Self = toml::from_str(&text).with_context(|| format!("in {name}"))?;
        ensure!(script.loop_s > 0, "in {name}: loop_s must be at least 1");
        for (what, seconds) in [
            (
                "run_sheet.session_every_s",
                script.run_sheet.session_every_s,
            ),
            ("moderator.air_every_s", script.moderator.air_every_s),
            ("moderator.call_every_s", script.moderator.call_every_s),
            ("audience.ask_every_s", script.audience.ask_every_s),
            ("audience.vote_every_s", script.audience.vote_every_s),
        ] {
            ensure!(seconds > 0, "in {name}: {what} must be at least 1");
        }
        Ok(script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_script_is_whole() {
        let script = Script::load(None).expect("readable");
        assert!(script.takes.iter().all(|take| take.at_s < script.loop_s));
        assert!(script.audience.questions.len() >= 10);
    }
}
