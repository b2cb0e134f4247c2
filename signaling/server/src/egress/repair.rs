//! What may be sent again to one player. Owns the budget and the memory of what was sent again lately; never finds a packet.

use std::time::{Duration, Instant};

/// Sent again for each byte sent: a line that loses more is helped by less, not by more.
const SHARE: f64 = 0.15;
/// The budget grows up to this many bytes: one keyframe.
const BUDGET_MAX: f64 = 128.0 * 1024.0;
/// Packets of which it is remembered that they were sent again.
const REMEMBERED: usize = 256;
/// Round trip when no report told one yet, and the shortest believed.
const ROUND_TRIP: Duration = Duration::from_millis(50);
const ROUND_TRIP_LEAST: Duration = Duration::from_millis(5);
const ROUND_TRIP_MOST: Duration = Duration::from_secs(1);

/// The limits.
pub(crate) struct Limits {
    budget: f64,
    round_trip: Duration,
    again: Vec<Option<(u64, Instant)>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            budget: BUDGET_MAX,
            round_trip: ROUND_TRIP,
            again: Vec::new(),
        }
    }
}

impl Limits {
    /// So many bytes were sent for the first time.
    pub fn sent(&mut self, bytes: usize) {
        self.budget = (self.budget + bytes as f64 * SHARE).min(BUDGET_MAX);
    }

    /// A report told the time there and back.
    pub fn round_trip(&mut self, measured: Duration) {
        self.round_trip = measured.clamp(ROUND_TRIP_LEAST, ROUND_TRIP_MOST);
    }

    /// Whether the packet `sequence` of `bytes` may be sent again now; it counts as sent then. Once per round trip, as long
    /// as the budget lasts.
    pub fn allow(&mut self, sequence: u64, bytes: usize, now: Instant) -> bool {
        if self.again.is_empty() {
            self.again.resize(REMEMBERED, None);
        }
        let slot = &mut self.again[sequence as usize % REMEMBERED];
        let under_way = slot.is_some_and(|(of, at)| {
            of == sequence && now.saturating_duration_since(at) < self.round_trip
        });
        if under_way || self.budget < bytes as f64 {
            return false;
        }
        self.budget -= bytes as f64;
        *slot = Some((sequence, now));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_per_round_trip() {
        let now = Instant::now();
        let mut limits = Limits::default();
        limits.round_trip(Duration::from_millis(80));
        assert!(limits.allow(7, 1200, now));
        assert!(!limits.allow(7, 1200, now + Duration::from_millis(79)));
        assert!(limits.allow(8, 1200, now));
        assert!(limits.allow(7, 1200, now + Duration::from_millis(80)));
    }

    #[test]
    fn no_more_than_its_share_in_the_long_run() {
        let now = Instant::now();
        let (mut limits, mut first, mut again) = (Limits::default(), 0, 0);
        for sequence in 0..20_000 {
            limits.sent(1200);
            first += 1200;
            if limits.allow(sequence, 1200, now) {
                again += 1200;
            }
        }
        let most = f64::from(first) * SHARE + BUDGET_MAX;
        assert!(
            f64::from(again) <= most && f64::from(again) > most * 0.9,
            "{again} of {first}"
        );
    }
}
