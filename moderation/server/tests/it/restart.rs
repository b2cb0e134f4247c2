//! Acknowledged means kept: whatever was answered is there after the process is gone.

use std::collections::BTreeMap;

use pleniere_moderation::Notice;
use serde_json::{Value, json};

use crate::house::{EVENT, Entries, House, approved};

/// Copies the event's files as they lie on the disk now, as a killed process leaves them: nothing closed, no
/// checkpoint.
fn as_after_a_kill(from: &std::path::Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(to.path().join(EVENT)).unwrap();
    // The log first: a checkpoint between the two copies must not be able to lose rows.
    for name in ["event.sqlite-wal", "event.sqlite"] {
        std::fs::copy(
            from.join(EVENT).join(name),
            to.path().join(EVENT).join(name),
        )
        .unwrap();
    }
    to
}

#[tokio::test]
async fn every_acknowledged_question_is_there_once_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let mut askers = Vec::new();
    for asker in 0..8 {
        let (mut client, _) = house.join(Some("site:nancy"), &[]).await;
        askers.push(tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for n in 0..25 {
                let text = format!("Question {asker}-{n}");
                let id = client.done("ask", json!({ "text": text })).await["id"]
                    .as_u64()
                    .unwrap();
                acknowledged.push((id, text));
            }
            acknowledged
        }));
    }
    let mut acknowledged = BTreeMap::new();
    for asker in askers {
        for (id, text) in asker.await.unwrap() {
            assert!(
                acknowledged.insert(id, text).is_none(),
                "number {id} was given twice"
            );
        }
    }
    let copy = as_after_a_kill(dir.path());
    let again = House::open(copy.path()).await;
    let (mut moderator, _) = again.join(Some("moderator:Anne"), &["moderation"]).await;
    let view = moderator
        .until("moderation", |map| map.contains_key("queue"))
        .await;
    let kept: BTreeMap<u64, String> = view
        .map
        .iter()
        .filter_map(|(key, value)| {
            Some((
                key.strip_prefix("q/")?.parse().ok()?,
                value["text"].as_str()?.to_owned(),
            ))
        })
        .collect();
    assert_eq!(kept, acknowledged);
}

#[tokio::test]
async fn a_restart_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut house = House::open(dir.path()).await;
    let (mut moderator, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    let (mut asker, welcome) = house.join(None, &["mine"]).await;
    approved(&mut asker, &mut moderator, "Sur scène").await;
    let on_air = approved(&mut asker, &mut moderator, "À l'antenne").await;
    moderator
        .done("stage", json!({ "question": 1, "version": 2 }))
        .await;
    moderator
        .done("air", json!({ "question": on_air, "version": 2 }))
        .await;
    moderator
        .done("queue", json!({ "open": false, "moderation": "after" }))
        .await;
    let asked = asker
        .act_as("withdraw", json!({ "question": 1 }), "w1")
        .await;
    let questions = |map: &Entries| -> BTreeMap<String, Value> {
        map.iter()
            .filter(|(key, _)| !key.starts_with("colleague/"))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    };
    let before = moderator
        .until("moderation", |map| {
            !map.contains_key("q/1") && map["queue"]["open"] == false && map["queue"]["asked"] == 1
        })
        .await;
    let (before, epoch, offset) = (questions(&before.map), before.epoch.clone(), before.offset);
    assert!(matches!(
        house.notices.recv().await,
        Some(Notice::OnAir { .. })
    ));
    house.queue.shutdown().await;
    drop(house);

    let mut house = House::open(dir.path()).await;
    let at = json!({ "topic": "moderation", "epoch": epoch, "offset": offset });
    let (mut moderator, _) = house
        .join_with(json!({ "key": "moderator:Anne", "topics": [at] }))
        .await;
    let after = moderator
        .until("moderation", |map| map.contains_key("queue"))
        .await;
    assert_eq!(questions(&after.map), before);
    assert_eq!(
        after.snapshots, 1,
        "another life of the topic is told as a snapshot"
    );
    let Some(Notice::OnAir { question }) = house.notices.recv().await else {
        panic!("the picture is not restored")
    };
    assert_eq!(question.id.0, on_air);

    // A command acknowledged before the restart is answered the same, and not done again.
    let hello = json!({ "participant": welcome["participant"], "topics": [{ "topic": "mine" }] });
    let (mut asker, _) = house.join_with(hello).await;
    assert_eq!(
        asker
            .act_as("withdraw", json!({ "question": 1 }), "w1")
            .await,
        asked
    );
    asker
        .until("mine", |map| map["q/1"]["state"] == "withdrawn")
        .await;
}

#[tokio::test]
async fn the_file_names_nobodys_secret() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut asker, welcome) = house.join(None, &["mine"]).await;
    asker.done("ask", json!({ "text": "Qui suis-je ?" })).await;
    let secret = welcome["participant"].as_str().unwrap().to_owned();
    house.queue.shutdown().await;
    let file = std::fs::read(dir.path().join(EVENT).join("event.sqlite")).unwrap();
    assert!(
        !file
            .windows(secret.len())
            .any(|window| window == secret.as_bytes())
    );
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(dir.path().join(EVENT))
                .unwrap()
                .permissions(),
        );
        assert_eq!(mode & 0o777, 0o700);
    }
}

#[tokio::test]
async fn an_event_that_is_no_id_opens_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let config = pleniere_moderation::QueueConfig {
        event: "../evil".to_owned(),
        ..crate::house::config(dir.path())
    };
    let hub = pleniere_moderation::Hub::new(tokio::runtime::Handle::current());
    assert!(pleniere_moderation::Queue::open(config, hub).await.is_err());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
