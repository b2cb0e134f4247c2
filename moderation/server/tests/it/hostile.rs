//! What no client of ours sends. Each costs its sender only, and says what was wrong.

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::{
    house::{House, approved, config},
    http::{JSON, call},
};

#[tokio::test]
async fn wrong_first_messages_are_named_and_closed() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let cases: [(Value, u16, &str); 6] = [
        (json!({ "hello": { "key": "nonsense" } }), 4401, "wrong_key"),
        (
            json!({ "hello": { "topics": [{ "topic": "moderation" }] } }),
            4403,
            "not_allowed",
        ),
        (
            json!({ "hello": { "participant": "short" } }),
            1008,
            "bad_request",
        ),
        (
            json!({ "do": "ask", "id": "1", "text": "?" }),
            1008,
            "bad_request",
        ),
        (json!({ "hello": { "topics": "all" } }), 1008, "bad_request"),
        (json!([1, 2, 3]), 1008, "bad_request"),
    ];
    for (message, code, word) in cases {
        let mut client = house.knock().await;
        client.send(&message).await;
        let (got, error) = client.closed().await;
        let error = error.unwrap_or_default();
        assert_eq!(
            (got, error["code"].as_str()),
            (code, Some(word)),
            "{message}"
        );
        assert!(error["detail"].as_str().unwrap().len() > 10, "{error}");
    }
}

#[tokio::test]
async fn binary_huge_and_broken_frames_close_their_line_alone() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut witness, _) = house.join(None, &["public"]).await;

    let (mut client, _) = house.join(None, &[]).await;
    client
        .socket
        .send(Message::Binary(Bytes::from_static(b"\x00\x01")))
        .await
        .unwrap();
    assert_eq!(client.closed().await.0, 1003);

    let (mut client, _) = house.join(None, &[]).await;
    let huge = Message::text("x".repeat(64 << 20));
    let _ = client.socket.send(huge).await; // the server need not take it all
    assert_eq!(client.closed().await.0, 1009);

    // Not WebSocket at all after the handshake.
    let (mut client, _) = house.join(None, &[]).await;
    client
        .socket
        .get_mut()
        .write_all(b"GET / HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    let mut rest = Vec::new();
    client
        .socket
        .get_mut()
        .read_to_end(&mut rest)
        .await
        .unwrap();
    assert!(
        rest.windows(2).any(|pair| pair == 1002_u16.to_be_bytes()),
        "{rest:?}"
    );

    witness
        .done("ask", json!({ "text": "Toujours là ?" }))
        .await;
}

#[tokio::test]
async fn nonsense_is_answered_until_patience_ends() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut client, _) = house.join(None, &[]).await;
    for nonsense in [
        "",
        "null",
        "{",
        "{\"do\":5,\"id\":6}",
        "{\"hello\":{}}",
        "\u{0}",
        "{\"subscribe\":[]}",
    ] {
        client.socket.send(Message::text(nonsense)).await.unwrap();
        assert_eq!(
            client.next().await["error"]["code"],
            "bad_request",
            "{nonsense:?}"
        );
    }
    let refused = client.refused("ask", json!({ "text": 7 })).await;
    assert_eq!(refused["code"], "bad_request", "{refused}");
    assert_eq!(
        client.refused("ask", json!({ "text": " \u{200b} " })).await["code"],
        "empty"
    );
    let long = client
        .refused("ask", json!({ "text": "a".repeat(600) }))
        .await;
    assert_eq!(
        (
            &long["code"],
            long["detail"].as_str().unwrap().contains("500")
        ),
        (&json!("too_long"), true)
    );
    assert_eq!(
        client
            .refused("ask", json!({ "text": "ok ?", "theme": "autre" }))
            .await["code"],
        "bad_request"
    );
    for _ in 0..200 {
        if client.socket.send(Message::text("{}")).await.is_err() {
            break;
        }
    }
    assert_eq!(client.closed().await.0, 1008);
}

#[tokio::test]
async fn a_flood_is_slowed_and_then_closed_and_nobody_else_notices() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut witness, _) = house.join(None, &[]).await;
    let (mut flooder, _) = house.join(None, &[]).await;
    for n in 0..400 {
        let vote = json!({ "do": "vote", "id": format!("f{n}"), "question": 1 });
        if flooder
            .socket
            .send(Message::text(vote.to_string()))
            .await
            .is_err()
        {
            break;
        }
    }
    witness
        .done("ask", json!({ "text": "Une question calme" }))
        .await;
    let (mut not_found, mut too_fast) = (0, 0);
    let code = loop {
        match futures_util::StreamExt::next(&mut flooder.socket)
            .await
            .unwrap()
            .unwrap()
        {
            Message::Text(text) if text.contains("too_fast") => too_fast += 1,
            Message::Text(text) if text.contains("not_found") => not_found += 1,
            Message::Close(Some(frame)) => break u16::from(frame.code),
            _ => {}
        }
    };
    assert!(code == 1008 || code == 4409, "{code}");
    assert!(
        (1..=40).contains(&not_found),
        "{not_found} were let through"
    );
    assert!(too_fast > 0);
}

#[tokio::test]
async fn foreign_pages_do_not_get_in_and_revoked_keys_are_shown_out() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    for origin in [
        "null",
        "https://ours.example.evil.example",
        "http://ours.example",
        "https://OURS.example",
    ] {
        assert_eq!(
            house.knock_from(Some(origin)).await.err(),
            Some(403),
            "{origin}"
        );
    }
    assert!(house.knock_from(Some("https://ours.example")).await.is_ok());

    let (mut anne, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    let (mut luc, _) = house.join(Some("moderator:Luc"), &[]).await;
    house.doorman.revoke("moderator:Anne");
    assert_eq!(anne.closed().await.0, 4401);
    assert_eq!(
        luc.refused("approve", json!({ "question": 1, "version": 1 }))
            .await["code"],
        "not_found"
    );
}

#[tokio::test]
async fn invented_people_have_no_more_votes_than_their_address() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.connections_per_address = 3;
    let house = House::with(config).await;
    let (mut moderator, _) = house.join(Some("moderator:Anne"), &["moderation"]).await;
    let (mut asker, _) = house.join(None, &[]).await;
    let id = approved(&mut asker, &mut moderator, "Plébiscitée ?").await;
    let vote = json!({ "question": id });

    // One after the other, each as somebody new.
    for n in 0..6 {
        let mut invented = house.join_from("192.0.2.7", &[]).await.unwrap();
        let answer = invented.act("vote", vote.clone()).await;
        assert_eq!(answer.get("done").is_some(), n < 3, "{n}: {answer}");
        if n >= 3 {
            assert_eq!(answer["code"], "too_fast");
            assert!(answer["retry_s"].as_u64() > Some(600), "{answer}");
        }
    }
    let mut neighbour = house.join_from("192.0.2.8", &[]).await.unwrap();
    assert_eq!(neighbour.done("vote", vote).await["votes"], 4);
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.connections_per_address = 3;
    let house = House::with(config).await;
    let mut here = Vec::new();
    for host in ["2001:db8::1", "2001:db8::2", "2001:db8::3"] {
        here.push(house.join_from(host, &[]).await.unwrap());
    }
    assert_eq!(house.join_from("2001:db8::4", &[]).await.err(), Some(429));
    assert!(house.join_from("2001:db8:0:1::4", &[]).await.is_ok());
    for _ in 0..10 {
        here.push(house.knock().await); // this machine is exempt
    }
    // A page asks again without upgrading, to say it in words.
    let from = ["X-Forwarded-For: 2001:db8::4"];
    let (status, _, problem) = call(&house, "GET", "/ws", &from, "").await;
    assert_eq!((status, &problem["code"]), (429, &json!("too_many")));
    let (status, _, _) = call(&house, "GET", "/ws", &[], "").await;
    assert_eq!(status, 426);

    here.clear();
    for _ in 0..100 {
        if house.join_from("2001:db8::4", &[]).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("a place that was left is not given to the next");
}

#[tokio::test]
async fn an_address_asks_as_often_as_the_rules_of_now_say() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut moderator, _) = house.join(Some("moderator:Anne"), &[]).await;
    moderator
        .done("policy", json!({ "per_address_per_min": 2 }))
        .await;
    let from = ["X-Forwarded-For: 192.0.2.7", JSON];
    let body = r#"{"text":"Par le script ?"}"#;
    for expected in [201, 201, 429] {
        let (status, _, answer) = call(&house, "POST", "/questions", &from, body).await;
        assert_eq!(status, expected, "{answer}");
    }
    let mut page = house.join_from("192.0.2.7", &[]).await.unwrap();
    assert_eq!(
        page.refused("ask", json!({ "text": "Et ici ?" })).await["code"],
        "too_fast"
    );
    let mut elsewhere = house.join_from("192.0.2.9", &[]).await.unwrap();
    elsewhere.done("ask", json!({ "text": "Ailleurs ?" })).await;
}

#[tokio::test]
async fn what_is_wrong_in_a_message_is_named_with_what_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut client, _) = house.join(None, &[]).await;
    let deep = format!("{}1{}", "[".repeat(4000), "]".repeat(4000));
    let cases = [
        (r#"{"hello":{}}"#.to_owned(), "said hello already"),
        (
            format!(r#"{{"do":"ask","id":"1","text":{deep}}}"#),
            "recursion",
        ),
        (
            r#"{"subscribe":{"topic":"public","from":3}}"#.to_owned(),
            "topic, epoch, offset",
        ),
        (
            r#"{"subscribe":{"topic":"public"},"and":1}"#.to_owned(),
            "and",
        ),
    ];
    for (message, hint) in cases {
        client
            .socket
            .send(Message::text(message.clone()))
            .await
            .unwrap();
        let error = client.next().await["error"].clone();
        assert_eq!(error["code"], "bad_request");
        assert!(
            error["detail"].as_str().unwrap().contains(hint),
            "{message}: {error}"
        );
    }
    let cases = [
        ("ask", json!({ "txt": "?" }), "text is missing"),
        ("ask", json!({ "text": "?", "colour": 1 }), "colour"),
        (
            "ask",
            json!({ "text": "?", "public": "Les Élèves" }),
            "public: expected an id",
        ),
        (
            "vote",
            json!({ "question": "1" }),
            "question: expected the number of a question",
        ),
        ("hand", json!({ "about": ["a"] }), "about: expected text"),
        ("similar", json!({}), "text is missing"),
    ];
    for (name, fields, hint) in cases {
        let refused = client.refused(name, fields).await;
        assert_eq!(refused["code"], "bad_request");
        assert!(
            refused["detail"].as_str().unwrap().contains(hint),
            "{name}: {refused}"
        );
    }
}

#[tokio::test]
async fn names_that_look_like_the_teams_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut client, _) = house.join(None, &[]).await;
    for name in ["La Régie", "la regie", "Lа Régie"] {
        let refused = client
            .refused("ask", json!({ "text": "Moi ?", "name": name }))
            .await;
        assert_eq!(refused["code"], "name_taken", "{name}: {refused}");
    }
    client
        .done("ask", json!({ "text": "Moi ?", "name": "Régis" }))
        .await;
}

#[tokio::test]
async fn who_says_nothing_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let mut client = house.knock().await;
    assert_eq!(client.closed().await.0, 4408);
}

#[tokio::test]
async fn a_restart_asks_everybody_to_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut client, _) = house.join(None, &["public"]).await;
    let queue = house.queue.clone();
    let (closed, ()) = tokio::join!(client.closed(), queue.shutdown());
    assert_eq!(closed.0, 1012);
    assert_eq!(house.knock_from(None).await.err(), Some(503));
}
