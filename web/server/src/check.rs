//! `pleniere check`: every mistake of event files and of a node's configuration, in words their author can act on. Starts nothing, changes nothing.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use pleniere_config::{Event, NodeConfig, Overrides};

/// Check event files.
#[derive(clap::Args, Debug)]
pub struct CheckArgs {
    /// Event files.
    #[arg(required_unless_present = "config", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The node's configuration file, without the environment.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Prints a line for each mistake, or one line for a file without any. Exit code 1 when there is a mistake.
///
/// # Errors
/// When standard output is closed.
pub fn run(args: CheckArgs) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let mut mistakes = 0;
    for file in &args.files {
        match Event::load(file) {
            Ok(event) => writeln!(out, "{}: {}", file.display(), summary(&event))?,
            Err(found) => {
                mistakes += found.count();
                writeln!(out, "{found}")?;
            }
        }
    }
    if let Some(file) = &args.config {
        match NodeConfig::resolve(Overrides::default(), [], Some(file)) {
            Ok(_) => writeln!(out, "{}: good", file.display())?,
            Err(found) => {
                mistakes += found.count();
                writeln!(out, "{found}")?;
            }
        }
    }
    match mistakes {
        0 => return Ok(ExitCode::SUCCESS),
        1 => eprintln!("1 mistake"),
        several => eprintln!("{several} mistakes"),
    }
    Ok(ExitCode::FAILURE)
}

fn summary(event: &Event) -> String {
    let days = event.dates.len();
    let (sites, sessions, workshops) = (
        event.sites.len(),
        event.sessions.len(),
        event.workshops.len(),
    );
    let counted = [
        (days, "day"),
        (sites, "site"),
        (sessions, "session"),
        (workshops, "workshop"),
    ];
    let words = counted.map(|(n, word)| match n {
        0 => String::new(),
        1 => format!(", 1 {word}"),
        n => format!(", {n} {word}s"),
    });
    format!("good: \"{}\"{}", event.title, words.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_file_is_summed_up() {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../config/events/grand-est.toml"
        );
        let event = Event::load(file.as_ref()).unwrap();
        assert_eq!(
            summary(&event),
            "good: \"États généraux du numérique\", 1 day, 7 sites, 7 sessions"
        );
    }
}
