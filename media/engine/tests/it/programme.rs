//! What `serve` and the audience rely on.

use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::time::Duration;

use pleniere_media_core::link::{
    ChunkHeader, ChunkKind, FromProgramme, LowerThird, ToProgramme, Track,
};
use pleniere_media_core::scene::Layout;

use crate::engine::{Engine, id, scene};
use crate::room::Room;
use crate::view::{Frame, Sound, frame_at, frames};

const PART_NS: u64 = 320_000_000;
const TRACKS: [(Track, &str); 3] = [
    (Track::V720, "avc1.42c01f"),
    (Track::V360, "avc1.42c01e"),
    (Track::Audio, "mp4a.40.2"),
];

fn parts(chunks: &[(ChunkHeader, Vec<u8>)]) -> Vec<&ChunkHeader> {
    let headers = chunks.iter().map(|(header, _)| header);
    headers
        .filter(|header| header.kind != ChunkKind::Map)
        .collect()
}

/// Whole segments of six whole parts, one after the other without a hole, from time 0.
fn assert_on_the_grid(parts: &[&ChunkHeader], codec_track: Track) {
    for (index, part) in parts.iter().enumerate() {
        assert_eq!(
            part.pts_ns,
            index as u64 * PART_NS,
            "{codec_track:?} {index}"
        );
        assert_eq!(part.duration_ns, PART_NS, "{codec_track:?} {index}");
        let starts = part.kind == ChunkKind::SegmentStart;
        assert_eq!(starts, index % 6 == 0, "{codec_track:?} {index}");
    }
}

#[test]
fn the_programme_is_cut_into_whole_parts_even_when_keyframes_are_asked_for() {
    let engine = Engine::start(&["nancy"], scene(Layout::Slate, &[]));
    for at in [1, 2, 3] {
        engine.track(Track::V720, at * 700_000_000);
        engine.send(&ToProgramme::Keyframe);
    }
    engine.track(Track::V720, 4 * 6 * PART_NS);
    let (said, status) = engine.stop();
    assert!(status.success(), "{status}");
    for (track, codec) in TRACKS {
        let chunks: Vec<_> = said
            .chunks
            .iter()
            .filter(|(h, _)| h.track == track && !h.slate)
            .cloned()
            .collect();
        assert_eq!(chunks[0].0.kind, ChunkKind::Map);
        assert_eq!(chunks[0].0.codec.as_deref(), Some(codec));
        let parts = parts(&chunks);
        let (last, whole) = parts.split_last().unwrap();
        assert!(whole.len() >= 23);
        assert_on_the_grid(whole, track);
        assert!(last.duration_ns <= PART_NS + 42_000_000);
        let (before, _) = whole.split_at(whole.len());
        assert_eq!(last.pts_ns, before.len() as u64 * PART_NS);
    }
    let v720: Vec<_> = said
        .chunks
        .iter()
        .filter(|(h, _)| h.track == Track::V720 && !h.slate)
        .cloned()
        .collect();
    let pictures = frames(&v720);
    assert!(
        v720.iter()
            .any(|(h, bytes)| h.kind == ChunkKind::Part && has_idr(bytes)),
        "asked in vain"
    );
    let mut steps = pictures.windows(2).map(|w| w[1].pts_ns - w[0].pts_ns);
    // A machine that cannot follow loses frames, never the rhythm.
    assert!(steps.all(|step| step > 0 && step % 40_000_000 == 0));
    assert!(
        pictures
            .iter()
            .any(|frame| (0..1280).any(|x| frame.at(x, 330)[0] > 200)),
        "the title is written"
    );
}

/// Whether the samples of a chunk (NAL units, each after its length) hold an IDR picture.
fn has_idr(chunk: &[u8]) -> bool {
    let mdat = chunk.windows(4).position(|name| name == b"mdat").unwrap();
    let mut rest = &chunk[mdat + 4..];
    while let [a, b, c, d, first, ..] = *rest {
        if first & 0x1f == 5 {
            return true;
        }
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        rest = rest.get(4 + length..).unwrap_or_default();
    }
    false
}

#[test]
fn a_segment_of_slate_comes_first_for_every_track() {
    let engine = Engine::start(&[], scene(Layout::Slate, &[]));
    for (track, codec) in TRACKS {
        let slate = engine.wait("the slate", |said| {
            let of_track = said
                .chunks
                .iter()
                .filter(|(h, _)| h.slate && h.track == track);
            let chunks: Vec<_> = of_track.cloned().collect();
            (chunks.len() == 7).then_some(chunks)
        });
        assert_eq!(slate[0].0.codec.as_deref(), Some(codec));
        assert_on_the_grid(&parts(&slate), track);
    }
}

#[test]
fn a_room_is_seen_and_heard_where_the_scene_says_and_its_slate_when_it_is_gone() {
    let engine = Engine::start(&["nancy", "reims"], scene(Layout::Slate, &[]));
    let nancy = engine.port_of("nancy");
    let room = Room::send(nancy, "red", (640, 360));
    engine.site_report("nancy", |fps, level| {
        fps > 20.0 && level.is_some_and(|db| db > -30.0)
    });
    let full = engine.take(1, scene(Layout::Full, &["nancy"]));
    engine.track(Track::V360, full + 2 * PART_NS);
    let pair = engine.take(2, scene(Layout::SideBySide, &["reims", "nancy"]));
    engine.track(Track::V360, pair + 2 * PART_NS);
    drop(room);
    engine.site_report("nancy", |fps, level| fps == 0.0 && level.is_none());
    engine.track(Track::V360, engine.now_ns() + 2 * PART_NS);
    let lost = engine.now_ns();
    // Another publisher of the same room, with an upright picture.
    let _room = Room::send(nancy, "green", (360, 640));
    engine.site_report("nancy", |fps, _| fps > 20.0);
    let back = engine.now_ns() + PART_NS;
    engine.track(Track::Audio, back + 2 * PART_NS);
    let pictures = frames(&engine.track(Track::V360, back + 2 * PART_NS));

    // On a busy machine a frame of the room may come late; its slate stands in until then.
    let soon = |from: u64, good: &dyn Fn(&Frame) -> bool| {
        let within = from..from + 2 * PART_NS;
        pictures
            .iter()
            .any(|frame| within.contains(&frame.pts_ns) && good(frame))
    };
    let early = pictures.iter().find(|frame| frame.is_red(640, 360));
    assert!(
        early.is_some_and(|frame| frame.pts_ns >= full),
        "cut too early"
    );
    assert!(
        soon(full, &|frame| frame.is_red(640, 360)),
        "not there at the time reported"
    );
    assert!(soon(pair, &|frame| frame.is_red(960, 300)
        && !frame.is_red(300, 300)));
    assert!(
        !frame_at(&pictures, lost - 40_000_000).is_red(960, 300),
        "the slate is seen"
    );
    let upright = |frame: &Frame| frame.is_green(960, 300) && !frame.is_green(700, 300);
    assert!(
        soon(back, &upright),
        "the new publisher is seen, not stretched"
    );
    let sound = Sound::of(&engine.track(Track::Audio, back));
    let before = sound.loudness(0, full - 200_000_000);
    assert!(before < -60.0, "heard off air: {before} dB");
    let level = sound.loudness(full + 300_000_000, pair + PART_NS);
    assert!((-18.0..-12.0).contains(&level), "{level} dB");
}

#[test]
fn picture_and_sound_of_a_room_stay_together() {
    let engine = Engine::start(&["nancy"], scene(Layout::Full, &["nancy"]));
    let _room = Room::flash_and_tick(engine.port_of("nancy"));
    engine.site_report("nancy", |fps, level| fps > 20.0 && level.is_some());
    // The sender's reports set the sound right within their interval of five seconds.
    let from = engine.now_ns() + 5_000_000_000;
    let until = from + 3_000_000_000;
    let sound = Sound::of(&engine.track(Track::Audio, until));
    let pictures = frames(&engine.track(Track::V360, until));
    let flash = pictures
        .iter()
        .find(|frame| frame.pts_ns >= from && frame.at(640, 360)[0] > 150);
    let flash_ms = flash.unwrap().pts_ns / 1_000_000;
    let tick = sound.first_loud((flash_ms - 300) * 1_000_000);
    let skew_ms = (tick.unwrap() / 1_000_000) as i64 - flash_ms as i64;
    println!("sound minus picture: {skew_ms} ms");
    // A busy machine moves the arrival of packets by tens of milliseconds; a broken chain is off by hundreds.
    assert!((-150..=150).contains(&skew_ms), "{skew_ms} ms");
}

#[test]
fn a_lower_third_is_in_the_picture_from_the_time_reported_to_the_time_reported() {
    let engine = Engine::start(&["nancy"], scene(Layout::Full, &["nancy"]));
    let lower = |number: u64, text: Option<LowerThird>| {
        engine.send(&ToProgramme::LowerThird { id: number, text });
        engine.message("the lower third", |message| match message {
            FromProgramme::LowerThirdShown { id, pts_ns } if *id == number => Some(*pts_ns),
            _ => None,
        })
    };
    engine.track(Track::V720, PART_NS);
    let words = LowerThird {
        kicker: "Question 42 · Inès, élève, Troyes".into(),
        text: "Pourquoi ?".into(),
    };
    let shown = lower(1, Some(words));
    engine.track(Track::V720, shown + 2 * PART_NS);
    let gone = lower(2, None);
    let pictures = frames(&engine.track(Track::V720, gone + PART_NS));
    let mark = |pts| {
        let frame = frame_at(&pictures, pts);
        (600..660).any(|y| frame.at(98, y)[2] > 160)
    };
    assert!(!mark(shown - 40_000_000));
    assert!(mark(shown + 200_000_000));
    assert!(!mark(gone));
}

#[test]
fn the_programme_leaves_as_rtp_with_reports_and_a_room_is_asked_for_keyframes() {
    let engine = Engine::start(&["nancy"], scene(Layout::Full, &["nancy"]));
    engine
        .programme
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let mut seen = BTreeSet::new();
    while seen.len() < 4 {
        let mut packet = [0; 2048];
        let length = engine.programme.recv(&mut packet).unwrap();
        assert!(length <= 1200, "{length} bytes");
        let reports = if packet[1] == 200 {
            u16::from(packet[7])
        } else {
            0
        };
        match packet[1] {
            200 => seen.insert(1000 + reports),
            kind => seen.insert(u16::from(kind & 0x7f)),
        };
    }
    assert!(seen.contains(&102) && seen.contains(&111), "{seen:?}");

    // A stream that begins amid a group of pictures.
    let room = UdpSocket::bind("127.0.0.1:0").unwrap();
    room.set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    let to = engine.port_of("nancy");
    let asked = (0u16..500).any(|number| {
        let mut packet = vec![0x80, 0x80 | 102];
        packet.extend(number.to_be_bytes());
        packet.extend((u32::from(number) * 3600).to_be_bytes());
        packet.extend(7u32.to_be_bytes());
        packet.extend([0x41, 0x9a, 0, 0]);
        room.send_to(&packet, to).unwrap();
        let mut answer = [0; 1500];
        room.recv(&mut answer)
            .is_ok_and(|length| asks_for_keyframe(&answer[..length]))
    });
    assert!(asked, "no picture loss indication came back");
}

/// A PLI in a compound RTCP packet (RFC 4585, 6.3.1).
fn asks_for_keyframe(mut compound: &[u8]) -> bool {
    while let [first, kind, high, low, ..] = *compound {
        if kind == 206 && first & 0x1f == 1 {
            return true;
        }
        let length = 4 * (usize::from(u16::from_be_bytes([high, low])) + 1);
        compound = compound.get(length..).unwrap_or_default();
    }
    false
}

#[test]
fn garbage_on_a_port_and_on_the_link_costs_nobody_else() {
    let mut engine = Engine::start(
        &["nancy", "reims"],
        scene(Layout::Mosaic, &["nancy", "reims"]),
    );
    let (nancy, reims) = (engine.port_of("nancy"), engine.port_of("reims"));
    let _room = Room::send(nancy, "red", (640, 360));
    let noise = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut state = 1u32;
    for round in 0..400u32 {
        let mut packet: Vec<u8> = (0..200).map(|_| random(&mut state) as u8).collect();
        if round % 2 == 0 {
            packet[..2].copy_from_slice(&[0x80, if round % 4 == 0 { 102 } else { 111 }]);
        } else if round % 5 == 0 {
            packet[..2].copy_from_slice(&[0x81, 200]);
        }
        noise.send_to(&packet, reims).unwrap();
    }
    engine.send_raw(b"{\"do\":\"dance\"}");
    engine.send_raw(b"not json");
    engine.take(1, scene(Layout::Full, &["nowhere"]));
    let nine = [
        "nancy", "reims", "a", "b", "c", "d", "e", "f", "g", "h", "i",
    ];
    engine.take(2, scene(Layout::Mosaic, &nine));
    engine.site_report("nancy", |fps, _| fps > 20.0);
    assert!(engine.alive());
    let (said, status) = engine.stop();
    assert!(status.success());
    for (track, _) in TRACKS {
        let chunks: Vec<_> = said
            .chunks
            .iter()
            .filter(|(h, _)| h.track == track && !h.slate)
            .cloned()
            .collect();
        let parts = parts(&chunks);
        assert_on_the_grid(&parts[..parts.len() - 1], track);
    }
    assert!(!said.messages.iter().any(
        |message| matches!(message, FromProgramme::Site { site, .. } if *site == id("nowhere"))
    ));
}

fn random(state: &mut u32) -> u32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    *state >> 16
}

#[test]
fn the_engine_leaves_with_the_link_and_refuses_a_wrong_beginning() {
    let running = Engine::start(&["nancy"], scene(Layout::Slate, &[]));
    running.port_of("nancy");
    assert!(running.hang_up().success());
    assert!(Engine::silent().hang_up().success());
    let mut wrong = Engine::silent();
    wrong.send_raw(b"{\"do\":\"keyframe\"}");
    assert!(!wrong.left().success());
    let mut garbage = Engine::silent();
    garbage.send_raw(b"\xff\xfe");
    assert!(!garbage.left().success());
}
