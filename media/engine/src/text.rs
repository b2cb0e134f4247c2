//! Text as pixels: measures, wraps and draws lines into coverage bitmaps, with kerning and French spacing. Owns the two
//! embedded fonts; knows nothing of colours, frames or what is written.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, GlyphId, PxScale, PxScaleFont, ScaleFont, point};

const REGULAR: &[u8] = include_bytes!("../assets/atkinson-hyperlegible-next-regular.ttf");
const BOLD: &[u8] = include_bytes!("../assets/atkinson-hyperlegible-next-bold.ttf");

/// U+202F, the space before `?`, `!`, `;` and inside « » in French.
const NARROW_NBSP: char = '\u{202f}';
const NBSP: char = '\u{a0}';

/// How heavy the strokes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// 400.
    Regular,
    /// 700.
    Bold,
}

/// A weight at a size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Stroke weight.
    pub weight: Weight,
    /// Size of the em in pixels, above 0; capitals are about 0.67 of it.
    pub size_px: f32,
}

impl Style {
    /// 400 at `size_px`.
    pub const fn regular(size_px: f32) -> Self {
        Self {
            weight: Weight::Regular,
            size_px,
        }
    }

    /// 700 at `size_px`.
    pub const fn bold(size_px: f32) -> Self {
        Self {
            weight: Weight::Bold,
            size_px,
        }
    }

    /// Pixels from the baseline up to the top of accented capitals.
    pub fn ascent(self) -> f32 {
        self.font().ascent()
    }

    /// Pixels from the baseline down to the bottom of `p` and `g` (positive).
    pub fn descent(self) -> f32 {
        -self.font().descent()
    }

    /// Comfortable pixels from one baseline to the next.
    pub fn line_height(self) -> f32 {
        self.size_px * 1.25
    }

    fn font(self) -> PxScaleFont<&'static FontRef<'static>> {
        let font = face(self.weight);
        let units_per_em = font.units_per_em().unwrap_or(1000.0);
        font.as_scaled(PxScale::from(
            self.size_px * font.height_unscaled() / units_per_em,
        ))
    }
}

fn face(weight: Weight) -> &'static FontRef<'static> {
    static FACES: OnceLock<[FontRef<'static>; 2]> = OnceLock::new();
    let faces = FACES.get_or_init(|| [REGULAR, BOLD].map(parse));
    match weight {
        Weight::Regular => &faces[0],
        Weight::Bold => &faces[1],
    }
}

#[expect(
    clippy::expect_used,
    reason = "the fonts are part of the program and read by its tests"
)]
fn parse(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("an embedded font that parses")
}

/// Width of one line of `text` in pixels.
pub fn measure(style: Style, text: &str) -> f32 {
    let mut width = 0.0;
    lay_out(style, text, |_, x, advance| width = x + advance);
    width
}

/// `text` in lines of at most `width_px`, at most `max_lines` of them (at least 1). Breaks at spaces, never before `?`, `!`, `:`, `;`
/// or `»` nor after `«`; a word wider than a line is cut; what does not fit is dropped and the last line ends with `…`.
pub fn wrap(style: Style, text: &str, width_px: f32, max_lines: usize) -> Vec<String> {
    let text = glue_punctuation(text);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        for piece in cut_to_width(style, word, width_px) {
            let longer = if line.is_empty() {
                piece.to_owned()
            } else {
                format!("{line} {piece}")
            };
            if line.is_empty() || measure(style, &longer) <= width_px {
                line = longer;
            } else {
                lines.push(std::mem::replace(&mut line, piece.to_owned()));
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    if lines.len() > max_lines.max(1) {
        lines.truncate(max_lines.max(1));
        if let Some(last) = lines.last_mut() {
            *last = ellipsize(style, last, width_px);
        }
    }
    lines
}

/// `text` on one line of at most `width_px`, shortened with `…` where it must be.
pub fn fit(style: Style, text: &str, width_px: f32) -> String {
    if measure(style, text) <= width_px {
        text.to_owned()
    } else {
        ellipsize(style, text, width_px)
    }
}

fn ellipsize(style: Style, text: &str, width_px: f32) -> String {
    let mut kept = text.trim_end().to_owned();
    loop {
        let shown = format!("{}…", kept.trim_end());
        if measure(style, &shown) <= width_px || kept.pop().is_none() {
            return shown;
        }
    }
}

/// White space becomes single spaces; the one before French double punctuation becomes unbreakable.
fn glue_punctuation(text: &str) -> String {
    let mut glued = String::with_capacity(text.len());
    for word in text
        .split(|c: char| c.is_whitespace() && c != NBSP && c != NARROW_NBSP)
        .filter(|word| !word.is_empty())
    {
        if !glued.is_empty() {
            let closes = word.chars().all(|c| "?!:;»%€".contains(c));
            let separator = if closes || glued.ends_with('«') {
                NARROW_NBSP
            } else {
                ' '
            };
            glued.push(separator);
        }
        glued.push_str(word);
    }
    glued
}

fn cut_to_width(style: Style, word: &str, width_px: f32) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = word;
    while measure(style, rest) > width_px {
        let fits = rest
            .char_indices()
            .map(|(at, _)| at)
            .skip(1)
            .take_while(|at| measure(style, &rest[..*at]) <= width_px);
        let Some(at) = fits
            .last()
            .or_else(|| rest.char_indices().nth(1).map(|(at, _)| at))
        else {
            break;
        };
        let (head, tail) = rest.split_at(at);
        pieces.push(head);
        rest = tail;
    }
    pieces.push(rest);
    pieces
}

/// Calls `place(glyph, x, advance)` for each character that has something to show or a width.
fn lay_out(style: Style, text: &str, mut place: impl FnMut(GlyphId, f32, f32)) {
    let font = style.font();
    let mut x = 0.0;
    let mut before: Option<GlyphId> = None;
    for c in text.chars() {
        let (c, stretch) = match c {
            NARROW_NBSP | '\u{2009}' => (' ', 0.6),
            NBSP | '\t' => (' ', 1.0),
            other => (other, 1.0),
        };
        let glyph = font.glyph_id(c);
        // Letters we cannot draw show as a box; what is not a letter (emoji, joiners, controls) leaves no trace.
        if glyph.0 == 0 && !c.is_alphanumeric() {
            continue;
        }
        x += before.map_or(0.0, |before| font.kern(before, glyph));
        let advance = font.h_advance(glyph) * stretch;
        place(glyph, x, advance);
        x += advance;
        before = Some(glyph);
    }
}

/// How much of each pixel is covered by ink: 0 nothing, 255 all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` values, row by row.
    pub data: Vec<u8>,
}

impl Coverage {
    /// Nothing covered.
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            data: vec![0; width * height],
        }
    }

    /// One line of text, as large as it needs: the baseline is at row `style.ascent().ceil()`.
    pub fn of_line(style: Style, text: &str) -> Self {
        let ascent = style.ascent().ceil();
        let mut line = Self::new(
            measure(style, text).ceil() as usize + 1,
            (ascent + style.descent().ceil()) as usize + 1,
        );
        line.draw(style, text, 0.0, ascent);
        line
    }

    /// Draws `text` with its first letter at `left_px` and its baseline at `baseline_px`; what falls outside is cut.
    pub fn draw(&mut self, style: Style, text: &str, left_px: f32, baseline_px: f32) {
        let font = style.font();
        lay_out(style, text, |id, x, _| {
            let glyph = id.with_scale_and_position(font.scale(), point(left_px + x, baseline_px));
            if let Some(outline) = font.outline_glyph(glyph) {
                let bounds = outline.px_bounds();
                let (left, top) = (bounds.min.x as i64, bounds.min.y as i64);
                outline.draw(|x, y, ink| self.add(left + i64::from(x), top + i64::from(y), ink));
            }
        });
    }

    /// A filled rectangle with rounded corners, smooth at its edges; all in pixels.
    pub fn draw_rounded(&mut self, left: f32, top: f32, width: f32, height: f32, radius: f32) {
        let (half_width, half_height) = (width / 2.0, height / 2.0);
        let (centre_x, centre_y) = (left + half_width, top + half_height);
        for y in top.floor() as i64..(top + height).ceil() as i64 {
            for x in left.floor() as i64..(left + width).ceil() as i64 {
                let dx = ((x as f32 + 0.5 - centre_x).abs() - half_width + radius).max(0.0);
                let dy = ((y as f32 + 0.5 - centre_y).abs() - half_height + radius).max(0.0);
                self.add(x, y, radius + 0.5 - dx.hypot(dy));
            }
        }
    }

    fn add(&mut self, x: i64, y: i64, ink: f32) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        if x < self.width && y < self.height {
            let value = &mut self.data[y * self.width + x];
            *value = value.saturating_add((ink.clamp(0.0, 1.0) * 255.0) as u8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style::bold(40.0);

    #[test]
    fn every_character_of_french_and_its_punctuation_is_drawn() {
        for c in "àâäçéèêëîïôöœùûüÿæÀÂÇÉÈÊŒÆ’«»…–—·€ñößłőşžĳ&@%+".chars()
        {
            for weight in [Weight::Regular, Weight::Bold] {
                assert_ne!(face(weight).glyph_id(c).0, 0, "{c} has no glyph");
            }
        }
    }

    #[test]
    fn kerning_draws_letters_together() {
        assert!(measure(STYLE, "AV") < measure(STYLE, "A") + measure(STYLE, "V"));
    }

    #[test]
    fn a_narrow_space_is_narrower_than_a_space_and_not_a_box() {
        assert!(measure(STYLE, "a\u{202f}?") < measure(STYLE, "a ?"));
        assert!(measure(STYLE, "a\u{202f}?") > measure(STYLE, "a?"));
    }

    #[test]
    fn lines_fit_and_say_everything() {
        let text = "Comment parler d’argent avec un enfant sans l’inquiéter, et à quel âge commencer vraiment ?";
        let lines = wrap(STYLE, text, 600.0, 9);
        assert!(lines.len() > 1);
        assert!(lines.iter().all(|line| measure(STYLE, line) <= 600.0));
        assert_eq!(lines.join(" ").replace('\u{202f}', " "), text);
        assert!(
            lines.last().unwrap().ends_with("vraiment\u{202f}?"),
            "{lines:?}"
        );
    }

    #[test]
    fn what_does_not_fit_ends_with_an_ellipsis() {
        let lines = wrap(STYLE, &"mot ".repeat(100), 300.0, 3);
        assert_eq!(lines.len(), 3);
        assert!(
            lines[2].ends_with('…') && measure(STYLE, &lines[2]) <= 300.0,
            "{lines:?}"
        );
        let one = fit(STYLE, "Saint-Germain-en-Laye", 150.0);
        assert!(one.ends_with('…') && measure(STYLE, &one) <= 150.0);
    }

    #[test]
    fn a_word_wider_than_a_line_is_cut_and_nothing_loops() {
        let lines = wrap(STYLE, &"x".repeat(500), 200.0, 99);
        assert_eq!(lines.concat().len(), 500);
        assert_eq!(wrap(STYLE, "abc", 0.0, 5), ["a", "b", "c"]);
        assert!(wrap(STYLE, " \n ", 200.0, 3).is_empty());
    }

    #[test]
    fn emoji_and_controls_leave_no_trace() {
        assert_eq!(measure(STYLE, "a🙂\u{200d}\u{7}b"), measure(STYLE, "ab"));
    }

    #[test]
    fn drawing_covers_pixels_inside_and_nothing_outside() {
        let line = Coverage::of_line(STYLE, "Épreuve");
        assert!(line.data.iter().any(|ink| *ink > 250));
        let mut small = Coverage::new(5, 5);
        small.draw(STYLE, "Épreuve", -20.0, 3.0);
        small.draw_rounded(-10.0, -10.0, 100.0, 100.0, 4.0);
        assert!(small.data.iter().all(|ink| *ink == 255));
    }
}
