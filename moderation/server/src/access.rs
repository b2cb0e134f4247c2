//! What this crate asks of the rest of the program: who somebody is, and who carries out commands that are not about
//! questions. Holds no key and checks no signature.

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::watch;

use crate::refusal::Refusal;

/// What somebody may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Anybody without a key.
    Viewer,
    /// Triage and stage list.
    Moderator,
    /// Programme and everything a moderator may.
    Director,
    /// Operator of one linked room.
    Site,
    /// Chair or speaker on stage.
    Stage,
    /// A remote person brought to the stage.
    Guest,
}

impl Role {
    /// The protocol's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Moderator => "moderator",
            Self::Director => "director",
            Self::Site => "site",
            Self::Stage => "stage",
            Self::Guest => "guest",
        }
    }
}

/// Who somebody is, as their key says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Their role.
    pub role: Role,
    /// The room, for [`Role::Site`].
    pub site: Option<String>,
    /// The name written in the key.
    pub name: Option<String>,
    /// The key's id, by which it is revoked. None without a key.
    pub key_id: Option<String>,
}

impl Identity {
    /// Somebody without a key.
    pub fn viewer() -> Self {
        Self {
            role: Role::Viewer,
            site: None,
            name: None,
            key_id: None,
        }
    }
}

/// A key that opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Denied {
    /// A word for programs, such as `wrong_key` or `expired`.
    pub code: &'static str,
    /// What is wrong and what to do, for people. Must not repeat the key.
    pub detail: String,
}

/// What a remote person enters the stage with.
#[derive(Clone, PartialEq, Eq)]
pub struct GuestKey {
    /// The key, of role [`Role::Guest`].
    pub key: String,
    /// The address of the page to open, with the key in its fragment.
    pub link: String,
}

impl std::fmt::Debug for GuestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuestKey").finish_non_exhaustive() // no secrets in logs
    }
}

/// Checks keys and origins, and makes keys for guests.
pub trait Access: Send + Sync + 'static {
    /// Who holds `key`; without one, a viewer.
    ///
    /// # Errors
    /// [`Denied`] when the key is not valid for this event now.
    fn identify(&self, key: Option<&str>) -> Result<Identity, Denied>;
    /// Changes whenever a key was revoked: open connections then ask [`Access::still_valid`].
    fn revoked(&self) -> watch::Receiver<u64>;
    /// Whether the key is neither revoked nor expired.
    fn still_valid(&self, key_id: &str) -> bool;
    /// Whether a page of this `Origin` may open a connection to this `Host`. No origin: not a browser.
    fn origin_allowed(&self, origin: Option<&str>, host: Option<&str>) -> bool;
    /// A new key for the person whose hand of this number was called, under the name they gave. Asked again, it makes
    /// another.
    ///
    /// # Errors
    /// [`Denied`] when no remote guests are taken.
    fn guest_key(&self, hand: u64, name: Option<&str>) -> Result<GuestKey, Denied> {
        let _ = (hand, name);
        Err(Denied {
            code: "unavailable",
            detail: "remote guests are not taken here".to_owned(),
        })
    }
}

/// Carries out the commands the queue does not know: the director's, the stage's, the sites'. Checks their
/// permissions and fields itself.
pub trait Commands: Send + Sync + 'static {
    /// Executes `name` with `fields` (everything of the message but `do` and `id`).
    ///
    /// # Errors
    /// [`Refusal`], with `bad_request` for an unknown name.
    fn execute(
        &self,
        who: Identity,
        name: &str,
        fields: Value,
    ) -> BoxFuture<'static, Result<Value, Refusal>>;
}
