//! Rooms mode as the rehearsal sees it: the built program on a socket pair, its pictures decoded.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSrc};
use pleniere_media_core::link::{FromRooms, Media, RoomFrameHeader, RoomStart, ToRooms};
use pleniere_media_core::scene::SiteId;
use pleniere_media_core::strip;

/// Longest wait for anything; what takes longer has not happened.
const PATIENCE: Duration = Duration::from_secs(20);

/// One encoded frame.
type Unit = (RoomFrameHeader, Vec<u8>);

struct Rooms {
    child: Child,
    link: UnixStream,
    messages: Vec<FromRooms>,
    frames: BTreeMap<(SiteId, Media), Vec<Unit>>,
}

fn id(room: &str) -> SiteId {
    SiteId(room.into())
}

fn room(name: &str, number: u8) -> RoomStart {
    RoomStart {
        id: id(name),
        name: name.to_uppercase(),
        number,
        clip: None,
    }
}

impl Rooms {
    fn start(rooms: Vec<RoomStart>) -> Self {
        let (link, theirs) = UnixStream::pair().unwrap();
        link.set_read_timeout(Some(PATIENCE)).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_pleniere-engine"))
            .arg("rooms")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .spawn()
            .unwrap();
        let mut rooms_mode = Self {
            child,
            link,
            messages: Vec::new(),
            frames: BTreeMap::new(),
        };
        rooms_mode.send(&ToRooms::Start {
            rooms,
            timezone: Some("Europe/Paris".into()),
        });
        rooms_mode
    }

    fn send(&mut self, message: &ToRooms) {
        let json = serde_json::to_vec(message).unwrap();
        self.link
            .write_all(&(json.len() as u32 + 1).to_be_bytes())
            .unwrap();
        self.link.write_all(&[&[0], &json[..]].concat()).unwrap();
    }

    /// Reads one frame of the link.
    fn read(&mut self) {
        let mut head = [0; 5];
        self.link.read_exact(&mut head).expect("the engine goes on");
        let [a, b, c, d, kind] = head;
        let mut payload = vec![0; u32::from_be_bytes([a, b, c, d]) as usize - 1];
        self.link.read_exact(&mut payload).unwrap();
        if kind == 0 {
            self.messages
                .push(serde_json::from_slice(&payload).unwrap());
            return;
        }
        let end = 2 + usize::from(u16::from_be_bytes([payload[0], payload[1]]));
        let header: RoomFrameHeader = serde_json::from_slice(&payload[2..end]).unwrap();
        let track = self
            .frames
            .entry((header.room.clone(), header.media))
            .or_default();
        track.push((header, payload[end..].to_vec()));
    }

    /// Reads until something is so.
    fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !so(self) {
            assert!(
                start.elapsed() < PATIENCE,
                "waited too long: {what}; {:?}",
                self.messages
            );
            self.read();
        }
    }

    fn track(&self, room: &str, media: Media) -> &[Unit] {
        self.frames
            .get(&(id(room), media))
            .map_or(&[], Vec::as_slice)
    }

    fn pictures(&self, room: &str) -> &[Unit] {
        self.track(room, Media::Video)
    }

    fn keyframes(&self, room: &str) -> usize {
        self.pictures(room)
            .iter()
            .filter(|(header, _)| header.keyframe)
            .count()
    }
}

impl Drop for Rooms {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn rooms_are_sent_as_streams_that_begin_with_a_keyframe() {
    let mut rooms = Rooms::start(vec![room("nancy", 1), room("reims", 3)]);
    rooms.until("two seconds of both rooms", |rooms| {
        let enough =
            |room| rooms.pictures(room).len() >= 50 && rooms.track(room, Media::Audio).len() >= 80;
        enough("nancy") && enough("reims")
    });
    assert!(matches!(rooms.messages[0], FromRooms::Started { base_ns } if base_ns > 0));
    for room in ["nancy", "reims"] {
        let (first, unit) = &rooms.pictures(room)[0];
        assert!(first.keyframe);
        let parameters = unit
            .windows(5)
            .any(|at| at[..4] == [0, 0, 0, 1] && at[4] & 31 == 7);
        assert!(parameters, "a keyframe carries its parameter sets");
        let steps = rooms
            .pictures(room)
            .windows(2)
            .map(|pair| pair[1].0.pts_ns - pair[0].0.pts_ns);
        assert!(
            steps.clone().all(|step| step > 0 && step % 40_000_000 == 0),
            "{:?}",
            steps.collect::<Vec<_>>()
        );
    }
}

#[test]
fn the_time_can_be_read_in_the_decoded_picture() {
    let before = unix_ms();
    let mut rooms = Rooms::start(vec![room("nancy", 1)]);
    rooms.until("a second", |rooms| rooms.pictures("nancy").len() >= 25);
    let times = decode(rooms.pictures("nancy"));
    assert!(times.len() >= 20, "{times:?}");
    for time in &times {
        let time = time.expect("every picture carries its time");
        assert!((before % strip::MODULUS_MS..=unix_ms() % strip::MODULUS_MS).contains(&time));
    }
    assert!(times.is_sorted());
}

#[test]
fn a_keyframe_comes_when_asked_and_a_paused_room_rests() {
    let mut rooms = Rooms::start(vec![room("nancy", 1), room("reims", 3)]);
    rooms.until("twenty pictures", |rooms| {
        rooms.pictures("nancy").len() >= 20
    });
    assert_eq!(rooms.keyframes("nancy"), 1);
    rooms.send(&ToRooms::Keyframe { room: id("nancy") });
    rooms.send(&ToRooms::Keyframe {
        room: id("nowhere"),
    });
    rooms.until("a second keyframe", |rooms| rooms.keyframes("nancy") == 2);
    assert!(
        rooms.pictures("nancy").len() < 50,
        "before the one that was due anyway"
    );

    rooms.send(&ToRooms::Active {
        room: id("reims"),
        on: false,
    });
    // What was under way still arrives; then a whole second of nancy passes without reims.
    let rest = |rooms: &mut Rooms| {
        let (nancy, reims) = (rooms.pictures("nancy").len(), rooms.pictures("reims").len());
        rooms.until("a second of nancy", |rooms| {
            rooms.pictures("nancy").len() >= nancy + 25
        });
        rooms.pictures("reims").len() == reims
    };
    let start = Instant::now();
    while !rest(&mut rooms) {
        assert!(start.elapsed() < PATIENCE, "reims does not rest");
    }
    let seen = rooms.pictures("reims").len();
    rooms.send(&ToRooms::Active {
        room: id("reims"),
        on: true,
    });
    rooms.until("reims again", |rooms| rooms.pictures("reims").len() > seen);
    assert!(
        rooms.pictures("reims")[seen].0.keyframe,
        "a room comes back with a keyframe"
    );
}

#[test]
fn a_clip_that_cannot_be_played_is_told_and_replaced() {
    let garbage = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(garbage.path(), b"this is no film").unwrap();
    let with = |name, number, clip: &str| RoomStart {
        clip: Some(clip.into()),
        ..room(name, number)
    };
    let missing = with("nancy", 1, "/nowhere/at/all.mp4");
    let broken = with("reims", 3, garbage.path().to_str().unwrap());
    let mut rooms = Rooms::start(vec![missing, broken]);
    rooms.until("both rooms", |rooms| {
        ["nancy", "reims"]
            .iter()
            .all(|room| rooms.pictures(room).len() >= 10)
    });
    let told = |wanted: &str| {
        rooms
            .messages
            .iter()
            .any(|message| matches!(message, FromRooms::Fault { room, .. } if room.0 == wanted))
    };
    assert!(told("nancy") && told("reims"), "{:?}", rooms.messages);
}

#[test]
fn it_leaves_when_told_and_when_the_link_ends() {
    for tell in [true, false] {
        let mut rooms = Rooms::start(vec![room("nancy", 1)]);
        rooms.until("a picture", |rooms| !rooms.pictures("nancy").is_empty());
        if tell {
            rooms.send(&ToRooms::Stop);
        }
        rooms
            .link
            .shutdown(if tell {
                std::net::Shutdown::Read
            } else {
                std::net::Shutdown::Both
            })
            .unwrap();
        let start = Instant::now();
        while rooms.child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < PATIENCE, "it stays");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis() as u64
}

/// The times in the pictures of a stream.
fn decode(pictures: &[Unit]) -> Vec<Option<u64>> {
    gst::init().unwrap();
    let pipeline = gst::parse::launch(
        "appsrc name=in format=time caps=video/x-h264,stream-format=byte-stream,alignment=au ! h264parse ! avdec_h264 \
         ! videoconvert ! video/x-raw,format=I420 ! appsink name=out sync=false max-buffers=200",
    );
    let pipeline = pipeline.unwrap().downcast::<gst::Pipeline>().unwrap();
    let input = pipeline
        .by_name("in")
        .unwrap()
        .downcast::<AppSrc>()
        .unwrap();
    let output = pipeline
        .by_name("out")
        .unwrap()
        .downcast::<AppSink>()
        .unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    for (header, unit) in pictures {
        let mut buffer = gst::Buffer::from_slice(unit.clone());
        buffer
            .get_mut()
            .unwrap()
            .set_pts(gst::ClockTime::from_nseconds(header.pts_ns));
        input.push_buffer(buffer).unwrap();
    }
    input.end_of_stream().unwrap();
    let mut times = Vec::new();
    while let Ok(sample) = output.pull_sample() {
        let map = sample.buffer().unwrap().map_readable().unwrap();
        times.push(strip::read(&map, 640, 640));
    }
    pipeline.set_state(gst::State::Null).unwrap();
    times
}
