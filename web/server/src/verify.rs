//! `pleniere verify`: is this recording whole?

use std::path::PathBuf;
use std::process::ExitCode;

/// Checks a recording: boxes, index, gaps, durations, and a full decode.
#[derive(clap::Args)]
pub struct VerifyArgs {
    /// The recording's folder: `DATA/{event}/recordings/{recording}`.
    recording_dir: PathBuf,
}

/// Prints what was found; exit 1 when anything is wrong.
///
/// # Errors
/// The folder cannot be read at all.
pub fn run(args: VerifyArgs) -> anyhow::Result<ExitCode> {
    let report = pleniere_media::verify(&args.recording_dir)?;
    println!("{report}");
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
