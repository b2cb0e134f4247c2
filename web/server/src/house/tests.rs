//! A house as its pages meet it: a whole node behind its front door, over real sockets. There is no engine; what was asked
//! of the picture is read from the timeline.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use pleniere_config::{Claims, NodeConfig, Role};
use pleniere_media_core::timeline::Entry;
use pleniere_moderation::core::{Actor, Command};
use pleniere_moderation::{Hub, Queue};
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message, client::IntoClientRequest as _};

use crate::access::unix_now;
use crate::serve::Node;

/// What takes longer is a failure, not a measurement.
const PATIENCE: Duration = Duration::from_secs(20);

fn school() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/events/school-meeting.toml")
}

async fn node(data: &Path) -> Node {
    let config = NodeConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        media_port: 0,
        ice_servers: Vec::new(),
        public_addresses: Vec::new(),
        data: data.to_owned(),
        tls: None,
        admin_listen: None,
        redis: None,
        connections_per_address: 2,
        events: Vec::new(),
    };
    Node::start(config, &[school()], None).await.unwrap()
}

fn key(node: &Node, role: Role, name: Option<&str>) -> Value {
    let event = &node.houses[0].event;
    let site = (role == Role::Site).then(|| event.sites[0].id.clone());
    let name = name.map(str::to_owned);
    let claims = Claims::new(event.id.clone(), role, site, name, unix_now() + 600);
    json!(node.key.sign(&claims.unwrap()))
}

/// An open page.
struct Page {
    socket: WebSocketStream<TcpStream>,
    welcome: Value,
    topics: BTreeMap<String, Map<String, Value>>,
    sent: u64,
}

impl Page {
    /// Opens one with a key of that role.
    async fn of(node: &Node, role: Role, name: &str, topics: &[&str]) -> Self {
        let hello = json!({ "key": key(node, role, Some(name)), "topics": named(topics) });
        Self::open(node, hello, None).await.unwrap()
    }

    /// Says this hello, from this address if it is another's; or the status of the refusal.
    async fn open(node: &Node, hello: Value, from: Option<&str>) -> Result<Self, u16> {
        let address = node.address;
        let url = format!("ws://{address}/e/school-meeting/ws");
        let mut request = url.into_client_request().unwrap();
        if let Some(from) = from {
            let headers = request.headers_mut();
            headers.insert("x-forwarded-for", from.parse().unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        let socket = match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, _)) => socket,
            Err(Error::Http(answer)) => return Err(answer.status().as_u16()),
            Err(other) => panic!("{other}"),
        };
        let mut page = Self {
            socket,
            welcome: Value::Null,
            topics: BTreeMap::new(),
            sent: 0,
        };
        page.send(&json!({ "hello": hello })).await;
        page.welcome = page.hear().await["welcome"].clone();
        Ok(page)
    }

    async fn send(&mut self, message: &Value) {
        let text = Message::text(message.to_string());
        self.socket.send(text).await.unwrap();
    }

    /// The next message, carried into the topics.
    async fn hear(&mut self) -> Value {
        let message: Value = loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            if let Message::Text(text) = next.expect("nothing came in time").unwrap().unwrap() {
                break serde_json::from_str(&text).unwrap();
            }
        };
        if let Some(topic) = message["topic"].as_str() {
            let map = self.topics.entry(topic.to_owned()).or_default();
            map.extend(message["set"].as_object().unwrap().clone());
            for gone in message["unset"].as_array().into_iter().flatten() {
                map.remove(gone.as_str().unwrap());
            }
        }
        message
    }

    /// Does a command; the whole answer.
    async fn act(&mut self, name: &str, mut fields: Value) -> Value {
        self.sent += 1;
        let id = json!(self.sent.to_string());
        (fields["do"], fields["id"]) = (json!(name), id.clone());
        self.send(&fields).await;
        loop {
            let message = self.hear().await;
            if message["done"] == id || message["refused"] == id {
                return message;
            }
        }
    }

    /// Does a command that must succeed; its result.
    async fn done(&mut self, name: &str, fields: Value) -> Value {
        let answer = self.act(name, fields).await;
        assert!(answer.get("done").is_some(), "{name}: {answer}");
        answer["result"].clone()
    }

    /// Reads until this key of the topic is as wanted.
    async fn until(&mut self, topic: &str, key: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let value = self.topics.get(topic).and_then(|map| map.get(key));
            if let Some(value) = value.filter(|value| wanted(value)) {
                return value.clone();
            }
            self.hear().await;
        }
    }
}

fn named(topics: &[&str]) -> Value {
    let named = topics.iter().map(|topic| json!({ "topic": topic }));
    named.collect()
}

/// Waits until the picture is asked to carry this line above a question.
async fn carries(node: &Node, line: &str) {
    let asked = || {
        let timeline = node.houses[0].programme.timeline().into_iter().rev();
        let mut texts = timeline.filter_map(|stamped| match stamped.entry {
            Entry::LowerThirdIntended { text } => Some(text),
            _ => None,
        });
        texts.next().flatten().map(|text| text.kicker)
    };
    let until = tokio::time::Instant::now() + PATIENCE;
    while asked().as_deref() != Some(line) {
        let late = tokio::time::Instant::now() > until;
        assert!(!late, "{:?} instead of {line:?}", asked());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_session_the_director_begins_rules_the_questions_also_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let node = self::node(data.path()).await;
    let mut director = Page::of(&node, Role::Director, "Zoé", &["moderation", "programme"]).await;
    director
        .until("moderation", "policy", |rules| rules["young"] == false)
        .await;
    let begun = json!({ "session": "ateliers" });
    director.done("session", begun).await;
    let during = |rules: &Value| rules["session"] == "ateliers" && rules["young"] == true;
    director.until("moderation", "policy", during).await;
    director
        .until("programme", "event", |event| event["session"] == "ateliers")
        .await;
    let unknown = director
        .act("session", json!({ "session": "recreation" }))
        .await;
    assert_eq!(unknown["code"], "not_found");
    drop(director);
    node.close().await;

    // A stop between the two journals: the queue missed it.
    let event = pleniere_config::Event::load(&school()).unwrap();
    let config = super::rules::queue(&event, data.path(), None, 2).unwrap();
    let hub = Hub::new(tokio::runtime::Handle::current());
    let (queue, _notices) = Queue::open(config, hub).await.unwrap();
    let missed = Command::NoteSession { session: None };
    queue.execute(Actor::System, missed).await.unwrap();
    queue.shutdown().await;

    let node = self::node(data.path()).await;
    let hello = json!({ "topics": named(&["public", "programme"]) });
    let mut viewer = Page::open(&node, hello, None).await.unwrap();
    viewer
        .until("programme", "event", |event| event["session"] == "ateliers")
        .await;
    viewer
        .until("public", "queue", |queue| queue["young"] == true)
        .await;
    let mut moderator = Page::of(&node, Role::Moderator, "Ana", &["moderation"]).await;
    let named = json!({ "text": "Et la cantine ?", "name": "Inès", "show_name": true });
    viewer.done("ask", named).await;
    let asked = moderator.until("moderation", "q/1", Value::is_object).await;
    assert!(
        asked.get("name").is_none(),
        "the session takes no names: {asked}"
    );
    node.close().await;
}

#[tokio::test]
async fn no_name_is_in_the_picture_while_the_audience_is_young() {
    let data = tempfile::tempdir().unwrap();
    let node = self::node(data.path()).await;
    let mut director = Page::of(&node, Role::Director, "Zoé", &[]).await;
    let mut moderator = Page::of(&node, Role::Moderator, "Ana", &[]).await;
    let mut viewer = Page::open(&node, json!({}), None).await.unwrap();
    for (name, text) in [("Inès", "Et la cantine ?"), ("Léo", "Et le sport ?")] {
        let ask = json!({ "text": text, "name": name, "show_name": true, "public": "eleves" });
        let question = viewer.done("ask", ask).await["id"].clone();
        let approve = json!({ "question": question, "version": 1 });
        moderator.done("approve", approve).await;
    }
    moderator
        .done("air", json!({ "question": 1, "version": 2 }))
        .await;
    carries(&node, "Question 1 · Inès, Élèves").await;

    director
        .done("session", json!({ "session": "ateliers" }))
        .await;
    carries(&node, "Question 1 · Élèves").await;
    moderator
        .done("air", json!({ "question": 2, "version": 2 }))
        .await;
    carries(&node, "Question 2 · Élèves").await;

    director
        .done("session", json!({ "session": "defis" }))
        .await;
    carries(&node, "Question 2 · Léo, Élèves").await;
    node.close().await;
}

#[tokio::test]
async fn the_director_sees_who_acknowledged_a_message_first() {
    let data = tempfile::tempdir().unwrap();
    let node = self::node(data.path()).await;
    let room = "site/salle-polyvalente";
    let mut director = Page::of(&node, Role::Director, "Zoé", &["stage", room]).await;
    let mut odile = Page::of(&node, Role::Stage, "Odile", &["stage"]).await;
    let mut paul = Page::of(&node, Role::Stage, "Paul", &["stage"]).await;
    let mut marc = Page::of(&node, Role::Site, "Marc", &[room]).await;

    let sent = json!({ "to": "stage", "text": "Deux minutes" });
    let message = director.done("message", sent).await["message"].clone();
    let unseen = director
        .until("stage", "message", |it| it["id"] == message)
        .await;
    assert_eq!(
        (&unseen["seen"], unseen.get("seen_by")),
        (&json!(false), None)
    );
    odile
        .until("stage", "message", |it| it["id"] == message)
        .await;
    odile.done("seen", json!({ "message": message })).await;
    let seen = director
        .until("stage", "message", |it| it["seen"] == true)
        .await;
    assert_eq!(seen["seen_by"], "Odile");
    assert!(seen["seen_at"].as_i64() >= seen["at"].as_i64(), "{seen}");
    paul.done("seen", json!({ "message": message })).await;

    let sent = json!({ "to": "salle-polyvalente", "text": "À vous" });
    let to_room = director.done("message", sent).await["message"].clone();
    let not_his = marc.act("seen", json!({ "message": message })).await;
    assert_eq!(not_his["code"], "not_found", "it went to the stage");
    marc.done("seen", json!({ "message": to_room })).await;
    let seen = director
        .until(room, "message", |it| it["seen"] == true)
        .await;
    assert_eq!(seen["seen_by"], "Marc");
    assert_eq!(
        director.topics["stage"]["message"]["seen_by"], "Odile",
        "the first stays"
    );
    node.close().await;
}

#[tokio::test]
async fn both_tabs_of_who_is_called_get_in() {
    let data = tempfile::tempdir().unwrap();
    let node = self::node(data.path()).await;
    let mut moderator = Page::of(&node, Role::Moderator, "Ana", &[]).await;
    let mut tab = Page::open(&node, json!({}), None).await.unwrap();
    let same = json!({ "participant": tab.welcome["participant"] });
    let mut other = Page::open(&node, same, None).await.unwrap();
    tab.done("hand", json!({ "name": "Inès" })).await;
    moderator
        .done("call", json!({ "hand": 1, "version": 1 }))
        .await;

    let (one, two) = tokio::join!(
        tab.done("hand_ready", json!({})),
        other.done("hand_ready", json!({}))
    );
    for answer in [one, two] {
        assert_eq!(
            (&answer["hand"], &answer["state"]),
            (&json!(1), &json!("ready"))
        );
        let hello = json!({ "key": answer["key"] });
        let guest = Page::open(&node, hello, None).await.unwrap().welcome;
        assert_eq!(
            (&guest["role"], &guest["name"]),
            (&json!("guest"), &json!("Inès"))
        );
    }
    node.close().await;
}

#[tokio::test]
async fn an_address_has_as_many_connections_as_the_configuration_says() {
    let data = tempfile::tempdir().unwrap();
    let node = self::node(data.path()).await;
    let from = |address| Page::open(&node, json!({}), Some(address));
    let (_one, _two) = (
        from("192.0.2.7").await.unwrap(),
        from("192.0.2.7").await.unwrap(),
    );
    assert_eq!(from("192.0.2.7").await.err(), Some(429));
    assert!(from("192.0.2.8").await.is_ok());
    assert!(
        Page::open(&node, json!({}), None).await.is_ok(),
        "this machine is exempt"
    );
    node.close().await;
}
