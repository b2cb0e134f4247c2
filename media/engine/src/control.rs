//! The programme mode's one owner: reads what `serve` says, has it done, reports twice a second, and decides when to leave.
//! Leaves with 0 when told or when the link ends, 3 when the programme pipeline failed, 4 when `serve` stopped reading;
//! `serve` starts another engine within a second, which is simpler and surer than mending a broken pipeline.

use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use pleniere_media_core::link::{FromProgramme, ProgrammeStart, ToProgramme};

use crate::outbox::Outbox;
use crate::programme::Programme;
use crate::wire::{self, WireError};

/// Time between two reports of the sites.
const REPORT_EVERY: Duration = Duration::from_millis(500);
/// How long the last chunks may take to leave.
const FAREWELL: Duration = Duration::from_secs(2);
/// Things to do that wait; the link's reader waits when it is full, alarms are dropped then (the first one suffices).
const WAITING: usize = 64;

/// What wakes the owner.
enum Event {
    Asked(ToProgramme),
    Unreadable(String),
    Left,
    LinkLost(String),
    PipelineFailed(String),
}

/// How other threads tell the owner that the engine cannot go on; never blocks.
#[derive(Clone)]
pub struct Alarm(SyncSender<Event>);

impl Alarm {
    /// `serve` is gone or reads no more.
    pub fn link_lost(&self, why: &str) {
        let _ = self.0.try_send(Event::LinkLost(why.to_owned()));
    }

    /// The programme pipeline posted an error.
    pub fn pipeline_failed(&self, why: &str) {
        let _ = self.0.try_send(Event::PipelineFailed(why.to_owned()));
    }
}

/// Why the engine left.
enum Leaving {
    Asked,
    PipelineFailed(String),
    LinkLost(String),
}

/// Runs the programme mode until it leaves.
pub fn run() -> ExitCode {
    match serve_link() {
        Ok(Leaving::Asked) => ExitCode::SUCCESS,
        Ok(Leaving::PipelineFailed(why)) => {
            tracing::error!("programme pipeline: {why}; leaving to be started again");
            ExitCode::from(3)
        }
        Ok(Leaving::LinkLost(why)) => {
            tracing::error!("{why}; leaving");
            ExitCode::from(4)
        }
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve_link() -> anyhow::Result<Leaving> {
    let (mut reader, writer) = wire::open_stdin()?;
    let (wake, events) = sync_channel(WAITING);
    let alarm = Alarm(wake.clone());
    let (outbox, writing) = Outbox::start(writer, alarm.clone());
    std::thread::spawn(move || {
        loop {
            let (event, last) = match reader.next_message::<ToProgramme>() {
                Ok(Some(message)) => (Event::Asked(message), false),
                Ok(None) => (Event::Left, true),
                Err(WireError::Json(error)) => (Event::Unreadable(error.to_string()), false),
                Err(error) => (Event::LinkLost(error.to_string()), true),
            };
            if wake.send(event).is_err() || last {
                return;
            }
        }
    });
    let Some(start) = first_message(&events)? else {
        return Ok(Leaving::Asked);
    };
    let mut programme = Programme::start(start, outbox.clone(), alarm)?;
    let leaving = attend(&mut programme, &events, &outbox);
    if matches!(leaving, Leaving::Asked) {
        programme.finish(FAREWELL);
    }
    drop(programme);
    drop(outbox);
    let until = Instant::now() + FAREWELL;
    while !writing.is_finished() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(leaving)
}

/// Waits for `Start`; `None` when `serve` left before.
fn first_message(events: &Receiver<Event>) -> anyhow::Result<Option<ProgrammeStart>> {
    match events.recv()? {
        Event::Asked(ToProgramme::Start(start)) => Ok(Some(start)),
        Event::Asked(ToProgramme::Stop) | Event::Left => Ok(None),
        Event::Asked(_) => anyhow::bail!("the first message must be `start`"),
        Event::Unreadable(why) => anyhow::bail!("the first message must be `start`: {why}"),
        Event::LinkLost(why) | Event::PipelineFailed(why) => anyhow::bail!(why),
    }
}

fn attend(programme: &mut Programme, events: &Receiver<Event>, outbox: &Outbox) -> Leaving {
    let mut reported = Instant::now();
    loop {
        let wait = REPORT_EVERY.saturating_sub(reported.elapsed());
        match events.recv_timeout(wait) {
            Ok(Event::Asked(ToProgramme::Stop) | Event::Left) => return Leaving::Asked,
            Ok(Event::Asked(message)) => obey(programme, message),
            Ok(Event::Unreadable(why)) => tracing::warn!("ignored a message: {why}"),
            Ok(Event::LinkLost(why)) => return Leaving::LinkLost(why),
            Ok(Event::PipelineFailed(why)) => return Leaving::PipelineFailed(why),
            Err(RecvTimeoutError::Timeout) => {
                report(programme, outbox, reported.elapsed());
                reported = Instant::now();
            }
            Err(RecvTimeoutError::Disconnected) => return Leaving::Asked,
        }
    }
}

fn obey(programme: &mut Programme, message: ToProgramme) {
    match message {
        ToProgramme::Scene { id, scene, muted } => programme.take(Some(id), &scene, &muted),
        ToProgramme::LowerThird { id, text } => programme.lower_third(id, text.as_ref()),
        ToProgramme::Keyframe => programme.keyframe(),
        ToProgramme::Start(_) => tracing::warn!("ignored a second `start`"),
        ToProgramme::Stop => {}
    }
}

fn report(programme: &Programme, outbox: &Outbox, over: Duration) {
    for (site, feed) in programme.feeds() {
        let heard = feed.take_report();
        outbox.message(FromProgramme::Site {
            site: site.clone(),
            fps: (heard.frames as f32 / over.as_secs_f32() * 10.0).round() / 10.0,
            level_db: heard.level_db,
        });
    }
}
