//! Plates: small pictures with transparency, painted once when their words change and blended into I420 frames after.
//! Owns pixels only; what is written on them is decided elsewhere.

use crate::text::Coverage;

/// A colour as the pages write it, 8 bits a channel, sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// BT.709 in limited range, the colorimetry of the programme (ITU-R BT.709-6, section 3).
    fn ycbcr(self) -> [f32; 3] {
        let [r, g, b] = [self.0, self.1, self.2].map(|c| f32::from(c) / 255.0);
        let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        [
            16.0 + 219.0 * y,
            128.0 + 224.0 * (b - y) / 1.8556,
            128.0 + 224.0 * (r - y) / 1.5748,
        ]
    }
}

/// The picture while it is painted: colour and opacity of every pixel.
#[derive(Clone, Debug)]
pub struct Canvas {
    width: usize,
    height: usize,
    /// Y, Cb, Cr and opacity (0 to 1).
    pixels: Vec<[f32; 4]>,
}

impl Canvas {
    /// Fully transparent; `width` and `height` are rounded up to even.
    pub fn new(width: usize, height: usize) -> Self {
        let (width, height) = (width.next_multiple_of(2), height.next_multiple_of(2));
        Self {
            width,
            height,
            pixels: vec![[16.0, 128.0, 128.0, 0.0]; width * height],
        }
    }

    /// Opaque, from `top` fading into `bottom`.
    pub fn gradient(width: usize, height: usize, top: Colour, bottom: Colour) -> Self {
        let mut canvas = Self::new(width, height);
        let (from, to) = (top.ycbcr(), bottom.ycbcr());
        for y in 0..canvas.height {
            let share = y as f32 / canvas.height as f32;
            let mixed = std::array::from_fn(|i| match i {
                3 => 1.0,
                i => from[i] + (to[i] - from[i]) * share,
            });
            canvas.pixels[y * canvas.width..(y + 1) * canvas.width].fill(mixed);
        }
        canvas
    }

    /// Paints `ink` over what is there with the top left corner of the coverage at `x`, `y`; what falls outside is cut.
    pub fn paint(&mut self, ink: &Coverage, x: usize, y: usize, colour: Colour, opacity: f32) {
        let colour = colour.ycbcr();
        for row in 0..ink.height.min(self.height.saturating_sub(y)) {
            for column in 0..ink.width.min(self.width.saturating_sub(x)) {
                let covered = f32::from(ink.data[row * ink.width + column]) / 255.0 * opacity;
                if covered > 0.0 {
                    let at = (y + row) * self.width + x + column;
                    self.pixels[at] = over(self.pixels[at], colour, covered);
                }
            }
        }
    }

    /// A filled rectangle with rounded corners, in pixels of the canvas.
    pub fn rounded(&mut self, area: [usize; 4], radius: f32, colour: Colour, opacity: f32) {
        let [x, y, width, height] = area;
        let mut shape = Coverage::new(width, height);
        shape.draw_rounded(0.0, 0.0, width as f32, height as f32, radius);
        self.paint(&shape, x, y, colour, opacity);
    }

    /// The plate to blend with its top left corner at `x`, `y` of the frame (rounded down to even).
    pub fn at(&self, x: usize, y: usize) -> Plate {
        let opacity = |p: &[f32; 4]| (p[3] * 255.0).round() as u8;
        let (cols, rows) = (self.width / 2, self.height / 2);
        let mut chroma = Vec::with_capacity(cols * rows);
        for row in 0..rows {
            for column in 0..cols {
                chroma.push(self.chroma(column, row));
            }
        }
        Plate {
            x: x & !1,
            y: y & !1,
            width: self.width,
            height: self.height,
            luma: self
                .pixels
                .iter()
                .map(|p| [p[0].round() as u8, opacity(p)])
                .collect(),
            chroma,
        }
    }

    /// An I420 frame without padding, of a canvas that is opaque.
    pub fn i420(&self) -> Vec<u8> {
        let plate = self.at(0, 0);
        let luma = plate.luma.iter().map(|p| p[0]);
        let cb = plate.chroma.iter().map(|p| p[0]);
        let cr = plate.chroma.iter().map(|p| p[1]);
        luma.chain(cb).chain(cr).collect()
    }

    /// Cb, Cr and opacity of a block of 2x2 pixels; transparent pixels do not tint the others.
    fn chroma(&self, column: usize, row: usize) -> [u8; 3] {
        let mut sum = [0.0f32; 3];
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let p = self.pixels[(row * 2 + dy) * self.width + column * 2 + dx];
            sum[0] += p[1] * p[3];
            sum[1] += p[2] * p[3];
            sum[2] += p[3];
        }
        if sum[2] <= 0.0 {
            return [128, 128, 0];
        }
        [
            (sum[0] / sum[2]).round() as u8,
            (sum[1] / sum[2]).round() as u8,
            (sum[2] / 4.0 * 255.0).round() as u8,
        ]
    }
}

fn over(below: [f32; 4], colour: [f32; 3], opacity: f32) -> [f32; 4] {
    let kept = below[3] * (1.0 - opacity);
    let whole = opacity + kept;
    let mix = |i: usize| (colour[i] * opacity + below[i] * kept) / whole;
    [mix(0), mix(1), mix(2), whole]
}

/// A finished picture with transparency and its place in the frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plate {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    /// Y and opacity of each pixel.
    luma: Vec<[u8; 2]>,
    /// Cb, Cr and opacity of each 2x2 block.
    chroma: Vec<[u8; 3]>,
}

/// One plane of a frame.
#[derive(Debug)]
pub struct Plane<'a> {
    /// Its bytes, `stride` for each row.
    pub data: &'a mut [u8],
    /// Bytes from one row to the next.
    pub stride: usize,
}

impl Plate {
    /// Blends into the planes Y, Cb, Cr of an I420 frame at `opacity` (0 to 255), moved down by `down` pixels (rounded to
    /// even). What falls outside of a plane is cut.
    pub fn blend(&self, planes: &mut [Plane<'_>; 3], opacity: u8, down: usize) {
        let top = self.y + (down & !1);
        let [y, cb, cr] = planes;
        for (row, line) in self.luma.chunks_exact(self.width).enumerate() {
            let Some(target) = row_of(y, top + row, self.x) else {
                break;
            };
            for (pixel, [value, covered]) in target.iter_mut().zip(line) {
                *pixel = mix(*pixel, *value, *covered, opacity);
            }
        }
        for (row, line) in self.chroma.chunks_exact(self.width / 2).enumerate() {
            let at = (top / 2 + row, self.x / 2);
            let (Some(cb), Some(cr)) = (row_of(cb, at.0, at.1), row_of(cr, at.0, at.1)) else {
                break;
            };
            for ((blue, red), [b, r, covered]) in cb.iter_mut().zip(cr).zip(line) {
                *blue = mix(*blue, *b, *covered, opacity);
                *red = mix(*red, *r, *covered, opacity);
            }
        }
    }
}

fn row_of<'a>(plane: &'a mut Plane<'_>, row: usize, x: usize) -> Option<&'a mut [u8]> {
    let start = row * plane.stride + x;
    plane.data.get_mut(start..(row + 1) * plane.stride)
}

fn mix(below: u8, above: u8, covered: u8, opacity: u8) -> u8 {
    let share = u32::from(covered) * u32::from(opacity);
    let whole = 255 * 255;
    let mixed = u32::from(above) * share + u32::from(below) * (whole - share) + whole / 2;
    (mixed / whole) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> [Vec<u8>; 3] {
        [vec![100; 16 * 8], vec![90; 8 * 4], vec![80; 8 * 4]]
    }

    fn blend(plate: &Plate, frame: &mut [Vec<u8>; 3], opacity: u8) {
        let [y, cb, cr] = frame;
        let mut planes = [
            Plane {
                data: y,
                stride: 16,
            },
            Plane {
                data: cb,
                stride: 8,
            },
            Plane {
                data: cr,
                stride: 8,
            },
        ];
        plate.blend(&mut planes, opacity, 0);
    }

    #[test]
    fn an_opaque_white_plate_covers_its_place_only() {
        let mut canvas = Canvas::new(4, 2);
        canvas.rounded([0, 0, 4, 2], 0.5, Colour(255, 255, 255), 1.0);
        let mut picture = frame();
        blend(&canvas.at(2, 2), &mut picture, 255);
        assert_eq!(picture[0][2 * 16 + 2..2 * 16 + 6], [235; 4]);
        assert_eq!(picture[0][2 * 16 + 6], 100);
        assert_eq!(picture[0][4 * 16 + 2], 100);
        assert_eq!(picture[1][8 + 1..8 + 3], [128; 2]);
        assert_eq!(picture[1][8 + 3], 90);
    }

    #[test]
    fn nothing_changes_at_opacity_0_or_where_the_plate_is_transparent() {
        let mut canvas = Canvas::new(4, 2);
        let mut picture = frame();
        blend(&canvas.at(0, 0), &mut picture, 255);
        canvas.rounded([0, 0, 4, 2], 0.5, Colour(255, 0, 0), 1.0);
        blend(&canvas.at(0, 0), &mut picture, 0);
        assert_eq!(picture, frame());
    }

    #[test]
    fn a_plate_beyond_the_frame_is_cut() {
        let canvas = Canvas::gradient(64, 64, Colour(0, 0, 0), Colour(255, 255, 255));
        let mut picture = frame();
        blend(&canvas.at(12, 6), &mut picture, 255);
        blend(&canvas.at(400, 400), &mut picture, 255);
        assert_eq!(picture[0][0], 100);
        assert_ne!(picture[0][7 * 16 + 15], 100);
    }
}
