//! When each peer wants to be woken. Owns a heap with lazy re-arming, so that moving a deadline later costs nothing; never
//! walks over all peers.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Instant;

use pleniere_signaling_core::PeerId;

/// The deadlines.
#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, PeerId)>>,
    /// The earliest entry of each peer in the heap; other entries of it are stale.
    armed: HashMap<PeerId, Instant>,
}

impl Timers {
    /// `peer` wants to be woken at `deadline`, or a little before.
    pub fn arm(&mut self, peer: PeerId, deadline: Instant) {
        if self.armed.get(&peer).is_none_or(|armed| deadline < *armed) {
            self.armed.insert(peer, deadline);
            self.heap.push(Reverse((deadline, peer)));
        }
    }

    pub fn remove(&mut self, peer: PeerId) {
        self.armed.remove(&peer);
    }

    /// A peer whose entry has come; it is armed no more. Its deadline may have moved later meanwhile.
    pub fn pop(&mut self, now: Instant) -> Option<PeerId> {
        while let Some(Reverse((at, peer))) = self.heap.peek().copied() {
            if at > now {
                return None;
            }
            self.heap.pop();
            if self.armed.get(&peer) == Some(&at) {
                self.armed.remove(&peer);
                return Some(peer);
            }
        }
        None
    }

    /// When [`Timers::pop`] has something.
    pub fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_earliest_wish_counts_and_once() {
        let now = Instant::now();
        let at = |ms| now + Duration::from_millis(ms);
        let mut timers = Timers::default();
        timers.arm(PeerId(1), at(50));
        timers.arm(PeerId(1), at(90));
        timers.arm(PeerId(1), at(20));
        timers.arm(PeerId(2), at(30));
        timers.remove(PeerId(2));
        assert_eq!(timers.pop(at(10)), None);
        assert_eq!(timers.pop(at(100)), Some(PeerId(1)));
        assert_eq!(
            timers.pop(at(100)),
            None,
            "stale entries and removed peers are not woken"
        );
    }
}
