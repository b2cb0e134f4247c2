//! What people type: cleaned by one rule, "what cannot be seen is taken out; what can be seen is kept".
//!
//! In order: characters nobody sees (controls, bidirectional overrides, zero-width and filler characters, tags,
//! private use) are removed; the rest is composed (NFC); any run of white space, line breaks included, becomes one
//! space; the ends are trimmed; combining marks beyond [`MAX_MARKS`] on one letter are removed ("zalgo"); a joiner
//! (U+200C, U+200D) stays only between two visible characters, as some scripts and emoji need it. Length is counted
//! afterwards in Unicode scalar values, which is what `[...text].length` gives in a page. HTML is ordinary text here:
//! it is kept as typed and shown as typed.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The most combining marks kept on one letter. Pointed and cantillated Hebrew needs four.
pub const MAX_MARKS: usize = 4;

/// Why a text was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextProblem {
    /// Nothing readable was left: not one letter or digit.
    Empty,
    /// Longer than allowed; both counts are Unicode scalar values after cleaning.
    TooLong {
        /// The limit.
        max: usize,
        /// What was given.
        found: usize,
    },
}

/// Cleans `raw` by the module's rule.
///
/// # Errors
/// [`TextProblem::Empty`] without any letter or digit, [`TextProblem::TooLong`] above `max` characters.
pub fn clean(raw: &str, max: usize) -> Result<String, TextProblem> {
    // A text this far beyond the limit is not worth the work of cleaning it.
    if raw.len() > max.saturating_mul(64).max(65_536) {
        return Err(TextProblem::TooLong {
            max,
            found: raw.chars().count(),
        });
    }
    let text = strip(raw);
    if !text.chars().any(char::is_alphanumeric) {
        return Err(TextProblem::Empty);
    }
    let found = text.chars().count();
    if found > max {
        return Err(TextProblem::TooLong { max, found });
    }
    Ok(text)
}

fn strip(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut marks = 0;
    let mut pending: Option<char> = None; // a space or a joiner that stays only if something visible follows
    for c in raw
        .chars()
        .filter(|c| c.is_whitespace() || !is_unseen(*c))
        .nfc()
    {
        if c.is_whitespace() {
            pending = (!out.is_empty()).then_some(' ');
        } else if is_joiner(c) {
            if pending.is_none() && !out.is_empty() {
                pending = Some(c);
            }
        } else if is_combining_mark(c) {
            let has_base = !out.is_empty() && pending != Some(' ');
            if has_base && marks < MAX_MARKS {
                out.push(c);
                marks += 1;
            }
        } else {
            out.extend(pending.take());
            out.push(c);
            marks = 0;
        }
    }
    // Dropping a joiner or a mark may have brought two characters together that compose.
    out.nfc().collect()
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// Characters that draw nothing, or that change how others are drawn: Unicode's Cc, the invisible part of Cf,
/// fillers, private use, noncharacters.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{E000}'..='\u{F8FF}'
            | '\u{FDD0}'..='\u{FDEF}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{10FFFF}')
        || (u32::from(c) & 0xFFFE) == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_writing_passes_unchanged() {
        for text in [
            "Où en est la 5G à Mulhouse ?",
            "שָׁלוֹם עולם",
            "क्या यह काम करता है?",
            "नमस्‍ते",
            "1 < 2 & <b>gras</b>",
            "Famille 👨‍👩‍👧 ici",
        ] {
            assert_eq!(clean(text, 200).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_cannot_be_seen_is_taken_out() {
        assert_eq!(
            clean("  deux\r\n\tlignes\u{2028}ici ", 99).as_deref(),
            Ok("deux lignes ici")
        );
        assert_eq!(
            clean("ab\u{202E}cd\u{200B}ef\u{0007}\u{E0041}", 99).as_deref(),
            Ok("abcdef")
        );
        assert_eq!(clean("e\u{0301}te\u{0301}", 3).as_deref(), Ok("été"));
        assert_eq!(
            clean("a\u{200D}\u{200D} b\u{200D}", 99).as_deref(),
            Ok("a b")
        );
    }

    #[test]
    fn zalgo_is_cut_to_readable_letters() {
        let zalgo = format!("a{}b", "\u{0316}".repeat(50));
        assert_eq!(clean(&zalgo, 99).unwrap().chars().count(), 2 + MAX_MARKS);
    }

    #[test]
    fn empty_and_long_are_named() {
        for empty in ["", "   ", "\u{200B}\u{2800}", "?!…", "\u{0301}\u{0301}"] {
            assert_eq!(clean(empty, 10), Err(TextProblem::Empty), "{empty:?}");
        }
        assert_eq!(
            clean("onze lettres", 11),
            Err(TextProblem::TooLong { max: 11, found: 12 })
        );
        assert!(matches!(
            clean(&"x".repeat(1 << 20), 10),
            Err(TextProblem::TooLong { .. })
        ));
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(raw in "\\PC{0,80}|[a-c \u{200c}\u{200d}\u{301}\u{323}\u{202e}\n]{0,40}") {
            if let Ok(once) = clean(&raw, 400) {
                prop_assert_eq!(clean(&once, 400), Ok(once.clone()));
                prop_assert!(!once.chars().any(is_unseen));
                prop_assert!(!once.contains("  ") && once.trim() == once);
            }
        }
    }
}
