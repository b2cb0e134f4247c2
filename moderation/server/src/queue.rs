//! The queue of one event: one task owns the state. Commands come in through a bounded channel, are decided in order,
//! and are answered, published and told to the rest of the program once the journal holds them.
//!
//! Group commit: whatever waits when the task looks is decided as one batch and stored in one transaction, so the
//! busier the queue, the more commands share a sync of the disk.
//!
//! Several nodes may serve one event from one journal in Redis: each takes its turn, decides on what all of them wrote,
//! and tells its own pages.

pub(crate) mod answers;
mod ledger;
mod mentions;
mod notices;
mod publish;
mod snapshots;
mod task;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use pleniere_moderation_core::{
    Actor, Catalogue, Command, ParticipantId, Policy, PolicyPatch, PublicId, QuestionId, SessionId,
    SiteId, State, ThemeId, UnixMs,
};
use serde_json::Value;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    access::{Access, Commands},
    http,
    journal::{Durability, Journal, JournalError, RedisJournal, SqliteJournal},
    live::Live,
    presence::Presence,
    refusal::Refusal,
    topic::{Hub, Topic},
    views::PublicQuestion,
    wire::PastOf,
};

/// Commands that wait for the task. When full, senders wait up to [`PATIENCE`] and are then refused as `unavailable`.
const INBOX: usize = 4096;
/// How long a command waits for a place in the inbox.
const PATIENCE: Duration = Duration::from_secs(5);
/// Notices that wait for the rest of the program. When full, the task keeps up to 1024 more and then drops the oldest,
/// which it logs.
const NOTICES: usize = 64;

/// What a queue is opened with.
pub struct QueueConfig {
    /// The data directory; without `redis`, the journal is `{dir}/{event}/event.sqlite`.
    pub dir: PathBuf,
    /// The Redis that keeps the journal, for several nodes: `redis://`, `rediss://` or `unix:`. May hold a password.
    pub redis: Option<String>,
    /// The event's id.
    pub event: String,
    /// The rules to start with. What moderators changed live comes back from the journal.
    pub policy: Policy,
    /// Rules laid over while a session runs; likewise.
    pub sessions: BTreeMap<SessionId, PolicyPatch>,
    /// Themes on offer.
    pub themes: BTreeSet<ThemeId>,
    /// Publics on offer.
    pub publics: BTreeSet<PublicId>,
    /// Sites of the event.
    pub sites: BTreeSet<SiteId>,
    /// The names each room is shown under when its operator asks for it: no person may ask under one that looks like
    /// them.
    pub rooms: BTreeMap<SiteId, BTreeSet<String>>,
    /// Names nobody may ask under, or under one that looks like them: of the organisers and the team.
    pub reserved: BTreeSet<String>,
    /// Connections at once from one IPv4 address or IPv6 /64, and different people who act from there within an hour.
    /// At least 1. This machine is exempt.
    pub connections_per_address: u32,
}

/// Why a queue could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The event's directory cannot be made.
    #[error("cannot make the directory {path}: {source}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The event's id is not one.
    #[error(transparent)]
    Event(#[from] pleniere_moderation_core::InvalidId),
    /// The journal cannot be opened or read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A row of the journal cannot be understood.
    #[error(
        "row {seq} of the questions' journal: {source} (if it is damaged: restore the journal from a backup)"
    )]
    Row {
        /// The row.
        seq: u64,
        /// Why.
        source: pleniere_moderation_core::StoredError,
    },
    /// A row of the journal is gone.
    #[error("row {seq} of the questions' journal is missing: restore the journal from a backup")]
    Missing {
        /// The row.
        seq: u64,
    },
}

/// What the rest of the program should know and act on. Sent after the journal holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Put this question in the picture; or what is shown of it changed while it is there. Also sent after a restart
    /// for what was on air. Answer with [`Queue::note_air_seen`] once it was seen.
    OnAir {
        /// The question.
        question: PublicQuestion,
    },
    /// Take it out of the picture, and report when it was gone.
    OffAir {
        /// The question.
        question: QuestionId,
    },
    /// It was answered. When it was on air, an `OffAir` came before.
    Answered {
        /// The question.
        question: PublicQuestion,
    },
    /// Its answer was undone.
    Reopened {
        /// The question.
        question: QuestionId,
    },
}

/// What the task is asked.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every input is a command; a box each would cost more"
)]
pub(crate) enum Input {
    Command {
        actor: Actor,
        command: Command,
        /// Digest of sender and client id, against doing it twice.
        key: Option<[u8; 16]>,
        answer: oneshot::Sender<Result<Arc<str>, Refusal>>,
    },
    Mine {
        participant: ParticipantId,
        answer: oneshot::Sender<Topic>,
    },
    Status {
        question: QuestionId,
        participant: ParticipantId,
        answer: oneshot::Sender<Option<String>>,
    },
    /// Which rows of the journal tell of it.
    Rows {
        of: PastOf,
        answer: oneshot::Sender<Vec<u64>>,
    },
    /// Looks at the state between two batches.
    Read(Box<dyn FnOnce(&State) + Send>),
}

impl Input {
    fn is_vote(&self) -> bool {
        let Self::Command { command, .. } = self else {
            return false;
        };
        matches!(command, Command::Vote { .. } | Command::Unvote { .. })
    }
}

/// Handle to the queue of one event. Cheap to clone.
#[derive(Clone)]
pub struct Queue(Arc<Inner>);

struct Inner {
    event: String,
    hub: Hub,
    presence: Arc<Presence>,
    live: Arc<Live>,
    durability: Durability,
    health: watch::Receiver<task::Health>,
    inbox: mpsc::Sender<Input>,
    closing: CancellationToken,
    connections: TaskTracker,
    task: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Queue {
    /// Opens the event's journal, replays it, and starts the queue. Publishes `public`, `moderation` and `stage` in
    /// the hub. Call within a tokio runtime.
    ///
    /// # Errors
    /// [`OpenError`]; nothing is running then.
    pub async fn open(
        config: QueueConfig,
        hub: Hub,
    ) -> Result<(Self, mpsc::Receiver<Notice>), OpenError> {
        SiteId::new(config.event.as_str())?; // an event's id has the same form
        let directory = config.dir.join(&config.event);
        make_private(&directory).map_err(|source| OpenError::Directory {
            path: directory.clone(),
            source,
        })?;
        let journal: Arc<dyn Journal> = if let Some(url) = &config.redis {
            Arc::new(RedisJournal::open(url, &config.event).await?)
        } else {
            let path = directory.join("event.sqlite");
            let opened = tokio::task::spawn_blocking(move || SqliteJournal::open(&path)).await;
            Arc::new(opened.map_err(|_| JournalError::Closed)??)
        };
        Self::with_journal(config, hub, journal).await
    }

    /// Like [`Queue::open`] over any journal; `config.dir` is not used.
    ///
    /// # Errors
    /// [`OpenError`]; nothing is running then.
    pub async fn with_journal(
        config: QueueConfig,
        hub: Hub,
        journal: Arc<dyn Journal>,
    ) -> Result<(Self, mpsc::Receiver<Notice>), OpenError> {
        let catalogue = Catalogue {
            themes: config.themes,
            publics: config.publics,
            sites: config.sites,
            rooms: config.rooms,
            reserved: config.reserved,
            sessions: config.sessions,
        };
        let (inbox, inputs) = mpsc::channel(INBOX);
        let (notices, notified) = mpsc::channel(NOTICES);
        let closing = CancellationToken::new();
        let views = publish::Views::new(
            config.event.clone(),
            &hub,
            Arc::clone(&journal),
            config.connections_per_address,
        );
        let live = Arc::clone(views.live());
        let presence = Presence::new(views.moderation().clone());
        let (health, watched) = watch::channel(task::Health::default());
        let durability = journal.durability();
        let start = task::Start {
            origin: ledger::Origin {
                policy: config.policy,
                catalogue,
            },
            journal,
            views,
            notices: notices::Notices::new(notices),
            health,
        };
        let task = task::Task::open(start).await?;
        let task = hub.runtime().spawn(task.run(inputs, closing.clone()));
        let inner = Inner {
            event: config.event,
            hub,
            presence,
            live,
            durability,
            health: watched,
            inbox,
            closing,
            connections: TaskTracker::new(),
            task: std::sync::Mutex::new(Some(task)),
        };
        Ok((Self(Arc::new(inner)), notified))
    }

    /// Does one command and answers when the journal holds it.
    ///
    /// # Errors
    /// [`Refusal`]; nothing changed then.
    pub async fn execute(&self, actor: Actor, command: Command) -> Result<Value, Refusal> {
        let answer = self.execute_once(actor, command, None).await?;
        Ok(serde_json::from_str(&answer).unwrap_or_default())
    }

    /// What `look` makes of the state as the journal holds it. It keeps the queue waiting: no I/O, nothing slow.
    ///
    /// # Errors
    /// [`Refusal`] when the queue is closed or does not answer in time.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let (answer, wait) = oneshot::channel();
        let look = Box::new(move |state: &State| {
            let _ = answer.send(look(state)); // whoever asked may have left
        });
        self.send(Input::Read(look)).await?;
        wait.await.map_err(|_| Refusal::busy())
    }

    /// WebSockets open.
    pub fn connected(&self) -> usize {
        self.0.connections.len()
    }

    /// Reports that a question appeared in (`shown`) or left the programme at programme time `at`.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such question or the queue is closed.
    pub async fn note_air_seen(
        &self,
        question: QuestionId,
        at: UnixMs,
        shown: bool,
    ) -> Result<(), Refusal> {
        self.execute(
            Actor::System,
            Command::NoteAirSeen {
                question,
                at,
                shown,
            },
        )
        .await
        .map(drop)
    }

    /// What is left of acknowledged questions when the store dies without warning.
    pub fn durability(&self) -> Durability {
        self.0.durability
    }

    /// Why commands were refused as unavailable when the journal was last needed; none when it worked.
    pub fn trouble(&self) -> Option<String> {
        self.0.health.borrow().trouble.clone()
    }

    /// Events that were acknowledged or shown and that the store has lost since this queue was opened.
    pub fn lost(&self) -> u64 {
        self.0.health.borrow().lost
    }

    /// The routes of an event's queue, relative to `/e/{event}`: `/ws`, `/questions`, `/questions/{id}/status`.
    ///
    /// Addresses for limits are taken from `ConnectInfo<SocketAddr>` when the server provides it; when the peer is
    /// this machine, from the last `X-Forwarded-For` a reverse proxy added.
    pub fn router(&self, access: Arc<dyn Access>, extra: Arc<dyn Commands>) -> axum::Router {
        http::router(self.clone(), access, extra)
    }

    /// Closes every connection with 1012 (come back), finishes the commands that were taken, and closes the journal.
    pub async fn shutdown(&self) {
        self.0.closing.cancel();
        self.0.connections.close();
        let drained = tokio::time::timeout(Duration::from_secs(3), self.0.connections.wait()).await;
        if drained.is_err() {
            tracing::warn!(
                left = self.0.connections.len(),
                "connections that did not close in time"
            );
        }
        let task = self
            .0
            .task
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        if let Some(task) = task
            && task.await.is_err()
        {
            tracing::error!("the queue's task ended badly");
        }
    }

    /// Does a command; with a key, at most once.
    pub(crate) async fn execute_once(
        &self,
        actor: Actor,
        command: Command,
        key: Option<[u8; 16]>,
    ) -> Result<Arc<str>, Refusal> {
        let answer = self.submit(actor, command, key).await?;
        answer.await.unwrap_or_else(|_| Err(Refusal::busy()))
    }

    /// Puts a command in line; its answer comes when the journal holds it. Commands are done in the order in which
    /// this returns.
    pub(crate) async fn submit(
        &self,
        actor: Actor,
        command: Command,
        key: Option<[u8; 16]>,
    ) -> Result<oneshot::Receiver<Result<Arc<str>, Refusal>>, Refusal> {
        let (answer, wait) = oneshot::channel();
        self.send(Input::Command {
            actor,
            command,
            key,
            answer,
        })
        .await?;
        Ok(wait)
    }

    pub(crate) async fn mine(&self, participant: ParticipantId) -> Result<Topic, Refusal> {
        let (answer, wait) = oneshot::channel();
        self.send(Input::Mine {
            participant,
            answer,
        })
        .await?;
        wait.await.map_err(|_| Refusal::busy())
    }

    /// What happened before, as moderators read it: `{"entries":[...]}`.
    ///
    /// # Errors
    /// As [`History`](crate::history::History), and when the queue is closed or does not answer in time.
    pub(crate) async fn past(&self, of: PastOf) -> Result<Value, Refusal> {
        let history = &self.0.live.history;
        let (answer, wait) = oneshot::channel();
        self.send(Input::Rows { of, answer }).await?;
        let rows = wait.await.map_err(|_| Refusal::busy())?;
        match of {
            PastOf::Before(_) => history.before(&rows).await,
            PastOf::Question(question) => history.of_question(question, &rows).await,
        }
    }

    pub(crate) async fn status(
        &self,
        question: QuestionId,
        participant: ParticipantId,
    ) -> Result<Option<String>, Refusal> {
        let (answer, wait) = oneshot::channel();
        self.send(Input::Status {
            question,
            participant,
            answer,
        })
        .await?;
        wait.await.map_err(|_| Refusal::busy())
    }

    async fn send(&self, input: Input) -> Result<(), Refusal> {
        self.0
            .inbox
            .send_timeout(input, PATIENCE)
            .await
            .map_err(|_| Refusal::busy())
    }

    pub(crate) fn event(&self) -> &str {
        &self.0.event
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.0.hub
    }

    pub(crate) fn live(&self) -> &Live {
        &self.0.live
    }

    pub(crate) fn presence(&self) -> &Arc<Presence> {
        &self.0.presence
    }

    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.0.closing
    }

    pub(crate) fn connections(&self) -> &TaskTracker {
        &self.0.connections
    }
}

fn make_private(directory: &std::path::Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Wall clock in milliseconds since 1970.
pub(crate) fn now() -> UnixMs {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
