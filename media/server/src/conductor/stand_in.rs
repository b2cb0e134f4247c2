//! The slate standing in for the programme: when it does, and at what pace.

use pleniere_media_core::health::Verdict;
use pleniere_media_core::segment::TRACKS;
use pleniere_media_core::timeline::Phase;

use super::Conductor;
use crate::live_log::Source;
use crate::slate::Playing;
use crate::supervisor::Engine;

/// A pause longer than this is a hole in the programme; a shorter one is filled by the slate.
const HOLE_NS: i64 = 4_000_000_000;
/// How long viewers wait for the first engine before the kept slate is shown.
const SLATE_FIRST_NS: u64 = 3_000_000_000;

impl Conductor {
    pub(super) fn stand_in(&mut self, now_ns: u64) {
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
    pub(super) fn show_slate(&mut self) {
        if self.playing.is_some() || self.means.current.phase == Phase::After {
            return;
        }
        // Even without a slate to show: what is to be hidden is hidden.
        if let Some(run) = &mut self.run {
            run.joined = None;
        }
        let Some(slate) = self.means.slate.clone() else {
            return;
        };
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

    pub(super) fn play_slate(&mut self, verdict: Verdict) {
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
}
