//! The words `serve` and an engine say to each other over the socket pair that is the engine's standard input.
//! Framing: `u32 length (big endian, of what follows) · u8 kind · payload`; kind 0 = one JSON message of this module,
//! kind 1 = `u16 header length (big endian) · JSON header · bytes`. Both sides refuse a frame over [`FRAME_MAX`].

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::scene::{Scene, SiteId};

/// Largest frame either side accepts, in bytes: a 1.92 s chunk at 20 Mbit/s fits.
pub const FRAME_MAX: usize = 8 * 1024 * 1024;

/// Payload type of H.264 on every loopback RTP leg (90 kHz).
pub const PAYLOAD_VIDEO: u8 = 102;
/// Payload type of Opus on every loopback RTP leg (48 kHz).
pub const PAYLOAD_AUDIO: u8 = 111;

/// `serve` to `pleniere-engine programme`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ToProgramme {
    /// First message, once.
    Start(ProgrammeStart),
    /// Take this scene at the next frame; answered by [`FromProgramme::SceneShown`] with the same id.
    Scene {
        /// Rises with each scene.
        id: u64,
        /// What to show.
        scene: Scene,
        /// Sites not to be heard; every other site of the scene is.
        muted: Vec<SiteId>,
    },
    /// Show or remove the lower third; answered by [`FromProgramme::LowerThirdShown`].
    LowerThird {
        /// Rises with each change.
        id: u64,
        /// `None` removes it.
        text: Option<LowerThird>,
    },
    /// A WHEP viewer needs a keyframe of the programme (already coalesced to one a second by `serve`).
    Keyframe,
    /// Finish: flush the last chunks and leave.
    Stop,
}

/// How the programme engine starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProgrammeStart {
    /// Title on the slate.
    pub title: String,
    /// Second line on the slate.
    pub subtitle: String,
    /// Every site of the event, in the order of their numbers.
    pub sites: Vec<SiteName>,
    /// Where the programme's RTP and RTCP go (loopback).
    pub programme_rtp: SocketAddr,
    /// Stamp the latency strip on the programme (rehearsals only).
    pub strip: bool,
    /// The scene to begin with.
    pub scene: Scene,
}

/// A site's id and the name written in the picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiteName {
    /// Id in the event file.
    pub id: SiteId,
    /// Name as people say it.
    pub name: String,
}

/// The question (or title) shown low in the picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LowerThird {
    /// Small first line: "Question 42 · Inès, élève, Troyes".
    pub kicker: String,
    /// The text, at most three lines once wrapped.
    pub text: String,
}

/// `pleniere-engine programme` to `serve`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum FromProgramme {
    /// The pipelines run.
    Started {
        /// CLOCK_MONOTONIC nanoseconds at the programme's running time 0.
        base_ns: u64,
        /// Loopback UDP port of each site: RTP and RTCP, both tracks (by payload type).
        ports: BTreeMap<SiteId, u16>,
    },
    /// The first frame carrying scene `id` has this running time.
    SceneShown {
        /// As in [`ToProgramme::Scene`].
        id: u64,
        /// Nanoseconds of running time.
        pts_ns: u64,
    },
    /// The first frame carrying (or no longer carrying) lower third `id`.
    LowerThirdShown {
        /// As in [`ToProgramme::LowerThird`].
        id: u64,
        /// Nanoseconds of running time.
        pts_ns: u64,
    },
    /// Twice a second for each site.
    Site {
        /// Which site.
        site: SiteId,
        /// Decoded frames a second over the last half second; 0 = the slate is shown.
        fps: f32,
        /// Sound level (RMS) in dBFS over the last half second, `None` without sound.
        level_db: Option<f32>,
    },
    /// Something went wrong and what was done about it, for the log and the director's health line.
    Fault {
        /// Stable code: `programme_rebuilt`, `site_rebuilt`, `encoder`.
        code: String,
        /// Plain words.
        detail: String,
        /// The site concerned.
        site: Option<SiteId>,
    },
}

/// Header of a binary frame from the programme engine: one CMAF chunk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChunkHeader {
    /// `v720`, `v360` or `audio`.
    pub track: Track,
    /// What the bytes are.
    pub kind: ChunkKind,
    /// Running time of the first sample, nanoseconds (0 for a map).
    pub pts_ns: u64,
    /// Exact duration, nanoseconds (0 for a map).
    pub duration_ns: u64,
    /// Part of the slate encoded beforehand (one segment per track, sent right after `Started`), not of the programme.
    #[serde(default)]
    pub slate: bool,
    /// `CODECS` value, on maps: `avc1.42c01f`, `mp4a.40.2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
}

/// One rendition of the programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Track {
    /// 1280x720, 25 frames a second.
    V720,
    /// 640x360, 25 frames a second.
    V360,
    /// AAC-LC stereo, 48 kHz.
    Audio,
}

/// What a chunk is to the playlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChunkKind {
    /// `ftyp` + `moov`: EXT-X-MAP.
    Map,
    /// First chunk of a segment (`styp` + `moof` + `mdat`), starts with a keyframe.
    SegmentStart,
    /// A further chunk of the segment.
    Part,
}

/// `serve` to `pleniere-engine rooms` (the rehearsal's simulated rooms).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ToRooms {
    /// First message, once.
    Start {
        /// The rooms to encode.
        rooms: Vec<RoomStart>,
        /// IANA zone of the clocks in the pictures; the machine's own without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timezone: Option<String>,
    },
    /// The publisher of this room was asked for a keyframe.
    Keyframe {
        /// Which room.
        room: SiteId,
    },
    /// Pause or resume encoding a room whose seat was taken over.
    Active {
        /// Which room.
        room: SiteId,
        /// `false` saves its CPU.
        on: bool,
    },
    /// Leave.
    Stop,
}

/// One simulated room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoomStart {
    /// Site id.
    pub id: SiteId,
    /// Written in the picture.
    pub name: String,
    /// From 1; gives the room its colour and its tone.
    pub number: u8,
    /// A video file with sound to loop instead of the drawn picture; the name, clock and strip are still stamped.
    pub clip: Option<std::path::PathBuf>,
}

/// `pleniere-engine rooms` to `serve`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum FromRooms {
    /// Encoding; frames follow.
    Started {
        /// CLOCK_MONOTONIC nanoseconds at running time 0.
        base_ns: u64,
    },
    /// A room could not be made (an unreadable clip, say); the drawn picture replaces it.
    Fault {
        /// Which room.
        room: SiteId,
        /// Plain words.
        detail: String,
    },
}

/// Header of a binary frame from the rooms engine: one encoded access unit or Opus packet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoomFrameHeader {
    /// Which room.
    pub room: SiteId,
    /// Video (Annex B access unit) or audio (one 20 ms Opus packet).
    pub media: Media,
    /// Running time, nanoseconds.
    pub pts_ns: u64,
    /// Video only: an IDR with its parameter sets.
    #[serde(default)]
    pub keyframe: bool,
}

/// Picture or sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// H.264.
    Video,
    /// Opus.
    Audio,
}
