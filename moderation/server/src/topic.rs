//! Topics: "a view is a keyed map of JSON values, a topic carries its changes".
//!
//! A topic holds the current map, a bounded ring of its latest changes as ready WebSocket frames, and who waits for
//! the next. Readers pull: each remembers the offset it has and takes the frame after it, so a slow one costs nothing
//! but its own delay and, once the ring has moved on, gets a snapshot. Every frame is serialised once.

mod frames;
mod readers;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    hash::{BuildHasher, Hasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde::Serialize;
use tokio::runtime::Handle;

pub use self::readers::Readers;

use self::frames::Frames;
use crate::{
    frame,
    reader::{Audience, Outlet, Reader},
};

/// The topics of one event. Cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<HubInner>);

struct HubInner {
    runtime: Handle,
    topics: Mutex<BTreeMap<String, Topic>>,
}

impl Hub {
    /// An empty hub whose timers run on `runtime`.
    pub fn new(runtime: Handle) -> Self {
        Self(Arc::new(HubInner {
            runtime,
            topics: Mutex::default(),
        }))
    }

    /// The topic of that name; made with these readers and this pace unless it exists already. `max_hz` bounds how
    /// often its readers are told: what changes in between is told at once with the next change.
    pub fn topic(&self, name: &str, readers: Readers, max_hz: Option<f32>) -> Topic {
        let mut topics = lock(&self.0.topics);
        if let Some(topic) = topics.get(name) {
            return topic.clone();
        }
        let topic = Topic::new(name.to_owned(), readers, max_hz, &self.0.runtime);
        topics.insert(name.to_owned(), topic.clone());
        topic
    }

    /// The topic of that name, if there is one.
    pub fn get(&self, name: &str) -> Option<Topic> {
        lock(&self.0.topics).get(name).cloned()
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.0.runtime
    }
}

/// One topic. Cheap to clone; may be written from any thread.
#[derive(Clone)]
pub struct Topic(Arc<Inner>);

struct Inner {
    name: Cow<'static, str>,
    readers: Arc<Readers>,
    /// Written as twelve hexadecimal digits.
    epoch: u64,
    pause: Option<Duration>,
    runtime: Handle,
    content: Mutex<Content>,
    audience: Mutex<Audience>,
}

/// What a topic says: JSON by key.
pub(crate) type Map = BTreeMap<String, Box<str>>;

#[derive(Default)]
struct Content {
    offset: u64,
    /// Shared with topics that say the same, see [`Topic::share`].
    map: Arc<Map>,
    map_bytes: u64,
    /// Changes not told yet; none for a key that goes.
    pending: BTreeMap<String, Option<Box<str>>>,
    /// Frames that several read; none while nobody asked twice or was told a change, as most topics of one person.
    frames: Option<Box<Frames>>,
    /// Somebody has read: they may come back for what they missed.
    read: bool,
    /// Somebody has asked for the snapshot at `offset`: the next who does finds it among the frames.
    asked: bool,
    told_at: Option<Instant>,
    timer: bool,
}

impl Topic {
    pub(crate) fn new(
        name: impl Into<Cow<'static, str>>,
        readers: impl Into<Arc<Readers>>,
        max_hz: Option<f32>,
        runtime: &Handle,
    ) -> Self {
        let pause = max_hz
            .filter(|hz| *hz > 0.0)
            .map(|hz| Duration::from_secs_f32(1.0 / hz));
        Self(Arc::new(Inner {
            name: name.into(),
            readers: readers.into(),
            epoch: fresh_epoch(),
            pause,
            runtime: runtime.clone(),
            content: Mutex::default(),
            audience: Mutex::default(),
        }))
    }

    /// The topic's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Gives `key` this value. Nothing is told when it has it already. A value that has no JSON form is a mistake of
    /// the program: it is logged and the key stays as it was.
    pub fn set(&self, key: &str, value: &impl Serialize) {
        self.update(|change| change.set(key, value));
    }

    /// Takes `key` away, if it is there.
    pub fn unset(&self, key: &str) {
        self.update(|change| change.unset(key));
    }

    /// Several changes, told together.
    pub fn update(&self, fill: impl FnOnce(&mut Update<'_>)) {
        let told = {
            let mut content = lock(&self.0.content);
            fill(&mut Update {
                topic: &self.0.name,
                content: &mut content,
            });
            self.tell_or_wait(&mut content)
        };
        if told {
            self.wake();
        }
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.0.readers
    }

    /// Whether anybody waits for changes.
    pub(crate) fn is_watched(&self) -> bool {
        self.readers_now() > 0
    }

    /// How many wait for changes.
    pub(crate) fn readers_now(&self) -> u32 {
        u32::try_from(self.audience().len()).unwrap_or(u32::MAX)
    }

    /// Names what readers were told: another name, another content.
    pub(crate) fn version(&self) -> String {
        format!("{:012x}-{}", self.0.epoch, lock(&self.0.content).offset)
    }

    /// What readers were told, with its [`Topic::version`].
    pub(crate) fn values(&self) -> (String, Arc<Map>) {
        let content = lock(&self.0.content);
        (
            format!("{:012x}-{}", self.0.epoch, content.offset),
            Arc::clone(&content.map),
        )
    }

    /// Keeps what it says in one place with all topics that say just this; `common` is what the last one said.
    pub(crate) fn share(&self, common: &mut Arc<Map>) {
        let mut content = lock(&self.0.content);
        if content.map == *common {
            content.map = Arc::clone(common);
        } else {
            *common = Arc::clone(&content.map);
        }
    }

    /// Starts reading: after `position` if it names this topic's life, else from a snapshot.
    pub(crate) fn subscribe(
        &self,
        outlet: Arc<Outlet>,
        position: Option<(&str, u64)>,
    ) -> Subscription {
        let at = position
            .filter(|(epoch, _)| u64::from_str_radix(epoch, 16) == Ok(self.0.epoch))
            .map(|(_, offset)| offset);
        lock(&self.0.content).read = true;
        let reader = Arc::new(Reader::new(outlet, at));
        self.audience().add(Arc::clone(&reader));
        Subscription {
            topic: self.clone(),
            reader,
        }
    }

    /// Who reads.
    pub(crate) fn audience(&self) -> MutexGuard<'_, Audience> {
        lock(&self.0.audience)
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.0.runtime
    }

    /// The latest change and its offset, if it is still kept.
    pub(crate) fn latest(&self) -> Option<(u64, Bytes)> {
        let content = lock(&self.0.content);
        let frame = content.frames.as_ref()?.latest()?;
        Some((content.offset, frame.clone()))
    }

    /// The next frame for a reader that has everything up to `at`, and the offset it then has.
    pub(crate) fn after(&self, at: Option<u64>) -> Option<(Bytes, u64)> {
        let mut content = lock(&self.0.content);
        if at == Some(content.offset) {
            return None;
        }
        let change = at.and_then(|at| Some((content.change_after(at)?, at + 1)));
        Some(change.unwrap_or_else(|| self.snapshot(&mut content)))
    }

    fn snapshot(&self, content: &mut Content) -> (Bytes, u64) {
        let kept = content.frames.as_ref();
        if let Some(frame) = kept.and_then(|frames| frames.snapshot.clone()) {
            return (frame, content.offset);
        }
        let mut text = self.head(content.offset);
        text.push_str(",\"snapshot\":true,\"set\":{");
        let entries = content.map.iter();
        push_entries(&mut text, entries.map(|(key, value)| (key, &**value)));
        text.push_str("}}");
        let frame = frame::text(&text);
        if std::mem::replace(&mut content.asked, true) {
            content.frames().snapshot = Some(frame.clone());
        }
        (frame, content.offset)
    }

    fn head(&self, offset: u64) -> String {
        let name = quoted(&self.0.name);
        format!(
            "{{\"topic\":{name},\"epoch\":\"{:012x}\",\"offset\":{offset}",
            self.0.epoch
        )
    }

    /// Tells now if the pace allows, else makes sure it is told later. Whether readers are to be woken.
    fn tell_or_wait(&self, content: &mut Content) -> bool {
        if content.pending.is_empty() {
            return false;
        }
        let wait = self
            .0
            .pause
            .and_then(|pause| content.told_at.map(|at| pause.saturating_sub(at.elapsed())));
        match wait.filter(|wait| !wait.is_zero()) {
            None => {
                self.tell(content);
                true
            }
            Some(wait) => {
                if !content.timer {
                    content.timer = true;
                    let topic = self.clone();
                    self.0.runtime.spawn(async move {
                        tokio::time::sleep(wait).await;
                        topic.tell_late();
                    });
                }
                false
            }
        }
    }

    fn tell_late(&self) {
        {
            let mut content = lock(&self.0.content);
            content.timer = false;
            if content.pending.is_empty() {
                return;
            }
            self.tell(&mut content);
        }
        self.wake();
    }

    fn tell(&self, content: &mut Content) {
        let pending = std::mem::take(&mut content.pending);
        content.offset += 1;
        content.told_at = self.0.pause.map(|_| Instant::now());
        content.asked = false;
        if let Some(frames) = &mut content.frames {
            frames.snapshot = None;
        }
        if content.read {
            let change = self.change(content.offset, &pending);
            content.frames().push(change);
        }
        for (key, value) in pending {
            content.put(key, value);
        }
    }

    /// The frame of one change.
    fn change(&self, offset: u64, pending: &BTreeMap<String, Option<Box<str>>>) -> Bytes {
        let mut text = self.head(offset);
        text.push_str(",\"set\":{");
        push_entries(
            &mut text,
            pending
                .iter()
                .filter_map(|(key, value)| Some((key, value.as_deref()?))),
        );
        text.push_str("},\"unset\":[");
        let gone = pending
            .iter()
            .filter(|(_, value)| value.is_none())
            .map(|(key, _)| quoted(key));
        text.push_str(&gone.collect::<Vec<_>>().join(","));
        text.push_str("]}");
        frame::text(&text)
    }

    fn wake(&self) {
        self.audience().tell(self);
    }
}

impl Content {
    fn put(&mut self, key: String, value: Option<Box<str>>) {
        let size = |key: &str, value: &str| (key.len() + value.len() + 4) as u64;
        let added = value.as_ref().map_or(0, |value| size(&key, value));
        let map = Arc::make_mut(&mut self.map);
        let before = match value {
            Some(value) => map.insert(key.clone(), value),
            None => map.remove(&key),
        };
        self.map_bytes += added;
        self.map_bytes -= before.map_or(0, |value| size(&key, &value));
    }

    fn frames(&mut self) -> &mut Frames {
        self.frames.get_or_insert_default()
    }

    /// The change a reader at `at` misses first, if going on from there is possible and not dearer than a snapshot.
    fn change_after(&self, at: u64) -> Option<Bytes> {
        let missing = usize::try_from(self.offset.checked_sub(at)?).ok()?;
        let frames = self.frames.as_ref()?;
        frames.first_of(missing, self.map_bytes).cloned()
    }

    fn change(&mut self, key: &str, value: Option<Box<str>>) {
        if self.map.get(key) == value.as_ref() {
            self.pending.remove(key);
        } else if self.pending.get(key) != Some(&value) {
            self.pending.insert(key.to_owned(), value);
        }
    }
}

/// Changes of one topic being gathered, see [`Topic::update`].
pub struct Update<'a> {
    topic: &'a str,
    content: &'a mut Content,
}

impl Update<'_> {
    /// Like [`Topic::set`].
    pub fn set(&mut self, key: &str, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(json) => self.content.change(key, Some(json.into_boxed_str())),
            Err(error) => {
                tracing::error!(topic = self.topic, key, %error, "a value has no JSON form; not published")
            }
        }
    }

    /// Like [`Topic::unset`].
    pub fn unset(&mut self, key: &str) {
        self.content.change(key, None);
    }
}

/// One reader of one topic; leaves it when dropped.
pub(crate) struct Subscription {
    topic: Topic,
    reader: Arc<Reader>,
}

impl Subscription {
    pub(crate) fn topic(&self) -> &Topic {
        &self.topic
    }

    /// The next frame to send, if there is one.
    pub(crate) fn next_frame(&mut self) -> Option<Bytes> {
        self.reader.next_frame(&self.topic)
    }
}

#[cfg(test)]
impl Subscription {
    /// Writes to the line as the topic does when it changes.
    pub(crate) fn deliver(&self) {
        self.reader.deliver(&self.topic, &self.topic.latest());
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.topic.audience().remove(&self.reader);
    }
}

fn push_entries<'a>(text: &mut String, entries: impl Iterator<Item = (&'a String, &'a str)>) {
    for (index, (key, value)) in entries.enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&quoted(key));
        text.push(':');
        text.push_str(value);
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Tells lives of a topic apart; not a secret.
fn fresh_epoch() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u64(COUNT.fetch_add(1, Ordering::Relaxed));
    hasher.finish() >> 16
}

/// A panic elsewhere must not silence a topic: its content is consistent between statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// What a page knows: carried forward by the rules of the protocol, which it checks.
    #[derive(Default)]
    struct Page {
        at: Option<(String, u64)>,
        map: BTreeMap<String, Value>,
    }

    impl Page {
        fn read(&mut self, frame: &[u8]) {
            let header = match frame[1] {
                126 => 4,
                127 => 10,
                _ => 2,
            };
            let message: Value = serde_json::from_slice(&frame[header..]).unwrap();
            let epoch = message["epoch"].as_str().unwrap().to_owned();
            let offset = message["offset"].as_u64().unwrap();
            if message["snapshot"] == true {
                self.map.clear();
            } else {
                let (had, at) = self.at.clone().unwrap();
                assert_eq!(
                    (had, at + 1),
                    (epoch.clone(), offset),
                    "a hole or a repetition"
                );
            }
            self.at = Some((epoch, offset));
            for (key, value) in message["set"].as_object().unwrap() {
                self.map.insert(key.clone(), value.clone());
            }
            for key in message["unset"].as_array().into_iter().flatten() {
                self.map.remove(key.as_str().unwrap());
            }
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Set(u8, u8),
        Unset(u8),
        Read(u8),
        ComeBack,
        ComeBackEmpty,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let one = prop_oneof![
            6 => (0..4_u8, 0..3_u8).prop_map(|(key, value)| Step::Set(key, value)),
            2 => (0..4_u8).prop_map(Step::Unset),
            2 => (0..6_u8).prop_map(Step::Read),
            1 => Just(Step::ComeBack),
            1 => Just(Step::ComeBackEmpty),
        ];
        prop::collection::vec(one, 0..120)
    }

    #[test]
    fn topics_that_say_the_same_share_it_until_one_says_something_else() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let mut common = Arc::default();
        let [one, two] = [1, 2].map(|_| {
            let topic = Topic::new("t", Readers::everybody(), None, runtime.handle());
            topic.set("votes", &[0; 0]);
            topic.share(&mut common);
            topic
        });
        assert!(Arc::ptr_eq(&one.values().1, &two.values().1));
        two.set("votes", &[7]);
        assert_eq!(&*one.values().1["votes"], "[]");
        assert_eq!(&*two.values().1["votes"], "[7]");
    }

    proptest! {
        #[test]
        fn whatever_a_reader_does_it_sees_every_change_once_or_a_snapshot(steps in steps()) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let topic = Topic::new("t", Readers::everybody(), None, runtime.handle());
            let mut page = Page::default();
            let mut truth = BTreeMap::new();
            let mut subscription = topic.subscribe(Arc::new(Outlet::new(None)), None);
            for step in steps {
                match step {
                    Step::Set(key, value) => {
                        topic.set(&key.to_string(), &value);
                        truth.insert(key.to_string(), Value::from(value));
                    }
                    Step::Unset(key) => {
                        topic.unset(&key.to_string());
                        truth.remove(&key.to_string());
                    }
                    Step::Read(count) => (0..count).for_each(|_| {
                        if let Some(frame) = subscription.next_frame() {
                            page.read(&frame);
                        }
                    }),
                    Step::ComeBack | Step::ComeBackEmpty => {
                        drop(subscription);
                        if matches!(step, Step::ComeBackEmpty) {
                            page = Page::default();
                        }
                        let at = page.at.as_ref().map(|(epoch, offset)| (epoch.as_str(), *offset));
                        subscription = topic.subscribe(Arc::new(Outlet::new(None)), at);
                    }
                }
            }
            while let Some(frame) = subscription.next_frame() {
                page.read(&frame);
            }
            prop_assert_eq!(page.map, truth);
            drop(subscription);
            prop_assert!(!topic.is_watched());
        }
    }
}
