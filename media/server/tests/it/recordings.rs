//! Recordings: while they grow, after a crash, after the event; their replays and chapters.

use std::io::Write;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use pleniere_media::verify;
use pleniere_media_core::timeline::{Entry, Phase};

use crate::house::{House, Playlist, patiently};

async fn recording(house: &House) -> String {
    let listed = patiently(async || house.get("/replays.json").await.json().get(0).cloned()).await;
    listed["id"].as_str().unwrap().to_owned()
}

async fn replay(house: &House, id: &str, wanted: impl Fn(&Playlist) -> bool) -> Playlist {
    patiently(async || {
        let answer = house.get(&format!("/replay/{id}/v720.m3u8")).await;
        let playlist = (answer.status == StatusCode::OK).then(|| Playlist::read(answer.text()))?;
        wanted(&playlist).then_some(playlist)
    })
    .await
}

fn run_dir(dir: &Path, id: &str, run: &str) -> PathBuf {
    dir.join("recordings").join(id).join(run)
}

#[tokio::test]
async fn an_event_is_recorded_replayed_while_it_grows_and_told_by_chapters() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    house.programme.phase(Phase::Live).await.unwrap();
    house.programme.begin_session("opening").await.unwrap();
    let id = recording(&house).await;
    let growing = replay(&house, &id, |playlist| !playlist.segments.is_empty()).await;
    assert!(growing.text.contains("#EXT-X-PLAYLIST-TYPE:EVENT") && !growing.ended);
    house
        .programme
        .note(Entry::QuestionOnAir {
            question: 4,
            title: "Why?".into(),
        })
        .await
        .unwrap();
    replay(&house, &id, |playlist| playlist.segments.len() >= 3).await;
    house
        .programme
        .note(Entry::QuestionAnswered { question: 4 })
        .await
        .unwrap();

    house.programme.phase(Phase::After).await.unwrap();
    let whole = replay(&house, &id, |playlist| playlist.ended).await;
    assert!(whole.text.contains("#EXT-X-PLAYLIST-TYPE:VOD"));
    let ended = house.playlist("audio", |playlist| playlist.ended).await;
    assert!(!ended.segments.is_empty());
    let moved = house.get("/live/index.m3u8").await;
    assert_eq!(moved.status, StatusCode::FOUND);
    assert_eq!(
        moved.header("location"),
        format!("../replay/{id}/index.m3u8")
    );

    let chapters = house
        .get(&format!("/replay/{id}/chapters.json"))
        .await
        .json();
    assert_eq!(chapters[0]["title"], "Opening");
    assert_eq!(
        (&chapters[1]["title"], &chapters[1]["question"]),
        (&"Why?".into(), &4.into())
    );
    assert!(chapters[1]["end_offset_s"].as_f64() > chapters[1]["offset_s"].as_f64());
    let listed = house.get("/replays.json").await.json();
    assert_eq!(
        (&listed[0]["state"], &listed[0]["title"]),
        (&"complete".into(), &"Recorded".into())
    );
    house.programme.shutdown().await;
    let report = verify::check(&dir.path().join("recordings").join(&id)).unwrap();
    assert!(
        report.is_sound() && report.complete,
        "{:?}",
        report.problems
    );
}

#[tokio::test]
async fn recorded_files_are_served_by_range() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    house.programme.phase(Phase::Live).await.unwrap();
    let id = recording(&house).await;
    replay(&house, &id, |playlist| !playlist.segments.is_empty()).await;
    house.programme.phase(Phase::After).await.unwrap();
    replay(&house, &id, |playlist| playlist.ended).await;
    let path = format!("/replay/{id}/run-0001/v720.mp4");
    let whole = house.get(&path).await;
    assert_eq!(whole.header("accept-ranges"), "bytes");
    let some = house.range(&path, "bytes=10-19").await;
    assert_eq!(some.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(some.bytes, whole.bytes[10..20]);
    assert_eq!(
        some.header("content-range"),
        format!("bytes 10-19/{}", whole.bytes.len())
    );
    assert_eq!(
        house.range(&path, "bytes=999999999-").await.status,
        StatusCode::RANGE_NOT_SATISFIABLE
    );
    assert_eq!(
        house.range(&path, "bytes=nonsense").await.status,
        StatusCode::OK
    );
    house.programme.shutdown().await;
}

#[tokio::test]
async fn given_a_crash_that_tore_a_file_when_started_again_then_the_same_live_and_recording_go_on()
{
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    house.programme.phase(Phase::Live).await.unwrap();
    let id = recording(&house).await;
    replay(&house, &id, |playlist| playlist.segments.len() >= 2).await;
    house.programme.shutdown().await;
    let before = house.playlist("v720", |_| true).await;
    drop(house);
    // As a power cut leaves it: half a chunk at the end of one file, the last lines of an index missing.
    let run = run_dir(dir.path(), &id, "run-0001");
    let mut torn = std::fs::OpenOptions::new()
        .append(true)
        .open(run.join("v720.mp4"))
        .unwrap();
    torn.write_all(&[0, 0, 1, 0, b'm', b'o', b'o', b'f', 1, 2, 3])
        .unwrap();
    let index = std::fs::read_to_string(run.join("v720.index")).unwrap();
    std::fs::write(run.join("v720.index"), &index[..index.len() - 200]).unwrap();

    let house = House::open(dir.path()).await;
    assert_eq!(house.programme.state().borrow().phase, Phase::Live);
    let after = house
        .playlist("v720", |playlist| {
            playlist.last_msn() > before.last_msn() + 2
        })
        .await;
    let continued = |(msn, _, duration): &(u64, bool, f64)| {
        after
            .segments
            .iter()
            .any(|(m, _, d)| m == msn && d >= duration)
    };
    // What was recorded is in the window again under its own numbers; the phase before it was not recorded.
    assert!(
        before.segments.iter().rev().take(2).all(continued),
        "{before:?}\n{after:?}"
    );
    assert!(after.breaks().iter().any(|msn| *msn > before.last_msn()));
    assert_eq!(recording(&house).await, id);
    replay(&house, &id, |playlist| playlist.text.contains("run-0002/")).await;
    house.programme.shutdown().await;
    let report = verify::check(&dir.path().join("recordings").join(&id)).unwrap();
    assert!(report.is_sound(), "{:?}", report.problems);
    assert_eq!(report.runs.len(), 2);
}

#[tokio::test]
async fn what_was_masked_is_recorded_but_not_replayed() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path()).await;
    house.programme.phase(Phase::Live).await.unwrap();
    let id = recording(&house).await;
    replay(&house, &id, |playlist| !playlist.segments.is_empty()).await;
    house.programme.mask(true).await.unwrap();
    let masked = house
        .playlist("v720", |playlist| !playlist.breaks().is_empty())
        .await;
    assert!(house.programme.state().borrow().slate_on_air);
    house.programme.mask(false).await.unwrap();
    house
        .playlist("v720", |playlist| {
            playlist.breaks().len() > masked.breaks().len()
        })
        .await;
    let replayed = replay(&house, &id, |playlist| playlist.breaks().len() == 1).await;
    let replayed_s: f64 = replayed
        .segments
        .iter()
        .map(|(_, _, seconds)| seconds)
        .sum();
    house.programme.phase(Phase::After).await.unwrap();
    let path = format!("/replay/{id}/run-0001/v720.mp4");
    assert_eq!(house.get(&path).await.status, StatusCode::FORBIDDEN);
    let shown = house.range(&path, "bytes=0-").await;
    assert_eq!(shown.status, StatusCode::PARTIAL_CONTENT);
    let hidden = house
        .range(&path, &format!("bytes={}-", shown.bytes.len()))
        .await;
    assert_eq!(hidden.status, StatusCode::FORBIDDEN);
    house.programme.shutdown().await;
    let report = verify::check(&dir.path().join("recordings").join(&id)).unwrap();
    assert!(report.is_sound(), "{:?}", report.problems);
    assert!(report.runs[0].tracks[0].duration_s > replayed_s + 1.9);
}
