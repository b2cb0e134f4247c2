//! Runs: what one engine streams, from its chunks to parts on stage and in the recording.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use pleniere_media_core::clock::{RunClock, signed};
use pleniere_media_core::link::{ChunkHeader, ChunkKind, Track};
use pleniere_media_core::segment::{Assembler, Released};
use pleniere_media_core::timeline::Entry;
use pleniere_media_core::window::{Append, Part};

use super::Conductor;
use crate::live_log::Source;
use crate::monotonic;
use crate::recorder::Job;
use crate::recording::Line;
use crate::slate::{Intake, Map};
use crate::state::EngineLife;
use crate::supervisor::Engine;

/// Most that a part may be late before it stops counting for the slate's pace.
const LAG_MAX_NS: i64 = 3_000_000_000;
/// A run dated this much before what is published waits for its next segment, which will be less late.
const SHIFT_MAX_NS: i64 = 600_000_000;
/// But it does not wait more often than this.
const WAITS_MAX: u8 = 3;
/// Chunks kept that came before `Started`. Full = later ones are dropped; the run begins at a later segment.
const EARLY: usize = 64;

/// One run.
pub(super) struct Run {
    pub(super) number: u64,
    pub(super) clock: RunClock,
    pub(super) assembler: Assembler<Bytes>,
    pub(super) maps: BTreeMap<Track, Map>,
    /// Highest segment begun by any rendition.
    pub(super) highest: Option<u64>,
    /// First segment of the stretch on stage; `None` while the slate stands in.
    pub(super) joined: Option<u64>,
    /// How often it was too late to come on stage.
    pub(super) waits: u8,
    /// First segment recorded, and the recording.
    pub(super) recorded: Option<(u64, String)>,
    /// Programme time up to which parts were released, nanoseconds.
    pub(super) end_ns: i64,
}

impl Conductor {
    pub(super) fn begin_run(&mut self, clock: RunClock) {
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

    pub(super) fn end_run(&mut self) {
        let Some(run) = self.run.take() else { return };
        if run.highest.is_some() {
            self.observe(self.now() / 1_000_000, Entry::RunEnded { run: run.number });
        }
    }

    pub(super) fn chunk(&mut self, header: ChunkHeader, bytes: Bytes) {
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

    pub(super) fn slate_chunk(&mut self, header: ChunkHeader, bytes: Bytes) {
        if let Some(slate) = self.intake.push(header, bytes) {
            let slate = Arc::new(slate);
            self.means.recorder.send(Job::Slate(slate.clone()));
            self.means.slate = Some(slate);
            self.intake = Intake::default();
        }
    }

    /// A rendition's second map begins another run: the engine built its programme anew.
    pub(super) fn map(&mut self, header: ChunkHeader, bytes: Bytes) {
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

    pub(super) fn part(&mut self, part: Released<Bytes>) {
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
    pub(super) fn segment_begins(&mut self, run: &mut Run, part: &Released<Bytes>) {
        let first = run.highest.replace(part.ordinal).is_none();
        if first {
            self.engine_is(EngineLife::Running);
        }
        if run.joined.is_none() && self.means.current.is_public() {
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

    pub(super) fn join(&mut self, run: &mut Run, part: &Released<Bytes>) {
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

    pub(super) fn publish_part(
        &mut self,
        run: &Run,
        part: &Released<Bytes>,
        at_ns: i64,
    ) -> (u64, u64) {
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

    pub(super) fn record(&self, part: &Released<Bytes>, at_ns: i64, placed: Option<(u64, u64)>) {
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
}
