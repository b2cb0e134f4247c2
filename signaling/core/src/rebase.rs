//! Sequence numbers and timestamps of one outgoing stream, continuous over changes of its source. Owns the offsets; never
//! sees a payload.

use std::time::{Duration, Instant};

/// One uninterrupted run of numbers of one sender; a new publisher, or the same one with a new SSRC, has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u64);

/// A packet's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Extended sequence number.
    pub sequence: u64,
    /// RTP timestamp, in ticks of the stream's clock.
    pub timestamp: u32,
}

/// A jump of more than this many packets is a new run of numbers, not a gap.
const JUMP: u64 = 3000;

#[derive(Clone, Copy, Debug)]
struct Run {
    source: SourceId,
    first_in: u64,
    first_out: u64,
    timestamp_offset: u32,
    highest: Numbers,
    at: Instant,
}

/// Maps the numbers of whatever source plays into one outgoing stream.
#[derive(Clone, Debug)]
pub struct Rebase {
    clock_rate: u32,
    first: Numbers,
    run: Option<Run>,
}

impl Rebase {
    /// An outgoing stream of `clock_rate` ticks per second whose first packet gets the number `first`
    /// (below 65536: a receiver begins with rollover counter 0).
    #[must_use]
    pub fn new(clock_rate: u32, first: Numbers) -> Self {
        Self {
            clock_rate,
            first,
            run: None,
        }
    }

    /// The numbers under which a packet goes out; `None` for one older than the first of its source.
    pub fn map(&mut self, source: SourceId, packet: Numbers, now: Instant) -> Option<Numbers> {
        let run = match self.run {
            Some(run) if run.source == source && run.continues(packet) => run,
            before => self.begin(source, packet, before, now),
        };
        let sequence = run.first_out + packet.sequence.checked_sub(run.first_in)?;
        let out = Numbers {
            sequence,
            timestamp: packet.timestamp.wrapping_add(run.timestamp_offset),
        };
        let newest = sequence >= run.highest.sequence;
        self.run = Some(if newest {
            Run {
                highest: out,
                at: now,
                ..run
            }
        } else {
            run
        });
        Some(out)
    }

    /// Which packet of which source went out last under a number with these lower bits; `None` when it was of a source
    /// before this one.
    #[must_use]
    pub fn origin_of(&self, number: u16) -> Option<(SourceId, u64)> {
        let run = self.run?;
        let behind = (run.highest.sequence as u16).wrapping_sub(number);
        let sequence = run.highest.sequence.checked_sub(u64::from(behind))?;
        let step = sequence.checked_sub(run.first_out)?;
        Some((run.source, run.first_in + step))
    }

    /// The numbers under which a packet went out; changes nothing.
    #[must_use]
    pub fn again(&self, source: SourceId, packet: Numbers) -> Option<Numbers> {
        let run = self.run.filter(|run| run.source == source)?;
        Some(Numbers {
            sequence: run.first_out + packet.sequence.checked_sub(run.first_in)?,
            timestamp: packet.timestamp.wrapping_add(run.timestamp_offset),
        })
    }

    fn begin(&self, source: SourceId, packet: Numbers, before: Option<Run>, now: Instant) -> Run {
        let start = match before {
            None => self.first,
            Some(run) => Numbers {
                sequence: run.highest.sequence + 1,
                timestamp: run
                    .highest
                    .timestamp
                    .wrapping_add(self.ticks(now.saturating_duration_since(run.at))),
            },
        };
        Run {
            source,
            first_in: packet.sequence,
            first_out: start.sequence,
            timestamp_offset: start.timestamp.wrapping_sub(packet.timestamp),
            highest: start,
            at: now,
        }
    }

    /// At least one tick, so that two pictures never share a timestamp.
    fn ticks(&self, elapsed: Duration) -> u32 {
        let ticks = elapsed.as_micros() * u128::from(self.clock_rate) / 1_000_000;
        (ticks.max(1) & u128::from(u32::MAX)) as u32
    }
}

impl Run {
    fn continues(&self, packet: Numbers) -> bool {
        let highest_in = self.first_in + (self.highest.sequence - self.first_out);
        packet.sequence.abs_diff(highest_in) <= JUMP
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    const FIRST: Numbers = Numbers {
        sequence: 100,
        timestamp: 5000,
    };

    fn at(sequence: u64, timestamp: u32) -> Numbers {
        Numbers {
            sequence,
            timestamp,
        }
    }

    #[test]
    fn a_late_joiner_starts_low() {
        let mut out = Rebase::new(90_000, FIRST);
        let first = out.map(SourceId(1), at(7_000_000, 42), Instant::now());
        assert_eq!(first, Some(FIRST));
    }

    #[test]
    fn a_gap_stays_a_gap_so_that_it_can_be_asked_for() {
        let now = Instant::now();
        let mut out = Rebase::new(90_000, FIRST);
        out.map(SourceId(1), at(10, 0), now);
        assert_eq!(out.map(SourceId(1), at(13, 3600), now), Some(at(103, 8600)));
        assert_eq!(
            out.map(SourceId(1), at(11, 0), now),
            Some(at(101, 5000)),
            "a repaired one keeps its place"
        );
        assert_eq!(
            out.map(SourceId(1), at(9, 0), now),
            None,
            "older than the beginning"
        );
    }

    #[test]
    fn what_went_out_is_found_again() {
        let now = Instant::now();
        let mut out = Rebase::new(90_000, FIRST);
        assert_eq!(out.origin_of(100), None);
        for sequence in 10..70_000 {
            out.map(SourceId(1), at(sequence, sequence as u32), now);
        }
        let went = out.again(SourceId(1), at(69_000, 69_000)).unwrap();
        assert_eq!(went.sequence, 69_090);
        assert_eq!(
            out.origin_of(went.sequence as u16),
            Some((SourceId(1), 69_000))
        );
        out.map(SourceId(2), at(5, 0), now);
        assert_eq!(
            out.origin_of(went.sequence as u16),
            None,
            "of a source before"
        );
        assert_eq!(out.again(SourceId(1), at(69_000, 0)), None);
    }

    #[test]
    fn another_source_continues_where_the_last_one_ended() {
        let now = Instant::now();
        let mut out = Rebase::new(90_000, FIRST);
        out.map(SourceId(1), at(10, 0), now);
        let later = now + Duration::from_secs(2);
        assert_eq!(
            out.map(SourceId(2), at(60_000, 77), later),
            Some(at(101, 5000 + 180_000))
        );
        assert_eq!(
            out.map(SourceId(2), at(60_001, 77 + 3600), later),
            Some(at(102, 5000 + 183_600))
        );
    }

    #[test]
    fn a_sender_that_counts_anew_is_a_new_run() {
        let now = Instant::now();
        let mut out = Rebase::new(90_000, FIRST);
        out.map(SourceId(1), at(50_000, 0), now);
        assert_eq!(
            out.map(SourceId(1), at(3, 0), now).map(|n| n.sequence),
            Some(101)
        );
    }

    proptest! {
        /// Distinct packets never share a number: the same number twice would reuse an encryption counter.
        #[test]
        fn no_number_is_used_twice(packets in prop::collection::vec((0u64..3, 0u64..20_000), 1..400)) {
            let now = Instant::now();
            let mut out = Rebase::new(90_000, FIRST);
            let mut used = HashSet::new();
            let mut seen = HashSet::new();
            let mut run = None;
            for (source, sequence) in packets {
                if run != Some(source) { seen.clear(); run = Some(source); }
                if !seen.insert(sequence) { continue; }
                let highest = used.iter().max().copied();
                if let Some(mapped) = out.map(SourceId(source), at(sequence, 0), now) {
                    let new_run = highest.is_some_and(|h: u64| mapped.sequence == h + 1);
                    prop_assert!(used.insert(mapped.sequence) || new_run);
                    prop_assert!(mapped.sequence >= FIRST.sequence);
                }
            }
        }
    }
}
