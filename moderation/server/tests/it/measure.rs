//! Figures, printed on request: `cargo test --release -p pleniere-moderation -- --ignored --nocapture measure`.
//! They assert only what holds on any machine.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

use pleniere_moderation::{
    Hub, Queue, QueueConfig,
    core::{Actor, Ask, Command, ParticipantId, QuestionId, Staff},
    journal::{Journal, MemoryJournal, Row, SqliteJournal},
};
use serde_json::json;

use crate::house::{EVENT, House, config};

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// A client that is a bare socket: it says hello with these topics and then never reads or holds anything.
fn bare_client(house: &House, topics: &[&str]) -> TcpStream {
    let mut stream = TcpStream::connect(house.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let head = format!(
        "GET /e/{EVENT}/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let topics: Vec<_> = topics
        .iter()
        .map(|topic| json!({ "topic": topic }))
        .collect();
    let hello = json!({ "hello": { "topics": topics } }).to_string();
    let mut frame = vec![0x81, 0x80 | hello.len() as u8, 0, 0, 0, 0];
    assert!(hello.len() < 126);
    frame.extend_from_slice(hello.as_bytes());
    stream.write_all(&frame).unwrap();
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !seen.windows(9).any(|window| window == b"\"welcome\"") {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "closed");
        seen.extend_from_slice(&buffer[..count]);
    }
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn measure_idle_memory_and_fanout() {
    const CONNECTIONS: usize = 4000;
    let dir = tempfile::tempdir().unwrap();
    let house = Arc::new(House::open(dir.path()).await);
    let (mut asker, _) = house.join(Some("site:nancy"), &[]).await;
    let (mut moderator, _) = house.join(Some("moderator:Anne"), &[]).await;
    for _ in 0..20 {
        crate::house::approved(
            &mut asker,
            &mut moderator,
            "Une question de taille ordinaire pour la mesure ?",
        )
        .await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    for topics in [&["public"][..], &["public", "programme", "mine"]] {
        house
            .hub
            .topic("programme", pleniere_moderation::Readers::everybody(), None)
            .set("n", &0);
        let connect = |count: usize| {
            let house = Arc::clone(&house);
            let topics: Vec<String> = topics.iter().map(ToString::to_string).collect();
            tokio::task::spawn_blocking(move || {
                let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
                (0..count)
                    .map(|_| bare_client(&house, &topics))
                    .collect::<Vec<_>>()
            })
        };
        let warm = connect(200).await.unwrap(); // first use of pools and arenas is not per connection
        let before = resident_bytes();
        let started = Instant::now();
        let clients = connect(CONNECTIONS).await.unwrap();
        let took = started.elapsed();
        let each = resident_bytes().saturating_sub(before) / CONNECTIONS as u64;
        println!(
            "idle connection reading {topics:?}: {each} bytes of memory each ({CONNECTIONS}), joined in {took:?}"
        );

        let programme = house.hub.get("programme").unwrap();
        let cpu = cpu_ms();
        let rounds = 20;
        for n in 1..=rounds {
            programme.set("n", &format!("{n} {}", "x".repeat(150)));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let cpu = cpu_ms() - cpu;
        if topics.contains(&"programme") {
            let deliveries = (rounds as usize * (CONNECTIONS + 200)) as f64;
            println!(
                "fan-out: {:.1} us of CPU per delivery ({deliveries} deliveries)",
                cpu as f64 * 1000.0 / deliveries
            );
        }
        drop((warm, clients));
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) * 10
}

fn ask(n: u64) -> (Actor, Command) {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.to_be_bytes());
    let text = format!(
        "Question {n} de longueur ordinaire, pour mesurer ce que coûte la mise en sûreté ?"
    );
    (
        Actor::Participant(ParticipantId(id)),
        Command::Ask(Ask {
            text,
            ..Ask::default()
        }),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn measure_durable_questions_and_votes() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Hub::new(tokio::runtime::Handle::current());
    let (queue, _notices) = Queue::open(config(dir.path()), hub).await.unwrap();
    for clients in [1_u64, 16, 256] {
        let started = Instant::now();
        let total = if clients == 1 { 200 } else { 4_000 };
        let tasks: Vec<_> = (0..clients)
            .map(|client| {
                let queue = queue.clone();
                tokio::spawn(async move {
                    let mut worst = Duration::ZERO;
                    for n in 0..total / clients {
                        let (actor, command) =
                            ask(client * 1_000_000 + n + clients * 1_000_000_000);
                        let sent = Instant::now();
                        queue.execute(actor, command).await.unwrap();
                        worst = worst.max(sent.elapsed());
                    }
                    worst
                })
            })
            .collect();
        let mut worst = Duration::ZERO;
        for task in tasks {
            worst = worst.max(task.await.unwrap());
        }
        let rate = (total / clients * clients) as f64 / started.elapsed().as_secs_f64();
        println!(
            "{clients} askers at once: {rate:.0} durable questions a second, slowest answer {worst:?}"
        );
    }
    let first = QuestionId(1);
    queue
        .execute(
            Actor::Moderator(Staff {
                id: String::new(),
                name: "A".into(),
            }),
            Command::Approve {
                question: first,
                version: 1,
            },
        )
        .await
        .unwrap();
    let started = Instant::now();
    let votes = 20_000_u64;
    let tasks: Vec<_> = (0..100_u64)
        .map(|client| {
            let queue = queue.clone();
            tokio::spawn(async move {
                for n in 0..votes / 100 {
                    let (actor, _) = ask(7_000_000_000_000 + client * 1_000_000 + n);
                    queue
                        .execute(actor, Command::Vote { question: first })
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    println!(
        "{:.0} durable votes a second (100 at once)",
        votes as f64 / started.elapsed().as_secs_f64()
    );
    queue.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn measure_start_with_a_hundred_thousand_events() {
    let dir = tempfile::tempdir().unwrap();
    let rows = a_busy_event(100_000).await;
    std::fs::create_dir_all(dir.path().join(EVENT)).unwrap();
    let journal = SqliteJournal::open(&dir.path().join(EVENT).join("event.sqlite")).unwrap();
    for batch in rows.chunks(1000) {
        journal.append(batch.to_vec()).await.unwrap();
    }
    journal.close().await;
    let started = Instant::now();
    let hub = Hub::new(tokio::runtime::Handle::current());
    let (queue, _notices) = Queue::open(config(dir.path()), hub).await.unwrap();
    println!("start with {} events: {:?}", rows.len(), started.elapsed());
    queue.shutdown().await;
}

/// The journal of an event with one question to nine votes.
async fn a_busy_event(events: u64) -> Vec<Row> {
    let journal = Arc::new(MemoryJournal::default());
    let hub = Hub::new(tokio::runtime::Handle::current());
    let busy = QueueConfig {
        policy: pleniere_moderation::core::Policy {
            moderation: pleniere_moderation::core::Moderation::After,
            ..config(std::path::Path::new("")).policy
        },
        ..config(std::path::Path::new(""))
    };
    let (queue, _notices) = Queue::with_journal(busy, hub, journal.clone())
        .await
        .unwrap();
    let mut questions = 0;
    for n in 0..events {
        let (actor, command) = ask(n);
        let command = if n % 10 == 0 {
            questions += 1;
            command
        } else {
            Command::Vote {
                question: QuestionId(questions),
            }
        };
        queue.execute(actor, command).await.unwrap();
    }
    queue.shutdown().await;
    journal.load(0, usize::MAX).await.unwrap()
}
