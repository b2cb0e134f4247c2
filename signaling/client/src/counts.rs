//! What a player counted: packets, bytes, holes, the first keyframe. Pure.

use std::time::{Duration, Instant};

/// What arrived since a player asked to join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Video packets, each counted once.
    pub video_packets: u64,
    /// Bytes of their payloads.
    pub video_bytes: u64,
    /// Frames of video (packets with the marker bit).
    pub video_frames: u64,
    /// Audio packets, each counted once.
    pub audio_packets: u64,
    /// Bytes of their payloads.
    pub audio_bytes: u64,
    /// Packets of both kinds that are missing for good, or not yet repaired.
    pub missing: u64,
    /// Packets that came a second time.
    pub duplicates: u64,
    /// Packets nobody took from the player's queue in time.
    pub unread: u64,
    /// From the call of `connect` to the connection, zero before.
    pub connected_after: Duration,
    /// From the call of `connect` to the end of the first keyframe.
    pub first_keyframe_after: Option<Duration>,
}

/// Counts one stream's sequence numbers, wherever they wrap.
#[derive(Debug, Default)]
pub(crate) struct Sequence {
    /// First and highest number seen, continued beyond 16 bits.
    range: Option<(u64, u64)>,
    unique: u64,
    /// Bit n: `highest - n` was seen.
    seen: u128,
}

impl Sequence {
    /// False for a number already seen (or 128 behind, where it is too late to tell).
    pub(crate) fn insert(&mut self, number: u16) -> bool {
        let Some((first, highest)) = self.range else {
            // Room below for packets overtaken by the first.
            let start = u64::from(number) + (1 << 16);
            (self.range, self.unique, self.seen) = (Some((start, start)), 1, 1);
            return true;
        };
        let ahead = i64::from(number.wrapping_sub(highest as u16) as i16);
        let fresh = if ahead > 0 {
            self.seen = self.seen.checked_shl(ahead as u32).unwrap_or(0) | 1;
            self.range = Some((first, highest + ahead as u64));
            true
        } else {
            let bit = 1u128.checked_shl(ahead.unsigned_abs() as u32).unwrap_or(0);
            let fresh = bit != 0 && self.seen & bit == 0;
            self.seen |= bit;
            self.range = Some((first.min(highest - ahead.unsigned_abs()), highest));
            fresh
        };
        self.unique += u64::from(fresh);
        fresh
    }

    /// Numbers between the first and the highest that did not come.
    pub(crate) fn missing(&self) -> u64 {
        self.range.map_or(0, |(first, highest)| {
            (highest - first + 1).saturating_sub(self.unique)
        })
    }
}

/// Finds the end of the first keyframe in H.264 payloads (RFC 6184).
#[derive(Debug, Default)]
pub(crate) struct KeyframeFinder {
    timestamp: Option<u32>,
    pub(crate) complete_at: Option<Instant>,
}

impl KeyframeFinder {
    pub(crate) fn packet(&mut self, timestamp: u32, marker: bool, payload: &[u8], at: Instant) {
        if self.complete_at.is_some() {
            return;
        }
        if starts_idr(payload) {
            self.timestamp = Some(timestamp);
        }
        if marker && self.timestamp == Some(timestamp) {
            self.complete_at = Some(at);
        }
    }
}

/// Whether an RTP payload begins an IDR slice, alone, fragmented (FU-A) or aggregated (STAP-A).
fn starts_idr(payload: &[u8]) -> bool {
    const IDR: u8 = 5;
    match payload {
        [head, ..] if head & 31 == IDR => true,
        [head, fragment, ..] if head & 31 == 28 => fragment & 0x80 != 0 && fragment & 31 == IDR,
        [head, rest @ ..] if head & 31 == 24 => aggregated(rest).any(|kind| kind == IDR),
        _ => false,
    }
}

fn aggregated(mut rest: &[u8]) -> impl Iterator<Item = u8> + '_ {
    std::iter::from_fn(move || {
        let (length, tail) = rest.split_first_chunk::<2>()?;
        let (unit, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        rest = tail;
        unit.first().map(|head| head & 31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(numbers: &[u16]) -> (u64, u64) {
        let mut sequence = Sequence::default();
        let duplicates = numbers
            .iter()
            .filter(|number| !sequence.insert(**number))
            .count();
        (sequence.missing(), duplicates as u64)
    }

    #[test]
    fn holes_and_repeats_are_counted_across_the_wrap() {
        assert_eq!(counted(&[]), (0, 0));
        assert_eq!(counted(&[65_534, 65_535, 0, 1]), (0, 0));
        assert_eq!(counted(&[65_534, 1]), (2, 0));
        assert_eq!(counted(&[65_534, 1, 65_535, 0, 0]), (0, 1));
        assert_eq!(counted(&[7, 6, 5]), (0, 0));
        assert_eq!(counted(&[0, 1, 1, 3, 2]), (0, 1));
        assert_eq!(counted(&[0, 1000]), (999, 0));
    }

    #[test]
    fn a_keyframe_ends_with_its_marker() {
        let now = Instant::now();
        let mut finder = KeyframeFinder::default();
        finder.packet(1, true, &[0x61, 0], now);
        finder.packet(2, false, &[0x78, 0, 2, 0x67, 1, 0, 1, 0x68], now);
        finder.packet(2, false, &[0x7c, 0x85, 9], now);
        assert_eq!(finder.complete_at, None);
        finder.packet(2, true, &[0x7c, 0x45, 9], now);
        assert_eq!(finder.complete_at, Some(now));
    }

    #[test]
    fn broken_payloads_are_harmless() {
        for payload in [
            &[][..],
            &[24],
            &[24, 0],
            &[24, 255, 255, 1],
            &[28],
            &[24, 0, 0, 0, 0],
        ] {
            assert!(!starts_idr(payload));
        }
        assert!(starts_idr(&[24, 0, 1, 5]));
    }
}
