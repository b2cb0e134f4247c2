//! The encoders and muxers of the programme as pipeline text, the same for the live programme and for the slate encoded
//! beforehand, so that their parameter sets agree. Every word is ours: no name or text of an event ever gets in here.

use gstreamer as gst;

/// A segment: 48 frames of video = 90 of AAC, nanoseconds.
pub const SEGMENT_NS: u64 = 1_920_000_000;
/// A part: 8 frames of video = 15 of AAC = 16 of Opus, nanoseconds.
pub const PART_NS: u64 = 320_000_000;
/// Parts in a segment.
pub const PARTS: usize = 6;
/// One frame at 25 a second, nanoseconds.
pub const FRAME_NS: u64 = 40_000_000;

/// How late a track may run before its muxer cuts a part short, nanoseconds. It delays nothing: parts leave when full.
const PATIENCE_NS: u64 = 3_000_000_000;

/// Raw picture of the programme.
pub const PICTURE_CAPS: &str = "video/x-raw,format=I420,width=1280,height=720,framerate=25/1,\
     pixel-aspect-ratio=1/1,colorimetry=bt709,chroma-site=mpeg2,interlace-mode=progressive";
/// Raw sound of the programme and of every site.
pub const SOUND_CAPS: &str =
    "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved,channel-mask=(bitmask)0x3";

/// 1280x720 at 2500 kbit/s; its encoder is named `encoder720`.
pub fn v720() -> String {
    h264("encoder720", 2500)
}

/// Scales to 640x360 and encodes at 700 kbit/s.
pub fn v360() -> String {
    format!(
        "videoscale ! video/x-raw,width=640,height=360 ! {}",
        h264("encoder360", 700)
    )
}

/// AAC-LC at 128 kbit/s.
pub fn aac() -> &'static str {
    "audioconvert ! avenc_aac bitrate=128000 ! audio/mpeg,mpegversion=4,stream-format=raw"
}

/// Keyframes fall on segment starts only (`cmafmux` asks for them), none at scene changes; constrained baseline serves
/// HLS and WebRTC with one encoder. Within 5 % of main profile at these settings, and no reordering delay.
fn h264(name: &str, kbps: u32) -> String {
    let encoder = if gst::ElementFactory::find("x264enc").is_some() {
        format!(
            "x264enc name={name} speed-preset=superfast tune=zerolatency key-int-max=48 bitrate={kbps} \
             vbv-buf-capacity=600 threads=2 option-string=scenecut=0"
        )
    } else {
        let bps = kbps * 1000;
        format!(
            "openh264enc name={name} rate-control=bitrate bitrate={bps} gop-size=48 complexity=low \
             scene-change-detection=false"
        )
    };
    format!(
        "{encoder} ! video/x-h264,profile=constrained-baseline ! h264parse \
         ! video/x-h264,stream-format=avc,alignment=au"
    )
}

/// Cuts a track into chunks; `name` names the sink they come from, `mux_` and `name` the muxer.
pub fn chunks(name: &str) -> String {
    format!(
        "cmafmux name=mux_{name} latency={PATIENCE_NS} fragment-duration={SEGMENT_NS} chunk-duration={PART_NS} header-update-mode=caps \
         ! appsink name={name} sync=false async=false buffer-list=true"
    )
}
