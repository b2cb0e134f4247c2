//! Glass to glass in a real browser: the strip in the programme's picture against the clock, read by Chromium.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::Folder;
use crate::process::Rehearsal;
use crate::result;

/// Plays the programme for `time` in headless Chromium beside the seven rooms.
///
/// # Errors
/// The program or the browser does not run, or too few pictures were readable.
pub fn run(time: Duration) -> anyhow::Result<()> {
    let folder = Folder::new("latency")?;
    let quiet = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/ui/tests/quiet.toml");
    let quiet = quiet.to_string_lossy();
    let rehearsal = Rehearsal::start(folder.path(), &["--audience", "0", "--script", &quiet])?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/ui/tests/latency.mjs");
    let output = Command::new("node")
        .arg(script)
        .args([
            format!("{}/e/grand-est/", rehearsal.base),
            time.as_secs().to_string(),
        ])
        .output()
        .context("node is needed for the browser")?;
    ensure!(
        output.status.success(),
        "the browser failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let seen: Value =
        serde_json::from_slice(&output.stdout).context("the browser's answer is unreadable")?;
    let samples = numbers(&seen["latency_s"]);
    ensure!(
        samples.len() >= 10,
        "only {} pictures were readable",
        samples.len()
    );
    let conditions = json!({ "player": "hls.js in headless Chromium", "same_machine": true, "rooms": 7, "stalls": seen["stalls"] });
    result::print_percentile("hls_latency_p50_s", "s", &samples, 0.50, &conditions);
    result::print_percentile("hls_latency_p95_s", "s", &samples, 0.95, &conditions);
    let chain = numbers(&seen["chain_s"]);
    ensure!(
        chain.len() >= 10,
        "only {} pictures of the room were readable",
        chain.len()
    );
    result::print_percentile("chain_latency_p50_s", "s", &chain, 0.50, &conditions);
    result::print_percentile("chain_latency_p95_s", "s", &chain, 0.95, &conditions);
    if let Some(first) = seen["first_picture_s"].as_f64() {
        result::print("hls_first_picture_s", "s", &[first], &conditions);
    }
    Ok(())
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_f64)
        .collect()
}
