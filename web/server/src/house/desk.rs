//! The director's desk: the words a director, a site and the stage may say, checked against the event, and the short-lived
//! things they agree on (preview, stand-by, messages, countdown). Decides; the wiring in `house` acts.
//! Stand-bys and messages live as long as the process: they are spoken orders, not the event's record.

use std::collections::BTreeMap;

use pleniere_media_core::scene::{Layout, Scene, SiteId};
use serde::{Deserialize, Serialize};

/// What the desk accepts beyond the question queue's own commands.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Order {
    /// Prepare a scene.
    Preview(Scene),
    /// Put a scene on air.
    Take(Scene),
    /// Take a site out of the sound, or back in.
    Mute {
        /// Which site.
        site: SiteId,
        /// `true` silences it.
        on: bool,
    },
    /// Begin or end the event.
    Phase {
        /// The phase to enter.
        to: pleniere_media_core::timeline::Phase,
    },
    /// Begin a session of the run sheet.
    Session {
        /// Its id.
        session: String,
    },
    /// Hide the live picture (the recording goes on), or show it again.
    Mask {
        /// `true` hides it.
        on: bool,
    },
    /// Ask a site to stand by.
    Standby {
        /// Which site.
        site: SiteId,
    },
    /// A site answers the stand-by.
    Ready,
    /// Words for the stage or a site.
    Message {
        /// `stage` or a site id.
        to: String,
        /// At most 280 characters.
        text: String,
    },
    /// The message was read.
    Seen {
        /// Its id.
        message: u64,
    },
    /// A countdown on the stage page.
    Countdown {
        /// Minutes from now, 0 removes it.
        minutes: u32,
        /// What it counts to.
        #[serde(default)]
        label: String,
    },
}

/// Words sent to the stage or to a site.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Rises with each message.
    pub id: u64,
    /// The words.
    pub text: String,
    /// Who sent them.
    pub from: String,
    /// Unix milliseconds.
    pub at: i64,
    /// Whether the reader acknowledged them.
    pub seen: bool,
    /// When, unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<i64>,
    /// The name in the key of whoever did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_by: Option<String>,
}

/// A stand-by and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Standby {
    /// Unix milliseconds.
    pub asked_at: i64,
    /// Unix milliseconds of the site's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_at: Option<i64>,
}

/// A countdown of the stage page.
#[derive(Clone, Debug, Serialize)]
pub struct Countdown {
    /// Unix milliseconds.
    pub ends_at: i64,
    /// How long it was when it was set, for the marks of the stage page.
    pub minutes: u32,
    /// What it counts to.
    pub label: String,
}

/// What the desk holds.
#[derive(Debug, Default)]
pub struct Desk {
    /// The scene being prepared.
    pub preview: Option<Scene>,
    /// Stand-bys by site.
    pub standby: BTreeMap<SiteId, Standby>,
    /// The last message to each reader (`stage` or a site id).
    pub messages: BTreeMap<String, Message>,
    /// The stage's countdown.
    pub countdown: Option<Countdown>,
    /// Who made the last cut.
    pub last_cut_by: Option<String>,
    next_message: u64,
}

/// Longest message to the stage or a site, in characters.
const MESSAGE_MAX: usize = 280;

impl Desk {
    /// Notes a message for `to` and returns it.
    ///
    /// # Errors
    /// Empty or longer than 280 characters.
    pub fn message(
        &mut self,
        to: &str,
        text: &str,
        from: &str,
        now: i64,
    ) -> Result<Message, String> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MESSAGE_MAX {
            return Err(format!("a message has 1 to {MESSAGE_MAX} characters"));
        }
        self.next_message += 1;
        let message = Message {
            id: self.next_message,
            text: text.to_owned(),
            from: from.to_owned(),
            at: now,
            seen: false,
            seen_at: None,
            seen_by: None,
        };
        self.messages.insert(to.to_owned(), message.clone());
        Ok(message)
    }
}

/// Whether a scene can be shown in an event with these sites.
///
/// # Errors
/// Plain words: what is wrong and what is right.
pub fn check(scene: &Scene, sites: &[SiteId]) -> Result<(), String> {
    let slots = scene.slots.len();
    let (least, most, name) = match scene.layout {
        Layout::Full => (1, 1, "full takes one site"),
        Layout::SideBySide => (2, 2, "side_by_side takes two sites"),
        Layout::PictureInPicture => (2, 2, "picture_in_picture takes two sites"),
        Layout::Mosaic => (1, 9, "mosaic takes one to nine sites"),
        Layout::Slate => (0, 0, "slate takes no site"),
    };
    if slots < least || slots > most {
        return Err(format!("{name}, {slots} were given"));
    }
    for (at, site) in scene.slots.iter().enumerate() {
        if !sites.contains(site) {
            return Err(format!("there is no site “{}” in this event", site.0));
        }
        if scene.slots[..at].contains(site) {
            return Err(format!("site “{}” is in two slots", site.0));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(layout: Layout, slots: &[&str]) -> Scene {
        Scene {
            layout,
            slots: slots
                .iter()
                .map(|site| SiteId((*site).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn a_scene_is_refused_with_what_is_right() {
        let sites = [SiteId("nancy".into()), SiteId("reims".into())];
        assert!(check(&scene(Layout::Full, &["nancy"]), &sites).is_ok());
        assert!(check(&scene(Layout::Slate, &[]), &sites).is_ok());
        assert_eq!(
            check(&scene(Layout::Full, &[]), &sites),
            Err("full takes one site, 0 were given".into())
        );
        assert!(
            check(&scene(Layout::Mosaic, &["nancy", "nancy"]), &sites)
                .is_err_and(|why| why.contains("two slots"))
        );
        assert!(
            check(&scene(Layout::Full, &["paris"]), &sites).is_err_and(|why| why.contains("paris"))
        );
    }

    #[test]
    fn an_endless_message_is_refused() {
        let mut desk = Desk::default();
        assert!(desk.message("stage", &"x".repeat(281), "Régie", 0).is_err());
        assert!(desk.message("stage", "  ", "Régie", 0).is_err());
        assert_eq!(
            desk.message("stage", "Deux minutes", "Régie", 0)
                .map(|message| message.id),
            Ok(1)
        );
    }
}
