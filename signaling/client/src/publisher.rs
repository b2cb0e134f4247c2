//! Publishes one H.264 and one Opus track over WHIP (RFC 9725). The caller paces and encodes.

use std::sync::Arc;

use bytes::Bytes;
use rtc::media_stream::MediaStreamTrack;
use rtc::rtp::codec::h264::H264Payloader;
use rtc::rtp::packetizer::Payloader;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use tokio::sync::{Notify, watch};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};

use crate::connection::{
    Connection, JoinError, Offer, State, audio_codec, chain, video_codec, within_join_timeout,
};
use crate::feedback::KeyframeFeedback;
use crate::http::Resource;
use crate::repair::Repair;
use crate::{PAYLOAD_AUDIO, PAYLOAD_VIDEO};

/// Largest RTP payload in bytes: with all headers and SRTP below 1280, the smallest IPv6 path.
const PAYLOAD_MAX: usize = 1160;

/// Why a frame could not be sent: the connection is over. Watch [`Publisher::state`] and join again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection is over: {0}")]
pub struct SendError(String);

/// A publisher in its seat.
pub struct Publisher {
    connection: Connection,
    video: Outgoing,
    audio: Outgoing,
    payloader: H264Payloader,
    keyframes: KeyframeRequests,
}

/// Tells that a receiver needs a keyframe.
#[derive(Clone, Debug)]
pub struct KeyframeRequests(Arc<Notify>);

impl KeyframeRequests {
    /// Waits for a request; requests since the last call are one.
    pub async fn next(&self) {
        self.0.notified().await;
    }
}

/// How a publisher asks for its seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Claim {
    /// Sits down when nobody is alive there, or when who is there gives way.
    #[default]
    Ask,
    /// Replaces whoever is there.
    TakeOver,
    /// As `Ask`, and gives way to whoever asks later: a simulated room.
    GiveWay,
}

impl Claim {
    fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Ask => &[],
            Self::TakeOver => &[("Pleniere-Takeover", "true")],
            Self::GiveWay => &[("Pleniere-Give-Way", "true")],
        }
    }
}

impl Publisher {
    /// Joins at the WHIP endpoint `url` (absolute, `http`) with the seat's key; returns when media can flow, within 5 s.
    ///
    /// # Errors
    /// [`JoinError::SeatTaken`] by somebody whom `claim` does not replace, [`JoinError::Refused`], [`JoinError::Unreachable`]; nothing is left behind.
    pub async fn connect(url: &str, bearer: &str, claim: Claim) -> Result<Self, JoinError> {
        within_join_timeout(Self::join(url, bearer, claim)).await
    }

    async fn join(url: &str, bearer: &str, claim: Claim) -> Result<Self, JoinError> {
        let keyframes = KeyframeRequests(Arc::new(Notify::new()));
        let feedback = KeyframeFeedback {
            wanted: Arc::clone(&keyframes.0),
        };
        let offer = Offer::prepare(
            Resource::parse(url, Some(bearer))?,
            chain(None::<Repair>, feedback),
        )
        .await?;
        let peer = &offer.connection.peer;
        let video = Outgoing::new(RtpCodecKind::Video, video_codec(), PAYLOAD_VIDEO)?;
        let audio = Outgoing::new(RtpCodecKind::Audio, audio_codec(), PAYLOAD_AUDIO)?;
        for outgoing in [&video, &audio] {
            let track: Arc<dyn TrackLocal> = outgoing.track.clone();
            let direction = RTCRtpTransceiverDirection::Sendonly;
            let init = RTCRtpTransceiverInit {
                direction,
                ..Default::default()
            };
            peer.add_transceiver_from_track(track, Some(init)).await?;
        }
        let connection = offer.join(claim.headers()).await?;
        Ok(Self {
            connection,
            video,
            audio,
            payloader: H264Payloader::default(),
            keyframes,
        })
    }

    /// Sends one H.264 access unit (Annex B) of presentation time `pts_ns`; both tracks count from one zero.
    ///
    /// # Errors
    /// [`SendError`] after the end of the connection.
    pub async fn video(&mut self, access_unit: &Bytes, pts_ns: u64) -> Result<(), SendError> {
        let payloads = self
            .payloader
            .payload(PAYLOAD_MAX, access_unit)
            .map_err(failed)?;
        let timestamp = ticks(pts_ns, 90_000);
        let last = payloads.len().saturating_sub(1);
        for (n, payload) in payloads.into_iter().enumerate() {
            self.video.send(payload, timestamp, n == last).await?;
        }
        Ok(())
    }

    /// Sends one Opus packet of presentation time `pts_ns`.
    ///
    /// # Errors
    /// As [`Self::video`].
    pub async fn audio(&mut self, packet: &Bytes, pts_ns: u64) -> Result<(), SendError> {
        self.audio
            .send(packet.clone(), ticks(pts_ns, 48_000), false)
            .await
    }

    /// Requests for keyframes from receivers.
    pub fn keyframes(&self) -> KeyframeRequests {
        self.keyframes.clone()
    }

    /// How the connection stands, now and later.
    pub fn state(&self) -> watch::Receiver<State> {
        self.connection.state.clone()
    }

    /// Leaves the seat.
    pub async fn close(self) {
        self.connection.close().await;
    }
}

/// Time in units of an RTP clock, wrapping as RTP does.
fn ticks(pts_ns: u64, rate: u64) -> u32 {
    (u128::from(pts_ns) * u128::from(rate) / 1_000_000_000) as u32
}

fn failed(error: webrtc::error::Error) -> SendError {
    SendError(error.to_string())
}

/// One track's RTP.
struct Outgoing {
    track: Arc<TrackLocalStaticRTP>,
    payload_type: u8,
    ssrc: u32,
    sequence: u16,
    /// Added to each timestamp (RFC 3550, 5.1: the initial value is random).
    offset: u32,
}

impl Outgoing {
    fn new(kind: RtpCodecKind, codec: RTCRtpCodec, payload_type: u8) -> Result<Self, JoinError> {
        let ssrc = random()?;
        let (name, stream) = (kind.to_string(), format!("pleniere-{ssrc}"));
        let rtp_coding_parameters = RTCRtpCodingParameters {
            ssrc: Some(ssrc),
            ..Default::default()
        };
        let coding = RTCRtpEncodingParameters {
            rtp_coding_parameters,
            codec,
            ..Default::default()
        };
        let track = MediaStreamTrack::new(stream, name.clone(), name, kind, vec![coding]);
        let track = Arc::new(TrackLocalStaticRTP::new(track));
        Ok(Self {
            track,
            payload_type,
            ssrc,
            sequence: random()? as u16,
            offset: random()?,
        })
    }

    async fn send(
        &mut self,
        payload: Bytes,
        timestamp: u32,
        marker: bool,
    ) -> Result<(), SendError> {
        let header = rtc::rtp::Header {
            version: 2,
            marker,
            payload_type: self.payload_type,
            sequence_number: self.sequence,
            timestamp: timestamp.wrapping_add(self.offset),
            ssrc: self.ssrc,
            ..Default::default()
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.track
            .write_rtp(rtc::rtp::Packet { header, payload })
            .await
            .map_err(failed)
    }
}

fn random() -> Result<u32, JoinError> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| JoinError::WebRtc(error.to_string()))?;
    Ok(u32::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_25_a_second_are_3600_ticks_apart_for_ever() {
        assert_eq!(ticks(40_000_000, 90_000), 3600);
        assert_eq!(ticks(20_000_000, 48_000), 960);
        let years = 40_000_000 * 25 * 3600 * 24 * 365 * 100;
        assert_eq!(
            ticks(years + 40_000_000, 90_000).wrapping_sub(ticks(years, 90_000)),
            3600
        );
    }
}
