//! The engine's lives: starting it, what it says, its end.

use std::collections::BTreeMap;

use pleniere_media_core::clock::RunClock;
use pleniere_media_core::link::{FromProgramme, ProgrammeStart, ToProgramme};
use pleniere_media_core::scene::SiteId;
use pleniere_media_core::timeline::{Entry, Phase};

use super::{Conductor, lower_third};
use crate::frame::Incoming;
use crate::monotonic;
use crate::slate::Intake;
use crate::state::{EngineLife, Notice, SiteReport};
use crate::supervisor::{Engine, Event, What};

impl Conductor {
    pub(super) fn event(&mut self, event: Event) {
        if event.life != self.life {
            return;
        }
        match event.what {
            What::Frame(Incoming::Message(message)) => self.message(message),
            What::Frame(Incoming::Chunk(header, bytes)) => self.chunk(header, bytes),
            What::Gone(why) => self.gone(&why),
        }
    }

    pub(super) fn start_engine(&mut self) {
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
                if let Some((id, text)) = self.means.current.lower_third.clone() {
                    self.tell_engine(lower_third(id, text));
                }
            }
            Err(error) => self.gone(&format!(
                "{} cannot be started: {error}",
                self.means.config.engine.display()
            )),
        }
    }

    pub(super) fn gone(&mut self, why: &str) {
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

    pub(super) fn message(&mut self, message: FromProgramme) {
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

    pub(super) fn started(&mut self, base_ns: u64, ports: BTreeMap<SiteId, u16>) {
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

    pub(super) fn scene_shown(&mut self, id: u64, pts_ns: u64) {
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

    pub(super) fn date_ms(&self, pts_ns: u64) -> Option<i64> {
        self.run
            .as_ref()
            .map(|run| run.clock.date(pts_ns) / 1_000_000)
    }
}
