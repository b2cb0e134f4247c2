//! When a packet was captured, told on our own clock. Owns the mapping from a sender's reports; keeps sound and picture of
//! one sender on one mapping, so that they stay together. Never reads a clock.

use std::time::{Duration, Instant};

/// Wall clocks given out lie this far in the past, so that a report sent at once never points to the future.
const MARGIN: Duration = Duration::from_millis(60);
/// A report that disagrees by more than this is a stepped clock: it is believed at once.
const STEP_NS: i128 = 1_000_000_000;
/// Otherwise the mapping follows by this fraction of the difference (drift, not jitter).
const FOLLOW: i128 = 16;
/// A capture time further in the past than this is not believed.
const OLDEST: Duration = Duration::from_secs(5);

/// What an RTCP sender report says of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// NTP time, 32.32 fixed point, seconds since 1900 (RFC 3550 section 4).
    pub ntp: u64,
    /// RTP timestamp of the same moment.
    pub rtp: u32,
    /// Ticks per second of that timestamp.
    pub clock_rate: u32,
}

impl Report {
    fn ntp_ns(&self) -> i128 {
        (i128::from(self.ntp) * 1_000_000_000) >> 32
    }
}

/// One sender's clock as seen from here.
#[derive(Clone, Debug)]
pub struct SenderClock {
    origin: Instant,
    offset_ns: Option<i128>,
}

impl SenderClock {
    /// A clock of which nothing is known; `origin` is any moment before the first report.
    #[must_use]
    pub fn new(origin: Instant) -> Self {
        Self {
            origin,
            offset_ns: None,
        }
    }

    /// A report arrived at `received`.
    pub fn report(&mut self, report: &Report, received: Instant) {
        let ours = received.saturating_duration_since(self.origin).as_nanos() as i128;
        let seen = ours - report.ntp_ns();
        self.offset_ns = Some(match self.offset_ns {
            Some(offset) if (seen - offset).abs() < STEP_NS => offset + (seen - offset) / FOLLOW,
            _ => seen,
        });
    }

    /// The moment at which the packet with `timestamp`, arrived at `arrived`, was captured; with a constant delay that is
    /// the same for all streams of the sender. Without a report: its arrival. Never after its arrival.
    #[must_use]
    pub fn captured(&self, report: Option<&Report>, timestamp: u32, arrived: Instant) -> Instant {
        let latest = arrived.checked_sub(MARGIN).unwrap_or(arrived);
        let known = report.and_then(|report| self.mapped(report, timestamp));
        match known {
            Some(at) if at <= latest && latest - at <= OLDEST => at,
            _ => latest,
        }
    }

    fn mapped(&self, report: &Report, timestamp: u32) -> Option<Instant> {
        let ticks = i128::from(timestamp.wrapping_sub(report.rtp) as i32);
        let media_ns = ticks * 1_000_000_000 / i128::from(report.clock_rate.max(1));
        let since = report.ntp_ns() + media_ns + self.offset_ns?;
        let since = Duration::from_nanos(u64::try_from(since).ok()?);
        self.origin.checked_add(since)?.checked_sub(MARGIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ntp(seconds: f64) -> u64 {
        (seconds * 4_294_967_296.0) as u64
    }

    #[test]
    fn sound_and_picture_of_one_moment_get_one_time() {
        let origin = Instant::now();
        let mut clock = SenderClock::new(origin);
        let video = Report {
            ntp: ntp(3000.0),
            rtp: 1_000_000,
            clock_rate: 90_000,
        };
        let audio = Report {
            ntp: ntp(3000.5),
            rtp: 70_000,
            clock_rate: 48_000,
        };
        clock.report(&video, origin + Duration::from_secs(10));
        clock.report(&audio, origin + Duration::from_millis(10_500));
        let arrived = origin + Duration::from_secs(12);
        let picture = clock.captured(Some(&video), 1_090_000, arrived);
        let sound = clock.captured(Some(&audio), 94_000, arrived);
        let apart = picture.max(sound) - picture.min(sound);
        assert!(apart < Duration::from_micros(10), "{apart:?}");
    }

    #[test]
    fn without_a_report_arrival_counts() {
        let now = Instant::now();
        let clock = SenderClock::new(now);
        let arrived = now + Duration::from_secs(1);
        assert_eq!(clock.captured(None, 5, arrived), arrived - MARGIN);
    }

    proptest! {
        #[test]
        fn never_in_the_future(ntp in any::<u64>(), rtp in any::<u32>(), timestamp in any::<u32>(), rate in any::<u32>(), ms in 100u64..100_000) {
            let origin = Instant::now();
            let mut clock = SenderClock::new(origin);
            let report = Report { ntp, rtp, clock_rate: rate };
            let arrived = origin + Duration::from_millis(ms);
            clock.report(&report, arrived);
            let captured = clock.captured(Some(&report), timestamp, arrived);
            prop_assert!(captured <= arrived && arrived - captured <= OLDEST + MARGIN);
        }
    }
}
