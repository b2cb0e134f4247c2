//! How a watcher talks with each kind of server.

use crate::fleet::Line;

/// What a message means to a watcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Everything is in place; what is published from now on arrives.
    Joined,
    /// Something that was published.
    Delivery,
    /// Housekeeping.
    Other,
}

/// The kinds of servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Ours: docs/protocol.md.
    Pleniere,
    /// Ours again, with all topics that the viewer's page reads.
    Page,
    /// nchan sends what was published and nothing else.
    Nchan,
    /// Packets of Engine.IO 4 (first digit) and Socket.IO 5 (second).
    SocketIo,
}

impl Dialect {
    /// The path of the WebSocket.
    pub fn path(self) -> &'static str {
        match self {
            Self::Pleniere | Self::Page => "/e/load/ws",
            Self::Nchan => "/watch",
            Self::SocketIo => "/socket.io/?EIO=4&transport=websocket",
        }
    }

    /// A watcher's WebSocket is open: says what is to be said first.
    pub fn opened(self, line: &mut Line) -> Said {
        match self {
            Self::Pleniere => {
                line.send("{\"hello\":{\"topics\":[{\"topic\":\"public\"}]}}");
                Said::Other
            }
            Self::Page => {
                line.send("{\"hello\":{\"topics\":[{\"topic\":\"mine\"},{\"topic\":\"programme\"},{\"topic\":\"public\"}]}}");
                Said::Other
            }
            Self::Nchan => Said::Joined,
            Self::SocketIo => Said::Other,
        }
    }

    /// A watcher got a message: answers it if it must be, and says what it means.
    pub fn heard(self, line: &mut Line, text: &[u8]) -> Said {
        match (self, text) {
            (Self::Nchan, _) | (Self::SocketIo, [b'4', b'2', ..]) => Said::Delivery,
            (Self::SocketIo, [b'4', b'0', ..]) => Said::Joined,
            (Self::SocketIo, [b'0', ..]) => {
                line.send("40");
                Said::Other
            }
            (Self::SocketIo, [b'2']) => {
                line.send("3");
                Said::Other
            }
            (Self::Pleniere | Self::Page, _) if !text.starts_with(b"{\"topic\":\"public\"") => {
                Said::Other
            }
            (Self::Pleniere | Self::Page, _) if is_snapshot(text) => Said::Joined,
            (Self::Pleniere | Self::Page, _) => Said::Delivery,
            (Self::SocketIo, _) => Said::Other,
        }
    }
}

/// A snapshot says so after topic, epoch and offset.
pub fn is_snapshot(text: &[u8]) -> bool {
    let word = b"\"snapshot\":true";
    text[..text.len().min(120)]
        .windows(word.len())
        .any(|part| part == word)
}
