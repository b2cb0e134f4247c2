//! Puts a scene on the compositor's pads, whole and at one frame: the pads change only inside the compositor's own thread,
//! just before it draws. Knows which frame is the first to carry a scene. Decodes and draws nothing.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;
use pleniere_media_core::layout::{Rect, Tile, arrange, slots};
use pleniere_media_core::scene::{Layout, Scene, SiteId};

use crate::feed::Feed;
use crate::overlay::Overlay;
use crate::plate::Plate;
use crate::titles::name_label;

/// A site without a frame for this long shows its slate. Under the 600 ms for which the compositor repeats a frame, so that
/// the slate is there before the frame is gone.
const MISSING_AFTER: gst::ClockTime = gst::ClockTime::from_mseconds(500);
/// Pads of tiles lie above the backdrop and the event slate.
const FIRST_Z: u32 = 10;
/// Two pads for a tile, slate and feed.
const Z_STEP: u32 = 2;

/// A site in the compositor.
pub struct StagedSite {
    /// Its id.
    pub id: SiteId,
    /// Written on its tile.
    pub name: String,
    /// Compositor pad of its slate.
    pub slate: gst::Pad,
    /// Compositor pad of its picture.
    pub picture: gst::Pad,
    /// What comes from it.
    pub feed: Arc<Feed>,
}

/// The pads and what they show.
pub struct Stage {
    sites: Vec<StagedSite>,
    backdrop: gst::Pad,
    slate: gst::Pad,
    overlay: Arc<Overlay>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Asked, not yet on the pads; a newer one replaces it, and the id replaced is never reported.
    asked: Option<Asked>,
    /// On the pads, not yet seen to leave the compositor.
    carried: Option<u64>,
    /// For each site its tile.
    tiles: Vec<Option<Tile>>,
    /// What each pad was last told: pads of the sites (slate, picture), then backdrop and event slate.
    told: Vec<Option<Place>>,
}

struct Asked {
    id: Option<u64>,
    tiles: Vec<Option<Tile>>,
    labels: Vec<Plate>,
    layout: Layout,
}

/// Where a pad draws; `None` elsewhere means "nowhere".
#[derive(Clone, Copy, PartialEq)]
struct Place {
    rect: Rect,
    z: u32,
    visible: bool,
}

impl Stage {
    /// Nothing is placed until the first [`Self::take`].
    pub fn new(
        sites: Vec<StagedSite>,
        backdrop: gst::Pad,
        slate: gst::Pad,
        overlay: Arc<Overlay>,
    ) -> Self {
        Self {
            sites,
            backdrop,
            slate,
            overlay,
            state: Mutex::default(),
        }
    }

    /// Every site, in the order of the event.
    pub fn sites(&self) -> &[StagedSite] {
        &self.sites
    }

    /// Takes `scene` at the next frame, and has its sites heard except the muted. A site unknown here leaves its slot to its
    /// background; slots that the layout does not have are left out.
    pub fn take(&self, id: Option<u64>, scene: &Scene, muted: &[SiteId]) {
        let tiles = self.tiles_of(scene);
        let seen: BTreeSet<&SiteId> = scene
            .slots
            .iter()
            .take(*slots(scene.layout).end())
            .collect();
        for site in &self.sites {
            site.feed
                .hear(seen.contains(&site.id) && !muted.contains(&site.id));
        }
        let asked = Asked {
            id,
            labels: self.labels(scene.layout, &tiles),
            tiles,
            layout: scene.layout,
        };
        self.lock().asked = Some(asked);
    }

    fn tiles_of(&self, scene: &Scene) -> Vec<Option<Tile>> {
        let places = arrange(scene.layout, scene.slots.len());
        let tile_of = |id: &SiteId| {
            let slot = scene.slots.iter().position(|slot| slot == id)?;
            places.get(slot).copied()
        };
        self.sites.iter().map(|site| tile_of(&site.id)).collect()
    }

    /// Names stand on tiles beside each other; a picture that fills the frame needs none.
    fn labels(&self, layout: Layout, tiles: &[Option<Tile>]) -> Vec<Plate> {
        if !matches!(layout, Layout::Mosaic | Layout::SideBySide) {
            return Vec::new();
        }
        let named = self.sites.iter().zip(tiles);
        named
            .filter_map(|(site, tile)| tile.map(|tile| name_label(&site.name, tile.rect)))
            .collect()
    }

    /// In the compositor's thread, before it draws the frame of running time `pts`.
    pub fn prepare(&self, pts: gst::ClockTime) {
        let mut state = self.lock();
        if let Some(asked) = state.asked.take() {
            state.carried = asked.id.or(state.carried);
            state.tiles = asked.tiles;
            self.overlay.set_labels(asked.labels);
            self.place_grounds(&mut state, asked.layout);
        }
        for (index, site) in self.sites.iter().enumerate() {
            let (slate, picture) = site.places(state.tiles.get(index).copied().flatten(), pts);
            state.tell(2 * index, &site.slate, slate);
            state.tell(2 * index + 1, &site.picture, picture);
        }
    }

    /// A frame of running time left the compositor: the scene it is the first to carry.
    pub fn passed(&self) -> Option<u64> {
        self.lock().carried.take()
    }

    fn place_grounds(&self, state: &mut State, layout: Layout) {
        let ground = |visible, z| Place {
            rect: Rect::FRAME,
            z,
            visible,
        };
        let index = 2 * self.sites.len();
        let slate_only = layout == Layout::Slate;
        state.tell(index, &self.backdrop, ground(!slate_only, 1));
        state.tell(index + 1, &self.slate, ground(slate_only, 2));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StagedSite {
    /// Where its slate and its picture go at `pts`. The slate is hidden while the picture is there, because a picture that
    /// is not 16:9 leaves parts of its tile free.
    fn places(&self, tile: Option<Tile>, pts: gst::ClockTime) -> (Place, Place) {
        let Some(tile) = tile else {
            let nowhere = Place {
                rect: Rect::FRAME,
                z: FIRST_Z,
                visible: false,
            };
            return (nowhere, nowhere);
        };
        let z = FIRST_Z + tile.z * Z_STEP;
        let last = self.feed.last_frame();
        let alive = last.is_some_and(|last| pts < last + MISSING_AFTER);
        let (width, height) = self.feed.shape();
        let slate = Place {
            rect: tile.rect,
            z,
            visible: !alive,
        };
        let picture = Place {
            rect: tile.rect.fit(width, height),
            z: z + 1,
            visible: alive,
        };
        (slate, picture)
    }
}

impl State {
    /// Sets a pad's properties, only when they change.
    fn tell(&mut self, index: usize, pad: &gst::Pad, place: Place) {
        if self.told.len() <= index {
            self.told.resize(index + 1, None);
        }
        if self.told[index] == Some(place) {
            return;
        }
        let before = self.told[index].replace(place);
        pad.set_property("alpha", if place.visible { 1.0f64 } else { 0.0 });
        if !place.visible {
            return;
        }
        let (rect, old) = (place.rect, before.filter(|b| b.visible));
        if old.map(|o| o.rect) != Some(rect) {
            pad.set_property("xpos", rect.x as i32);
            pad.set_property("ypos", rect.y as i32);
            pad.set_property("width", rect.width as i32);
            pad.set_property("height", rect.height as i32);
        }
        if old.map(|o| o.z) != Some(place.z) {
            pad.set_property("zorder", place.z);
        }
    }
}
