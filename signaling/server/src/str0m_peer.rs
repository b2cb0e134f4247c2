//! One connection over str0m. Owns the `Rtc` and keeps its contract: after every change it is polled until it names a
//! deadline. A panic in the stack ends this connection only. To a player `egress` sends, under SSRCs that are taken from the
//! stack before it has keys; the stack sends media itself only where it is the reference.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Instant, SystemTime};

use pleniere_signaling_core::{Numbers, Report};
use str0m::change::SdpOffer;
use str0m::format::Codec;
use str0m::media::{KeyframeRequestKind, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, RawPacket, RtpWrite, SeqNo};
use str0m::{Event, IceConnectionState, Input, Output, Rtc};

use crate::egress::{Egress, Keys, Path, TrackSetup};
use crate::peer::{Datagram, Effects, Outgoing, PeerCore, PeerEvent, Received, over_tcp};
use crate::rtp::Kind;

/// Seconds from the NTP epoch (1900) to the Unix epoch.
const NTP_UNIX: u64 = 2_208_988_800;

/// Payload type and media line of one track.
#[derive(Clone, Copy, Debug)]
struct Line {
    mid: Mid,
    payload_type: Pt,
}

/// What we send ourselves, and where to.
struct Own {
    keys: Keys,
    setups: [Option<TrackSetup>; 2],
    egress: Option<Egress>,
    path: Option<Path>,
    /// The pair that the datagram just received names as the one to use; it counts when the stack agrees.
    nominated: Option<Path>,
}

impl Own {
    /// The stack sends something: an answer to a nomination, or its part of the handshake, shows the way to the player.
    fn leaves(&mut self, path: Path, datagram: &[u8]) {
        match datagram {
            [1, 1, ..] if self.nominated == Some(path) => self.path = Some(path),
            [20..=63, ..] if self.path.is_none() => self.path = Some(path),
            _ => {}
        }
    }

    /// What sends, and where to, once both are known.
    fn ready(&mut self) -> Option<(&mut Egress, Path)> {
        Some((self.egress.as_mut()?, self.path?))
    }
}

/// A connection whose offer was answered.
pub(crate) struct Str0mPeer {
    rtc: Rtc,
    lines: [Option<Line>; 2],
    own: Option<Own>,
    deadline: Instant,
    now: Instant,
    over: bool,
}

impl Str0mPeer {
    pub fn new(rtc: Rtc, now: Instant) -> Self {
        Self {
            rtc,
            lines: [None, None],
            own: None,
            deadline: now,
            now,
            over: false,
        }
    }

    /// A player to which we send ourselves on the media lines of the answer `sdp`, as soon as `keys` are there. The streams
    /// of these lines are taken from the stack now, before it could count under their SSRCs.
    pub fn sending_ourselves(mut self, keys: Keys, sdp: &str) -> Self {
        self.own = Some(Own {
            keys,
            setups: [None, None],
            egress: None,
            path: None,
            nominated: None,
        });
        for mid in mids(sdp) {
            if let Some(kind) = self.rtc.media(mid).map(str0m::media::Media::kind) {
                self.line_added(mid, kind);
            }
        }
        self
    }

    fn guarded(
        &mut self,
        effects: &mut Effects<'_>,
        act: impl FnOnce(&mut Self, &mut Effects<'_>),
    ) {
        if self.over {
            return;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| act(self, effects)));
        if outcome.is_err() {
            tracing::error!("a connection failed inside its stack and is ended");
            self.end(effects);
        }
    }

    fn end(&mut self, effects: &mut Effects<'_>) {
        if !self.over {
            self.over = true;
            self.rtc.disconnect();
            effects.events.push(PeerEvent::Closed);
        }
    }

    fn drain(&mut self, effects: &mut Effects<'_>) {
        while !self.over {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(deadline)) => {
                    self.deadline = deadline;
                    if !self.rtc.is_alive() {
                        self.end(effects);
                    }
                    return;
                }
                Ok(Output::Transmit(out)) => {
                    if let Some(own) = &mut self.own {
                        let path = Path {
                            local: out.source,
                            remote: out.destination,
                        };
                        own.leaves(path, &out.contents);
                    }
                    effects
                        .network
                        .send(out.source, out.destination, &out.contents)
                }
                Ok(Output::Event(event)) => self.event(event, effects),
                Err(error) => {
                    tracing::debug!(%error, "connection ends");
                    self.end(effects);
                }
            }
        }
    }

    fn event(&mut self, event: Event, effects: &mut Effects<'_>) {
        match event {
            Event::Connected => self.connected(effects),
            Event::RawPacket(packet) => {
                if let RawPacket::RtcpRx(rtcp) = *packet
                    && let Some((egress, _)) = self.own.as_mut().and_then(Own::ready)
                {
                    egress.reported(&rtcp, self.now, effects);
                }
            }
            Event::MediaAdded(added) if self.own.is_none() => {
                self.line_added(added.mid, added.kind)
            }
            Event::RtpPacket(packet) => {
                if let Some(kind) = self.kind_of(*packet.header.payload_type, packet.header.ssrc) {
                    effects.events.push(PeerEvent::Packet(Received {
                        kind,
                        ssrc: *packet.header.ssrc,
                        numbers: Numbers {
                            sequence: *packet.seq_no,
                            timestamp: packet.header.timestamp,
                        },
                        marker: packet.header.marker,
                        payload: packet.payload,
                        arrived: packet.timestamp,
                    }));
                }
            }
            Event::SenderFeedback(feedback) => {
                let line = |kind: &Kind| {
                    self.lines[*kind as usize].is_some_and(|line| line.mid == feedback.mid)
                };
                if let Some(kind) = Kind::ALL.into_iter().find(line) {
                    effects.events.push(PeerEvent::Report {
                        kind,
                        ssrc: *feedback.sender_info.ssrc,
                        report: Report {
                            ntp: ntp(feedback.sender_info.ntp_time),
                            rtp: feedback.sender_info.rtp_time.numer() as u32,
                            clock_rate: kind.clock_rate(),
                        },
                        received: feedback.received_at,
                    });
                }
            }
            Event::KeyframeRequest(_) => effects.events.push(PeerEvent::KeyframeWanted),
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) | Event::Closed => {
                self.end(effects)
            }
            _ => {}
        }
    }

    fn connected(&mut self, effects: &mut Effects<'_>) {
        if let Some(own) = &mut self.own {
            let Some(Ok(session)) = own.keys.take() else {
                tracing::error!("a player came up without keys that can be used");
                return self.end(effects);
            };
            let setups = std::mem::take(&mut own.setups);
            own.egress = Some(Egress::new(session, setups, self.now));
        }
        effects.events.push(PeerEvent::Connected);
    }

    /// Takes the stream of a line from the stack: nothing but [`Egress`] counts under its SSRCs.
    fn take_stream(&mut self, mid: Mid) -> Option<(u32, Option<u32>)> {
        let mut api = self.rtc.direct_api();
        let stream = api.stream_tx_by_mid(mid, None)?;
        let (ssrc, repair) = (stream.ssrc(), stream.rtx());
        api.remove_stream_tx(ssrc);
        Some((*ssrc, repair.map(|ssrc| *ssrc)))
    }

    /// The first line of each kind counts; a second camera is not forwarded.
    fn line_added(&mut self, mid: Mid, kind: MediaKind) {
        let (kind, codec) = match kind {
            MediaKind::Audio => (Kind::Audio, Codec::Opus),
            MediaKind::Video => (Kind::Video, Codec::H264),
        };
        let stream = match self.own {
            Some(_) => self.take_stream(mid),
            None => None,
        };
        let params = self.rtc.codec_config().params();
        let accepted = self
            .rtc
            .media(mid)
            .map(|media| media.remote_pts())
            .unwrap_or_default();
        let param = params
            .iter()
            .find(|p| p.spec().codec == codec && accepted.contains(&p.pt()));
        let slot = &mut self.lines[kind as usize];
        if let Some(param) = param
            && slot.is_none()
        {
            *slot = Some(Line {
                mid,
                payload_type: param.pt(),
            });
            let (media, resend) = (self.rtc.media(mid), param.resend());
            if let (Some(own), Some((ssrc, repair)), Some(media)) = (&mut self.own, stream, media) {
                let extension = media.remote_extmap().id_of(Extension::RtpMid);
                own.setups[kind as usize] = Some(TrackSetup {
                    payload_type: *param.pt(),
                    ssrc,
                    repair: resend.map(|payload_type| *payload_type).zip(repair),
                    mid: extension.map(|id| (id, mid.to_string())),
                    cname: media.cname().to_owned(),
                });
            }
        }
    }

    fn kind_of(&mut self, payload_type: u8, ssrc: str0m::rtp::Ssrc) -> Option<Kind> {
        let kind = Kind::ALL
            .into_iter()
            .find(|k| self.lines[*k as usize].is_some_and(|l| *l.payload_type == payload_type))?;
        let mid = self.rtc.direct_api().stream_rx(&ssrc)?.mid();
        self.lines[kind as usize]
            .filter(|line| line.mid == mid)
            .map(|_| kind)
    }

    fn input(&mut self, input: Input<'_>, effects: &mut Effects<'_>) {
        match self.rtc.handle_input(input) {
            Ok(()) => self.drain(effects),
            Err(error) => {
                tracing::debug!(%error, "connection ends");
                self.end(effects);
            }
        }
    }
}

impl PeerCore for Str0mPeer {
    fn authenticates(&self, datagram: &Datagram<'_>, now: Instant) -> bool {
        let proof = || {
            let Ok(receive) = Receive::new(
                protocol(datagram),
                datagram.source,
                datagram.local,
                datagram.bytes,
            ) else {
                return false;
            };
            self.rtc.accepts(&Input::Receive(now, receive))
        };
        !self.over && catch_unwind(AssertUnwindSafe(proof)).unwrap_or(false)
    }

    fn receive(&mut self, datagram: &Datagram<'_>, now: Instant, effects: &mut Effects<'_>) {
        self.now = now;
        if let Some(own) = &mut self.own {
            own.nominated = nominates(datagram.bytes).then_some(Path {
                local: datagram.local,
                remote: datagram.source,
            });
        }
        self.guarded(effects, |peer, effects| {
            if let Ok(receive) = Receive::new(
                protocol(datagram),
                datagram.source,
                datagram.local,
                datagram.bytes,
            ) {
                peer.input(Input::Receive(now, receive), effects);
            }
        });
    }

    fn tick(&mut self, now: Instant, effects: &mut Effects<'_>) {
        self.now = now;
        if let Some((egress, path)) = self.own.as_mut().and_then(Own::ready) {
            egress.tick(now, path, effects.network);
            if self.deadline > now {
                return;
            }
        }
        self.guarded(effects, |peer, effects| {
            peer.input(Input::Timeout(now), effects)
        });
    }

    fn written(&mut self, now: Instant, effects: &mut Effects<'_>) {
        if self.own.is_none() {
            self.tick(now, effects);
        }
    }

    fn resend(&mut self, packet: &Outgoing<'_>, now: Instant, effects: &mut Effects<'_>) {
        if let Some((egress, path)) = self.own.as_mut().and_then(Own::ready) {
            egress.resend(packet, path, now, effects.network);
        }
    }

    fn write(&mut self, packet: &Outgoing<'_>, effects: &mut Effects<'_>) {
        if let Some(own) = &mut self.own {
            if let Some((egress, path)) = own.ready()
                && !self.over
            {
                egress.write(packet, path, effects.network);
            }
            return;
        }
        let Some(line) = self.lines[packet.kind as usize] else {
            return;
        };
        self.guarded(effects, |peer, effects| {
            let mut api = peer.rtc.direct_api();
            let Some(stream) = api.stream_tx_by_mid(line.mid, None) else {
                return;
            };
            let sequence = SeqNo::from(packet.numbers.sequence);
            let write = RtpWrite::new(
                line.payload_type,
                sequence,
                packet.numbers.timestamp,
                packet.captured,
                packet.payload.clone(),
            );
            stream.write_rtp(
                write
                    .marker(packet.marker)
                    .nackable(packet.kind == Kind::Video),
            );
            peer.drain(effects);
        });
    }

    fn request_keyframe(&mut self, now: Instant, effects: &mut Effects<'_>) {
        let Some(line) = self.lines[Kind::Video as usize] else {
            return;
        };
        self.guarded(effects, |peer, effects| {
            if let Some(stream) = peer.rtc.direct_api().stream_rx_by_mid(line.mid, None) {
                stream.request_keyframe(KeyframeRequestKind::Pli);
            }
            peer.drain(effects);
            peer.input(Input::Timeout(now), effects);
        });
    }

    fn restart_ice(
        &mut self,
        offer: &str,
        now: Instant,
        effects: &mut Effects<'_>,
    ) -> Option<(String, String)> {
        let mut answered = None;
        // What is read here was read once before, with other credentials: no half change can come of it.
        let offer = catch_unwind(|| SdpOffer::from_sdp_string(offer))
            .ok()?
            .ok()?;
        self.guarded(effects, |peer, effects| {
            if let Ok(answer) = peer.rtc.sdp_api().accept_offer(offer) {
                let ufrag = peer.rtc.direct_api().local_ice_credentials().ufrag;
                let sdp = answer.to_sdp_string();
                if peer.own.is_some() {
                    // Reading the offer again, the stack made streams anew where it missed them.
                    for mid in mids(&sdp) {
                        peer.take_stream(mid);
                    }
                }
                answered = Some((sdp, ufrag));
            }
            peer.drain(effects);
            peer.input(Input::Timeout(now), effects);
        });
        answered
    }

    fn close(&mut self, now: Instant, effects: &mut Effects<'_>) {
        if let Some((egress, path)) = self.own.as_mut().and_then(Own::ready) {
            egress.close(now, path, effects.network);
        }
        self.guarded(effects, |peer, effects| {
            let _ = peer.rtc.close();
            peer.drain(effects);
            peer.input(Input::Timeout(now), effects);
            peer.end(effects);
        });
    }

    fn deadline(&self) -> Instant {
        let own = self.own.as_ref().and_then(|own| own.egress.as_ref());
        own.map_or(self.deadline, |egress| egress.deadline().min(self.deadline))
    }
}

/// The media lines of an SDP.
fn mids(sdp: &str) -> impl Iterator<Item = Mid> {
    let mids = sdp.lines().filter_map(|line| line.strip_prefix("a=mid:"));
    mids.map(|mid| mid.trim().into())
}

fn protocol(datagram: &Datagram<'_>) -> Protocol {
    if over_tcp(datagram.local) {
        Protocol::Tcp
    } else {
        Protocol::Udp
    }
}

/// A STUN binding request that says that its pair is the one to use (RFC 8445 section 7.2.5.3.4, attribute 0x0025).
fn nominates(datagram: &[u8]) -> bool {
    let Some(([0, 1, ..], mut attributes)) = datagram.split_at_checked(20) else {
        return false;
    };
    while let [t0, t1, l0, l1, rest @ ..] = attributes {
        if [*t0, *t1] == [0, 0x25] {
            return true;
        }
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        attributes = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    false
}

fn ntp(time: SystemTime) -> u64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    ((since.as_secs() + NTP_UNIX) << 32) | fraction
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn ntp_time_counts_from_1900() {
        let noon = SystemTime::UNIX_EPOCH + Duration::from_millis(1500);
        assert_eq!(ntp(noon), ((NTP_UNIX + 1) << 32) | 0x8000_0000);
    }
}
