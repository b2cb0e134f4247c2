//! `kill -9` of the process that asks and answers, at random points, over and over on the same journal: what it had
//! acknowledged is there once, and nothing is there that was not asked.
//!
//! The process killed is this test binary, started again with [`FOLDER`] set. `PLENIERE_KILLS=100` kills a hundred times.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use pleniere_moderation::{
    Hub, Queue, QueueConfig,
    core::{Actor, Ask, Command as Do, ParticipantId},
    journal::{Journal, RedisJournal, SqliteJournal},
};
use serde_json::Value;

use crate::{
    house::{EVENT, config},
    redis::Redis,
};

const FOLDER: &str = "PLENIERE_TEST_KILLED_IN";
const REDIS: &str = "PLENIERE_TEST_KILLED_REDIS";
const LIFE: &str = "PLENIERE_TEST_LIFE";
/// Askers at once; each asks every [`EACH`], together 200 a second.
const ASKERS: u8 = 8;
const EACH: Duration = Duration::from_millis(40);

/// Not a test: what is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let life = std::env::var(LIFE).unwrap();
    let redis = std::env::var(REDIS).ok();
    let hub = Hub::new(tokio::runtime::Handle::current());
    let config = QueueConfig {
        redis,
        ..config(folder.as_ref())
    };
    let (queue, _notices) = Queue::open(config, hub).await.unwrap();
    let askers: Vec<_> = (0..ASKERS)
        .map(|n| tokio::spawn(ask(queue.clone(), n, life.clone())))
        .collect();
    for asker in askers {
        asker.await.unwrap();
    }
}

async fn ask(queue: Queue, n: u8, life: String) {
    tokio::time::sleep(EACH / u32::from(ASKERS) * u32::from(n)).await;
    let mut pace = tokio::time::interval(EACH);
    for at in 0.. {
        pace.tick().await;
        let text = format!("Vie {life}, {n}-{at}");
        say(&format!("asks {text}"));
        let ask = Ask {
            text: text.clone(),
            ..Ask::default()
        };
        let answer = queue
            .execute(Actor::Participant(ParticipantId([n; 16])), Do::Ask(ask))
            .await
            .unwrap();
        say(&format!("acknowledged {} {text}", answer["id"]));
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}"); // the parent may be gone
    let _ = out.flush();
}

/// What a life said before it was killed.
#[derive(Default)]
struct Said {
    asked: Vec<String>,
    acknowledged: BTreeMap<u64, String>,
}

impl Said {
    fn hear(&mut self, line: &str) {
        // The harness writes its own line without an end before the first one.
        if let Some((_, text)) = line.split_once("asks ") {
            self.asked.push(text.to_owned());
        } else if let Some((_, rest)) = line.split_once("acknowledged ") {
            let (id, text) = rest.split_once(' ').unwrap();
            let before = self
                .acknowledged
                .insert(id.parse().unwrap(), text.to_owned());
            assert_eq!(before, None, "number {id} was given twice");
        }
    }
}

/// One life: killed at a random point within 150 ms after its first acknowledgement.
fn live(folder: &std::path::Path, redis: Option<&str>, life: usize, said: &mut Said) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["kill::the_process_that_is_killed", "--exact", "--nocapture"]);
    command
        .env(FOLDER, folder)
        .env(LIFE, life.to_string())
        .stdout(Stdio::piped());
    command.envs(redis.map(|url| (REDIS, url)));
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (first, begun) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut heard = Vec::new();
        for line in lines.map_while(Result::ok) {
            if line.contains("acknowledged ") {
                let _ = first.send(()); // only the first is waited for
            }
            heard.push(line);
        }
        heard
    });
    let began = begun.recv_timeout(Duration::from_secs(20));
    let mut random = [0; 2];
    getrandom::fill(&mut random).unwrap();
    std::thread::sleep(Duration::from_micros(
        u64::from(u16::from_le_bytes(random)) * 150_000 / 65_536,
    ));
    child.kill().unwrap();
    child.wait().unwrap();
    let heard = reader.join().unwrap();
    assert!(began.is_ok(), "nothing was acknowledged: {heard:?}");
    heard.iter().for_each(|line| said.hear(line));
}

/// The questions a journal holds, by number.
async fn kept(journal: Arc<dyn Journal>) -> BTreeMap<u64, String> {
    let rows = journal.load(0, 10_000_000).await.unwrap();
    let questions = rows.iter().map(|row| {
        let event: Value = serde_json::from_str(&row.event).unwrap();
        let asked = &event["change"]["asked"];
        (
            asked["question"].as_u64().unwrap(),
            asked["text"].as_str().unwrap().to_owned(),
        )
    });
    let kept: BTreeMap<u64, String> = questions.collect();
    assert_eq!(kept.len(), rows.len(), "a number is there twice");
    journal.close().await;
    kept
}

fn check(said: &Said, kept: &BTreeMap<u64, String>) {
    for (id, text) in &said.acknowledged {
        assert_eq!(kept.get(id), Some(text), "acknowledged and lost");
    }
    let mut texts: Vec<&String> = kept.values().collect();
    texts.sort();
    let count = texts.len();
    texts.dedup();
    assert_eq!(texts.len(), count, "a question is there twice");
    let asked: std::collections::BTreeSet<&String> = said.asked.iter().collect();
    assert!(
        texts.iter().all(|text| asked.contains(text)),
        "a question is there that nobody asked"
    );
}

fn kills(fewer: usize) -> usize {
    let wanted = std::env::var("PLENIERE_KILLS").ok();
    wanted.map_or(fewer, |wanted| wanted.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_over_and_over_nothing_acknowledged_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let mut said = Said::default();
    let kills = kills(10);
    for life in 0..kills {
        live(dir.path(), None, life, &mut said);
        let path = dir.path().join(EVENT).join("event.sqlite");
        check(
            &said,
            &kept(Arc::new(SqliteJournal::open(&path).unwrap())).await,
        );
    }
    println!(
        "{kills} kills: {} asked, {} acknowledged, all of them there once",
        said.asked.len(),
        said.acknowledged.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_killed_over_and_over_loses_nothing_that_redis_has() {
    let (server, dir) = (Redis::start("always"), tempfile::tempdir().unwrap());
    let mut said = Said::default();
    let kills = kills(4);
    for life in 0..kills {
        live(dir.path(), Some(&server.url()), life, &mut said);
        check(
            &said,
            &kept(Arc::new(
                RedisJournal::open(&server.url(), EVENT).await.unwrap(),
            ))
            .await,
        );
    }
    println!(
        "{kills} kills: {} asked, {} acknowledged, all of them there once",
        said.asked.len(),
        said.acknowledged.len()
    );
}
