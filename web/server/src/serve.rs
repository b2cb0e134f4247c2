//! A node at work: configuration, ports, events, and the end. `rehearse` runs the same node with simulated people on it.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use pleniere_config::{DataDir, Event, IceServer, NodeConfig, NodeKey, Overrides, RedisUrl};
use pleniere_signaling::Signaling;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_util::sync::CancellationToken;

use crate::accept::Traffic;
use crate::house::{House, Opening};
use crate::http::metrics::{self, Metered};
use crate::rehearse::past;
use crate::{accept, http};

/// The engine must run within this time, or the node says what is missing and serves without a programme.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// What `serve` and `rehearse` share.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct NodeArgs {
    /// The node's configuration file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where events, recordings and keys are kept.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address and port of pages, API and playlists; port 0 = any free one.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// The one port number of all WebRTC media, UDP and TCP; 0 = any free one.
    #[arg(long, value_name = "N")]
    media_port: Option<u16>,
    /// Keep the questions in this Redis, which nodes may share. With a password, better in the file or the environment.
    #[arg(long, value_name = "URL", value_parser = redis_url)]
    redis: Option<RedisUrl>,
    /// An address under which this machine is reached from outside.
    #[arg(long, value_name = "IP")]
    public_address: Vec<IpAddr>,
    /// Certificate chain (PEM): pages over HTTPS.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

/// Serve events.
#[derive(clap::Args)]
pub struct ServeArgs {
    /// An event file; may be given several times.
    #[arg(long, value_name = "FILE")]
    event: Vec<PathBuf>,
    #[command(flatten)]
    node: NodeArgs,
}

impl NodeArgs {
    /// The configuration: flag, then environment, then file, then default.
    ///
    /// # Errors
    /// Every mistake of the file and the environment.
    pub fn config(&self) -> anyhow::Result<NodeConfig> {
        let overrides = Overrides {
            listen: self.listen,
            media_port: self.media_port,
            public_addresses: self.public_address.clone(),
            data: self.data.clone(),
            tls_cert: self.tls_cert.clone(),
            tls_key: self.tls_key.clone(),
            redis: self.redis.clone(),
            ..Overrides::default()
        };
        Ok(NodeConfig::load(self.config.as_deref(), overrides)?)
    }
}

/// The address of a Redis, or what one looks like.
///
/// # Errors
/// It is none.
pub fn redis_url(text: &str) -> Result<RedisUrl, String> {
    text.parse()
        .map_err(|()| format!("expected {}", RedisUrl::EXPECTED))
}

/// Serves until SIGTERM or Ctrl-C.
///
/// # Errors
/// The configuration or an event file has mistakes, or a port or folder cannot be had.
pub fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    start_log();
    runtime()?.block_on(async {
        let config = args.node.config()?;
        let files = if args.event.is_empty() {
            config.events.clone()
        } else {
            args.event
        };
        anyhow::ensure!(
            !files.is_empty(),
            "no event: name one with --event FILE or in the configuration"
        );
        let node = Node::start(config, &files, None).await?;
        node.announce().await?;
        stopped().await;
        node.close().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// A running node.
pub struct Node {
    /// Where it is served.
    pub address: SocketAddr,
    /// Its events.
    pub houses: Vec<Arc<House>>,
    /// Signs its links.
    pub key: Arc<NodeKey>,
    /// Its data folder.
    pub data: DataDir,
    tls: bool,
    signaling: Signaling,
    stop: CancellationToken,
    front: tokio::task::JoinHandle<()>,
    admin: Option<tokio::task::JoinHandle<()>>,
    switchboard: tokio::task::JoinHandle<()>,
}

impl Node {
    /// Opens the ports, then the events. `rehearsal` = when the rehearsal's run sheet begins, unix milliseconds.
    ///
    /// # Errors
    /// As [`run`].
    pub async fn start(
        config: NodeConfig,
        files: &[PathBuf],
        rehearsal: Option<i64>,
    ) -> anyhow::Result<Self> {
        let events = files
            .iter()
            .map(|file| Event::load(file))
            .collect::<Result<Vec<_>, _>>()?;
        each_once(&events, files)?;
        let data = DataDir::new(&config.data);
        data.create(data.path())?;
        let key = Arc::new(NodeKey::load_or_create(data.path())?);
        let tls = config
            .tls
            .as_ref()
            .map(|tls| acceptor(&tls.cert, &tls.key))
            .transpose()?;
        let listener = accept::listen(config.listen)
            .with_context(|| format!("cannot listen on {}", config.listen))?;
        let address = listener.local_addr()?;
        let admin = match config.admin_listen {
            Some(at) => {
                let bound = accept::listen(at);
                Some(bound.with_context(|| format!("cannot listen on {at} for [admin]"))?)
            }
            None => None,
        };
        let (signaling, notices) = Signaling::start(pleniere_signaling::Config {
            media_port: config.media_port,
            listen: if config.listen.ip().is_unspecified() {
                Vec::new()
            } else {
                vec![config.listen.ip()]
            },
            public_addresses: config.public_addresses.clone(),
            ice_links: config.ice_servers.iter().map(IceServer::link).collect(),
            ..Default::default()
        })
        .context("the media port")?;
        let mut houses = Vec::new();
        for (event, file) in events.into_iter().zip(files) {
            let node = Shared {
                config: &config,
                data: &data,
                key: &key,
                signaling: &signaling,
            };
            houses.push(open(event, file, &node, rehearsal).await?);
        }
        let stop = CancellationToken::new();
        let (has_tls, traffic) = (tls.is_some(), Arc::new(Traffic::default()));
        let front = tokio::spawn(accept::serve(
            listener,
            tls,
            http::router(houses.clone()),
            Arc::clone(&traffic),
            stop.clone(),
        ));
        let metered = Metered {
            houses: houses.clone(),
            traffic,
        };
        let admin = admin.map(|listener| {
            let (app, stop) = (metrics::router(metered), stop.clone());
            tokio::spawn(accept::serve(listener, None, app, Arc::default(), stop))
        });
        let switchboard = tokio::spawn(switchboard(notices, houses.clone()));
        Ok(Self {
            address,
            houses,
            key,
            data,
            tls: has_tls,
            signaling,
            stop,
            front,
            admin,
            switchboard,
        })
    }

    /// `http://ADDR:PORT`, with an address a browser on this machine can open.
    pub fn base_url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        let host = match self.address.ip() {
            ip if !ip.is_unspecified() => self.address.to_string(),
            IpAddr::V4(_) => format!("127.0.0.1:{}", self.address.port()),
            IpAddr::V6(_) => format!("[::1]:{}", self.address.port()),
        };
        format!("{scheme}://{host}")
    }

    /// Waits until every programme runs, then prints `ready …` on standard output.
    ///
    /// # Errors
    /// The data folder cannot be written.
    pub async fn announce(&self) -> anyhow::Result<()> {
        self.data.announce_base_url(&self.base_url())?;
        let until = tokio::time::Instant::now() + READY_WITHIN;
        while !self.houses.iter().all(|house| house.is_ready()) {
            if tokio::time::Instant::now() > until {
                eprintln!(
                    "pleniere: no programme engine after {READY_WITHIN:?}; questions work, the picture does not. `pleniere doctor` says what is missing."
                );
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        println!("ready {}/", self.base_url());
        Ok(())
    }

    /// Drains: no new connection, journals and recordings closed.
    pub async fn close(self) {
        self.stop.cancel();
        for house in &self.houses {
            house.close().await;
        }
        self.signaling.shutdown().await;
        let _ = self.front.await;
        if let Some(admin) = self.admin {
            let _ = admin.await;
        }
        self.switchboard.abort();
    }
}

/// What the events of a node share.
struct Shared<'n> {
    config: &'n NodeConfig,
    data: &'n DataDir,
    key: &'n Arc<NodeKey>,
    signaling: &'n Signaling,
}

async fn open(
    event: Event,
    file: &Path,
    node: &Shared<'_>,
    rehearsal: Option<i64>,
) -> anyhow::Result<Arc<House>> {
    let data = node.data;
    // What was rehearsed is not part of the event.
    if rehearsal.is_none() && past::is_kept(data, &event.id) {
        past::put_aside(data, &event.id)?;
    }
    data.create(&data.event(&event.id))?;
    keep_copy(file, &data.event_file(&event.id))
        .with_context(|| format!("cannot keep a copy of {}", file.display()))?;
    let times = rehearsal.map_or_else(|| event.session_times(), |begins| event.shifted_to(begins));
    let starts = times.iter().map(|time| time.starts_ms).collect();
    let id = event.id.clone();
    House::open(
        Opening {
            event,
            data: data.clone(),
            key: Arc::clone(node.key),
            engine: engine()?,
            rehearsal: rehearsal.is_some(),
            redis: node.config.redis.clone(),
            connections_per_address: node.config.connections_per_address,
            starts,
        },
        node.signaling,
    )
    .await
    .with_context(|| format!("event “{id}”"))
}

/// Two events of one id would share their addresses and their folder.
fn each_once(events: &[Event], files: &[PathBuf]) -> anyhow::Result<()> {
    let mut ids = BTreeSet::new();
    for (event, file) in events.iter().zip(files) {
        anyhow::ensure!(
            ids.insert(&event.id),
            "{}: found the id `{}` again; expected each event once",
            file.display(),
            event.id
        );
    }
    Ok(())
}

/// Copies an event file into the data folder, whole or not at all. The file may be that very copy.
fn keep_copy(file: &Path, kept: &Path) -> std::io::Result<()> {
    let text = std::fs::read(file)?;
    let fresh = kept.with_extension("toml.new");
    std::fs::write(&fresh, text)?;
    std::fs::rename(fresh, kept)
}

/// The forwarding unit serves every event; each hears of its own seats.
async fn switchboard(
    mut notices: mpsc::Receiver<pleniere_signaling::Notice>,
    houses: Vec<Arc<House>>,
) {
    while let Some(notice) = notices.recv().await {
        if let Some(house) = houses.iter().find(|house| house.id() == event_of(&notice)) {
            house.hear_signaling(&notice).await;
        }
    }
}

fn event_of(notice: &pleniere_signaling::Notice) -> &str {
    use pleniere_signaling::Notice;
    match notice {
        Notice::Publishing { event, .. }
        | Notice::Lost { event, .. }
        | Notice::ProgrammeKeyframeWanted { event }
        | Notice::Stats { event, .. }
        | Notice::Players { event, .. } => event,
        _ => "",
    }
}

/// `pleniere-engine` stands beside this program.
///
/// # Errors
/// This program's own path is not known.
pub fn engine() -> anyhow::Result<PathBuf> {
    Ok(std::env::current_exe()
        .context("where is this program?")?
        .with_file_name("pleniere-engine"))
}

fn acceptor(cert: &Path, key: &Path) -> anyhow::Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read the certificate {}", cert.display()))?;
    let key_der = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("cannot read the private key {}", key.display()))?;
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .context("certificate and private key do not go together")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Logs go to standard error, `RUST_LOG` chooses; `info` is what an operator cares about.
pub fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        "info,webrtc=error,rtc=error,rtc_dtls=error,rtc_ice=error,str0m=warn".into()
    });
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init();
}

/// The runtime of HTTP and WebSocket; media has threads of its own.
///
/// # Errors
/// The system gives no threads.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

/// Returns at SIGTERM or Ctrl-C.
pub async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let term = async {
        match signal(SignalKind::terminate()) {
            Ok(mut term) => {
                term.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = term => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_named_twice_is_refused() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/events/grand-est.toml");
        let event = Event::load(&file).unwrap();
        let files = [file.clone(), file];
        assert!(each_once(std::slice::from_ref(&event), &files).is_ok());
        let refused = each_once(&[event.clone(), event], &files).unwrap_err();
        assert!(
            refused.to_string().contains("`grand-est` again"),
            "{refused}"
        );
    }

    #[test]
    fn an_event_started_from_its_own_copy_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let (file, kept) = (
            folder.path().join("mine.toml"),
            folder.path().join("event.toml"),
        );
        std::fs::write(&file, "title").unwrap();
        keep_copy(&file, &kept).unwrap();
        keep_copy(&kept, &kept).unwrap();
        assert_eq!(std::fs::read_to_string(&kept).unwrap(), "title");
    }
}
