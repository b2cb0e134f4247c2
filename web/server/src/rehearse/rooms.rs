//! The simulated rooms of a rehearsal: one engine process encodes them, one publisher each brings them in over WHIP like any
//! camera. They never take a seat from anybody, and come back when it is free.

mod engine;
mod feed;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pleniere_media_core::link::{Media, RoomStart, ToRooms};
use pleniere_media_core::scene::SiteId;
use pleniere_signaling_client::{Claim, JoinError, Publisher, State};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use engine::Supervisor;
use feed::{Feed, Frame};

/// Before a server that is away is tried again.
const RETRY: Duration = Duration::from_millis(250);
/// Before a seat that is taken, or was refused, is tried again when nobody tells who sits there.
const RETRY_TAKEN: Duration = Duration::from_secs(2);
/// How long a seat must have been free before a room that was displaced comes back.
const FREE_FOR: Duration = Duration::from_secs(10);
/// Orders waiting for the engine. When full, a publisher waits.
const ORDERS: usize = 64;

/// What to simulate.
pub struct RoomsConfig {
    /// The executable `pleniere-engine`.
    pub engine: PathBuf,
    /// `http://127.0.0.1:{port}/e/{event}`.
    pub base_url: String,
    /// IANA zone of the clocks in the pictures; this machine's own without it.
    pub timezone: Option<String>,
    /// The rooms and the keys of their seats.
    pub rooms: Vec<(RoomStart, String)>,
    /// Sites whose publisher is alive, whoever it is. Without it a displaced room tries again every 2 s.
    pub live: Option<watch::Receiver<BTreeSet<SiteId>>>,
}

/// Running rooms; [`Self::stop`] ends them.
pub struct Rooms {
    stop: CancellationToken,
    publishers: TaskTracker,
    supervisor: TaskTracker,
    seated: watch::Receiver<BTreeSet<SiteId>>,
}

impl Rooms {
    /// Starts the engine and a publisher for each room; the rooms join in the background.
    ///
    /// # Errors
    /// When the engine's executable cannot be started.
    pub async fn start(config: RoomsConfig) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let (orders, waiting) = mpsc::channel(ORDERS);
        let (seated_out, seated) = watch::channel(BTreeSet::new());
        let feeds = config
            .rooms
            .iter()
            .map(|(room, _)| (room.id.clone(), Arc::new(Feed::default())));
        let feeds: Arc<BTreeMap<_, _>> = Arc::new(feeds.collect());
        let supervisor = Supervisor {
            executable: config.engine,
            rooms: config.rooms.iter().map(|(room, _)| room.clone()).collect(),
            timezone: config.timezone,
            feeds: Arc::clone(&feeds),
            orders: waiting,
            paused: BTreeSet::new(),
        };
        let engine = supervisor.launch().await?;
        let rooms = Self {
            stop,
            publishers: TaskTracker::new(),
            supervisor: TaskTracker::new(),
            seated,
        };
        rooms
            .supervisor
            .spawn(supervisor.run(engine, rooms.stop.child_token()));
        let seated_out = Arc::new(seated_out);
        for (start, key) in config.rooms {
            let Some(feed) = feeds.get(&start.id).cloned() else {
                continue;
            };
            let room = Room {
                url: format!("{}/whip/{}", config.base_url, start.id.0),
                id: start.id,
                key,
                feed,
                orders: orders.clone(),
                live: config.live.clone(),
                seated: Arc::clone(&seated_out),
            };
            rooms.publishers.spawn(room.run(rooms.stop.clone()));
        }
        Ok(rooms)
    }

    /// The rooms that sit in their seats now; the others are absent or their seat is somebody's.
    pub fn seated(&self) -> watch::Receiver<BTreeSet<SiteId>> {
        self.seated.clone()
    }

    /// Leaves all seats and ends the engine.
    pub async fn stop(self) {
        self.stop.cancel();
        for tasks in [&self.publishers, &self.supervisor] {
            tasks.close();
            tasks.wait().await;
        }
    }
}

impl Drop for Rooms {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// One room's publisher.
struct Room {
    id: SiteId,
    url: String,
    key: String,
    feed: Arc<Feed>,
    orders: mpsc::Sender<ToRooms>,
    live: Option<watch::Receiver<BTreeSet<SiteId>>>,
    seated: Arc<watch::Sender<BTreeSet<SiteId>>>,
}

impl Room {
    /// Joins, publishes, joins again, until `stop`.
    async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match stop
                .run_until_cancelled(Publisher::connect(&self.url, &self.key, Claim::GiveWay))
                .await
            {
                Some(Ok(publisher)) => self.publish(publisher, &stop).await,
                Some(Err(error)) => _ = stop.run_until_cancelled(self.wait(error)).await,
                None => return,
            }
        }
    }

    /// Waits as long as it takes until trying again makes sense.
    async fn wait(&self, error: JoinError) {
        match error {
            JoinError::SeatTaken => {
                tracing::info!(
                    room = self.id.0,
                    "the seat is somebody else's; the simulated room waits"
                );
                self.pause().await;
            }
            JoinError::Unreachable(why) => {
                tracing::debug!(room = self.id.0, why, "the server is away");
                tokio::time::sleep(RETRY).await;
            }
            error => {
                tracing::warn!(room = self.id.0, %error, "a simulated room cannot join");
                tokio::time::sleep(RETRY_TAKEN).await;
            }
        }
    }

    /// Sends frames until the connection is over, or `stop`.
    async fn publish(&self, mut publisher: Publisher, stop: &CancellationToken) {
        tracing::info!(room = self.id.0, "a simulated room took its seat");
        let (keyframes, mut state) = (publisher.keyframes(), publisher.state());
        self.seated
            .send_modify(|seated| _ = seated.insert(self.id.clone()));
        self.feed.open();
        self.order(ToRooms::Active {
            room: self.id.clone(),
            on: true,
        })
        .await;
        self.order(ToRooms::Keyframe {
            room: self.id.clone(),
        })
        .await;
        loop {
            let frame = tokio::select! {
                () = stop.cancelled() => break,
                _ = until(&mut state, |state| *state == State::Lost) => break,
                () = keyframes.next() => {
                    self.order(ToRooms::Keyframe { room: self.id.clone() }).await;
                    continue;
                }
                frame = self.feed.next() => frame,
            };
            if let Err(error) = send(&mut publisher, frame).await {
                tracing::debug!(room = self.id.0, %error, "sending");
                break;
            }
        }
        self.feed.close();
        self.seated
            .send_modify(|seated| _ = seated.remove(&self.id));
        tracing::info!(room = self.id.0, "a simulated room is out of its seat");
        publisher.close().await;
    }

    /// Saves the room's CPU until its seat has been free for a while.
    async fn pause(&self) {
        self.order(ToRooms::Active {
            room: self.id.clone(),
            on: false,
        })
        .await;
        match self.live.clone() {
            Some(live) => freed(live, &self.id, FREE_FOR).await,
            None => tokio::time::sleep(RETRY_TAKEN).await,
        }
    }

    async fn order(&self, order: ToRooms) {
        // Without an engine's supervisor the rooms are ending.
        let _ = self.orders.send(order).await;
    }
}

async fn send(
    publisher: &mut Publisher,
    frame: Frame,
) -> Result<(), pleniere_signaling_client::SendError> {
    match frame.media {
        Media::Video => publisher.video(&frame.bytes, frame.at_ns).await,
        Media::Audio => publisher.audio(&frame.bytes, frame.at_ns).await,
    }
}

/// Resolves when `site` has had no live publisher for `free_for`.
async fn freed(mut live: watch::Receiver<BTreeSet<SiteId>>, site: &SiteId, free_for: Duration) {
    loop {
        if !until(&mut live, |live| !live.contains(site)).await {
            return tokio::time::sleep(RETRY_TAKEN).await;
        }
        let taken = until(&mut live, |live| live.contains(site));
        match tokio::time::timeout(free_for, taken).await {
            Err(_) => return,
            Ok(true) => {}
            Ok(false) => return tokio::time::sleep(RETRY_TAKEN).await,
        }
    }
}

/// Waits for a value; false when there will be no other.
async fn until<T>(values: &mut watch::Receiver<T>, wanted: impl FnMut(&T) -> bool) -> bool {
    values.wait_for(wanted).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_displaced_room_comes_back_when_the_seat_was_free_for_a_while() {
        let site = SiteId("nancy".into());
        let (out, live) = watch::channel(BTreeSet::from([site.clone()]));
        let long = Duration::from_secs(3600);
        let mut waiting = std::pin::pin!(freed(live.clone(), &site, Duration::from_millis(1)));
        assert!(
            tokio::time::timeout(Duration::from_millis(50), &mut waiting)
                .await
                .is_err(),
            "taken"
        );
        let mut patient = std::pin::pin!(freed(live, &site, long));
        out.send_replace(BTreeSet::new());
        waiting.await;
        assert!(
            tokio::time::timeout(Duration::from_millis(50), &mut patient)
                .await
                .is_err(),
            "not yet free for long"
        );
    }
}
