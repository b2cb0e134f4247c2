//! The rules of the queue: who may ask how much, and what waits for a moderator.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{PublicId, SiteId, ThemeId};

/// When a moderator looks at a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moderation {
    /// A question is seen by the public only once it is approved.
    Before,
    /// A question is public at once; moderators take away what must not stay.
    After,
}

/// The rules in force. `open` and `moderation` are changed live and journalled; the rest comes from the event file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whether questions are taken. Votes and moderation go on when not.
    pub open: bool,
    /// Before or after publication.
    pub moderation: Moderation,
    /// Longest question, in Unicode scalar values after cleaning.
    pub max_length: usize,
    /// Longest name, likewise.
    pub max_name_length: usize,
    /// Longest written answer, likewise.
    pub max_answer_length: usize,
    /// Least time between two questions of one person, in milliseconds; 0 for none. Rooms are exempt: their operator
    /// asks for everybody there.
    pub slow_mode_ms: i64,
    /// Most questions of one person that are still open (neither answered, declined nor withdrawn). Rooms are exempt.
    pub per_person: usize,
    /// Whether names are taken at all. When not, a name that arrives is dropped and never stored.
    pub names: bool,
    /// Most questions in one event; bounds memory. Beyond, asking is refused as `full`.
    pub max_questions: usize,
}

impl Default for Policy {
    /// Open, before-moderation, 500 characters, 5 s between questions, 10 open questions a person, 100,000 in all.
    fn default() -> Self {
        Self {
            open: true,
            moderation: Moderation::Before,
            max_length: 500,
            max_name_length: 60,
            max_answer_length: 4_000,
            slow_mode_ms: 5_000,
            per_person: 10,
            names: true,
            max_questions: 100_000,
        }
    }
}

/// What a question may be tagged with: the ids of the event file. Not journalled; an old question keeps its tags
/// when the file changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Themes on offer.
    pub themes: BTreeSet<ThemeId>,
    /// Publics on offer.
    pub publics: BTreeSet<PublicId>,
    /// Sites a question may be addressed to.
    pub sites: BTreeSet<SiteId>,
}
