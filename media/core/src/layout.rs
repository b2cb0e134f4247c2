//! Where the sites of a scene sit in the 1280x720 picture: a layout and a number of slots give rectangles.
//! Pure arithmetic; owns no pixels and knows no site.

use std::ops::RangeInclusive;

use crate::scene::Layout;

/// Width of the programme in pixels.
pub const FRAME_WIDTH: u32 = 1280;
/// Height of the programme in pixels.
pub const FRAME_HEIGHT: u32 = 720;

/// Space between tiles, in pixels.
const GUTTER: u32 = 16;
/// Space around the tiles, in pixels; the latency strip of rehearsals (16 rows) stays outside of them.
const MARGIN: u32 = 24;
/// A width that is a multiple of 32 gives a 16:9 tile whose height is a multiple of 18, so both are even.
const WIDTH_STEP: u32 = 32;
/// Top of the two pictures of `side_by_side`.
const PAIR_TOP: u32 = 120;
/// Width of the small picture in `picture_in_picture`: three tenths of the frame.
const INSET_WIDTH: u32 = 384;
/// Distance of the small picture from the edges; it sits at the top right because the lower third needs the bottom.
const INSET_MARGIN: u32 = 32;

/// A rectangle in the frame, in pixels; all four are even, so that chroma (one sample for 2x2 pixels) stays aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// From the left edge.
    pub x: u32,
    /// From the top edge.
    pub y: u32,
    /// Width, at least 2.
    pub width: u32,
    /// Height, at least 2.
    pub height: u32,
}

impl Rect {
    /// The whole frame.
    pub const FRAME: Self = Self {
        x: 0,
        y: 0,
        width: FRAME_WIDTH,
        height: FRAME_HEIGHT,
    };

    /// The largest even rectangle of the shape `width:height` centred in this one: a 4:3 or upright picture in a 16:9 tile.
    /// A shape without pixels, or too thin to leave 2 pixels, gives the whole tile.
    #[must_use]
    pub fn fit(self, width: u32, height: u32) -> Self {
        let (tile_w, tile_h) = (u64::from(self.width), u64::from(self.height));
        let (w, h) = (u64::from(width), u64::from(height));
        if w == 0 || h == 0 {
            return self;
        }
        let (fit_w, fit_h) = if w * tile_h >= h * tile_w {
            (tile_w, tile_w * h / w)
        } else {
            (tile_h * w / h, tile_h)
        };
        let (fit_w, fit_h) = (even(fit_w as u32), even(fit_h as u32));
        if fit_w < 2 || fit_h < 2 {
            return self;
        }
        Self {
            x: self.x + even((self.width - fit_w) / 2),
            y: self.y + even((self.height - fit_h) / 2),
            width: fit_w,
            height: fit_h,
        }
    }
}

/// Where one slot is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Its place; always 16:9.
    pub rect: Rect,
    /// Higher is nearer to the viewer; from 0, each tile of a scene has its own.
    pub z: u32,
}

/// How many slots a layout takes.
pub fn slots(layout: Layout) -> RangeInclusive<usize> {
    match layout {
        Layout::Full => 1..=1,
        Layout::SideBySide | Layout::PictureInPicture => 2..=2,
        Layout::Mosaic => 1..=9,
        Layout::Slate => 0..=0,
    }
}

/// The tiles of a scene with `count` slots, first slot first. Slots beyond what the layout takes get no tile; with fewer,
/// the tiles that remain keep the place they would have.
pub fn arrange(layout: Layout, count: usize) -> Vec<Tile> {
    let rects = match layout {
        Layout::Full => vec![Rect::FRAME],
        Layout::SideBySide => raised(grid(&[2])),
        Layout::PictureInPicture => vec![Rect::FRAME, inset()],
        Layout::Mosaic => grid(rows_of(count)),
        Layout::Slate => Vec::new(),
    };
    (0u32..)
        .zip(rects)
        .take(count)
        .map(|(z, rect)| Tile { rect, z })
        .collect()
}

/// Tiles in each row of a mosaic; odd numbers are balanced around the middle.
fn rows_of(count: usize) -> &'static [u32] {
    match count {
        0 | 1 => &[1],
        2 => &[2],
        3 => &[2, 1],
        4 => &[2, 2],
        5 => &[3, 2],
        6 => &[3, 3],
        7 => &[2, 3, 2],
        8 => &[3, 2, 3],
        _ => &[3, 3, 3],
    }
}

/// Equal 16:9 tiles, as large as the fullest row and the number of rows allow; each row and the whole are centred.
fn grid(rows: &[u32]) -> Vec<Rect> {
    let columns = rows.iter().copied().max().unwrap_or(1);
    let count = rows.len() as u32;
    let by_width = (FRAME_WIDTH - 2 * MARGIN - (columns - 1) * GUTTER) / columns;
    let by_height = (FRAME_HEIGHT - 2 * MARGIN - (count - 1) * GUTTER) / count * 16 / 9;
    let width = by_width.min(by_height) / WIDTH_STEP * WIDTH_STEP;
    let height = width * 9 / 16;
    let block = count * height + (count - 1) * GUTTER;
    let mut y = even((FRAME_HEIGHT - block) / 2);
    let mut rects = Vec::new();
    for tiles in rows {
        let line = tiles * width + (tiles - 1) * GUTTER;
        let mut x = even((FRAME_WIDTH - line) / 2);
        for _ in 0..*tiles {
            rects.push(Rect {
                x,
                y,
                width,
                height,
            });
            x += width + GUTTER;
        }
        y += height + GUTTER;
    }
    rects
}

/// Two pictures leave much room above and below: they sit higher than the middle, clear of a lower third of three lines.
fn raised(mut rects: Vec<Rect>) -> Vec<Rect> {
    for rect in &mut rects {
        rect.y = PAIR_TOP;
    }
    rects
}

fn inset() -> Rect {
    Rect {
        x: FRAME_WIDTH - INSET_WIDTH - INSET_MARGIN,
        y: INSET_MARGIN,
        width: INSET_WIDTH,
        height: INSET_WIDTH * 9 / 16,
    }
}

const fn even(value: u32) -> u32 {
    value & !1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LAYOUTS: [Layout; 5] = [
        Layout::Full,
        Layout::SideBySide,
        Layout::PictureInPicture,
        Layout::Mosaic,
        Layout::Slate,
    ];

    fn inside(inner: Rect, outer: Rect) -> bool {
        inner.x >= outer.x
            && inner.y >= outer.y
            && inner.x + inner.width <= outer.x + outer.width
            && inner.y + inner.height <= outer.y + outer.height
    }

    fn overlap(a: Rect, b: Rect) -> bool {
        a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
    }

    fn is_even(r: Rect) -> bool {
        [r.x, r.y, r.width, r.height].iter().all(|v| v % 2 == 0)
    }

    proptest! {
        #[test]
        fn every_tile_is_an_even_16_9_rectangle_inside_the_frame(layout in 0..5usize, count in 0..20usize) {
            let tiles = arrange(LAYOUTS[layout], count);
            prop_assert_eq!(tiles.len(), count.min(*slots(LAYOUTS[layout]).end()));
            for tile in &tiles {
                prop_assert!(inside(tile.rect, Rect::FRAME));
                prop_assert!(is_even(tile.rect));
                prop_assert_eq!(tile.rect.width * 9, tile.rect.height * 16);
            }
            for pair in tiles.windows(2) {
                prop_assert!(pair[0].z < pair[1].z);
            }
        }

        #[test]
        fn tiles_beside_each_other_leave_a_gutter(mosaic in any::<bool>(), count in 1..10usize) {
            let layout = if mosaic { Layout::Mosaic } else { Layout::SideBySide };
            let tiles = arrange(layout, count);
            for (index, a) in tiles.iter().enumerate() {
                for b in &tiles[index + 1..] {
                    let wider = Rect { width: a.rect.width + GUTTER, height: a.rect.height + GUTTER, ..a.rect };
                    prop_assert!(!overlap(a.rect, b.rect));
                    prop_assert!(!overlap(wider, b.rect));
                }
            }
        }

        #[test]
        fn a_picture_of_any_shape_fits_its_tile(
            width in 0..8192u32, height in 0..8192u32, count in 1..10usize, slot in 0..9usize,
        ) {
            let tiles = arrange(Layout::Mosaic, count);
            let tile = tiles[slot % tiles.len()].rect;
            let fitted = tile.fit(width, height);
            prop_assert!(inside(fitted, tile));
            prop_assert!(is_even(fitted));
            prop_assert!(fitted.width >= 2 && fitted.height >= 2);
        }
    }

    #[test]
    fn a_wide_picture_fills_its_tile_and_an_upright_one_is_centred() {
        assert_eq!(Rect::FRAME.fit(640, 360), Rect::FRAME);
        let upright = Rect::FRAME.fit(360, 640);
        assert_eq!((upright.width, upright.height), (404, 720));
        assert_eq!((upright.x, upright.y), (438, 0));
    }

    #[test]
    fn seven_rooms_stand_in_rows_of_two_three_two() {
        let rows: Vec<u32> = arrange(Layout::Mosaic, 7)
            .iter()
            .map(|t| t.rect.y)
            .collect();
        let mut distinct = rows.clone();
        distinct.dedup();
        assert_eq!(distinct.len(), 3);
        assert_eq!(rows.iter().filter(|y| **y == distinct[1]).count(), 3);
    }
}
