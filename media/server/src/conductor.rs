//! The task that owns a programme: takes what the engine sends and what the director decided, puts parts on stage, keeps an
//! engine alive, and lets the slate stand in while there is none. Never waits for a disk or a database.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pleniere_media_core::clock::Anchor;
use pleniere_media_core::health::Health;
use pleniere_media_core::link::{ChunkHeader, LowerThird, ToProgramme};
use pleniere_media_core::scene::{Layout, Scene};
use pleniere_media_core::timeline::{Current, Entry, Phase, Stamped};
use tokio::sync::{mpsc, oneshot, watch};

use self::runs::Run;
use crate::journal::Journal;
use crate::live_log::LiveLine;
use crate::monotonic;
use crate::programme::Config;
use crate::recorder::{Job, Recorder};
use crate::recording::About;
use crate::slate::{Intake, Playing, Slate};
use crate::stage::Stage;
use crate::state::{EngineLife, EngineState, Notice, RecordingState, SceneAt, State};
use crate::supervisor::{EVENTS, Engine, Event, What};

mod engine;
mod recording;
mod runs;
mod stand_in;

/// How often the slate's pace and the engine's health are looked at.
const TICK: Duration = Duration::from_millis(40);
/// How late a part of the engine is taken to arrive before the first one did.
const LAG_NS: i64 = 300_000_000;
/// How long an engine may take to leave.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);
const LEAVE_WITHIN_NS: u64 = 3_000_000_000;

/// What the conductor is told.
pub(crate) enum Order {
    /// An entry that is on disk.
    Entry(Stamped),
    /// A WHEP viewer needs a keyframe.
    Keyframe,
    /// Leave.
    Stop(oneshot::Sender<()>),
}

/// What the conductor works with.
pub(crate) struct Means {
    pub(crate) config: Config,
    pub(crate) anchor: Anchor,
    pub(crate) journal: Journal,
    pub(crate) recorder: Recorder,
    pub(crate) stage: Stage,
    pub(crate) slate: Option<Arc<Slate>>,
    pub(crate) current: Current,
    /// A recording that a crash interrupted, to go on with.
    pub(crate) open_recording: Option<(String, About)>,
    pub(crate) state: watch::Sender<State>,
    pub(crate) notices: mpsc::Sender<Notice>,
}

/// The task's own state.
pub(crate) struct Conductor {
    means: Means,
    events: mpsc::Sender<Event>,
    engine: Option<Engine>,
    life: u64,
    health: Health,
    start_at_ns: Option<u64>,
    /// When an engine that was told to leave is ended.
    end_at_ns: Option<u64>,
    began_ns: u64,
    run: Option<Run>,
    intake: Intake,
    /// What came before `Started`, which tells when it plays.
    early: Vec<(ChunkHeader, Bytes)>,
    playing: Option<Playing>,
    lag_ns: i64,
    recording: Option<RecordingState>,
}

impl Conductor {
    /// Takes the event up where it was and goes on until told to stop. The state is true when this returns.
    pub(crate) fn start(means: Means, orders: mpsc::Receiver<Order>) {
        let (events, incoming) = mpsc::channel(EVENTS);
        tokio::spawn(Self::new(means, events).run(orders, incoming));
    }

    async fn run(mut self, mut orders: mpsc::Receiver<Order>, mut incoming: mpsc::Receiver<Event>) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let stopped = loop {
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(Order::Stop(done)) => break Some(done),
                    Some(order) => self.order(order),
                    None => break None,
                },
                Some(event) = incoming.recv() => self.event(event),
                _ = tick.tick() => self.tick(),
            }
            self.means.stage.publish();
        };
        self.leave(&mut incoming).await;
        // Whoever asked may have gone.
        let _ = stopped.map(|done| done.send(()));
    }

    fn new(means: Means, events: mpsc::Sender<Event>) -> Self {
        let now_ns = monotonic::now_ns();
        let mut conductor = Self {
            means,
            events,
            engine: None,
            life: 0,
            health: Health::default(),
            start_at_ns: None,
            end_at_ns: None,
            began_ns: now_ns,
            run: None,
            intake: Intake::default(),
            early: Vec::new(),
            playing: None,
            lag_ns: LAG_NS,
            recording: None,
        };
        conductor.tell_state();
        match conductor.means.current.phase {
            Phase::After => conductor.finish(),
            phase => {
                if phase == Phase::Live {
                    conductor.begin_recording();
                }
                conductor.start_at_ns = Some(now_ns);
                conductor.engine_is(EngineLife::Restarting);
            }
        }
        conductor
    }

    fn now(&self) -> i64 {
        self.means.anchor.at(monotonic::now_ns())
    }

    fn order(&mut self, order: Order) {
        match order {
            Order::Entry(stamped) => self.entry(&stamped),
            Order::Keyframe => self.tell_engine(ToProgramme::Keyframe),
            Order::Stop(_) => {}
        }
    }

    fn entry(&mut self, stamped: &Stamped) {
        let before = self.means.current.phase;
        self.means.current.apply(stamped);
        match &stamped.entry {
            Entry::SceneIntended { .. } | Entry::Muted { .. } => self.send_scene(),
            Entry::LowerThirdIntended { text } => {
                self.tell_engine(lower_third(stamped.id, text.clone()))
            }
            Entry::Masked { on: true } => self.show_slate(),
            Entry::Phase { to } if *to != before => self.phase(before, *to),
            _ => {}
        }
        self.tell_state();
    }

    fn phase(&mut self, from: Phase, to: Phase) {
        if from == Phase::Live {
            self.end_recording();
        }
        match to {
            Phase::After => self.finish(),
            Phase::Before | Phase::Live => {
                match to {
                    Phase::Live => self.begin_recording(),
                    _ => self.show_slate(),
                }
                if self.engine.is_none() && self.start_at_ns.is_none() {
                    self.start_at_ns = Some(monotonic::now_ns());
                    self.engine_is(EngineLife::Restarting);
                }
            }
        }
    }

    /// The event is over: the live ends, the engine leaves.
    fn finish(&mut self) {
        self.playing = None;
        self.end_run();
        let cut = self.means.stage.end();
        self.log(cut);
        self.start_at_ns = None;
        self.tell_engine(ToProgramme::Stop);
        self.end_at_ns = Some(monotonic::now_ns() + LEAVE_WITHIN_NS);
        if self.engine.is_none() {
            self.engine_is(EngineLife::Absent);
        }
    }

    fn send_scene(&self) {
        let (id, scene) = self.scene();
        let muted = self.means.current.muted.iter().cloned().collect();
        self.tell_engine(ToProgramme::Scene { id, scene, muted });
    }

    fn scene(&self) -> (u64, Scene) {
        let slate = || {
            (
                0,
                Scene {
                    layout: Layout::Slate,
                    slots: Vec::new(),
                },
            )
        };
        self.means
            .current
            .intended
            .as_ref()
            .map_or_else(slate, |(id, _, scene)| (*id, scene.clone()))
    }

    fn tell_engine(&self, order: ToProgramme) {
        if let Some(engine) = &self.engine {
            engine.send(order);
        }
    }

    fn tick(&mut self) {
        let now_ns = monotonic::now_ns();
        if self.start_at_ns.is_some_and(|at| now_ns >= at) {
            self.start_engine();
        }
        if self.end_at_ns.is_some_and(|at| now_ns >= at) {
            self.end_at_ns = None;
            self.engine.iter().for_each(Engine::end);
        }
        if self.means.current.phase != Phase::After {
            self.stand_in(now_ns);
        }
        self.tell_recording();
    }

    fn observe(&mut self, at: i64, entry: Entry) {
        self.means.current.apply(&Stamped {
            id: 0,
            at,
            entry: entry.clone(),
        });
        self.means.journal.observe(at, entry);
    }

    fn log(&self, line: Option<LiveLine>) {
        if let Some(line) = line {
            self.means.recorder.send(Job::Live(line));
        }
    }

    fn notice(&self, notice: Notice) {
        if self.means.notices.try_send(notice).is_err() {
            tracing::warn!("a notice of the programme was not heard");
        }
    }

    fn engine_is(&self, life: EngineLife) {
        let since = self.now() / 1_000_000;
        self.means.state.send_modify(|state| {
            state.engine = EngineState {
                life,
                since,
                ..state.engine
            }
        });
    }

    fn slate_is(&self, on_air: bool) {
        self.means
            .state
            .send_modify(|state| state.slate_on_air = on_air);
    }

    fn tell_state(&self) {
        let current = &self.means.current;
        let scene = |scene: &Option<(u64, i64, Scene)>| {
            scene
                .clone()
                .map(|(id, at, scene)| SceneAt { id, at, scene })
        };
        self.means.state.send_modify(|state| {
            state.phase = current.phase;
            state.session = current.session.clone();
            state.masked = current.masked;
            state.muted = current.muted.clone();
            state.intended = scene(&current.intended);
            state.shown = scene(&current.shown);
        });
    }

    /// Lets the engine leave, takes its last parts, and waits until all is on disk.
    async fn leave(&mut self, incoming: &mut mpsc::Receiver<Event>) {
        if self.engine.is_some() {
            self.tell_engine(ToProgramme::Stop);
            // An engine that does not leave in time is ended below.
            let _ = tokio::time::timeout(LEAVE_WITHIN, self.last_parts(incoming)).await;
        }
        self.engine = None;
        self.means.stage.publish();
        self.means.recorder.flush().await;
        if let Some(run) = self.run.take().filter(|run| run.highest.is_some()) {
            // On disk, and with it everything observed before.
            let ended = Entry::RunEnded { run: run.number };
            let _ = self
                .means
                .journal
                .commit(self.now() / 1_000_000, ended)
                .await;
        }
    }

    async fn last_parts(&mut self, incoming: &mut mpsc::Receiver<Event>) {
        while let Some(event) = incoming.recv().await {
            if matches!(event.what, What::Gone(_)) {
                return;
            }
            self.event(event);
        }
    }
}

fn lower_third(id: u64, text: Option<LowerThird>) -> ToProgramme {
    ToProgramme::LowerThird { id, text }
}
