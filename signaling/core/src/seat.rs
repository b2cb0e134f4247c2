//! The seat of a room: at most one publisher. Owns who holds it and whether that one is alive; never closes a peer itself.

use std::time::{Duration, Instant};

use crate::PeerId;

/// A publisher is alive while its last packet is younger than this. The same time is granted for the first packet, so
/// that two offers at the same moment do not throw each other out.
pub const ALIVE: Duration = Duration::from_secs(2);

/// The seat is held by a publisher that is alive, and no takeover was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another publisher is alive on this seat")]
pub struct SeatTaken;

/// How a publisher asks for a seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Claim {
    /// Sits down when nobody is alive there, or when the one who is gives way.
    #[default]
    Ask,
    /// Replaces whoever is there.
    TakeOver,
    /// Sits down when nobody is alive there, and gives way to whoever asks: a simulated room.
    GiveWay,
}

/// What is known of a seat at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatState {
    /// Nobody.
    Empty,
    /// Somebody connects; no packet yet.
    Joining,
    /// Packets arrived within [`ALIVE`].
    Live,
    /// Held, but silent for [`ALIVE`] or longer.
    Silent,
}

#[derive(Clone, Copy, Debug)]
struct Holder {
    peer: PeerId,
    gives_way: bool,
    seen: Instant,
    sent: bool,
}

/// The seat of one room.
#[derive(Clone, Debug, Default)]
pub struct Seat {
    holder: Option<Holder>,
}

impl Seat {
    /// Gives the seat to `peer`; answers the peer that has to go.
    ///
    /// # Errors
    /// [`SeatTaken`] while another one is alive that neither gives way to `claim` nor is taken over.
    pub fn take(
        &mut self,
        peer: PeerId,
        claim: Claim,
        now: Instant,
    ) -> Result<Option<PeerId>, SeatTaken> {
        let alive = matches!(self.state(now), SeatState::Joining | SeatState::Live);
        let gives_way = self.holder.is_some_and(|holder| holder.gives_way);
        let stays = match claim {
            Claim::TakeOver => false,
            Claim::Ask => alive && !gives_way,
            Claim::GiveWay => alive,
        };
        if stays {
            return Err(SeatTaken);
        }
        let before = self.holder.replace(Holder {
            peer,
            gives_way: claim == Claim::GiveWay,
            seen: now,
            sent: false,
        });
        Ok(before.map(|holder| holder.peer))
    }

    /// A media packet of `peer` arrived; false when it does not hold the seat.
    pub fn packet(&mut self, peer: PeerId, now: Instant) -> bool {
        match &mut self.holder {
            Some(holder) if holder.peer == peer => {
                holder.seen = now;
                holder.sent = true;
                true
            }
            _ => false,
        }
    }

    /// `peer` is gone; nothing happens when it does not hold the seat.
    pub fn leave(&mut self, peer: PeerId) {
        if self.holder.is_some_and(|holder| holder.peer == peer) {
            self.holder = None;
        }
    }

    /// Who holds it.
    #[must_use]
    pub fn holder(&self) -> Option<PeerId> {
        self.holder.map(|holder| holder.peer)
    }

    /// What is known of it at `now`.
    #[must_use]
    pub fn state(&self, now: Instant) -> SeatState {
        let Some(holder) = self.holder else {
            return SeatState::Empty;
        };
        let silent = now.saturating_duration_since(holder.seen) >= ALIVE;
        match (silent, holder.sent) {
            (true, _) => SeatState::Silent,
            (false, true) => SeatState::Live,
            (false, false) => SeatState::Joining,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: PeerId = PeerId(1);
    const B: PeerId = PeerId(2);

    #[test]
    fn a_simulated_room_gives_way_to_a_camera_but_not_to_another_of_its_kind() {
        let now = Instant::now();
        let mut seat = Seat::default();
        assert_eq!(seat.take(A, Claim::GiveWay, now), Ok(None));
        assert!(seat.packet(A, now));
        assert_eq!(seat.take(B, Claim::GiveWay, now), Err(SeatTaken));
        assert_eq!(seat.take(B, Claim::Ask, now), Ok(Some(A)));
        assert_eq!(seat.take(A, Claim::GiveWay, now), Err(SeatTaken));
    }

    #[test]
    fn a_live_publisher_keeps_its_seat() {
        let now = Instant::now();
        let mut seat = Seat::default();
        assert_eq!(seat.take(A, Claim::Ask, now), Ok(None));
        assert!(seat.packet(A, now));
        assert_eq!(
            seat.take(B, Claim::Ask, now + Duration::from_millis(1999)),
            Err(SeatTaken)
        );
        assert_eq!(seat.holder(), Some(A));
    }

    #[test]
    fn a_takeover_says_who_has_to_go() {
        let now = Instant::now();
        let mut seat = Seat::default();
        seat.take(A, Claim::Ask, now).unwrap();
        seat.packet(A, now);
        assert_eq!(seat.take(B, Claim::TakeOver, now), Ok(Some(A)));
        assert!(!seat.packet(A, now), "the one thrown out counts no more");
        seat.leave(A);
        assert_eq!(seat.holder(), Some(B), "and its end changes nothing");
    }

    #[test]
    fn a_dead_seat_is_taken_at_once() {
        let now = Instant::now();
        let mut seat = Seat::default();
        seat.take(A, Claim::Ask, now).unwrap();
        seat.packet(A, now);
        assert_eq!(seat.state(now + ALIVE), SeatState::Silent);
        assert_eq!(seat.take(B, Claim::Ask, now + ALIVE), Ok(Some(A)));
        assert_eq!(seat.state(now + ALIVE), SeatState::Joining);
    }

    proptest! {
        /// Without takeover, whoever sent a packet less than two seconds ago is never replaced.
        #[test]
        fn the_living_stay(steps in prop::collection::vec((0u64..4, 0u8..4, 0u64..3000), 1..60)) {
            let mut now = Instant::now();
            let mut seat = Seat::default();
            let mut last: Option<(PeerId, Instant)> = None;
            for (peer, act, wait_ms) in steps {
                now += Duration::from_millis(wait_ms);
                let peer = PeerId(peer);
                match act {
                    0 => {
                        let taken = seat.take(peer, Claim::Ask, now);
                        if let Some((holder, at)) = last
                            && seat.holder() != Some(peer)
                        {
                            prop_assert!(taken.is_err() && seat.holder() == Some(holder) && now - at < ALIVE);
                        }
                        if taken.is_ok() { last = Some((peer, now)); }
                    }
                    1 | 2 => if seat.packet(peer, now) { last = Some((peer, now)); },
                    _ => { seat.leave(peer); if last.is_some_and(|(p, _)| p == peer) { last = None; } }
                }
                prop_assert_eq!(seat.holder(), last.map(|(p, _)| p));
            }
        }
    }
}
