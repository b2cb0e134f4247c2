//! The programme: composes the sites, mixes their sound, encodes once, hands out chunks and RTP. Built once in an engine's
//! life; an error on its bus ends the engine (`control`), which is started again.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSinkCallbacks};
use gstreamer_video as gst_video;
use pleniere_media_core::link::{FromProgramme, LowerThird, ProgrammeStart, Track};
use pleniere_media_core::scene::{Scene, SiteId};

use crate::control::Alarm;
use crate::encode::PICTURE_CAPS;
use crate::feed::Feed;
use crate::graph;
use crate::grid::{Grid, Rising, Segments};
use crate::outbox::Outbox;
use crate::overlay::Overlay;
use crate::packager::{Packager, TRACKS};
use crate::site::SiteLine;
use crate::stage::{Stage, StagedSite};
use crate::{slate, titles};

/// The programme while it runs. Dropping it stops everything at once.
pub struct Programme {
    lines: Vec<SiteLine>,
    pipeline: gst::Pipeline,
    stage: Arc<Stage>,
    overlay: Arc<Overlay>,
    ended: Arc<Ended>,
}

/// How many tracks have handed out their last chunk.
#[derive(Default)]
struct Ended {
    tracks: Mutex<usize>,
    changed: Condvar,
}

impl Programme {
    /// Builds and starts everything, and says `Started`; the slate's chunks follow.
    ///
    /// # Errors
    /// When an element is missing, a port cannot be had, or the pipeline does not start.
    pub fn start(start: ProgrammeStart, outbox: Outbox, alarm: Alarm) -> anyhow::Result<Self> {
        let pipeline = graph::build(start.programme_rtp)?;
        let clock = gst::SystemClock::obtain();
        pipeline.use_clock(Some(&clock));
        pipeline.set_start_time(gst::ClockTime::NONE);
        let base = clock.time();
        pipeline.set_base_time(base);
        let overlay = Arc::new(Overlay::new(start.strip));
        let picture = titles::event_slate(&start.title, &start.subtitle);
        let stage = Arc::new(build_stage(&pipeline, &start, &picture, base, &overlay)?);
        stage.take(None, &start.scene, &[]);
        let ended = Arc::new(Ended::default());
        let mut programme = Self {
            lines: Vec::new(),
            pipeline,
            stage,
            overlay,
            ended,
        };
        programme.watch_frames(&outbox)?;
        programme.package(&outbox)?;
        programme.watch_bus(alarm)?;
        programme
            .pipeline
            .set_state(gst::State::Playing)
            .context("the programme does not start")?;
        let ports = programme.open_lines(&outbox)?;
        outbox.message(FromProgramme::Started {
            base_ns: base.nseconds(),
            ports,
        });
        send_slate(picture, outbox);
        Ok(programme)
    }

    /// Takes a scene at the next frame.
    pub fn take(&self, id: Option<u64>, scene: &Scene, muted: &[SiteId]) {
        self.stage.take(id, scene, muted);
    }

    /// Shows or removes the lower third.
    pub fn lower_third(&self, id: u64, words: Option<&LowerThird>) {
        self.overlay
            .set_lower_third(id, words.map(titles::lower_third));
    }

    /// Asks the 720p encoder for a keyframe; segments go on in their rhythm, because they are cut by time.
    pub fn keyframe(&self) {
        let encoder = self.pipeline.by_name("encoder720");
        if let Some(pad) = encoder.and_then(|encoder| encoder.static_pad("src")) {
            let event = gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true);
            pad.send_event(event.build());
        }
    }

    /// What comes from each site.
    pub fn feeds(&self) -> impl Iterator<Item = (&SiteId, &Arc<Feed>)> {
        self.stage.sites().iter().map(|site| (&site.id, &site.feed))
    }

    /// Ends the tracks and waits until their last chunks are handed out, at most `patience`.
    pub fn finish(&self, patience: Duration) {
        for name in ["picture", "heard"] {
            let tee = self.pipeline.by_name(name);
            if let Some(pad) = tee.and_then(|tee| tee.static_pad("sink")) {
                pad.send_event(gst::event::Eos::new());
            }
        }
        let ended = self
            .ended
            .tracks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let _ended = self
            .ended
            .changed
            .wait_timeout_while(ended, patience, |ended| *ended < TRACKS.len());
    }

    fn open_lines(&mut self, outbox: &Outbox) -> anyhow::Result<BTreeMap<SiteId, u16>> {
        let mut ports = BTreeMap::new();
        for site in self.stage.sites() {
            let line = SiteLine::open(site.id.clone(), Arc::clone(&site.feed), outbox.clone())?;
            ports.insert(site.id.clone(), line.port());
            self.lines.push(line);
        }
        Ok(ports)
    }

    /// Hooks into the compositor: scenes go on the pads before a frame is drawn, overlays on the frame after it.
    fn watch_frames(&self, outbox: &Outbox) -> anyhow::Result<()> {
        let mix = graph::element(&self.pipeline, "mix")?;
        let stage = Arc::downgrade(&self.stage);
        mix.connect("samples-selected", false, move |args| {
            let pts = args.get(2).and_then(|pts| pts.get::<u64>().ok());
            if let (Some(stage), Some(pts)) = (stage.upgrade(), pts) {
                stage.prepare(gst::ClockTime::from_nseconds(pts));
            }
            None
        });
        let grid = Arc::new(Grid::default());
        let caps: gst::Caps = PICTURE_CAPS.parse()?;
        let painter = Painter {
            stage: Arc::clone(&self.stage),
            overlay: Arc::clone(&self.overlay),
            grid: Arc::clone(&grid),
            outbox: outbox.clone(),
            info: gst_video::VideoInfo::from_caps(&caps)?,
        };
        let rising = Mutex::new(Rising::default());
        let pad = mix.static_pad("src").context("the compositor has a pad")?;
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, probe| {
            let Some(buffer) = probe.buffer_mut() else {
                return gst::PadProbeReturn::Ok;
            };
            let mut rising = rising.lock().unwrap_or_else(PoisonError::into_inner);
            if !rising.passes(buffer.pts()) {
                return gst::PadProbeReturn::Drop;
            }
            painter.paint(buffer);
            gst::PadProbeReturn::Ok
        });
        align_sound(&self.pipeline, grid)
    }

    fn package(&self, outbox: &Outbox) -> anyhow::Result<()> {
        for (track, name) in TRACKS {
            if track != Track::Audio {
                keep_rhythm(&graph::element(&self.pipeline, &format!("mux_{name}"))?)?;
            }
            let sink = graph::element(&self.pipeline, name)?
                .downcast::<AppSink>()
                .ok()
                .context("chunks leave by a sink")?;
            let outbox = outbox.clone();
            let ended = Arc::clone(&self.ended);
            let mut packager = Packager::new(track);
            let callbacks = AppSinkCallbacks::builder()
                .new_sample(move |sink| {
                    let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                    for (header, bytes) in packager.chunks_of(&sample) {
                        outbox.chunk(header, bytes);
                    }
                    Ok(gst::FlowSuccess::Ok)
                })
                .eos(move |_| {
                    *ended.tracks.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                    ended.changed.notify_all();
                });
            sink.set_callbacks(callbacks.build());
        }
        Ok(())
    }

    fn watch_bus(&self, alarm: Alarm) -> anyhow::Result<()> {
        let bus = self.pipeline.bus().context("a pipeline has a bus")?;
        bus.set_sync_handler(move |_, message| {
            match message.view() {
                gst::MessageView::Error(error) => {
                    let source = error
                        .src()
                        .map(|s| s.name().to_string())
                        .unwrap_or_default();
                    let debug = error.debug().unwrap_or_default();
                    alarm.pipeline_failed(&format!("{source}: {} ({debug})", error.error()));
                }
                gst::MessageView::Warning(warning) => {
                    tracing::warn!("programme pipeline: {}", warning.error());
                }
                _ => {}
            }
            gst::BusSyncReply::Drop
        });
        Ok(())
    }
}

impl Drop for Programme {
    fn drop(&mut self) {
        self.lines.iter().for_each(SiteLine::leave);
        self.lines.clear();
        if self.pipeline.set_state(gst::State::Null).is_err() {
            tracing::warn!("the programme pipeline does not stop");
        }
    }
}

fn build_stage(
    pipeline: &gst::Pipeline,
    start: &ProgrammeStart,
    event_slate: &[u8],
    base: gst::ClockTime,
    overlay: &Arc<Overlay>,
) -> anyhow::Result<Stage> {
    let backdrop = graph::add_still(pipeline, titles::backdrop())?;
    let slate = graph::add_still(pipeline, event_slate.to_vec())?;
    let mut sites = Vec::new();
    for site in &start.sites {
        let still = graph::add_still(pipeline, titles::site_slate(&site.name))?;
        let (source, picture) = graph::add_picture(pipeline)?;
        let sound = graph::add_sound(pipeline)?;
        sites.push(StagedSite {
            id: site.id.clone(),
            name: site.name.clone(),
            slate: still,
            picture,
            feed: Arc::new(Feed::new(source, sound, base)),
        });
    }
    Ok(Stage::new(sites, backdrop, slate, Arc::clone(overlay)))
}

/// What happens to a frame between the compositor and the encoders.
struct Painter {
    stage: Arc<Stage>,
    overlay: Arc<Overlay>,
    grid: Arc<Grid>,
    outbox: Outbox,
    info: gst_video::VideoInfo,
}

impl Painter {
    /// The compositor's segment starts at 0, so the time of its frames is running time.
    fn paint(&self, buffer: &mut gst::Buffer) {
        let pts = buffer.pts().unwrap_or_default();
        self.grid.frame_passed(pts);
        let lower_thirds = self.overlay.draw(buffer.make_mut(), &self.info);
        let pts_ns = pts.nseconds();
        for id in lower_thirds {
            self.outbox
                .message(FromProgramme::LowerThirdShown { id, pts_ns });
        }
        if let Some(id) = self.stage.passed() {
            self.outbox
                .message(FromProgramme::SceneShown { id, pts_ns });
        }
    }
}

fn align_sound(pipeline: &gst::Pipeline, grid: Arc<Grid>) -> anyhow::Result<()> {
    let pad = graph::element(pipeline, "to_aac")?
        .static_pad("src")
        .context("a queue has a pad")?;
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, probe| {
        let pts = probe.buffer().and_then(|buffer| buffer.pts());
        match pts.is_some_and(|pts| grid.sound_may_begin(pts)) {
            true => gst::PadProbeReturn::Remove,
            false => gst::PadProbeReturn::Drop,
        }
    });
    Ok(())
}

/// Hides from a muxer the keyframes that are not due.
fn keep_rhythm(muxer: &gst::Element) -> anyhow::Result<()> {
    let pad = muxer.static_pad("sink").context("a muxer has a pad")?;
    let segments = Mutex::new(Segments::default());
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, probe| {
        let Some(buffer) = probe.buffer_mut() else {
            return gst::PadProbeReturn::Ok;
        };
        let keyframe = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        if let (true, Some(pts)) = (keyframe, buffer.pts()) {
            let mut segments = segments.lock().unwrap_or_else(PoisonError::into_inner);
            if !segments.start_at(pts) {
                buffer.make_mut().set_flags(gst::BufferFlags::DELTA_UNIT);
            }
        }
        gst::PadProbeReturn::Ok
    });
    Ok(())
}

/// Encodes the slate aside and queues it; without it the origin can still repeat what it has.
fn send_slate(picture: Vec<u8>, outbox: Outbox) {
    std::thread::spawn(move || match slate::encode_slate(picture) {
        Ok(chunks) => {
            for (header, bytes) in chunks {
                outbox.chunk(header, bytes);
            }
        }
        Err(error) => outbox.message(FromProgramme::Fault {
            code: "encoder".into(),
            detail: format!("slate: {error:#}"),
            site: None,
        }),
    });
}
