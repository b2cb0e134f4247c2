//! `pleniere export`: the questions of an event as a file, without a running node and beside one. Reads the journal, changes
//! nothing but the file asked for.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use pleniere_config::{DataDir, Event, Language, NodeConfig, Overrides, RedisUrl};
use pleniere_moderation::core::{State, UnixMs};
use pleniere_moderation::export::{self, Format, Naming, Table};
use pleniere_moderation::journal::{Journal as _, RedisJournal};

use crate::house;
use crate::link::known_event;
use crate::serve::{redis_url, runtime};

/// Write the questions of an event to a file.
#[derive(clap::Args, Debug)]
pub struct ExportArgs {
    /// The event: its id when the data folder knows it, or its file.
    #[arg(value_name = "EVENT")]
    event: String,
    /// What to write.
    #[arg(long, value_name = "WHAT", default_value = "questions")]
    what: What,
    /// csv, xlsx, ods or json.
    #[arg(long)]
    format: Format,
    /// The file to write.
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Replace the file when there is one.
    #[arg(long)]
    force: bool,
    /// The node's data folder.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The Redis that keeps the node's questions, when one does.
    #[arg(long, value_name = "URL", value_parser = redis_url)]
    redis: Option<RedisUrl>,
    /// The node's configuration file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What an event leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    Questions,
    Minutes,
    Synthesis,
    Timeline,
}

/// Writes the file whole or not at all and says what is in it.
///
/// # Errors
/// The event is unknown or has no journal, the file exists, or it cannot be written.
pub fn run(args: ExportArgs) -> anyhow::Result<ExitCode> {
    ensure!(
        args.what == What::Questions,
        "this version exports questions only: --what questions"
    );
    ensure!(
        args.force || !args.out.exists(),
        "{} exists; --force replaces it",
        args.out.display()
    );
    let settings = Overrides {
        data: args.data.clone(),
        redis: args.redis.clone(),
        ..Overrides::default()
    };
    let config = NodeConfig::load(args.config.as_deref(), settings)?;
    let data = DataDir::new(config.data);
    let event = known_event(&args.event, &data)?;
    let state = state(&event, &data, config.redis.as_ref())?;
    let table = Table::new(&state, naming(&event), UnixMs(house::unix_ms()));
    write(&args.out, &export::write(&table, args.format)?)
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    println!("{}: {} questions", args.out.display(), table.len());
    Ok(ExitCode::SUCCESS)
}

/// The questions as the journal holds them, wherever it is.
fn state(event: &Event, data: &DataDir, redis: Option<&RedisUrl>) -> anyhow::Result<State> {
    let policy = house::rules::policy(event)?;
    if let Some(url) = redis {
        return runtime()?.block_on(async {
            let journal = RedisJournal::open(url.secret(), event.id.as_str()).await?;
            let state = export::replay(&journal, policy).await?;
            journal.close().await;
            Ok(state)
        });
    }
    let journal = data.journal(&event.id);
    ensure!(
        journal.is_file(),
        "nobody asked anything in `{}` yet: there is no {}",
        event.id,
        journal.display()
    );
    Ok(export::read(&journal, policy)?)
}

/// How an event's ids are called, in its own language.
pub fn naming(event: &Event) -> Naming {
    Naming {
        title: event.title.clone(),
        themes: event
            .themes
            .iter()
            .map(|theme| (theme.id.to_string(), theme.name.clone()))
            .collect(),
        publics: event
            .publics
            .iter()
            .map(|public| (public.id.to_string(), public.name.clone()))
            .collect(),
        sites: event
            .sites
            .iter()
            .map(|site| (site.id.to_string(), site.name.clone()))
            .collect(),
        zone: event.timezone.time_zone().clone(),
        language: match event.languages.first() {
            Some(Language::En) => export::Language::English,
            _ => export::Language::French,
        },
        names_keep_ms: i64::from(event.recording.names_keep_days) * 86_400_000,
    }
}

/// Beside the file first, so that nobody opens half of one. What people asked is for its owner alone to hand on.
fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = path.with_file_name(name);
    let written = fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)
        .and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(data: &Path, out: &Path) -> ExportArgs {
        ExportArgs {
            event: concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../config/events/grand-est.toml"
            )
            .into(),
            what: What::Questions,
            format: Format::Csv,
            out: out.to_owned(),
            force: false,
            data: Some(data.to_owned()),
            redis: None,
            config: None,
        }
    }

    fn journal(folder: &Path) {
        let data = DataDir::new(folder);
        let id = pleniere_config::EventId::new("grand-est").unwrap();
        data.create(&data.event(&id)).unwrap();
        // Opening makes the file and its table.
        pleniere_moderation::journal::SqliteJournal::open(&data.journal(&id)).unwrap();
    }

    #[test]
    fn a_file_is_written_once_unless_forced_and_is_for_its_owner() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        journal(folder.path());
        let out = folder.path().join("questions.csv");
        run(asked(folder.path(), &out)).unwrap();
        assert_eq!(
            fs::metadata(&out).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let refused = run(asked(folder.path(), &out)).unwrap_err();
        assert!(refused.to_string().contains("--force"), "{refused}");
        run(ExportArgs {
            force: true,
            ..asked(folder.path(), &out)
        })
        .unwrap();
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            2,
            "no half file is left"
        );
    }

    #[test]
    fn what_cannot_be_exported_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("questions.csv");
        let said = run(asked(folder.path(), &out)).unwrap_err().to_string();
        assert!(said.contains("nobody asked"), "{said}");
        let minutes = ExportArgs {
            what: What::Minutes,
            ..asked(folder.path(), &out)
        };
        assert!(
            run(minutes)
                .unwrap_err()
                .to_string()
                .contains("questions only")
        );
        assert!(!out.exists());
    }
}
