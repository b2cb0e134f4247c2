//! A participant, moderator or director made of code: speaks the same WebSocket as the pages, over the network.
//! Holds the views it subscribed to; knows nothing of the server's inside.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// A command is answered within this time or the connection is given up.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A connected client and the views it holds: topic, then key, then value.
pub struct Client {
    socket: WebSocketStream<TcpStream>,
    views: BTreeMap<String, BTreeMap<String, Value>>,
    next: u64,
    tag: String,
}

/// What became of a command.
#[derive(Debug)]
pub enum Answer {
    /// The journal has it.
    Done,
    /// Refused, with its code.
    Refused(String),
}

impl Client {
    /// Connects to the event's WebSocket and says hello.
    ///
    /// # Errors
    /// The server is not reachable or refuses the key.
    pub async fn connect(
        server: SocketAddr,
        event: &str,
        key: Option<&str>,
        topics: &[&str],
    ) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(server)
            .await
            .context("the event's server is not reachable")?;
        let url = format!("ws://{server}/e/{event}/ws");
        let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await?;
        let topics: Vec<Value> = topics
            .iter()
            .map(|topic| json!({ "topic": topic }))
            .collect();
        let mut hello = json!({ "topics": topics });
        if let (Some(key), Some(fields)) = (key, hello.as_object_mut()) {
            fields.insert("key".into(), key.into());
        }
        socket
            .send(Message::text(json!({ "hello": hello }).to_string()))
            .await?;
        let mut tag = [0u8; 8];
        getrandom::fill(&mut tag).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let tag = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            socket,
            views: BTreeMap::new(),
            next: 0,
            tag,
        })
    }

    /// A topic's view as last heard.
    pub fn view(&self, topic: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.views.get(topic).into_iter().flatten()
    }

    /// Listens for `time`, keeping the views up to date.
    ///
    /// # Errors
    /// The connection ended.
    pub async fn listen(&mut self, time: Duration) -> anyhow::Result<()> {
        let until = tokio::time::Instant::now() + time;
        loop {
            match tokio::time::timeout_at(until, self.socket.next()).await {
                Err(_) => return Ok(()),
                Ok(message) => {
                    self.hear(message.context("the server closed the connection")??)?;
                }
            }
        }
    }

    /// Sends one command and waits for its answer.
    ///
    /// # Errors
    /// The connection ended or nothing came back in ten seconds.
    pub async fn command(&mut self, name: &str, fields: Value) -> anyhow::Result<Answer> {
        self.next += 1;
        let id = format!("{}-{}", self.tag, self.next);
        let mut command = json!({ "do": name, "id": id });
        if let (Some(command), Value::Object(fields)) = (command.as_object_mut(), fields) {
            command.extend(fields);
        }
        self.socket.send(Message::text(command.to_string())).await?;
        let until = tokio::time::Instant::now() + ANSWER_TIMEOUT;
        loop {
            let message = tokio::time::timeout_at(until, self.socket.next())
                .await
                .context("no answer to a command")?;
            let heard = self.hear(message.context("the server closed the connection")??)?;
            let Some(heard) = heard else { continue };
            if heard.get("done").and_then(Value::as_str) == Some(&id) {
                return Ok(Answer::Done);
            }
            if heard.get("refused").and_then(Value::as_str) == Some(&id) {
                return Ok(Answer::Refused(
                    heard
                        .get("code")
                        .and_then(Value::as_str)
                        .unwrap_or("unknown")
                        .to_owned(),
                ));
            }
        }
    }

    fn hear(&mut self, message: Message) -> anyhow::Result<Option<Value>> {
        let Message::Text(text) = message else {
            return Ok(None);
        };
        let value: Value =
            serde_json::from_str(&text).context("the server sent something that is not JSON")?;
        if let Some(error) = value.get("error") {
            bail!("refused: {error}");
        }
        if let Some(topic) = value.get("topic").and_then(Value::as_str) {
            let view = self.views.entry(topic.to_owned()).or_default();
            if value.get("snapshot").and_then(Value::as_bool) == Some(true) {
                view.clear();
            }
            for (key, entry) in value
                .get("set")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                view.insert(key.clone(), entry.clone());
            }
            for key in value
                .get("unset")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                view.remove(key);
            }
        }
        Ok(Some(value))
    }
}
