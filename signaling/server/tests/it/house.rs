//! A signaling with one event, and requests to it without a TCP connection.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use pleniere_signaling::{Access, Act, Config, Denied, Notice, Signaling};
use tower::ServiceExt;

/// Nothing here takes longer, on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until something is so.
pub async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < PATIENCE, "waited too long: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// `good` may do everything, `site-nancy` may publish nancy, nobody needs a key for the programme.
struct Keys;

impl Access for Keys {
    fn may(&self, bearer: Option<&str>, act: Act<'_>) -> Result<(), Denied> {
        match (bearer, act) {
            (Some("good"), _)
            | (
                _,
                Act::Play {
                    stream: "programme",
                },
            ) => Ok(()),
            (Some("site-nancy"), Act::Publish { site: "nancy" }) => Ok(()),
            (None, _) => Err(Denied::Missing),
            (Some("site-nancy"), _) => Err(Denied::Forbidden("this key is for nancy".into())),
            (Some(_), _) => Err(Denied::Invalid("this key is not one of ours".into())),
        }
    }
}

/// An answer.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub fn code(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.body
        );
        let problem: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["status"], self.status.as_u16());
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| detail.len() > 10),
            "{problem}"
        );
        problem["code"].as_str().unwrap().to_owned()
    }
}

/// The house under test.
#[derive(Clone)]
pub struct House {
    pub signaling: Signaling,
    pub router: Router,
    pub programme: std::net::SocketAddr,
    notices: Arc<Mutex<Vec<Notice>>>,
}

impl House {
    pub async fn open() -> Self {
        Self::listening(Config::default()).await
    }

    pub async fn listening(config: Config) -> Self {
        let (signaling, mut receiver) = Signaling::start(config).unwrap();
        let programme = signaling
            .open("demo", vec!["nancy".into(), "reims".into()])
            .await
            .unwrap();
        let router = Router::new().nest("/e/demo", signaling.router("demo", Arc::new(Keys)));
        let notices = Arc::new(Mutex::new(Vec::new()));
        let told = notices.clone();
        tokio::spawn(async move {
            while let Some(notice) = receiver.recv().await {
                told.lock().unwrap().push(notice);
            }
        });
        Self {
            signaling,
            router,
            programme,
            notices,
        }
    }

    pub fn told(&self, wanted: impl Fn(&Notice) -> bool) -> usize {
        self.notices
            .lock()
            .unwrap()
            .iter()
            .filter(|notice| wanted(notice))
            .count()
    }

    pub fn publishing(&self, site: &str) -> usize {
        self.told(|n| matches!(n, Notice::Publishing { site: s, .. } if s == site))
    }

    pub fn lost(&self, site: &str) -> usize {
        self.told(|n| matches!(n, Notice::Lost { site: s, .. } if s == site))
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self
            .router
            .clone()
            .oneshot(request.body(body.into()).unwrap())
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// Posts an offer with a key for everything.
    pub async fn post(&self, path: &str, offer: String) -> Reply {
        self.send(
            "POST",
            path,
            &[
                ("content-type", "application/sdp"),
                ("authorization", "Bearer good"),
            ],
            offer,
        )
        .await
    }
}
