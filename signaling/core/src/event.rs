//! One event: its seats, its players, its keyframe requests. Owns what has to happen; the server makes it happen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::{
    Claim, Feed, KeyframeGate, PeerId, Seat, SeatState, SeatTaken, SiteId, StreamId, Subscriptions,
};

/// A site is asked for a keyframe at most this often.
const SITE_KEYFRAME: Duration = Duration::from_millis(500);
/// The programme is asked for a keyframe at most this often: one costs every viewer bits.
const PROGRAMME_KEYFRAME: Duration = Duration::from_secs(1);

/// Why a peer may not join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// The event has no such site.
    #[error("this event has no such site")]
    UnknownSite,
    /// See [`SeatTaken`].
    #[error(transparent)]
    SeatTaken(#[from] SeatTaken),
}

/// What the server has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// End this connection: its seat was given to another.
    Close(PeerId),
    /// Ask this publisher for a keyframe.
    Keyframe(PeerId),
    /// Ask the engine for a keyframe of the programme.
    ProgrammeKeyframe,
}

/// The state of one event.
#[derive(Clone, Debug)]
pub struct EventCore {
    seats: BTreeMap<SiteId, Seat>,
    gates: BTreeMap<Feed, KeyframeGate>,
    subscriptions: Subscriptions,
}

impl EventCore {
    /// An event with these sites and nobody there.
    #[must_use]
    pub fn new(sites: BTreeSet<SiteId>) -> Self {
        let mut event = Self {
            seats: BTreeMap::new(),
            gates: BTreeMap::new(),
            subscriptions: Subscriptions::default(),
        };
        event
            .gates
            .insert(Feed::Programme, KeyframeGate::new(PROGRAMME_KEYFRAME));
        event.add_sites(sites);
        event
    }

    /// Adds sites; those that exist stay as they are.
    pub fn add_sites(&mut self, sites: BTreeSet<SiteId>) {
        for site in sites {
            let gate = KeyframeGate::new(SITE_KEYFRAME);
            self.gates.entry(Feed::Site(site.clone())).or_insert(gate);
            self.seats.entry(site).or_default();
        }
    }

    /// `peer` publishes `site` from now on.
    ///
    /// # Errors
    /// [`JoinError`]; nothing changed then.
    pub fn publish(
        &mut self,
        peer: PeerId,
        site: &SiteId,
        claim: Claim,
        now: Instant,
    ) -> Result<Vec<Action>, JoinError> {
        let seat = self.seats.get_mut(site).ok_or(JoinError::UnknownSite)?;
        let before = seat.take(peer, claim, now)?;
        Ok(before.map(Action::Close).into_iter().collect())
    }

    /// `peer` plays `stream` from now on, be its source there or not.
    ///
    /// # Errors
    /// [`JoinError::UnknownSite`].
    pub fn play(&mut self, peer: PeerId, stream: StreamId) -> Result<(), JoinError> {
        if stream
            .site()
            .is_some_and(|site| !self.seats.contains_key(site))
        {
            return Err(JoinError::UnknownSite);
        }
        self.subscriptions.add(peer, stream);
        Ok(())
    }

    /// `peer` is gone.
    pub fn left(&mut self, peer: PeerId) {
        self.subscriptions.remove(peer);
        for seat in self.seats.values_mut() {
            seat.leave(peer);
        }
    }

    /// A media packet of `site` arrived from `peer`; false when `peer` does not hold the seat: it is not forwarded then.
    pub fn packet(&mut self, peer: PeerId, site: &SiteId, now: Instant) -> bool {
        self.seats
            .get_mut(site)
            .is_some_and(|seat| seat.packet(peer, now))
    }

    /// Somebody who is shown `feed` needs a keyframe of it.
    pub fn keyframe_wanted(&mut self, feed: &Feed) {
        if let Some(gate) = self.gates.get_mut(feed) {
            gate.want();
        }
    }

    /// An engine begins: it needs a keyframe of every site.
    pub fn engine_attached(&mut self) {
        for (feed, gate) in &mut self.gates {
            if matches!(feed, Feed::Site(_)) {
                gate.want();
            }
        }
    }

    /// A keyframe of `feed` begins.
    pub fn keyframe_seen(&mut self, feed: &Feed) {
        if let Some(gate) = self.gates.get_mut(feed) {
            gate.seen();
        }
    }

    /// Requests that are due at `now`. Wishes for an absent site wait until it sends.
    pub fn keyframes_due(&mut self, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        for (feed, gate) in &mut self.gates {
            let action = match feed {
                Feed::Programme => Some(Action::ProgrammeKeyframe),
                Feed::Site(site) => self.seats.get(site).and_then(|seat| match seat.state(now) {
                    SeatState::Live => seat.holder().map(Action::Keyframe),
                    SeatState::Empty | SeatState::Joining | SeatState::Silent => None,
                }),
            };
            if let Some(action) = action
                && gate.due(now)
            {
                actions.push(action);
            }
        }
        actions
    }

    /// The state of each seat.
    pub fn seats(&self, now: Instant) -> impl Iterator<Item = (&SiteId, SeatState)> {
        self.seats
            .iter()
            .map(move |(site, seat)| (site, seat.state(now)))
    }

    /// Who plays what.
    #[must_use]
    pub fn subscriptions(&self) -> &Subscriptions {
        &self.subscriptions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(id: &str) -> SiteId {
        SiteId::new(id).unwrap()
    }

    fn event() -> EventCore {
        EventCore::new([site("nancy"), site("reims")].into())
    }

    #[test]
    fn a_second_publisher_is_refused_then_takes_over() {
        let now = Instant::now();
        let mut event = event();
        event
            .publish(PeerId(1), &site("nancy"), Claim::Ask, now)
            .unwrap();
        event.packet(PeerId(1), &site("nancy"), now);
        let refused = event.publish(PeerId(2), &site("nancy"), Claim::Ask, now);
        assert_eq!(refused, Err(JoinError::SeatTaken(SeatTaken)));
        let taken = event.publish(PeerId(2), &site("nancy"), Claim::TakeOver, now);
        assert_eq!(taken, Ok(vec![Action::Close(PeerId(1))]));
        assert!(
            !event.packet(PeerId(1), &site("nancy"), now),
            "late packets of the old one are not shown"
        );
    }

    #[test]
    fn an_absent_site_is_waited_for() {
        let now = Instant::now();
        let mut event = event();
        event
            .play(PeerId(9), StreamId::Site(site("reims")))
            .unwrap();
        event.keyframe_wanted(&Feed::Site(site("reims")));
        assert_eq!(event.keyframes_due(now), []);
        event
            .publish(PeerId(1), &site("reims"), Claim::Ask, now)
            .unwrap();
        event.packet(PeerId(1), &site("reims"), now);
        assert_eq!(event.keyframes_due(now), [Action::Keyframe(PeerId(1))]);
    }

    #[test]
    fn an_engine_wants_every_live_site_and_not_the_programme() {
        let now = Instant::now();
        let mut event = event();
        for (peer, name) in [(PeerId(1), "nancy"), (PeerId(2), "reims")] {
            event.publish(peer, &site(name), Claim::Ask, now).unwrap();
            event.packet(peer, &site(name), now);
        }
        event.engine_attached();
        assert_eq!(
            event.keyframes_due(now),
            [Action::Keyframe(PeerId(1)), Action::Keyframe(PeerId(2))]
        );
    }

    #[test]
    fn viewers_cause_at_most_one_programme_keyframe_a_second() {
        let start = Instant::now();
        let mut event = event();
        let sent = (0..30).filter(|i| {
            event.keyframe_wanted(&Feed::Programme);
            event.keyframes_due(start + Duration::from_millis(100) * *i)
                == [Action::ProgrammeKeyframe]
        });
        assert_eq!(sent.count(), 3);
    }

    #[test]
    fn unknown_sites_are_refused() {
        let mut event = event();
        assert_eq!(
            event.play(PeerId(1), StreamId::Return(site("mars"))),
            Err(JoinError::UnknownSite)
        );
        assert_eq!(
            event.publish(PeerId(1), &site("mars"), Claim::TakeOver, Instant::now()),
            Err(JoinError::UnknownSite)
        );
    }
}
