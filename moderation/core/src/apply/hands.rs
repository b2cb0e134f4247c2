//! Hands: raised into the line, out of it when called or closed.

use crate::{
    event::{Change, Event},
    hand::{Hand, HandStanding},
    state::State,
};

pub(super) fn apply(state: &mut State, event: &Event) {
    let Some(id) = event.change.hand() else {
        return;
    };
    if let Change::HandRaised { .. } = &event.change {
        raise(state, event);
        return;
    }
    let Some(hand) = state.hands.get_mut(&id) else {
        return;
    };
    state.up -= usize::from(hand.standing.is_open());
    hand.version += 1;
    if let Some(staff) = event.by.staff() {
        hand.by = Some(staff.name.clone());
    }
    let mut place = None;
    match &event.change {
        Change::HandCalled { .. } => {
            hand.standing = HandStanding::Called;
            hand.called_at = Some(event.at);
        }
        Change::HandReady { .. } => hand.standing = HandStanding::Ready,
        Change::HandSpeaking { .. } => hand.standing = HandStanding::Speaking,
        Change::HandDone { .. } => hand.standing = HandStanding::Done,
        Change::HandLowered { .. } => hand.standing = HandStanding::Lowered,
        Change::HandDismissed { reason, .. } => {
            hand.standing = HandStanding::Dismissed;
            hand.reason.clone_from(reason);
        }
        Change::HandMoved { place: to, .. } => place = Some(*to),
        _ => {}
    }
    state.up += usize::from(hand.standing.is_open());
    state.line.retain(|waiting| *waiting != id);
    if let Some(place) = place {
        let index = place.saturating_sub(1).min(state.line.len());
        state.line.insert(index, id);
    }
}

fn raise(state: &mut State, event: &Event) {
    let Change::HandRaised {
        hand: id,
        author,
        name,
        public,
        site,
        about,
    } = &event.change
    else {
        return;
    };
    if state.hands.contains_key(id) {
        return;
    }
    let hand = Hand {
        id: *id,
        author: author.clone(),
        name: name.clone(),
        public: public.clone(),
        site: site.clone(),
        about: about.clone(),
        standing: HandStanding::Raised,
        version: 1,
        raised_at: event.at,
        called_at: None,
        by: None,
        reason: None,
    };
    state.people.entry(author.participant).or_default().hand = Some(*id);
    state.hands.insert(*id, hand);
    state.line.push(*id);
    state.up += 1;
}
