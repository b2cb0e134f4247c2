//! Whether an engine is well, from when it was last heard: when the slate takes its place, when it is ended, when another is started.
//! Reads no clock; times are nanoseconds on the monotonic clock.

/// Without a part for this long the slate takes the engine's place: the players' hold-back is nearly used up.
pub const SLATE_AFTER_NS: u64 = 1_500_000_000;
/// Without a part for this long a running engine is ended.
pub const END_AFTER_NS: u64 = 5_000_000_000;
/// An engine that has brought no part this long after its start is ended.
pub const START_WITHIN_NS: u64 = 15_000_000_000;
/// An engine that lived this long was well: the next one starts at once.
pub const WELL_AFTER_NS: u64 = 10_000_000_000;
/// Longest wait between two engines that both died young.
const WAIT_MAX_NS: u64 = 5_000_000_000;
/// Wait after an engine that was well; doubles with each that died young.
const WAIT_NS: u64 = 100_000_000;

/// What to do about an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It brings parts.
    Well,
    /// It is late or not here yet: show the slate.
    Slate,
    /// It hangs: end it.
    End,
}

/// The lives of an event's engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    started_ns: Option<u64>,
    part_ns: Option<u64>,
    young_deaths: u32,
}

impl Health {
    /// An engine was started.
    pub fn started(&mut self, now_ns: u64) {
        self.started_ns = Some(now_ns);
        self.part_ns = None;
    }

    /// It brought a part.
    pub fn part(&mut self, now_ns: u64) {
        self.part_ns = Some(now_ns);
    }

    /// It is gone; returns how long to wait before the next is started, nanoseconds.
    pub fn gone(&mut self, now_ns: u64) -> u64 {
        let lived_ns = self
            .started_ns
            .take()
            .map_or(0, |start| now_ns.saturating_sub(start));
        self.part_ns = None;
        self.young_deaths = if lived_ns >= WELL_AFTER_NS {
            0
        } else {
            self.young_deaths.saturating_add(1)
        };
        let doublings = self.young_deaths.saturating_sub(1).min(16);
        (WAIT_NS << doublings).min(WAIT_MAX_NS)
    }

    /// How it is now.
    #[must_use]
    pub fn verdict(&self, now_ns: u64) -> Verdict {
        let since = |then: u64| now_ns.saturating_sub(then);
        match (self.started_ns, self.part_ns) {
            (Some(start), None) if since(start) > START_WITHIN_NS => Verdict::End,
            (Some(_), Some(part)) if since(part) > END_AFTER_NS => Verdict::End,
            (Some(_), Some(part)) if since(part) <= SLATE_AFTER_NS => Verdict::Well,
            _ => Verdict::Slate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    #[test]
    fn given_an_engine_that_falls_silent_then_first_the_slate_then_the_end() {
        let mut health = Health::default();
        health.started(0);
        assert_eq!(health.verdict(S), Verdict::Slate);
        health.part(2 * S);
        assert_eq!(health.verdict(3 * S), Verdict::Well);
        assert_eq!(health.verdict(4 * S), Verdict::Slate);
        assert_eq!(health.verdict(8 * S), Verdict::End);
    }

    #[test]
    fn given_an_engine_that_never_speaks_then_it_is_ended() {
        let mut health = Health::default();
        health.started(0);
        assert_eq!(health.verdict(16 * S), Verdict::End);
    }

    #[test]
    fn given_engines_that_die_young_then_the_wait_grows_and_a_long_life_resets_it() {
        let mut health = Health::default();
        let waits: Vec<u64> = (0..8)
            .map(|n| {
                health.started(n * S);
                health.gone(n * S + 1) / 100_000_000
            })
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 50, 50]);
        health.started(0);
        assert_eq!(health.gone(60 * S), 100_000_000);
    }
}
