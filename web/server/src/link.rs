//! `pleniere link`: prints one signed link. Reads the node's key and the event's file; talks to no running node, so that it
//! works before the event and while it runs.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};
use pleniere_config::{
    Claims, DataDir, Event, EventId, NodeConfig, NodeKey, Overrides, Role, SiteId,
};

/// Used when no node has announced its address in the data folder.
const DEFAULT_BASE_URL: &str = "http://127.0.0.1:8080";
/// The longest validity of a key.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// Print a signed link for a role.
#[derive(clap::Args, Debug)]
pub struct LinkArgs {
    /// The event: its id when the data folder knows it, or its file.
    #[arg(value_name = "EVENT")]
    event: String,
    /// viewer, moderator, director, site, stage or guest.
    #[arg(long, required_unless_present = "revoke")]
    role: Option<Role>,
    /// Take a link back instead of printing one: it opens nothing a second later.
    #[arg(long, value_name = "LINK", conflicts_with = "role")]
    revoke: Option<String>,
    /// The room, for role site.
    #[arg(long, value_name = "ID")]
    site: Option<String>,
    /// How the bearer is shown to colleagues.
    #[arg(long)]
    name: Option<String>,
    /// How long the link works: a number and s, m, h, d or w.
    #[arg(long, value_name = "TIME", default_value = "3d", value_parser = validity)]
    valid: Duration,
    /// The node's data folder, where its key lies.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The address people use; the one last announced in the data folder unless said.
    #[arg(long, value_name = "URL", value_parser = base_url)]
    base_url: Option<String>,
}

/// Prints the link on standard output and nothing else there.
///
/// # Errors
/// The event or the room is unknown, the options do not go together, or the key cannot be read.
pub fn run(args: LinkArgs) -> anyhow::Result<ExitCode> {
    let settings = Overrides {
        data: args.data.clone(),
        ..Overrides::default()
    };
    let data = DataDir::new(NodeConfig::load(None, settings)?.data);
    let event = known_event(&args.event, &data)?;
    if let Some(link) = &args.revoke {
        return revoke(link, &event.id, &data);
    }
    let role = args.role.context("--role is missing")?;
    let site = args.site.as_deref().map(|id| known_site(id, &event));
    let announced = args
        .base_url
        .clone()
        .or_else(|| data.announced_base_url())
        .unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
    let page = |site: Option<&SiteId>| {
        format!(
            "{announced}/e/{}/{}",
            event.id,
            page_of(role, site.map(SiteId::as_str))
        )
    };
    if role == Role::Viewer {
        ensure!(
            args.site.is_none() && args.name.is_none(),
            "a viewer's link carries no key: leave out --site and --name"
        );
        println!("{}", page(None));
        return Ok(ExitCode::SUCCESS);
    }
    let site = site.transpose()?;
    let address = page(site.as_ref());
    let expires = SystemTime::now().duration_since(UNIX_EPOCH)? + args.valid;
    let claims = Claims::new(event.id, role, site, args.name, expires.as_secs())?;
    let key = NodeKey::load_or_create(data.path())?.sign(&claims);
    println!("{address}#key={key}");
    Ok(ExitCode::SUCCESS)
}

/// Adds the link's key to the event's list of revoked ones; a running node reads it twice a second.
fn revoke(link: &str, event: &EventId, data: &DataDir) -> anyhow::Result<ExitCode> {
    let key = link.split_once("#key=").map_or(link, |(_, key)| key);
    // A key that is over already may be taken back all the same.
    let claims = NodeKey::load_or_create(data.path())?.verify(key, 0)?;
    claims.for_event(event)?;
    let list = data.revoked(event);
    data.create(&data.event(event))?;
    let mut file = fs::File::options()
        .append(true)
        .create(true)
        .open(&list)
        .with_context(|| format!("cannot write {}", list.display()))?;
    writeln!(file, "{}", claims.id)?;
    file.sync_all()?;
    println!(
        "the link of {} is taken back",
        claims.name.as_deref().unwrap_or(claims.role.as_str())
    );
    Ok(ExitCode::SUCCESS)
}

/// The page of a role, below `/e/{event}/`.
fn page_of(role: Role, site: Option<&str>) -> String {
    match (role, site) {
        (Role::Moderator, _) => "moderate".to_owned(),
        (Role::Director, _) => "direct".to_owned(),
        (Role::Stage, _) => "stage".to_owned(),
        (Role::Site, Some(site)) => format!("site/{site}"),
        // A site without its room is refused by its claims; guests join from the viewer's page.
        (Role::Site, None) | (Role::Viewer | Role::Guest, _) => String::new(),
    }
}

/// The event of that id in the data folder, or in that file.
///
/// # Errors
/// There is none, or its file has mistakes.
pub fn known_event(named: &str, data: &DataDir) -> anyhow::Result<Event> {
    if let Ok(id) = EventId::new(named) {
        let file = data.event_file(&id);
        if file.is_file() {
            return Ok(Event::load(&file)?);
        }
        if !Path::new(named).is_file() {
            bail!(
                "no event `{id}` in {}; {}. Start it once, or give its file instead of its id",
                data.path().display(),
                known_in(data)
            );
        }
    }
    Event::load(Path::new(named)).map_err(anyhow::Error::from)
}

fn known_in(data: &DataDir) -> String {
    let folders = fs::read_dir(data.path()).into_iter().flatten().flatten();
    let mut ids: Vec<String> = folders
        .filter(|folder| folder.path().join("event.toml").is_file())
        .map(|folder| folder.file_name().to_string_lossy().into_owned())
        .collect();
    ids.sort();
    if ids.is_empty() {
        "none is known there".to_owned()
    } else {
        format!("known there: {}", ids.join(", "))
    }
}

fn known_site(id: &str, event: &Event) -> anyhow::Result<SiteId> {
    let ids: Vec<&str> = event.sites.iter().map(|site| site.id.as_str()).collect();
    ensure!(
        ids.contains(&id),
        "no room `{id}` in `{}`; its rooms: {}",
        event.id,
        ids.join(", ")
    );
    SiteId::new(id).context("the room's id")
}

/// `3d`, `12h`, `90m`, `45s`, `2w`; at most 366 days.
fn validity(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a number and s, m, h, d or w, up to 366d, as 3d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        'w' => 7 * 24 * 3600,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let length = number
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or_else(wrong)?;
    let fits = !length.is_zero() && length <= LONGEST;
    if fits { Ok(length) } else { Err(wrong()) }
}

fn base_url(text: &str) -> Result<String, String> {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .map(|rest| rest.trim_end_matches('/'));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['#', '?', ' ']) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err("expected http:// or https:// and a host, as https://live.example.org".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_a_number_and_a_unit() {
        assert_eq!(validity("3d"), Ok(Duration::from_secs(3 * 86_400)));
        assert_eq!(validity("90m"), Ok(Duration::from_secs(5_400)));
        for bad in [
            "",
            "d",
            "3",
            "0d",
            "-1d",
            "367d",
            "3 d",
            "3j",
            "é",
            "99999999999999999999w",
        ] {
            assert!(validity(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_lose_their_last_slash() {
        assert_eq!(
            base_url("https://a.example/"),
            Ok("https://a.example".into())
        );
        for bad in [
            "",
            "a.example",
            "ftp://a",
            "https://",
            "https://a/?x",
            "https://a/#x",
        ] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_role_has_its_page() {
        let pages = Role::ALL.map(|role| page_of(role, Some("nancy")));
        assert_eq!(pages, ["", "moderate", "direct", "site/nancy", "stage", ""]);
    }

    #[test]
    fn an_unknown_event_is_answered_with_the_known_ones() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path());
        let said = known_event("grand-est", &data).unwrap_err().to_string();
        assert!(said.contains("none is known there"), "{said}");
        let folder = data.event(&EventId::new("poitiers").unwrap());
        data.create(&folder).unwrap();
        fs::write(folder.join("event.toml"), "").unwrap();
        let said = known_event("grand-est", &data).unwrap_err().to_string();
        assert!(said.contains("known there: poitiers"), "{said}");
        let said = known_event("none.toml", &data).unwrap_err().to_string();
        assert!(said.contains("nothing to read"), "{said}");
    }
}
