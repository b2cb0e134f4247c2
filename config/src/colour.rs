//! A brand colour and whether text in it can be read.

use std::fmt;

use serde::{Serialize, Serializer};

/// An opaque sRGB colour, written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    /// Red, green, blue.
    pub rgb: [u8; 3],
}

impl Colour {
    /// Least contrast of text on white: WCAG 2.2, 1.4.3 (AA), which RGAA 3.2 takes over.
    pub const LEAST_CONTRAST: f64 = 4.5;

    /// Reads `#rrggbb`, in either case. Nothing else: names and short forms hide what they are.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text
            .strip_prefix('#')
            .filter(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let number = u32::from_str_radix(digits, 16).ok()?;
        let [_, r, g, b] = number.to_be_bytes();
        Some(Self { rgb: [r, g, b] })
    }

    /// Contrast ratio on white, from 1 to 21 (WCAG 2.2, "contrast ratio").
    #[must_use]
    pub fn contrast_on_white(self) -> f64 {
        1.05 / (self.luminance() + 0.05)
    }

    /// The same hue, darkened just enough to be read on white.
    #[must_use]
    pub fn readable(self) -> Self {
        let darkened = (0..=100u16).rev().map(|percent| Self {
            rgb: self.rgb.map(|c| scaled(c, percent)),
        });
        darkened
            .into_iter()
            .find(|c| c.contrast_on_white() >= Self::LEAST_CONTRAST)
            .unwrap_or(Self { rgb: [0; 3] })
    }

    /// Relative luminance, 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        let [r, g, b] = self.rgb.map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }
}

fn scaled(channel: u8, percent: u16) -> u8 {
    u8::try_from(u16::from(channel) * percent / 100).unwrap_or(u8::MAX)
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.rgb;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

impl Serialize for Colour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn contrast_matches_known_pairs() {
        let of = |text: &str| Colour::parse(text).unwrap().contrast_on_white();
        assert!((of("#000000") - 21.0).abs() < 0.01);
        assert!((of("#ffffff") - 1.0).abs() < 0.01);
        assert!(
            (of("#767676") - 4.54).abs() < 0.01,
            "the lightest grey that passes"
        );
        assert!(of("#777777") < Colour::LEAST_CONTRAST);
    }

    #[test]
    fn only_six_digits_are_a_colour() {
        for bad in [
            "", "#fff", "blue", "#12345g", "123456", "#1234567", "#é2345",
        ] {
            assert_eq!(Colour::parse(bad), None, "{bad}");
        }
        assert_eq!(Colour::parse("#2F4BDE").unwrap().to_string(), "#2f4bde");
    }

    proptest! {
        #[test]
        fn the_proposed_colour_can_be_read(rgb in any::<[u8; 3]>()) {
            let readable = Colour { rgb }.readable();
            prop_assert!(readable.contrast_on_white() >= Colour::LEAST_CONTRAST);
        }
    }
}
