//! The recorder: one thread that appends what is published to the recording's files, one write per chunk, and keeps the log of
//! the live window. Its failures are told and tried again; they never reach the live.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use pleniere_media_core::clock::Anchor;
use pleniere_media_core::link::{ChunkKind, Track};
use pleniere_media_core::window::name;
use tokio::sync::{oneshot, watch};

use crate::live_log::{LiveLine, LiveLog};
use crate::monotonic;
use crate::recording::{self, About, Catalogue, Line, Run};
use crate::slate::{Map, Slate};

/// Jobs waiting for the disk: 30 s of parts. Full = the chunk is not recorded, and the state says so.
const WAITING: usize = 512;
/// Files waiting to be flushed. Full = this flush is left to the next one.
const FLUSHES: usize = 16;

/// Something to put on disk.
pub(crate) enum Job {
    /// Begin a recording, or go on with one of that id.
    Begin { id: String, about: About },
    /// A run of the recording begins: a directory of its own.
    Run {
        name: String,
        maps: BTreeMap<Track, Map>,
    },
    /// A chunk of the run; its offset and length are filled in here.
    Chunk {
        track: Track,
        line: Line,
        bytes: Bytes,
    },
    /// The recording is over.
    End,
    /// A line of the live window's log.
    Live(LiveLine),
    /// Keep this slate.
    Slate(Arc<Slate>),
    /// Say when everything before this is written.
    Flush(oneshot::Sender<()>),
}

/// How the recording is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Bytes of the current recording.
    pub(crate) bytes: u64,
    /// Programme time when it last grew, milliseconds since 1970.
    pub(crate) grew_at: i64,
    /// What went wrong last and was not mended since.
    pub(crate) failing: Option<String>,
}

/// Handle of the thread.
#[derive(Clone)]
pub(crate) struct Recorder {
    jobs: mpsc::SyncSender<Job>,
    report: watch::Sender<Report>,
}

impl Recorder {
    /// Starts the thread; it ends when the last handle is dropped.
    pub(crate) fn start(
        dir: &Path,
        catalogue: Arc<Catalogue>,
        anchor: Anchor,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (jobs, waiting) = mpsc::sync_channel(WAITING);
        let (report, _) = watch::channel(Report::default());
        let flusher = flusher()?;
        let mut thread = Thread {
            dir: dir.to_owned(),
            log: LiveLog::open(dir),
            catalogue,
            anchor,
            report: report.clone(),
            flusher,
            recording: None,
            run: None,
        };
        let handle = std::thread::Builder::new()
            .name("recorder".into())
            .spawn(move || {
                for job in waiting {
                    thread.take(job);
                }
            })?;
        Ok((Self { jobs, report }, handle))
    }

    /// Hands a job over; never waits.
    pub(crate) fn send(&self, job: Job) {
        if self.jobs.try_send(job).is_err() {
            self.report.send_modify(|report| {
                report.failing = Some("the disk does not keep up: chunks were left out".into())
            });
        }
    }

    /// How it is doing.
    pub(crate) fn report(&self) -> Report {
        self.report.borrow().clone()
    }

    /// Waits until everything sent before is written, or nothing can be any more.
    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        let mut job = Job::Flush(done);
        while let Err(mpsc::TrySendError::Full(back)) = self.jobs.try_send(job) {
            job = back;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let _ = written.await;
    }
}

/// A thread that flushes files to the disk, off the path of the media.
fn flusher() -> io::Result<mpsc::SyncSender<File>> {
    let (files, waiting) = mpsc::sync_channel::<File>(FLUSHES);
    std::thread::Builder::new()
        .name("recorder-flush".into())
        .spawn(move || {
            for file in waiting {
                if let Err(error) = file.sync_data() {
                    tracing::error!(%error, "a recording could not be flushed to the disk");
                }
            }
        })?;
    Ok(files)
}

struct TrackFile {
    media: File,
    index: File,
    len: u64,
    index_len: u64,
    /// A write failed: nothing is written until a segment begins.
    broken: bool,
}

struct OpenRun {
    name: String,
    files: BTreeMap<Track, TrackFile>,
}

struct Thread {
    dir: PathBuf,
    log: LiveLog,
    catalogue: Arc<Catalogue>,
    anchor: Anchor,
    report: watch::Sender<Report>,
    flusher: mpsc::SyncSender<File>,
    recording: Option<(String, PathBuf)>,
    run: Option<OpenRun>,
}

impl Thread {
    fn take(&mut self, job: Job) {
        let done = match job {
            Job::Begin { id, about } => self.begin(id, about),
            Job::Run { name, maps } => self.begin_run(name, &maps),
            Job::Chunk { track, line, bytes } => self.chunk(track, line, &bytes),
            Job::End => self.end(),
            Job::Live(line) => self.log.append(&line),
            Job::Slate(slate) => slate.save(&self.dir.join("slate")),
            Job::Flush(done) => {
                let _ = done.send(());
                Ok(())
            }
        };
        if let Err(error) = done {
            tracing::error!(%error, "the recording failed");
            self.report
                .send_modify(|report| report.failing = Some(error.to_string()));
        }
    }

    fn begin(&mut self, id: String, about: About) -> io::Result<()> {
        let path = self.catalogue.path(&id);
        self.run = None;
        self.recording = Some((id.clone(), path.clone()));
        let bytes = {
            let mut recordings = self.catalogue.write();
            let recording = recordings.entry(id).or_default();
            recording.about = about.clone();
            recording.bytes()
        };
        self.report.send_replace(Report {
            bytes,
            grew_at: about.started_at,
            failing: None,
        });
        fs::create_dir_all(&path)?;
        recording::save(&path, &about)
    }

    fn begin_run(&mut self, run: String, maps: &BTreeMap<Track, Map>) -> io::Result<()> {
        self.run = None;
        let Some((id, path)) = self.recording.clone() else {
            return Ok(());
        };
        let dir = path.join(&run);
        fs::create_dir_all(&dir)?;
        let mut files = BTreeMap::new();
        for track in maps.keys() {
            let media = dir.join(format!("{}.mp4", name(*track)));
            let index = OpenOptions::new()
                .create(true)
                .append(true)
                .open(recording::index_path(&media))?;
            let media = OpenOptions::new().create(true).append(true).open(media)?;
            let (len, index_len) = (media.metadata()?.len(), index.metadata()?.len());
            files.insert(
                *track,
                TrackFile {
                    media,
                    index,
                    len,
                    index_len,
                    broken: false,
                },
            );
        }
        self.run = Some(OpenRun {
            name: run.clone(),
            files,
        });
        self.catalogue
            .write()
            .entry(id)
            .or_default()
            .runs
            .insert(run, Run::default());
        let mut outcome = Ok(());
        for (track, map) in maps {
            let line = Line {
                offset: 0,
                len: 0,
                pts_ns: 0,
                duration_ns: 0,
                at: self.now_ms(),
                kind: ChunkKind::Map,
                independent: false,
                msn: None,
                part: None,
                codec: Some(map.codec.clone()),
            };
            outcome = outcome.and(self.chunk(*track, line, &map.bytes));
        }
        outcome
    }

    fn chunk(&mut self, track: Track, mut line: Line, bytes: &Bytes) -> io::Result<()> {
        let (Some((id, _)), Some(run)) = (&self.recording, &mut self.run) else {
            return Ok(());
        };
        let Some(file) = run.files.get_mut(&track) else {
            return Ok(());
        };
        if file.broken && line.kind == ChunkKind::Part {
            return Ok(());
        }
        (line.offset, line.len) = (file.len, bytes.len() as u64);
        file.broken = true;
        file.append(&line, bytes)?;
        file.broken = false;
        if line.kind == ChunkKind::SegmentStart {
            // A second descriptor, flushed elsewhere while this one is written to.
            let _ = file
                .media
                .try_clone()
                .map(|clone| self.flusher.try_send(clone));
        }
        let mut recordings = self.catalogue.write();
        let recording = recordings.entry(id.clone()).or_default();
        recording
            .runs
            .entry(run.name.clone())
            .or_default()
            .tracks
            .entry(track)
            .or_default()
            .push(line);
        drop(recordings);
        let (len, now) = (bytes.len() as u64, self.now_ms());
        self.report.send_modify(|report| {
            *report = Report {
                bytes: report.bytes + len,
                grew_at: now,
                failing: None,
            };
        });
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        let (Some((id, path)), run) = (self.recording.take(), self.run.take()) else {
            return Ok(());
        };
        for file in run.iter().flat_map(|run| run.files.values()) {
            file.media.sync_data()?;
        }
        let mut recordings = self.catalogue.write();
        let recording = recordings.entry(id).or_default();
        recording.about.complete = true;
        let about = recording.about.clone();
        drop(recordings);
        recording::save(&path, &about)
    }

    fn now_ms(&self) -> i64 {
        self.anchor.at(monotonic::now_ns()) / 1_000_000
    }
}

impl TrackFile {
    /// Appends a chunk and its line; after a failure both files end where they did before.
    fn append(&mut self, line: &Line, bytes: &Bytes) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let written = self
            .media
            .write_all(bytes)
            .and_then(|()| self.index.write_all(&text));
        if let Err(error) = written {
            // What cannot even be cut is found and cut at the next start.
            let _ = self.media.set_len(self.len);
            let _ = self.index.set_len(self.index_len);
            return Err(error);
        }
        self.len += bytes.len() as u64;
        self.index_len += text.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(kind: ChunkKind) -> Line {
        Line {
            offset: 0,
            len: 0,
            pts_ns: 0,
            duration_ns: 1,
            at: 5,
            kind,
            independent: true,
            msn: Some(1),
            part: Some(0),
            codec: None,
        }
    }

    fn about() -> About {
        About {
            title: "t".into(),
            started_at: 1,
            complete: false,
        }
    }

    #[tokio::test]
    async fn given_a_disk_that_is_full_when_recorded_then_the_state_says_so_and_the_other_files_go_on()
     {
        let dir = tempfile::tempdir().unwrap();
        let catalogue = Arc::new(Catalogue::open(dir.path().join("recordings")).unwrap());
        let run = dir.path().join("recordings/r/run-0001");
        fs::create_dir_all(&run).unwrap();
        std::os::unix::fs::symlink("/dev/full", run.join("v720.mp4")).unwrap();
        let (recorder, _thread) =
            Recorder::start(dir.path(), catalogue.clone(), Anchor::new(0, 0, 0)).unwrap();
        recorder.send(Job::Begin {
            id: "r".into(),
            about: about(),
        });
        let map = Map {
            bytes: Bytes::from_static(b"map"),
            codec: "c".into(),
        };
        let maps = [(Track::V720, map.clone()), (Track::Audio, map)]
            .into_iter()
            .collect();
        recorder.send(Job::Run {
            name: "run-0001".into(),
            maps,
        });
        for track in [Track::V720, Track::Audio, Track::V720] {
            recorder.send(Job::Chunk {
                track,
                line: line(ChunkKind::SegmentStart),
                bytes: Bytes::from_static(b"chunk"),
            });
        }
        recorder.flush().await;
        assert!(recorder.report().failing.is_some());
        let recordings = catalogue.read();
        let tracks = &recordings["r"].runs["run-0001"].tracks;
        assert!(!tracks.contains_key(&Track::V720));
        assert_eq!(tracks[&Track::Audio].len(), 2);
        assert_eq!(fs::read(run.join("audio.mp4")).unwrap(), b"mapchunk");
    }

    #[tokio::test]
    async fn given_jobs_up_to_the_brim_when_flushed_then_all_of_them_are_taken_first() {
        let (jobs, waiting) = mpsc::sync_channel(1);
        let (report, _) = watch::channel(Report::default());
        let recorder = Recorder { jobs, report };
        recorder.send(Job::End);
        let disk = async {
            // The other side comes to its turn only when the queue was found full.
            tokio::task::yield_now().await;
            let taken = tokio::task::spawn_blocking(move || {
                let first = waiting.recv();
                let second = waiting.recv();
                matches!((first, second), (Ok(Job::End), Ok(Job::Flush(_))))
            });
            taken.await.unwrap()
        };
        let (taken, ()) = tokio::join!(disk, recorder.flush());
        assert!(taken);
    }

    #[tokio::test]
    async fn given_a_recording_when_ended_then_its_file_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let catalogue = Arc::new(Catalogue::open(dir.path().join("recordings")).unwrap());
        let (recorder, _thread) =
            Recorder::start(dir.path(), catalogue, Anchor::new(0, 0, 0)).unwrap();
        recorder.send(Job::Begin {
            id: "r".into(),
            about: about(),
        });
        recorder.send(Job::End);
        recorder.flush().await;
        let back = recording::load(&dir.path().join("recordings/r")).unwrap();
        assert!(back.about.complete);
    }
}
