//! What an event is, how a node is set, who may do what.
//!
//! Reads event files and node settings strictly (every mistake of a file, each with its line), names the ids and roles that
//! all parts share, and signs and verifies the keys in links. It opens no port, keeps no clock and knows no page.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod colour;
mod data;
mod event;
mod event_file;
mod ice_server;
mod id;
mod key;
mod key_file;
mod mistake;
mod node;
mod role;
mod rules;
mod run_sheet;
mod schema;
mod suggest;

pub use colour::Colour;
pub use data::{DataDir, DataError};
pub use event::{
    Event, Language, Look, Moderation, Names, Public, QuestionPolicy, QuestionRules, Recording,
    Session, SessionTime, Site, Theme, Workshop, Zone,
};
pub use ice_server::{IceServer, IceServerError};
pub use id::{EventId, KeyId, MalformedId, PublicId, SessionId, SiteId, ThemeId, WorkshopId};
pub use key::{Claims, ClaimsError, KeyError, NodeKey};
pub use key_file::KeyFileError;
pub use mistake::{Mistake, Mistakes};
pub use node::{NodeConfig, Overrides, RedisUrl, Tls};
pub use role::{Role, UnknownRole};
