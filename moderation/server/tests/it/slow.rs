//! Readers that do not read.

use std::time::{Duration, Instant};

use pleniere_moderation::Readers;
use serde_json::json;

use crate::house::{Entries, House};

#[tokio::test]
async fn who_takes_nothing_at_all_is_let_go_and_the_others_are_told_everything() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let topic = house.hub.topic("big", Readers::everybody(), None);
    let (mut witness, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    let (stalled, _) = house.join(Some("moderator:Luc"), &["big"]).await;
    let colleagues = |map: &Entries| {
        map.keys()
            .filter(|key| key.starts_with("colleague/"))
            .count()
    };
    witness
        .until("moderation", |map| colleagues(map) == 2)
        .await;

    // Far more than the line holds, while `stalled` is kept open and not read.
    let publish = tokio::spawn(async move {
        let (filler, started) = ("x".repeat(200_000), Instant::now());
        for n in 0.. {
            topic.set("filler", &format!("{n} {filler}"));
            tokio::time::sleep(Duration::from_millis(20)).await;
            if started.elapsed() > Duration::from_secs(60) {
                return;
            }
        }
    });
    witness
        .until("moderation", |map| colleagues(map) == 1)
        .await;
    publish.abort();
    witness
        .done("ask", json!({ "text": "Toujours servi ?" }))
        .await;
    drop(stalled);
}
