//! An event in a directory of its own, and a client of its router.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use pleniere_media::{Config, Notice, Programme};
use pleniere_media_core::link::SiteName;
use pleniere_media_core::scene::{Layout, Scene, SiteId};
use tokio::sync::mpsc;
use tower::ServiceExt;

/// Longer than anything here takes on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running programme.
pub struct House {
    pub programme: Programme,
    pub notices: mpsc::Receiver<Notice>,
}

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub fn config(dir: &Path, engine: PathBuf) -> Config {
    let site = |id: &str| SiteName {
        id: SiteId(id.into()),
        name: id.into(),
    };
    Config {
        event: "event".into(),
        title: "Title".into(),
        subtitle: "Subtitle".into(),
        dir: dir.to_owned(),
        sites: vec![site("nancy"), site("crash"), site("hang")],
        engine,
        strip: false,
        programme_rtp: ([127, 0, 0, 1], 9).into(),
        recording_title: "Recorded".into(),
        sessions: vec![("opening".into(), "Opening".into())],
    }
}

pub fn full(site: &str) -> Scene {
    Scene {
        layout: Layout::Full,
        slots: vec![SiteId(site.into())],
    }
}

impl House {
    pub async fn open(dir: &Path) -> Self {
        Self::with(dir, std::env::current_exe().unwrap()).await
    }

    pub async fn with(dir: &Path, engine: PathBuf) -> Self {
        let (programme, notices) = Programme::start(config(dir, engine)).await.unwrap();
        Self { programme, notices }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub async fn range(&self, path: &str, range: &str) -> Answer {
        self.ask(
            Request::get(path)
                .header("range", range)
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.programme.router().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answer {
            status: head.status,
            headers: head.headers,
            bytes,
        }
    }

    /// The playlist of a rendition once `wanted` is true of it.
    pub async fn playlist(&self, track: &str, wanted: impl Fn(&Playlist) -> bool) -> Playlist {
        patiently(async || {
            let answer = self.get(&format!("/live/{track}.m3u8")).await;
            let playlist =
                (answer.status == StatusCode::OK).then(|| Playlist::read(answer.text()))?;
            wanted(&playlist).then_some(playlist)
        })
        .await
    }

    pub async fn notice(&mut self, wanted: impl Fn(&Notice) -> bool) -> Notice {
        let heard = async {
            loop {
                let notice = self.notices.recv().await.unwrap();
                if wanted(&notice) {
                    return notice;
                }
            }
        };
        tokio::time::timeout(PATIENCE, heard).await.unwrap()
    }
}

/// Asks again and again until there is an answer.
pub async fn patiently<T, F: Future<Output = Option<T>>>(mut ask: impl FnMut() -> F) -> T {
    let found = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap()
}

/// A media playlist as a player reads it.
#[derive(Debug)]
pub struct Playlist {
    pub text: String,
    pub first_msn: u64,
    /// Finished segments: number, is there a discontinuity before it, seconds.
    pub segments: Vec<(u64, bool, f64)>,
    pub ended: bool,
}

impl Playlist {
    pub fn read(text: &str) -> Self {
        let (mut first_msn, mut segments, mut discontinuity, mut duration) =
            (0, Vec::new(), false, 0.0);
        for line in text.lines() {
            if let Some(number) = line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:") {
                first_msn = number.parse().unwrap();
            } else if line == "#EXT-X-DISCONTINUITY" {
                discontinuity = true;
            } else if let Some(rest) = line.strip_prefix("#EXTINF:") {
                duration = rest.trim_end_matches(',').parse().unwrap();
            } else if !line.starts_with('#') {
                segments.push((
                    first_msn + segments.len() as u64,
                    std::mem::take(&mut discontinuity),
                    duration,
                ));
            }
        }
        Self {
            text: text.to_owned(),
            first_msn,
            segments,
            ended: text.contains("#EXT-X-ENDLIST"),
        }
    }

    /// Discontinuities before finished segments.
    pub fn breaks(&self) -> Vec<u64> {
        self.segments
            .iter()
            .filter(|(_, discontinuity, _)| *discontinuity)
            .map(|(msn, ..)| *msn)
            .collect()
    }

    pub fn last_msn(&self) -> u64 {
        self.first_msn + self.segments.len() as u64 - 1
    }

    pub fn hint(&self) -> &str {
        let line = self
            .text
            .lines()
            .find(|line| line.starts_with("#EXT-X-PRELOAD-HINT"))
            .unwrap();
        line.split('"').nth(1).unwrap()
    }
}
