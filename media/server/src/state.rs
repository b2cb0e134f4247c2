//! What the programme tells the rest of the program: its state, and notices of what just happened.

use std::collections::{BTreeMap, BTreeSet};

use pleniere_media_core::scene::{Scene, SiteId};
use pleniere_media_core::timeline::Phase;

/// State of the programme as it was last observed. Times are programme time, milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Phase of the event.
    pub phase: Phase,
    /// Session under way, and since when.
    pub session: Option<(String, i64)>,
    /// The slate is in the programme's place.
    pub masked: bool,
    /// Sites silenced.
    pub muted: BTreeSet<SiteId>,
    /// Scene asked for last.
    pub intended: Option<SceneAt>,
    /// Scene seen last.
    pub shown: Option<SceneAt>,
    /// The engine.
    pub engine: EngineState,
    /// Loopback UDP port of each site, while an engine runs.
    pub ports: BTreeMap<SiteId, u16>,
    /// The recording under way, or the last one of this life of the program.
    pub recording: Option<RecordingState>,
    /// What the engine last said of each site; forgotten when the engine goes.
    pub sites: BTreeMap<SiteId, SiteReport>,
    /// Viewers are shown the slate (masked, or no engine).
    pub slate_on_air: bool,
}

/// A scene, who asked for it, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct SceneAt {
    /// Entry of the timeline that asked for it.
    pub id: u64,
    /// Programme time, milliseconds.
    pub at: i64,
    /// The scene.
    pub scene: Scene,
}

/// How the engine is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineState {
    /// What it does.
    pub life: EngineLife,
    /// Since when, programme time in milliseconds.
    pub since: i64,
    /// How many times it was started again in this life of the program.
    pub restarts: u32,
}

/// What an engine does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineLife {
    /// None is wanted (the event is over).
    #[default]
    Absent,
    /// Started, or about to be; no part has come yet.
    Restarting,
    /// Parts come.
    Running,
}

/// How the recording is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingState {
    /// Its id.
    pub id: String,
    /// It grows as the programme does; `false` when it ended.
    pub running: bool,
    /// Bytes on disk.
    pub bytes: u64,
    /// When it last grew, milliseconds.
    pub grew_at: i64,
    /// When it began, milliseconds.
    pub started_at: i64,
    /// Why it does not grow, while it cannot be written.
    pub failing: Option<String>,
}

/// What the engine says of a site, twice a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SiteReport {
    /// Decoded frames a second; 0 = the slate stands in its place.
    pub fps: f32,
    /// Sound level (RMS), dBFS; `None` without sound.
    pub level_db: Option<f32>,
    /// When it was said, milliseconds.
    pub at: i64,
}

/// Something that just happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// An engine runs: send each site's RTP to its port, and a keyframe request to each site.
    EngineStarted {
        /// Loopback UDP port of each site.
        ports: BTreeMap<SiteId, u16>,
    },
    /// It is gone; another follows unless the event is over.
    EngineLost,
    /// A scene was first seen in the programme.
    SceneShown {
        /// Entry that asked for it.
        id: u64,
        /// The scene.
        scene: Scene,
        /// Programme time, milliseconds.
        at: i64,
    },
    /// A lower third was first seen, or seen gone.
    LowerThirdShown {
        /// Entry that asked for it.
        id: u64,
        /// Programme time, milliseconds.
        at: i64,
    },
    /// Something went wrong and was dealt with.
    Fault {
        /// Stable code.
        code: String,
        /// Plain words.
        detail: String,
        /// The site concerned.
        site: Option<SiteId>,
    },
}
