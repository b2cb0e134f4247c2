//! The programme of one event, as the rest of the program sees it: start it, direct it, watch it, serve it.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pleniere_media_core::clock::{Anchor, signed};
use pleniere_media_core::link::{LowerThird, SiteName};
use pleniere_media_core::scene::{Layout, Scene, SiteId};
use pleniere_media_core::segment::SEGMENT_NS;
use pleniere_media_core::timeline::{Current, Entry, Phase, Stamped};
use tokio::sync::{Mutex, mpsc, oneshot, watch};

use crate::conductor::{Conductor, Means, Order};
use crate::journal::{Journal, JournalError};
use crate::recorder::Recorder;
use crate::recording::{self, About, Catalogue};
use crate::slate::Slate;
use crate::stage::{Published, Stage};
use crate::state::{Notice, State};
use crate::{live_log, monotonic, origin};

/// Commands on their way to the conductor. Full = a command waits.
const ORDERS: usize = 64;
/// Notices on their way to whoever listens. Full = the notice is dropped; the state tells as much.
const NOTICES: usize = 256;

/// What a programme is made from.
#[derive(Clone, Debug)]
pub struct Config {
    /// Id of the event.
    pub event: String,
    /// Title on the slate.
    pub title: String,
    /// Second line on the slate.
    pub subtitle: String,
    /// The event's directory, `DATA/{event}`; made when missing.
    pub dir: PathBuf,
    /// Every site, in the order of their numbers.
    pub sites: Vec<SiteName>,
    /// Path of `pleniere-engine`.
    pub engine: PathBuf,
    /// Stamp the latency strip on the programme.
    pub strip: bool,
    /// Where the engine sends the programme's RTP and RTCP (loopback).
    pub programme_rtp: SocketAddr,
    /// Title of what is recorded.
    pub recording_title: String,
    /// Id and title of each item of the run sheet.
    pub sessions: Vec<(String, String)>,
}

/// Why a programme did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The event's directory cannot be used.
    #[error("{path}: {error}", path = path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The event's journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Why a command was not carried out.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommandError {
    /// The event has no such site.
    #[error("the event has no site \"{0}\"")]
    UnknownSite(String),
    /// The run sheet has no such session.
    #[error("the run sheet has no session \"{0}\"")]
    UnknownSession(String),
    /// A layout with too few or too many slots.
    #[error("this layout takes {expected} sites, not {found}")]
    Slots {
        /// What it takes: `1`, `2`, `1 to 9`, `no`.
        expected: &'static str,
        /// What was given.
        found: usize,
    },
    /// A site twice in one scene.
    #[error("the site \"{0}\" is in the scene twice")]
    Twice(String),
    /// The journal could not be written: nothing was done.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The programme was shut down.
    #[error("the programme was shut down")]
    Closed,
}

struct Shared {
    config: Config,
    anchor: Anchor,
    journal: Journal,
    /// One command at a time: what is journalled first is done first.
    orders: Mutex<mpsc::Sender<Order>>,
    keyframes: std::sync::Mutex<Option<u64>>,
    hurry: mpsc::Sender<Order>,
    state: watch::Receiver<State>,
    published: watch::Receiver<Arc<Published>>,
    catalogue: Arc<Catalogue>,
}

/// Handle of a programme; clones are the same programme.
#[derive(Clone)]
pub struct Programme {
    shared: Arc<Shared>,
}

impl Programme {
    /// Reads what the event's directory tells, mends what a crash tore, starts the engine (unless the event is over), and goes on
    /// with the live under the same numbers.
    ///
    /// # Errors
    /// When the directory or the journal cannot be used. An engine that does not start is no error: it is tried again.
    pub async fn start(config: Config) -> Result<(Self, mpsc::Receiver<Notice>), StartError> {
        let path = config.dir.clone();
        let opened = tokio::task::spawn_blocking(move || Opened::open(&path)).await;
        let opened = opened.map_err(|error| StartError::Directory {
            path: config.dir.clone(),
            error: io::Error::other(error),
        })??;
        let (state_tx, state) = watch::channel(State::default());
        let (notices_tx, notices) = mpsc::channel(NOTICES);
        let (orders, waiting) = mpsc::channel(ORDERS);
        let Opened {
            anchor,
            journal,
            recorder,
            catalogue,
            stage,
            slate,
            current,
            open_recording,
        } = opened;
        let published = stage.subscribe();
        let means = Means {
            config: config.clone(),
            anchor,
            journal: journal.clone(),
            recorder,
            stage,
            slate,
            current,
            open_recording,
            state: state_tx,
            notices: notices_tx,
        };
        Conductor::start(means, waiting);
        let shared = Shared {
            config,
            anchor,
            journal,
            orders: Mutex::new(orders.clone()),
            keyframes: std::sync::Mutex::new(None),
            hurry: orders,
            state,
            published,
            catalogue,
        };
        Ok((
            Self {
                shared: Arc::new(shared),
            },
            notices,
        ))
    }

    /// Takes a scene; returns its id once the intent is on disk. [`Notice::SceneShown`] says when it is seen.
    ///
    /// # Errors
    /// When the scene names an unknown site, a site twice, or not as many as its layout takes; when the journal fails.
    pub async fn take(&self, scene: Scene) -> Result<u64, CommandError> {
        self.check_scene(&scene)?;
        Ok(self.command(Entry::SceneIntended { scene }).await?.id)
    }

    /// Silences a site, or gives it its sound back.
    ///
    /// # Errors
    /// When there is no such site; when the journal fails.
    pub async fn mute(&self, site: SiteId, on: bool) -> Result<Stamped, CommandError> {
        self.check_site(&site)?;
        self.command(Entry::Muted { site, on }).await
    }

    /// Shows a lower third, or removes it; returns its id. [`Notice::LowerThirdShown`] says when it is seen.
    ///
    /// # Errors
    /// When the journal fails.
    pub async fn lower_third(&self, text: Option<LowerThird>) -> Result<u64, CommandError> {
        Ok(self.command(Entry::LowerThirdIntended { text }).await?.id)
    }

    /// Moves the event on (or back): going live begins a recording, leaving it ends it, `After` ends the live and the engine.
    ///
    /// # Errors
    /// When the journal fails.
    pub async fn phase(&self, to: Phase) -> Result<Stamped, CommandError> {
        self.command(Entry::Phase { to }).await
    }

    /// An item of the run sheet begins.
    ///
    /// # Errors
    /// When the run sheet has no such session; when the journal fails.
    pub async fn begin_session(&self, id: &str) -> Result<Stamped, CommandError> {
        let found = self
            .shared
            .config
            .sessions
            .iter()
            .find(|(session, _)| session == id);
        let (session, title) = found
            .cloned()
            .ok_or_else(|| CommandError::UnknownSession(id.to_owned()))?;
        self.command(Entry::SessionBegun { session, title }).await
    }

    /// Puts the slate in the programme's place for HLS viewers, at once, or takes it away at the next segment.
    ///
    /// # Errors
    /// When the journal fails.
    pub async fn mask(&self, on: bool) -> Result<Stamped, CommandError> {
        self.command(Entry::Masked { on }).await
    }

    /// Writes any other entry: a question on air, off air, answered; a site lost or back.
    ///
    /// # Errors
    /// When the journal fails.
    pub async fn note(&self, entry: Entry) -> Result<Stamped, CommandError> {
        self.command(entry).await
    }

    /// As [`Programme::note`], for what happened at another programme time (milliseconds): when a lower third was seen, say.
    ///
    /// # Errors
    /// When the journal fails.
    pub async fn note_at(&self, at: i64, entry: Entry) -> Result<Stamped, CommandError> {
        self.command_at(at, entry).await
    }

    async fn command(&self, entry: Entry) -> Result<Stamped, CommandError> {
        self.command_at(self.now(), entry).await
    }

    async fn command_at(&self, at: i64, entry: Entry) -> Result<Stamped, CommandError> {
        let orders = self.shared.orders.lock().await;
        let stamped = self.shared.journal.commit(at, entry).await?;
        orders
            .send(Order::Entry(stamped.clone()))
            .await
            .map_err(|_| CommandError::Closed)?;
        Ok(stamped)
    }

    /// A WHEP viewer needs a keyframe of the programme; asked of the engine at most once a second.
    pub fn keyframe(&self) {
        let now_ns = monotonic::now_ns();
        let mut last = self
            .shared
            .keyframes
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.is_none_or(|last| now_ns.saturating_sub(last) >= 1_000_000_000) {
            *last = Some(now_ns);
            // Full of commands: a viewer asks again.
            let _ = self.shared.hurry.try_send(Order::Keyframe);
        }
    }

    /// The programme's state, as last observed.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.shared.state.clone()
    }

    /// Every entry of the timeline that is on disk, oldest first.
    #[must_use]
    pub fn timeline(&self) -> Vec<Stamped> {
        self.shared.journal.entries()
    }

    /// Programme time, milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.shared.anchor.at(monotonic::now_ns()) / 1_000_000
    }

    /// The live and the replays, relative to `/e/{event}`: `/live/…`, `/replays.json`, `/replay/{recording}/…`.
    pub fn router(&self) -> axum::Router {
        origin::router(origin::Origin {
            published: self.shared.published.clone(),
            state: self.shared.state.clone(),
            catalogue: self.shared.catalogue.clone(),
            journal: self.shared.journal.clone(),
        })
    }

    /// Lets the engine leave and waits until what was published is recorded. Commands fail from here on.
    pub async fn shutdown(&self) {
        let (done, left) = oneshot::channel();
        let sent = self.shared.hurry.send(Order::Stop(done)).await;
        if sent.is_ok() {
            let _ = left.await;
        }
    }

    fn check_site(&self, site: &SiteId) -> Result<(), CommandError> {
        let known = self
            .shared
            .config
            .sites
            .iter()
            .any(|known| &known.id == site);
        known
            .then_some(())
            .ok_or_else(|| CommandError::UnknownSite(site.0.clone()))
    }

    fn check_scene(&self, scene: &Scene) -> Result<(), CommandError> {
        let found = scene.slots.len();
        let (expected, fits) = match scene.layout {
            Layout::Full => ("1", found == 1),
            Layout::SideBySide | Layout::PictureInPicture => ("2", found == 2),
            Layout::Mosaic => ("1 to 9", (1..=9).contains(&found)),
            Layout::Slate => ("no", found == 0),
        };
        if !fits {
            return Err(CommandError::Slots { expected, found });
        }
        for (n, site) in scene.slots.iter().enumerate() {
            self.check_site(site)?;
            if scene.slots[..n].contains(site) {
                return Err(CommandError::Twice(site.0.clone()));
            }
        }
        Ok(())
    }
}

/// What the event's directory told.
struct Opened {
    anchor: Anchor,
    journal: Journal,
    recorder: Recorder,
    catalogue: Arc<Catalogue>,
    stage: Stage,
    slate: Option<Arc<Slate>>,
    current: Current,
    open_recording: Option<(String, About)>,
}

impl Opened {
    fn open(dir: &Path) -> Result<Self, StartError> {
        let fault = |error| StartError::Directory {
            path: dir.to_owned(),
            error,
        };
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(fault)?;
        let (journal, _) = Journal::open(&dir.join("event.sqlite"))?;
        let mut current = Current::fold(&journal.entries());
        let catalogue = Arc::new(Catalogue::open(dir.join("recordings")).map_err(fault)?);
        current.run = current.run.max(last_run(&catalogue));
        let open_recording = open_recording(&catalogue, current.phase).map_err(fault)?;
        current.recording = open_recording.as_ref().map(|(id, _)| id.clone());
        let slate = Slate::load(&dir.join("slate")).map(Arc::new);
        let restored = live_log::restore(dir, &catalogue, slate.as_deref());
        let end_ns = restored
            .as_ref()
            .map_or(i64::MIN, |restored| restored.end_ns);
        let floor_ns = end_ns.max(current.at.saturating_mul(1_000_000));
        let anchor = Anchor::new(monotonic::wall_ns(), monotonic::now_ns(), floor_ns);
        // A number that no earlier life of this event can have used, were its directory lost: caches keep segments by number.
        let first_msn = anchor.at(monotonic::now_ns()) / signed(SEGMENT_NS);
        let fresh = || Stage::new(first_msn.unsigned_abs());
        let stage = restored.map_or_else(fresh, Stage::restored);
        let (recorder, _) = Recorder::start(dir, catalogue.clone(), anchor).map_err(fault)?;
        Ok(Self {
            anchor,
            journal,
            recorder,
            catalogue,
            stage,
            slate,
            current,
            open_recording,
        })
    }
}

/// Highest number of a run that was recorded.
fn last_run(catalogue: &Catalogue) -> u64 {
    let recordings = catalogue.read();
    let runs = recordings
        .values()
        .flat_map(|recording| recording.runs.keys());
    runs.filter_map(|run| run.strip_prefix("run-")?.parse().ok())
        .max()
        .unwrap_or(0)
}

/// The recording to go on with; every other one that a crash left open is complete.
fn open_recording(catalogue: &Catalogue, phase: Phase) -> io::Result<Option<(String, About)>> {
    let mut open: BTreeMap<String, About> = BTreeMap::new();
    for (id, recording) in catalogue
        .write()
        .iter_mut()
        .filter(|(_, recording)| !recording.about.complete)
    {
        open.insert(id.clone(), recording.about.clone());
        recording.about.complete = true;
    }
    let resumed = if phase == Phase::Live {
        open.pop_last()
    } else {
        None
    };
    for (id, about) in open {
        recording::save(
            &catalogue.path(&id),
            &About {
                complete: true,
                ..about
            },
        )?;
    }
    Ok(resumed)
}
