//! Rooms mode: the simulated rooms of a rehearsal, drawn or played from files, encoded and sent over the link. A thread and a
//! pipeline per room, so that none waits for another; knows nothing of WebRTC.

mod clip;
mod clock;
mod encode;
mod scenery;
mod tone;

use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, bail};
use gstreamer as gst;
use gstreamer::prelude::*;
use pleniere_media_core::link::{FromRooms, RoomStart, ToRooms};
use pleniere_media_core::scene::SiteId;

use crate::picture::{Picture, WIDTH};
use crate::strip::{stamp_now, unix_now};
use crate::wire::{FrameWriter, WireError, open_stdin};
use clip::Clip;
use encode::Encoder;
use scenery::{Caption, Scenery};
use tone::Tone;

/// The way to `serve`.
type Link = FrameWriter<UnixStream>;

/// Sound goes out every 20 ms, a picture with every second block.
const TICK: Duration = Duration::from_millis(20);
/// Later than this, after a standstill of the machine, what was missed stays missed.
const LATE_MAX: Duration = Duration::from_millis(100);
/// Keyframes asked for are at least this many pictures apart (500 ms); an earlier wish waits.
const KEYFRAME_APART: u64 = 13;

/// Runs rooms mode on the link that is standard input, until `Stop` or its end.
///
/// # Errors
/// When standard input is no link, the first message is not `Start`, or no encoder can be made.
pub fn run() -> anyhow::Result<()> {
    gst::init()?;
    let (mut reader, link) = open_stdin()
        .context("standard input is not a socket: `pleniere rehearse` starts this mode")?;
    let Some(ToRooms::Start { rooms, timezone }) = reader.next_message()? else {
        bail!("the first message must be `start`");
    };
    let clock = gst::SystemClock::obtain();
    let base = Duration::from_nanos(clock.time().nseconds());
    let hall = rooms
        .into_iter()
        .map(|start| Room::spawn(start, timezone.as_deref(), base, &link));
    let hall: BTreeMap<SiteId, Room> = hall.collect();
    link.message(&FromRooms::Started {
        base_ns: base.as_nanos() as u64,
    })?;
    loop {
        match reader.next_message() {
            Ok(Some(ToRooms::Keyframe { room })) => {
                with(&hall, &room, |wishes| &wishes.keyframe, true)
            }
            Ok(Some(ToRooms::Active { room, on })) => {
                with(&hall, &room, |wishes| &wishes.active, on)
            }
            Ok(Some(ToRooms::Start { .. })) => tracing::warn!("a second `start` is ignored"),
            Ok(Some(ToRooms::Stop) | None) => return Ok(()),
            Err(WireError::Json(error)) => tracing::warn!(%error, "a message that is none"),
            Err(error) => return Err(error.into()),
        }
    }
}

fn with(
    hall: &BTreeMap<SiteId, Room>,
    room: &SiteId,
    wish: fn(&Wishes) -> &AtomicBool,
    value: bool,
) {
    match hall.get(room) {
        Some(room) => wish(&room.wishes).store(value, Ordering::Relaxed),
        None => tracing::warn!(room = room.0, "no such room"),
    }
}

/// What `serve` wants of a room.
#[derive(Debug)]
struct Wishes {
    active: AtomicBool,
    keyframe: AtomicBool,
    leave: AtomicBool,
}

/// A room's thread; dropped, it ends.
#[derive(Debug)]
struct Room {
    wishes: Arc<Wishes>,
    thread: Option<JoinHandle<()>>,
}

impl Room {
    fn spawn(
        start: RoomStart,
        timezone: Option<&str>,
        base: Duration,
        link: &Link,
    ) -> (SiteId, Self) {
        let wishes = Arc::new(Wishes {
            active: AtomicBool::new(true),
            keyframe: AtomicBool::new(false),
            leave: AtomicBool::new(false),
        });
        let id = start.id.clone();
        let (seen, link, timezone) = (
            Arc::clone(&wishes),
            link.clone(),
            timezone.map(str::to_owned),
        );
        let thread = std::thread::spawn(move || {
            let room = start.id.clone();
            if let Err(error) = play(start, timezone.as_deref(), base, &link, &seen) {
                report(&link, &room, format!("{error:#}"));
            }
        });
        (
            id,
            Self {
                wishes,
                thread: Some(thread),
            },
        )
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.wishes.leave.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A room that panicked has already said so on standard error.
            let _ = thread.join();
        }
    }
}

fn report(link: &Link, room: &SiteId, detail: String) {
    tracing::warn!(room = room.0, detail, "room");
    if let Err(error) = link.message(&FromRooms::Fault {
        room: room.clone(),
        detail,
    }) {
        tracing::warn!(%error, "a fault could not be told");
    }
}

/// Shows a room until asked to leave.
fn play(
    start: RoomStart,
    timezone: Option<&str>,
    base: Duration,
    link: &Link,
    wishes: &Wishes,
) -> anyhow::Result<()> {
    let mut pace = Pace::new(base, start.number);
    let mut show = Show::new(start, timezone, link);
    let mut encoder = Encoder::start(&show.id, link)?;
    while !wishes.leave.load(Ordering::Relaxed) {
        let (tick, pts) = pace.next_tick();
        if show.set_active(wishes.active.load(Ordering::Relaxed)) {
            wishes.keyframe.store(true, Ordering::Relaxed);
        }
        if show.active {
            show.sound(&encoder, pts);
            if tick.is_multiple_of(2) {
                show.picture(&encoder, tick / 2, pts, &wishes.keyframe);
            }
        }
        if tick.is_multiple_of(50) {
            show.tend(link);
            if let Some(fault) = encoder.fault() {
                let detail = format!("the encoder failed ({fault}) and is started again");
                report(link, &show.id, detail);
                encoder = Encoder::start(&show.id, link)?;
            }
        }
    }
    Ok(())
}

/// When a room's ticks are due. Rooms are a few milliseconds apart, so that they do not all encode at once.
struct Pace {
    clock: gst::Clock,
    base: Duration,
    phase: Duration,
    tick: u64,
}

impl Pace {
    fn new(base: Duration, number: u8) -> Self {
        let phase = Duration::from_millis(u64::from(number) * 11 % 40);
        let clock = gst::SystemClock::obtain();
        Self {
            clock,
            base,
            phase,
            tick: 0,
        }
    }

    /// Waits for the next tick; gives its number and its running time.
    fn next_tick(&mut self) -> (u64, Duration) {
        let now = Duration::from_nanos(self.clock.time().nseconds()).saturating_sub(self.base);
        let mut due = self.due();
        if now > due + LATE_MAX {
            let passed = now.saturating_sub(self.phase).as_nanos() / TICK.as_nanos();
            self.tick = passed as u64 & !1;
            due = self.due();
        }
        std::thread::sleep(due.saturating_sub(now));
        self.tick += 1;
        (self.tick - 1, due)
    }

    fn due(&self) -> Duration {
        self.phase + Duration::from_nanos(self.tick * TICK.as_nanos() as u64)
    }
}

/// What a room shows and plays.
struct Show {
    id: SiteId,
    scenery: Scenery,
    caption: Caption,
    tone: Tone,
    clip: Option<Clip>,
    active: bool,
    /// Number of the last picture that was made a keyframe by a wish.
    last_keyframe: u64,
}

impl Show {
    fn new(start: RoomStart, timezone: Option<&str>, link: &Link) -> Self {
        let clip = start.clip.as_deref().and_then(|path| {
            let opened = Clip::open(path);
            opened
                .map_err(|error| {
                    report(
                        link,
                        &start.id,
                        format!("the clip {}: {error:#}", path.display()),
                    )
                })
                .ok()
        });
        Self {
            scenery: Scenery::new(&start.name, start.number, timezone),
            caption: Caption::new(&start.name, timezone),
            tone: Tone::new(start.number),
            id: start.id,
            clip,
            active: true,
            last_keyframe: 0,
        }
    }

    /// True when the room comes back.
    fn set_active(&mut self, active: bool) -> bool {
        if active == self.active {
            return false;
        }
        self.active = active;
        if let Some(clip) = &self.clip {
            clip.set_playing(active);
        }
        active
    }

    fn sound(&mut self, encoder: &Encoder, pts: Duration) {
        match self.clip.as_ref().and_then(Clip::sound) {
            Some(samples) => encoder.sound(samples.into_iter(), pts),
            None => encoder.sound(self.tone.block(unix_now()), pts),
        }
    }

    /// Encodes picture `number`, as a keyframe when one is wished and the last is long enough ago.
    fn picture(&mut self, encoder: &Encoder, number: u64, pts: Duration, keyframe: &AtomicBool) {
        if number >= self.last_keyframe + KEYFRAME_APART && keyframe.swap(false, Ordering::Relaxed)
        {
            encoder.force_keyframe();
            self.last_keyframe = number;
        }
        let unix = unix_now();
        if let Some(mut picture) = self.clip.as_ref().and_then(Clip::picture) {
            self.caption.draw(&mut picture, unix);
            encode_stamped(&mut picture, encoder, pts);
        } else {
            encode_stamped(self.scenery.at(unix), encoder, pts);
        }
    }

    fn tend(&mut self, link: &Link) {
        if let Some(Err(error)) = self.clip.as_ref().map(Clip::tend) {
            report(link, &self.id, format!("the clip failed: {error:#}"));
            self.clip = None;
        }
    }
}

fn encode_stamped(picture: &mut Picture, encoder: &Encoder, pts: Duration) {
    stamp_now(picture.luma_mut(), WIDTH, WIDTH);
    encoder.picture(picture.bytes(), pts);
}
