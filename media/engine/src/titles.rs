//! What is written in the programme: event slate, site slates, site names, lower third. Decides their look (the same face
//! and colours as the pages); blends nothing itself.

use pleniere_media_core::layout::{FRAME_HEIGHT, FRAME_WIDTH, Rect};
use pleniere_media_core::link::LowerThird;

use crate::plate::{Canvas, Colour, Plate};
use crate::text::{Coverage, Style, fit, wrap};

const WIDTH: usize = FRAME_WIDTH as usize;
const HEIGHT: usize = FRAME_HEIGHT as usize;

/// Dark surface of the control pages, `--surface` and `--background` in their dark theme.
const NIGHT: Colour = Colour(0x10, 0x12, 0x16);
const DUSK: Colour = Colour(0x1c, 0x21, 0x2e);
const INK: Colour = Colour(0xf2, 0xf3, 0xf5);
const MUTED: Colour = Colour(0xa6, 0xad, 0xb8);
const BRAND: Colour = Colour(0x8e, 0xa2, 0xff);
/// Red only ever says "on air".
const ON_AIR: Colour = Colour(0xe0, 0x22, 0x40);

/// The frame behind the tiles of a mosaic.
pub fn backdrop() -> Vec<u8> {
    Canvas::gradient(WIDTH, HEIGHT, DUSK, NIGHT).i420()
}

/// The event's slate: title and second line, centred.
pub fn event_slate(title: &str, subtitle: &str) -> Vec<u8> {
    let mut canvas = Canvas::gradient(WIDTH, HEIGHT, DUSK, NIGHT);
    let title_style = Style::bold(64.0);
    let lines = wrap(title_style, title, 1040.0, 3);
    let block = lines.len() as f32 * title_style.line_height() + 72.0;
    let mut y = ((HEIGHT as f32 - block) / 2.0).max(0.0) as usize;
    for line in &lines {
        centred(&mut canvas, title_style, line, y, INK);
        y += title_style.line_height() as usize;
    }
    canvas.rounded([WIDTH / 2 - 48, y + 12, 96, 6], 3.0, BRAND, 1.0);
    let second = Style::regular(30.0);
    centred(
        &mut canvas,
        second,
        &fit(second, subtitle, 1040.0),
        y + 36,
        MUTED,
    );
    canvas.i420()
}

/// What a site's tile shows while nothing arrives from it.
pub fn site_slate(name: &str) -> Vec<u8> {
    let mut canvas = Canvas::gradient(
        WIDTH,
        HEIGHT,
        Colour(0x26, 0x2c, 0x3c),
        Colour(0x16, 0x19, 0x21),
    );
    let big = Style::bold(84.0);
    let small = Style::regular(44.0);
    centred(&mut canvas, big, &fit(big, name, 1120.0), 262, INK);
    centred(&mut canvas, small, "Liaison interrompue", 382, MUTED);
    canvas.i420()
}

fn centred(canvas: &mut Canvas, style: Style, line: &str, top: usize, colour: Colour) {
    let ink = Coverage::of_line(style, line);
    canvas.paint(&ink, WIDTH.saturating_sub(ink.width) / 2, top, colour, 1.0);
}

/// A site's name in the lower left corner of its tile.
pub fn name_label(name: &str, tile: Rect) -> Plate {
    let style = Style::bold(22.0);
    let room = tile.width.saturating_sub(56) as f32;
    let ink = Coverage::of_line(style, &fit(style, name, room));
    let (width, height) = (ink.width + 24, ink.height + 8);
    let mut canvas = Canvas::new(width, height);
    canvas.rounded([0, 0, width, height], 6.0, NIGHT, 0.78);
    canvas.paint(&ink, 12, 4, INK, 1.0);
    let y = (tile.y + tile.height) as usize - canvas_height(height) - 10;
    canvas.at(tile.x as usize + 10, y)
}

const fn canvas_height(height: usize) -> usize {
    height.next_multiple_of(2)
}

/// The lower third: a dark panel with the on-air mark, a small first line and at most three lines of text.
pub fn lower_third(words: &LowerThird) -> Plate {
    const PANEL_WIDTH: usize = 1120;
    const LEFT: usize = 36;
    const SIDE: f32 = (PANEL_WIDTH - LEFT - 32) as f32;
    const BOTTOM: usize = 44;
    let kicker = Style::bold(22.0);
    let lines = wrap(Style::bold(36.0), &words.text, SIDE, 3);
    // Short questions are read from afar, long ones must fit.
    let body = Style::bold(if lines.len() > 2 { 32.0 } else { 36.0 });
    let lines = wrap(body, &words.text, SIDE, 3);
    let step = (body.size_px * 1.22) as usize;
    let head = if words.kicker.is_empty() { 16 } else { 52 };
    let height = head + lines.len() * step + 20;
    let mut canvas = Canvas::new(PANEL_WIDTH, height);
    canvas.rounded([0, 0, PANEL_WIDTH, height], 12.0, NIGHT, 0.9);
    canvas.rounded([14, 16, 7, height - 32], 3.5, ON_AIR, 1.0);
    let first = Coverage::of_line(kicker, &fit(kicker, &words.kicker, SIDE));
    canvas.paint(&first, LEFT, 16, MUTED, 1.0);
    for (index, line) in lines.iter().enumerate() {
        let ink = Coverage::of_line(body, line);
        canvas.paint(&ink, LEFT, head + index * step, INK, 1.0);
    }
    canvas.at(
        (WIDTH - PANEL_WIDTH) / 2,
        HEIGHT - BOTTOM - canvas_height(height),
    )
}
