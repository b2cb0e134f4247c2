//! A scene: which sites are in the picture, and where. Owns no pixels; `layout` computes rectangles from it.

use serde::{Deserialize, Serialize};

/// The id of a linked room, as in the event file (`[a-z0-9-]{1,40}`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SiteId(pub String);

/// How the sites of a scene share the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// One site fills the picture.
    Full,
    /// Two sites of equal size beside each other.
    SideBySide,
    /// The first site fills the picture, the second sits small in a corner.
    PictureInPicture,
    /// One to nine sites in a grid.
    Mosaic,
    /// No site: the event's slate.
    Slate,
}

/// A layout and the sites in its slots, first slot first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// How the slots are arranged.
    pub layout: Layout,
    /// One site per slot; a site appears at most once.
    pub slots: Vec<SiteId>,
}
