//! Runs the engine and keeps what it says.

use std::io::{Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use pleniere_media_core::link::{
    ChunkHeader, FromProgramme, ProgrammeStart, SiteName, ToProgramme, Track,
};
use pleniere_media_core::scene::{Layout, Scene, SiteId};

/// Longest wait for anything; what takes longer has not happened.
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Default)]
pub struct Said {
    pub messages: Vec<FromProgramme>,
    pub chunks: Vec<(ChunkHeader, Vec<u8>)>,
}

pub struct Engine {
    child: Child,
    link: UnixStream,
    said: Arc<(Mutex<Said>, Condvar)>,
    /// Where the programme's RTP arrives.
    pub programme: UdpSocket,
}

pub fn id(site: &str) -> SiteId {
    SiteId(site.into())
}

pub fn scene(layout: Layout, sites: &[&str]) -> Scene {
    let slots = sites.iter().map(|site| id(site)).collect();
    Scene { layout, slots }
}

impl Engine {
    /// The engine without a first message.
    pub fn silent() -> Self {
        let (link, theirs) = UnixStream::pair().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_pleniere-engine"))
            .arg("programme")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .spawn()
            .unwrap();
        let said = Arc::<(Mutex<Said>, Condvar)>::default();
        let (reading, heard) = (link.try_clone().unwrap(), Arc::clone(&said));
        std::thread::spawn(move || while hear(&reading, &heard).is_some() {});
        Self {
            child,
            link,
            said,
            programme: UdpSocket::bind("127.0.0.1:0").unwrap(),
        }
    }

    /// Started with these sites and this scene.
    pub fn start(sites: &[&str], first: Scene) -> Self {
        let engine = Self::silent();
        engine.send(&ToProgramme::Start(ProgrammeStart {
            title: "Rencontre régionale".into(),
            subtitle: "Trois villes, un programme".into(),
            sites: sites
                .iter()
                .map(|site| SiteName {
                    id: id(site),
                    name: site.to_uppercase(),
                })
                .collect(),
            programme_rtp: engine.programme.local_addr().unwrap(),
            strip: false,
            scene: first,
        }));
        engine
    }

    pub fn send(&self, message: &ToProgramme) {
        self.send_raw(&serde_json::to_vec(message).unwrap());
    }

    pub fn send_raw(&self, json: &[u8]) {
        let mut frame = (json.len() as u32 + 1).to_be_bytes().to_vec();
        frame.push(0);
        frame.extend_from_slice(json);
        (&self.link).write_all(&frame).unwrap();
    }

    /// Waits until what was said answers `question`.
    pub fn wait<T>(&self, what: &str, mut question: impl FnMut(&Said) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        let mut said = self.said.0.lock().unwrap();
        loop {
            if let Some(answer) = question(&said) {
                return answer;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "waited in vain: {what}; {:?}",
                said.messages.last()
            );
            said = self.said.1.wait_timeout(said, left).unwrap().0;
        }
    }

    pub fn message<T>(&self, what: &str, mut of: impl FnMut(&FromProgramme) -> Option<T>) -> T {
        self.wait(what, |said| said.messages.iter().find_map(&mut of))
    }

    /// Where the media of `site` go.
    pub fn port_of(&self, site: &str) -> SocketAddr {
        let port = self.message("started", |message| match message {
            FromProgramme::Started { ports, .. } => Some(ports[&id(site)]),
            _ => None,
        });
        ([127, 0, 0, 1], port).into()
    }

    /// Waits for a report of `site` that satisfies `good`, made after this call.
    pub fn site_report(&self, site: &str, good: impl Fn(f32, Option<f32>) -> bool) {
        let after = self.said.0.lock().unwrap().messages.len();
        self.wait(&format!("a report of {site}"), |said| {
            said.messages[after..]
                .iter()
                .find_map(|message| match message {
                    FromProgramme::Site {
                        site: from,
                        fps,
                        level_db,
                    } if *from == id(site) => good(*fps, *level_db).then_some(()),
                    _ => None,
                })
        });
    }

    /// Takes a scene and waits until it is shown; its time.
    pub fn take(&self, number: u64, wanted: Scene) -> u64 {
        self.send(&ToProgramme::Scene {
            id: number,
            scene: wanted,
            muted: vec![],
        });
        self.message("the scene", |message| match message {
            FromProgramme::SceneShown { id, pts_ns } if *id == number => Some(*pts_ns),
            _ => None,
        })
    }

    /// Waits until the programme of `track` reaches `until_ns`; its chunks, map first.
    pub fn track(&self, track: Track, until_ns: u64) -> Vec<(ChunkHeader, Vec<u8>)> {
        self.wait("the programme going on", |said| {
            let chunks: Vec<_> = said
                .chunks
                .iter()
                .filter(|(header, _)| header.track == track && !header.slate)
                .cloned()
                .collect();
            let (last, _) = chunks.last()?;
            (last.pts_ns + last.duration_ns >= until_ns).then_some(chunks)
        })
    }

    /// Running time that the programme has reached, nanoseconds.
    pub fn now_ns(&self) -> u64 {
        let said = self.said.0.lock().unwrap();
        let ends = said.chunks.iter().filter(|(header, _)| !header.slate);
        ends.map(|(h, _)| h.pts_ns + h.duration_ns)
            .max()
            .unwrap_or(0)
    }

    /// Everything said after the engine was told to stop, and how it left.
    pub fn stop(mut self) -> (Said, ExitStatus) {
        self.send(&ToProgramme::Stop);
        let status = self.left();
        // The reader sees the end of the link only after everything written before it.
        while Arc::strong_count(&self.said) > 1 {
            std::thread::yield_now();
        }
        (std::mem::take(&mut *self.said.0.lock().unwrap()), status)
    }

    /// Ends the link and says how the engine left.
    pub fn hang_up(mut self) -> ExitStatus {
        self.link.shutdown(std::net::Shutdown::Write).unwrap();
        self.left()
    }

    /// Waits for the engine to leave by itself.
    pub fn left(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "the engine does not leave");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn hear(mut link: &UnixStream, said: &(Mutex<Said>, Condvar)) -> Option<()> {
    let mut prefix = [0; 4];
    link.read_exact(&mut prefix).ok()?;
    let mut frame = vec![0; u32::from_be_bytes(prefix) as usize];
    link.read_exact(&mut frame).ok()?;
    let mut heard = said.0.lock().unwrap();
    if frame[0] == 0 {
        heard
            .messages
            .push(serde_json::from_slice(&frame[1..]).unwrap());
    } else {
        let header_end = 3 + usize::from(u16::from_be_bytes([frame[1], frame[2]]));
        let header = serde_json::from_slice(&frame[3..header_end]).unwrap();
        heard.chunks.push((header, frame[header_end..].to_vec()));
    }
    said.1.notify_all();
    Some(())
}
