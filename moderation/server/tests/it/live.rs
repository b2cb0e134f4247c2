//! What a team of moderators and their audience do with the complete queue.

use std::time::Duration;

use pleniere_moderation::{Notice, core::Moderation};
use serde_json::{Value, json};

use crate::house::{Client, Entries, House, approved, config};

/// The whole question as moderators see it, once it is as wanted.
async fn question(client: &mut Client, id: u64, wanted: impl Fn(&Value) -> bool) -> Value {
    let key = format!("q/{id}");
    let view = client
        .until("moderation", |map| map.get(&key).is_some_and(&wanted))
        .await;
    view.map[&key].clone()
}

#[tokio::test]
async fn a_claim_keeps_colleagues_off_until_its_holder_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut anne, welcome) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    let (mut luc, _) = house
        .join(Some("moderator:Luc"), &["moderation", "journal"])
        .await;
    let (mut asker, _) = house.join(None, &[]).await;
    asker.done("ask", json!({ "text": "Qui paie ?" })).await;

    let claimed = anne.done("claim", json!({ "question": 1 })).await;
    assert!(
        claimed["until"].as_i64() > welcome["now"].as_i64(),
        "{claimed}"
    );
    let seen = question(&mut luc, 1, |q| q["claim"]["by"] == "Anne").await;
    assert_eq!(seen["claim"]["staff"], welcome["staff"]);
    assert_eq!(seen["version"], 1, "a claim is no change of the question");
    let refused = luc
        .refused("approve", json!({ "question": 1, "version": 1 }))
        .await;
    assert_eq!(refused["code"], "claimed", "{refused}");
    assert_eq!(refused["current"]["claim"]["by"], "Anne");

    // A page that is loaded again keeps it; who is gone for good does not.
    drop(anne);
    let (anne, _) = house.join(Some("moderator:Anne"), &[]).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    let refused = luc
        .refused("approve", json!({ "question": 1, "version": 1 }))
        .await;
    assert_eq!(refused["code"], "claimed", "{refused}");
    drop(anne);
    question(&mut luc, 1, |q| q.get("claim").is_none()).await;
    luc.done("approve", json!({ "question": 1, "version": 1 }))
        .await;

    let told = luc
        .until("journal", |map| {
            map.values().any(|entry| entry["what"] == "approved")
        })
        .await;
    let told: Vec<(&str, &str)> = told
        .map
        .values()
        .map(|entry| {
            (
                entry["by"].as_str().unwrap(),
                entry["what"].as_str().unwrap(),
            )
        })
        .filter(|(_, what)| *what != "asked")
        .collect();
    assert_eq!(
        told,
        [
            ("Anne", "claimed"),
            ("system", "released"),
            ("Luc", "approved")
        ]
    );
}

#[tokio::test]
async fn united_questions_share_their_votes_and_their_askers_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    let (mut first, _) = house.join(None, &["public"]).await;
    let (mut second, _) = house.join(None, &["mine"]).await;
    let (mut voter, _) = house.join(None, &["mine"]).await;
    approved(&mut first, &mut anne, "La fibre, quand ?").await;
    approved(&mut second, &mut anne, "Quand aura-t-on la fibre ?").await;
    voter.done("vote", json!({ "question": 2 })).await;

    let merge = json!({ "question": 2, "version": 2, "into": 1 });
    let merged = anne.done("merge", merge).await;
    assert_eq!(merged["state"], "merged");
    first
        .until("public", |map| {
            map["q/1"]["votes"] == 2 && map["q/1"]["merged"] == 1 && !map.contains_key("q/2")
        })
        .await;
    let target = question(&mut anne, 1, |q| q["merged"] == json!([2])).await;
    assert_eq!(target["votes"], 2, "the voter of the other, and its asker");
    second
        .until("mine", |map| {
            map["q/2"]["state"] == "merged" && map["q/2"]["into"]["text"] == "La fibre, quand ?"
        })
        .await;
    voter.until("mine", |map| map["votes"] == json!([1])).await;

    // What becomes of the one is told to the asker of the other.
    anne.done("answer", json!({ "question": 1, "version": 2 }))
        .await;
    second
        .until("mine", |map| map["q/2"]["into"]["state"] == "answered")
        .await;
    anne.done("undo", json!({ "question": 1 })).await;
    let undone = anne.done("undo", json!({ "question": 2 })).await;
    assert_eq!(
        (&undone["undone"], &undone["state"]),
        (&json!("merge"), &json!("approved"))
    );
    first
        .until("public", |map| {
            map["q/1"]["votes"] == 0 && map.get("q/2").is_some_and(|q| q["votes"] == 1)
        })
        .await;
    voter.until("mine", |map| map["votes"] == json!([2])).await;
}

#[tokio::test]
async fn a_written_answer_says_who_reads_it_also_to_who_asked_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &[]).await;
    let (mut first, _) = house.join(None, &["mine"]).await;
    let (mut second, _) = house.join(None, &["mine"]).await;
    for (to, one, same) in [("all", 1, 2), ("one", 3, 4)] {
        first.done("ask", json!({ "text": "Qui paie ?" })).await;
        second.done("ask", json!({ "text": "Et qui paie ?" })).await;
        anne.done(
            "merge",
            json!({ "question": same, "version": 1, "into": one }),
        )
        .await;
        let answer = json!({ "question": one, "version": 1, "written": "La région.", "to": to });
        anne.done("answer", answer).await;

        // In one message with the answer: no page has to guess from what the public list shows by then.
        let own = format!("q/{one}");
        let told = first
            .until("mine", |map| map[&own]["written"].is_string())
            .await;
        assert_eq!(told.map[&own]["to"], to);
        let own = format!("q/{same}");
        let told = second
            .until("mine", |map| map[&own]["into"]["state"] == "answered")
            .await;
        let into = &told.map[&own]["into"];
        assert_eq!(into["to"], to);
        let read = (to == "all").then_some("La région.");
        assert_eq!(into["written"].as_str(), read, "to one: its asker alone");
        assert!(
            told.map[&own].get("to").is_none(),
            "it has no answer itself"
        );
    }
}

#[tokio::test]
async fn a_hand_is_called_and_its_key_is_told_to_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut anne, _) = house
        .join(Some("moderator:Anne"), &["moderation", "journal"])
        .await;
    let (mut chair, _) = house.join(Some("stage:chair"), &["stage"]).await;
    let (mut lea, _) = house.join(None, &["mine", "public"]).await;
    let (mut tom, _) = house.join(None, &["mine"]).await;
    let raised = lea
        .done("hand", json!({ "name": "Léa", "about": "le collège" }))
        .await;
    assert_eq!((&raised["hand"], &raised["place"]), (&json!(1), &json!(1)));
    tom.done("hand", json!({ "name": "Tom" })).await;
    tom.until("mine", |map| map["hand"]["place"] == 2).await;
    lea.until("public", |map| map["queue"]["raised"] == 2).await;
    assert_eq!(
        lea.refused("hand_ready", json!({})).await["code"],
        "wrong_state"
    );

    let called = anne.done("call", json!({ "hand": 1, "version": 1 })).await;
    lea.until("mine", |map| map["hand"]["state"] == "called")
        .await;
    tom.until("mine", |map| map["hand"]["place"] == 1).await;
    let shown = chair.until("stage", |map| map.contains_key("hand/1")).await;
    assert_eq!(shown.map["hand/1"]["name"], "Léa");
    assert!(
        !shown.map.contains_key("hand/2"),
        "who waits is not shown on stage"
    );

    let ready = lea.done("hand_ready", json!({})).await;
    assert_eq!(
        (&ready["state"], &ready["key"]),
        (&json!("ready"), &json!("secret-1-Léa-1"))
    );
    assert!(ready["link"].as_str().unwrap().contains("#key=secret-1"));
    let again = lea.done("hand_ready", json!({})).await;
    assert_eq!(
        again["key"], "secret-1-Léa-2",
        "lost and asked again: another one"
    );
    anne.until("moderation", |map| map["hand/1"]["state"] == "ready")
        .await;
    let seen = serde_json::to_string(&[&anne.views["moderation"].map, &anne.views["journal"].map]);
    assert!(!seen.unwrap().contains("secret"));

    let version = called["version"].as_u64().unwrap() + 1;
    anne.done("speaking", json!({ "hand": 1, "version": version }))
        .await;
    anne.done("hand_done", json!({ "hand": 1, "version": version + 1 }))
        .await;
    assert_eq!(
        lea.refused("hand_ready", json!({})).await["code"],
        "wrong_state"
    );
    let stale = anne
        .refused("dismiss", json!({ "hand": 1, "version": 1 }))
        .await;
    assert_eq!(
        (&stale["code"], &stale["current"]["state"]),
        (&json!("stale"), &json!("done"))
    );
    house.queue.shutdown().await;
    let stored = std::fs::read(dir.path().join("grand-est/event.sqlite")).unwrap();
    assert!(!stored.windows(8).any(|bytes| bytes == b"secret-1"));
}

#[tokio::test]
async fn a_lot_is_done_one_by_one_and_each_says_what_became_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    let (mut asker, _) = house.join(None, &[]).await;
    for text in ["Un ?", "Deux ?", "Trois ?"] {
        asker.done("ask", json!({ "text": text })).await;
    }
    anne.done("approve", json!({ "question": 2, "version": 1 }))
        .await;
    let items = json!([
        { "question": 1, "version": 1 },
        { "question": 2, "version": 1 },
        { "question": 9, "version": 1 },
        { "question": 3, "version": 1 },
    ]);
    let reason = json!({ "code": "off_topic" });
    let bulk = json!({ "act": "decline", "items": items, "reason": reason });
    let results = anne.done("bulk", bulk.clone()).await["results"].clone();
    let words: Vec<&str> = results
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["state"].as_str().or(r["code"].as_str()).unwrap())
        .collect();
    assert_eq!(words, ["declined", "stale", "not_found", "declined"]);
    assert_eq!(results[1]["current"]["version"], 2);

    let items = json!([{ "question": 1, "version": 2 }, { "question": 3, "version": 2 }]);
    let undone = anne
        .done("bulk", json!({ "act": "undo", "items": items }))
        .await;
    assert_eq!(undone["results"][1]["undone"], "decline", "{undone}");
    question(&mut anne, 3, |q| q["state"] == "received").await;
    assert_eq!(asker.refused("bulk", bulk).await["code"], "not_allowed");
}

#[tokio::test]
async fn rules_are_changed_live_and_bans_are_told_with_their_reason() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    let (mut asker, _) = house.join(None, &["public", "mine"]).await;
    let (mut other, _) = house.join(None, &[]).await;
    let rules = json!({ "slow_mode_s": 30, "themes": [], "hands": false, "names": "none" });
    anne.done("policy", rules).await;
    asker
        .until("public", |map| {
            let queue = &map["queue"];
            queue["slow_mode_s"] == 30 && queue["themes"] == json!([]) && queue["hands"] == false
        })
        .await;
    assert_eq!(asker.refused("hand", json!({})).await["code"], "closed");
    asker.done("ask", json!({ "text": "Vite ?" })).await;
    asker
        .until("mine", |map| map["limits"]["next_at"].is_i64())
        .await;
    let refused = asker.refused("ask", json!({ "text": "Plus vite ?" })).await;
    assert_eq!(
        (&refused["code"], refused["retry_s"].is_u64()),
        (&json!("too_fast"), true)
    );

    let banned = anne
        .done(
            "ban",
            json!({ "question": 1, "reason": "insultes", "minutes": 10 }),
        )
        .await;
    let pseudonym = banned["asker"].as_str().unwrap().to_owned();
    asker
        .until("mine", |map| map["banned"]["reason"] == "insultes")
        .await;
    anne.until("moderation", |map| {
        map.get(&format!("ban/{pseudonym}"))
            .is_some_and(|ban| ban["by"] == "Anne")
            && map["q/1"]["banned"] == true
    })
    .await;
    let refused = asker.refused("ask", json!({ "text": "Et alors ?" })).await;
    assert_eq!(refused["code"], "banned", "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("insultes"));
    other.done("ask", json!({ "text": "Moi aussi ?" })).await;

    anne.done("unban", json!({ "asker": pseudonym })).await;
    asker.until("mine", |map| map["banned"].is_null()).await;
    anne.until("moderation", |map| {
        !map.keys().any(|key| key.starts_with("ban/"))
    })
    .await;
}

#[tokio::test]
async fn what_is_shown_of_the_question_on_air_is_told_anew_when_it_changes() {
    let dir = tempfile::tempdir().unwrap();
    let mut house = House::open(dir.path()).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &[]).await;
    let (mut lea, _) = house.join(None, &[]).await;
    let ask = json!({ "text": "Qui paie ?", "name": "Léa", "show_name": true, "public": "eleves" });
    lea.done("ask", ask).await;
    anne.done("approve", json!({ "question": 1, "version": 1 }))
        .await;
    let mut shown = async || match house.notices.recv().await {
        Some(Notice::OnAir { question }) => (question.name, question.public),
        other => panic!("{other:?}"),
    };
    let (name, eleves) = (Some("Léa".to_owned()), Some("eleves".to_owned()));
    anne.done("air", json!({ "question": 1, "version": 2 }))
        .await;
    assert_eq!(shown().await, (name.clone(), eleves.clone()));
    anne.done("policy", json!({ "young": true })).await;
    assert_eq!(shown().await, (None, eleves));
    anne.done("policy", json!({ "hands": true })).await; // changes nothing there
    let edit = json!({ "question": 1, "version": 3, "text": "Qui paie ?", "public": "parents" });
    anne.done("edit", edit).await;
    assert_eq!(shown().await, (None, Some("parents".to_owned())));
    anne.done("policy", json!({ "young": false })).await;
    assert_eq!(shown().await, (name, Some("parents".to_owned())));
}

#[tokio::test]
async fn a_ban_that_ends_by_itself_is_told_to_have_ended() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &[]).await;
    let (mut asker, welcome) = house.join(None, &[]).await;
    asker.done("ask", json!({ "text": "Qui paie ?" })).await;
    let ban = json!({ "question": 1, "reason": "insultes", "minutes": 1 });
    let until = anne.done("ban", ban).await["until"].as_i64().unwrap();
    house.queue.shutdown().await;
    drop(house);

    // A minute is the shortest ban there is: this one was given nearly a minute ago.
    let soon = std::time::UNIX_EPOCH.elapsed().unwrap() + Duration::from_secs(4);
    let sooner = i64::try_from(soon.as_millis()).unwrap();
    let journal = rusqlite::Connection::open(dir.path().join("grand-est/event.sqlite")).unwrap();
    let sql = "UPDATE question_event SET event = replace(event, ?1, ?2)";
    journal
        .execute(sql, [until.to_string(), sooner.to_string()])
        .unwrap();
    drop(journal);

    let house = House::open(dir.path()).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    let hello = json!({ "participant": welcome["participant"], "topics": [{ "topic": "mine" }] });
    let (mut asker, _) = house.join_with(hello).await;
    let kept_out = |map: &Entries| map.keys().any(|key| key.starts_with("ban/"));
    asker
        .until("mine", |map| map["banned"]["until"] == sooner)
        .await;
    anne.until("moderation", |map| {
        kept_out(map) && map["q/1"]["banned"] == true
    })
    .await;

    // From here on nobody does anything.
    asker.until("mine", |map| map["banned"].is_null()).await;
    anne.until("moderation", |map| {
        !kept_out(map) && map["q/1"].get("banned").is_none()
    })
    .await;
    asker
        .done("ask", json!({ "text": "Et qui décide ?" }))
        .await;
}

#[tokio::test]
async fn what_happened_is_told_to_moderators_and_the_rest_on_demand() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &[]).await;
    let (mut asker, _) = house.join(None, &[]).await;
    let id = approved(&mut asker, &mut anne, "Et la 5G ?").await;
    for text in ["a vérifier", "c'est bon"] {
        anne.done("note", json!({ "question": id, "text": text }))
            .await;
    }
    asker.done("ask", json!({ "text": "Autre chose ?" })).await;
    house.queue.shutdown().await;
    drop(house);

    // Also after a restart.
    let house = House::open(dir.path()).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &["journal"]).await;
    let told = anne.until("journal", |map| map.len() == 5).await;
    assert_eq!(told.map["e/2"]["what"], "approved");
    assert_eq!(told.map["e/3"]["detail"]["text"], "a vérifier");
    assert_ne!(told.map["e/1"]["by"], "Anne");
    let older = anne.done("history", json!({ "before": 3 })).await;
    let seqs: Vec<&Value> = older["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["seq"])
        .collect();
    assert_eq!(seqs, [1, 2]);
    let own = anne.done("history", json!({ "question": id })).await;
    assert_eq!(own["entries"].as_array().unwrap().len(), 4, "{own}");
    let (mut viewer, _) = house.join(None, &[]).await;
    assert_eq!(
        viewer.refused("history", json!({ "before": 9 })).await["code"],
        "not_allowed"
    );
}

#[tokio::test]
async fn similar_questions_are_found_while_typing_at_the_typists_cost() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &[]).await;
    let (mut asker, _) = house.join(None, &[]).await;
    let (mut typist, _) = house.join(None, &[]).await;
    approved(
        &mut asker,
        &mut anne,
        "Le téléphone portable sera-t-il autorisé au lycée ?",
    )
    .await;
    asker
        .done(
            "ask",
            json!({ "text": "Autoriser le téléphone au lycée ?" }),
        )
        .await;

    let ids = |found: Value| -> Vec<u64> {
        let found = found["questions"].as_array().unwrap();
        found.iter().map(|q| q["id"].as_u64().unwrap()).collect()
    };
    let typed = json!({ "text": "faut il autoriser le telephone portable au lycee" });
    assert_eq!(
        ids(typist.done("similar", typed.clone()).await),
        [1],
        "public ones only"
    );
    assert_eq!(ids(anne.done("similar", typed.clone()).await), [1, 2]);
    assert_eq!(
        ids(anne.done("similar", json!({ "question": 2 })).await),
        [1]
    );
    assert_eq!(
        typist.refused("similar", json!({ "question": 1 })).await["code"],
        "not_allowed"
    );
    let mut slowed = 0;
    for _ in 0..15 {
        slowed += usize::from(typist.act("similar", typed.clone()).await["code"] == "too_fast");
    }
    assert!(slowed >= 3, "{slowed}");
    anne.done("similar", typed).await;
}

#[tokio::test]
async fn the_public_view_is_bounded_and_holds_the_best() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.policy.moderation = Moderation::After;
    let house = House::with(config).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    let (mut room, _) = house.join(Some("site:nancy"), &[]).await;
    for n in 1..=510 {
        room.done("ask", json!({ "text": format!("Question {n}") }))
            .await;
        if n % 40 == 0 {
            tokio::time::sleep(Duration::from_millis(700)).await; // a room's messages are bounded, too
        }
    }
    let (mut voter, _) = house.join(None, &["public"]).await;
    let count = |map: &Entries| map.keys().filter(|key| key.starts_with("q/")).count();
    let view = voter
        .until("public", |map| {
            count(map) == 500 && map.contains_key("q/510")
        })
        .await;
    assert!(!view.map.contains_key("q/10"), "the oldest are left out");
    voter.done("vote", json!({ "question": 3 })).await;
    anne.done("stage", json!({ "question": 5, "version": 1 }))
        .await;
    voter
        .until("public", |map| {
            map.contains_key("q/3") && map.contains_key("q/5") && count(map) == 500
        })
        .await;
    let all = anne.until("moderation", |map| count(map) == 510).await;
    assert_eq!(all.snapshots, 1);
}

#[tokio::test]
async fn counts_are_gathered_before_they_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut anne, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    let (mut asker, _) = house.join(Some("site:nancy"), &[]).await;
    let asked = async {
        for n in 0..40 {
            asker
                .done(
                    "ask",
                    json!({ "text": format!("Question {n} ?"), "theme": "egalite" }),
                )
                .await;
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        std::time::Instant::now()
    };
    let told = async {
        let mut counts = 0;
        loop {
            let change = anne.next().await;
            let set = &change["set"];
            counts += usize::from(set.get("balance").is_some() && change.get("snapshot").is_none());
            if set["queue"]["asked"] == 40 {
                break counts;
            }
        }
    };
    let started = std::time::Instant::now();
    let (until, counts) = tokio::join!(asked, told);
    let most = (until - started).as_millis() / 200 + 2;
    assert!(
        (1..=most).contains(&(counts as u128)),
        "{counts} times, at most {most}"
    );
    let next = &anne.views["moderation"].map["next"];
    assert!(next.is_null(), "nothing is approved: {next}");
}

#[tokio::test]
async fn the_return_after_a_restart_is_spread() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut one, welcome) = house.join(None, &[]).await;
    let (mut two, _) = house.join(None, &[]).await;
    assert_eq!(welcome["spread_ms"], 500);
    let queue = house.queue.clone();
    let (one, two, ()) = tokio::join!(one.close_reason(), two.close_reason(), queue.shutdown());
    let waits = [one, two].map(|(code, reason)| {
        assert_eq!(code, 1012);
        let ms = reason
            .strip_prefix("back in ")
            .and_then(|rest| rest.strip_suffix(" ms"));
        ms.unwrap().parse::<u64>().unwrap()
    });
    assert!(
        waits.iter().all(|ms| *ms < 500) && waits[0] != waits[1],
        "{waits:?}"
    );
}
