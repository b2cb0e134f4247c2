//! A raised hand as its owner, the stage and the moderators see it.

use pleniere_moderation_core::{Hand, HandId, HandStanding, State, UnixMs};
use serde::Serialize;

/// As its owner sees it.
#[derive(Debug, Serialize)]
pub(crate) struct OwnHand<'a> {
    hand: HandId,
    state: HandStanding,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<usize>,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    called_at: Option<UnixMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> OwnHand<'a> {
    pub(crate) fn new(state: &State, hand: &'a Hand) -> Self {
        Self {
            hand: hand.id,
            state: hand.standing,
            place: state.place(hand.id),
            version: hand.version,
            called_at: hand.called_at,
            reason: hand.reason.as_deref(),
        }
    }
}

/// As the chair on stage sees it: who has or gets the floor.
#[derive(Debug, Serialize)]
pub(crate) struct StageHand<'a> {
    hand: HandId,
    state: HandStanding,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<&'a str>,
}

impl<'a> StageHand<'a> {
    pub(crate) fn new(state: &State, hand: &'a Hand) -> Self {
        Self {
            hand: hand.id,
            state: hand.standing,
            name: hand.name.as_deref().filter(|_| !state.policy().young),
            public: hand.public.as_ref().map(|id| id.as_str()),
            site: hand.site.as_ref().map(|id| id.as_str()),
            room: hand.author.room.as_ref().map(|id| id.as_str()),
            about: hand.about.as_deref(),
        }
    }

    /// Whether the stage is told of it.
    pub(crate) fn shows(hand: &Hand) -> bool {
        matches!(
            hand.standing,
            HandStanding::Called | HandStanding::Ready | HandStanding::Speaking
        )
    }
}

/// As moderators see it. Of its owner only a pseudonym.
#[derive(Debug, Serialize)]
pub(crate) struct ModeratedHand<'a> {
    #[serde(flatten)]
    shared: StageHand<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<usize>,
    asker: String,
    version: u64,
    at: UnixMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    called_at: Option<UnixMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> ModeratedHand<'a> {
    pub(crate) fn new(state: &State, hand: &'a Hand) -> Self {
        Self {
            shared: StageHand::new(state, hand),
            place: state.place(hand.id),
            asker: hand.author.participant.pseudonym(),
            version: hand.version,
            at: hand.raised_at,
            called_at: hand.called_at,
            by: hand.by.as_deref(),
            reason: hand.reason.as_deref(),
        }
    }
}
