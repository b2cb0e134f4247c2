//! Builds the programme's pipeline: its text, and for each site the pads and sources that its number makes necessary.
//! No name or word of an event enters the text; they arrive as pixels.

use std::net::SocketAddr;

use anyhow::Context;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSrc;

use crate::encode::{self, PICTURE_CAPS, SOUND_CAPS};

/// What a late source may be waited for: compositor and mixer leave a site behind after this, nanoseconds.
const DEADLINE_NS: u64 = 120_000_000;
/// The compositor shows a site's last frame for this long, nanoseconds; then the slate below is seen.
const REPEAT_NS: u64 = 600_000_000;
/// Decoded frames (40 ms) or sound buffers (20 ms) waiting for the programme; the oldest is dropped when it is full.
const BRIDGE_BUFFERS: u64 = 8;
/// Frames waiting for an encoder: one second, 35 MB at most. A shorter queue loses frames when the machine is busy for a
/// moment, and a lost frame makes a part longer than announced; when this one is full the oldest frame is lost.
const PICTURES_WAITING: u32 = 25;
/// Sound buffers waiting for an encoder: two seconds; the oldest is lost when it is full.
const SOUNDS_WAITING: u32 = 100;
/// Nominal duration of a still, seconds; its pad repeats it for ever.
const STILL_S: u64 = 360_000;
/// What the shorter of those queues holds, nanoseconds: told to the mixers, which refuse a deadline longer than it.
const BRIDGE_LATENCY_NS: i64 = 160_000_000;

/// The pipeline with everything but the sites.
///
/// # Errors
/// When an element is missing.
pub fn build(rtp: SocketAddr) -> anyhow::Result<gst::Pipeline> {
    let pipeline = gst::parse::launch(&text())?
        .downcast::<gst::Pipeline>()
        .ok()
        .context("the programme is a pipeline")?;
    let out = element(&pipeline, "out")?;
    out.set_property("host", rtp.ip().to_string());
    out.set_property("port", i32::from(rtp.port()));
    hurry_reports(&element(&pipeline, "rtp")?);
    Ok(pipeline)
}

/// Sender reports every second instead of every five: a WHEP player has sound and picture in step from the first.
fn hurry_reports(rtpbin: &gst::Element) {
    for session in 0..2u32 {
        let inner =
            rtpbin.emit_by_name::<Option<gst::glib::Object>>("get-internal-session", &[&session]);
        if let Some(inner) = inner {
            inner.set_property("rtcp-min-interval", 1_000_000_000u64);
        }
    }
}

/// The two small live sources only keep pace: aggregators whose sources have all ended run ahead of the clock.
fn text() -> String {
    let queue = leaky_queue(PICTURES_WAITING);
    let sound_queue = leaky_queue(SOUNDS_WAITING);
    format!(
        "compositor name=mix force-live=true ignore-inactive-pads=true min-upstream-latency={DEADLINE_NS} \
           background=black emit-signals=true ! {PICTURE_CAPS} ! tee name=picture \
         videotestsrc is-live=true pattern=black ! video/x-raw,format=I420,width=16,height=16,framerate=25/1 ! mix. \
         picture. ! {queue} ! {v720} ! tee name=coded \
         coded. ! queue ! {chunks720} \
         coded. ! queue ! rtph264pay pt=102 config-interval=-1 mtu=1200 aggregate-mode=zero-latency ! rtp.send_rtp_sink_0 \
         picture. ! {queue} ! {v360} ! {chunks360} \
         audiomixer name=sound force-live=true ignore-inactive-pads=true min-upstream-latency={DEADLINE_NS} \
           output-buffer-duration=20000000 ! {SOUND_CAPS} ! tee name=heard \
         audiotestsrc is-live=true wave=silence samplesperbuffer=960 ! {SOUND_CAPS} ! sound. \
         heard. ! {sound_queue} name=to_aac ! {aac} ! {chunks_audio} \
         heard. ! {sound_queue} ! opusenc bitrate=96000 ! rtpopuspay pt=111 ! rtp.send_rtp_sink_1 \
         rtpbin name=rtp \
         funnel name=legs ! udpsink name=out sync=false async=false \
         rtp.send_rtp_src_0 ! legs. rtp.send_rtp_src_1 ! legs. rtp.send_rtcp_src_0 ! legs. rtp.send_rtcp_src_1 ! legs.",
        v720 = encode::v720(),
        v360 = encode::v360(),
        aac = encode::aac(),
        chunks720 = encode::chunks("v720"),
        chunks360 = encode::chunks("v360"),
        chunks_audio = encode::chunks("audio"),
    )
}

fn leaky_queue(buffers: u32) -> String {
    format!("queue leaky=downstream max-size-buffers={buffers} max-size-bytes=0 max-size-time=0")
}

/// The element of that name.
///
/// # Errors
/// When the text above has none.
pub fn element(pipeline: &gst::Pipeline, name: &str) -> anyhow::Result<gst::Element> {
    let found = pipeline.by_name(name);
    found.with_context(|| format!("the programme has a {name}"))
}

/// A still I420 picture of the programme's size on a pad of its own, repeated for ever; hidden until placed.
///
/// # Errors
/// When the compositor takes no more pads.
pub fn add_still(pipeline: &gst::Pipeline, picture: Vec<u8>) -> anyhow::Result<gst::Pad> {
    let source = AppSrc::builder()
        .caps(&caps(PICTURE_CAPS)?)
        .format(gst::Format::Time)
        .max_bytes(0)
        .build();
    let pad = join(pipeline, &source, "mix")?;
    pad.set_property("repeat-after-eos", true);
    pad.set_property("alpha", 0.0f64);
    let mut buffer = gst::Buffer::from_mut_slice(picture);
    if let Some(buffer) = buffer.get_mut() {
        buffer.set_pts(gst::ClockTime::ZERO);
        // A frame's duration would make it too late, and never shown, when the compositor starts before it arrives.
        buffer.set_duration(gst::ClockTime::from_seconds(STILL_S));
    }
    source.push_buffer(buffer)?;
    source.end_of_stream()?;
    Ok(pad)
}

/// A site's picture: its source, and its pad, hidden until placed.
///
/// # Errors
/// When the compositor takes no more pads.
pub fn add_picture(pipeline: &gst::Pipeline) -> anyhow::Result<(AppSrc, gst::Pad)> {
    let source = live_source(None);
    let pad = join(pipeline, &source, "mix")?;
    pad.set_property("max-last-buffer-repeat", REPEAT_NS);
    pad.set_property("alpha", 0.0f64);
    Ok((source, pad))
}

/// A site's sound.
///
/// # Errors
/// When the mixer takes no more pads.
pub fn add_sound(pipeline: &gst::Pipeline) -> anyhow::Result<AppSrc> {
    let source = live_source(Some(&caps(SOUND_CAPS)?));
    join(pipeline, &source, "sound")?;
    Ok(source)
}

fn live_source(caps: Option<&gst::Caps>) -> AppSrc {
    let source = AppSrc::builder()
        .format(gst::Format::Time)
        .is_live(true)
        .max_bytes(0)
        .min_latency(0)
        .max_latency(BRIDGE_LATENCY_NS)
        .build();
    source.set_property("max-buffers", BRIDGE_BUFFERS);
    source.set_property_from_str("leaky-type", "downstream");
    source.set_caps(caps);
    source
}

fn join(pipeline: &gst::Pipeline, source: &AppSrc, mixer: &str) -> anyhow::Result<gst::Pad> {
    let mixer = element(pipeline, mixer)?;
    pipeline.add(source)?;
    let pad = mixer
        .request_pad_simple("sink_%u")
        .context("the mixer gives no pad")?;
    let from = source.static_pad("src").context("a source has a pad")?;
    from.link(&pad)?;
    Ok(pad)
}

fn caps(text: &str) -> anyhow::Result<gst::Caps> {
    text.parse().context("our own caps")
}
