//! What in a text wants a second look before anybody sees it: web addresses, e-mail addresses, telephone numbers.
//!
//! Errs on the side of letting through: what is caught only waits for a moderator, and what is not caught is read by
//! one too, before or after.

use unicode_normalization::UnicodeNormalization;

/// Ends of names that are taken for web addresses without `http://`, `www.` or a path.
const ENDS: &[&str] = &[
    "app", "be", "biz", "bzh", "ca", "cc", "ch", "click", "club", "co", "com", "de", "dev", "es",
    "eu", "fr", "gg", "gl", "gouv", "info", "io", "it", "link", "live", "lu", "ly", "me", "net",
    "nl", "online", "org", "paris", "pt", "ru", "shop", "site", "store", "top", "tv", "uk", "us",
    "xyz",
];

/// Whether it holds a web address.
pub(crate) fn has_link(text: &str) -> bool {
    let text = flat(text);
    let marked = ["http://", "https://", "www."];
    marked.iter().any(|mark| text.contains(mark)) || words(&text).any(is_address)
}

/// Whether it holds an e-mail address or a telephone number.
pub(crate) fn has_contact(text: &str) -> bool {
    let text = flat(text);
    words(&text).any(is_mail) || has_number(&text)
}

/// Small letters, and full-width forms as plain ones.
fn flat(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let around = |c: char| !c.is_alphanumeric();
    text.split(|c: char| c.is_whitespace() || "<>()[]{}\"«»,;".contains(c))
        .map(move |word| word.trim_matches(around))
        .filter(|word| word.contains('.'))
}

fn is_address(word: &str) -> bool {
    if word.contains('@') {
        return false;
    }
    let end = word.find(['/', '?', '#', ':']).unwrap_or(word.len());
    let (host, rest) = word.split_at(end);
    let Some((name, top)) = host.rsplit_once('.') else {
        return false;
    };
    let labels_fit = name
        .split('.')
        .all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'));
    let has_letter = name.chars().any(char::is_alphabetic);
    let is_top = top.len() >= 2 && top.chars().all(char::is_alphabetic);
    labels_fit && has_letter && is_top && (ENDS.contains(&top) || rest.starts_with('/'))
}

fn is_mail(word: &str) -> bool {
    word.split_once('@').is_some_and(|(who, host)| {
        let tail = host.rsplit_once('.');
        !who.is_empty() && tail.is_some_and(|(name, top)| !name.is_empty() && top.len() >= 2)
    })
}

/// 9 to 15 digits that begin with 0 or + and are apart by at most two spaces, points, hyphens, slashes or brackets.
fn has_number(text: &str) -> bool {
    let mut digits = 0;
    let mut apart = 0;
    let mut dialled = false;
    for c in text.chars().chain(['x']) {
        if c.is_ascii_digit() {
            dialled = if digits == 0 {
                dialled || c == '0'
            } else {
                dialled
            };
            digits += 1;
            apart = 0;
        } else if digits > 0 && apart < 2 && matches!(c, ' ' | '.' | '-' | '/' | '(' | ')') {
            apart += 1;
        } else {
            if dialled && (9..=15).contains(&digits) {
                return true;
            }
            (digits, apart) = (0, 0);
            dialled = c == '+';
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_links_and_ordinary_writing_is_not() {
        for link in [
            "voyez https://exemple.fr/x",
            "sur www.truc",
            "allez sur Exemple.FR !",
            "(bit.ly/abc)",
            "ｅｘｅｍｐｌｅ．ｃｏｍ",
            "t.co/x",
            "inconnu.tld/page",
        ] {
            assert!(has_link(link), "{link}");
        }
        for text in [
            "La 5G, etc. Mais quand ?",
            "M. Dupont et Mme. Martin",
            "Fin.Mais si",
            "Le point 3.2 du rapport",
            "24/7 et/ou 1,5 M€",
            "S.N.C.F.",
            "Et l'art. 4.b ?",
        ] {
            assert!(!has_link(text), "{text}");
        }
    }

    #[test]
    fn mail_and_telephone_are_contacts_and_other_numbers_are_not() {
        for contact in [
            "écrivez à jean.dupont@exemple.fr",
            "06 12 34 56 78",
            "tel:0612345678",
            "+33 (0)6.12.34.56.78 merci",
            "００ ４９ １５１ ２３４５６７８",
        ] {
            assert!(has_contact(contact), "{contact}");
        }
        for text in [
            "12 500 000 000 euros",
            "le 01/02/2026",
            "de 2024 à 2026",
            "@mairie répond ?",
            "0,5 % et 0.25 %",
            "n° 0123",
        ] {
            assert!(!has_contact(text), "{text}");
        }
    }
}
