//! `pleniere doctor`: what this machine lacks, each with the command that mends it. Changes nothing, and runs where GStreamer
//! is missing or broken.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use pleniere_config::NodeConfig;
use pleniere_moderation::journal::{Durability, Journal as _, JournalError, RedisJournal};
use serde::Deserialize;

use crate::serve::{NodeArgs, runtime};

/// Say what this machine lacks and the command that mends it.
#[derive(clap::Args, Debug)]
pub struct DoctorArgs {
    #[command(flatten)]
    node: NodeArgs,
}

/// Below this an event cannot be recorded: 20 minutes at the rate below.
const LEAST_DISK: u64 = 512 << 20;
/// Below this a day's event may not fit.
const GOOD_DISK: u64 = 15 << 30;
/// What a recording takes: 720p, 360p and sound at 3.6 Mbit/s together.
const RECORDED_PER_HOUR: u64 = 1_620_000_000;
/// A connection takes one descriptor; 10,000 viewers and the rest of the process.
const GOOD_DESCRIPTORS: u64 = 16_384;
/// Below this a rehearsal alone may run out.
const LEAST_DESCRIPTORS: u64 = 1_024;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// As it should be.
    Good,
    /// Works, but look at it.
    Look,
    /// Nothing runs without it.
    Missing,
}

/// One thing looked at.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    level: Level,
    what: String,
    /// The command that mends it.
    mend: Option<String>,
}

impl Finding {
    fn good(what: impl Into<String>) -> Self {
        let what = what.into();
        Self {
            level: Level::Good,
            what,
            mend: None,
        }
    }

    fn look(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            level: Level::Look,
            what: what.into(),
            mend: Some(mend.into()),
        }
    }

    fn missing(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            level: Level::Missing,
            what: what.into(),
            mend: Some(mend.into()),
        }
    }
}

/// Prints every finding; exit code 1 when something essential is missing.
///
/// # Errors
/// The settings have mistakes, or standard output is closed.
pub fn run(args: DoctorArgs) -> anyhow::Result<ExitCode> {
    let config = args.node.config()?;
    let mut findings = engine();
    findings.extend(ports(&config));
    findings.extend(certificate(&config));
    findings.extend(redis(&config)?);
    findings.push(disk(&config.data));
    findings.push(clock());
    findings.push(descriptors());
    findings.push(processors());
    print(&findings)?;
    let missing = findings.iter().any(|f| f.level == Level::Missing);
    Ok(if missing {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn print(findings: &[Finding]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for finding in findings {
        let word = match finding.level {
            Level::Good => "good",
            Level::Look => "look",
            Level::Missing => "MISSING",
        };
        writeln!(out, "{word:<8} {}", finding.what)?;
        if let Some(mend) = &finding.mend {
            writeln!(out, "         -> {mend}")?;
        }
    }
    Ok(())
}

/// What `pleniere-engine doctor` prints, as far as it is needed here.
#[derive(Deserialize)]
struct EngineReport {
    gstreamer: String,
    ok: bool,
    elements: Vec<Element>,
}

#[derive(Deserialize)]
struct Element {
    element: String,
    present: bool,
    optional: bool,
    package: String,
    used_for: String,
}

/// Asks the engine beside this program; where it cannot run, GStreamer's own tool.
fn engine() -> Vec<Finding> {
    let beside = std::env::current_exe().ok();
    let engine = beside.map(|exe| exe.with_file_name("pleniere-engine"));
    let Some(engine) = engine.filter(|path| path.is_file()) else {
        let absent = Finding::missing(
            "the engine `pleniere-engine` beside `pleniere`",
            "make build",
        );
        return std::iter::once(absent).chain(inspected()).collect();
    };
    let output = Command::new(&engine).arg("doctor").output();
    let report = output
        .as_ref()
        .ok()
        .and_then(|output| serde_json::from_slice(&output.stdout).ok());
    match report {
        Some(report) => engine_findings(&report),
        None => {
            let said = match output {
                Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
                Err(error) => error.to_string(),
            };
            let last = said.lines().last().unwrap_or("it printed nothing");
            let broken = Finding::missing(
                format!("the engine does not run: {last}"),
                "sudo apt-get install libgstreamer1.0-0 libgstreamer-plugins-base1.0-0, then make build",
            );
            std::iter::once(broken).chain(inspected()).collect()
        }
    }
}

fn engine_findings(report: &EngineReport) -> Vec<Finding> {
    let (present, absent): (Vec<_>, Vec<_>) = report.elements.iter().partition(|e| e.present);
    let mut findings = vec![Finding::good(format!(
        "{}, {} of {} elements",
        report.gstreamer,
        present.len(),
        report.elements.len()
    ))];
    // Both encoders are optional, one of them is not.
    let encoder = present
        .iter()
        .any(|e| matches!(e.element.as_str(), "x264enc" | "openh264enc"));
    for element in absent {
        let what = format!(
            "GStreamer element {}: {}",
            element.element, element.used_for
        );
        let mend = if element.package.starts_with("gstreamer") {
            format!("sudo apt-get install {}", element.package)
        } else {
            "make build".to_owned()
        };
        let is_encoder = element.element.ends_with("264enc");
        let spared = element.optional && (encoder || !is_encoder);
        findings.push(if spared {
            Finding::look(what, mend)
        } else {
            Finding::missing(what, mend)
        });
    }
    if !report.ok && findings.iter().all(|f| f.level != Level::Missing) {
        findings.push(Finding::missing(
            "the engine says it cannot run",
            "make build",
        ));
    }
    findings
}

/// One element of each package, asked of `gst-inspect-1.0`: enough to say which package is missing.
const SAMPLES: &[(&str, &str)] = &[
    ("compositor", "gstreamer1.0-plugins-base"),
    ("rtpbin", "gstreamer1.0-plugins-good"),
    ("h264parse", "gstreamer1.0-plugins-bad"),
    ("x264enc", "gstreamer1.0-plugins-ugly"),
    ("avdec_h264", "gstreamer1.0-libav"),
];

fn inspected() -> Vec<Finding> {
    let inspect = |element: &str| {
        let mut command = Command::new("gst-inspect-1.0");
        command.args(["--exists", element]).output()
    };
    let mut findings = Vec::new();
    for (element, package) in SAMPLES {
        match inspect(element) {
            Ok(output) if output.status.success() => {
                findings.push(Finding::good(format!("GStreamer element {element}")));
            }
            Ok(_) => findings.push(Finding::missing(
                format!("GStreamer element {element}"),
                format!("sudo apt-get install {package}"),
            )),
            Err(_) => {
                return vec![Finding::missing(
                    "GStreamer, or its tool gst-inspect-1.0",
                    "make set-up",
                )];
            }
        }
    }
    findings
}

fn ports(config: &NodeConfig) -> Vec<Finding> {
    let ours = answers_as_node(config.listen);
    let mut findings = vec![port(
        "TCP",
        config.listen,
        TcpListener::bind(config.listen).err(),
        ours,
        "--listen",
    )];
    let media = SocketAddr::new(config.listen.ip(), config.media_port);
    findings.push(port(
        "UDP",
        media,
        UdpSocket::bind(media).err(),
        ours,
        "--media-port",
    ));
    findings.push(port(
        "TCP",
        media,
        TcpListener::bind(media).err(),
        ours,
        "--media-port",
    ));
    findings
}

fn port(kind: &str, at: SocketAddr, error: Option<io::Error>, ours: bool, flag: &str) -> Finding {
    let Some(error) = error else {
        return Finding::good(format!("{kind} port {} on {} is free", at.port(), at.ip()));
    };
    let letter = if kind == "TCP" { "t" } else { "u" };
    match error.kind() {
        io::ErrorKind::AddrInUse if ours => {
            Finding::good(format!("{kind} port {} is used by this node", at.port()))
        }
        io::ErrorKind::AddrInUse => Finding::missing(
            format!("{kind} port {} is used by another program", at.port()),
            format!(
                "ss -l{letter}np 'sport = :{}'   (stop it, or choose another with {flag})",
                at.port()
            ),
        ),
        io::ErrorKind::PermissionDenied => Finding::missing(
            format!("{kind} port {} is below 1024 and needs a right", at.port()),
            "sudo setcap cap_net_bind_service=+ep target/release/pleniere   (or a reverse proxy)",
        ),
        io::ErrorKind::AddrNotAvailable => Finding::missing(
            format!("{} is no address of this machine", at.ip()),
            format!("ip -brief address   (choose one with {flag})"),
        ),
        _ => Finding::missing(
            format!("{kind} port {} cannot be opened: {error}", at.port()),
            format!("choose another with {flag}"),
        ),
    }
}

/// Whether a node of ours already answers there.
fn answers_as_node(at: SocketAddr) -> bool {
    let wait = Duration::from_secs(1);
    let asked = || -> io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&at, wait)?;
        stream.set_read_timeout(Some(wait))?;
        stream.set_write_timeout(Some(wait))?;
        stream
            .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0u8; 16];
        let read = stream.read(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer[..read]).into_owned())
    };
    at.port() != 0 && asked().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// Whether the Redis answers, and what is lost when it dies.
fn redis(config: &NodeConfig) -> anyhow::Result<Option<Finding>> {
    let Some(url) = &config.redis else {
        return Ok(None);
    };
    let durability = runtime()?.block_on(async {
        let journal = RedisJournal::open(url.secret(), "doctor").await?;
        let durability = journal.durability();
        journal.close().await;
        Ok::<_, JournalError>(durability)
    });
    Ok(Some(match durability {
        Ok(Durability::Always) => Finding::good(format!("Redis at {url}: {}", Durability::Always)),
        Ok(durability) => Finding::look(
            format!("Redis at {url}: {durability}"),
            "redis-cli CONFIG SET appendonly yes; redis-cli CONFIG SET appendfsync always; redis-cli CONFIG REWRITE",
        ),
        Err(error) => Finding::missing(error.to_string(), "redis-cli PING; see `[redis] url`"),
    }))
}

fn certificate(config: &NodeConfig) -> Vec<Finding> {
    let Some(tls) = &config.tls else {
        return vec![Finding::look(
            "no certificate: cameras in browsers work on this machine only",
            "--tls-cert FILE --tls-key FILE   (or a reverse proxy with HTTPS)",
        )];
    };
    let readable = |path: &Path| match fs::File::open(path) {
        Ok(_) => Finding::good(format!("{} can be read", path.display())),
        Err(error) => Finding::missing(
            format!("{} cannot be read: {error}", path.display()),
            format!("ls -l '{}'", path.display()),
        ),
    };
    vec![readable(&tls.cert), readable(&tls.key)]
}

fn disk(data: &Path) -> Finding {
    let folder = nearest_existing(data);
    let output = Command::new("df")
        .args(["--output=avail", "-B1"])
        .arg(&folder)
        .output();
    let free = output.ok().and_then(|output| free_bytes(&output.stdout));
    match free {
        Some(free) => disk_finding(&folder, free),
        None => Finding::look(
            format!("cannot tell the free space of {}", folder.display()),
            format!("df -h '{}'", folder.display()),
        ),
    }
}

/// The number under the heading of `df --output=avail`.
fn free_bytes(printed: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(printed).ok()?;
    text.lines().nth(1)?.trim().parse().ok()
}

fn disk_finding(folder: &Path, free: u64) -> Finding {
    let what = format!(
        "{:.1} GB free in {}: {} h of recording",
        free as f64 / 1e9,
        folder.display(),
        free / RECORDED_PER_HOUR
    );
    let mend = format!(
        "df -h '{}'   (make room, or choose another disk with --data)",
        folder.display()
    );
    match free {
        free if free < LEAST_DISK => Finding::missing(what, mend),
        free if free < GOOD_DISK => Finding::look(what, mend),
        _ => Finding::good(what),
    }
}

fn nearest_existing(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let whole = here.join(path);
    let found = whole.ancestors().find(|folder| folder.is_dir());
    found.map_or(here, Path::to_path_buf)
}

/// Chapters and links carry the wall clock; a machine that drifts dates them wrongly.
fn clock() -> Finding {
    let output = Command::new("timedatectl")
        .args(["show", "--property=NTPSynchronized", "--value"])
        .output();
    let said = output
        .ok()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    match said.as_deref() {
        Some("yes") => Finding::good("the clock is synchronised"),
        Some("no") => Finding::look(
            "the clock is not synchronised",
            "sudo apt-get install systemd-timesyncd && sudo timedatectl set-ntp true",
        ),
        _ => Finding::look(
            "cannot tell whether the clock is synchronised (in a container the host's is used)",
            "timedatectl   (on the host)",
        ),
    }
}

fn descriptors() -> Finding {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    match descriptor_limit(&limits) {
        Some(limit) => descriptor_finding(limit),
        None => Finding::look("cannot tell how many files may be open", "ulimit -n"),
    }
}

/// The soft limit of open files in `/proc/self/limits`.
fn descriptor_limit(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    let soft = line.split_whitespace().next()?;
    if soft == "unlimited" {
        Some(u64::MAX)
    } else {
        soft.parse().ok()
    }
}

fn descriptor_finding(limit: u64) -> Finding {
    let what = match limit {
        u64::MAX => "any number of files may be open".to_owned(),
        limit => format!("{limit} files may be open, one for each person connected"),
    };
    let mend = "ulimit -n 65536   (in a systemd unit: LimitNOFILE=65536)";
    match limit {
        limit if limit < LEAST_DESCRIPTORS => Finding::missing(what, mend),
        limit if limit < GOOD_DESCRIPTORS => Finding::look(what, mend),
        _ => Finding::good(what),
    }
}

fn processors() -> Finding {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let what = format!("{count} processor{}", if count == 1 { "" } else { "s" });
    if count < 2 {
        return Finding::look(
            format!("{what}: a rehearsal with seven rooms needs two"),
            "pleniere rehearse --sites 2 EVENT.toml",
        );
    }
    Finding::good(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(absent: &[&str]) -> EngineReport {
        let element = |name: &str, package: &str, optional| Element {
            element: name.into(),
            present: !absent.contains(&name),
            optional,
            package: package.into(),
            used_for: "tests".into(),
        };
        EngineReport {
            gstreamer: "GStreamer 1.22.0".into(),
            ok: true,
            elements: vec![
                element("compositor", "gstreamer1.0-plugins-base", false),
                element("x264enc", "gstreamer1.0-plugins-ugly", true),
                element("openh264enc", "gstreamer1.0-plugins-bad", true),
                element("cmafmux", "built in", false),
            ],
        }
    }

    fn worst(findings: &[Finding]) -> Vec<(Level, Option<&str>)> {
        findings[1..]
            .iter()
            .map(|f| (f.level, f.mend.as_deref()))
            .collect()
    }

    #[test]
    fn a_missing_element_names_its_package() {
        assert_eq!(engine_findings(&report(&[])).len(), 1);
        let found = engine_findings(&report(&["compositor"]));
        let command = "sudo apt-get install gstreamer1.0-plugins-base";
        assert_eq!(worst(&found), [(Level::Missing, Some(command))]);
        let found = engine_findings(&report(&["cmafmux"]));
        assert_eq!(worst(&found), [(Level::Missing, Some("make build"))]);
    }

    #[test]
    fn one_encoder_is_enough_and_none_is_not() {
        let found = engine_findings(&report(&["x264enc"]));
        assert!(found.iter().all(|f| f.level != Level::Missing));
        let found = engine_findings(&report(&["x264enc", "openh264enc"]));
        assert_eq!(
            found.iter().filter(|f| f.level == Level::Missing).count(),
            2
        );
    }

    #[test]
    fn an_engine_that_says_no_is_believed() {
        let found = engine_findings(&EngineReport {
            ok: false,
            ..report(&[])
        });
        assert_eq!(worst(&found), [(Level::Missing, Some("make build"))]);
    }

    #[test]
    fn a_taken_port_is_found() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = taken.local_addr().unwrap();
        let found = port("TCP", at, TcpListener::bind(at).err(), false, "--listen");
        assert_eq!(found.level, Level::Missing);
        assert!(found.mend.unwrap().contains("ss -ltnp"));
        let ours = port("TCP", at, TcpListener::bind(at).err(), true, "--listen");
        assert_eq!(ours.level, Level::Good);
    }

    #[test]
    fn tools_are_read_as_they_print() {
        assert_eq!(
            free_bytes(b"     Avail\n83483484160\n"),
            Some(83_483_484_160)
        );
        assert_eq!(free_bytes(b"nonsense"), None);
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 524288               files\n";
        assert_eq!(descriptor_limit(limits), Some(1024));
        assert_eq!(descriptor_limit(""), None);
        assert!(descriptor_limit(&fs::read_to_string("/proc/self/limits").unwrap()).is_some());
    }

    #[test]
    fn a_full_disk_is_essential_a_tight_one_is_not() {
        let level = |free| disk_finding(Path::new("/d"), free).level;
        assert_eq!(level(100 << 20), Level::Missing);
        assert_eq!(level(5 << 30), Level::Look);
        assert_eq!(level(80 << 30), Level::Good);
        assert_eq!(
            nearest_existing(Path::new("/none/such/folder")),
            Path::new("/")
        );
    }

    #[test]
    fn few_descriptors_are_said() {
        assert_eq!(descriptor_finding(256).level, Level::Missing);
        assert_eq!(descriptor_finding(4096).level, Level::Look);
        assert_eq!(descriptor_finding(65_536).level, Level::Good);
    }
}
