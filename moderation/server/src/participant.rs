//! The random id a participant holds. The page keeps the secret; journal, views and logs only ever see its digest.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pleniere_moderation_core::ParticipantId;
use sha2::{Digest, Sha256};

/// The bearer id of one participant. Deliberately without `Debug` or `Display`: it must not reach a log.
#[derive(Clone, PartialEq, Eq)]
pub struct ParticipantSecret(String);

impl ParticipantSecret {
    /// A new one: 128 random bits as 22 characters.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn issue() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// One that came from a client: 16 to 64 of `A-Z a-z 0-9 _ -`.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (16..=64).contains(&text.len());
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        (fits && plain).then(|| Self(text.to_owned()))
    }

    /// The text, for the participant's own eyes.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The id by which everybody else knows them, different in every event.
    pub fn id(&self, event: &str) -> ParticipantId {
        digest("participant", event, &self.0)
    }
}

/// What tells one moderator or director from another of the same name, by the id of their key: 16 hexadecimal digits.
pub(crate) fn staff_id(key_id: &str) -> String {
    let digest = short_hash(&[b"staff", key_id.as_bytes()]);
    let digits = digest[..8].iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

/// The id that stands for a room.
pub(crate) fn room_id(event: &str, site: &str) -> ParticipantId {
    digest("room", event, site)
}

fn digest(kind: &str, event: &str, text: &str) -> ParticipantId {
    ParticipantId(short_hash(&[
        b"pleniere",
        kind.as_bytes(),
        event.as_bytes(),
        text.as_bytes(),
    ]))
}

/// The first 16 bytes of SHA-256 over the parts, each closed by a zero byte so that borders cannot shift.
pub(crate) fn short_hash(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
        hasher.update([0]);
    }
    let full = hasher.finalize();
    let mut short = [0; 16];
    short.copy_from_slice(&full[..16]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issued_secret_is_accepted_back_and_garbage_is_not() {
        let secret = ParticipantSecret::issue().unwrap();
        assert!(ParticipantSecret::parse(secret.reveal()).unwrap().id("e") == secret.id("e"));
        assert_ne!(secret.id("e"), secret.id("f"));
        for wrong in [
            "",
            "short",
            "with space in the middle",
            "é".repeat(16).as_str(),
            "x".repeat(65).as_str(),
        ] {
            assert!(ParticipantSecret::parse(wrong).is_none(), "{wrong}");
        }
    }
}
