//! Seven rooms mixed, recorded and served: how much of the machine each process takes.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Folder;
use crate::process::{Rehearsal, cpu_s, rss_bytes};
use crate::result;

/// The rooms join and the encoders settle.
const WARM_UP: Duration = Duration::from_secs(15);
/// One sample.
const WINDOW: Duration = Duration::from_secs(5);

/// Samples CPU for `time`, then memory.
///
/// # Errors
/// The program does not run.
pub fn run(time: Duration) -> anyhow::Result<()> {
    let folder = Folder::new("mosaic")?;
    let rehearsal = Rehearsal::start(folder.path(), &["--audience", "4"])?;
    std::thread::sleep(WARM_UP);
    let processes = [
        ("serve", rehearsal.pid()),
        ("mosaic", rehearsal.engine("programme")?),
        ("rooms", rehearsal.engine("rooms")?),
    ];
    let mut samples = vec![Vec::new(); processes.len()];
    let end = Instant::now() + time;
    while Instant::now() < end {
        let before = processes.map(|(_, pid)| cpu_s(pid));
        let begun = Instant::now();
        std::thread::sleep(WINDOW);
        let seconds = begun.elapsed().as_secs_f64();
        for (at, ((_, pid), before)) in processes.iter().zip(before).enumerate() {
            samples[at].push((cpu_s(*pid)? - before?) / seconds);
        }
    }
    let conditions = json!({ "rooms": 7, "picture": "640x360 drawn", "script": "built-in", "after_s": (WARM_UP + time).as_secs() });
    for ((name, pid), samples) in processes.iter().zip(&samples) {
        result::print(&format!("{name}_cores"), "cores", samples, &conditions);
        result::print(
            &format!("{name}_rss_bytes"),
            "bytes",
            &[rss_bytes(*pid)? as f64],
            &conditions,
        );
    }
    Ok(())
}
