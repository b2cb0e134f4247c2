//! Who may do what on one event: signed keys turned into the small questions each part asks.
//! Parts never see a key's content, only the answer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pleniere_config::{Claims, EventId, KeyError, NodeKey, Role};
use pleniere_moderation as moderation;
use pleniere_signaling as signaling;
use tokio::sync::watch;

/// How often the list of revoked keys is looked at; a key taken back opens nothing a second later.
const LOOK: Duration = Duration::from_millis(500);

/// The key of a person who is called to speak is good for this long, in seconds.
const GUEST_VALID_S: u64 = 2 * 3600;

/// The door of one event.
pub struct Door {
    event: EventId,
    key: Arc<NodeKey>,
    list: PathBuf,
    revoked: RwLock<BTreeSet<String>>,
    /// When each key seen ends, unix seconds, so that a page does not outlive its link.
    ends: Mutex<BTreeMap<String, u64>>,
    /// Whether anybody may see the programme now: the event is live and not masked.
    public: AtomicBool,
    revision: watch::Sender<u64>,
}

impl Door {
    /// Keys signed by `key` for `event` open this door, unless `list` names their id.
    pub fn new(event: EventId, key: Arc<NodeKey>, list: PathBuf) -> Self {
        Self {
            event,
            key,
            revoked: RwLock::new(read(&list).unwrap_or_default()),
            list,
            ends: Mutex::default(),
            public: AtomicBool::new(false),
            revision: watch::Sender::new(0),
        }
    }

    /// Opens the programme to people without a key, or closes it.
    pub fn set_public(&self, public: bool) {
        self.public.store(public, Ordering::Relaxed);
    }

    /// Follows the list of revoked keys, and the ends of those in use, for ever.
    pub async fn follow(&self) {
        let mut tick = tokio::time::interval(LOOK);
        loop {
            tick.tick().await;
            let mut changed = self.forget_ended();
            if let Some(now) = read(&self.list)
                && *self.revoked.read().unwrap_or_else(PoisonError::into_inner) != now
            {
                *self.revoked.write().unwrap_or_else(PoisonError::into_inner) = now;
                changed = true;
            }
            if changed {
                self.revision.send_modify(|revision| *revision += 1);
            }
        }
    }

    /// Forgets the keys that are over; true when there were any.
    fn forget_ended(&self) -> bool {
        let now = unix_now();
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let before = ends.len();
        ends.retain(|_, end| *end > now);
        ends.len() < before
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

/// The ids in the list, none when there is no list; nothing when it cannot be read just now. A line that is no id revokes nothing.
fn read(list: &Path) -> Option<BTreeSet<String>> {
    let text = match std::fs::read_to_string(list) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            tracing::error!(%error, "the list of revoked keys cannot be read; the last one known holds");
            return None;
        }
    };
    let ids = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Some(ids.map(str::to_owned).collect())
}

impl signaling::Access for Door {
    fn may(&self, bearer: Option<&str>, act: signaling::Act<'_>) -> Result<(), signaling::Denied> {
        use signaling::{Act, Denied};
        let programme = Act::Play {
            stream: "programme",
        };
        if act == programme && self.public.load(Ordering::Relaxed) {
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
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.insert(claims.id.to_string(), claims.expires);
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
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.contains_key(key_id) && !self.is_revoked(key_id)
    }

    /// Good for one event and two hours; the page is the viewer's, where the hand was raised.
    fn guest_key(
        &self,
        _hand: u64,
        name: Option<&str>,
    ) -> Result<moderation::GuestKey, moderation::Denied> {
        let until = unix_now() + GUEST_VALID_S;
        let name = name.map(str::to_owned);
        let claims =
            Claims::new(self.event.clone(), Role::Guest, None, name, until).map_err(|error| {
                moderation::Denied {
                    code: "unavailable",
                    detail: error.to_string(),
                }
            })?;
        let key = self.key.sign(&claims);
        let link = format!("/e/{}/#key={key}", self.event);
        Ok(moderation::GuestKey { key, link })
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
    fn who_is_called_gets_a_key_of_their_own_for_this_event_alone() {
        let event = EventId::new("grand-est").unwrap();
        let key = Arc::new(NodeKey::from_seed([7; 32]));
        let door = Door::new(event.clone(), Arc::clone(&key), PathBuf::from("none"));
        let (one, other) = (
            door.guest_key(3, Some("Inès")).unwrap(),
            door.guest_key(3, Some("Inès")).unwrap(),
        );
        assert_ne!(one.key, other.key);
        assert_eq!(one.link, format!("/e/grand-est/#key={}", one.key));
        let claims = key.verify(&one.key, unix_now()).unwrap();
        assert_eq!(
            (claims.role, claims.name.as_deref()),
            (Role::Guest, Some("Inès"))
        );
        assert!(claims.expires <= unix_now() + GUEST_VALID_S);
        assert!(
            claims
                .for_event(&EventId::new("poitiers").unwrap())
                .is_err()
        );
        assert_eq!(
            door.identify(Some(&one.key)).unwrap().role,
            moderation::Role::Guest
        );
    }

    #[test]
    fn before_the_event_and_while_it_is_masked_the_programme_needs_a_key() {
        use signaling::{Access as _, Act, Denied};
        let event = EventId::new("grand-est").unwrap();
        let door = Door::new(event, Arc::new(NodeKey::from_seed([7; 32])), PathBuf::new());
        let play = Act::Play {
            stream: "programme",
        };
        assert_eq!(door.may(None, play), Err(Denied::Missing));
        door.set_public(true);
        assert_eq!(door.may(None, play), Ok(()));
    }

    #[test]
    fn a_page_does_not_outlive_its_link() {
        let event = EventId::new("grand-est").unwrap();
        let key = Arc::new(NodeKey::from_seed([7; 32]));
        let claims = Claims::new(event.clone(), Role::Stage, None, None, unix_now() + 60).unwrap();
        let door = Door::new(event, Arc::clone(&key), PathBuf::from("none"));
        let id = door
            .identify(Some(&key.sign(&claims)))
            .unwrap()
            .key_id
            .unwrap();
        assert!(!door.forget_ended() && door.still_valid(&id));
        door.ends.lock().unwrap().insert(id.clone(), unix_now());
        assert!(door.forget_ended() && !door.still_valid(&id));
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
