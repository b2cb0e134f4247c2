//! Hands: raised, called in order, and what becomes of them.

use super::{
    Decided, MAX_ABOUT, MAX_HANDS, MAX_REASON, ask, author, clean_optional, known_tags, not_banned,
};
use crate::{
    command::{Actor, Command, Raise},
    event::Change,
    hand::{Hand, HandStanding},
    id::{HandId, UnixMs},
    question::Author,
    rejection::Rejection,
    state::State,
};

pub(super) fn raise(state: &State, raise: Raise, actor: &Actor, now: UnixMs) -> Decided {
    let author = author(actor)?;
    not_banned(state, author.participant, now)?;
    let policy = state.policy();
    if !policy.hands {
        return Err(Rejection::Closed("hands"));
    }
    if policy.young && author.room.is_none() {
        return Err(Rejection::NotAllowed(
            "children ask for the floor through their room",
        ));
    }
    may_raise(state, &author, now)?;
    known_tags(state, raise.public.as_ref(), None, raise.site.as_ref())?;
    ask::offered(policy, raise.public.as_ref(), None)?;
    let last = state.hands.last_key_value();
    Ok(vec![Change::HandRaised {
        hand: HandId(last.map_or(0, |(last, _)| last.0).saturating_add(1)),
        name: ask::name(state, &author, raise.name.as_deref())?,
        public: raise.public,
        site: raise.site,
        about: clean_optional(raise.about.as_deref(), MAX_ABOUT)?,
        author,
    }])
}

fn may_raise(state: &State, author: &Author, now: UnixMs) -> Result<(), Rejection> {
    let policy = state.policy();
    let full = state.line.len() >= MAX_HANDS || state.hands.len() >= policy.max_questions;
    if let Some(last) = state.hand_of(author.participant) {
        if last.standing.is_open() {
            return Err(wrong(last, "your hand is up already"));
        }
        let waited = now.0.saturating_sub(last.raised_at.0).max(0);
        let retry_ms = policy.slow_mode_ms - waited;
        if author.room.is_none() && retry_ms > 0 {
            return Err(Rejection::TooFast { retry_ms });
        }
    }
    if full {
        return Err(Rejection::Full("no more hands are taken now"));
    }
    Ok(())
}

pub(super) fn lower(state: &State, actor: &Actor) -> Decided {
    let hand = own(state, actor)?;
    Ok(vec![Change::HandLowered { hand: hand.id }])
}

pub(super) fn ready(state: &State, actor: &Actor, now: UnixMs) -> Decided {
    let hand = own(state, actor)?;
    not_banned(state, hand.author.participant, now)?;
    match hand.standing {
        HandStanding::Called => Ok(vec![Change::HandReady { hand: hand.id }]),
        HandStanding::Ready => Ok(Vec::new()),
        _ => Err(wrong(hand, "one is ready once one is called")),
    }
}

fn own<'a>(state: &'a State, actor: &Actor) -> Result<&'a Hand, Rejection> {
    let who = author(actor)?.participant;
    let hand = state.hand_of(who).filter(|hand| hand.standing.is_open());
    hand.ok_or(Rejection::Nothing("your hand is not up"))
}

pub(super) fn moderate(state: &State, command: Command) -> Decided {
    use HandStanding::{Called, Raised, Ready, Speaking};
    let at = |id, version, allowed: &[HandStanding], needs| {
        let hand = fresh(state, id, version)?;
        let fits = allowed.contains(&hand.standing);
        fits.then_some(hand).ok_or_else(|| wrong(hand, needs))
    };
    let change = match command {
        Command::CallHand { hand, version } => {
            let needs = "only a hand that is up and not yet ready is called";
            at(hand, version, &[Raised, Called], needs)?;
            Change::HandCalled { hand }
        }
        Command::DismissHand {
            hand,
            version,
            reason,
        } => {
            let open = [Raised, Called, Ready, Speaking];
            at(hand, version, &open, "it is not up any more")?;
            let reason = clean_optional(reason.as_deref(), MAX_REASON)?;
            Change::HandDismissed { hand, reason }
        }
        Command::HandSpeaking { hand, version } => {
            let needs = "one speaks once one is called";
            at(hand, version, &[Called, Ready], needs)?;
            Change::HandSpeaking { hand }
        }
        Command::HandDone { hand, version } => {
            let needs = "only who was called has spoken";
            at(hand, version, &[Called, Ready, Speaking], needs)?;
            Change::HandDone { hand }
        }
        Command::MoveHand { hand, version, to } => {
            at(hand, version, &[Raised], "it does not wait in the line")?;
            let place = to.clamp(1, state.line.len());
            if state.place(hand) == Some(place) {
                return Ok(Vec::new());
            }
            Change::HandMoved { hand, place }
        }
        _ => return Ok(Vec::new()),
    };
    Ok(vec![change])
}

fn fresh(state: &State, id: HandId, seen: u64) -> Result<&Hand, Rejection> {
    let hand = state.hand(id).ok_or(Rejection::NoHand(id))?;
    if hand.version == seen {
        return Ok(hand);
    }
    Err(Rejection::StaleHand {
        hand: id,
        seen,
        current: hand.version,
    })
}

fn wrong(hand: &Hand, needs: &'static str) -> Rejection {
    Rejection::WrongHand {
        hand: hand.id,
        is: hand.standing,
        needs,
    }
}
