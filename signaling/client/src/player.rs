//! Plays a stream over WHEP as far as its packets: counts them and hands them over as they come, repaired, not reordered.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use tokio::sync::{mpsc, watch};
use webrtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};

use crate::connection::{Connection, JoinError, Offer, State, chain, within_join_timeout};
use crate::counts::Counts;
use crate::http::Resource;
use crate::repair::Repair;
use crate::tap::{Shared, Tap};

/// Packets waiting to be read (about 1.5 s of 2.5 Mbit/s); when full the newest is dropped and counted as unread.
const PACKETS_MAX: usize = 512;

/// Picture or sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Media {
    /// H.264, 90 kHz.
    Video,
    /// Opus, 48 kHz.
    Audio,
}

/// One RTP packet as it came, decrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Which track.
    pub media: Media,
    /// When it was taken from the socket's queue.
    pub at: Instant,
    /// RTP sequence number; a repaired packet has its original one and comes late.
    pub sequence: u16,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Last packet of a frame (video).
    pub marker: bool,
    /// RTP payload.
    pub payload: Bytes,
}

/// A player that receives.
pub struct Player {
    connection: Connection,
    shared: Arc<Shared>,
    packets: mpsc::Receiver<Received>,
    started: Instant,
    connected_after: Duration,
}

impl Player {
    /// Joins at the WHEP endpoint `url` (absolute, `http`); returns when media can flow, within 5 s.
    ///
    /// # Errors
    /// As [`Publisher::connect`](crate::Publisher::connect).
    pub async fn connect(url: &str, bearer: Option<&str>) -> Result<Self, JoinError> {
        let (queue, packets) = mpsc::channel(PACKETS_MAX);
        within_join_timeout(Self::join(url, bearer, Some(queue), packets)).await
    }

    /// As [`Self::connect`], for load: packets are counted and dropped, [`Self::packet`] gives none.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn connect_counting(url: &str, bearer: Option<&str>) -> Result<Self, JoinError> {
        let (_, packets) = mpsc::channel(1);
        within_join_timeout(Self::join(url, bearer, None, packets)).await
    }

    async fn join(
        url: &str,
        bearer: Option<&str>,
        queue: Option<mpsc::Sender<Received>>,
        packets: mpsc::Receiver<Received>,
    ) -> Result<Self, JoinError> {
        let started = Instant::now();
        let shared = Arc::new(Shared::default());
        let tap = Tap {
            shared: Arc::clone(&shared),
            packets: queue,
            video_ssrc: None,
        };
        let offer = Offer::prepare(
            Resource::parse(url, bearer)?,
            chain(Some(Repair::default()), tap),
        )
        .await?;
        for kind in [RtpCodecKind::Video, RtpCodecKind::Audio] {
            let direction = RTCRtpTransceiverDirection::Recvonly;
            let init = RTCRtpTransceiverInit {
                direction,
                ..Default::default()
            };
            offer
                .connection
                .peer
                .add_transceiver_from_kind(kind, Some(init))
                .await?;
        }
        let connection = offer.join(&[]).await?;
        Ok(Self {
            connection,
            shared,
            packets,
            started,
            connected_after: started.elapsed(),
        })
    }

    /// The next packet; `None` after the end of the connection.
    pub async fn packet(&mut self) -> Option<Received> {
        let mut state = self.connection.state.clone();
        tokio::select! {
            biased;
            packet = self.packets.recv() => packet,
            _ = state.wait_for(|state| *state == State::Lost) => None,
        }
    }

    /// What came so far.
    pub fn counts(&self) -> Counts {
        Counts {
            connected_after: self.connected_after,
            ..self.shared.counts(self.started)
        }
    }

    /// Asks the server for a keyframe, with the next packet that comes.
    pub fn request_keyframe(&self) {
        self.shared.keyframe_wanted.store(true, Ordering::Relaxed);
    }

    /// How the connection stands, now and later.
    pub fn state(&self) -> watch::Receiver<State> {
        self.connection.state.clone()
    }

    /// Leaves.
    pub async fn close(self) {
        self.connection.close().await;
    }
}
