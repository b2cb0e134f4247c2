//! The program under measurement: started on a data folder of its own, watched through `/proc`, always ended.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// The program is ready within this time or the scenario fails.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A started process; told to end, and waited for, when dropped.
pub struct Running(Child);

impl Running {
    /// Starts it without standard streams.
    ///
    /// # Errors
    /// The program is missing.
    pub fn start(mut command: Command) -> anyhow::Result<Self> {
        let quiet = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = quiet
            .spawn()
            .with_context(|| format!("cannot start {:?}", command.get_program()))?;
        Ok(Self(child))
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ended and waited for already: its number may be somebody else's by now.
        if matches!(self.0.try_wait(), Ok(Some(_))) {
            return;
        }
        let pid = self.pid().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let until = Instant::now() + Duration::from_secs(10);
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running `pleniere rehearse`.
pub struct Rehearsal {
    child: Running,
    /// `http://ADDR:PORT`.
    pub base: String,
}

impl Rehearsal {
    /// Starts a rehearsal of Grand Est on `data`, with these further arguments, and waits until it is ready.
    ///
    /// # Errors
    /// The program is not built, or is not ready within 30 s.
    pub fn start(data: &Path, more: &[&str]) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?.with_file_name("pleniere");
        let event = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/events/grand-est.toml");
        let mut child = Command::new(&program)
            .arg("rehearse")
            .arg(event)
            .args(["--listen", "127.0.0.1:0", "--media-port", "0", "--data"])
            .arg(data)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}: run `make build`", program.display()))?;
        let out = child.stdout.take().context("no standard output")?;
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("ready ") {
                    let _ = send.send(url.trim_end_matches('/').to_owned());
                }
            }
        });
        match receive.recv_timeout(READY_WITHIN) {
            Ok(base) => Ok(Self {
                child: Running(child),
                base,
            }),
            Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                bail!("the program was not ready within {READY_WITHIN:?}")
            }
        }
    }

    /// The program's own process.
    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// The engine whose first argument is `mode` (`programme` or `rooms`).
    ///
    /// # Errors
    /// There is none.
    pub fn engine(&self, mode: &str) -> anyhow::Result<u32> {
        children(self.pid())
            .into_iter()
            .find(|pid| arguments(*pid).iter().any(|argument| argument == mode))
            .with_context(|| format!("no engine runs in {mode} mode"))
    }

    /// `kill -9` of the program; its engines end with their standard input.
    ///
    /// # Errors
    /// The program had ended before.
    pub fn kill(mut self) -> anyhow::Result<()> {
        let engines = children(self.pid());
        self.child.0.kill()?;
        self.child.0.wait()?;
        wait_until(Duration::from_secs(5), || {
            engines.iter().all(|pid| ended(*pid))
        })
    }
}

/// CPU seconds a process has used, user and system.
///
/// # Errors
/// The process has ended.
pub fn cpu_s(pid: u32) -> anyhow::Result<f64> {
    let fields = stat(pid)?;
    let ticks = |at: usize| {
        fields
            .get(at)
            .and_then(|field| field.parse::<f64>().ok())
            .context("unreadable /proc stat")
    };
    // Fields 14 and 15 of proc(5), counted after the name in brackets; Linux reports hundredths of a second.
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

/// CPU nanoseconds that the threads of a process have used, user and system, by the scheduler's own account.
///
/// # Errors
/// The process has ended.
pub fn cpu_ns(pid: u32) -> anyhow::Result<u64> {
    let mut sum = 0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let schedstat = std::fs::read_to_string(task?.path().join("schedstat"))?;
        let used = schedstat.split_whitespace().next();
        sum += used.context("unreadable schedstat")?.parse::<u64>()?;
    }
    Ok(sum)
}

/// Resident memory in bytes.
///
/// # Errors
/// The process has ended.
pub fn rss_bytes(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
}

/// Waits until `met`, or says that it never was.
///
/// # Errors
/// The time is over.
pub fn wait_until(time: Duration, mut met: impl FnMut() -> bool) -> anyhow::Result<()> {
    let until = Instant::now() + time;
    while !met() {
        anyhow::ensure!(Instant::now() < until, "waited {time:?} in vain");
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Memory in bytes, what is shared counted in parts (PSS): the sum over a program's processes counts nothing twice.
///
/// # Errors
/// The process has ended.
pub fn pss_bytes(pid: u32) -> anyhow::Result<u64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = rollup
        .lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .context("no Pss")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
}

/// The processes that `parent` started.
pub fn children(parent: u32) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        stat(*pid).is_ok_and(|fields| {
            fields
                .get(1)
                .is_some_and(|field| field.parse() == Ok(parent))
        })
    })
    .collect()
}

/// The fields of `/proc/PID/stat` after the name (state first).
fn stat(pid: u32) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, after) = text.rsplit_once(')').context("unreadable /proc stat")?;
    Ok(after.split_whitespace().map(str::to_owned).collect())
}

fn arguments(pid: u32) -> Vec<String> {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    bytes
        .split(|byte| *byte == 0)
        .map(|argument| String::from_utf8_lossy(argument).into_owned())
        .collect()
}

fn ended(pid: u32) -> bool {
    stat(pid).map_or(true, |fields| {
        fields.first().is_some_and(|state| state == "Z")
    })
}
