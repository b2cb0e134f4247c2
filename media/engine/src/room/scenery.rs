//! What a simulated room looks like: a hall with its name on the screen, a speaker, an audience; over a clip, a caption.
//! The still part is painted once; a frame repaints only what moves.

use std::f32::consts::TAU;
use std::time::Duration;

use pleniere_media_core::strip;

use super::clock::Clock;
use crate::picture::{Area, Colour, HEIGHT, Picture, WIDTH, mix, rgb_of};
use crate::text::{Coverage, Style, fit, measure};

/// Walls of the rooms, by number: apart in hue, alike in lightness, so that white and dark read on each.
const WALLS: [u32; 9] = [
    0x2a4b8d, 0x17696b, 0x8a2f4a, 0x5b3f9b, 0x35703f, 0x8a5a17, 0x2a6d8c, 0x843a7d, 0x70503c,
];

const PAPER: u32 = 0xf4f3ee;
const INK: u32 = 0x14161c;

/// Left, top, width, height of the screen on the wall.
const SCREEN: [f32; 4] = [88.0, 42.0, 464.0, 196.0];
const TRACK: [f32; 4] = [SCREEN[0] + 52.0, 211.0, SCREEN[2] - 104.0, 6.0];
const DOT_RADIUS: f32 = 8.0;
/// Left and top of the speaker, who stands behind a desk.
const SPEAKER: [f32; 2] = [568.0, 164.0];
const DESK_TOP: f32 = 222.0;
const CLOCK_TOP: i64 = 148;

/// A drawn room.
#[derive(Debug)]
pub struct Scenery {
    still: Picture,
    frame: Picture,
    clock: Clock,
    dot: Coverage,
    speaker: Coverage,
    accent: Colour,
    shade: Colour,
    dirty: Vec<Area>,
}

impl Scenery {
    /// The room `number` (from 1) called `name`; `zone` as for [`Clock::new`].
    pub fn new(name: &str, number: u8, zone: Option<&str>) -> Self {
        let wall = rgb_of(WALLS[usize::from(number.max(1) - 1) % WALLS.len()]);
        let mut still = paint_wall(wall);
        paint_screen(&mut still, name, wall);
        paint_desk(&mut still, wall);
        paint_audience(&mut still, number, wall);
        still.grey_top(strip::ROWS);
        let mut dot = Coverage::new(2 * DOT_RADIUS as usize, 2 * DOT_RADIUS as usize);
        dot.draw_rounded(0.0, 0.0, 2.0 * DOT_RADIUS, 2.0 * DOT_RADIUS, DOT_RADIUS);
        Self {
            frame: still.clone(),
            still,
            clock: Clock::new(Style::bold(44.0), zone),
            dot,
            speaker: speaker(),
            accent: Colour::rgb(wall),
            shade: Colour::rgb(mix(wall, [0.0; 3], 0.72)),
            dirty: Vec::new(),
        }
    }

    /// The room at `unix` since 1970. The dot leaves the left end of its track at each full second, as the sound does.
    pub fn at(&mut self, unix: Duration) -> &mut Picture {
        for area in self.dirty.drain(..) {
            self.frame.restore(&self.still, area);
        }
        let second = unix.subsec_nanos() as f32 / 1e9;
        let x = (TRACK[0] - DOT_RADIUS + TRACK[2] * second) as i64;
        let y = (TRACK[1] + TRACK[3] / 2.0 - DOT_RADIUS) as i64;
        self.frame.blend(&self.dot, x, y, self.accent, 1.0);
        self.dirty
            .push(Area::around(x, y, self.dot.width, self.dot.height));

        let left = ((WIDTH - self.clock.width()) / 2) as i64;
        self.clock
            .draw(&mut self.frame, left, CLOCK_TOP, unix, Colour::hex(INK));
        self.dirty.push(self.clock.area(left, CLOCK_TOP));

        let sway = (TAU * (unix.as_millis() % 7000) as f32 / 7000.0).sin() * 4.0;
        let (x, y) = ((SPEAKER[0] + sway) as i64, SPEAKER[1] as i64);
        self.frame.blend(&self.speaker, x, y, self.shade, 1.0);
        self.dirty
            .push(Area::around(x, y, self.speaker.width, self.speaker.height));
        &mut self.frame
    }
}

/// A wall lit by the screen, and the floor before it.
fn paint_wall(wall: [f32; 3]) -> Picture {
    let [left, top, width, height] = SCREEN;
    let (dark, black) = (mix(wall, [0.0; 3], 0.45), mix(wall, [0.0; 3], 0.8));
    Picture::painted(|x, y| {
        let dx = (left - x as f32).max(x as f32 - left - width).max(0.0);
        let dy = (top - y as f32).max(y as f32 - top - height).max(0.0);
        let glow = (1.0 - dx.hypot(dy) / 150.0).max(0.0).powi(2);
        let lit = mix(dark, mix(wall, [1.0; 3], 0.3), glow * 0.75);
        let depth = (y as f32 - 230.0) / (HEIGHT as f32 - 230.0);
        Colour::rgb(mix(lit, black, depth.clamp(0.0, 1.0)))
    })
}

fn paint_screen(picture: &mut Picture, name: &str, wall: [f32; 3]) {
    let [left, top, width, height] = SCREEN;
    let mut screen = Coverage::new(WIDTH, HEIGHT);
    screen.draw_rounded(left, top, width, height, 10.0);
    picture.blend(&screen, 0, 0, Colour::hex(PAPER), 1.0);

    let mut track = Coverage::new(WIDTH, HEIGHT);
    track.draw_rounded(TRACK[0], TRACK[1], TRACK[2], TRACK[3], TRACK[3] / 2.0);
    picture.blend(
        &track,
        0,
        0,
        Colour::rgb(mix(rgb_of(PAPER), wall, 0.3)),
        1.0,
    );

    let style = name_style(name, width - 40.0);
    let name = fit(style, name, width - 40.0);
    let mut letters = Coverage::new(WIDTH, HEIGHT);
    letters.draw(
        style,
        &name,
        (WIDTH as f32 - measure(style, &name)) / 2.0,
        100.0 + style.size_px * 0.34,
    );
    picture.blend(&letters, 0, 0, Colour::rgb(mix(wall, [0.0; 3], 0.25)), 1.0);
}

/// The largest of a few sizes at which the name fits.
fn name_style(name: &str, width_px: f32) -> Style {
    let sizes = [78.0, 66.0, 56.0, 46.0, 40.0, 34.0];
    sizes
        .into_iter()
        .map(Style::bold)
        .find(|style| measure(*style, name) <= width_px)
        .unwrap_or(Style::bold(30.0))
}

fn paint_desk(picture: &mut Picture, wall: [f32; 3]) {
    let mut desk = Coverage::new(WIDTH, HEIGHT);
    desk.draw_rounded(SPEAKER[0] - 10.0, DESK_TOP, 76.0, 7.0, 2.0);
    desk.draw_rounded(SPEAKER[0] - 2.0, DESK_TOP, 60.0, 90.0, 2.0);
    picture.blend(&desk, 0, 0, Colour::rgb(mix(wall, [0.0; 3], 0.6)), 1.0);
}

/// Two rows of heads, no two rooms alike.
fn paint_audience(picture: &mut Picture, number: u8, wall: [f32; 3]) {
    let rows = [(286.0, 13.0, 46.0, 0.74), (318.0, 18.0, 62.0, 0.86)];
    let mut seed = u32::from(number).wrapping_mul(2_654_435_761) | 1;
    for (y, radius, step, shade) in rows {
        let mut heads = Coverage::new(WIDTH, HEIGHT);
        let mut x = -10.0;
        while x < WIDTH as f32 + step {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (shift, size) = (
                (seed >> 16 & 15) as f32 - 7.5,
                (seed >> 24 & 7) as f32 / 7.0,
            );
            let radius = radius + size * 3.0;
            if seed >> 28 != 0 {
                draw_person(&mut heads, x + shift, y - size * 5.0, radius);
            }
            x += step;
        }
        picture.blend(&heads, 0, 0, Colour::rgb(mix(wall, [0.0; 3], shade)), 1.0);
    }
}

/// Head and shoulders, down to the bottom of the picture.
fn draw_person(coverage: &mut Coverage, x: f32, y: f32, radius: f32) {
    coverage.draw_rounded(
        x - radius,
        y - radius * 1.15,
        radius * 2.0,
        radius * 2.3,
        radius,
    );
    let shoulders = radius * 1.95;
    coverage.draw_rounded(
        x - shoulders,
        y + radius * 1.4,
        shoulders * 2.0,
        HEIGHT as f32,
        radius * 1.3,
    );
}

/// Somebody who speaks, down to the desk.
fn speaker() -> Coverage {
    let mut coverage = Coverage::new(56, (DESK_TOP - SPEAKER[1]) as usize);
    coverage.draw_rounded(17.0, 0.0, 22.0, 26.0, 11.0);
    coverage.draw_rounded(6.0, 30.0, 44.0, 80.0, 16.0);
    coverage
}

/// Name and clock over the frames of a clip.
#[derive(Debug)]
pub struct Caption {
    name: Coverage,
    plate: Coverage,
    clock: Clock,
}

impl Caption {
    /// As [`Scenery::new`].
    pub fn new(name: &str, zone: Option<&str>) -> Self {
        let style = Style::bold(20.0);
        let clock = Clock::new(Style::regular(20.0), zone);
        let name = Coverage::of_line(style, &fit(style, name, 300.0));
        let mut plate = Coverage::new(
            name.width + clock.width() + 36,
            clock.height().max(name.height) + 10,
        );
        plate.draw_rounded(0.0, 0.0, plate.width as f32, plate.height as f32, 8.0);
        Self { name, plate, clock }
    }

    /// Writes over `picture`, bottom left.
    pub fn draw(&self, picture: &mut Picture, unix: Duration) {
        let (x, y) = (16, HEIGHT as i64 - 16 - self.plate.height as i64);
        picture.blend(&self.plate, x, y, Colour::hex(INK), 0.72);
        let white = Colour::hex(0xffffff);
        picture.blend(&self.name, x + 12, y + 5, white, 1.0);
        self.clock
            .draw(picture, x + 24 + self.name.width as i64, y + 5, unix, white);
        picture.grey_top(strip::ROWS);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_frame_depends_on_its_time_only() {
        let mut room = Scenery::new("Nancy", 1, Some("UTC"));
        let first = room.at(Duration::from_millis(1_000)).clone();
        for ms in [1_040, 1_999, 2_000, 86_400_000, 4_523] {
            assert_ne!(room.at(Duration::from_millis(ms)).bytes(), first.bytes());
        }
        assert_eq!(room.at(Duration::from_millis(1_000)).bytes(), first.bytes());
    }

    #[test]
    fn rooms_differ_and_any_name_or_number_is_drawn() {
        let at = Duration::from_secs(1);
        let mut rooms: Vec<_> = [0, 1, 2, 9, 10, 255]
            .map(|number| Scenery::new("Salle", number, None))
            .into();
        let pictures: BTreeSet<Vec<u8>> = rooms
            .iter_mut()
            .map(|room| room.at(at).bytes().to_vec())
            .collect();
        assert!(pictures.len() >= 5, "0 counts as 1");
        for name in ["", "🙂", &"Châlons-en-Champagne ".repeat(20)] {
            Scenery::new(name, 3, None).at(at);
            Caption::new(name, None).draw(&mut Picture::painted(|_, _| Colour::hex(0x808080)), at);
        }
    }
}
