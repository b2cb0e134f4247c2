//! The decode pipeline of one publisher of one site: jitter buffer, lip sync by sender reports, H.264 and Opus decoders.
//! Lives as long as its streams; a fault in it ends it alone.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::gst_base::{self, prelude::BaseSinkExt};
use gstreamer_app::{AppSink, AppSinkCallbacks, AppSrc};
use pleniere_media_core::link::Media;

use crate::encode::SOUND_CAPS;
use crate::feed::Feed;

/// Jitter buffer: what a packet may be late (or repaired by the forwarding unit) without a gap, milliseconds.
const JITTER_MS: u32 = 200;
/// Packets waiting for the jitter buffer, bytes; the oldest are dropped when it is full.
const WAITING_BYTES: u64 = 2_000_000;

/// Where reports and keyframe requests go: the socket that the media came to, towards the address it came from.
pub struct Return {
    /// The site's socket.
    pub socket: UdpSocket,
    /// Latest source of its media.
    pub towards: Mutex<Option<SocketAddr>>,
}

/// A running decode pipeline; dropping it stops it.
pub struct Decoder {
    pipeline: gst::Pipeline,
    video: Inlet,
    audio: Inlet,
    signs: Arc<Signs>,
}

/// The two ways into one RTP session.
struct Inlet {
    rtp: AppSrc,
    rtcp: AppSrc,
}

/// What the bus said.
#[derive(Default)]
struct Signs {
    latency_changed: AtomicBool,
    failed: Mutex<Option<String>>,
}

impl Decoder {
    /// Starts decoding into `feed`.
    ///
    /// # Errors
    /// When an element is missing or does not start.
    pub fn start(feed: &Arc<Feed>, back: &Arc<Return>) -> anyhow::Result<Self> {
        let pipeline = gst::parse::launch(&text())?
            .downcast::<gst::Pipeline>()
            .ok()
            .context("a decoder is a pipeline")?;
        let clock = gst::SystemClock::obtain();
        pipeline.use_clock(Some(&clock));
        pipeline.set_start_time(gst::ClockTime::NONE);
        let base = clock.time();
        pipeline.set_base_time(base);
        let decoder = Self {
            video: inlet(&pipeline, "video")?,
            audio: inlet(&pipeline, "audio")?,
            signs: Arc::default(),
            pipeline,
        };
        decoder.join_streams()?;
        decoder.deliver(feed, base)?;
        decoder.send_back(back)?;
        decoder.watch_bus()?;
        decoder.pipeline.set_state(gst::State::Playing)?;
        Ok(decoder)
    }

    /// A media packet, at its arrival.
    pub fn rtp(&self, media: Media, packet: &[u8]) {
        push(&self.inlet(media).rtp, packet);
    }

    /// A report about the stream of `media`.
    pub fn rtcp(&self, media: Media, packet: &[u8]) {
        push(&self.inlet(media).rtcp, packet);
    }

    /// To be called often: follows changes of latency. Says why when the pipeline has failed.
    pub fn tend(&self) -> Option<String> {
        if self.signs.latency_changed.swap(false, Ordering::Relaxed) {
            // Without it, sinks release frames by the latency of before; they cannot be worse than late.
            let _ = self.pipeline.recalculate_latency();
        }
        let mut failed = self
            .signs
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failed.take()
    }

    fn inlet(&self, media: Media) -> &Inlet {
        match media {
            Media::Video => &self.video,
            Media::Audio => &self.audio,
        }
    }

    /// Links the stream that each session finds to its decoder. There is one a session: another stream means another decoder.
    fn join_streams(&self) -> anyhow::Result<()> {
        let video = element(&self.pipeline, "video_in")?.downgrade();
        let audio = element(&self.pipeline, "audio_in")?.downgrade();
        let rtpbin = element(&self.pipeline, "rtp")?;
        rtpbin.connect_pad_added(move |_, pad| {
            let name = pad.name();
            let to = if name.starts_with("recv_rtp_src_0_") {
                video.upgrade()
            } else if name.starts_with("recv_rtp_src_1_") {
                audio.upgrade()
            } else {
                None
            };
            let sink = to.and_then(|element| element.static_pad("sink"));
            if let Some(sink) = sink.filter(|sink| !sink.is_linked())
                && let Err(error) = pad.link(&sink)
            {
                tracing::warn!("{name} does not link: {error}");
            }
        });
        Ok(())
    }

    /// The sinks release frames at their time plus the latency; that moment is when they are due in the programme, so that
    /// picture and sound stay together.
    fn deliver(&self, feed: &Arc<Feed>, base: gst::ClockTime) -> anyhow::Result<()> {
        for (name, media) in [("video_out", Media::Video), ("audio_out", Media::Audio)] {
            let feed = Arc::clone(feed);
            let callbacks = AppSinkCallbacks::builder().new_sample(move |sink| {
                let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                if let Some(running) = running_time(&sample) {
                    let due = base + running + latency_of(sink);
                    match media {
                        Media::Video => feed.frame(&sample, due),
                        Media::Audio => feed.sound(&sample, due),
                    }
                }
                Ok(gst::FlowSuccess::Ok)
            });
            sink(&self.pipeline, name)?.set_callbacks(callbacks.build());
        }
        Ok(())
    }

    fn send_back(&self, back: &Arc<Return>) -> anyhow::Result<()> {
        for name in ["video_back", "audio_back"] {
            let back = Arc::clone(back);
            let callbacks = AppSinkCallbacks::builder().new_sample(move |sink| {
                let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                let towards = *back.towards.lock().unwrap_or_else(PoisonError::into_inner);
                let map = sample
                    .buffer()
                    .and_then(|buffer| buffer.map_readable().ok());
                if let (Some(map), Some(towards)) = (map, towards) {
                    // A request that is lost is asked again by the next packet that lacks its keyframe.
                    let _ = back.socket.send_to(&map, towards);
                }
                Ok(gst::FlowSuccess::Ok)
            });
            sink(&self.pipeline, name)?.set_callbacks(callbacks.build());
        }
        Ok(())
    }

    fn watch_bus(&self) -> anyhow::Result<()> {
        let signs = Arc::clone(&self.signs);
        let bus = self.pipeline.bus().context("a pipeline has a bus")?;
        bus.set_sync_handler(move |_, message| {
            match message.view() {
                gst::MessageView::Error(error) => {
                    let mut failed = signs.failed.lock().unwrap_or_else(PoisonError::into_inner);
                    failed.get_or_insert_with(|| error.error().to_string());
                }
                gst::MessageView::Latency(_) => {
                    signs.latency_changed.store(true, Ordering::Relaxed);
                }
                _ => {}
            }
            gst::BusSyncReply::Drop
        });
        Ok(())
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        if self.pipeline.set_state(gst::State::Null).is_err() {
            tracing::warn!("a decoder does not stop");
        }
    }
}

fn text() -> String {
    let source = "is-live=true do-timestamp=true format=time leaky-type=downstream";
    format!(
        "rtpbin name=rtp latency={JITTER_MS} rtp-profile=avpf do-lost=true rtcp-sync=always max-rtcp-rtp-time-diff=-1 \
         appsrc name=video_rtp {source} max-bytes={WAITING_BYTES} caps=\"application/x-rtp,media=video,clock-rate=90000,\
           encoding-name=H264,payload=102,rtcp-fb-nack-pli=(boolean)true\" ! rtp.recv_rtp_sink_0 \
         appsrc name=video_rtcp {source} caps=application/x-rtcp ! rtp.recv_rtcp_sink_0 \
         appsrc name=audio_rtp {source} max-bytes={WAITING_BYTES} caps=\"application/x-rtp,media=audio,clock-rate=48000,\
           encoding-name=OPUS,payload=111\" ! rtp.recv_rtp_sink_1 \
         appsrc name=audio_rtcp {source} caps=application/x-rtcp ! rtp.recv_rtcp_sink_1 \
         rtp.send_rtcp_src_0 ! appsink name=video_back sync=false async=false \
         rtp.send_rtcp_src_1 ! appsink name=audio_back sync=false async=false \
         rtph264depay name=video_in wait-for-keyframe=true request-keyframe=true ! avdec_h264 max-threads=1 \
           ! videoconvert ! video/x-raw,format=I420 ! appsink name=video_out sync=true async=false max-buffers=4 drop=true \
         rtpopusdepay name=audio_in ! opusdec plc=true ! audioconvert ! audioresample ! {SOUND_CAPS} \
           ! appsink name=audio_out sync=true async=false max-buffers=8 drop=true"
    )
}

fn latency_of(sink: &AppSink) -> gst::ClockTime {
    let base = sink.dynamic_cast_ref::<gst_base::BaseSink>();
    base.map_or(gst::ClockTime::ZERO, |sink| sink.latency())
}

fn running_time(sample: &gst::Sample) -> Option<gst::ClockTime> {
    let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
    segment.to_running_time(sample.buffer()?.pts()?)
}

fn push(source: &AppSrc, packet: &[u8]) {
    // A pipeline that stops refuses packets; that is its end, seen on the bus.
    let _ = source.push_buffer(gst::Buffer::from_slice(packet.to_vec()));
}

fn element(pipeline: &gst::Pipeline, name: &str) -> anyhow::Result<gst::Element> {
    let found = pipeline.by_name(name);
    found.with_context(|| format!("a decoder has a {name}"))
}

fn sink(pipeline: &gst::Pipeline, name: &str) -> anyhow::Result<AppSink> {
    let element = element(pipeline, name)?.downcast::<AppSink>().ok();
    element.with_context(|| format!("{name} is a sink"))
}

fn inlet(pipeline: &gst::Pipeline, media: &str) -> anyhow::Result<Inlet> {
    let source = |kind: &str| {
        let name = format!("{media}_{kind}");
        let element = element(pipeline, &name)?.downcast::<AppSrc>().ok();
        element.with_context(|| format!("{name} is a source"))
    };
    Ok(Inlet {
        rtp: source("rtp")?,
        rtcp: source("rtcp")?,
    })
}
