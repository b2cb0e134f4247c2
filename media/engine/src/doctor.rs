//! Says which GStreamer elements this machine has, for `pleniere doctor`. Starts no pipeline.

use gstreamer as gst;
use gstreamer::prelude::*;
use serde::Serialize;

/// An element the engine uses.
struct Need {
    factory: &'static str,
    /// Debian package that holds it.
    package: &'static str,
    /// What it is for, in words.
    used_for: &'static str,
    /// Whether the engine can do without.
    optional: bool,
}

const fn need(factory: &'static str, package: &'static str, used_for: &'static str) -> Need {
    Need {
        factory,
        package,
        used_for,
        optional: false,
    }
}

const fn wish(factory: &'static str, package: &'static str, used_for: &'static str) -> Need {
    Need {
        factory,
        package,
        used_for,
        optional: true,
    }
}

const BASE: &str = "gstreamer1.0-plugins-base";
const GOOD: &str = "gstreamer1.0-plugins-good";
const BAD: &str = "gstreamer1.0-plugins-bad";
const UGLY: &str = "gstreamer1.0-plugins-ugly";
const LIBAV: &str = "gstreamer1.0-libav";

const NEEDS: &[Need] = &[
    need("appsrc", BASE, "frames between pipelines"),
    need("appsink", BASE, "frames between pipelines"),
    need("compositor", BASE, "layouts"),
    need("audiomixer", BASE, "programme sound"),
    need("videotestsrc", BASE, "pace of the programme"),
    need("audiotestsrc", BASE, "pace of the sound"),
    need("videoconvert", BASE, "pictures in another format"),
    need("videoscale", BASE, "360p rendition"),
    need("audioconvert", BASE, "sound in another format"),
    need("audioresample", BASE, "sound at another rate"),
    need("opusenc", BASE, "programme sound over WHEP"),
    need("opusdec", BASE, "sound of the sites"),
    need("rtpbin", GOOD, "jitter buffer and sender reports"),
    need("rtph264depay", GOOD, "picture of the sites"),
    need("rtph264pay", GOOD, "programme picture over WHEP"),
    need("rtpopusdepay", GOOD, "sound of the sites"),
    need("rtpopuspay", GOOD, "programme sound over WHEP"),
    need("udpsink", GOOD, "programme over RTP"),
    need("h264parse", BAD, "encoded pictures"),
    need("avdec_h264", LIBAV, "decoding the sites"),
    need("avenc_aac", LIBAV, "programme sound over HLS"),
    need("cmafmux", "built in", "LL-HLS chunks"),
    wish("x264enc", UGLY, "encoding; openh264enc replaces it"),
    wish("openh264enc", BAD, "encoding where x264enc is missing"),
];

/// What the JSON of `pleniere-engine doctor` holds.
#[derive(Serialize)]
struct Report {
    version: &'static str,
    gstreamer: String,
    /// Whether the engine can run.
    ok: bool,
    elements: Vec<Element>,
}

#[derive(Serialize)]
struct Element {
    element: &'static str,
    present: bool,
    optional: bool,
    package: &'static str,
    used_for: &'static str,
    plugin_version: Option<String>,
}

/// Prints the report on standard output; true when the engine can run.
///
/// # Errors
/// When standard output is closed.
pub fn report() -> anyhow::Result<bool> {
    let elements: Vec<Element> = NEEDS.iter().map(look_up).collect();
    let encoder = elements
        .iter()
        .any(|e| e.present && matches!(e.element, "x264enc" | "openh264enc"));
    let ok = encoder && elements.iter().all(|e| e.present || e.optional);
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        gstreamer: gst::version_string().to_string(),
        ok,
        elements,
    };
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &report)?;
    std::io::Write::write_all(&mut out, b"\n")?;
    Ok(ok)
}

fn look_up(need: &Need) -> Element {
    let factory = gst::ElementFactory::find(need.factory);
    Element {
        element: need.factory,
        present: factory.is_some(),
        optional: need.optional,
        package: need.package,
        used_for: need.used_for,
        plugin_version: factory
            .and_then(|f| f.plugin())
            .map(|p| p.version().to_string()),
    }
}
