//! What HTTP and the house ask of the media thread. Owns the words and the limits; never waits by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use pleniere_signaling_core::{Claim, JoinError, SiteId, StreamId};
use tokio::sync::oneshot;

use crate::offer::Credentials;
use crate::peer::PeerCore;

/// Players of this process; one more is answered 503. Each costs about 0.3 MB. Publishers are not counted: there is one per
/// site.
pub const MAX_PEERS: usize = 1000;
/// Players that were answered and are not up yet. When there are more, the longest under way is dropped once it had two
/// seconds, else the new one is answered 503: offers alone fill nothing and keep nobody out for long.
pub const MAX_PENDING: usize = 200;
/// Commands under way to the media thread. When full, offers are answered 503 and the others wait.
pub(crate) const COMMANDS: usize = 1024;

/// A peer that was answered and wants in.
pub(crate) struct Join {
    pub event: String,
    pub wanted: Wanted,
    pub core: Box<dyn PeerCore>,
    /// Our ICE user name fragment.
    pub ufrag: String,
    /// Path of the resource, unguessable.
    pub resource: String,
    pub session: Session,
}

/// As what.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    Publish { site: SiteId, claim: Claim },
    Play { stream: StreamId },
}

/// What a resource remembers of its ICE session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub etag: String,
    /// The client's ICE credentials: others ask for an ICE restart.
    pub remote: Credentials,
    /// The offer as it was answered: an ICE restart is the same offer with other credentials.
    pub offer: Arc<str>,
}

/// A client's wish for an ICE restart.
pub(crate) struct Restart {
    pub resource: String,
    /// The ETag that must still be current; `If-Match: *` names none.
    pub before: Option<String>,
    /// What the connection will be known by.
    pub session: Session,
}

/// How it ended.
pub(crate) enum Restarted {
    /// The answer, with our new credentials.
    Yes(String),
    /// Another one came first.
    Stale,
    /// The stack would not have it; the connection goes on as before.
    Refused,
    /// The connection has ended.
    Gone,
}

/// Why not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JoinRefused {
    #[error("this event is not open")]
    NoEvent,
    #[error(transparent)]
    Core(#[from] JoinError),
    #[error("as many connections as this machine serves are there already")]
    Full,
}

pub(crate) enum Command {
    Open {
        event: String,
        sites: BTreeSet<SiteId>,
        reply: oneshot::Sender<io::Result<SocketAddr>>,
    },
    Engine {
        event: String,
        ports: Option<BTreeMap<String, u16>>,
    },
    Join {
        join: Box<Join>,
        reply: oneshot::Sender<Result<(), JoinRefused>>,
    },
    Inspect {
        resource: String,
        reply: oneshot::Sender<Option<Session>>,
    },
    Restart {
        restart: Box<Restart>,
        reply: oneshot::Sender<Restarted>,
    },
    End {
        resource: String,
        reply: oneshot::Sender<bool>,
    },
    Shutdown {
        reply: oneshot::Sender<()>,
    },
}
