//! The promise of topics: the whole gap in order, or a snapshot; never a hole.

use std::time::Duration;

use pleniere_moderation::{Readers, Role};
use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn who_comes_back_gets_exactly_what_it_missed() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let topic = house.hub.topic("programme", Readers::everybody(), None);
    topic.set("event", &json!({ "phase": "before" }));
    let (mut first, _) = house.join(None, &["programme"]).await;
    let had = first
        .until("programme", |map| map["event"]["phase"] == "before")
        .await
        .clone();
    drop(first);
    for n in 0..50 {
        topic.set("count", &n);
    }
    topic.set("count", &49); // no change, nothing to tell
    topic.unset("event");

    let at = json!({ "topic": "programme", "epoch": had.epoch, "offset": had.offset });
    let (mut back, _) = house.join_with(json!({ "topics": [at] })).await;
    back.views.insert("programme".to_owned(), had.clone());
    let view = back
        .until("programme", |map| !map.contains_key("event"))
        .await;
    assert_eq!(
        (view.snapshots, view.changes, view.offset),
        (had.snapshots, 51, had.offset + 51)
    );
    assert_eq!(view.map["count"], 49);

    // Another life of the topic, or an offset from the future: a snapshot.
    for at in [
        json!({ "epoch": "other", "offset": 1 }),
        json!({ "epoch": had.epoch, "offset": 9999 }),
    ] {
        let at = json!({ "topic": "programme", "epoch": at["epoch"], "offset": at["offset"] });
        let (mut lost, _) = house.join_with(json!({ "topics": [at] })).await;
        let view = lost.until("programme", |map| map["count"] == 49).await;
        assert_eq!((view.snapshots, view.changes), (1, 0));
    }
}

#[tokio::test]
async fn who_is_up_to_date_is_sent_nothing_and_then_the_next_change() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let topic = house.hub.topic("programme", Readers::everybody(), None);
    topic.set("n", &1);
    let (mut first, _) = house.join(None, &["programme"]).await;
    let had = first.until("programme", |map| map["n"] == 1).await.clone();
    let at = json!({ "topic": "programme", "epoch": had.epoch, "offset": had.offset });
    let (mut back, _) = house.join_with(json!({ "topics": [at] })).await;
    back.views.insert("programme".to_owned(), had.clone());
    topic.set("n", &2);
    let message = back.next().await;
    assert_eq!(
        (&message["offset"], &message["set"]),
        (&json!(had.offset + 1), &json!({ "n": 2 }))
    );
}

#[tokio::test]
async fn a_paced_topic_gathers_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let topic = house.hub.topic("paced", Readers::everybody(), Some(5.0));
    let (mut reader, _) = house.join(None, &["paced"]).await;
    let started = std::time::Instant::now();
    for n in 0..200 {
        topic.set("n", &n);
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    topic.set("end", &true);
    let view = reader.until("paced", |map| map.contains_key("end")).await;
    assert_eq!(view.map["n"], 199);
    let most = started.elapsed().as_millis() / 200 + 2;
    assert!(
        (view.changes as u128) <= most,
        "{} changes told, at most {most} allowed",
        view.changes
    );
}

#[tokio::test]
async fn a_reader_that_sleeps_through_the_ring_wakes_to_a_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let topic = house.hub.topic("big", Readers::everybody(), None);
    topic.set("start", &true);
    let (mut reader, _) = house.join(None, &["big"]).await;
    reader.until("big", |map| map.contains_key("start")).await;
    // The reader takes nothing while far more passes than the line and the ring hold.
    let filler = "x".repeat(20_000);
    for n in 0..1500 {
        topic.set("filler", &format!("{n} {filler}"));
        if n % 50 == 0 {
            tokio::task::yield_now().await;
        }
    }
    topic.set("end", &true);
    let view = reader.until("big", |map| map.contains_key("end")).await;
    assert!(
        view.snapshots >= 2,
        "no snapshot after {} changes",
        view.changes
    );
    assert!(view.map["filler"].as_str().unwrap().starts_with("1499 "));
}

#[tokio::test]
async fn topics_are_for_those_they_are_for() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    house
        .hub
        .topic(
            "site/nancy",
            Readers::roles(&[Role::Director]).or_site("nancy"),
            None,
        )
        .set("tally", &"off");
    for (key, topic, allowed) in [
        (None, "moderation", false),
        (Some("stage:chair"), "moderation", false),
        (Some("site:reims"), "site/nancy", false),
        (Some("moderator:Anne"), "site/nancy", false),
        (Some("site:nancy"), "site/nancy", true),
        (Some("director:Zoé"), "site/nancy", true),
        (Some("stage:chair"), "stage", true),
    ] {
        let (mut client, _) = house.join(key, &[]).await;
        client
            .send(&json!({ "subscribe": { "topic": topic } }))
            .await;
        if allowed {
            assert_eq!(client.next().await["snapshot"], true, "{key:?} {topic}");
        } else {
            let (code, error) = client.closed().await;
            assert_eq!(
                (code, &error.unwrap()["code"]),
                (4403, &json!("not_allowed")),
                "{key:?} {topic}"
            );
        }
    }
    let (mut client, _) = house.join(None, &[]).await;
    client
        .send(&json!({ "subscribe": { "topic": "nowhere" } }))
        .await;
    assert_eq!(client.next().await["error"]["code"], "not_found");
}
