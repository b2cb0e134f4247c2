//! Who may do what on one event: signed keys turned into the small questions each part asks.
//! Parts never see a key's content, only the answer.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pleniere_config::{Claims, EventId, KeyError, NodeKey, Role};
use pleniere_moderation as moderation;
use pleniere_signaling as signaling;
use tokio::sync::watch;

/// How often the list of revoked keys is looked at; a key taken back opens nothing a second later.
const LOOK: Duration = Duration::from_millis(500);

/// The door of one event.
pub struct Door {
    event: EventId,
    key: Arc<NodeKey>,
    list: PathBuf,
    revoked: RwLock<BTreeSet<String>>,
    revision: watch::Sender<u64>,
}

impl Door {
    /// Keys signed by `key` for `event` open this door, unless `list` names their id.
    pub fn new(event: EventId, key: Arc<NodeKey>, list: PathBuf) -> Self {
        let revoked = RwLock::new(read(&list));
        Self {
            event,
            key,
            list,
            revoked,
            revision: watch::Sender::new(0),
        }
    }

    /// Follows the list of revoked keys for ever.
    pub async fn follow_revocations(&self) {
        let mut tick = tokio::time::interval(LOOK);
        loop {
            tick.tick().await;
            let now = read(&self.list);
            let changed = *self.revoked.read().unwrap_or_else(PoisonError::into_inner) != now;
            if changed {
                *self.revoked.write().unwrap_or_else(PoisonError::into_inner) = now;
                self.revision.send_modify(|revision| *revision += 1);
            }
        }
    }

    fn is_revoked(&self, key_id: &str) -> bool {
        self.revoked
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(key_id)
    }

    /// The claims of a key that is genuine, of this event, not over and not taken back.
    fn claims(&self, key: &str) -> Result<Claims, KeyError> {
        let claims = self.key.verify(key, unix_now())?;
        claims.for_event(&self.event)?;
        if self.is_revoked(claims.id.as_ref()) {
            return Err(KeyError::Revoked);
        }
        Ok(claims)
    }
}

/// The ids in the list; none when there is no list. A line that is no id revokes nothing.
fn read(list: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(list).unwrap_or_default();
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
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

    fn still_valid(&self, key_id: &str) -> bool {
        !self.is_revoked(key_id)
    }

    /// Keys live in the storage of our own origin, so only a page of ours has business here. A viewer's page embedded in
    /// another site is still a page of ours.
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

#[cfg(test)]
mod tests {
    use moderation::Access as _;

    use super::*;

    #[test]
    fn a_key_taken_back_opens_nothing_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let (event, key) = (
            EventId::new("grand-est").unwrap(),
            Arc::new(NodeKey::from_seed([7; 32])),
        );
        let claims = Claims::new(
            event.clone(),
            Role::Moderator,
            None,
            Some("Ana".into()),
            unix_now() + 60,
        )
        .unwrap();
        let (link, id) = (key.sign(&claims), claims.id.to_string());
        let list = folder.path().join("revoked");
        let door = Door::new(event.clone(), Arc::clone(&key), list.clone());
        assert!(
            door.identify(Some(&link))
                .is_ok_and(|who| who.key_id.as_ref() == Some(&id))
        );

        std::fs::write(&list, format!("{id}\n")).unwrap();
        let door = Door::new(event, key, list);
        assert_eq!(door.identify(Some(&link)).unwrap_err().code, "key_revoked");
        assert!(!door.still_valid(&id));
    }

    #[test]
    fn only_a_page_of_this_host_may_open_a_socket() {
        let event = EventId::new("grand-est").unwrap();
        let door = Door::new(event, Arc::new(NodeKey::from_seed([7; 32])), PathBuf::new());
        assert!(door.origin_allowed(Some("https://live.example"), Some("live.example")));
        assert!(!door.origin_allowed(Some("https://evil.example"), Some("live.example")));
        assert!(door.origin_allowed(None, Some("live.example")));
    }
}
