//! Which moderators are here, told in the `moderation` topic: one entry a person, however many pages they have open.
//! Who has been gone for a while has their claims given back.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pleniere_moderation_core::{Actor, Command, Staff};
use serde_json::json;

use crate::{
    queue::{Queue, now},
    topic::Topic,
};

/// How long somebody may be away, as when their page is loaded again, before their claims are given back.
const AWAY: Duration = Duration::from_secs(5);

pub(crate) struct Presence {
    topic: Topic,
    here: Mutex<Here>,
}

#[derive(Default)]
struct Here {
    next: u64,
    /// By person: the entry's number and how many connections stand behind it.
    people: BTreeMap<String, (u64, usize)>,
}

impl Presence {
    pub(crate) fn new(topic: Topic) -> Arc<Self> {
        Arc::new(Self {
            topic,
            here: Mutex::default(),
        })
    }

    /// Somebody is here until the guard is dropped; colleagues are told if `shown`.
    pub(crate) fn enter(self: &Arc<Self>, queue: &Queue, staff: &Staff, shown: bool) -> Guard {
        let mut here = self.lock();
        let next = here.next + 1;
        let person = staff.key().to_owned();
        let (number, count) = here.people.entry(person.clone()).or_insert((next, 0));
        *count += 1;
        if *count == 1 {
            if shown {
                let entry = json!({ "name": staff.name, "since": now(), "staff": staff.id });
                self.topic.set(&format!("colleague/{number}"), &entry);
            }
            here.next = next;
        }
        Guard {
            presence: Arc::clone(self),
            queue: queue.clone(),
            person,
        }
    }

    fn is_here(&self, person: &str) -> bool {
        self.lock().people.contains_key(person)
    }

    /// One connection less; whether it was the last.
    fn leave(&self, person: &str) -> bool {
        let mut here = self.lock();
        let Some((number, count)) = here.people.get_mut(person) else {
            return false;
        };
        *count -= 1;
        if *count > 0 {
            return false;
        }
        let entry = format!("colleague/{number}");
        here.people.remove(person);
        self.topic.unset(&entry);
        true
    }

    fn lock(&self) -> MutexGuard<'_, Here> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Guard {
    presence: Arc<Presence>,
    queue: Queue,
    person: String,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.presence.leave(&self.person) || self.queue.closing().is_cancelled() {
            return;
        }
        let presence = Arc::clone(&self.presence);
        let (queue, staff) = (self.queue.clone(), std::mem::take(&mut self.person));
        let release = async move {
            tokio::select! {
                () = tokio::time::sleep(AWAY) => {}
                () = queue.closing().cancelled() => return,
            }
            if presence.is_here(&staff) {
                return;
            }
            let release = Command::ReleaseAll { staff };
            if let Err(refusal) = queue.execute(Actor::System, release).await {
                tracing::warn!(%refusal, "the claims of who left end by the clock");
            }
        };
        self.queue.hub().runtime().clone().spawn(release);
    }
}
