//! One WebSocket of Plénière that waits for its answers: the moderator of a measurement.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use crate::ws;

/// An answer comes within this time or the scenario fails.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// A welcomed connection that reads no topic.
pub struct Talker {
    stream: TcpStream,
    input: Vec<u8>,
    commands: u64,
    /// Part of the ids of its commands: unlike those of another connection of the same person.
    life: u32,
}

impl Talker {
    /// Connects to the event `load` and says hello.
    ///
    /// # Errors
    /// It is refused.
    pub fn join(server: SocketAddr, key: Option<&str>) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_WITHIN))?;
        stream.write_all(ws::handshake(&server.to_string(), "/e/load/ws").as_bytes())?;
        let mut talker = Self {
            life: u32::from(stream.local_addr()?.port()),
            stream,
            input: Vec::new(),
            commands: 0,
        };
        loop {
            if let Some(end) = talker.input.windows(4).position(|four| four == b"\r\n\r\n") {
                talker.input.drain(..end + 4);
                break;
            }
            talker.read()?;
        }
        let mut hello = json!({ "topics": [] });
        if let Some(key) = key {
            hello["key"] = json!(key);
        }
        talker.send(&json!({ "hello": hello }))?;
        let welcome = talker.next()?;
        ensure!(welcome["welcome"].is_object(), "not welcome: {welcome}");
        Ok(talker)
    }

    /// Gives a command and waits for its result.
    ///
    /// # Errors
    /// It is refused, or the line ends.
    pub fn command(&mut self, mut command: Value) -> anyhow::Result<Value> {
        self.commands += 1;
        let id = format!("{}-{}", self.life, self.commands);
        command["id"] = json!(id);
        self.send(&command)?;
        loop {
            let mut answer = self.next()?;
            if answer["done"] == json!(id) {
                return Ok(answer["result"].take());
            }
            ensure!(answer["refused"] != json!(id), "{command}: {answer}");
        }
    }

    fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        let frame = ws::masked(ws::TEXT, message.to_string().as_bytes());
        Ok(self.stream.write_all(&frame)?)
    }

    fn next(&mut self) -> anyhow::Result<Value> {
        loop {
            if let Some(frame) = ws::frame(&self.input) {
                let (opcode, payload) = (frame.opcode, frame.payload.to_vec());
                self.input.drain(..frame.length);
                match opcode {
                    ws::TEXT => return Ok(serde_json::from_slice(&payload)?),
                    ws::PING => self.stream.write_all(&ws::masked(ws::PONG, &payload))?,
                    ws::CLOSE => bail!("closed: {:?}", ws::close_reason(&payload)),
                    _ => {}
                }
            } else {
                self.read()?;
            }
        }
    }

    fn read(&mut self) -> anyhow::Result<()> {
        let mut buffer = [0; 16 * 1024];
        let count = self.stream.read(&mut buffer).context("no answer")?;
        ensure!(count > 0, "the line ended");
        self.input.extend_from_slice(&buffer[..count]);
        Ok(())
    }
}
