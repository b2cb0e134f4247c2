//! What no client of ours sends. Each costs its sender only, and says what was wrong.

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::house::House;

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
