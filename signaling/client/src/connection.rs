//! One WebRTC connection made by an HTTP offer and answer: joins within 5 s or not at all, notices its end, and is always closed
//! (webrtc leaks the task and the socket of a connection that is merely dropped).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rtc::interceptor::{Registry, Slot};
use rtc::peer_connection::configuration::interceptor_registry::{
    configure_nack, configure_rtcp_reports,
};
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_H264, MIME_TYPE_OPUS, MIME_TYPE_RTX, MediaEngine,
};
use rtc::peer_connection::transport::RTCDtlsTransportState;
use rtc::rtp_transceiver::rtp_sender::{RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState,
    RTCPeerConnectionState, RTCSessionDescription, SettingEngine, SettingEngineBuilder,
    SrtpProtectionProfile,
};

use crate::hook::{Hook, Hooked};
use crate::http::Resource;
use crate::{PAYLOAD_AUDIO, PAYLOAD_REPAIR, PAYLOAD_VIDEO};

/// From the first byte sent to media flowing; webrtc alone would wait 25 s for a server that is gone.
const JOIN_TIMEOUT: Duration = Duration::from_secs(5);
/// Two ticks make a join: 46 ms were measured with 20 ms, 405 ms with the default of 200 ms.
const ICE_TICK: Duration = Duration::from_millis(20);
const ICE_CHECKS_MAX: u16 = 250;
/// A server that was killed is noticed about this late. Half of it was measured to be enough on a quiet machine, and too
/// little on one that compiles: only answers to ICE checks count as life, and rooms left their seats for nothing.
const ICE_SILENT: Duration = Duration::from_secs(3);
const ICE_DEAD: Duration = Duration::from_secs(5);
const ICE_KEEPALIVE: Duration = Duration::from_millis(400);
/// How often the end of the DTLS session is looked for: it raises no event in a connection without data channels.
const END_CHECK: Duration = Duration::from_millis(500);
/// How long the server may take to confirm a leave.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a client could not join.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// 409: another publisher is alive on this seat.
    #[error("the seat is taken by another publisher")]
    SeatTaken,
    /// The server answered, and not with 201.
    #[error("the server refused: {status} {detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What the server said, shortened.
        detail: String,
    },
    /// No server there, or it fell silent before media could flow.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// Not an absolute `http` URL.
    #[error("not an address to join at: {0}")]
    Address(String),
    /// The local WebRTC stack or the server's answer is at fault.
    #[error("WebRTC: {0}")]
    WebRtc(String),
}

impl From<webrtc::error::Error> for JoinError {
    fn from(error: webrtc::error::Error) -> Self {
        Self::WebRtc(error.to_string())
    }
}

/// How a connection stands; it only moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Joining.
    Connecting,
    /// Media can flow.
    Connected,
    /// Over: the server ended it, fell silent, or we left. Join again.
    Lost,
}

/// A connection being made or in use. Dropped without [`Self::close`], it is closed in the background.
pub(crate) struct Connection {
    pub(crate) peer: Arc<dyn PeerConnection>,
    pub(crate) state: watch::Receiver<State>,
    progress: Progress,
    gathered: watch::Receiver<bool>,
    resource: Option<Resource>,
    ended: CancellationToken,
}

/// An offer not yet sent: add tracks to `connection.peer`, then [`Self::join`].
pub(crate) struct Offer {
    pub(crate) connection: Connection,
    target: Resource,
    stream: tokio::net::TcpStream,
}

impl Offer {
    /// Reaches the server and prepares a connection from the address that reaches it, with `hooks` in its chain.
    pub(crate) async fn prepare(target: Resource, registry: Registry) -> Result<Self, JoinError> {
        let (stream, local) = target.reach().await?;
        let connection = Connection::build(SocketAddr::new(local, 0), registry).await?;
        Ok(Self {
            connection,
            target,
            stream,
        })
    }

    /// Sends the offer and waits until media can flow.
    pub(crate) async fn join(self, headers: &[(&str, &str)]) -> Result<Connection, JoinError> {
        let Self {
            mut connection,
            target,
            stream,
        } = self;
        let offer = connection.local_offer().await?;
        let (answer, resource) = target.post_offer(stream, offer, headers).await?;
        connection.resource = resource;
        connection
            .peer
            .set_remote_description(RTCSessionDescription::answer(answer)?)
            .await?;
        let mut state = connection.state.clone();
        let reached = state
            .wait_for(|state| *state != State::Connecting)
            .await
            .map(|state| *state);
        match reached {
            Ok(State::Connected) => {
                connection.watch_for_the_end();
                Ok(connection)
            }
            _ => {
                connection.close().await;
                Err(JoinError::Unreachable(
                    "the media connection failed".to_owned(),
                ))
            }
        }
    }
}

/// Gives up on `join` after 5 s.
pub(crate) async fn within_join_timeout<T>(
    join: impl Future<Output = Result<T, JoinError>>,
) -> Result<T, JoinError> {
    let late =
        || JoinError::Unreachable(format!("no connection within {} s", JOIN_TIMEOUT.as_secs()));
    tokio::time::timeout(JOIN_TIMEOUT, join)
        .await
        .unwrap_or_else(|_| Err(late()))
}

impl Connection {
    async fn build(local: SocketAddr, registry: Registry) -> Result<Self, JoinError> {
        let (sender, state) = watch::channel(State::Connecting);
        let progress = Progress(Arc::new(sender));
        let (gathered_out, gathered) = watch::channel(false);
        let handler = Handler {
            progress: progress.clone(),
            gathered: gathered_out,
        };
        let mut media = media_engine()?;
        let registry = configure_rtcp_reports(configure_nack(registry, &mut media));
        let peer = PeerConnectionBuilder::new()
            .with_media_engine(media)
            .with_setting_engine(settings())
            .with_interceptor_registry(registry)
            .with_handler(Arc::new(handler))
            .with_udp_addrs(vec![local])
            .build()
            .await?;
        Ok(Self {
            peer: Arc::new(peer),
            state,
            progress,
            gathered,
            resource: None,
            ended: CancellationToken::new(),
        })
    }

    async fn local_offer(&mut self) -> Result<String, JoinError> {
        let offer = self.peer.create_offer(None).await?;
        self.peer.set_local_description(offer).await?;
        let gone = |_| JoinError::WebRtc("the connection ended while it was prepared".to_owned());
        self.gathered
            .wait_for(|gathered| *gathered)
            .await
            .map_err(gone)?;
        let local = self.peer.local_description().await;
        Ok(local
            .ok_or_else(|| JoinError::WebRtc("no offer was made".to_owned()))?
            .sdp)
    }

    /// Closes the connection when the server ends it, so that `state` tells.
    fn watch_for_the_end(&self) {
        let (peer, ended, mut state) = (
            Arc::clone(&self.peer),
            self.ended.clone(),
            self.state.clone(),
        );
        let progress = self.progress.clone();
        tokio::spawn(async move {
            let lost = async {
                tokio::select! {
                    _ = state.wait_for(|state| *state == State::Lost) => {}
                    () = dtls_end(&peer) => {}
                }
            };
            if ended.run_until_cancelled(lost).await.is_some() {
                progress.to(State::Lost);
                close_peer(&peer).await;
            }
        });
    }

    /// Leaves: tells the server, then closes.
    pub(crate) async fn close(mut self) {
        if let Some(resource) = self.resource.take()
            && *self.state.borrow() != State::Lost
        {
            match tokio::time::timeout(LEAVE_TIMEOUT, resource.delete()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "leaving"),
                Err(_) => tracing::debug!("leaving: no answer"),
            }
        }
        self.progress.to(State::Lost);
        self.ended.cancel();
        close_peer(&self.peer).await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.progress.to(State::Lost);
        self.ended.cancel();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let peer = Arc::clone(&self.peer);
            runtime.spawn(async move { close_peer(&peer).await });
        }
    }
}

async fn close_peer(peer: &Arc<dyn PeerConnection>) {
    if let Err(error) = peer.close().await {
        tracing::debug!(%error, "closing");
    }
}

/// Resolves when the server closed the DTLS session.
async fn dtls_end(peer: &Arc<dyn PeerConnection>) {
    loop {
        tokio::time::sleep(END_CHECK).await;
        if dtls_is_over(peer).await {
            return;
        }
    }
}

async fn dtls_is_over(peer: &Arc<dyn PeerConnection>) -> bool {
    let transport = match (
        peer.get_senders().await.first(),
        peer.get_receivers().await.first(),
    ) {
        (Some(sender), _) => sender.transport().await,
        (None, Some(receiver)) => receiver.transport().await,
        (None, None) => return true,
    };
    match transport {
        Ok(Some(transport)) => {
            let state = transport.state().await;
            !matches!(
                state,
                Ok(RTCDtlsTransportState::New
                    | RTCDtlsTransportState::Connecting
                    | RTCDtlsTransportState::Connected)
            )
        }
        Ok(None) => false,
        Err(_) => true,
    }
}

/// The only way to change a connection's state: forward.
#[derive(Clone)]
struct Progress(Arc<watch::Sender<State>>);

impl Progress {
    fn to(&self, next: State) {
        self.0.send_if_modified(|state| {
            let forward = next > *state;
            *state = next.max(*state);
            forward
        });
    }
}

struct Handler {
    progress: Progress,
    gathered: watch::Sender<bool>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.gathered.send_replace(true);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        let next = match state {
            RTCPeerConnectionState::Connected => State::Connected,
            RTCPeerConnectionState::Disconnected
            | RTCPeerConnectionState::Failed
            | RTCPeerConnectionState::Closed => State::Lost,
            _ => return,
        };
        self.progress.to(next);
    }
}

/// A chain with one hook before loss is counted and one at the application's end.
pub(crate) fn chain(before_nack: Option<impl Hook>, last: impl Hook) -> Registry {
    let registry = Registry::new().with(Slot::from(12_500), Hooked::new(last));
    match before_nack {
        Some(hook) => registry.with(Slot::from(6_500), Hooked::new(hook)),
        None => registry,
    }
}

fn settings() -> SettingEngine {
    SettingEngineBuilder::new()
        .with_ice_connection_attempts(Some(ICE_TICK), Some(ICE_CHECKS_MAX))
        .with_ice_timeouts(Some(ICE_SILENT), Some(ICE_DEAD), Some(ICE_KEEPALIVE))
        .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
        // The server takes the strongest offered; 128 bits cost less per packet and are enough.
        .with_srtp_protection_profiles(vec![
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        ])
        .build()
}

fn media_engine() -> Result<MediaEngine, JoinError> {
    let mut engine = MediaEngine::default();
    engine.register_codec(
        parameters(audio_codec(), PAYLOAD_AUDIO),
        RtpCodecKind::Audio,
    )?;
    engine.register_codec(
        parameters(video_codec(), PAYLOAD_VIDEO),
        RtpCodecKind::Video,
    )?;
    let repair = codec(MIME_TYPE_RTX, 90_000, 0, &format!("apt={PAYLOAD_VIDEO}"));
    engine.register_codec(parameters(repair, PAYLOAD_REPAIR), RtpCodecKind::Video)?;
    Ok(engine)
}

pub(crate) fn video_codec() -> RTCRtpCodec {
    codec(
        MIME_TYPE_H264,
        90_000,
        0,
        "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    )
}

pub(crate) fn audio_codec() -> RTCRtpCodec {
    codec(MIME_TYPE_OPUS, 48_000, 2, "minptime=10;useinbandfec=1")
}

fn codec(mime_type: &str, clock_rate: u32, channels: u16, fmtp: &str) -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: mime_type.to_owned(),
        clock_rate,
        channels,
        sdp_fmtp_line: fmtp.to_owned(),
        rtcp_feedback: vec![],
    }
}

fn parameters(rtp_codec: RTCRtpCodec, payload_type: u8) -> RTCRtpCodecParameters {
    RTCRtpCodecParameters {
        rtp_codec,
        payload_type,
    }
}
