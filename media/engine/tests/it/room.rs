//! A room as the forwarding unit sends it: H.264 and Opus as RTP with sender reports, all to one port.

use std::net::SocketAddr;

use gstreamer as gst;
use gstreamer::prelude::*;

pub struct Room(gst::Pipeline);

impl Room {
    /// Sends a picture of one colour (a pattern of videotestsrc) and a tone; frames of `width`x`height`.
    pub fn send(to: SocketAddr, pattern: &str, shape: (u32, u32)) -> Self {
        Self::build(to, pattern, "sine", shape).play()
    }

    /// Sends a black picture that is white for one frame at each full second, and a tick at the same time.
    pub fn flash_and_tick(to: SocketAddr) -> Self {
        let room = Self::build(to, "black", "ticks", (320, 180));
        let raw = room
            .0
            .by_name("encoder")
            .unwrap()
            .static_pad("sink")
            .unwrap();
        raw.add_probe(gst::PadProbeType::BUFFER, |_, probe| {
            let buffer = probe.buffer_mut().unwrap();
            if buffer.pts().unwrap().mseconds() % 1000 < 40 {
                let mut map = buffer.make_mut().map_writable().unwrap();
                map.as_mut_slice()[..320 * 180].fill(235);
            }
            gst::PadProbeReturn::Ok
        });
        room.play()
    }

    fn play(self) -> Self {
        self.0.set_state(gst::State::Playing).unwrap();
        self
    }

    fn build(to: SocketAddr, pattern: &str, wave: &str, (width, height): (u32, u32)) -> Self {
        gst::init().unwrap();
        let text = format!(
            "rtpbin name=rtp funnel name=legs ! udpsink host={} port={} sync=false async=false \
             videotestsrc is-live=true pattern={pattern} \
               ! video/x-raw,format=I420,width={width},height={height},framerate=25/1 \
               ! x264enc speed-preset=ultrafast tune=zerolatency bitrate=500 key-int-max=250 threads=1 name=encoder \
               ! video/x-h264,profile=constrained-baseline \
               ! rtph264pay pt=102 config-interval=-1 mtu=1200 aggregate-mode=zero-latency ! rtp.send_rtp_sink_0 \
             audiotestsrc is-live=true volume=0.25 wave={wave} ! audio/x-raw,rate=48000,channels=2 ! opusenc \
               ! rtpopuspay pt=111 ! rtp.send_rtp_sink_1 \
             rtp.send_rtp_src_0 ! legs. rtp.send_rtcp_src_0 ! legs. \
             rtp.send_rtp_src_1 ! legs. rtp.send_rtcp_src_1 ! legs.",
            to.ip(),
            to.port(),
        );
        let pipeline = gst::parse::launch(&text).unwrap();
        let pipeline = pipeline.downcast::<gst::Pipeline>().unwrap();
        Self(pipeline)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.0.set_state(gst::State::Null).unwrap();
    }
}
