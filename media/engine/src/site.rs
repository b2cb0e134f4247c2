//! One site's line: its UDP port and the thread that reads it, builds a decoder when media comes, another when the publisher
//! changes or the decoder fails, none while nothing comes. Shares nothing with other sites.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pleniere_media_core::link::{FromProgramme, Media};
use pleniere_media_core::scene::SiteId;

use crate::decoder::{Decoder, Return};
use crate::feed::Feed;
use crate::outbox::Outbox;
use crate::packet::{Packet, Publisher, Verdict, classify};

/// How often an idle line looks up.
const LOOK_UP: Duration = Duration::from_millis(100);
/// A line without a packet for this long lets its decoder go.
const IDLE: Duration = Duration::from_secs(3);
/// Reports that came before the media they are about; the oldest is dropped when it is full.
const EARLY_REPORTS: usize = 4;

/// A site's line; dropping it ends its thread and its decoder.
pub struct SiteLine {
    port: u16,
    leaving: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl SiteLine {
    /// Binds a free loopback port and listens.
    ///
    /// # Errors
    /// When there is no port to be had.
    pub fn open(id: SiteId, feed: Arc<Feed>, outbox: Outbox) -> std::io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_read_timeout(Some(LOOK_UP))?;
        let port = socket.local_addr()?.port();
        let back = Arc::new(Return {
            socket: socket.try_clone()?,
            towards: Mutex::default(),
        });
        let leaving = Arc::new(AtomicBool::new(false));
        let mut line = Line {
            id,
            feed,
            outbox,
            back,
            publisher: Publisher::default(),
            decoder: None,
            last_packet: Instant::now(),
            early: Vec::new(),
        };
        let stop = Arc::clone(&leaving);
        let thread = std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                line.step(&socket);
            }
        });
        Ok(Self {
            port,
            leaving,
            thread: Some(thread),
        })
    }

    /// The UDP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Lets the thread end; dropping waits for it.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }
}

impl Drop for SiteLine {
    fn drop(&mut self) {
        self.leave();
        if let Some(thread) = self.thread.take() {
            // A panic there was printed; there is nothing left of it to save.
            let _ = thread.join();
        }
    }
}

/// What the thread owns.
struct Line {
    id: SiteId,
    feed: Arc<Feed>,
    outbox: Outbox,
    back: Arc<Return>,
    publisher: Publisher,
    decoder: Option<Decoder>,
    last_packet: Instant,
    early: Vec<(u32, Vec<u8>)>,
}

impl Line {
    fn step(&mut self, socket: &UdpSocket) {
        let mut datagram = [0; 2048];
        if let Ok((length, from)) = socket.recv_from(&mut datagram) {
            self.receive(&datagram[..length], from);
        }
        if let Some(why) = self.decoder.as_ref().and_then(Decoder::tend) {
            self.fail(&why);
        }
        if self.decoder.is_some() && self.last_packet.elapsed() > IDLE {
            tracing::info!(site = %self.id.0, "nothing comes any more");
            self.let_go();
        }
    }

    fn receive(&mut self, datagram: &[u8], from: SocketAddr) {
        match classify(datagram) {
            Some(Packet::Rtp { media, ssrc }) => {
                self.last_packet = Instant::now();
                let mut towards = self
                    .back
                    .towards
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                *towards = Some(from);
                drop(towards);
                self.media(media, ssrc, datagram);
            }
            Some(Packet::Rtcp { ssrc, bye: false }) => self.report(ssrc, datagram),
            Some(Packet::Rtcp { .. }) | None => {}
        }
    }

    fn media(&mut self, media: Media, ssrc: u32, packet: &[u8]) {
        match self.publisher.judge(media, ssrc, self.last_packet) {
            Verdict::Pass | Verdict::First => {}
            Verdict::Rebuild => {
                tracing::info!(site = %self.id.0, "another stream; decoding anew");
                self.decoder = None;
            }
            Verdict::Drop => return,
        }
        if self.decoder.is_none() {
            match Decoder::start(&self.feed, &self.back) {
                Ok(decoder) => self.decoder = Some(decoder),
                Err(error) => return self.fail(&format!("{error:#}")),
            }
        }
        if let Some(decoder) = &self.decoder {
            decoder.rtp(media, packet);
            self.early.retain(|(about, report)| {
                if *about == ssrc {
                    decoder.rtcp(media, report);
                }
                *about != ssrc
            });
        }
    }

    fn report(&mut self, ssrc: u32, packet: &[u8]) {
        match (self.publisher.media_of(ssrc), &self.decoder) {
            (Some(media), Some(decoder)) => decoder.rtcp(media, packet),
            _ => {
                self.early.retain(|(about, _)| *about != ssrc);
                self.early.truncate(EARLY_REPORTS - 1);
                self.early.insert(0, (ssrc, packet.to_vec()));
            }
        }
    }

    fn fail(&mut self, why: &str) {
        tracing::warn!(site = %self.id.0, "decoder: {why}; decoding anew");
        self.outbox.message(FromProgramme::Fault {
            code: "site_rebuilt".into(),
            detail: why.to_owned(),
            site: Some(self.id.clone()),
        });
        self.let_go();
        // What fails at once again must not keep a core busy; the socket keeps the packets of this time.
        std::thread::sleep(LOOK_UP);
    }

    fn let_go(&mut self) {
        self.decoder = None;
        self.publisher.forget();
    }
}
