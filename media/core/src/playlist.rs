//! A playlist is a value that prints itself (RFC 8216bis). Decides nothing about what is in it: `window` and the replay do.

use std::fmt::{self, Display, Formatter};

use crate::clock::iso;
use crate::segment::PART_NS;

/// EXT-X-TARGETDURATION, seconds: no segment rounds to more.
pub const TARGET_DURATION_S: u64 = 2;
/// PART-TARGET, nanoseconds: the engine cuts every rendition to it.
pub const PART_TARGET_NS: u64 = PART_NS;
/// PART-HOLD-BACK, nanoseconds: three parts (RFC 8216bis, 4.4.3.8), measured to play without a stall.
pub const PART_HOLD_BACK_NS: u64 = 3 * PART_TARGET_NS;
/// CAN-SKIP-UNTIL, nanoseconds: six target durations, the least allowed.
pub const SKIP_UNTIL_NS: u64 = 12_000_000_000;

/// What kind of media playlist it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sliding window, low latency.
    Live,
    /// Grows until the recording ends.
    Event,
    /// Complete.
    Vod,
}

/// A media playlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaPlaylist {
    /// Live, EVENT or VOD.
    pub kind: Kind,
    /// Media sequence number of the first segment (counting skipped ones).
    pub media_sequence: u64,
    /// Discontinuities before the first segment.
    pub discontinuity_sequence: u64,
    /// Segments left out at the front of a delta update.
    pub skipped: usize,
    /// Segments, oldest first; the last may be unfinished.
    pub segments: Vec<Segment>,
    /// URI of the part that comes next.
    pub hint: Option<String>,
    /// Where the other renditions are.
    pub reports: Vec<Report>,
    /// Nothing will be added.
    pub ended: bool,
}

/// One segment of a playlist, with its parts while they are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// Media time starts anew here.
    pub discontinuity: bool,
    /// Map, where it differs from the segment before.
    pub map: Option<Resource>,
    /// Programme time of the first sample, nanoseconds since 1970.
    pub at_ns: Option<i64>,
    /// Parts, in order.
    pub parts: Vec<Part>,
    /// The segment as a whole; `None` while it is unfinished.
    pub whole: Option<Whole>,
}

/// A finished segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Nanoseconds.
    pub duration_ns: u64,
    /// Where its bytes are.
    pub resource: Resource,
    /// Its bytes are missing in this rendition.
    pub gap: bool,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Nanoseconds.
    pub duration_ns: u64,
    /// URI.
    pub uri: String,
    /// Begins with a sample that needs no other.
    pub independent: bool,
}

/// Bytes: a URI, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Relative to the playlist.
    pub uri: String,
    /// Offset and length in bytes; `None` = all of it.
    pub range: Option<(u64, u64)>,
}

impl Resource {
    /// All the bytes at a URI.
    #[must_use]
    pub fn whole(uri: String) -> Self {
        Self { uri, range: None }
    }
}

/// The last segment and part of another rendition (EXT-X-RENDITION-REPORT).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Playlist of that rendition.
    pub uri: String,
    /// Last media sequence number.
    pub msn: u64,
    /// Last part of it, from 0.
    pub part: u64,
}

struct Seconds(u64);

impl Display for Seconds {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let micros = (self.0 + 500) / 1000;
        write!(f, "{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }
}

impl Display for MediaPlaylist {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:{TARGET_DURATION_S}"
        )?;
        self.head(f)?;
        for segment in &self.segments {
            write!(f, "{segment}")?;
        }
        if self.ended {
            return writeln!(f, "#EXT-X-ENDLIST");
        }
        if let Some(hint) = &self.hint {
            writeln!(f, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{hint}\"")?;
        }
        for Report { uri, msn, part } in &self.reports {
            writeln!(
                f,
                "#EXT-X-RENDITION-REPORT:URI=\"{uri}\",LAST-MSN={msn},LAST-PART={part}"
            )?;
        }
        Ok(())
    }
}

impl MediaPlaylist {
    fn head(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Live => {
                let (skip, hold) = (Seconds(SKIP_UNTIL_NS), Seconds(PART_HOLD_BACK_NS));
                writeln!(
                    f,
                    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={skip},PART-HOLD-BACK={hold}"
                )?;
                writeln!(f, "#EXT-X-PART-INF:PART-TARGET={}", Seconds(PART_TARGET_NS))?;
            }
            // Without it players take a growing playlist for a live one and begin at its end.
            Kind::Event => {
                writeln!(f, "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-START:TIME-OFFSET=0")?;
            }
            Kind::Vod => writeln!(f, "#EXT-X-PLAYLIST-TYPE:VOD")?,
        }
        writeln!(f, "#EXT-X-MEDIA-SEQUENCE:{}", self.media_sequence)?;
        if self.discontinuity_sequence > 0 {
            writeln!(
                f,
                "#EXT-X-DISCONTINUITY-SEQUENCE:{}",
                self.discontinuity_sequence
            )?;
        }
        writeln!(f, "#EXT-X-INDEPENDENT-SEGMENTS")?;
        if self.skipped > 0 {
            writeln!(f, "#EXT-X-SKIP:SKIPPED-SEGMENTS={}", self.skipped)?;
        }
        Ok(())
    }
}

impl Display for Segment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.discontinuity {
            writeln!(f, "#EXT-X-DISCONTINUITY")?;
        }
        if let Some(map) = &self.map {
            write!(f, "#EXT-X-MAP:URI=\"{}\"", map.uri)?;
            if let Some((offset, len)) = map.range {
                write!(f, ",BYTERANGE=\"{len}@{offset}\"")?;
            }
            writeln!(f)?;
        }
        if let Some(at_ns) = self.at_ns {
            writeln!(f, "#EXT-X-PROGRAM-DATE-TIME:{}", iso(at_ns))?;
        }
        for part in &self.parts {
            write!(
                f,
                "#EXT-X-PART:DURATION={},URI=\"{}\"",
                Seconds(part.duration_ns),
                part.uri
            )?;
            writeln!(
                f,
                "{}",
                if part.independent {
                    ",INDEPENDENT=YES"
                } else {
                    ""
                }
            )?;
        }
        let Some(whole) = &self.whole else {
            return Ok(());
        };
        if whole.gap {
            writeln!(f, "#EXT-X-GAP")?;
        }
        writeln!(f, "#EXTINF:{},", Seconds(whole.duration_ns))?;
        if let Some((offset, len)) = whole.resource.range {
            writeln!(f, "#EXT-X-BYTERANGE:{len}@{offset}")?;
        }
        writeln!(f, "{}", whole.resource.uri)
    }
}

/// The multivariant playlist: two pictures with sound, and sound alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Multivariant {
    /// `CODECS` of the 720-line picture.
    pub v720: String,
    /// `CODECS` of the 360-line picture.
    pub v360: String,
    /// `CODECS` of the sound.
    pub audio: String,
}

/// Highest bit rates a second of programme reaches, sound included: the engine's encoder settings plus their buffer.
const PEAK_720: u32 = 3_300_000;
const PEAK_360: u32 = 1_000_000;
const PEAK_AUDIO: u32 = 150_000;

impl Display for Multivariant {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { v720, v360, audio } = self;
        writeln!(f, "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-INDEPENDENT-SEGMENTS")?;
        writeln!(
            f,
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",NAME=\"Programme\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"audio.m3u8\""
        )?;
        for (peak, codec, size, uri) in [
            (PEAK_720, v720, "1280x720", "v720"),
            (PEAK_360, v360, "640x360", "v360"),
        ] {
            writeln!(
                f,
                "#EXT-X-STREAM-INF:BANDWIDTH={peak},CODECS=\"{codec},{audio}\",RESOLUTION={size},FRAME-RATE=25.000,AUDIO=\"sound\"\n{uri}.m3u8"
            )?;
        }
        writeln!(
            f,
            "#EXT-X-STREAM-INF:BANDWIDTH={PEAK_AUDIO},CODECS=\"{audio}\",AUDIO=\"sound\"\naudio.m3u8"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multivariant_playlist_prints() {
        let multivariant = Multivariant {
            v720: "avc1.42c01f".into(),
            v360: "avc1.42c01e".into(),
            audio: "mp4a.40.2".into(),
        };
        assert_eq!(
            multivariant.to_string(),
            "#EXTM3U
#EXT-X-VERSION:9
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",NAME=\"Programme\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"audio.m3u8\"
#EXT-X-STREAM-INF:BANDWIDTH=3300000,CODECS=\"avc1.42c01f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=25.000,AUDIO=\"sound\"
v720.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1000000,CODECS=\"avc1.42c01e,mp4a.40.2\",RESOLUTION=640x360,FRAME-RATE=25.000,AUDIO=\"sound\"
v360.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=150000,CODECS=\"mp4a.40.2\",AUDIO=\"sound\"
audio.m3u8
"
        );
    }

    #[test]
    fn a_replay_prints_byte_ranges() {
        let segment = |offset, discontinuity| Segment {
            discontinuity,
            map: Some(Resource {
                uri: "run-001/audio.mp4".into(),
                range: Some((0, 700)),
            }),
            at_ns: Some(1_604_482_200_000_000_000),
            parts: Vec::new(),
            whole: Some(Whole {
                duration_ns: 1_920_000_000,
                resource: Resource {
                    uri: "run-001/audio.mp4".into(),
                    range: Some((offset, 31_000)),
                },
                gap: false,
            }),
        };
        let playlist = MediaPlaylist {
            kind: Kind::Vod,
            media_sequence: 0,
            discontinuity_sequence: 0,
            skipped: 0,
            segments: vec![segment(700, false), segment(31_700, true)],
            hint: None,
            reports: Vec::new(),
            ended: true,
        };
        assert_eq!(
            playlist.to_string(),
            "#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI=\"run-001/audio.mp4\",BYTERANGE=\"700@0\"
#EXT-X-PROGRAM-DATE-TIME:2020-11-04T09:30:00.000Z
#EXTINF:1.920000,
#EXT-X-BYTERANGE:31000@700
run-001/audio.mp4
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"run-001/audio.mp4\",BYTERANGE=\"700@0\"
#EXT-X-PROGRAM-DATE-TIME:2020-11-04T09:30:00.000Z
#EXTINF:1.920000,
#EXT-X-BYTERANGE:31000@31700
run-001/audio.mp4
#EXT-X-ENDLIST
"
        );
    }
}
