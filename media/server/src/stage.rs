//! What viewers are given: the window, its maps, and the texts of its playlists. One value for all of them, replaced when
//! something is published; whoever waits is woken by the replacement.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use pleniere_media_core::link::Track;
use pleniere_media_core::playlist::Multivariant;
use pleniere_media_core::segment::TRACKS;
use pleniere_media_core::window::{Append, Window};
use tokio::sync::watch;

use crate::live_log::{LiveLine, Restored, Source};
use crate::slate::Map;

/// One published state, shared by every request until the next.
#[derive(Debug)]
pub(crate) struct Published {
    /// The window.
    pub(crate) window: Window<Bytes>,
    /// Maps by rendition and number.
    pub(crate) maps: BTreeMap<(Track, u64), Map>,
    texts: BTreeMap<(Track, bool), OnceLock<Option<Bytes>>>,
}

impl Published {
    fn new(window: Window<Bytes>, maps: BTreeMap<(Track, u64), Map>) -> Self {
        let keys = TRACKS
            .into_iter()
            .flat_map(|track| [(track, false), (track, true)]);
        Self {
            window,
            maps,
            texts: keys.map(|key| (key, OnceLock::new())).collect(),
        }
    }

    /// Text of a media playlist, made once for all who ask.
    pub(crate) fn playlist(&self, track: Track, skip: bool) -> Option<Bytes> {
        let made = || {
            self.window
                .playlist(track, skip)
                .map(|playlist| Bytes::from(playlist.to_string()))
        };
        self.texts.get(&(track, skip))?.get_or_init(made).clone()
    }

    /// The multivariant playlist; `None` until every rendition has something to play.
    pub(crate) fn multivariant(&self) -> Option<Multivariant> {
        if !self.window.is_playable() {
            return None;
        }
        let codec = |track| {
            self.maps
                .iter()
                .rev()
                .find(|((of, _), _)| *of == track)
                .map(|(_, map)| map.codec.clone())
        };
        Some(Multivariant {
            v720: codec(Track::V720)?,
            v360: codec(Track::V360)?,
            audio: codec(Track::Audio)?,
        })
    }
}

/// Where parts are put before the public.
pub(crate) struct Stage {
    window: Window<Bytes>,
    maps: BTreeMap<(Track, u64), Map>,
    published: watch::Sender<Arc<Published>>,
    logged: Option<u64>,
    dirty: bool,
}

impl Stage {
    /// An empty stage whose first segment has this number.
    pub(crate) fn new(first_msn: u64) -> Self {
        Self::with(Window::new(first_msn), BTreeMap::new())
    }

    /// A stage as it was before a crash.
    pub(crate) fn restored(restored: Restored) -> Self {
        Self::with(restored.window, restored.maps)
    }

    fn with(window: Window<Bytes>, maps: BTreeMap<(Track, u64), Map>) -> Self {
        let (published, _) = watch::channel(Arc::new(Published::new(window.clone(), maps.clone())));
        Self {
            window,
            maps,
            published,
            logged: None,
            dirty: false,
        }
    }

    /// Where requests read.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<Published>> {
        self.published.subscribe()
    }

    /// Begins a new stretch of media time in every rendition; the line to log when one was cut short by it.
    pub(crate) fn begin(&mut self, maps: &BTreeMap<Track, Map>) -> Option<LiveLine> {
        let cut = self.cut();
        let number = self.window.begin();
        self.maps.extend(
            maps.iter()
                .map(|(track, map)| ((*track, number), map.clone())),
        );
        cut
    }

    /// Nothing more will come until the next [`Stage::begin`].
    pub(crate) fn end(&mut self) -> Option<LiveLine> {
        let cut = self.cut();
        self.window.end();
        self.dirty = true;
        cut
    }

    fn cut(&self) -> Option<LiveLine> {
        let msn = self.logged?;
        let segment = |track| {
            self.window
                .segment(track, msn)
                .map(|segment| (track, segment.parts.len()))
        };
        Some(LiveLine::Cut {
            msn,
            parts: TRACKS.into_iter().filter_map(segment).collect(),
        })
    }

    /// Puts a part on stage; returns where it stands, and the line to log when it begins a segment.
    pub(crate) fn append(
        &mut self,
        track: Track,
        append: Append<Bytes>,
        source: impl FnOnce() -> Source,
    ) -> (u64, u64, Option<LiveLine>) {
        let (msn, part, at_ns) = self.window.append(track, append);
        self.dirty = true;
        if self.logged.is_some_and(|logged| logged >= msn) {
            return (msn, part, None);
        }
        self.logged = Some(msn);
        let line = self
            .window
            .segment(track, msn)
            .map(|segment| LiveLine::Open {
                msn,
                at_ns,
                discontinuity: segment.discontinuity,
                stretch: segment.stretch,
                map: segment.map,
                source: source(),
            });
        (msn, part, line)
    }

    /// Programme time up to which something is published, nanoseconds since 1970.
    pub(crate) fn end_ns(&self) -> Option<i64> {
        self.window.end_ns()
    }

    /// `true` when nothing was ever published.
    pub(crate) fn is_empty(&self) -> bool {
        self.window.is_empty()
    }

    /// Shows what was put on stage since the last time: one wake-up for everyone who waits.
    pub(crate) fn publish(&mut self) {
        if !std::mem::take(&mut self.dirty) {
            return;
        }
        self.window.evict();
        let oldest = self
            .window
            .segments(Track::V720)
            .next()
            .map_or(0, |segment| segment.map);
        self.maps.retain(|(_, number), _| *number >= oldest);
        self.published.send_replace(Arc::new(Published::new(
            self.window.clone(),
            self.maps.clone(),
        )));
    }
}
