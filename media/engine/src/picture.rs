//! A 640x360 I420 picture in memory: colours, blending of coverage, restoring what was under it. Knows nothing of GStreamer nor
//! of what the picture shows.

use crate::text::Coverage;

/// Pixels in a row.
pub const WIDTH: usize = 640;
/// Rows.
pub const HEIGHT: usize = 360;
/// Bytes of a picture: luma, then the two chroma planes at half size.
pub const SIZE: usize = WIDTH * HEIGHT * 3 / 2;

const CHROMA_WIDTH: usize = WIDTH / 2;
const CHROMA_SIZE: usize = CHROMA_WIDTH * HEIGHT / 2;

/// A colour as BT.709, limited range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    y: u8,
    u: u8,
    v: u8,
}

impl Colour {
    /// From sRGB values of 0 to 1 (beyond is cut).
    pub fn rgb([red, green, blue]: [f32; 3]) -> Self {
        let [red, green, blue] = [red, green, blue].map(|value| value.clamp(0.0, 1.0));
        let luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        Self {
            y: (16.0 + 219.0 * luma).round() as u8,
            u: (128.0 + 224.0 * (blue - luma) / 1.8556).round() as u8,
            v: (128.0 + 224.0 * (red - luma) / 1.5748).round() as u8,
        }
    }

    /// From `0xRRGGBB`.
    pub fn hex(rgb: u32) -> Self {
        Self::rgb(rgb_of(rgb))
    }
}

/// `0xRRGGBB` as three values of 0 to 1.
pub fn rgb_of(rgb: u32) -> [f32; 3] {
    [16, 8, 0].map(|shift| (rgb >> shift & 0xff) as f32 / 255.0)
}

/// `from` at `amount` 0, `to` at 1.
pub fn mix(from: [f32; 3], to: [f32; 3], amount: f32) -> [f32; 3] {
    [0, 1, 2].map(|i| from[i] + (to[i] - from[i]) * amount.clamp(0.0, 1.0))
}

/// Part of a picture, in pixels, with even sides so that chroma goes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Left column.
    pub x: usize,
    /// Top row.
    pub y: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Area {
    /// The smallest even area of the picture around the one given.
    pub fn around(x: i64, y: i64, width: usize, height: usize) -> Self {
        let clamp = |at: i64, limit: usize| at.clamp(0, limit as i64) as usize;
        let (left, top) = (clamp(x, WIDTH) & !1, clamp(y, HEIGHT) & !1);
        let (right, bottom) = (
            clamp(x + width as i64, WIDTH),
            clamp(y + height as i64, HEIGHT),
        );
        Self {
            x: left,
            y: top,
            width: (right - left).next_multiple_of(2),
            height: (bottom - top).next_multiple_of(2),
        }
    }
}

/// The pixels.
#[derive(Clone, Debug)]
pub struct Picture {
    data: Vec<u8>,
}

impl Picture {
    /// All pixels of the colour that `shade` gives for their column and row.
    pub fn painted(shade: impl Fn(usize, usize) -> Colour) -> Self {
        let mut data = vec![0; SIZE];
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                let colour = shade(x, y);
                data[y * WIDTH + x] = colour.y;
                if x % 2 == 0 && y % 2 == 0 {
                    let at = WIDTH * HEIGHT + y / 2 * CHROMA_WIDTH + x / 2;
                    data[at] = colour.u;
                    data[at + CHROMA_SIZE] = colour.v;
                }
            }
        }
        Self { data }
    }

    /// A picture of these bytes; `None` unless there are [`SIZE`] of them.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == SIZE).then(|| Self {
            data: bytes.to_vec(),
        })
    }

    /// The three planes in a row.
    pub fn bytes(&self) -> &[u8] {
        &self.data
    }

    /// The luma plane, [`WIDTH`] bytes a row.
    pub fn luma_mut(&mut self) -> &mut [u8] {
        &mut self.data[..WIDTH * HEIGHT]
    }

    /// Lays `colour` over the picture where `coverage`, with its top left pixel at `x`, `y`, covers it, at `opacity` of 0 to 1.
    pub fn blend(&mut self, coverage: &Coverage, x: i64, y: i64, colour: Colour, opacity: f32) {
        let strength = (opacity.clamp(0.0, 1.0) * 256.0) as u32;
        let area = Area::around(x, y, coverage.width, coverage.height);
        let ink = |px: usize, py: usize| {
            let (column, row) = (px as i64 - x, py as i64 - y);
            let inside = column >= 0
                && row >= 0
                && column < coverage.width as i64
                && row < coverage.height as i64;
            if inside {
                u32::from(coverage.data[row as usize * coverage.width + column as usize]) * strength
                    / 256
            } else {
                0
            }
        };
        for py in (area.y..area.y + area.height).step_by(2) {
            for px in (area.x..area.x + area.width).step_by(2) {
                let inks = [
                    ink(px, py),
                    ink(px + 1, py),
                    ink(px, py + 1),
                    ink(px + 1, py + 1),
                ];
                let total: u32 = inks.iter().sum();
                if total > 0 {
                    self.blend_quad(px, py, inks, total / 4, colour);
                }
            }
        }
    }

    fn blend_quad(&mut self, px: usize, py: usize, inks: [u32; 4], mean: u32, colour: Colour) {
        let at = py * WIDTH + px;
        for (offset, ink) in [0, 1, WIDTH, WIDTH + 1].into_iter().zip(inks) {
            lay(&mut self.data[at + offset], colour.y, ink);
        }
        let chroma = WIDTH * HEIGHT + py / 2 * CHROMA_WIDTH + px / 2;
        lay(&mut self.data[chroma], colour.u, mean);
        lay(&mut self.data[chroma + CHROMA_SIZE], colour.v, mean);
    }

    /// Copies `area` of `from` here.
    pub fn restore(&mut self, from: &Self, area: Area) {
        for y in area.y..area.y + area.height {
            self.copy(from, y * WIDTH + area.x, area.width);
        }
        for y in area.y / 2..(area.y + area.height) / 2 {
            let at = WIDTH * HEIGHT + y * CHROMA_WIDTH + area.x / 2;
            self.copy(from, at, area.width / 2);
            self.copy(from, at + CHROMA_SIZE, area.width / 2);
        }
    }

    fn copy(&mut self, from: &Self, at: usize, length: usize) {
        self.data[at..at + length].copy_from_slice(&from.data[at..at + length]);
    }

    /// Takes the chroma out of the top `rows`, so that luma written there is grey.
    pub fn grey_top(&mut self, rows: usize) {
        let count = rows.min(HEIGHT) / 2 * CHROMA_WIDTH;
        for plane in [WIDTH * HEIGHT, WIDTH * HEIGHT + CHROMA_SIZE] {
            self.data[plane..plane + count].fill(128);
        }
    }
}

fn lay(under: &mut u8, over: u8, ink: u32) {
    let mixed = (u32::from(*under) * (255 - ink) + u32::from(over) * ink + 127) / 255;
    *under = mixed as u8;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(width: usize, height: usize) -> Coverage {
        Coverage {
            width,
            height,
            data: vec![255; width * height],
        }
    }

    #[test]
    fn colours_follow_bt_709() {
        assert_eq!(
            Colour::hex(0xffffff),
            Colour {
                y: 235,
                u: 128,
                v: 128
            }
        );
        assert_eq!(
            Colour::hex(0x000000),
            Colour {
                y: 16,
                u: 128,
                v: 128
            }
        );
        assert_eq!(
            Colour::hex(0xff0000),
            Colour {
                y: 63,
                u: 102,
                v: 240
            }
        );
    }

    #[test]
    fn what_is_blended_can_be_restored() {
        let clean = Picture::painted(|x, y| Colour {
            y: (x % 200) as u8 + 16,
            u: (y % 100) as u8 + 50,
            v: 90,
        });
        for (x, y) in [(101, 33), (-5, -7), (630, 355), (0, 0)] {
            let mut drawn = clean.clone();
            drawn.blend(&full(31, 17), x, y, Colour::hex(0xffffff), 1.0);
            assert_ne!(drawn.bytes(), clean.bytes());
            drawn.restore(&clean, Area::around(x, y, 31, 17));
            assert_eq!(drawn.bytes(), clean.bytes(), "at {x},{y}");
        }
    }

    #[test]
    fn what_is_outside_is_cut() {
        let clean = Picture::painted(|_, _| Colour::hex(0x123456));
        let mut drawn = clean.clone();
        drawn.blend(&full(20, 20), 5000, 10, Colour::hex(0xffffff), 1.0);
        drawn.blend(&full(20, 20), 10, -5000, Colour::hex(0xffffff), 1.0);
        assert_eq!(drawn.bytes(), clean.bytes());
    }

    #[test]
    fn full_coverage_gives_the_colour_itself() {
        let mut drawn = Picture::painted(|_, _| Colour::hex(0x000000));
        drawn.blend(&full(2, 2), 0, 0, Colour::hex(0xff0000), 1.0);
        assert_eq!(drawn.bytes()[0], 63);
        assert_eq!(drawn.bytes()[WIDTH * HEIGHT], 102);
        assert_eq!(drawn.bytes()[WIDTH * HEIGHT + CHROMA_SIZE], 240);
    }
}
