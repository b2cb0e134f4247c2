//! Publishers and players that others wrote, unmodified: they know WHIP and WHEP from their documents only.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::house::{House, until};

/// One of them, at work until it is dropped.
struct Foreigner {
    process: Child,
    said: Arc<Mutex<Vec<String>>>,
}

impl Foreigner {
    fn start(script: &str, role: &str, url: &str) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tools: PathBuf = here.join("../../.tools/aiortc");
        let mut process = Command::new("python3")
            .arg(here.join("tests/foreign").join(script))
            .args([role, url])
            .env("PYTHONPATH", tools)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let (lines, heard) = (process.stdout.take().unwrap(), said.clone());
        std::thread::spawn(move || {
            for line in BufReader::new(lines).lines() {
                heard.lock().unwrap().push(line.unwrap());
            }
        });
        Self { process, said }
    }

    fn said(&self, word: &str) -> bool {
        self.said.lock().unwrap().iter().any(|said| said == word)
    }

    async fn until(&mut self, word: &str) {
        until(&format!("a foreigner says {word}"), || {
            let ended = self.process.try_wait().unwrap();
            assert!(
                ended.is_none(),
                "it left: `make set-up-test` installs what it needs"
            );
            self.said(word)
        })
        .await;
    }

    /// Sends it away; it ends its connection by DELETE.
    async fn leave(mut self) {
        drop(self.process.stdin.take());
        let mut ended = None;
        until("it leaves", || {
            ended = self.process.try_wait().unwrap();
            ended.is_some()
        })
        .await;
        assert!(ended.is_some_and(|status| status.success()));
    }
}

impl Drop for Foreigner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn publishes_and_plays(script: &str) {
    let house = House::open().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/e/demo", listener.local_addr().unwrap());
    let router = house.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut camera = Foreigner::start(script, "publish", &format!("{url}/whip/nancy"));
    camera.until("connected").await;
    until("nancy publishes", || house.publishing("nancy") == 1).await;
    let mut player = Foreigner::start(script, "play", &format!("{url}/whep/nancy"));
    player.until("connected").await;
    player.until("picture").await;
    player.until("sound").await;
    player.leave().await;
    camera.leave().await;
    until("the seat is free", || house.lost("nancy") == 1).await;
}

#[tokio::test]
async fn aiortc_publishes_and_plays() {
    publishes_and_plays("with_aiortc.py").await;
}
