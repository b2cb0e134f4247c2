//! `pleniere rehearse`: a node like any other, with simulated rooms and scripted people on it. Everything between them is real:
//! WHIP, WebSocket, engine, origin, journal.

mod client;
pub mod past;
mod people;
mod rooms;
mod script;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use pleniere_config::{Claims, DataDir, Event, NodeKey, Role, SiteId};
use pleniere_media_core::link::RoomStart;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::unix_now;
use crate::house::House;
use crate::serve::{Node, NodeArgs, engine, runtime, start_log, stopped};
use people::{DIRECTOR, MODERATORS, Scene};
use rooms::{Rooms, RoomsConfig};
use script::Script;

/// Keys of a rehearsal are good for this long, in seconds.
const KEY_VALID_S: u64 = 3 * 24 * 3600;

/// Rehearse an event.
#[derive(clap::Args)]
pub struct RehearseArgs {
    /// The event file.
    event: PathBuf,
    /// How many rooms to simulate; all by default.
    #[arg(long, value_name = "N")]
    sites: Option<usize>,
    /// Feed the rooms with the video files of this folder instead of drawn pictures.
    #[arg(long, value_name = "DIR")]
    clips: Option<PathBuf>,
    /// How many people the scripted audience has; 0 = nobody asks.
    #[arg(long, value_name = "N", default_value_t = 8)]
    audience: usize,
    /// What the scripted people do, instead of the built-in script.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// End by itself after this time (`90s`, `10m`, `2h`).
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    time: Option<Duration>,
    #[command(flatten)]
    node: NodeArgs,
}

/// Rehearses until Ctrl-C, SIGTERM or the time asked for.
///
/// # Errors
/// As `serve`; or the script or the clips cannot be read.
pub fn run(args: RehearseArgs) -> anyhow::Result<ExitCode> {
    start_log();
    runtime()?.block_on(rehearse(args))
}

async fn rehearse(args: RehearseArgs) -> anyhow::Result<ExitCode> {
    let event = Event::load(&args.event)?;
    let script = Script::load(args.script.as_deref())?;
    let clips = args
        .clips
        .as_deref()
        .map(clips)
        .transpose()?
        .unwrap_or_default();
    let config = args.node.config()?;
    ensure!(
        config.tls.is_none(),
        "a rehearsal speaks plain HTTP to its own rooms: leave out --tls-cert and --tls-key"
    );
    let begins = past::begins(&DataDir::new(&config.data), &event.id)?;
    let node = Node::start(config, &[args.event], Some(begins)).await?;
    let house = Arc::clone(&node.houses[0]);
    house.go_live().await?;
    node.announce().await?;
    let links = Links {
        base: node.base_url(),
        event: &event,
        key: &node.key,
    };
    links.print()?;

    let stop = CancellationToken::new();
    let crew = TaskTracker::new();
    let server = local(node.address);
    let rooms = start_rooms(&event, args.sites, &clips, server, &links, &house).await?;
    let scene = Scene {
        server,
        event: event.id.to_string(),
        sites: event.sites.iter().map(|site| site.id.to_string()).collect(),
        sessions: event
            .sessions
            .iter()
            .map(|session| session.id.to_string())
            .collect(),
        publics: event
            .publics
            .iter()
            .map(|public| public.id.to_string())
            .collect(),
        themes: event
            .themes
            .iter()
            .map(|theme| theme.id.to_string())
            .collect(),
        script,
    };
    crew.spawn(people::director(
        scene.clone(),
        links.key(Role::Director, None, DIRECTOR)?,
        stop.clone(),
    ));
    for (number, name) in MODERATORS.into_iter().enumerate() {
        crew.spawn(people::moderator(
            scene.clone(),
            number,
            links.key(Role::Moderator, None, name)?,
            stop.clone(),
        ));
    }
    for seat in 0..args.audience {
        crew.spawn(people::listener(
            scene.clone(),
            seat,
            args.audience,
            stop.clone(),
        ));
    }
    tokio::select! {
        () = stopped() => {}
        () = wait(args.time) => {}
    }
    stop.cancel();
    crew.close();
    crew.wait().await;
    rooms.stop().await;
    node.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn start_rooms(
    event: &Event,
    count: Option<usize>,
    clips: &[PathBuf],
    server: SocketAddr,
    links: &Links<'_>,
    house: &Arc<House>,
) -> anyhow::Result<Rooms> {
    let mut rooms = Vec::new();
    for (at, site) in event
        .sites
        .iter()
        .enumerate()
        .take(count.unwrap_or(usize::MAX))
    {
        let start = RoomStart {
            id: pleniere_media_core::scene::SiteId(site.id.to_string()),
            name: site.name.clone(),
            number: site.number,
            clip: (!clips.is_empty()).then(|| clips[at % clips.len()].clone()),
        };
        rooms.push((
            start,
            links.key(Role::Site, Some(site.id.clone()), &site.name)?,
        ));
    }
    let base_url = format!("http://{server}/e/{}", event.id);
    let timezone = Some(event.timezone.name().to_owned());
    let live = Some(house.live());
    let rooms = Rooms::start(RoomsConfig {
        engine: engine()?,
        base_url,
        timezone,
        rooms,
        live,
    })
    .await?;
    let (house, mut seated) = (Arc::clone(house), rooms.seated());
    tokio::spawn(async move {
        while seated.changed().await.is_ok() {
            house.set_simulated(seated.borrow_and_update().iter().cloned());
        }
    });
    Ok(rooms)
}

/// Signs and prints the links of a rehearsal.
struct Links<'a> {
    base: String,
    event: &'a Event,
    key: &'a NodeKey,
}

impl Links<'_> {
    fn key(&self, role: Role, site: Option<SiteId>, name: &str) -> anyhow::Result<String> {
        let claims = Claims::new(
            self.event.id.clone(),
            role,
            site,
            Some(name.to_owned()),
            unix_now() + KEY_VALID_S,
        )?;
        Ok(self.key.sign(&claims))
    }

    fn print(&self) -> anyhow::Result<()> {
        let root = format!("{}/e/{}", self.base, self.event.id);
        let line = |what: &str, url: String| println!("{what:<22} {url}");
        line("viewer", format!("{root}/"));
        line("replay", format!("{root}/replay/"));
        line(
            "moderator",
            format!(
                "{root}/moderate#key={}",
                self.key(Role::Moderator, None, "Modération")?
            ),
        );
        line(
            "director",
            format!(
                "{root}/direct#key={}",
                self.key(Role::Director, None, "Régie")?
            ),
        );
        line(
            "stage",
            format!("{root}/stage#key={}", self.key(Role::Stage, None, "Scène")?),
        );
        for site in &self.event.sites {
            let key = self.key(Role::Site, Some(site.id.clone()), &site.name)?;
            line(
                &format!("site {}", site.name),
                format!("{root}/site/{}#key={key}", site.id),
            );
        }
        Ok(())
    }
}

/// The video files of a folder, by name.
fn clips(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir)
        .with_context(|| format!("cannot read the clips in {}", dir.display()))?;
    let video = |path: &PathBuf| {
        let kind = path
            .extension()
            .and_then(|kind| kind.to_str())
            .unwrap_or_default()
            .to_ascii_lowercase();
        ["mp4", "mkv", "webm", "mov", "m4v"].contains(&kind.as_str())
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(video)
        .collect();
    files.sort();
    ensure!(
        !files.is_empty(),
        "{} holds no video file (mp4, mkv, webm, mov)",
        dir.display()
    );
    Ok(files)
}

/// Where this machine reaches its own server.
fn local(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        _ => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    SocketAddr::new(ip, address.port())
}

async fn wait(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("“{text}” is no time: write 90s, 10m or 2h");
    let split = text
        .len()
        .checked_sub(1)
        .filter(|at| text.is_char_boundary(*at))
        .ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    number
        .checked_mul(factor)
        .map(Duration::from_secs)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        for wrong in ["", "10", "m", "é", "10 m", "-1s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
