//! How often a keyframe is asked for. Owns the rate and the repetition; never sends a request.

use std::time::{Duration, Instant};

/// A request that no keyframe answered is repeated after this (requests travel in RTCP and get lost).
const REPEAT: Duration = Duration::from_secs(1);
/// After so many repetitions the encoder is taken for one that does not listen; the next request begins anew.
const REPEATS_MAX: u32 = 5;

/// Joins the requests of many viewers into few: a first one passes at once, later ones wait for the interval, and one
/// keyframe answers them all.
#[derive(Clone, Debug)]
pub struct KeyframeGate {
    interval: Duration,
    asked: Option<Instant>,
    wanted: Wanted,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Wanted {
    No,
    Fresh,
    Asked { repeats: u32 },
}

impl KeyframeGate {
    /// A gate that lets at most one request pass per `interval`.
    #[must_use]
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            asked: None,
            wanted: Wanted::No,
        }
    }

    /// Somebody needs a keyframe.
    pub fn want(&mut self) {
        self.wanted = Wanted::Fresh;
    }

    /// A keyframe begins: whoever waited has it.
    pub fn seen(&mut self) {
        self.wanted = Wanted::No;
    }

    /// True when a request has to be sent now; it counts as sent.
    pub fn due(&mut self, now: Instant) -> bool {
        let (wait, repeats) = match self.wanted {
            Wanted::No => return false,
            Wanted::Fresh => (self.interval, 0),
            Wanted::Asked {
                repeats: REPEATS_MAX,
            } => return false,
            Wanted::Asked { repeats } => (self.interval.max(REPEAT), repeats + 1),
        };
        let early = self
            .asked
            .is_some_and(|asked| now.saturating_duration_since(asked) < wait);
        if !early {
            self.asked = Some(now);
            self.wanted = Wanted::Asked { repeats };
        }
        !early
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HALF: Duration = Duration::from_millis(500);

    #[test]
    fn many_wishes_are_one_request() {
        let now = Instant::now();
        let mut gate = KeyframeGate::new(HALF);
        gate.want();
        gate.want();
        assert!(gate.due(now));
        gate.want();
        assert!(!gate.due(now + HALF / 2));
        assert!(
            gate.due(now + HALF),
            "a wish made too early is not forgotten"
        );
    }

    #[test]
    fn a_keyframe_answers_all() {
        let now = Instant::now();
        let mut gate = KeyframeGate::new(HALF);
        gate.want();
        gate.seen();
        assert!(!gate.due(now));
    }

    #[test]
    fn an_unanswered_request_is_repeated_then_given_up() {
        let start = Instant::now();
        let mut gate = KeyframeGate::new(HALF);
        gate.want();
        let sent = (0..100).filter(|i| gate.due(start + HALF * *i)).count();
        assert_eq!(sent, 1 + REPEATS_MAX as usize);
    }

    proptest! {
        #[test]
        fn never_more_often_than_the_interval(steps in prop::collection::vec((0u64..400, any::<bool>(), any::<bool>()), 1..200)) {
            let mut now = Instant::now();
            let mut gate = KeyframeGate::new(HALF);
            let mut last: Option<Instant> = None;
            for (wait_ms, want, seen) in steps {
                now += Duration::from_millis(wait_ms);
                if want { gate.want(); }
                if seen { gate.seen(); }
                if gate.due(now) {
                    if let Some(last) = last { prop_assert!(now - last >= HALF); }
                    last = Some(now);
                }
            }
        }
    }
}
