//! A queue behind a real listener, and clients that speak to it through another WebSocket implementation.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    ops::{Deref, DerefMut, Index},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::extract::ConnectInfo;
use futures_util::{SinkExt, StreamExt, future::BoxFuture};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use pleniere_moderation::{
    Access, Commands, Denied, GuestKey, Hub, Identity, Notice, Queue, QueueConfig, Refusal,
    RefusalCode, Role,
    core::{Policy, PublicId, SiteId, ThemeId},
    journal::Journal,
};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};

pub const EVENT: &str = "grand-est";
/// No answer for this long is a failure of the test, not a measurement.
const PATIENCE: Duration = Duration::from_secs(20);

/// Keys of the form `role:name` or `site:nancy`; `revoke` closes one.
pub struct Doorman {
    revoked: Mutex<BTreeSet<String>>,
    bump: watch::Sender<u64>,
    guests: AtomicU64,
}

impl Doorman {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            revoked: Mutex::default(),
            bump: watch::channel(0).0,
            guests: AtomicU64::new(0),
        })
    }

    pub fn revoke(&self, key: &str) {
        self.revoked.lock().unwrap().insert(key.to_owned());
        self.bump.send_modify(|count| *count += 1);
    }
}

impl Access for Doorman {
    fn identify(&self, key: Option<&str>) -> Result<Identity, Denied> {
        let Some(key) = key else {
            return Ok(Identity::viewer());
        };
        let denied = || Denied {
            code: "wrong_key",
            detail: "this key opens nothing here".to_owned(),
        };
        let (role, name) = key.split_once(':').ok_or_else(denied)?;
        let role = match role {
            "moderator" => Role::Moderator,
            "director" => Role::Director,
            "site" => Role::Site,
            "stage" => Role::Stage,
            _ => return Err(denied()),
        };
        let site = (role == Role::Site).then(|| name.to_owned());
        Ok(Identity {
            role,
            site,
            name: Some(name.to_owned()),
            key_id: Some(key.to_owned()),
        })
    }

    fn revoked(&self) -> watch::Receiver<u64> {
        self.bump.subscribe()
    }

    fn still_valid(&self, key_id: &str) -> bool {
        !self.revoked.lock().unwrap().contains(key_id)
    }

    fn origin_allowed(&self, origin: Option<&str>, _host: Option<&str>) -> bool {
        origin.is_none_or(|origin| origin == "https://ours.example")
    }

    fn guest_key(&self, hand: u64, name: Option<&str>) -> Result<GuestKey, Denied> {
        let count = self.guests.fetch_add(1, Ordering::SeqCst) + 1;
        let key = format!("secret-{hand}-{}-{count}", name.unwrap_or("nobody"));
        let link = format!("https://ours.example/e/{EVENT}/guest/#key={key}");
        Ok(GuestKey { key, link })
    }
}

/// Counts what reaches it.
#[derive(Default)]
pub struct Extras(pub AtomicU64);

impl Commands for Extras {
    fn execute(
        &self,
        who: Identity,
        name: &str,
        fields: Value,
    ) -> BoxFuture<'static, Result<Value, Refusal>> {
        let count = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        let result = match name {
            "take" if who.role == Role::Director => {
                Ok(json!({ "count": count, "layout": fields["layout"] }))
            }
            "take" => Err(Refusal::new(
                RefusalCode::NotAllowed,
                "only the director cuts",
            )),
            _ => Err(Refusal::new(
                RefusalCode::BadRequest,
                format!("there is no command {name:?}"),
            )),
        };
        Box::pin(async move { result })
    }
}

pub struct House {
    pub queue: Queue,
    pub hub: Hub,
    pub notices: mpsc::Receiver<Notice>,
    pub doorman: Arc<Doorman>,
    pub extras: Arc<Extras>,
    pub address: SocketAddr,
    accept: tokio::task::JoinHandle<()>,
}

impl Drop for House {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

pub fn config(dir: &Path) -> QueueConfig {
    QueueConfig {
        dir: dir.to_owned(),
        redis: None,
        event: EVENT.to_owned(),
        policy: Policy {
            slow_mode_ms: 0,
            per_person: 1_000,
            per_person_per_min: 0,
            ..Policy::default()
        },
        sessions: BTreeMap::new(),
        themes: BTreeSet::from([ThemeId::new("egalite").unwrap()]),
        publics: BTreeSet::from([
            PublicId::new("eleves").unwrap(),
            PublicId::new("parents").unwrap(),
        ]),
        sites: BTreeSet::from([SiteId::new("nancy").unwrap(), SiteId::new("reims").unwrap()]),
        rooms: BTreeMap::new(),
        reserved: BTreeSet::from(["La régie".to_owned()]),
        connections_per_address: 512,
    }
}

impl House {
    pub async fn open(dir: &Path) -> Self {
        Self::with(config(dir)).await
    }

    pub async fn with(config: QueueConfig) -> Self {
        let hub = Hub::new(tokio::runtime::Handle::current());
        let opened = Queue::open(config, hub.clone()).await.unwrap();
        Self::behind_a_door(hub, opened).await
    }

    /// Over a journal that outlives it.
    pub async fn over(config: QueueConfig, journal: Arc<dyn Journal>) -> Self {
        let hub = Hub::new(tokio::runtime::Handle::current());
        let opened = Queue::with_journal(config, hub.clone(), journal).await;
        Self::behind_a_door(hub, opened.unwrap()).await
    }

    async fn behind_a_door(hub: Hub, (queue, notices): (Queue, mpsc::Receiver<Notice>)) -> Self {
        let doorman = Doorman::new();
        let extras = Arc::new(Extras::default());
        let router = queue.router(doorman.clone(), extras.clone());
        let router = axum::Router::new().nest(&format!("/e/{EVENT}"), router);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accept = tokio::spawn(async move {
            loop {
                let (stream, peer) = listener.accept().await.unwrap();
                let router = router.clone().layer(axum::Extension(ConnectInfo(peer)));
                let service = hyper_util::service::TowerToHyperService::new(router);
                tokio::spawn(async move {
                    // As the program does it: the queue takes the plain line out of what HTTP wrapped around it.
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection_with_upgrades(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self {
            queue,
            hub,
            notices,
            doorman,
            extras,
            address,
            accept,
        }
    }

    /// A connection that said nothing yet.
    pub async fn knock(&self) -> Client {
        self.knock_from(None).await.unwrap()
    }

    pub async fn knock_from(&self, origin: Option<&str>) -> Result<Client, u16> {
        let headers: Vec<_> = origin
            .map(|origin| ("origin", origin))
            .into_iter()
            .collect();
        self.knock_with(&headers).await
    }

    /// A connection that a proxy brings from somewhere else, and that said hello.
    pub async fn join_from(&self, address: &str, topics: &[&str]) -> Result<Client, u16> {
        let mut client = self.knock_with(&[("x-forwarded-for", address)]).await?;
        let topics: Vec<Value> = topics
            .iter()
            .map(|topic| json!({ "topic": topic }))
            .collect();
        client.send(&json!({ "hello": { "topics": topics } })).await;
        client.next().await;
        Ok(client)
    }

    async fn knock_with(&self, headers: &[(&'static str, &str)]) -> Result<Client, u16> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let url = format!("ws://{}/e/{EVENT}/ws", self.address);
        let mut request =
            tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(
                url.as_str(),
            )
            .unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Client {
                socket,
                ids: 0,
                unread: Vec::new(),
                views: BTreeMap::new(),
            }),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => {
                Err(answer.status().as_u16())
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// A connection that said hello and was welcomed.
    pub async fn join(&self, key: Option<&str>, topics: &[&str]) -> (Client, Value) {
        let topics: Vec<Value> = topics
            .iter()
            .map(|topic| json!({ "topic": topic }))
            .collect();
        self.join_with(json!({ "key": key, "topics": topics }))
            .await
    }

    pub async fn join_with(&self, hello: Value) -> (Client, Value) {
        let mut client = self.knock().await;
        client.send(&json!({ "hello": hello })).await;
        let welcome = client.next().await;
        (client, welcome["welcome"].clone())
    }
}

pub struct Client {
    pub socket: WebSocketStream<TcpStream>,
    ids: u64,
    /// Messages that came while something else was awaited.
    unread: Vec<Value>,
    /// By topic: epoch, offset and map as told.
    pub views: BTreeMap<String, View>,
}

#[derive(Debug, Default, Clone, PartialEq)]
pub struct View {
    pub epoch: String,
    pub offset: u64,
    pub map: Entries,
    pub snapshots: usize,
    pub changes: usize,
}

/// What a topic holds, by key. A key that is not there reads as null: a view may come before what is waited for.
#[derive(Debug, Default, Clone, PartialEq, serde::Serialize)]
pub struct Entries(BTreeMap<String, Value>);

impl Deref for Entries {
    type Target = BTreeMap<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Entries {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Index<&str> for Entries {
    type Output = Value;

    fn index(&self, key: &str) -> &Value {
        self.0.get(key).unwrap_or(&Value::Null)
    }
}

impl Client {
    pub async fn send(&mut self, message: &Value) {
        self.socket
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }

    /// The next text message; changes of topics are carried into `views` on the way.
    pub async fn next(&mut self) -> Value {
        if !self.unread.is_empty() {
            return self.unread.remove(0);
        }
        loop {
            match self.raw().await {
                Message::Text(text) => {
                    let value: Value = serde_json::from_str(&text).unwrap();
                    self.follow(&value);
                    return value;
                }
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    async fn raw(&mut self) -> Message {
        let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
        next.expect("no message in time")
            .expect("the line ended")
            .unwrap()
    }

    fn follow(&mut self, message: &Value) {
        let Some(topic) = message["topic"].as_str() else {
            return;
        };
        let view = self.views.entry(topic.to_owned()).or_default();
        let offset = message["offset"].as_u64().unwrap();
        if message["snapshot"] == true {
            view.map.clear();
            view.snapshots += 1;
            view.epoch = message["epoch"].as_str().unwrap().to_owned();
        } else {
            assert_eq!(view.epoch, message["epoch"], "{topic}: epoch");
            assert_eq!(view.offset + 1, offset, "{topic}: a hole in the offsets");
            view.changes += 1;
        }
        view.offset = offset;
        for (key, value) in message["set"].as_object().unwrap() {
            view.map.insert(key.clone(), value.clone());
        }
        for key in message["unset"].as_array().into_iter().flatten() {
            view.map.remove(key.as_str().unwrap());
        }
    }

    /// Reads until the topic's view is as wanted.
    pub async fn until(&mut self, topic: &str, wanted: impl Fn(&Entries) -> bool) -> &View {
        loop {
            if self.views.get(topic).is_some_and(|view| wanted(&view.map)) {
                return &self.views[topic];
            }
            let message = self.next().await;
            if message.get("topic").is_none() {
                panic!("unexpected while waiting for {topic}: {message}");
            }
        }
    }

    /// Does a command and waits for its answer.
    pub async fn act(&mut self, name: &str, fields: Value) -> Value {
        self.ids += 1;
        let id = format!("c{}", self.ids);
        self.act_as(name, fields, &id).await
    }

    pub async fn act_as(&mut self, name: &str, mut fields: Value, id: &str) -> Value {
        fields["do"] = json!(name);
        fields["id"] = json!(id);
        self.send(&fields).await;
        let mut aside = Vec::new();
        let answer = loop {
            let message = self.next().await;
            if message["done"] == id || message["refused"] == id {
                break message;
            }
            if message.get("topic").is_none() {
                aside.push(message);
            }
        };
        self.unread.extend(aside);
        answer
    }

    /// Does a command that must succeed; its result.
    pub async fn done(&mut self, name: &str, fields: Value) -> Value {
        let answer = self.act(name, fields).await;
        assert!(answer.get("done").is_some(), "{name}: {answer}");
        answer["result"].clone()
    }

    /// Does a command that must be refused; the whole refusal.
    pub async fn refused(&mut self, name: &str, fields: Value) -> Value {
        let answer = self.act(name, fields).await;
        assert!(answer.get("refused").is_some(), "{name}: {answer}");
        answer
    }

    /// Reads until the close; its code and reason.
    pub async fn close_reason(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(Some(frame)) = self.raw().await {
                return (frame.code.into(), frame.reason.to_string());
            }
        }
    }

    /// Reads until the close; its code, and the last error said before it.
    pub async fn closed(&mut self) -> (u16, Option<Value>) {
        let mut error = None;
        loop {
            match self.raw().await {
                Message::Close(Some(frame)) => return (CloseCode::into(frame.code), error),
                Message::Close(None) => return (1005, error),
                Message::Text(text) => {
                    let value: Value = serde_json::from_str(&text).unwrap();
                    error = value.get("error").cloned().or(error);
                }
                _ => {}
            }
        }
    }
}

/// Asks and approves one question; its number.
pub async fn approved(asker: &mut Client, moderator: &mut Client, text: &str) -> u64 {
    let id = asker.done("ask", json!({ "text": text })).await["id"]
        .as_u64()
        .unwrap();
    moderator
        .done("approve", json!({ "question": id, "version": 1 }))
        .await;
    id
}
