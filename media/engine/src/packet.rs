//! Tells RTP from RTCP on a site's port, picture from sound, and one publisher from the next. Reads headers, decodes nothing.

use std::time::{Duration, Instant};

use pleniere_media_core::link::{Media, PAYLOAD_AUDIO, PAYLOAD_VIDEO};

/// RTCP packet type of BYE (RFC 3550, section 6.6).
const BYE: u8 = 203;
/// After this silence of one track its stream is taken for a new one; the jitter buffer's idea of it is too old.
const STALE: Duration = Duration::from_secs(5);
/// Least time between two rebuilds: alternating streams cost their own site some picture, and nothing else.
const CALM: Duration = Duration::from_millis(500);

/// What a datagram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet {
    /// A media packet of the stream `ssrc`.
    Rtp {
        /// By its payload type.
        media: Media,
        /// Synchronisation source.
        ssrc: u32,
    },
    /// A compound report about, or from, the stream `ssrc`.
    Rtcp {
        /// Sender of the first report.
        ssrc: u32,
        /// Whether it says goodbye. It is then not passed on: the end of a stream is seen by its silence, and the same
        /// stream may come back.
        bye: bool,
    },
}

/// What `datagram` is; `None` for what is neither (RFC 5761, section 4: packet types 192 to 223 are RTCP).
pub fn classify(datagram: &[u8]) -> Option<Packet> {
    let [first, second, ..] = *datagram else {
        return None;
    };
    if first >> 6 != 2 {
        return None;
    }
    if (192..=223).contains(&second) {
        let ssrc = word(datagram, 4)?;
        let bye = says_goodbye(datagram);
        return Some(Packet::Rtcp { ssrc, bye });
    }
    let media = match second & 0x7f {
        PAYLOAD_VIDEO => Media::Video,
        PAYLOAD_AUDIO => Media::Audio,
        _ => return None,
    };
    let ssrc = word(datagram, 8)?;
    Some(Packet::Rtp { media, ssrc })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

fn says_goodbye(mut compound: &[u8]) -> bool {
    while let [_, kind, high, low, ..] = *compound {
        if kind == BYE {
            return true;
        }
        let length = 4 * (usize::from(u16::from_be_bytes([high, low])) + 1);
        compound = compound.get(length..).unwrap_or_default();
    }
    false
}

/// The streams a site sends at present.
#[derive(Debug, Default)]
pub struct Publisher {
    video: Option<Seen>,
    audio: Option<Seen>,
    rebuilt: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    ssrc: u32,
    at: Instant,
}

/// What to do with a media packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It belongs to the stream that is decoded.
    Pass,
    /// It is the first of its track since the decoder was built.
    First,
    /// It is of another stream: build a new decoder and give it this packet first.
    Rebuild,
    /// Too soon after the last rebuild.
    Drop,
}

impl Publisher {
    /// Judges a packet of `media` from `ssrc`, arrived at `now`.
    pub fn judge(&mut self, media: Media, ssrc: u32, now: Instant) -> Verdict {
        let fresh = Some(Seen { ssrc, at: now });
        let calm = self.rebuilt.is_none_or(|at| now >= at + CALM);
        let seen = self.track(media);
        match *seen {
            None => {
                *seen = fresh;
                Verdict::First
            }
            Some(known) if known.ssrc == ssrc && now < known.at + STALE => {
                *seen = fresh;
                Verdict::Pass
            }
            Some(_) if !calm => Verdict::Drop,
            Some(_) => {
                *self = Self {
                    rebuilt: Some(now),
                    ..Self::default()
                };
                *self.track(media) = fresh;
                Verdict::Rebuild
            }
        }
    }

    /// The track whose stream is `ssrc`.
    pub fn media_of(&self, ssrc: u32) -> Option<Media> {
        let is = |seen: Option<Seen>| seen.is_some_and(|seen| seen.ssrc == ssrc);
        if is(self.video) {
            Some(Media::Video)
        } else if is(self.audio) {
            Some(Media::Audio)
        } else {
            None
        }
    }

    /// Forgets the streams; the next packets are first ones.
    pub fn forget(&mut self) {
        *self = Self {
            rebuilt: self.rebuilt,
            ..Self::default()
        };
    }

    fn track(&mut self, media: Media) -> &mut Option<Seen> {
        match media {
            Media::Video => &mut self.video,
            Media::Audio => &mut self.audio,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rtp(payload: u8, ssrc: u32) -> Vec<u8> {
        let mut packet = vec![0x80, payload, 0, 1, 0, 0, 0, 0];
        packet.extend(ssrc.to_be_bytes());
        packet
    }

    #[test]
    fn packets_are_told_apart() {
        let video = Some(Packet::Rtp {
            media: Media::Video,
            ssrc: 7,
        });
        assert_eq!(classify(&rtp(102, 7)), video);
        assert_eq!(classify(&rtp(0x80 | 102, 7)), video);
        let audio = Some(Packet::Rtp {
            media: Media::Audio,
            ssrc: 8,
        });
        assert_eq!(classify(&rtp(111, 8)), audio);
        assert_eq!(classify(&rtp(96, 8)), None);
        let report = [0x80, 200, 0, 1, 0, 0, 0, 9];
        let expected = |bye| Some(Packet::Rtcp { ssrc: 9, bye });
        assert_eq!(classify(&report), expected(false));
        let goodbye = [report, [0x81, 203, 0, 1, 0, 0, 0, 9]].concat();
        assert_eq!(classify(&goodbye), expected(true));
    }

    #[test]
    fn garbage_is_nothing() {
        for length in 0..12 {
            assert_eq!(classify(&rtp(102, 7)[..length]), None);
        }
        assert_eq!(classify(&[0xff; 40]), None);
        assert_eq!(classify(&[0x80, 200, 0xff, 0xff]), None);
    }

    #[test]
    fn a_new_publisher_is_noticed_once() {
        let start = Instant::now();
        let mut publisher = Publisher::default();
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(publisher.judge(Media::Video, 1, at(0)), Verdict::First);
        assert_eq!(publisher.judge(Media::Audio, 2, at(1)), Verdict::First);
        assert_eq!(publisher.judge(Media::Video, 1, at(40)), Verdict::Pass);
        assert_eq!(publisher.judge(Media::Video, 3, at(80)), Verdict::Rebuild);
        assert_eq!(publisher.judge(Media::Audio, 4, at(81)), Verdict::First);
        assert_eq!(publisher.judge(Media::Audio, 2, at(82)), Verdict::Drop);
        assert_eq!(publisher.judge(Media::Audio, 4, at(101)), Verdict::Pass);
        assert_eq!(publisher.media_of(4), Some(Media::Audio));
        assert_eq!(publisher.media_of(2), None);
    }

    #[test]
    fn a_track_that_was_silent_for_long_is_a_new_one() {
        let start = Instant::now();
        let mut publisher = Publisher::default();
        publisher.judge(Media::Video, 1, start);
        let later = start + STALE;
        assert_eq!(publisher.judge(Media::Video, 1, later), Verdict::Rebuild);
    }
}
