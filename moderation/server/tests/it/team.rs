//! Askers, moderators and the stage on one queue.

use pleniere_moderation::{
    Notice,
    core::{QuestionId, UnixMs},
};
use serde_json::json;

use crate::house::{Entries, House, approved};

#[tokio::test]
async fn a_question_goes_from_its_asker_to_the_air_and_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let mut house = House::open(dir.path()).await;
    let (mut moderator, welcome) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    assert_eq!(welcome["role"], "moderator");
    let (mut asker, _) = house.join(None, &["public", "mine"]).await;
    let (mut stage, _) = house.join(Some("stage:chair"), &["stage"]).await;

    let fields = json!({ "text": " Et la  5G ? ", "name": "Léa", "show_name": true, "public": "eleves", "theme": "", "site": "nancy", "programme_at": 1000 });
    let asked = asker.done("ask", fields).await;
    assert_eq!(asked, json!({ "id": 1, "number": 1, "state": "received" }));
    asker
        .until("mine", |map| {
            map.get("q/1").is_some_and(|q| q["state"] == "received")
        })
        .await;
    assert!(
        !asker.views["public"].map.contains_key("q/1"),
        "not public before it is approved"
    );

    let seen = moderator
        .until("moderation", |map| map.contains_key("q/1"))
        .await
        .map["q/1"]
        .clone();
    assert_eq!(
        (&seen["text"], &seen["version"], &seen["programme_at"]),
        (&json!("Et la 5G ?"), &json!(1), &json!(1000))
    );
    moderator
        .until("moderation", |map| {
            map["balance"]["site"]["nancy"]["asked"] == 1
        })
        .await;

    let done = moderator
        .done("approve", json!({ "question": 1, "version": 1 }))
        .await;
    assert_eq!(
        done,
        json!({ "question": 1, "version": 2, "state": "approved" })
    );
    asker
        .until("public", |map| {
            map.get("q/1").is_some_and(|q| q["name"] == "Léa")
        })
        .await;
    moderator
        .done("stage", json!({ "question": 1, "version": 2 }))
        .await;
    stage
        .until("stage", |map| {
            map.get("q/1").is_some_and(|q| q["rank"] == 1)
        })
        .await;
    moderator
        .done("air", json!({ "question": 1, "version": 3 }))
        .await;

    let Some(Notice::OnAir { question }) = house.notices.recv().await else {
        panic!()
    };
    assert_eq!(question.text, "Et la 5G ?");
}

#[tokio::test]
async fn the_times_on_air_are_those_of_the_picture() {
    let dir = tempfile::tempdir().unwrap();
    let mut house = House::open(dir.path()).await;
    let (mut moderator, _) = house.join(Some("moderator:Anne"), &[]).await;
    let (mut asker, _) = house.join(None, &["public", "mine"]).await;
    let (mut stage, _) = house.join(Some("stage:chair"), &["stage"]).await;
    approved(&mut asker, &mut moderator, "Et la 5G ?").await;
    moderator
        .done("air", json!({ "question": 1, "version": 2 }))
        .await;
    stage
        .until("stage", |map| {
            map.get("q/1").is_some_and(|q| q["state"] == "on_air")
        })
        .await;
    assert!(matches!(
        house.notices.recv().await,
        Some(Notice::OnAir { .. })
    ));
    house
        .queue
        .note_air_seen(QuestionId(1), UnixMs(5000), true)
        .await
        .unwrap();
    asker
        .until("public", |map| {
            map.get("q/1").is_some_and(|q| q["air_at"] == 5000)
        })
        .await;

    moderator
        .done("answer", json!({ "question": 1, "version": 3 }))
        .await;
    assert_eq!(
        house.notices.recv().await,
        Some(Notice::OffAir {
            question: QuestionId(1)
        })
    );
    assert!(matches!(
        house.notices.recv().await,
        Some(Notice::Answered { .. })
    ));
    house
        .queue
        .note_air_seen(QuestionId(1), UnixMs(9000), false)
        .await
        .unwrap();
    asker
        .until("mine", |map| {
            map.get("q/1")
                .is_some_and(|q| q["state"] == "answered" && q["answered_at"] == 9000)
        })
        .await;
    stage.until("stage", |map| !map.contains_key("q/1")).await;
    house.queue.shutdown().await;
}

#[tokio::test]
async fn of_two_moderators_on_one_question_the_second_sees_what_the_first_did() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    let (mut luc, _) = house.join(Some("moderator:Luc"), &["moderation"]).await;
    let (mut asker, _) = house.join(None, &[]).await;
    asker.done("ask", json!({ "text": "Qui décide ?" })).await;

    let decline = json!({ "question": 1, "version": 1, "reason": { "code": "off_topic", "text": "hors sujet" } });
    let (first, second) = tokio::join!(
        anne.act("approve", json!({ "question": 1, "version": 1 })),
        luc.act("decline", decline)
    );
    let (won, lost) = if first.get("done").is_some() {
        (first, second)
    } else {
        (second, first)
    };
    assert!(won.get("done").is_some(), "{won}");
    assert_eq!(lost["code"], "stale", "{lost}");
    assert_eq!(lost["current"]["version"], 2);
    assert_eq!(lost["current"]["state"], won["result"]["state"]);
    assert!(lost["current"]["by"].is_string());
}

#[tokio::test]
async fn a_declined_asker_is_told_why_and_votes_are_a_set() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut moderator, _) = house.join(Some("moderator:Anne"), &[]).await;
    let (mut asker, _) = house.join(None, &["mine"]).await;
    let (mut voter, _) = house.join(None, &["mine", "public"]).await;
    let id = approved(&mut asker, &mut moderator, "Première ?").await;

    assert_eq!(
        asker.refused("vote", json!({ "question": id })).await["code"],
        "not_allowed"
    );
    assert_eq!(
        voter.done("vote", json!({ "question": id })).await["votes"],
        1
    );
    assert_eq!(
        voter.refused("vote", json!({ "question": id })).await["code"],
        "wrong_state"
    );
    voter.until("mine", |map| map["votes"] == json!([id])).await;
    voter
        .until("public", |map| {
            map.get("q/1").is_some_and(|q| q["votes"] == 1)
        })
        .await;
    voter.done("unvote", json!({ "question": id })).await;
    voter.until("mine", |map| map["votes"] == json!([])).await;
    voter.until("public", |map| map["q/1"]["votes"] == 0).await;

    asker
        .done("ask", json!({ "text": "Encore la première ?" }))
        .await;
    let reason = json!({ "code": "duplicate", "text": " voyez la 1 ", "see": id });
    moderator
        .done(
            "decline",
            json!({ "question": 2, "version": 1, "reason": reason }),
        )
        .await;
    let told = json!({ "code": "duplicate", "text": "voyez la 1", "see": id });
    asker
        .until("mine", |map| {
            map.get("q/2")
                .is_some_and(|q| q["state"] == "declined" && q["reason"] == told)
        })
        .await;
}

#[tokio::test]
async fn a_room_asks_with_its_key_and_only_staff_moderate() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut room, _) = house.join(Some("site:nancy"), &["mine"]).await;
    let (mut moderator, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    room.done("ask", json!({ "text": "La salle demande" }))
        .await;
    moderator
        .until("moderation", |map| {
            map.get("q/1").is_some_and(|q| q["room"] == "nancy")
        })
        .await;
    moderator
        .until("moderation", |map| {
            map["balance"]["site"]["nancy"]["asked"] == 1
        })
        .await;
    assert_eq!(
        room.refused("approve", json!({ "question": 1, "version": 1 }))
            .await["code"],
        "not_allowed"
    );

    // Another operator of the same room sees the room's questions.
    let (mut second, _) = house.join(Some("site:nancy"), &["mine"]).await;
    second.until("mine", |map| map.contains_key("q/1")).await;

    moderator.done("queue", json!({ "open": false })).await;
    assert_eq!(
        room.refused("ask", json!({ "text": "Et ici ?" })).await["code"],
        "closed"
    );
    moderator
        .until("moderation", |map| map["queue"]["open"] == false)
        .await;
}

#[tokio::test]
async fn colleagues_see_each_other_come_and_go() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let names = |map: &Entries| -> Vec<String> {
        let here = map.iter().filter(|(key, _)| key.starts_with("colleague/"));
        here.map(|(_, value)| value["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let (mut anne, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    let (luc, _) = house.join(Some("moderator:Luc"), &[]).await;
    anne.until("moderation", |map| names(map) == ["Anne", "Luc"])
        .await;
    drop(luc);
    anne.until("moderation", |map| names(map) == ["Anne"]).await;
}

#[tokio::test]
async fn a_repeated_command_is_answered_again_and_done_once() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut asker, welcome) = house.join(None, &["mine"]).await;
    let first = asker
        .act_as("ask", json!({ "text": "Une fois" }), "same-id")
        .await;
    let again = asker
        .act_as("ask", json!({ "text": "Une fois" }), "same-id")
        .await;
    assert_eq!(first, again);

    // Also from a new connection of the same participant, but not for another one.
    let (mut back, _) = house
        .join_with(json!({ "participant": welcome["participant"] }))
        .await;
    assert_eq!(
        back.act_as("ask", json!({ "text": "Une fois" }), "same-id")
            .await,
        first
    );
    let (mut other, _) = house.join(None, &[]).await;
    assert_eq!(
        other
            .act_as("ask", json!({ "text": "Une fois" }), "same-id")
            .await["result"]["id"],
        2
    );

    // Commands of other parts likewise: it reached them once.
    let (mut director, _) = house.join(Some("director:Zoé"), &[]).await;
    let cut = director
        .act_as("take", json!({ "layout": "full" }), "cut-1")
        .await;
    assert_eq!(cut["result"], json!({ "count": 1, "layout": "full" }));
    assert_eq!(
        director
            .act_as("take", json!({ "layout": "full" }), "cut-1")
            .await,
        cut
    );
    assert_eq!(
        house.extras.0.load(std::sync::atomic::Ordering::SeqCst),
        1,
        "it reached them once"
    );
    assert_eq!(
        asker.refused("take", json!({})).await["code"],
        "not_allowed"
    );
    assert_eq!(
        asker.refused("dance", json!({})).await["code"],
        "bad_request"
    );
}
