//! The task that owns a programme: takes what the engine sends and what the director decided, puts parts on stage, keeps an
//! engine alive, and lets the slate stand in while there is none. Never waits for a disk or a database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pleniere_media_core::clock::{Anchor, RunClock, signed};
use pleniere_media_core::health::{Health, Verdict};
use pleniere_media_core::link::{
    ChunkHeader, ChunkKind, FromProgramme, LowerThird, ProgrammeStart, ToProgramme, Track,
};
use pleniere_media_core::scene::{Layout, Scene};
use pleniere_media_core::segment::{Assembler, Released, TRACKS};
use pleniere_media_core::timeline::{Current, Entry, Phase, Stamped};
use pleniere_media_core::window::{Append, Part};
use tokio::sync::{mpsc, oneshot, watch};

use crate::frame::Incoming;
use crate::journal::Journal;
use crate::live_log::Source;
use crate::monotonic;
use crate::programme::Config;
use crate::recorder::{Job, Recorder};
use crate::recording::{About, Line};
use crate::slate::{Intake, Map, Playing, Slate};
use crate::stage::Stage;
use crate::state::{EngineLife, EngineState, Notice, RecordingState, SceneAt, SiteReport, State};
use crate::supervisor::{EVENTS, Engine, Event, What};

/// How often the slate's pace and the engine's health are looked at.
const TICK: Duration = Duration::from_millis(40);
/// How late a part of the engine is taken to arrive before the first one did.
const LAG_NS: i64 = 300_000_000;
/// Most that a part may be late before it stops counting for the slate's pace.
const LAG_MAX_NS: i64 = 3_000_000_000;
/// A run dated this much before what is published waits for its next segment, which will be less late.
const SHIFT_MAX_NS: i64 = 600_000_000;
/// But it does not wait more often than this.
const WAITS_MAX: u8 = 3;
/// A pause longer than this is a hole in the programme; a shorter one is filled by the slate.
const HOLE_NS: i64 = 4_000_000_000;
/// How long viewers wait for the first engine before the kept slate is shown.
const SLATE_FIRST_NS: u64 = 3_000_000_000;
/// Chunks kept that came before `Started`. Full = later ones are dropped; the run begins at a later segment.
const EARLY: usize = 64;
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

struct Run {
    number: u64,
    clock: RunClock,
    assembler: Assembler<Bytes>,
    maps: BTreeMap<Track, Map>,
    /// Highest segment begun by any rendition.
    highest: Option<u64>,
    /// First segment of the stretch on stage; `None` while the slate stands in.
    joined: Option<u64>,
    /// How often it was too late to come on stage.
    waits: u8,
    /// First segment recorded, and the recording.
    recorded: Option<(u64, String)>,
    /// Programme time up to which parts were released, nanoseconds.
    end_ns: i64,
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
    /// Runs until told to stop.
    pub(crate) async fn run(means: Means, mut orders: mpsc::Receiver<Order>) {
        let (events, mut incoming) = mpsc::channel(EVENTS);
        let mut conductor = Self::new(means, events);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let stopped = loop {
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(Order::Stop(done)) => break Some(done),
                    Some(order) => conductor.order(order),
                    None => break None,
                },
                Some(event) = incoming.recv() => conductor.event(event),
                _ = tick.tick() => conductor.tick(),
            }
            conductor.means.stage.publish();
        };
        conductor.leave(&mut incoming).await;
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

    // --- orders -----------------------------------------------------------------------------------------------------

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
                if to == Phase::Live {
                    self.begin_recording();
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

    // --- the engine -------------------------------------------------------------------------------------------------

    fn event(&mut self, event: Event) {
        if event.life != self.life {
            return;
        }
        match event.what {
            What::Frame(Incoming::Message(message)) => self.message(message),
            What::Frame(Incoming::Chunk(header, bytes)) => self.chunk(header, bytes),
            What::Gone(why) => self.gone(&why),
        }
    }

    fn start_engine(&mut self) {
        self.start_at_ns = None;
        self.life += 1;
        self.intake = Intake::default();
        self.early.clear();
        self.health.started(monotonic::now_ns());
        match Engine::start(&self.means.config.engine, self.life, self.events.clone()) {
            Ok(engine) => {
                self.engine = Some(engine);
                let (_, scene) = self.scene();
                let config = &self.means.config;
                let start = ProgrammeStart {
                    title: config.title.clone(),
                    subtitle: config.subtitle.clone(),
                    sites: config.sites.clone(),
                    programme_rtp: config.programme_rtp,
                    strip: config.strip,
                    scene,
                };
                self.tell_engine(ToProgramme::Start(start));
                self.send_scene();
                if let Some((id, text @ Some(_))) = self.means.current.lower_third.clone() {
                    self.tell_engine(lower_third(id, text));
                }
            }
            Err(error) => self.gone(&format!(
                "{} cannot be started: {error}",
                self.means.config.engine.display()
            )),
        }
    }

    fn gone(&mut self, why: &str) {
        self.end_run();
        self.engine = None;
        self.end_at_ns = None;
        let wait_ns = self.health.gone(monotonic::now_ns());
        self.means.state.send_modify(|state| {
            state.ports.clear();
            state.sites.clear();
        });
        self.notice(Notice::EngineLost);
        if self.means.current.phase == Phase::After {
            tracing::info!(why, "the programme engine left");
            self.engine_is(EngineLife::Absent);
            return;
        }
        tracing::warn!(
            why,
            wait_ms = wait_ns / 1_000_000,
            "the programme engine is gone; another is started"
        );
        self.notice(Notice::Fault {
            code: "engine_lost".into(),
            detail: why.to_owned(),
            site: None,
        });
        self.start_at_ns = Some(monotonic::now_ns() + wait_ns);
        self.means
            .state
            .send_modify(|state| state.engine.restarts += 1);
        self.engine_is(EngineLife::Restarting);
    }

    fn message(&mut self, message: FromProgramme) {
        match message {
            FromProgramme::Started { base_ns, ports } => self.started(base_ns, ports),
            FromProgramme::SceneShown { id, pts_ns } => self.scene_shown(id, pts_ns),
            FromProgramme::LowerThirdShown { id, pts_ns } => {
                let Some(at) = self.date_ms(pts_ns) else {
                    return;
                };
                self.observe(at, Entry::LowerThirdShown { id });
                self.notice(Notice::LowerThirdShown { id, at });
            }
            FromProgramme::Site {
                site,
                fps,
                level_db,
            } => {
                let report = SiteReport {
                    fps,
                    level_db,
                    at: self.now() / 1_000_000,
                };
                self.means.state.send_modify(|state| {
                    state.sites.insert(site, report);
                });
            }
            FromProgramme::Fault { code, detail, site } => {
                tracing::warn!(
                    code,
                    detail,
                    site = site.as_ref().map(|s| s.0.as_str()),
                    "the programme engine reports"
                );
                self.notice(Notice::Fault { code, detail, site });
            }
        }
    }

    fn started(&mut self, base_ns: u64, ports: BTreeMap<pleniere_media_core::scene::SiteId, u16>) {
        self.end_run();
        self.begin_run(RunClock::new(self.means.anchor, base_ns));
        self.means
            .state
            .send_modify(|state| state.ports = ports.clone());
        self.notice(Notice::EngineStarted { ports });
        for (header, bytes) in std::mem::take(&mut self.early) {
            self.chunk(header, bytes);
        }
    }

    fn scene_shown(&mut self, id: u64, pts_ns: u64) {
        let Some(at) = self.date_ms(pts_ns) else {
            return;
        };
        // The scene an engine began with has no entry of its own.
        let intended = self
            .means
            .current
            .intended
            .clone()
            .filter(|(intended, _, _)| *intended == id);
        let Some((_, _, scene)) = intended else {
            return;
        };
        self.observe(
            at,
            Entry::SceneShown {
                id,
                scene: scene.clone(),
            },
        );
        self.notice(Notice::SceneShown { id, scene, at });
        self.tell_state();
    }

    fn date_ms(&self, pts_ns: u64) -> Option<i64> {
        self.run
            .as_ref()
            .map(|run| run.clock.date(pts_ns) / 1_000_000)
    }

    // --- runs -------------------------------------------------------------------------------------------------------

    fn begin_run(&mut self, clock: RunClock) {
        self.run = Some(Run {
            number: self.means.current.run + 1,
            clock,
            assembler: Assembler::default(),
            maps: BTreeMap::new(),
            highest: None,
            joined: None,
            waits: 0,
            recorded: None,
            end_ns: i64::MIN,
        });
    }

    fn end_run(&mut self) {
        let Some(run) = self.run.take() else { return };
        if run.highest.is_some() {
            self.observe(self.now() / 1_000_000, Entry::RunEnded { run: run.number });
        }
    }

    fn chunk(&mut self, header: ChunkHeader, bytes: Bytes) {
        if header.slate {
            self.slate_chunk(header, bytes);
            return;
        }
        if self.run.is_none() {
            if self.engine.is_some() && self.early.len() < EARLY {
                self.early.push((header, bytes));
            }
            return;
        }
        if header.kind == ChunkKind::Map {
            self.map(header, bytes);
            return;
        }
        let Some(run) = &mut self.run else { return };
        if let Err(error) = run.assembler.push(&header, bytes) {
            tracing::error!(%error, "the engine's stream cannot be used; it is ended");
            self.engine.iter().for_each(Engine::end);
            return;
        }
        let released = run.assembler.release();
        if released.is_empty() {
            return;
        }
        self.health.part(monotonic::now_ns());
        for part in released {
            self.part(part);
        }
    }

    fn slate_chunk(&mut self, header: ChunkHeader, bytes: Bytes) {
        if let Some(slate) = self.intake.push(header, bytes) {
            let slate = Arc::new(slate);
            self.means.recorder.send(Job::Slate(slate.clone()));
            self.means.slate = Some(slate);
            self.intake = Intake::default();
        }
    }

    /// A rendition's second map begins another run: the engine built its programme anew.
    fn map(&mut self, header: ChunkHeader, bytes: Bytes) {
        let again = |run: &&Run| run.maps.contains_key(&header.track) && run.assembler.has_media();
        if let Some(run) = self.run.as_ref().filter(again) {
            let clock = run.clock;
            self.end_run();
            self.begin_run(clock);
        }
        if let Some(run) = &mut self.run {
            run.maps.insert(header.track, Map::new(bytes, header.codec));
        }
    }

    fn part(&mut self, part: Released<Bytes>) {
        let Some(mut run) = self.run.take() else {
            return;
        };
        if part.starts && run.highest.is_none_or(|highest| part.ordinal > highest) {
            self.segment_begins(&mut run, &part);
        }
        let at_ns = run.clock.date(part.pts_ns);
        let end_ns = at_ns + signed(part.duration_ns);
        let placed = run
            .joined
            .is_some_and(|from| part.ordinal >= from)
            .then(|| self.publish_part(&run, &part, at_ns));
        if run
            .recorded
            .as_ref()
            .is_some_and(|(from, _)| part.ordinal >= *from)
        {
            self.record(&part, at_ns, placed);
        }
        run.end_ns = run.end_ns.max(end_ns);
        let lag_ns = (self.now() - end_ns).clamp(0, LAG_MAX_NS);
        self.lag_ns += (lag_ns - self.lag_ns) / 16;
        self.run = Some(run);
    }

    /// The first rendition of the run begins a segment: where the run comes on stage, and where its recording begins.
    fn segment_begins(&mut self, run: &mut Run, part: &Released<Bytes>) {
        let first = run.highest.replace(part.ordinal).is_none();
        if first {
            self.engine_is(EngineLife::Running);
        }
        if run.joined.is_none()
            && !self.means.current.masked
            && self.means.current.phase != Phase::After
        {
            self.join(run, part);
        }
        if first {
            let entry = Entry::RunStarted {
                run: run.number,
                origin_ns: run.clock.origin_ns(),
            };
            self.observe(run.clock.date(part.pts_ns) / 1_000_000, entry);
        }
        if let (None, Some(recording)) = (&run.recorded, &self.recording)
            && recording.running
        {
            run.recorded = Some((part.ordinal, recording.id.clone()));
            let name = format!("run-{:04}", run.number);
            self.means.recorder.send(Job::Run {
                name,
                maps: run.maps.clone(),
            });
        }
    }

    fn join(&mut self, run: &mut Run, part: &Released<Bytes>) {
        let floor_ns = self.means.stage.end_ns().unwrap_or(i64::MIN);
        if floor_ns.saturating_sub(run.clock.date(part.pts_ns)) > SHIFT_MAX_NS
            && run.waits < WAITS_MAX
        {
            run.waits += 1;
            return;
        }
        run.waits = 0;
        self.playing = None;
        let shift_ns = run.clock.not_before(part.pts_ns, floor_ns);
        tracing::info!(
            run = run.number,
            shift_ms = shift_ns / 1_000_000,
            lag_ms = self.lag_ns / 1_000_000,
            "the programme is on stage"
        );
        let cut = self.means.stage.begin(&run.maps);
        self.log(cut);
        run.joined = Some(part.ordinal);
        self.slate_is(false);
    }

    fn publish_part(&mut self, run: &Run, part: &Released<Bytes>, at_ns: i64) -> (u64, u64) {
        let append = Append {
            starts: part.starts,
            ends: part.ends,
            at_ns,
            part: Part {
                duration_ns: part.duration_ns,
                independent: part.independent,
                payload: part.payload.clone(),
            },
        };
        let source = || match &run.recorded {
            Some((from, recording)) if part.ordinal >= *from => Source::Run {
                recording: recording.clone(),
                run: format!("run-{:04}", run.number),
            },
            _ => Source::Unrecorded,
        };
        let (msn, index, line) = self.means.stage.append(part.track, append, source);
        self.log(line);
        (msn, index)
    }

    fn record(&self, part: &Released<Bytes>, at_ns: i64, placed: Option<(u64, u64)>) {
        let line = Line {
            offset: 0,
            len: 0,
            pts_ns: part.pts_ns,
            duration_ns: part.duration_ns,
            at: at_ns / 1_000_000,
            kind: if part.starts {
                ChunkKind::SegmentStart
            } else {
                ChunkKind::Part
            },
            independent: part.independent,
            msn: placed.map(|(msn, _)| msn),
            part: placed.map(|(_, part)| part),
            codec: None,
        };
        self.means.recorder.send(Job::Chunk {
            track: part.track,
            line,
            bytes: part.payload.clone(),
        });
    }

    // --- the slate --------------------------------------------------------------------------------------------------

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

    fn stand_in(&mut self, now_ns: u64) {
        let verdict = self.health.verdict(now_ns);
        if verdict == Verdict::End {
            tracing::error!("the programme engine brings nothing; it is ended");
            self.engine.iter().for_each(Engine::end);
        }
        let on_stage = self.run.as_ref().is_some_and(|run| run.joined.is_some());
        if on_stage && verdict == Verdict::Well {
            return;
        }
        let waited = now_ns.saturating_sub(self.began_ns) > SLATE_FIRST_NS;
        if self.playing.is_none() && (waited || !self.means.stage.is_empty()) {
            self.show_slate();
        }
        self.play_slate(verdict);
    }

    /// Puts the slate on stage in every rendition at once; the run that was there comes back at the start of a segment.
    fn show_slate(&mut self) {
        if self.playing.is_some() || self.means.current.phase == Phase::After {
            return;
        }
        let Some(slate) = self.means.slate.clone() else {
            return;
        };
        if let Some(run) = &mut self.run {
            run.joined = None;
        }
        let pace_ns = self.now() - self.lag_ns;
        let start_ns = match self.means.stage.end_ns() {
            Some(end_ns) if pace_ns - end_ns < HOLE_NS => end_ns,
            Some(_) => pace_ns,
            // Something to play at once.
            None => pace_ns - HOLE_NS,
        };
        let cut = self.means.stage.begin(&slate.maps);
        self.log(cut);
        self.playing = Some(Playing::new(slate, start_ns));
        self.slate_is(true);
    }

    fn play_slate(&mut self, verdict: Verdict) {
        let Some(mut playing) = self.playing.take() else {
            return;
        };
        // Beside a run that goes on (masked), the slate keeps to the run's own pace, so that they change places without a step.
        let until_ns = match &self.run {
            Some(run) if verdict == Verdict::Well && run.end_ns > i64::MIN => run.end_ns,
            _ => self.now() - self.lag_ns,
        };
        for track in TRACKS {
            while let Some((turn, append)) = playing.due(track, until_ns) {
                let (_, _, line) = self
                    .means
                    .stage
                    .append(track, append, || Source::Slate(turn));
                self.log(line);
            }
        }
        self.playing = Some(playing);
    }

    // --- recording --------------------------------------------------------------------------------------------------

    /// Begins a recording, or goes on with the one that a crash interrupted.
    fn begin_recording(&mut self) {
        let now_ms = self.now() / 1_000_000;
        let open = self.means.open_recording.take();
        let is_new = open.is_none();
        let (id, about) = open.unwrap_or_else(|| {
            let title = self.means.config.recording_title.clone();
            (
                recording_id(self.now()),
                About {
                    title,
                    started_at: now_ms,
                    complete: false,
                },
            )
        });
        let started_at = about.started_at;
        self.means.recorder.send(Job::Begin {
            id: id.clone(),
            about,
        });
        if is_new {
            self.observe(
                now_ms,
                Entry::RecordingBegun {
                    recording: id.clone(),
                },
            );
        }
        self.recording = Some(RecordingState {
            id,
            running: true,
            bytes: 0,
            grew_at: now_ms,
            started_at,
            failing: None,
        });
    }

    fn end_recording(&mut self) {
        let Some(recording) = self
            .recording
            .as_mut()
            .filter(|recording| recording.running)
        else {
            return;
        };
        recording.running = false;
        let id = recording.id.clone();
        self.means.recorder.send(Job::End);
        if let Some(run) = &mut self.run {
            run.recorded = None;
        }
        self.observe(
            self.now() / 1_000_000,
            Entry::RecordingEnded { recording: id },
        );
    }

    fn tell_recording(&mut self) {
        let Some(recording) = self.recording.as_mut() else {
            return;
        };
        let report = self.means.recorder.report();
        if report.bytes > 0 || report.failing.is_some() {
            (recording.bytes, recording.grew_at, recording.failing) =
                (report.bytes, report.grew_at, report.failing);
        }
        let told = self.means.state.borrow().recording.as_ref() == Some(recording);
        if !told {
            let failing = recording.failing.clone();
            let recording = recording.clone();
            let was = self
                .means
                .state
                .borrow()
                .recording
                .as_ref()
                .and_then(|r| r.failing.clone());
            self.means
                .state
                .send_modify(|state| state.recording = Some(recording));
            if let Some(detail) = failing.filter(|_| was.is_none()) {
                self.notice(Notice::Fault {
                    code: "recording".into(),
                    detail,
                    site: None,
                });
            }
        }
    }

    // --- telling ----------------------------------------------------------------------------------------------------

    fn observe(&mut self, at: i64, entry: Entry) {
        self.means.current.apply(&Stamped {
            id: 0,
            at,
            entry: entry.clone(),
        });
        self.means.journal.observe(at, entry);
    }

    fn log(&self, line: Option<crate::live_log::LiveLine>) {
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

/// Id of a recording that begins at this programme time: `20201104-093000`.
fn recording_id(at_ns: i64) -> String {
    let iso = pleniere_media_core::clock::iso(at_ns);
    let digits: String = iso.chars().filter(char::is_ascii_digit).take(14).collect();
    format!("{}-{}", &digits[..8], &digits[8..])
}
