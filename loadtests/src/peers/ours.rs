//! Plénière: the real `pleniere serve` on an event of its own. The picture's engine is left out, so that the queue is
//! what is measured: the program stands alone in a folder where it finds none.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Dialect, System, free_port};
use crate::process::{Running, wait_until};
use crate::talker::Talker;

/// The program is ready within this time or the scenario fails.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Three times the pace of the public view.
const QUIET: Duration = Duration::from_millis(600);
/// About as long as a long question: the change that everybody gets has then about 500 bytes.
const TEXT: &str = "Comment les établissements ruraux, où le débit est faible et le matériel ancien, vont-ils suivre ces \
                    classes à distance sans que leurs élèves y perdent, et qui paiera les équipements pendant les trois années à venir ?";

/// A running node with one event, and a moderator of it.
pub struct Ours {
    address: SocketAddr,
    /// None while it is stopped.
    serve: Option<Running>,
    moderator: Talker,
    key: String,
    version: u64,
    question: u64,
    published: u64,
    folder: TempDir,
}

/// The file of the event that is measured. `moderation` is `before` or `after`.
fn event_file(moderation: &str) -> String {
    format!(
        "id = \"load\"\ntitle = \"Mesure\"\nplace = \"Ici\"\nabout = \"Un événement pour mesurer la file de questions.\"\n\
         dates = [2026-11-22]\ntimezone = \"Europe/Paris\"\nlanguages = [\"fr\"]\n\n\
         [[sites]]\nid = \"nancy\"\nname = \"Nancy\"\n\n\
         [[sessions]]\nid = \"mesure\"\ntitle = \"Mesure\"\nstarts = 2026-11-22T09:00\nduration_min = 60\nsites = [\"nancy\"]\n\n\
         [questions]\nopen = true\nmoderation = \"{moderation}\"\nmax_length = 300\nnames = \"optional\"\nslow_mode_s = 0\n\
         per_person_per_min = 60\n"
    )
}

impl Ours {
    /// Starts it, with one question that everybody sees and that is edited to publish something.
    ///
    /// # Errors
    /// The program is not built, or does not start.
    pub fn start(moderation: &str) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("pleniere-load-ours-")
            .tempdir()?;
        alone(folder.path())?;
        std::fs::write(folder.path().join("event.toml"), event_file(moderation))?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let serve = serve(folder.path(), address)?;
        let key = key(folder.path())?;
        let moderator = Talker::join(address, Some(&key))?;
        let mut ours = Self {
            address,
            serve: Some(serve),
            moderator,
            key,
            version: 0,
            question: 0,
            published: 0,
            folder,
        };
        (ours.question, ours.version) = ours.ask(TEXT)?;
        ours.settle(ours.question)?;
        Ok(ours)
    }

    /// Has questions 2 to `count` asked by as many people, and waits until everybody sees them.
    ///
    /// # Errors
    /// One is refused.
    pub fn ask_up_to(&mut self, count: usize) -> anyhow::Result<()> {
        let mut last = self.question;
        for n in 2..=count {
            let text = format!(
                "Question {n} : quelle suite sera donnée à ce qui s’est dit aujourd’hui, et quand ?"
            );
            (last, _) = self.ask(&text)?;
        }
        self.settle(last)
    }

    /// Asks a question as somebody new. Its id and version.
    fn ask(&mut self, text: &str) -> anyhow::Result<(u64, u64)> {
        let asked =
            Talker::join(self.address, None)?.command(json!({ "do": "ask", "text": text }))?;
        let id = asked["id"].as_u64().context("no id of the question")?;
        let seen = if asked["state"] == "approved" {
            1
        } else {
            let approve = json!({ "do": "approve", "question": id, "version": 1 });
            version(&self.moderator.command(approve)?)?
        };
        Ok((id, seen))
    }

    /// Waits until everybody sees the question and nothing more follows: the public view is told at a pace, and nothing
    /// of this is to arrive among what is measured.
    fn settle(&self, id: u64) -> anyhow::Result<()> {
        let mut last = Value::Null;
        wait_until(READY_WITHIN, || {
            std::thread::sleep(QUIET);
            let list = self.list().unwrap_or_default();
            let mut shown = list["questions"].as_array().into_iter().flatten();
            let settled = shown.any(|question| question["id"] == id) && list == last;
            last = list;
            settled
        })
    }

    /// Stops it as an operator does: SIGTERM, and it drains.
    pub fn stop(&mut self) {
        self.serve = None;
    }

    /// Starts it again where it was.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        self.serve = Some(serve(self.folder.path(), self.address)?);
        self.moderator = Talker::join(self.address, Some(&self.key))?;
        Ok(())
    }

    /// The public list as HTTP gives it.
    ///
    /// # Errors
    /// The program does not answer.
    pub fn list(&self) -> anyhow::Result<Value> {
        let url = format!("http://{}/e/load/questions", self.address);
        Ok(serde_json::from_str(&crate::http::get(&url)?)?)
    }
}

fn version(answer: &Value) -> anyhow::Result<u64> {
    answer["version"]
        .as_u64()
        .with_context(|| format!("an answer without version: {answer}"))
}

/// Puts the program where no engine stands beside it.
fn alone(folder: &Path) -> anyhow::Result<()> {
    let built = std::env::current_exe()?.with_file_name("pleniere");
    let here = program(folder);
    std::fs::hard_link(&built, &here)
        .or_else(|_| std::fs::copy(&built, &here).map(drop))
        .with_context(|| format!("{} is missing: run `make build`", built.display()))
}

fn program(folder: &Path) -> PathBuf {
    folder.join("pleniere")
}

fn serve(folder: &Path, address: SocketAddr) -> anyhow::Result<Running> {
    let mut command = Command::new(program(folder));
    command
        .args([
            "serve",
            "--media-port",
            "0",
            "--listen",
            &address.to_string(),
        ])
        .arg("--event")
        .arg(folder.join("event.toml"))
        .arg("--data")
        .arg(folder.join("data"));
    let serve = Running::start(command)?;
    let url = format!("http://{address}/healthz");
    wait_until(READY_WITHIN, || crate::http::get(&url).is_ok())?;
    Ok(serve)
}

/// A moderator's key.
fn key(folder: &Path) -> anyhow::Result<String> {
    let output = Command::new(program(folder))
        .args([
            "link",
            "load",
            "--role",
            "moderator",
            "--name",
            "Anne",
            "--data",
        ])
        .arg(folder.join("data"))
        .output()?;
    let link = String::from_utf8(output.stdout)?;
    let (_, key) = link
        .trim()
        .split_once("#key=")
        .context("a link without key")?;
    Ok(key.to_owned())
}

impl System for Ours {
    fn setup(&self) -> &'static str {
        "pleniere serve without picture, journal on disk (SQLite, FULL), as many threads as cores"
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn dialect(&self) -> Dialect {
        Dialect::Pleniere
    }

    fn pids(&self) -> Vec<u32> {
        self.serve.iter().map(Running::pid).collect()
    }

    /// A moderator edits the question: journalled, and told to everybody.
    fn publish(&mut self, _payload: &[u8]) -> anyhow::Result<()> {
        self.published += 1;
        let text = format!("{TEXT} ({:03})", self.published % 1000);
        let edit = json!({ "do": "edit", "question": self.question, "version": self.version, "text": text });
        self.version = version(&self.moderator.command(edit)?)?;
        Ok(())
    }
}
