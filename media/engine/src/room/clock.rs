//! The running clock `HH:MM:SS.d` of a room: digits drawn once, placed for each frame.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::picture::{Area, Colour, Picture};
use crate::text::{Coverage, Style, measure};

const LENGTH: usize = "00:00:00.0".len();

/// Draws the time of one zone in one style.
#[derive(Debug)]
pub struct Clock {
    zone: TimeZone,
    digits: Vec<Coverage>,
    colon: Coverage,
    point: Coverage,
    digit_px: f32,
    mark_px: f32,
}

impl Clock {
    /// `zone` is an IANA name; this machine's zone when there is none or it is unknown.
    pub fn new(style: Style, zone: Option<&str>) -> Self {
        let zone = zone
            .and_then(|name| TimeZone::get(name).ok())
            .unwrap_or_else(TimeZone::system);
        let digits: Vec<Coverage> = ('0'..='9')
            .map(|digit| Coverage::of_line(style, &digit.to_string()))
            .collect();
        let digit_px = ('0'..='9')
            .map(|digit| measure(style, &digit.to_string()))
            .fold(0.0, f32::max);
        let (colon, point) = (Coverage::of_line(style, ":"), Coverage::of_line(style, "."));
        Self {
            zone,
            digits,
            colon,
            point,
            digit_px,
            mark_px: measure(style, ":"),
        }
    }

    /// Pixels from the first digit to the last, the same at any time.
    pub fn width(&self) -> usize {
        (7.0 * self.digit_px + 3.0 * self.mark_px).ceil() as usize + 2
    }

    /// Rows, ascenders and descenders included.
    pub fn height(&self) -> usize {
        self.colon.height
    }

    /// What [`Self::draw`] touches.
    pub fn area(&self, x: i64, y: i64) -> Area {
        Area::around(x, y, self.width(), self.height())
    }

    /// Draws the time `unix` since 1970 with its top left corner at `x`, `y`.
    pub fn draw(&self, picture: &mut Picture, x: i64, y: i64, unix: Duration, colour: Colour) {
        let mut at = x as f32;
        for letter in self.letters(unix) {
            let (glyph, cell) = match letter {
                b':' => (&self.colon, self.mark_px),
                b'.' => (&self.point, self.mark_px),
                digit => (&self.digits[usize::from(digit - b'0') % 10], self.digit_px),
            };
            let inset = (cell - glyph.width as f32 + 1.0) / 2.0;
            picture.blend(glyph, (at + inset).round() as i64, y, colour, 1.0);
            at += cell;
        }
    }

    fn letters(&self, unix: Duration) -> [u8; LENGTH] {
        let instant =
            Timestamp::from_nanosecond(unix.as_nanos() as i128).unwrap_or(Timestamp::UNIX_EPOCH);
        let time = self.zone.to_datetime(instant);
        let (hour, minute, second) = (time.hour() as u8, time.minute() as u8, time.second() as u8);
        let tenth = (time.subsec_nanosecond() / 100_000_000) as u8;
        let (tens, ones) = (|value: u8| b'0' + value / 10, |value: u8| b'0' + value % 10);
        let [h, hh, m, mm, s, ss] = [
            tens(hour),
            ones(hour),
            tens(minute),
            ones(minute),
            tens(second),
            ones(second),
        ];
        [h, hh, b':', m, mm, b':', s, ss, b'.', b'0' + tenth]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(zone: &str, unix_ms: u64) -> String {
        let clock = Clock::new(Style::regular(20.0), Some(zone));
        String::from_utf8(clock.letters(Duration::from_millis(unix_ms)).to_vec()).unwrap()
    }

    #[test]
    fn it_shows_the_time_of_its_zone() {
        assert_eq!(shown("Europe/Paris", 1_604_484_245_678), "11:04:05.6");
        assert_eq!(shown("UTC", 0), "00:00:00.0");
        assert_eq!(shown("Nowhere/Atall", 86_399_999).len(), 10);
    }

    #[test]
    fn it_stays_inside_its_area() {
        let clock = Clock::new(Style::bold(40.0), Some("UTC"));
        let clean = Picture::painted(|_, _| Colour::hex(0x102030));
        let mut drawn = clean.clone();
        clock.draw(
            &mut drawn,
            31,
            47,
            Duration::from_millis(72_000_999),
            Colour::hex(0xffffff),
        );
        assert_ne!(drawn.bytes(), clean.bytes());
        drawn.restore(&clean, clock.area(31, 47));
        assert_eq!(drawn.bytes(), clean.bytes());
    }
}
