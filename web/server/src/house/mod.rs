//! One event, wired: its queue, its programme, its seats, its topics. The only place where the parts meet; each flow
//! between two of them is one task here, and none decides anything.

mod air;
mod desk;
mod orders;
pub mod rules;
#[cfg(test)]
mod tests;
mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use axum::Router;
use pleniere_config::{DataDir, Event, NodeKey, RedisUrl};
use pleniere_media::Programme;
use pleniere_media_core::link::SiteName;
use pleniere_media_core::scene::SiteId;
use pleniere_media_core::timeline::{Entry, Phase};
use pleniere_moderation::core::UnixMs;
use pleniere_moderation::export::Table;
use pleniere_moderation::{Hub, Queue, Refusal};
use pleniere_signaling::Signaling;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::Door;
use desk::Desk;
use views::{SiteFacts, Views};

/// The views are refreshed this often even when nothing is announced: health words depend on time passing.
const REFRESH: Duration = Duration::from_millis(500);

/// How an event is opened.
pub struct Opening {
    /// The event file, read.
    pub event: Event,
    /// The data folder.
    pub data: DataDir,
    /// Signs and checks this node's keys.
    pub key: Arc<NodeKey>,
    /// The engine's executable.
    pub engine: PathBuf,
    /// A rehearsal: run sheet shifted to now, latency strip in the picture.
    pub rehearsal: bool,
    /// Where the questions are kept when not in the data folder.
    pub redis: Option<RedisUrl>,
    /// WebSockets one address may hold at once.
    pub connections_per_address: u32,
    /// When each session begins, in the order of the event file, unix milliseconds.
    pub starts: Vec<i64>,
}

/// What an event's queue is doing, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// WebSockets open.
    pub connections: u64,
    /// Questions by state.
    pub questions: BTreeMap<&'static str, u64>,
    /// Hands that are up.
    pub raised: u64,
    /// Whether the journal could be written when it was last needed.
    pub stored: bool,
    /// Events that were acknowledged and that the journal lost since the start.
    pub lost: u64,
}

/// A session of the run sheet as the pages and the calendar see it.
#[derive(Clone, Serialize)]
pub struct SessionView {
    /// Id in the event file.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Unix milliseconds, as run.
    pub starts: i64,
    /// Minutes.
    pub duration_min: u32,
    /// The rooms that speak.
    pub sites: Vec<String>,
    /// A line under the title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// An event and its parts.
pub struct House {
    event: Event,
    rehearsal: bool,
    sessions: Vec<SessionView>,
    sites: Vec<SiteId>,
    door: Arc<Door>,
    queue: Queue,
    programme: Programme,
    signaling: Signaling,
    desk: Mutex<Desk>,
    facts: Mutex<BTreeMap<SiteId, SiteFacts>>,
    air: Mutex<air::Air>,
    views: Views,
    simulated: Mutex<BTreeSet<SiteId>>,
    live: watch::Sender<BTreeSet<SiteId>>,
    sessions_at: Mutex<BTreeMap<String, i64>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl House {
    /// Opens the event's journal, starts its programme, and lets its parts hear each other.
    ///
    /// # Errors
    /// The data folder cannot be written, or the journal cannot be read.
    pub async fn open(opening: Opening, signaling: &Signaling) -> anyhow::Result<Arc<Self>> {
        let Opening {
            event,
            data,
            key,
            engine,
            rehearsal,
            redis,
            connections_per_address,
            starts,
        } = opening;
        let id = event.id.to_string();
        let hub = Hub::new(tokio::runtime::Handle::current());
        let sites: Vec<SiteId> = event
            .sites
            .iter()
            .map(|site| SiteId(site.id.to_string()))
            .collect();
        let names = event.sites.iter().map(|site| SiteName {
            id: SiteId(site.id.to_string()),
            name: site.name.clone(),
        });
        let rules = rules::queue(&event, data.path(), redis.as_ref(), connections_per_address)?;
        let (queue, heard_queue) = Queue::open(rules, hub.clone())
            .await
            .context("the question journal")?;
        if redis.is_none() {
            tracing::info!(
                event = id,
                "questions in {}: {}",
                data.journal(&event.id).display(),
                queue.durability()
            );
        }
        rules::say_overruled(&queue, &event).await?;
        let programme_rtp = signaling
            .open(
                &id,
                event.sites.iter().map(|site| site.id.to_string()).collect(),
            )
            .await
            .context("the media port")?;
        let (programme, heard_programme) = Programme::start(pleniere_media::Config {
            event: id.clone(),
            title: event.title.clone(),
            subtitle: event.subtitle.clone(),
            dir: data.event(&event.id),
            sites: names.collect(),
            engine,
            strip: rehearsal,
            programme_rtp,
            recording_title: event.recording.title.clone(),
            sessions: event
                .sessions
                .iter()
                .map(|session| (session.id.to_string(), session.title.clone()))
                .collect(),
        })
        .await
        .context("the programme")?;
        let begun = sessions_begun(&programme.timeline());
        let house = Arc::new(Self {
            sessions: session_views(&event, &starts),
            views: Views::new(&hub, &sites),
            door: Arc::new(Door::new(event.id.clone(), key, data.revoked(&event.id))),
            rehearsal,
            sites,
            queue,
            programme,
            signaling: signaling.clone(),
            desk: Mutex::default(),
            facts: Mutex::default(),
            air: Mutex::default(),
            simulated: Mutex::default(),
            live: watch::Sender::default(),
            sessions_at: Mutex::new(begun),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            event,
        });
        house
            .agree_on_session()
            .await
            .context("the running session's rules")?;
        house.wire(heard_queue, heard_programme);
        Ok(house)
    }

    fn wire(
        self: &Arc<Self>,
        queue: mpsc::Receiver<pleniere_moderation::Notice>,
        programme: mpsc::Receiver<pleniere_media::Notice>,
    ) {
        let house = Arc::clone(self);
        self.spawn(async move { house.hear_queue(queue).await });
        let house = Arc::clone(self);
        self.spawn(async move { house.hear_programme(programme).await });
        let house = Arc::clone(self);
        self.spawn(async move { house.keep_views().await });
        let door = Arc::clone(&self.door);
        self.spawn(async move { door.follow().await });
    }

    fn spawn(self: &Arc<Self>, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// Programme notices: where the engine listens, what was seen on air.
    async fn hear_programme(self: Arc<Self>, mut notices: mpsc::Receiver<pleniere_media::Notice>) {
        use pleniere_media::Notice;
        while let Some(notice) = notices.recv().await {
            match notice {
                Notice::EngineStarted { ports } => {
                    let ports = ports
                        .into_iter()
                        .map(|(site, port)| (site.0, port))
                        .collect();
                    self.signaling.engine(self.id(), Some(ports));
                }
                Notice::EngineLost => self.signaling.engine(self.id(), None),
                Notice::LowerThirdShown { id, at } => self.lower_third_shown(id, at).await,
                Notice::SceneShown { .. } => self.refresh(),
                Notice::Fault { code, detail, site } => {
                    tracing::warn!(
                        event = self.id(),
                        code,
                        detail,
                        site = site.map(|site| site.0),
                        "the engine mended a fault"
                    );
                }
            }
        }
    }

    /// What the forwarding unit says of this event's seats.
    pub async fn hear_signaling(&self, notice: &pleniere_signaling::Notice) {
        use pleniere_signaling::Notice;
        match notice {
            Notice::Publishing { site, .. } => {
                let site = SiteId(site.clone());
                self.live.send_if_modified(|live| live.insert(site.clone()));
                let was_seen = {
                    let mut facts = lock(&self.facts);
                    let facts = facts.entry(site.clone()).or_default();
                    facts.publishing = true;
                    std::mem::replace(&mut facts.seen, true)
                };
                if was_seen {
                    self.note(Entry::SiteBack { site }).await;
                }
            }
            Notice::Lost { site, .. } => {
                let site = SiteId(site.clone());
                self.live.send_if_modified(|live| live.remove(&site));
                if let Some(facts) = lock(&self.facts).get_mut(&site) {
                    facts.publishing = false;
                }
                self.note(Entry::SiteLost { site }).await;
            }
            Notice::ProgrammeKeyframeWanted { .. } => self.programme.keyframe(),
            Notice::Stats {
                site,
                kbps,
                loss_percent,
                ..
            } => {
                if let Some(facts) = lock(&self.facts).get_mut(&SiteId(site.clone())) {
                    (facts.kbps, facts.loss_percent) = (*kbps, *loss_percent);
                }
                return;
            }
            _ => return,
        }
        self.refresh();
    }

    async fn note(&self, entry: Entry) {
        if let Err(error) = self.programme.note(entry).await {
            tracing::error!(event = self.id(), %error, "the timeline could not be written");
        }
    }

    /// Keeps the topics true: at every change of the programme's state and twice a second.
    async fn keep_views(self: Arc<Self>) {
        let mut state = self.programme.state();
        let mut tick = tokio::time::interval(REFRESH);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                changed = state.changed() => if changed.is_err() { return },
            }
            self.refresh();
        }
    }

    fn refresh(&self) {
        let state = self.programme.state().borrow().clone();
        self.door
            .set_public(state.phase == Phase::Live && !state.masked);
        let simulated = lock(&self.simulated).clone();
        let mut sessions_at = lock(&self.sessions_at);
        if let Some((session, at)) = &state.session {
            sessions_at.insert(session.clone(), *at);
        }
        self.views.write(
            &state,
            &mut lock(&self.facts),
            &simulated,
            &sessions_at,
            &lock(&self.desk),
            unix_ms(),
        );
    }

    /// The event's id, as in its addresses.
    pub fn id(&self) -> &str {
        self.event.id.as_str()
    }

    /// The event's title.
    pub fn title(&self) -> &str {
        &self.event.title
    }

    /// The run sheet, as run.
    pub fn sessions(&self) -> &[SessionView] {
        &self.sessions
    }

    /// Id and title of each recording.
    pub fn recordings(&self) -> Vec<(String, String)> {
        let begun = |entry: pleniere_media_core::timeline::Stamped| match entry.entry {
            Entry::RecordingBegun { recording } => {
                Some((recording, self.event.recording.title.clone()))
            }
            _ => None,
        };
        self.programme
            .timeline()
            .into_iter()
            .filter_map(begun)
            .collect()
    }

    /// Whether the programme is being made, or need not be any more.
    pub fn is_ready(&self) -> bool {
        let state = self.programme.state();
        let state = state.borrow();
        state.engine.life == pleniere_media::EngineLife::Running || state.phase == Phase::After
    }

    /// A rehearsal is live from its start.
    ///
    /// # Errors
    /// The timeline cannot be written.
    pub async fn go_live(&self) -> anyhow::Result<()> {
        self.programme.phase(Phase::Live).await?;
        Ok(())
    }

    /// The sites somebody publishes for now.
    pub fn live(&self) -> watch::Receiver<BTreeSet<SiteId>> {
        self.live.subscribe()
    }

    /// Which seats the rehearsal's own rooms hold; the director's page marks them.
    pub fn set_simulated(&self, sites: impl IntoIterator<Item = SiteId>) {
        *lock(&self.simulated) = sites.into_iter().collect();
    }

    /// Everything under `/e/{event}` that a part answers.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .merge(self.programme.router())
            .merge(
                self.queue
                    .router(self.door.clone(), Arc::new(orders::Orders::new(self))),
            )
            .merge(self.signaling.router(self.id(), self.door.clone()))
    }

    /// Who may do what here.
    pub fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// The questions as a table, at this moment.
    ///
    /// # Errors
    /// The queue is closed, or too busy to answer in time.
    pub async fn questions(&self) -> Result<Table, Refusal> {
        let naming = crate::export::naming(&self.event);
        self.queue
            .read(move |state| Table::new(state, naming, UnixMs(unix_ms())))
            .await
    }

    /// What the queue is doing; none when it does not answer.
    pub async fn figures(&self) -> Option<Figures> {
        let connections = self.queue.connected() as u64;
        let (stored, lost) = (self.queue.trouble().is_none(), self.queue.lost());
        let looked = self.queue.read(move |state| {
            let mut questions = BTreeMap::new();
            for question in state.questions() {
                *questions.entry(question.standing.as_str()).or_default() += 1;
            }
            Figures {
                connections,
                questions,
                raised: state.raised() as u64,
                stored,
                lost,
            }
        });
        looked.await.ok()
    }

    /// What the list of events shows.
    pub fn summary(&self) -> Value {
        let phase = self.programme.state().borrow().phase;
        json!({ "id": self.event.id, "title": self.event.title, "subtitle": self.event.subtitle, "date": self.event.dates.first(), "phase": phase })
    }

    /// `event.json`: what the event is.
    pub fn description(&self) -> Value {
        let site = |(number, site): (usize, &pleniere_config::Site)| json!({ "id": site.id, "name": site.name, "number": number + 1 });
        json!({
            "id": self.event.id, "title": self.event.title, "subtitle": self.event.subtitle, "place": self.event.place,
            "date": self.event.dates.first(), "timezone": self.event.timezone, "languages": self.event.languages,
            "sites": self.event.sites.iter().enumerate().map(site).collect::<Vec<_>>(),
            "themes": self.event.themes, "publics": self.event.publics, "sessions": self.sessions,
            "questions": { "max_length": self.event.questions.max_length, "names": self.event.questions.names },
            "rehearsal": self.rehearsal,
        })
    }

    /// Ends the parts: no new command, chunks flushed, journals closed.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.programme.shutdown().await;
        self.queue.shutdown().await;
    }
}

/// When each session began, from the journal of an event that goes on.
fn sessions_begun(timeline: &[pleniere_media_core::timeline::Stamped]) -> BTreeMap<String, i64> {
    let begun = |stamped: &pleniere_media_core::timeline::Stamped| match &stamped.entry {
        Entry::SessionBegun { session, .. } => Some((session.clone(), stamped.at)),
        _ => None,
    };
    timeline.iter().filter_map(begun).collect()
}

fn session_views(event: &Event, starts: &[i64]) -> Vec<SessionView> {
    let view = |(session, starts): (&pleniere_config::Session, &i64)| SessionView {
        id: session.id.to_string(),
        title: session.title.clone(),
        starts: *starts,
        duration_min: session.duration_min,
        sites: session.sites.iter().map(ToString::to_string).collect(),
        note: session.note.clone(),
    };
    event.sessions.iter().zip(starts).map(view).collect()
}

/// A panic while a lock was held leaves plain data behind: whatever it is, it can still be read.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Milliseconds since 1970 by the wall clock; for ages and orders, never for the programme's own time.
pub fn unix_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
}
