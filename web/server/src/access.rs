//! Who may do what on one event: signed keys turned into the small questions each part asks.
//! Parts never see a key's content, only the answer.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use pleniere_config::{Claims, EventId, KeyError, NodeKey, Role};
use pleniere_moderation as moderation;
use pleniere_signaling as signaling;
use tokio::sync::watch;

/// The door of one event.
pub struct Door {
    event: EventId,
    key: Arc<NodeKey>,
    revision: watch::Sender<u64>,
}

impl Door {
    /// Keys signed by `key` for `event` open this door.
    pub fn new(event: EventId, key: Arc<NodeKey>) -> Self {
        Self {
            event,
            key,
            revision: watch::Sender::new(0),
        }
    }

    /// The claims of a key that is genuine, of this event, and not over.
    fn claims(&self, key: &str) -> Result<Claims, KeyError> {
        let claims = self.key.verify(key, unix_now())?;
        claims.for_event(&self.event)?;
        Ok(claims)
    }
}

impl signaling::Access for Door {
    fn may(&self, bearer: Option<&str>, act: signaling::Act<'_>) -> Result<(), signaling::Denied> {
        use signaling::{Act, Denied};
        if matches!(
            act,
            Act::Play {
                stream: "programme"
            }
        ) {
            return Ok(());
        }
        let claims = self
            .claims(bearer.ok_or(Denied::Missing)?)
            .map_err(|why| Denied::Invalid(why.to_string()))?;
        let own = |site: &str| claims.site.as_ref().is_some_and(|own| own.as_str() == site);
        let allowed = match act {
            Act::Publish { site } => claims.role.may_publish() && own(site),
            Act::Play { .. } => claims.role.may_watch_rooms(),
        };
        allowed.then_some(()).ok_or_else(|| {
            Denied::Forbidden(format!("a {} key does not open this stream", claims.role))
        })
    }
}

impl moderation::Access for Door {
    fn identify(&self, key: Option<&str>) -> Result<moderation::Identity, moderation::Denied> {
        let Some(key) = key else {
            return Ok(moderation::Identity::viewer());
        };
        let claims = self.claims(key).map_err(|why| moderation::Denied {
            code: why.code(),
            detail: why.to_string(),
        })?;
        Ok(moderation::Identity {
            role: queue_role(claims.role),
            site: claims.site.map(|site| site.to_string()),
            name: claims.name,
            key_id: Some(claims.id.to_string()),
        })
    }

    fn revoked(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    fn still_valid(&self, _key_id: &str) -> bool {
        true
    }

    /// A page of another origin may watch (embedding), but its WebSocket would carry no key of ours: keys live in our
    /// own origin's storage. So only a foreign page that is not us is refused.
    fn origin_allowed(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        match (origin, host) {
            (None, _) => true, // not a browser
            (Some(origin), Some(host)) => origin
                .split_once("://")
                .is_some_and(|(_, authority)| authority == host),
            (Some(_), None) => false,
        }
    }
}

fn queue_role(role: Role) -> moderation::Role {
    match role {
        Role::Viewer => moderation::Role::Viewer,
        Role::Moderator => moderation::Role::Moderator,
        Role::Director => moderation::Role::Director,
        Role::Site => moderation::Role::Site,
        Role::Stage => moderation::Role::Stage,
        Role::Guest => moderation::Role::Guest,
    }
}

/// Seconds since 1970; keys expire by the wall clock.
pub fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
