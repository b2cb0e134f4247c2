//! The rules, who is kept out, and who is heard.

use std::collections::BTreeMap;

use pleniere_moderation_core::{
    Axis, Balance, Ban, Counts, Moderation, Names, ParticipantId, Policy, PolicyPatch, QuestionId,
    SessionId, State, UnixMs,
};
use serde::Serialize;

/// The state of the queue as everybody sees it.
#[derive(Debug, Serialize)]
pub(crate) struct QueueView<'a> {
    open: bool,
    moderation: Moderation,
    max_length: usize,
    slow_mode_s: i64,
    names: Names,
    themes: Vec<&'a str>,
    publics: Vec<&'a str>,
    hands: bool,
    young: bool,
    asked: u64,
    answered: u64,
    raised: usize,
}

impl<'a> QueueView<'a> {
    pub(crate) fn new(state: &'a State) -> Self {
        let policy = state.policy();
        let catalogue = state.catalogue();
        let themes = catalogue
            .themes
            .iter()
            .filter(|id| offers(&policy.themes, id));
        let publics = catalogue
            .publics
            .iter()
            .filter(|id| offers(&policy.publics, id));
        Self {
            open: policy.open,
            moderation: policy.moderation,
            max_length: policy.max_length,
            slow_mode_s: slow_mode_s(policy),
            names: policy.names,
            themes: themes.map(|id| id.as_str()).collect(),
            publics: publics.map(|id| id.as_str()).collect(),
            hands: policy.hands,
            young: policy.young,
            asked: state.balance().asked(),
            answered: state.balance().answered(),
            raised: state.raised(),
        }
    }
}

fn offers<T: Ord>(offered: &Option<std::collections::BTreeSet<T>>, id: &T) -> bool {
    offered.as_ref().is_none_or(|offered| offered.contains(id))
}

/// In whole seconds, rounded up: who waits that long is never too early.
fn slow_mode_s(policy: &Policy) -> i64 {
    (policy.slow_mode_ms + 999) / 1000
}

/// All rules in force, and those kept for sessions to come.
#[derive(Debug, Serialize)]
pub(crate) struct PolicyView<'a> {
    open: bool,
    moderation: Moderation,
    slow_mode_s: i64,
    per_person: usize,
    per_person_per_min: usize,
    per_address_per_min: usize,
    max_length: usize,
    names: Names,
    themes: Option<Vec<&'a str>>,
    publics: Option<Vec<&'a str>>,
    young: bool,
    hands: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a SessionId>,
    sessions: BTreeMap<&'a SessionId, &'a PolicyPatch>,
}

impl<'a> PolicyView<'a> {
    pub(crate) fn new(state: &'a State) -> Self {
        let policy = state.policy();
        let kept = state.session_policies().iter();
        Self {
            open: policy.open,
            moderation: policy.moderation,
            slow_mode_s: slow_mode_s(policy),
            per_person: policy.per_person,
            per_person_per_min: policy.per_person_per_min,
            per_address_per_min: policy.per_address_per_min,
            max_length: policy.max_length,
            names: policy.names,
            themes: policy
                .themes
                .as_ref()
                .map(|ids| ids.iter().map(|id| id.as_str()).collect()),
            publics: policy
                .publics
                .as_ref()
                .map(|ids| ids.iter().map(|id| id.as_str()).collect()),
            young: policy.young,
            hands: policy.hands,
            session: state.session(),
            sessions: kept.filter(|(_, rules)| !rules.is_empty()).collect(),
        }
    }
}

/// A ban as moderators see it.
#[derive(Debug, Serialize)]
pub(crate) struct BanView<'a> {
    reason: &'a str,
    by: &'a str,
    at: UnixMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<UnixMs>,
}

impl<'a> BanView<'a> {
    pub(crate) fn new(ban: &'a Ban) -> Self {
        Self {
            reason: &ban.reason,
            by: &ban.by.name,
            at: ban.at,
            until: ban.until,
        }
    }
}

/// A ban as the person it is for sees it.
#[derive(Debug, Serialize)]
pub(crate) struct OwnBan<'a> {
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<UnixMs>,
}

impl<'a> OwnBan<'a> {
    pub(crate) fn new(state: &'a State, who: ParticipantId, now: UnixMs) -> Option<Self> {
        state.ban(who, now).map(|ban| Self {
            reason: &ban.reason,
            until: ban.until,
        })
    }
}

/// What somebody has to wait for.
#[derive(Debug, Serialize)]
pub(crate) struct OwnLimits {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<UnixMs>,
}

impl OwnLimits {
    pub(crate) fn new(state: &State, who: ParticipantId) -> Self {
        Self {
            next_at: state.next_ask_at(who),
        }
    }
}

#[derive(Debug, Serialize)]
struct Why {
    axis: Axis,
    id: String,
}

#[derive(Debug, Serialize)]
struct Next {
    question: QuestionId,
    why: Why,
}

/// The question whose airing would be fairest, or null.
pub(crate) fn next(balance: &Balance) -> impl Serialize + use<> {
    balance.fairest().map(|fairest| Next {
        question: fairest.question,
        why: Why {
            axis: fairest.axis,
            id: fairest.id,
        },
    })
}

#[derive(Debug, Default, Serialize)]
struct Share {
    asked: u64,
    approved: u64,
    aired: u64,
}

/// Counts by site, public and theme.
pub(crate) fn balance(balance: &Balance) -> impl Serialize + use<> {
    let on = |axis| -> BTreeMap<String, Share> {
        let share = |(id, counts): (&str, Counts)| {
            let Counts {
                asked,
                approved,
                aired,
            } = counts;
            let share = Share {
                asked,
                approved,
                aired,
            };
            (id.to_owned(), share)
        };
        balance.on(axis).map(share).collect()
    };
    BTreeMap::from([
        ("site", on(Axis::Site)),
        ("public", on(Axis::Public)),
        ("theme", on(Axis::Theme)),
    ])
}
