//! Signed keys: what stands behind `#key=` in a link and after `Bearer`.
//!
//! Owns the form of keys (`docs/protocol.md`, Keys); the node's own key lies in `key_file`'s file. It keeps no list of revoked keys and
//! reads no clock: the caller brings the time and asks the journal about the id.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::{EventId, KeyId, SiteId};
use crate::role::Role;

/// The version of the claims this code writes and reads.
const VERSION: u8 = 1;
/// A key of ours is under 500 bytes; anything longer is not read.
const MAX_KEY_LEN: usize = 1024;
/// The longest name in a key, in characters.
const MAX_NAME: usize = 60;

/// Who a key makes its bearer, until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The only event it is good for.
    pub event: EventId,
    /// Never [`Role::Viewer`].
    pub role: Role,
    /// The room; present exactly for [`Role::Site`].
    pub site: Option<SiteId>,
    /// How the bearer is shown to colleagues, 1 to 60 characters.
    pub name: Option<String>,
    /// End of validity, unix seconds; the key is refused from that second on.
    pub expires: u64,
    /// What a revocation names.
    pub id: KeyId,
}

/// Claims that make no key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClaimsError {
    /// A viewer's link carries no key.
    #[error("found role viewer; expected a role that takes a key (a viewer needs none)")]
    ViewerNeedsNone,
    /// A site key without its room.
    #[error("found role site without a room; expected the id of one")]
    SiteMissing,
    /// A room in the key of another role.
    #[error("found a room in a key of role {0}; expected one only for role site")]
    SiteUnexpected(Role),
    /// An empty, overlong or unprintable name.
    #[error("found a name of {0} characters; expected 1 to 60 printable ones")]
    BadName(usize),
    /// The system gave no randomness for the key's id.
    #[error("the system gives no random numbers: {0}")]
    NoRandomness(#[from] getrandom::Error),
}

/// Why a key is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not a key, or of a version this node does not know.
    #[error("this is not a key of this system: copy the whole link again")]
    Malformed,
    /// Signed by another node, or changed.
    #[error("this key was not signed by this node: ask the organiser for a new link")]
    BadSignature,
    /// Its time is over.
    #[error("this key has expired: ask the organiser for a new link")]
    Expired {
        /// Unix seconds at which it ended.
        since: u64,
    },
    /// Taken back by the organiser.
    #[error("this key was taken back: ask the organiser for a new link")]
    Revoked,
    /// Good, but for another event.
    #[error("this key is for the event `{key_event}`: use the link of this one")]
    WrongEvent {
        /// The event in the key.
        key_event: EventId,
    },
    /// Good, but its role may not do this.
    #[error("a key of role {role} does not allow this")]
    NotAllowed {
        /// The role in the key.
        role: Role,
    },
}

impl KeyError {
    /// A short word for programs: `key_malformed`, `key_unknown`, `key_expired`, `key_revoked`, `key_wrong_event`, `key_not_allowed`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "key_malformed",
            Self::BadSignature => "key_unknown",
            Self::Expired { .. } => "key_expired",
            Self::Revoked => "key_revoked",
            Self::WrongEvent { .. } => "key_wrong_event",
            Self::NotAllowed { .. } => "key_not_allowed",
        }
    }
}

impl Claims {
    /// Claims with a fresh random id.
    ///
    /// # Errors
    /// When role, room and name do not go together.
    pub fn new(
        event: EventId,
        role: Role,
        site: Option<SiteId>,
        name: Option<String>,
        expires: u64,
    ) -> Result<Self, ClaimsError> {
        let id = KeyId::random()?;
        let claims = Self {
            event,
            role,
            site,
            name,
            expires,
            id,
        };
        claims.coherent()?;
        Ok(claims)
    }

    fn coherent(&self) -> Result<(), ClaimsError> {
        match (self.role, &self.site) {
            (Role::Viewer, _) => return Err(ClaimsError::ViewerNeedsNone),
            (Role::Site, None) => return Err(ClaimsError::SiteMissing),
            (Role::Site, Some(_)) | (_, None) => {}
            (role, Some(_)) => return Err(ClaimsError::SiteUnexpected(role)),
        }
        if let Some(name) = &self.name {
            let length = name.chars().count();
            if !(1..=MAX_NAME).contains(&length) || name.chars().any(char::is_control) {
                return Err(ClaimsError::BadName(length));
            }
        }
        Ok(())
    }

    /// Passes when the key is for `event`.
    ///
    /// # Errors
    /// [`KeyError::WrongEvent`].
    pub fn for_event(&self, event: &EventId) -> Result<&Self, KeyError> {
        if self.event == *event {
            Ok(self)
        } else {
            Err(KeyError::WrongEvent {
                key_event: self.event.clone(),
            })
        }
    }

    /// Passes when the role may: `claims.may(Role::may_direct)?`.
    ///
    /// # Errors
    /// [`KeyError::NotAllowed`].
    pub fn may(&self, permission: impl FnOnce(Role) -> bool) -> Result<&Self, KeyError> {
        if permission(self.role) {
            Ok(self)
        } else {
            Err(KeyError::NotAllowed { role: self.role })
        }
    }

    /// Whether the bearer may take the seat of `site`.
    #[must_use]
    pub fn may_publish(&self, site: &SiteId) -> bool {
        self.role.may_publish() && self.site.as_ref() == Some(site)
    }

    /// Whether the bearer may read the topic `site/{site}`: that room, and the director.
    #[must_use]
    pub fn may_read_site(&self, site: &SiteId) -> bool {
        self.role.may_direct() || self.may_publish(site)
    }
}

/// The claims as they are written into a key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    v: u8,
    event: EventId,
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<SiteId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    exp: u64,
    id: KeyId,
}

impl Wire {
    fn of(claims: &Claims) -> Self {
        let Claims {
            event,
            role,
            site,
            name,
            expires,
            id,
        } = claims.clone();
        Self {
            v: VERSION,
            event,
            role,
            site,
            name,
            exp: expires,
            id,
        }
    }

    fn into_claims(self) -> Option<Claims> {
        let Self {
            v,
            event,
            role,
            site,
            name,
            exp,
            id,
        } = self;
        let claims = Claims {
            event,
            role,
            site,
            name,
            expires: exp,
            id,
        };
        (v == VERSION && claims.coherent().is_ok()).then_some(claims)
    }
}

/// The node's signing key. Losing it voids every link ever printed; whoever reads it can print any.
#[derive(Clone)]
pub struct NodeKey(SigningKey);

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeKey(hidden)")
    }
}

impl NodeKey {
    /// A key from its 32-byte seed, for tests and for nodes that keep it elsewhere.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// The key that carries `claims`.
    #[must_use]
    pub fn sign(&self, claims: &Claims) -> String {
        // A struct of strings and numbers always has a JSON form.
        let json = serde_json::to_vec(&Wire::of(claims)).unwrap_or_default();
        let mut key = URL_SAFE_NO_PAD.encode(json);
        let signature = self.0.sign(key.as_bytes());
        key.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.to_bytes(), &mut key);
        key
    }

    /// What `key` claims, when this node signed it and its time is not over. `now_unix` in seconds.
    ///
    /// # Errors
    /// [`KeyError::Malformed`], [`KeyError::BadSignature`] or [`KeyError::Expired`].
    pub fn verify(&self, key: &str, now_unix: u64) -> Result<Claims, KeyError> {
        if key.len() > MAX_KEY_LEN {
            return Err(KeyError::Malformed);
        }
        let (claims, signature) = key.split_once('.').ok_or(KeyError::Malformed)?;
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| KeyError::Malformed)?;
        let signature = Signature::from_slice(&signature).map_err(|_| KeyError::Malformed)?;
        let json = URL_SAFE_NO_PAD
            .decode(claims)
            .map_err(|_| KeyError::Malformed)?;
        self.0
            .verifying_key()
            .verify_strict(claims.as_bytes(), &signature)
            .map_err(|_| KeyError::BadSignature)?;
        let wire: Wire = serde_json::from_slice(&json).map_err(|_| KeyError::Malformed)?;
        let claims = wire.into_claims().ok_or(KeyError::Malformed)?;
        if claims.expires <= now_unix {
            Err(KeyError::Expired {
                since: claims.expires,
            })
        } else {
            Ok(claims)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> NodeKey {
        NodeKey::from_seed([7; 32])
    }

    fn director() -> Claims {
        let event = EventId::new("grand-est").unwrap();
        Claims::new(
            event,
            Role::Director,
            None,
            Some("Odile Régis".into()),
            2_000,
        )
        .unwrap()
    }

    fn any_claims() -> impl Strategy<Value = Claims> {
        let role = prop::sample::select(vec![
            Role::Moderator,
            Role::Director,
            Role::Site,
            Role::Stage,
            Role::Guest,
        ]);
        let id = "[a-z0-9-]{1,40}";
        (
            id,
            role,
            id,
            prop::option::of("[a-zà-ÿA-Z '.-]{1,60}"),
            any::<u64>(),
            id,
        )
            .prop_map(|(event, role, site, name, expires, id)| Claims {
                event: EventId::new(event).unwrap(),
                role,
                site: (role == Role::Site).then(|| SiteId::new(site).unwrap()),
                name,
                expires,
                id: KeyId::new(id).unwrap(),
            })
    }

    #[test]
    fn the_form_is_the_one_of_the_protocol() {
        let claims = Claims {
            id: KeyId::new("k1").unwrap(),
            ..director()
        };
        let text = key().sign(&claims);
        let (first, _) = text.split_once('.').unwrap();
        let json = String::from_utf8(URL_SAFE_NO_PAD.decode(first).unwrap()).unwrap();
        assert_eq!(
            json,
            r#"{"v":1,"event":"grand-est","role":"director","name":"Odile Régis","exp":2000,"id":"k1"}"#
        );
    }

    #[test]
    fn a_key_ends_at_its_second() {
        let text = key().sign(&director());
        assert!(key().verify(&text, 1_999).is_ok());
        assert_eq!(
            key().verify(&text, 2_000),
            Err(KeyError::Expired { since: 2_000 })
        );
    }

    #[test]
    fn another_nodes_key_is_refused() {
        let text = NodeKey::from_seed([8; 32]).sign(&director());
        assert_eq!(key().verify(&text, 0), Err(KeyError::BadSignature));
    }

    #[test]
    fn what_is_no_key_is_malformed() {
        let long = "a".repeat(5_000);
        for text in ["", ".", "a.b", "é.é", "e30.e30", "null", long.as_str()] {
            assert_eq!(key().verify(text, 0), Err(KeyError::Malformed), "{text}");
        }
    }

    #[test]
    fn signed_nonsense_is_malformed() {
        for json in [
            "{}",
            "[]",
            r#"{"v":2,"event":"a","role":"director","exp":9,"id":"k"}"#,
            r#"{"v":1,"event":"a","role":"viewer","exp":9,"id":"k"}"#,
            r#"{"v":1,"event":"a","role":"site","exp":9,"id":"k"}"#,
            r#"{"v":1,"event":"a","role":"director","site":"x","exp":9,"id":"k"}"#,
            r#"{"v":1,"event":"a","role":"director","exp":9,"id":"k","more":1}"#,
            r#"{"v":1,"event":"../a","role":"director","exp":9,"id":"k"}"#,
        ] {
            let first = URL_SAFE_NO_PAD.encode(json);
            let signature = key().0.sign(first.as_bytes());
            let text = format!("{first}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()));
            assert_eq!(key().verify(&text, 0), Err(KeyError::Malformed), "{json}");
        }
    }

    #[test]
    fn claims_that_do_not_go_together_make_no_key() {
        let event = || EventId::new("a").unwrap();
        let site = || Some(SiteId::new("nancy").unwrap());
        assert_eq!(
            Claims::new(event(), Role::Viewer, None, None, 9),
            Err(ClaimsError::ViewerNeedsNone)
        );
        assert_eq!(
            Claims::new(event(), Role::Site, None, None, 9),
            Err(ClaimsError::SiteMissing)
        );
        assert_eq!(
            Claims::new(event(), Role::Stage, site(), None, 9),
            Err(ClaimsError::SiteUnexpected(Role::Stage))
        );
        assert_eq!(
            Claims::new(event(), Role::Stage, None, Some(String::new()), 9),
            Err(ClaimsError::BadName(0))
        );
        assert_eq!(
            Claims::new(event(), Role::Stage, None, Some("a\nb".into()), 9),
            Err(ClaimsError::BadName(3))
        );
    }

    #[test]
    fn a_key_opens_its_own_event_and_room_only() {
        let nancy = SiteId::new("nancy").unwrap();
        let reims = SiteId::new("reims").unwrap();
        let claims = Claims::new(
            EventId::new("a").unwrap(),
            Role::Site,
            Some(nancy.clone()),
            None,
            9,
        )
        .unwrap();
        assert!(claims.for_event(&EventId::new("a").unwrap()).is_ok());
        let other = claims.for_event(&EventId::new("b").unwrap()).unwrap_err();
        assert_eq!(other.code(), "key_wrong_event");
        assert!(claims.may_publish(&nancy) && claims.may_read_site(&nancy));
        assert!(!claims.may_publish(&reims) && !claims.may_read_site(&reims));
        assert_eq!(
            claims.may(Role::may_direct),
            Err(KeyError::NotAllowed { role: Role::Site })
        );
        assert!(director().may_read_site(&reims) && !director().may_publish(&reims));
    }

    #[test]
    fn printing_a_node_key_shows_nothing_of_it() {
        let seed = URL_SAFE_NO_PAD.encode([7u8; 32]);
        let shown = format!("{:?}", key());
        assert!(!shown.contains(&seed) && !shown.contains('7'), "{shown}");
    }

    proptest! {
        #[test]
        fn what_is_signed_is_read_back(claims in any_claims()) {
            let text = key().sign(&claims);
            prop_assert!(text.len() <= MAX_KEY_LEN, "{}", text.len());
            let read = key().verify(&text, claims.expires.saturating_sub(1));
            if claims.expires > 0 {
                prop_assert_eq!(read, Ok(claims));
            }
        }

        #[test]
        fn any_bit_flipped_is_refused(claims in any_claims(), at in any::<prop::sample::Index>(), bit in 0..8u32) {
            let mut bytes = key().sign(&claims).into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let text = String::from_utf8_lossy(&bytes);
            prop_assert!(matches!(key().verify(&text, 0), Err(KeyError::Malformed | KeyError::BadSignature)));
        }

        #[test]
        fn any_text_is_answered(text in ".{0,300}") {
            prop_assert!(key().verify(&text, 0).is_err());
        }
    }
}
