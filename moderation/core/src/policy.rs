//! The rules of the queue: who may ask how much, and what waits for a moderator.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};

use crate::id::{PublicId, SessionId, SiteId, ThemeId};

/// When a moderator looks at a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moderation {
    /// A question is seen by the public only once it is approved.
    Before,
    /// A question is public at once; moderators take away what must not stay.
    After,
}

/// Whether those who ask give a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Names {
    /// They cannot: a name that arrives is dropped and never stored.
    None,
    /// As they wish.
    Optional,
    /// They must. Rooms need none: they are known.
    Required,
}

/// The rules in force: those of the event file, what was changed live, and those of the session.
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
    /// Least time between two questions, or two raised hands, of one person, in milliseconds; 0 for none. Rooms are
    /// exempt: their operator asks for everybody there.
    pub slow_mode_ms: i64,
    /// Most questions of one person that are still open (neither answered, declined, deferred, merged nor
    /// withdrawn). Rooms are exempt.
    pub per_person: usize,
    /// Most questions of one person within any minute; 0 for no limit. Rooms are exempt.
    pub per_person_per_min: usize,
    /// Most questions and votes from one address within a minute; 0 for no limit. Counted by the server: addresses
    /// are not known here.
    pub per_address_per_min: usize,
    /// Whether names are given.
    pub names: Names,
    /// The themes on offer; none for all of the catalogue.
    pub themes: Option<BTreeSet<ThemeId>>,
    /// The publics on offer; none for all of the catalogue.
    pub publics: Option<BTreeSet<PublicId>>,
    /// For children: no names, moderation before publication, hands only through a room.
    pub young: bool,
    /// Whether hands may be raised.
    pub hands: bool,
    /// Most questions in one event; bounds memory. Beyond, asking is refused as `full`.
    pub max_questions: usize,
}

impl Default for Policy {
    /// Open, before-moderation, 500 characters, 5 s between questions, 10 open questions a person, names
    /// as people wish, hands taken, 100,000 questions in all.
    fn default() -> Self {
        Self {
            open: true,
            moderation: Moderation::Before,
            max_length: 500,
            max_name_length: 60,
            max_answer_length: 4_000,
            slow_mode_ms: 5_000,
            per_person: 10,
            per_person_per_min: 0,
            per_address_per_min: 0,
            names: Names::Optional,
            themes: None,
            publics: None,
            young: false,
            hands: true,
            max_questions: 100_000,
        }
    }
}

impl Policy {
    /// These rules with a patch laid over. What the rules for children force is forced.
    #[must_use]
    pub fn with(&self, patch: &PolicyPatch) -> Self {
        let mut policy = self.clone();
        let whole = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        set(&mut policy.open, patch.open);
        set(&mut policy.moderation, patch.moderation);
        set(&mut policy.max_length, patch.max_length.map(whole));
        let slow_mode_ms = patch.slow_mode_s.map(|s| i64::from(s) * 1000);
        set(&mut policy.slow_mode_ms, slow_mode_ms);
        set(&mut policy.per_person, patch.per_person.map(whole));
        let per_min = patch.per_person_per_min.map(whole);
        set(&mut policy.per_person_per_min, per_min);
        let per_address = patch.per_address_per_min.map(whole);
        set(&mut policy.per_address_per_min, per_address);
        set(&mut policy.names, patch.names);
        set(&mut policy.themes, patch.themes.clone());
        set(&mut policy.publics, patch.publics.clone());
        set(&mut policy.young, patch.young);
        set(&mut policy.hands, patch.hands);
        if policy.young {
            policy.moderation = Moderation::Before;
            policy.names = Names::None;
        }
        policy
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// Rules to change; what is absent stays. The JSON is the protocol's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PolicyPatch {
    /// [`Policy::open`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// [`Policy::moderation`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moderation: Option<Moderation>,
    /// [`Policy::slow_mode_ms`], in seconds; at most 3600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_mode_s: Option<u32>,
    /// [`Policy::per_person`]; 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_person: Option<u32>,
    /// [`Policy::per_person_per_min`]; at most 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_person_per_min: Option<u32>,
    /// [`Policy::per_address_per_min`]; at most 1,000,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_address_per_min: Option<u32>,
    /// [`Policy::max_length`]; 20 to 4000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// [`Policy::names`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
    /// [`Policy::themes`]; `null` for all.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub themes: Option<Option<BTreeSet<ThemeId>>>,
    /// [`Policy::publics`]; `null` for all.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub publics: Option<Option<BTreeSet<PublicId>>>,
    /// [`Policy::young`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub young: Option<bool>,
    /// [`Policy::hands`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hands: Option<bool>,
}

/// Tells `null` from absent.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl PolicyPatch {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Both patches as one; where both say something, `later` holds.
    #[must_use]
    pub fn then(&self, later: &Self) -> Self {
        let later = later.clone();
        Self {
            open: later.open.or(self.open),
            moderation: later.moderation.or(self.moderation),
            slow_mode_s: later.slow_mode_s.or(self.slow_mode_s),
            per_person: later.per_person.or(self.per_person),
            per_person_per_min: later.per_person_per_min.or(self.per_person_per_min),
            per_address_per_min: later.per_address_per_min.or(self.per_address_per_min),
            max_length: later.max_length.or(self.max_length),
            names: later.names.or(self.names),
            themes: later.themes.or_else(|| self.themes.clone()),
            publics: later.publics.or_else(|| self.publics.clone()),
            young: later.young.or(self.young),
            hands: later.hands.or(self.hands),
        }
    }

    /// What of this patch `other` says nothing about.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self {
            open: self.open.filter(|_| other.open.is_none()),
            moderation: self.moderation.filter(|_| other.moderation.is_none()),
            slow_mode_s: self.slow_mode_s.filter(|_| other.slow_mode_s.is_none()),
            per_person: self.per_person.filter(|_| other.per_person.is_none()),
            per_person_per_min: self
                .per_person_per_min
                .filter(|_| other.per_person_per_min.is_none()),
            per_address_per_min: self
                .per_address_per_min
                .filter(|_| other.per_address_per_min.is_none()),
            max_length: self.max_length.filter(|_| other.max_length.is_none()),
            names: self.names.filter(|_| other.names.is_none()),
            themes: self.themes.clone().filter(|_| other.themes.is_none()),
            publics: self.publics.clone().filter(|_| other.publics.is_none()),
            young: self.young.filter(|_| other.young.is_none()),
            hands: self.hands.filter(|_| other.hands.is_none()),
        }
    }
}

/// What else the event file says: the ids a question may be tagged with, names, the rules of sessions. Not journalled:
/// what the file says today holds. An old question keeps its tags when the file changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Themes on offer.
    pub themes: BTreeSet<ThemeId>,
    /// Publics on offer.
    pub publics: BTreeSet<PublicId>,
    /// Sites a question may be addressed to.
    pub sites: BTreeSet<SiteId>,
    /// The names each room is shown under when its operator asks for it. Nobody else may ask under one that looks like
    /// them.
    pub rooms: BTreeMap<SiteId, BTreeSet<String>>,
    /// Names nobody may ask under, or under one that looks like them: of staff and the organisers.
    pub reserved: BTreeSet<String>,
    /// Rules laid over while a session runs, unless they were changed live.
    pub sessions: BTreeMap<SessionId, PolicyPatch>,
}
