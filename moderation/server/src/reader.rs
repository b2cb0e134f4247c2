//! Those who read topics, and how a change gets to thousands of them.
//!
//! A connection that has nothing to write lends its line to its topics. They write to it directly, in batches on the
//! runtime's workers, without waking its task: a delivery costs little more than the kernel's part of it. A line that
//! does not take a whole frame goes back to its task, which knows how to wait for a slow client and when to give up.
//! What is sent, and from where on, is the topic's to say.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use crate::{socket::Socket, topic::Topic};

/// Up to this many readers are woken to write for themselves: a topic of a few is not worth a task of its own.
pub(crate) const FEW: usize = 64;
/// Readers one task delivers to. More tasks at once are sooner done, and dearer: they disturb each other in the kernel.
const SHARE: usize = 8192;
/// Readers between two pauses of such a task, so that nothing else waits longer than some milliseconds for it. A pause
/// costs a look at every line there is and may wake another worker: with 64 it was 4 % of all.
const CHUNK: usize = 256;

/// [`Reader::at`] of a reader that has nothing yet.
const NOTHING: u64 = u64::MAX;
/// [`Reader::at`] of a reader that left.
const LEFT: u64 = u64::MAX - 1;

/// One connection as its topics see it: its line while it lends it, else a way to wake it.
pub(crate) struct Outlet {
    waker: AtomicWaker,
    woken: AtomicBool,
    /// The line, where it can be written to without the task: plain TCP.
    stream: Option<Arc<TcpStream>>,
    lent: Mutex<Lent>,
}

#[derive(Default)]
struct Lent {
    lent: bool,
    /// What the line did not take of a frame; only while not lent.
    rest: Bytes,
}

impl Outlet {
    pub(crate) fn new(stream: Option<Arc<TcpStream>>) -> Self {
        Self {
            waker: AtomicWaker::new(),
            woken: AtomicBool::new(false),
            stream,
            lent: Mutex::default(),
        }
    }

    /// The connection has written everything: until it takes the line back it belongs to the topics.
    pub(crate) fn lend(&self) {
        if self.stream.is_some() {
            lock(&self.lent).lent = true;
        }
    }

    /// The connection writes for itself again, what was left of a frame first.
    pub(crate) fn take_back<S: AsyncRead + AsyncWrite + Unpin>(&self, socket: &mut Socket<S>) {
        let mut lent = lock(&self.lent);
        lent.lent = false;
        if !lent.rest.is_empty() {
            socket.send(std::mem::take(&mut lent.rest));
        }
    }

    pub(crate) fn wake(&self) {
        // Woken already and not looked yet: it will find this change too.
        if !self.woken.swap(true, Ordering::AcqRel) {
            self.waker.wake();
        }
    }

    /// Ready once after any number of wakes.
    pub(crate) fn poll_woken(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.waker.register(cx.waker());
        if self.woken.swap(false, Ordering::AcqRel) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

/// One connection's place in one topic.
pub(crate) struct Reader {
    outlet: Arc<Outlet>,
    /// The offset it has. Belongs to whoever has the line.
    at: AtomicU64,
    /// Its place among the topic's readers; changed under their lock.
    index: AtomicUsize,
}

impl Reader {
    pub(crate) fn new(outlet: Arc<Outlet>, at: Option<u64>) -> Self {
        Self {
            outlet,
            at: AtomicU64::new(at.unwrap_or(NOTHING)),
            index: AtomicUsize::new(0),
        }
    }

    /// The next frame for the connection to write for itself; it must have the line.
    pub(crate) fn next_frame(&self, topic: &Topic) -> Option<Bytes> {
        let (frame, at) = topic.after(self.at())?;
        self.at.store(at, Ordering::Relaxed);
        Some(frame)
    }

    fn at(&self) -> Option<u64> {
        Some(self.at.load(Ordering::Relaxed)).filter(|at| *at != NOTHING)
    }

    /// Nothing more is written for it, whoever still knows it.
    fn leave(&self) {
        let _held = lock(&self.outlet.lent);
        self.at.store(LEFT, Ordering::Relaxed);
    }

    /// Brings it up to date if its line is lent and takes everything, else leaves that to its task.
    pub(crate) fn deliver(&self, topic: &Topic, latest: &Option<(u64, Bytes)>) {
        let mut lent = lock(&self.outlet.lent);
        let stream = self.outlet.stream.as_ref().filter(|_| lent.lent);
        let Some(stream) = stream else {
            drop(lent);
            return self.outlet.wake();
        };
        while self.at.load(Ordering::Relaxed) != LEFT {
            let next = match latest {
                Some((offset, frame)) if self.at().map(|at| at + 1) == Some(*offset) => {
                    Some((frame.clone(), *offset))
                }
                _ => topic.after(self.at()),
            };
            let Some((frame, at)) = next else { return };
            // Not asking the runtime whether the line is writable, which would be one more cold place in memory. A line
            // that is full or gone is found so by its task.
            let written = SockRef::from(&**stream).send(&frame).unwrap_or(0);
            if written > 0 {
                self.at.store(at, Ordering::Relaxed);
                lent.rest = frame.slice(written..);
            }
            if written < frame.len() {
                lent.lent = false;
                drop(lent);
                return self.outlet.wake();
            }
        }
    }
}

/// The readers of one topic.
#[derive(Default)]
pub(crate) struct Audience {
    all: Vec<Arc<Reader>>,
    /// Tasks that deliver now.
    delivering: usize,
    /// Something changed since they began.
    again: bool,
}

impl Audience {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn add(&mut self, reader: Arc<Reader>) {
        reader.index.store(self.all.len(), Ordering::Relaxed);
        self.all.push(reader);
    }

    pub(crate) fn remove(&mut self, reader: &Reader) {
        reader.leave();
        let index = reader.index.load(Ordering::Relaxed);
        self.all.swap_remove(index);
        if let Some(moved) = self.all.get(index) {
            moved.index.store(index, Ordering::Relaxed);
            // Whoever delivers may have passed its new place and not come to its old one.
            moved.outlet.wake();
        }
        if self.all.is_empty() {
            self.all = Vec::new();
        }
    }

    /// Lets everybody know that `topic`, whose readers these are, has something new.
    pub(crate) fn tell(&mut self, topic: &Topic) {
        if self.all.len() <= FEW {
            self.all.iter().for_each(|reader| reader.outlet.wake());
        } else if self.delivering > 0 {
            self.again = true;
        } else {
            let shares = self.all.len().div_ceil(SHARE);
            self.delivering = shares;
            for share in 0..shares {
                // The last takes whoever comes meanwhile too.
                let end = if share + 1 == shares {
                    usize::MAX
                } else {
                    (share + 1) * SHARE
                };
                topic
                    .runtime()
                    .spawn(deliver(topic.clone(), share * SHARE, end));
            }
        }
    }
}

/// Delivers to the readers from place `next` to `end`.
async fn deliver(topic: Topic, mut next: usize, end: usize) {
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        let to = end.min(next + CHUNK);
        {
            let audience = topic.audience();
            let to = to.min(audience.all.len());
            chunk.extend(
                audience
                    .all
                    .get(next..to)
                    .unwrap_or_default()
                    .iter()
                    .cloned(),
            );
        }
        if chunk.is_empty() {
            break;
        }
        let latest = topic.latest();
        chunk
            .drain(..)
            .for_each(|reader| reader.deliver(&topic, &latest));
        next = to;
        tokio::task::yield_now().await;
    }
    let mut audience = topic.audience();
    audience.delivering -= 1;
    if audience.delivering == 0 && std::mem::take(&mut audience.again) {
        audience.tell(&topic);
    }
}

/// A panic elsewhere must not silence a connection: what is locked is consistent between statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{stream::Plain, topic::Readers};
    use futures_util::future::poll_fn;
    use serde_json::Value;
    use std::time::Duration;
    use tokio::{
        io::AsyncReadExt,
        net::{TcpListener, TcpStream},
        runtime::Handle,
    };

    struct Client {
        stream: TcpStream,
        rest: Vec<u8>,
        messages: Vec<Value>,
    }

    impl Client {
        /// Reads until a message sets `key` to `value`; all messages so far.
        async fn until(&mut self, key: &str, value: u64) -> &[Value] {
            let read = async {
                while !self
                    .messages
                    .last()
                    .is_some_and(|last| last["set"][key] == value)
                {
                    let count = self.stream.read_buf(&mut self.rest).await.unwrap();
                    assert!(count > 0, "the line ended");
                    self.take_whole();
                }
            };
            tokio::time::timeout(Duration::from_secs(60), read)
                .await
                .unwrap();
            &self.messages
        }

        fn take_whole(&mut self) {
            while let [_, short, rest @ ..] = &self.rest[..] {
                let (skip, size) = match short {
                    126 => (
                        2,
                        rest.first_chunk()
                            .map(|size| u64::from(u16::from_be_bytes(*size))),
                    ),
                    127 => (8, rest.first_chunk().map(|size| u64::from_be_bytes(*size))),
                    short => (0, Some(u64::from(*short))),
                };
                let Some(payload) = size.and_then(|size| rest.get(skip..skip + size as usize))
                else {
                    break;
                };
                self.messages.push(serde_json::from_slice(payload).unwrap());
                let whole = 2 + skip + payload.len();
                self.rest.drain(..whole);
            }
        }
    }

    /// Every change once and in order, after a snapshot.
    fn check(messages: &[Value]) {
        assert_eq!(messages[0]["snapshot"], true);
        for pair in messages.windows(2) {
            let next = pair[0]["offset"].as_u64().unwrap() + 1;
            assert!(
                pair[1]["offset"] == next || pair[1]["snapshot"] == true,
                "{pair:?}"
            );
        }
    }

    async fn pair() -> (Arc<TcpStream>, Client) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (server, _) = listener.accept().await.unwrap();
        server.writable().await.unwrap(); // as after any handshake
        (
            Arc::new(server),
            Client {
                stream,
                rest: Vec::new(),
                messages: Vec::new(),
            },
        )
    }

    /// More readers than are woken one by one, their lines lent.
    async fn crowd(
        topic: &Topic,
    ) -> Vec<(
        crate::topic::Subscription,
        Arc<Outlet>,
        Arc<TcpStream>,
        Client,
    )> {
        let mut crowd = Vec::new();
        for _ in 0..FEW + 6 {
            let (stream, client) = pair().await;
            let outlet = Arc::new(Outlet::new(Some(Arc::clone(&stream))));
            outlet.lend();
            crowd.push((
                topic.subscribe(Arc::clone(&outlet), None),
                outlet,
                stream,
                client,
            ));
        }
        crowd
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn lent_lines_get_every_change_without_their_tasks() {
        let topic = Topic::new("t", Readers::everybody(), None, &Handle::current());
        let mut crowd = crowd(&topic).await;
        crowd[3]
            .1
            .take_back(&mut Socket::new(tokio::io::duplex(64).0, Vec::new()));
        for n in 0..50 {
            topic.set("n", &n);
            if n == 20 {
                drop(crowd.remove(0)); // another takes its place among the readers
            }
            tokio::task::yield_now().await;
        }
        for (at, (subscription, outlet, _, client)) in crowd.iter_mut().enumerate() {
            if at == 2 {
                // Not lent: woken, and left to write for itself.
                poll_fn(|cx| outlet.poll_woken(cx)).await;
                assert_eq!(
                    client
                        .stream
                        .try_read(&mut [0; 8])
                        .map_err(|error| error.kind()),
                    Err(std::io::ErrorKind::WouldBlock)
                );
                assert!(subscription.next_frame().is_some());
            } else {
                check(client.until("n", 49).await);
            }
        }
    }

    #[tokio::test]
    async fn a_line_that_is_full_goes_back_with_the_rest_of_its_frame() {
        let topic = Topic::new("t", Readers::everybody(), None, &Handle::current());
        let (stream, mut client) = pair().await;
        let outlet = Arc::new(Outlet::new(Some(Arc::clone(&stream))));
        let mut subscription = topic.subscribe(Arc::clone(&outlet), None);
        outlet.lend();
        // Nobody reads: the line fills, and only then its task is asked.
        let mut n = 0;
        while lock(&outlet.lent).lent {
            topic.set("n", &format!("{n} {}", "x".repeat(60_000)));
            subscription.deliver();
            n += 1;
        }
        assert!(n > 1, "the first frame was taken whole");
        poll_fn(|cx| outlet.poll_woken(cx)).await;
        topic.set("last", &1);
        subscription.deliver(); // leaves alone what is not lent
        let mut socket = Socket::new(Plain(stream), Vec::new());
        outlet.take_back(&mut socket);
        let write = async {
            loop {
                poll_fn(|cx| socket.poll_flush(cx)).await.unwrap();
                match subscription.next_frame() {
                    Some(frame) => socket.send(frame),
                    None => break,
                }
            }
        };
        let (_, messages) = tokio::join!(write, client.until("last", 1));
        check(messages);
    }
}
