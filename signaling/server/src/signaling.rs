//! The handle that the rest of the house holds. Owns starting and stopping the media thread and the list of what exists;
//! everything else is asked of the thread.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use axum::Router;
use axum::http::HeaderValue;
use pleniere_signaling_core::{InvalidId, SiteId, StreamId};
use tokio::sync::{mpsc, oneshot};

use crate::access::Access;
use crate::addresses::{self, StartError};
use crate::answer::Setup;
use crate::command::{COMMANDS, Command, Join, Restart, Restarted, Session};
use crate::notice::{NOTICES, Notice, Notices};
use crate::offer::Side;
use crate::problem::Problem;
use crate::worker::{Sockets, Worker};
use crate::{egress, endpoint};

/// Who protects what players get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Egress {
    /// We do, in place, one segmented datagram a frame and player.
    #[default]
    Own,
    /// The WebRTC stack does: several times the work. The reference in tests and measurements.
    Stack,
}

/// Where media arrives.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Port number of all media, of UDP and TCP, on every address; 0 takes one that is free on all.
    pub media_port: u16,
    /// Local addresses to listen on; empty: every address of the machine, loopback included. `0.0.0.0` and `::` stand for
    /// every address of their kind. Addresses that appear later are not listened on.
    pub listen: Vec<IpAddr>,
    /// Addresses under which a router forwards the port to this machine; offered besides the local ones.
    pub public_addresses: Vec<IpAddr>,
    /// Values of the `Link` headers that name STUN and TURN servers to those who were let in (RFC 9725 section 4.6).
    pub ice_links: Vec<String>,
    /// How media leaves.
    pub egress: Egress,
}

/// Why an event cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A site's id is none.
    #[error("site {0:?}: {1}")]
    Site(String, InvalidId),
    /// No socket for the programme's RTP.
    #[error("cannot open a loopback socket for the programme: {0}")]
    Socket(#[from] io::Error),
    /// Signaling was shut down.
    #[error("signaling is shut down")]
    Down,
}

/// WHIP, WHEP and forwarding of this process. Clones are the same; when the last one is dropped the media thread leaves.
#[derive(Clone)]
pub struct Signaling {
    inner: Arc<Inner>,
}

struct Inner {
    commands: SyncSender<Command>,
    wake: UnixStream,
    port: u16,
    setup: Setup,
    sites: RwLock<HashMap<String, BTreeSet<SiteId>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Signaling {
    /// Opens the media sockets, makes the certificate of this process and starts the media thread. Notices are bounded by
    /// [`NOTICES`]; the receiver may be dropped.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(config: Config) -> Result<(Self, mpsc::Receiver<Notice>), StartError> {
        let opened = addresses::open(&config)?;
        let port = opened.port;
        let ice_links = config
            .ice_links
            .iter()
            .map(|link| HeaderValue::from_str(link))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| StartError::Link)?
            .into_iter()
            .map(|mut link| {
                // Not shown in logs of requests.
                link.set_sensitive(true);
                link
            })
            .collect();
        let network =
            Sockets::new(opened.sockets, opened.listeners).map_err(StartError::Addresses)?;
        let public = config
            .public_addresses
            .iter()
            .map(|ip| SocketAddr::new(*ip, port));
        let candidates = network.locals().iter().copied().chain(public).collect();
        let provider = str0m::crypto::from_feature_flags();
        let certificate = provider.dtls_provider.generate_certificate();
        let certificate =
            certificate.ok_or_else(|| StartError::Certificate("the provider made none".into()))?;
        let (commands, receiver) = sync_channel(COMMANDS);
        let (wake, woken) = wake_pair().map_err(StartError::Thread)?;
        let (notices, told) = mpsc::channel(NOTICES);
        let worker = Worker::new(network, Notices::new(notices), receiver, woken);
        let thread = std::thread::Builder::new()
            .name("media".into())
            .spawn(move || worker.run());
        let inner = Inner {
            commands,
            wake,
            port,
            setup: Setup {
                certificate,
                candidates,
                ice_links,
                tapped: (config.egress == Egress::Own).then(|| Arc::new(egress::provider())),
            },
            sites: RwLock::default(),
            thread: Mutex::new(Some(thread.map_err(StartError::Thread)?)),
        };
        Ok((
            Self {
                inner: Arc::new(inner),
            },
            told,
        ))
    }

    /// The port number of all media, of UDP and TCP.
    #[must_use]
    pub fn media_port(&self) -> u16 {
        self.inner.port
    }

    /// Opens an event, or adds sites to it when it is open. Answers where its engine sends the programme's RTP and RTCP
    /// (loopback; H.264 as 102, Opus as 111); the address stays the same while this process runs.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(&self, event: &str, sites: Vec<String>) -> Result<SocketAddr, OpenError> {
        let read =
            |site: &String| SiteId::new(site).map_err(|error| OpenError::Site(site.clone(), error));
        let sites: BTreeSet<SiteId> = sites.iter().map(read).collect::<Result<_, _>>()?;
        let (reply, answer) = oneshot::channel();
        self.wait_and_send(Command::Open {
            event: event.to_owned(),
            sites: sites.clone(),
            reply,
        });
        let address = answer.await.map_err(|_| OpenError::Down)??;
        let mut known = self
            .inner
            .sites
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        known.entry(event.to_owned()).or_default().extend(sites);
        Ok(address)
    }

    /// The engine of an event listens on these loopback ports, one per site, or is gone. Every site is asked for a keyframe.
    pub fn engine(&self, event: &str, ports: Option<BTreeMap<String, u16>>) {
        self.wait_and_send(Command::Engine {
            event: event.to_owned(),
            ports,
        });
    }

    /// The routes of an event, to be nested under `/e/{event}`: `/whip/{site}`, `/whep/{stream}` and the connections below
    /// them.
    pub fn router(&self, event: &str, access: Arc<dyn Access>) -> Router {
        endpoint::router(self.clone(), event, access)
    }

    /// Says goodbye to all peers and ends the media thread. What is asked afterwards is answered 503.
    pub async fn shutdown(&self) {
        let (reply, answer) = oneshot::channel();
        self.wait_and_send(Command::Shutdown { reply });
        let _ = answer.await;
        let thread = self
            .inner
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    pub(crate) fn setup(&self) -> &Setup {
        &self.inner.setup
    }

    pub(crate) fn has(&self, event: &str, side: Side, stream: &str) -> bool {
        let known = self
            .inner
            .sites
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(sites) = known.get(event) else {
            return false;
        };
        match (StreamId::parse(stream), side) {
            (Ok(StreamId::Site(site)), _) => sites.contains(&site),
            (Ok(StreamId::Programme), Side::Play) => true,
            (Ok(StreamId::Return(site)), Side::Play) => sites.contains(&site),
            _ => false,
        }
    }

    pub(crate) async fn join(&self, join: Join) -> Result<(), Problem> {
        let refused = self
            .ask(|reply| Command::Join {
                join: Box::new(join),
                reply,
            })
            .await?;
        Ok(refused?)
    }

    pub(crate) async fn inspect(&self, resource: String) -> Result<Option<Session>, Problem> {
        self.ask(|reply| Command::Inspect { resource, reply }).await
    }

    pub(crate) async fn restart(&self, restart: Restart) -> Result<Restarted, Problem> {
        let restart = Box::new(restart);
        self.ask(|reply| Command::Restart { restart, reply }).await
    }

    pub(crate) async fn end(&self, resource: String) -> Result<bool, Problem> {
        self.ask(|reply| Command::End { resource, reply }).await
    }

    /// Never waits for room: a full queue is an overloaded machine.
    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        match self.inner.commands.try_send(command(reply)) {
            Ok(()) => self.inner.wake(),
            Err(TrySendError::Full(_)) => {
                return Err(Problem::unavailable("too many requests at the same moment"));
            }
            Err(TrySendError::Disconnected(_)) => {
                return Err(Problem::unavailable("media is shut down"));
            }
        }
        answer
            .await
            .map_err(|_| Problem::unavailable("media is shut down"))
    }

    fn wait_and_send(&self, command: Command) {
        // An error means that the thread has left: the reply's other end is dropped then.
        let _ = self.inner.commands.send(command);
        self.inner.wake();
    }
}

impl Inner {
    /// A full pipe wakes as well as a new byte in it.
    fn wake(&self) {
        let _ = (&self.wake).write(&[1]);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The command queue ends right after this; woken late, the thread sees it at its next housekeeping.
        self.wake();
    }
}

fn wake_pair() -> io::Result<(UnixStream, UnixStream)> {
    let (wake, woken) = UnixStream::pair()?;
    wake.set_nonblocking(true)?;
    woken.set_nonblocking(true)?;
    Ok((wake, woken))
}
