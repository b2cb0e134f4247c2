//! The settings of a node: where it listens, where it keeps things, which events it serves.
//!
//! Precedence: flag, environment (`PLENIERE__SECTION__KEY`), TOML file, default. All three sources are read strictly.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::event_file::read_text;
use crate::ice_server::IceServer;
use crate::mistake::{Mistake, Mistakes};
use crate::schema::{Kind, Report, Section, parsed, shortened, text, whole};
use crate::suggest::nearest;

/// Everything a node needs to know before it opens a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeConfig {
    /// HTTP; `127.0.0.1:8080` unless said. Port 0 = any free one.
    pub listen: SocketAddr,
    /// WebRTC media, UDP and TCP; 8190 unless said. 0 = any free one.
    pub media_port: u16,
    /// Addresses offered to browsers and encoders besides the machine's own: those of a NAT or a load balancer.
    pub public_addresses: Vec<IpAddr>,
    /// STUN and TURN servers that browsers and encoders are told of; none unless said.
    pub ice_servers: Vec<IceServer>,
    /// The data folder; `data` unless said.
    pub data: PathBuf,
    /// Certificate and key for HTTPS; plain HTTP without.
    pub tls: Option<Tls>,
    /// Metrics and administration; not served unless said.
    pub admin_listen: Option<SocketAddr>,
    /// Where the questions of all events are kept when not in each event's own file.
    pub redis: Option<RedisUrl>,
    /// WebSockets from one IPv4 address, or one IPv6 network of 64 bits, at once; 512 unless said.
    pub connections_per_address: u32,
    /// Event files to serve.
    pub events: Vec<PathBuf>,
}

/// The address of a Redis. Shows itself without what is secret in it.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl(String);

impl RedisUrl {
    /// What such an address looks like.
    pub const EXPECTED: &str =
        "redis://[NAME:PASSWORD@]HOST[:PORT][/DATABASE], rediss://... or unix:/PATH";

    /// The whole address, password included: for the connection alone.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl FromStr for RedisUrl {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let rest = ["redis://", "rediss://", "unix:"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme));
        let whole = rest.is_some_and(|rest| !rest.is_empty());
        let plain = text.chars().all(|c| c.is_ascii_graphic());
        (whole && plain).then(|| Self(text.to_owned())).ok_or(())
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once(':').unwrap_or_default();
        let rest = rest
            .rsplit_once('@')
            .map_or_else(|| rest.to_owned(), |(_, place)| format!("//{place}"));
        // A socket's address may carry its password as a query.
        let place = rest.split('?').next().unwrap_or_default();
        write!(f, "{scheme}:{place}")
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Serialize for RedisUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// PEM files for HTTPS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tls {
    /// The certificate chain.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// One source's settings; what it does not say is `None` or empty. Flags fill one directly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--listen`
    pub listen: Option<SocketAddr>,
    /// `--media-port`
    pub media_port: Option<u16>,
    /// `--public-address`, each
    pub public_addresses: Vec<IpAddr>,
    /// `[[media.ice_servers]]`, each
    pub ice_servers: Vec<IceServer>,
    /// `--data`
    pub data: Option<PathBuf>,
    /// `--tls-cert`
    pub tls_cert: Option<PathBuf>,
    /// `--tls-key`
    pub tls_key: Option<PathBuf>,
    /// `--admin-listen`
    pub admin_listen: Option<SocketAddr>,
    /// `--redis`
    pub redis: Option<RedisUrl>,
    /// `[limits] connections_per_address`
    pub connections_per_address: Option<u32>,
    /// `--event`, each
    pub events: Vec<PathBuf>,
}

const ROOT: &[&str] = &["node", "http", "media", "admin", "redis", "limits"];
const NODE: &[&str] = &["data", "events"];
const HTTP: &[&str] = &["listen", "tls_cert", "tls_key"];
const MEDIA: &[&str] = &["port", "public_addresses", "ice_servers"];
const ICE_SERVER: &[&str] = &["url", "username", "credential"];
const ADMIN: &[&str] = &["listen"];
const REDIS: &[&str] = &["url"];
const LIMITS: &[&str] = &["connections_per_address"];
/// Connections one address may be given: the most one event takes in all.
const CONNECTIONS: RangeInclusive<u32> = 1..=60_000;

/// Every environment variable that is read, as `SECTION__KEY` after the prefix.
const VARIABLES: &[&str] = &[
    "NODE__DATA",
    "NODE__EVENTS",
    "HTTP__LISTEN",
    "HTTP__TLS_CERT",
    "HTTP__TLS_KEY",
    "MEDIA__PORT",
    "MEDIA__PUBLIC_ADDRESSES",
    "MEDIA__ICE_SERVERS",
    "ADMIN__LISTEN",
    "REDIS__URL",
    "LIMITS__CONNECTIONS_PER_ADDRESS",
];
const PREFIX: &str = "PLENIERE__";
const ADDRESS: &str = "an address and port, as 127.0.0.1:8080 or [::1]:8080";

impl NodeConfig {
    /// Joins flags, the environment of this process, and `file`; see [`NodeConfig::resolve`].
    ///
    /// # Errors
    /// Every mistake of the environment and of the file.
    pub fn load(file: Option<&Path>, flags: Overrides) -> Result<Self, Mistakes> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .map(|(name, value)| (name, value.to_string_lossy().into_owned()));
        Self::resolve(flags, environment, file)
    }

    /// Joins flags, environment and file. `environment` may hold every variable of the process; only those that begin with
    /// `PLENIERE__` are looked at. Relative paths in the file are relative to its folder.
    ///
    /// # Errors
    /// Every mistake of the environment and of the file.
    pub fn resolve(
        flags: Overrides,
        environment: impl IntoIterator<Item = (String, String)>,
        file: Option<&Path>,
    ) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        let environment = from_environment(environment, &mut mistakes);
        let file = match file.map(from_file) {
            None => Overrides::default(),
            Some(Ok(settings)) => settings,
            Some(Err(found)) => {
                mistakes.extend(found);
                Overrides::default()
            }
        };
        let settings = flags.over(environment).over(file);
        let tls = tls(&settings, &mut mistakes);
        match Mistakes::of(mistakes) {
            Some(mistakes) => Err(mistakes),
            None => Ok(Self::from_settings(settings, tls)),
        }
    }

    fn from_settings(settings: Overrides, tls: Option<Tls>) -> Self {
        Self {
            listen: settings
                .listen
                .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
            media_port: settings.media_port.unwrap_or(8190),
            public_addresses: settings.public_addresses,
            ice_servers: settings.ice_servers,
            data: settings.data.unwrap_or_else(|| PathBuf::from("data")),
            tls,
            admin_listen: settings.admin_listen,
            redis: settings.redis,
            connections_per_address: settings.connections_per_address.unwrap_or(512),
            events: settings.events,
        }
    }
}

impl Overrides {
    /// These settings, and `lower` where they say nothing.
    fn over(self, lower: Self) -> Self {
        let longer = |own: Vec<PathBuf>, other| if own.is_empty() { other } else { own };
        Self {
            listen: self.listen.or(lower.listen),
            media_port: self.media_port.or(lower.media_port),
            public_addresses: if self.public_addresses.is_empty() {
                lower.public_addresses
            } else {
                self.public_addresses
            },
            ice_servers: if self.ice_servers.is_empty() {
                lower.ice_servers
            } else {
                self.ice_servers
            },
            data: self.data.or(lower.data),
            tls_cert: self.tls_cert.or(lower.tls_cert),
            tls_key: self.tls_key.or(lower.tls_key),
            admin_listen: self.admin_listen.or(lower.admin_listen),
            redis: self.redis.or(lower.redis),
            connections_per_address: self
                .connections_per_address
                .or(lower.connections_per_address),
            events: longer(self.events, lower.events),
        }
    }
}

fn tls(settings: &Overrides, mistakes: &mut Vec<Mistake>) -> Option<Tls> {
    match (&settings.tls_cert, &settings.tls_key) {
        (Some(cert), Some(key)) => Some(Tls {
            cert: cert.clone(),
            key: key.clone(),
        }),
        (None, None) => None,
        (Some(_), None) => {
            mistakes.push(said(
                "settings",
                "tls_cert without tls_key",
                "both, or neither",
            ));
            None
        }
        (None, Some(_)) => {
            mistakes.push(said(
                "settings",
                "tls_key without tls_cert",
                "both, or neither",
            ));
            None
        }
    }
}

fn said(file: &str, found: impl Into<String>, expected: impl Into<String>) -> Mistake {
    Mistake {
        file: file.to_owned(),
        line: 0,
        found: found.into(),
        expected: expected.into(),
        suggestion: None,
    }
}

fn from_file(path: &Path) -> Result<Overrides, Mistakes> {
    let name = path.display().to_string();
    let text = read_text(path, &name, "a settings file")?;
    let (mut report, root) = Report::open(&name, &text);
    let folder = path.parent().unwrap_or(Path::new(""));
    let settings = settings(
        &Section::open(root.get_ref(), 0..0, "the settings", ROOT, &mut report),
        folder,
        &mut report,
    );
    report.close(Some(settings))
}

fn settings(file: &Section<'_, '_>, folder: &Path, r: &mut Report<'_>) -> Overrides {
    let mut settings = Overrides::default();
    let path = |text: String| folder.join(text);
    if let Some(node) = file.table("node", NODE, r) {
        settings.data = node.optional("data", &path_kind(), r).map(path);
        settings.events = node
            .list("events", &path_kind(), 0..=100, r)
            .into_iter()
            .map(|(text, _)| path(text))
            .collect();
    }
    if let Some(http) = file.table("http", HTTP, r) {
        settings.listen = http.optional("listen", &address_kind(), r);
        settings.tls_cert = http.optional("tls_cert", &path_kind(), r).map(path);
        settings.tls_key = http.optional("tls_key", &path_kind(), r).map(path);
    }
    if let Some(media) = file.table("media", MEDIA, r) {
        let port = media.optional("port", &whole(0..=u32::from(u16::MAX)), r);
        settings.media_port = port.and_then(|port| u16::try_from(port).ok());
        let ip = parsed("an IP address", |text| text.parse().ok());
        let addresses = media.list("public_addresses", &ip, 0..=16, r);
        settings.public_addresses = addresses.into_iter().map(|(address, _)| address).collect();
        settings.ice_servers = ice_servers(&media, r);
    }
    if let Some(admin) = file.table("admin", ADMIN, r) {
        settings.admin_listen = admin.optional("listen", &address_kind(), r);
    }
    if let Some(redis) = file.table("redis", REDIS, r) {
        settings.redis = redis.optional("url", &redis_kind(), r);
    }
    if let Some(limits) = file.table("limits", LIMITS, r) {
        let most = limits.optional("connections_per_address", &whole(CONNECTIONS), r);
        settings.connections_per_address = most;
    }
    settings
}

fn ice_servers(media: &Section<'_, '_>, r: &mut Report<'_>) -> Vec<IceServer> {
    let tables = media.tables("ice_servers", ICE_SERVER, 0..=8, r);
    let servers = tables.iter().filter_map(|table| {
        let url = table.required("url", &text(1..=300), r)?;
        // Not trimmed and not repeated: these are secrets.
        let secret = hidden_kind();
        let username = table.optional("username", &secret, r);
        let credential = table.optional("credential", &secret, r);
        let server = IceServer::new(&url, username.as_deref(), credential.as_deref());
        let mistake = server.as_ref().err().map(ToString::to_string);
        if let Some(expected) = mistake {
            r.add(
                &table.place("url"),
                format!("\"{}\"", shortened(&url)),
                expected,
            );
        }
        server.ok()
    });
    servers.collect()
}

fn hidden_kind() -> Kind<String> {
    Kind::new("text", |value| match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(Some("something else".to_owned())),
    })
}

fn address_kind() -> Kind<SocketAddr> {
    parsed(ADDRESS, |text| text.parse().ok())
}

/// What is found is not repeated: there may be a password in it.
fn redis_kind() -> Kind<RedisUrl> {
    Kind::new(RedisUrl::EXPECTED, |value| {
        let text = value.as_str().ok_or(None)?;
        let hidden = |()| Some("something else".to_owned());
        text.parse().map_err(hidden)
    })
}

fn path_kind() -> Kind<String> {
    text(1..=1000)
}

fn from_environment(
    variables: impl IntoIterator<Item = (String, String)>,
    mistakes: &mut Vec<Mistake>,
) -> Overrides {
    let mut settings = Overrides::default();
    for (name, value) in variables {
        if let Some(key) = name.strip_prefix(PREFIX)
            && let Err(mistake) = from_variable(key, &value, &mut settings)
        {
            mistakes.push(*mistake);
        }
    }
    settings
}

fn from_variable(key: &str, value: &str, settings: &mut Overrides) -> Result<(), Box<Mistake>> {
    let items = || {
        value
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
    };
    match key {
        "NODE__DATA" => settings.data = Some(value.into()),
        "NODE__EVENTS" => settings.events = items().map(PathBuf::from).collect(),
        "HTTP__LISTEN" => settings.listen = Some(read(key, value, ADDRESS)?),
        "HTTP__TLS_CERT" => settings.tls_cert = Some(value.into()),
        "HTTP__TLS_KEY" => settings.tls_key = Some(value.into()),
        "MEDIA__PORT" => settings.media_port = Some(read(key, value, "a port, 0 to 65535")?),
        "MEDIA__PUBLIC_ADDRESSES" => {
            let addresses =
                items().map(|item| read(key, item, "IP addresses, separated by commas"));
            settings.public_addresses = addresses.collect::<Result<_, _>>()?;
        }
        "MEDIA__ICE_SERVERS" => {
            let read = |item: &str| {
                item.parse::<IceServer>().map_err(|error| {
                    let found = format!("{PREFIX}{key} with something else");
                    let expected =
                        format!("URL or URL USERNAME CREDENTIAL, separated by commas: {error}");
                    Box::new(said("environment", found, expected))
                })
            };
            settings.ice_servers = items().map(read).collect::<Result<_, _>>()?;
        }
        "ADMIN__LISTEN" => settings.admin_listen = Some(read(key, value, ADDRESS)?),
        "REDIS__URL" => {
            let hidden = |()| {
                let found = format!("{PREFIX}{key} with something else");
                Box::new(said("environment", found, RedisUrl::EXPECTED))
            };
            settings.redis = Some(value.trim().parse().map_err(hidden)?);
        }
        "LIMITS__CONNECTIONS_PER_ADDRESS" => {
            let expected = "a whole number from 1 to 60000";
            let most: u32 = read(key, value, expected)?;
            if !CONNECTIONS.contains(&most) {
                let found = format!("{PREFIX}{key}=\"{value}\"");
                return Err(Box::new(said("environment", found, expected)));
            }
            settings.connections_per_address = Some(most);
        }
        _ => {
            let meant =
                nearest(key, VARIABLES.iter().copied()).map(|word| format!("{PREFIX}{word}"));
            let known: Vec<String> = VARIABLES
                .iter()
                .map(|word| format!("{PREFIX}{word}"))
                .collect();
            let found = format!("unknown variable `{PREFIX}{key}`");
            let unknown = said("environment", found, format!("one of {}", known.join(", ")));
            return Err(Box::new(Mistake {
                suggestion: meant,
                ..unknown
            }));
        }
    }
    Ok(())
}

fn read<T: std::str::FromStr>(key: &str, value: &str, expected: &str) -> Result<T, Box<Mistake>> {
    let wrong = |_| {
        Box::new(said(
            "environment",
            format!("{PREFIX}{key}=\"{value}\""),
            expected,
        ))
    };
    value.trim().parse().map_err(wrong)
}
