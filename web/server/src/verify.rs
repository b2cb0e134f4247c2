//! `pleniere verify`: is this recording whole?

use std::path::PathBuf;
use std::process::ExitCode;

use pleniere_media::verify::{Report, verify};

/// Checks a recording: boxes, index, gaps, durations, and a full decode.
#[derive(clap::Args)]
pub struct VerifyArgs {
    /// The recording's folder: `DATA/{event}/recordings/{recording}`.
    recording_dir: PathBuf,
}

/// Prints what was found; exit 1 when anything is wrong.
///
/// # Errors
/// The folder is no recording or cannot be read.
pub fn run(args: VerifyArgs) -> anyhow::Result<ExitCode> {
    let report = verify(&args.recording_dir)?;
    print(&report);
    Ok(if report.is_sound() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn print(report: &Report) {
    println!(
        "{}: {}",
        report.title,
        if report.complete {
            "complete"
        } else {
            "still open"
        }
    );
    for run in &report.runs {
        for track in &run.tracks {
            let missing = if track.missing_s > 0.0 {
                format!(", {:.2} s missing", track.missing_s)
            } else {
                String::new()
            };
            println!(
                "{} {:?}: {:.2} s in {} chunks, {} bytes{missing}",
                run.name, track.track, track.duration_s, track.chunks, track.bytes
            );
        }
    }
    println!(
        "{}",
        report.decoded_by.map_or(
            "not decoded: neither ffmpeg nor gst-launch-1.0 is here".into(),
            |by| format!("decoded by {by}")
        )
    );
    for problem in &report.problems {
        println!("wrong: {problem}");
    }
    if report.is_sound() {
        println!("nothing is wrong");
    }
}
