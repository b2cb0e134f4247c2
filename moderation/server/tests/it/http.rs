//! The queue over HTTP.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::house::{EVENT, House};

/// Status, head and body of one request.
pub async fn call(
    house: &House,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &str,
) -> (u16, String, Value) {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let mut head =
        format!("{method} /e/{EVENT}{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
    head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    headers
        .iter()
        .for_each(|line| head.push_str(&format!("{line}\r\n")));
    let _ = stream
        .write_all(format!("{head}\r\n{body}").as_bytes())
        .await; // refused early, it may not take it all
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (
        status,
        head.to_ascii_lowercase(),
        serde_json::from_str(body).unwrap_or_default(),
    )
}

pub const JSON: &str = "Content-Type: application/json";

#[tokio::test]
async fn asking_gives_a_number_and_a_status_for_the_asker_alone() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (status, _, asked) = call(
        &house,
        "POST",
        "/questions",
        &[JSON],
        r#"{"text":"Par script ?"}"#,
    )
    .await;
    assert_eq!(status, 201, "{asked}");
    assert_eq!(
        (&asked["id"], &asked["state"]),
        (&json!(1), &json!("received"))
    );
    assert_eq!(
        asked["status_url"],
        format!("/e/{EVENT}/questions/1/status")
    );
    let bearer = format!(
        "Authorization: Bearer {}",
        asked["participant"].as_str().unwrap()
    );

    let (status, _, told) = call(&house, "GET", "/questions/1/status", &[&bearer], "").await;
    assert_eq!((status, told), (200, json!({ "state": "received" })));
    for (path, headers) in [
        ("/questions/1/status", vec![]),
        (
            "/questions/1/status",
            vec!["Authorization: Bearer somebody-elses-identity"],
        ),
        ("/questions/2/status", vec![bearer.as_str()]),
        ("/questions/x/status", vec![bearer.as_str()]),
        (
            "/questions/99999999999999999999999/status",
            vec![bearer.as_str()],
        ),
    ] {
        let (status, head, problem) = call(&house, "GET", path, &headers, "").await;
        assert_eq!(
            (status, &problem["code"]),
            (404, &json!("not_found")),
            "{path}"
        );
        assert!(head.contains("application/problem+json"));
    }

    let (mut moderator, _) = house.join(Some("moderator:Anne"), &[]).await;
    moderator
        .done("approve", json!({ "question": 1, "version": 1 }))
        .await;
    moderator
        .done(
            "answer",
            json!({ "question": 1, "version": 2, "written": "Oui." }),
        )
        .await;
    let (_, _, told) = call(&house, "GET", "/questions/1/status", &[&bearer], "").await;
    assert_eq!(told["state"], "answered");
    assert!(
        told["answered_at"].is_i64() && told["replay_url"].is_string(),
        "{told}"
    );
}

#[tokio::test]
async fn mistakes_are_problems_with_the_right_status() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let huge = format!(r#"{{"text":"{}"}}"#, "a".repeat(40_000));
    let long = format!(r#"{{"text":"{}"}}"#, "a".repeat(501));
    let cases: [(&[&str], &str, u16, &str); 9] = [
        (&["Content-Type: text/plain"], "{}", 415, "bad_request"),
        (&[JSON], "{", 400, "bad_request"),
        (&[JSON], "{}", 400, "bad_request"),
        (&[JSON], r#"{"text":"  "}"#, 400, "empty"),
        (&[JSON], &long, 400, "too_long"),
        (&[JSON], &huge, 413, "too_long"),
        (
            &[JSON],
            r#"{"text":"ok ?","site":"paris"}"#,
            400,
            "bad_request",
        ),
        (
            &[JSON, "Authorization: Bearer bad.key"],
            r#"{"text":"ok ?"}"#,
            401,
            "not_allowed",
        ),
        (
            &[JSON, "Origin: https://evil.example"],
            r#"{"text":"ok ?"}"#,
            403,
            "not_allowed",
        ),
    ];
    for (headers, body, status, code) in cases {
        let (got, head, problem) = call(&house, "POST", "/questions", headers, body).await;
        let shown: String = body.chars().take(40).collect();
        assert_eq!(
            (got, problem["code"].as_str()),
            (status, Some(code)),
            "{shown}: {problem}"
        );
        assert!(
            head.contains("application/problem+json") && problem["status"] == status,
            "{problem}"
        );
    }
    let (status, head, _) = call(&house, "GET", "/ws", &[], "").await;
    assert_eq!(status, 426);
    assert!(head.contains("upgrade: websocket"));
}

#[tokio::test]
async fn the_public_list_is_cacheable_and_shows_only_what_is_public() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let (mut moderator, _) = house.join(Some("moderator:Anne"), &["public"]).await;
    let key = ["Authorization: Bearer site:nancy", JSON];
    for text in ["Un", "Deux", "Trois"] {
        let body = json!({ "text": text, "name": "Jean Caché" }).to_string();
        let (status, _, asked) = call(&house, "POST", "/questions", &key, &body).await;
        assert_eq!(status, 201);
        assert!(
            asked.get("participant").is_none(),
            "a key needs no participant id"
        );
    }
    for id in [3, 1] {
        moderator
            .done("approve", json!({ "question": id, "version": 1 }))
            .await;
    }
    moderator
        .until("public", |map| {
            map.contains_key("q/1") && map.contains_key("q/3") && map["queue"]["asked"] == 3
        })
        .await;
    let (status, head, list) = call(&house, "GET", "/questions", &[], "").await;
    assert_eq!(status, 200);
    assert!(head.contains("cache-control: public, max-age=1"), "{head}");
    let texts: Vec<&str> = list["questions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|q| q["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["Un", "Trois"]);
    assert_eq!(list["queue"]["asked"], 3);
    assert!(
        !list.to_string().contains("Jean"),
        "a name not to be shown is not"
    );

    let tag = head
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .unwrap()
        .to_owned();
    let (status, _, _) = call(
        &house,
        "GET",
        "/questions",
        &[&format!("If-None-Match: {tag}")],
        "",
    )
    .await;
    assert_eq!(status, 304);
}
