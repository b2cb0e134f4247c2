//! Several nodes serve one event from one Redis: one queue, whoever dies.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use pleniere_moderation::{
    Notice, QueueConfig,
    core::{Actor, Ask, Command, ParticipantId},
    journal::{Journal, RedisJournal},
};
use serde_json::{Value, json};

use crate::{
    house::{Client, EVENT, Entries, House, approved, config},
    redis::Redis,
};

/// Away for longer than this, commands hang.
const REFUSED_WITHIN: Duration = Duration::from_secs(8);

async fn node(server: &Redis) -> House {
    let dir = tempfile::tempdir().unwrap();
    House::with(QueueConfig {
        redis: Some(server.url()),
        ..config(dir.path())
    })
    .await
}

/// The texts of all questions, by number.
fn texts(map: &Entries) -> BTreeMap<u64, String> {
    let questions = map
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix("q/")?, value)));
    questions
        .map(|(id, value)| {
            (
                id.parse().unwrap(),
                value["text"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

fn votes(map: &Entries, id: u64) -> Option<u64> {
    map.get(&format!("q/{id}"))?["votes"].as_u64()
}

#[tokio::test]
async fn two_nodes_are_one_queue_and_one_goes_on_alone() {
    let server = Redis::start("always");
    let (mut a, mut b) = (node(&server).await, node(&server).await);
    let (mut asker, welcome) = a.join(None, &["mine"]).await;
    let (mut anne, _) = a
        .join(Some("moderator:Anne"), &["moderation", "public"])
        .await;
    let (mut luc, _) = b
        .join(Some("moderator:Luc"), &["moderation", "public"])
        .await;

    asker.done("ask", json!({ "text": "Qui décide ?" })).await;
    luc.until("moderation", |map| texts(map).len() == 1).await;
    luc.done("approve", json!({ "question": 1, "version": 1 }))
        .await;
    asker
        .until("mine", |map| map["q/1"]["state"] == "approved")
        .await;

    for house in [&a, &b] {
        let (mut voter, _) = house.join(None, &[]).await;
        voter.done("vote", json!({ "question": 1 })).await;
    }
    anne.until("public", |map| votes(map, 1) == Some(2)).await;
    luc.until("public", |map| votes(map, 1) == Some(2)).await;

    // Both on the same version: one wins, the other is told what the first did.
    let air = json!({ "question": 1, "version": 2 });
    let (first, second) = tokio::join!(anne.act("stage", air.clone()), luc.act("air", air));
    let won = [&first, &second]
        .iter()
        .filter(|answer| answer.get("done").is_some())
        .count();
    let lost = if first.get("done").is_some() {
        second
    } else {
        first
    };
    assert_eq!(
        (won, &lost["code"], &lost["current"]["version"]),
        (1, &json!("stale"), &json!(3))
    );
    let (state, version) = (lost["current"]["state"].clone(), 3);
    if state == "staged" {
        anne.done("air", json!({ "question": 1, "version": version }))
            .await;
    }
    for house in [&mut a, &mut b] {
        assert!(matches!(
            house.notices.recv().await,
            Some(Notice::OnAir { .. })
        ));
    }

    // A command answered by a node that died is answered by the other, and not done again.
    let first = asker
        .act_as("ask", json!({ "text": "Une fois" }), "same")
        .await;
    a.queue.shutdown().await;
    drop(a);
    let (mut back, _) = b
        .join_with(json!({ "participant": welcome["participant"] }))
        .await;
    assert_eq!(
        back.act_as("ask", json!({ "text": "Une fois" }), "same")
            .await,
        first
    );
    let second = back
        .act_as("ask", json!({ "text": "Deux fois" }), "other")
        .await;
    assert_eq!(second["result"]["id"], 3);
    let seen = luc
        .until("moderation", |map| texts(map).len() == 3)
        .await
        .map
        .clone();

    let c = node(&server).await;
    let (mut zoe, _) = c.join(Some("moderator:Zoé"), &["moderation"]).await;
    let view = zoe
        .until("moderation", |map| map.contains_key("queue"))
        .await;
    let questions = |map: &Entries| -> Vec<Value> {
        map.iter()
            .filter(|(key, _)| key.starts_with("q/"))
            .map(|(_, value)| value.clone())
            .collect()
    };
    assert_eq!(questions(&view.map), questions(&seen));
}

fn asker(n: u8) -> Actor {
    Actor::Participant(ParticipantId([n; 16]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_write_at_once_give_every_number_once() {
    let server = Redis::start("everysec");
    let (a, b) = (node(&server).await, node(&server).await);
    let tasks: Vec<_> = (0..8_u8)
        .map(|n| {
            let queue = if n % 2 == 0 {
                a.queue.clone()
            } else {
                b.queue.clone()
            };
            tokio::spawn(async move {
                let mut given = Vec::new();
                for at in 0..50 {
                    let ask = Ask {
                        text: format!("{n}-{at} ?"),
                        ..Ask::default()
                    };
                    let answer = queue
                        .execute(asker(n), Command::Ask(ask.clone()))
                        .await
                        .unwrap();
                    given.push((answer["id"].as_u64().unwrap(), ask.text));
                }
                given
            })
        })
        .collect();
    let mut given = BTreeMap::new();
    for task in tasks {
        given.extend(task.await.unwrap());
    }
    assert!(
        given.keys().copied().eq(1..=400),
        "a number was given twice"
    );
    for house in [&a, &b] {
        let (mut moderator, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
        let view = moderator
            .until("moderation", |map| texts(map).len() == 400)
            .await;
        assert_eq!(texts(&view.map), given);
    }
}

/// Asks again under the same id until it is done, as a page does. What was asked, and how often it was refused.
async fn ask_until_told(client: &mut Client, text: &str, id: &str, stop: &AtomicBool) -> bool {
    loop {
        let answer = client.act_as("ask", json!({ "text": text }), id).await;
        if answer.get("done").is_some() {
            return true;
        }
        assert_eq!(answer["code"], "unavailable", "{answer}");
        if stop.load(Ordering::SeqCst) {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Everything in the stream, by text.
async fn stored(server: &Redis) -> BTreeMap<String, usize> {
    let journal = RedisJournal::open(&server.url(), EVENT).await.unwrap();
    let mut texts = BTreeMap::new();
    for row in journal.load(0, 10_000).await.unwrap() {
        let event: Value = serde_json::from_str(&row.event).unwrap();
        let text = event["change"]["asked"]["text"]
            .as_str()
            .unwrap()
            .to_owned();
        *texts.entry(text).or_default() += 1;
    }
    texts
}

/// Kills Redis three times while six people ask at two nodes, each time with this part of its log on the disk: what was
/// acknowledged, and what the stream then holds.
async fn killed_under_load(
    sync: &'static str,
    kept: f64,
) -> (BTreeSet<String>, BTreeMap<String, usize>, [House; 2]) {
    let mut server = Redis::start(sync);
    let houses = [node(&server).await, node(&server).await];
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for n in 0..6 {
        let (mut client, _) = houses[n % 2].join(Some("site:nancy"), &[]).await;
        let stop = Arc::clone(&stop);
        tasks.push(tokio::spawn(async move {
            let mut acknowledged = BTreeSet::new();
            for at in 0.. {
                let text = format!("Question {n}-{at}");
                if ask_until_told(&mut client, &text, &format!("i{n}-{at}"), &stop).await {
                    acknowledged.insert(text);
                }
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(15)).await; // a person may send 100 messages a second
            }
            acknowledged
        }));
    }
    for pause in [300, 170, 230] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        server.kill();
        server.cut_log(kept);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        server.again();
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    stop.store(true, Ordering::SeqCst);
    let mut acknowledged = BTreeSet::new();
    for task in tasks {
        acknowledged.extend(task.await.unwrap());
    }
    (acknowledged, stored(&server).await, houses)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_that_syncs_always_loses_nothing_acknowledged() {
    let (acknowledged, stored, houses) = killed_under_load("always", 1.0).await;
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|text| !stored.contains_key(*text))
        .collect();
    assert_eq!(lost, Vec::<&String>::new());
    assert!(stored.values().all(|count| *count == 1), "{stored:?}");
    assert!(
        acknowledged.len() > 100,
        "only {} were acknowledged",
        acknowledged.len()
    );
    for house in &houses {
        assert_eq!(house.queue.lost(), 0);
        let (mut moderator, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
        moderator
            .until("moderation", |map| texts(map).len() == stored.len())
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_that_syncs_every_second_is_followed_in_what_it_kept() {
    let (acknowledged, stored, houses) = killed_under_load("everysec", 0.97).await;
    let lost = acknowledged
        .iter()
        .filter(|text| !stored.contains_key(*text))
        .count();
    assert!(lost > 0, "nothing was cut off");
    assert!(stored.values().all(|count| *count == 1), "{stored:?}");
    // A row may be gone before the other node has heard of it, but never before the one that acknowledged it.
    let counted: Vec<_> = houses.iter().map(|house| house.queue.lost()).collect();
    assert!(
        counted.iter().sum::<u64>() >= lost as u64,
        "{lost} of {} acknowledged were lost, and the nodes counted {counted:?}",
        acknowledged.len()
    );
    for house in &houses {
        let (mut moderator, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
        moderator
            .until("moderation", |map| texts(map).len() == stored.len())
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_redis_lost_is_counted_said_and_no_longer_shown() {
    let mut server = Redis::start("everysec");
    let house = node(&server).await;
    let (mut asker, _) = house.join(Some("site:nancy"), &[]).await;
    let (mut moderator, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    for n in 0..40 {
        asker
            .done("ask", json!({ "text": format!("Question {n}") }))
            .await;
    }
    moderator
        .until("moderation", |map| texts(map).len() == 40)
        .await;
    // The machine went down before the last second was on its disk.
    server.kill();
    server.cut_log(0.5);
    server.again();
    let left = stored(&server).await;
    let view = moderator
        .until("moderation", |map| texts(map).len() == left.len())
        .await;
    assert!((1..40).contains(&left.len()), "{}", left.len());
    assert_eq!(house.queue.lost(), 40 - left.len() as u64);
    assert!(
        texts(&view.map)
            .values()
            .all(|text| left.contains_key(text))
    );
    let next = asker.done("ask", json!({ "text": "Et ensuite ?" })).await["id"]
        .as_u64()
        .unwrap();
    assert_eq!(
        next,
        left.len() as u64 + 1,
        "the numbers go on where the store is"
    );
}

/// Waits until the queue knows how its journal is: nobody has to ask a question for that.
async fn noticed(house: &House, trouble: fn(&Option<String>) -> bool) {
    let until = Instant::now() + REFUSED_WITHIN;
    while !trouble(&house.queue.trouble()) {
        assert!(Instant::now() < until, "{:?}", house.queue.trouble());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn while_redis_is_away_commands_are_refused_and_pages_stay() {
    let mut server = Redis::start("always");
    let house = node(&server).await;
    let (mut asker, _) = house.join(None, &["mine"]).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    approved(&mut asker, &mut anne, "Avant ?").await;
    assert_eq!(house.queue.trouble(), None);

    server.kill();
    noticed(&house, Option::is_some).await;
    let asked = Instant::now();
    let refused = asker.refused("ask", json!({ "text": "Pendant ?" })).await;
    assert_eq!(refused["code"], "unavailable", "{refused}");
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("Redis at 127.0.0.1"),
        "{refused}"
    );
    assert!(asked.elapsed() < REFUSED_WITHIN, "{:?}", asked.elapsed());
    assert!(
        house
            .queue
            .trouble()
            .is_some_and(|why| why.contains("Redis at"))
    );
    let (mut late, _) = house.join(None, &["public", "mine"]).await;
    late.until("public", |map| texts(map).len() == 1).await;

    server.again();
    noticed(&house, Option::is_none).await;
    let again = asker.done("ask", json!({ "text": "Après ?" })).await;
    assert_eq!(again["id"], 2, "{again}");
    anne.until("moderation", |map| texts(map).len() == 2).await;
}
