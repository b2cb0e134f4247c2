//! Which moderators are here, told in the `moderation` topic. One entry per key, however many pages it has open.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::json;

use crate::topic::Topic;

pub(crate) struct Presence {
    topic: Topic,
    here: Mutex<Here>,
}

#[derive(Default)]
struct Here {
    next: u64,
    /// By key: the entry's number and how many connections stand behind it.
    keys: BTreeMap<String, (u64, usize)>,
}

impl Presence {
    pub(crate) fn new(topic: Topic) -> Arc<Self> {
        Arc::new(Self {
            topic,
            here: Mutex::default(),
        })
    }

    /// Shows a colleague until the guard is dropped. `since` in milliseconds since 1970.
    pub(crate) fn enter(self: &Arc<Self>, key: String, name: &str, since: i64) -> Guard {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let next = here.next + 1;
        let (number, count) = here.keys.entry(key.clone()).or_insert((next, 0));
        *count += 1;
        if *count == 1 {
            self.topic.set(
                &format!("colleague/{number}"),
                &json!({ "name": name, "since": since }),
            );
            here.next = next;
        }
        Guard {
            presence: Arc::clone(self),
            key,
        }
    }
}

pub(crate) struct Guard {
    presence: Arc<Presence>,
    key: String,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut here = self
            .presence
            .here
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((number, count)) = here.keys.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                let entry = format!("colleague/{number}");
                here.keys.remove(&self.key);
                self.presence.topic.unset(&entry);
            }
        }
    }
}
