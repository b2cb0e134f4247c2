//! Recordings: when one begins and ends, and how it is doing.

use pleniere_media_core::timeline::Entry;

use super::Conductor;
use crate::recorder::Job;
use crate::recording::About;
use crate::state::{Notice, RecordingState};

impl Conductor {
    /// Begins a recording, or goes on with the one that a crash interrupted.
    pub(super) fn begin_recording(&mut self) {
        let now_ms = self.now() / 1_000_000;
        let open = self.means.open_recording.take();
        let is_new = open.is_none();
        let (id, about) = open.unwrap_or_else(|| {
            let title = self.means.config.recording_title.clone();
            (
                recording_id(self.now()),
                About {
                    title,
                    started_at: now_ms,
                    complete: false,
                },
            )
        });
        let started_at = about.started_at;
        self.means.recorder.send(Job::Begin {
            id: id.clone(),
            about,
        });
        if is_new {
            self.observe(
                now_ms,
                Entry::RecordingBegun {
                    recording: id.clone(),
                },
            );
        }
        self.recording = Some(RecordingState {
            id,
            running: true,
            bytes: 0,
            grew_at: now_ms,
            started_at,
            failing: None,
        });
    }

    pub(super) fn end_recording(&mut self) {
        let Some(recording) = self
            .recording
            .as_mut()
            .filter(|recording| recording.running)
        else {
            return;
        };
        recording.running = false;
        let id = recording.id.clone();
        self.means.recorder.send(Job::End);
        if let Some(run) = &mut self.run {
            run.recorded = None;
        }
        self.observe(
            self.now() / 1_000_000,
            Entry::RecordingEnded { recording: id },
        );
    }

    pub(super) fn tell_recording(&mut self) {
        let Some(recording) = self.recording.as_mut() else {
            return;
        };
        let report = self.means.recorder.report();
        if report.bytes > 0 || report.failing.is_some() {
            (recording.bytes, recording.grew_at, recording.failing) =
                (report.bytes, report.grew_at, report.failing);
        }
        let told = self.means.state.borrow().recording.as_ref() == Some(recording);
        if !told {
            let failing = recording.failing.clone();
            let recording = recording.clone();
            let was = self
                .means
                .state
                .borrow()
                .recording
                .as_ref()
                .and_then(|r| r.failing.clone());
            self.means
                .state
                .send_modify(|state| state.recording = Some(recording));
            if let Some(detail) = failing.filter(|_| was.is_none()) {
                self.notice(Notice::Fault {
                    code: "recording".into(),
                    detail,
                    site: None,
                });
            }
        }
    }
}

/// Id of a recording that begins at this programme time: `20201104-093000`.
fn recording_id(at_ns: i64) -> String {
    let iso = pleniere_media_core::clock::iso(at_ns);
    let digits: String = iso.chars().filter(char::is_ascii_digit).take(14).collect();
    format!("{}-{}", &digits[..8], &digits[8..])
}
