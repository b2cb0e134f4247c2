//! The live: before, during, after; without its engine; under garbage.

use axum::http::StatusCode;
use pleniere_media::{CommandError, EngineLife, Notice};
use pleniere_media_core::timeline::Phase;

use crate::house::{House, full, patiently};

#[tokio::test]
async fn a_player_is_told_what_comes_when_it_comes() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let multivariant = patiently(async || {
        Some(house.get("/live/index.m3u8").await).filter(|a| a.status == StatusCode::OK)
    })
    .await;
    assert!(
        multivariant
            .text()
            .contains("CODECS=\"avc1.42c01f,mp4a.40.2\"")
    );
    assert_eq!(multivariant.header("access-control-allow-origin"), "*");

    let playlist = house
        .playlist("v720", |playlist| !playlist.segments.is_empty())
        .await;
    let msn = playlist.last_msn() + 1;
    let blocked = house
        .get(&format!(
            "/live/audio.m3u8?_HLS_msn={msn}&_HLS_part=2&_HLS_skip=YES"
        ))
        .await;
    assert_eq!(blocked.status, StatusCode::OK);
    assert!(
        blocked.text().contains(&format!("audio/{msn}.2.m4s")),
        "{}",
        blocked.text()
    );

    let now = house.playlist("v720", |_| true).await;
    let hinted = house.get(&format!("/live/{}", now.hint())).await;
    assert_eq!(hinted.status, StatusCode::OK);
    assert!(hinted.header("cache-control").contains("immutable"));

    let segment = house
        .get(&format!("/live/v720/{}.m4s", playlist.first_msn))
        .await;
    let first_part = house
        .get(&format!("/live/v720/{}.0.m4s", playlist.first_msn))
        .await;
    assert!(
        segment.bytes.starts_with(&first_part.bytes)
            && segment.bytes.len() > first_part.bytes.len()
    );
    let map = house
        .get(&format!("/live/v720/init-{}.mp4", playlist.first_msn))
        .await;
    assert_eq!(&map.bytes[4..8], b"ftyp");
    house.programme.shutdown().await;
}

#[tokio::test]
async fn before_the_event_the_public_sees_the_slate_whatever_the_director_tries() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    house.programme.take(full("nancy")).await.unwrap();
    house
        .playlist("v720", |playlist| playlist.segments.len() > 1)
        .await;
    assert!(house.programme.state().borrow().slate_on_air);

    house.programme.phase(Phase::Live).await.unwrap();
    patiently(async || (!house.programme.state().borrow().slate_on_air).then_some(())).await;
    house.programme.phase(Phase::Before).await.unwrap();
    patiently(async || house.programme.state().borrow().slate_on_air.then_some(())).await;
    house.programme.shutdown().await;
}

#[tokio::test]
async fn an_unchanged_playlist_is_not_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    house.playlist("v720", |_| true).await;
    house.programme.phase(Phase::After).await.unwrap();
    house.playlist("v720", |playlist| playlist.ended).await;
    let first = house.get("/live/v720.m3u8").await;
    let request =
        axum::http::Request::get("/live/v720.m3u8").header("if-none-match", first.header("etag"));
    let again = house
        .ask(request.body(axum::body::Body::empty()).unwrap())
        .await;
    assert_eq!(
        (again.status, again.bytes.len()),
        (StatusCode::NOT_MODIFIED, 0)
    );
}

#[tokio::test]
async fn given_an_engine_that_crashes_then_the_slate_stands_in_everywhere_at_once_and_another_takes_over()
 {
    let dir = tempfile::tempdir().unwrap();
    let mut house = House::open(dir.path()).await;
    house.programme.phase(Phase::Live).await.unwrap();
    house
        .playlist("v720", |playlist| !playlist.segments.is_empty())
        .await;
    house.programme.take(full("crash")).await.unwrap();
    house.notice(|notice| *notice == Notice::EngineLost).await;
    // The next engine is told to take the same scene, and dies of it too, until another one is wanted.
    house.programme.take(full("nancy")).await.unwrap();
    house
        .notice(|notice| matches!(notice, Notice::SceneShown { .. }))
        .await;
    let video = house
        .playlist("v720", |playlist| playlist.breaks().len() >= 2)
        .await;
    let last = *video.breaks().last().unwrap();
    for track in ["v360", "audio"] {
        let other = house
            .playlist(track, |playlist| playlist.last_msn() >= last)
            .await;
        assert_eq!(other.breaks()[..2], video.breaks()[..2], "{track}");
        assert_eq!(other.first_msn, video.first_msn);
    }
    assert!(house.programme.state().borrow().engine.restarts >= 1);
    let engine = patiently(async || {
        Some(house.programme.state().borrow().engine).filter(|e| e.life == EngineLife::Running)
    })
    .await;
    assert!(engine.since > 0);
    house.programme.shutdown().await;
}

#[tokio::test]
async fn given_an_engine_that_hangs_then_the_slate_stands_in_and_it_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let mut house = House::open(dir.path()).await;
    house.programme.phase(Phase::Live).await.unwrap();
    house
        .playlist("v720", |playlist| !playlist.segments.is_empty())
        .await;
    house.programme.take(full("hang")).await.unwrap();
    let on_slate = patiently(async || {
        Some(house.programme.state().borrow().slate_on_air).filter(|on_air| *on_air)
    })
    .await;
    assert!(on_slate);
    house.programme.take(full("nancy")).await.unwrap();
    house.notice(|notice| *notice == Notice::EngineLost).await;
    house
        .playlist("audio", |playlist| playlist.breaks().len() >= 2)
        .await;
    house.programme.shutdown().await;
}

#[tokio::test]
async fn given_no_engine_at_all_then_the_answer_says_so_and_it_is_tried_again() {
    for engine in ["/bin/cat", "/nowhere/engine"] {
        let dir = tempfile::tempdir().unwrap();
        let house = House::with(dir.path(), engine.into()).await;
        let answer = house.get("/live/index.m3u8").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{engine}");
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.json()["code"], "unavailable");
        patiently(async || (house.programme.state().borrow().engine.restarts >= 2).then_some(()))
            .await;
        house.programme.shutdown().await;
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_nothing_falls_over() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    let playlist = house
        .playlist("v720", |playlist| !playlist.segments.is_empty())
        .await;
    let far = playlist.last_msn() + 50;
    for (path, status) in [
        (
            format!("/live/v720.m3u8?_HLS_msn={far}"),
            StatusCode::BAD_REQUEST,
        ),
        (
            format!(
                "/live/v720.m3u8?_HLS_msn={}&_HLS_part=999",
                playlist.last_msn() + 1
            ),
            StatusCode::BAD_REQUEST,
        ),
        ("/live/v720.m3u8?_HLS_msn=x".into(), StatusCode::BAD_REQUEST),
        (
            "/live/v720.m3u8?_HLS_part=1".into(),
            StatusCode::BAD_REQUEST,
        ),
        (
            "/live/v720.m3u8?_HLS_msn=18446744073709551615".into(),
            StatusCode::BAD_REQUEST,
        ),
        ("/live/v1080.m3u8".into(), StatusCode::NOT_FOUND),
        ("/live/..%2f..%2fevent.sqlite".into(), StatusCode::NOT_FOUND),
        (
            "/live/v720/..%2f..%2fevent.sqlite".into(),
            StatusCode::NOT_FOUND,
        ),
        (format!("/live/v720/{far}.m4s"), StatusCode::NOT_FOUND),
        (format!("/live/v720/{far}.0.m4s"), StatusCode::NOT_FOUND),
        ("/live/v720/init-1.mp4".into(), StatusCode::NOT_FOUND),
        ("/replay/x/index.m3u8".into(), StatusCode::NOT_FOUND),
        (
            "/replay/..%2f..%2fevent.sqlite/x/v720.mp4".into(),
            StatusCode::NOT_FOUND,
        ),
        ("/replay/%00/%00/%00.mp4".into(), StatusCode::NOT_FOUND),
    ] {
        let answer = house.get(&path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.json()["detail"].is_string(), "{path}");
    }
    assert!(matches!(
        house.programme.take(full("mars")).await,
        Err(CommandError::UnknownSite(_))
    ));
    assert!(matches!(
        house.programme.begin_session("none").await,
        Err(CommandError::UnknownSession(_))
    ));
    house.programme.shutdown().await;
}
