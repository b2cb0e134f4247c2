//! The SDP answer. Owns the configuration of the stack for both sides and the last touches to its text; never decides who
//! may join.

use std::net::SocketAddr;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::HeaderValue;
use str0m::change::SdpOffer;
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::net::TcpType;
use str0m::rtp::Extension;
use str0m::{Candidate, RtcConfig};

use crate::egress::tapped;
use crate::offer::{Offer, OfferError, Side};
use crate::str0m_peer::Str0mPeer;

/// Sent video packets kept per player to answer NACKs: 0.7 s at 2.5 Mbit/s, about 300 KB.
const RESEND_PACKETS: usize = 256;
/// Sender reports to players, both kinds, so that sound and picture find each other soon after joining.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// One stream id for both tracks of an answer: browsers keep in step only what is in one stream.
const STREAM: &str = "pleniere";

/// What all answers have in common.
#[derive(Clone)]
pub(crate) struct Setup {
    pub certificate: DtlsCert,
    /// Host candidates, of UDP and TCP: every socket, then the public addresses.
    pub candidates: Vec<SocketAddr>,
    /// STUN and TURN servers, one `Link` each.
    pub ice_links: Vec<HeaderValue>,
    /// Cryptography whose DTLS tells its keys, when players are sent to by ourselves.
    pub tapped: Option<Arc<CryptoProvider>>,
}

/// An answered offer.
pub(crate) struct Answered {
    pub peer: Str0mPeer,
    pub sdp: String,
    /// Our ICE user name fragment: STUN is routed by it.
    pub ufrag: String,
}

/// Answers an offer. Hostile text may break the stack's own expectations: that is an error of the offer too.
pub(crate) fn answer(
    offer: &Offer,
    side: Side,
    setup: &Setup,
    now: Instant,
) -> Result<Answered, OfferError> {
    catch_unwind(|| negotiate(offer, side, setup, now)).unwrap_or_else(|_| {
        Err(OfferError::Malformed(
            "its payload types or media lines contradict each other".into(),
        ))
    })
}

fn negotiate(
    offer: &Offer,
    side: Side,
    setup: &Setup,
    now: Instant,
) -> Result<Answered, OfferError> {
    let malformed = |error: &dyn std::fmt::Display| OfferError::Malformed(error.to_string());
    let parsed = SdpOffer::from_sdp_string(&offer.sdp).map_err(|e| malformed(&e))?;
    let config = config(offer.profile_level_id, side, setup);
    let tapped = match &setup.tapped {
        Some(provider) if side == Side::Play => {
            // Raw packets are how we hear what the player reports of streams that the stack does not know.
            let config = config.set_crypto_provider(provider.clone());
            let (rtc, keys) = tapped(|| config.enable_raw_packets(true).build(now));
            (rtc, Some(keys))
        }
        _ => (config.build(now), None),
    };
    let (mut rtc, keys) = tapped;
    for address in &setup.candidates {
        if let Ok(candidate) = Candidate::host(*address, "udp") {
            rtc.add_local_candidate(candidate);
        }
    }
    for address in &setup.candidates {
        // The stack knows our side of TCP by port 0 (see `peer::over_tcp`); `finished` names the right one.
        let address = SocketAddr::new(address.ip(), 0);
        let passive = Candidate::builder().tcp().host(address);
        if let Ok(candidate) = passive.tcptype(TcpType::Passive).build() {
            rtc.add_local_candidate(candidate);
        }
    }
    let answer = rtc
        .sdp_api()
        .accept_offer(parsed)
        .map_err(|e| malformed(&e))?;
    let ufrag = rtc.direct_api().local_ice_credentials().ufrag;
    let sdp = answer.to_sdp_string();
    let mut peer = Str0mPeer::new(rtc, now);
    if let Some(keys) = keys {
        peer = peer.sending_ourselves(keys, &sdp);
    }
    Ok(Answered {
        peer,
        sdp: finished(&sdp, setup),
        ufrag,
    })
}

fn config(profile_level_id: u32, side: Side, setup: &Setup) -> RtcConfig {
    let mut config = RtcConfig::new()
        .set_ice_lite(true)
        .set_rtp_mode(true)
        .set_dtls_cert(setup.certificate.clone())
        .set_send_buffer_video(RESEND_PACKETS)
        .set_rtcp_report_interval_audio(REPORT_INTERVAL)
        .set_rtcp_report_interval_video(REPORT_INTERVAL)
        .clear_codecs()
        .enable_opus(true, false)
        .clear_extension_map()
        .set_extension(1, Extension::RtpMid);
    if side == Side::Publish {
        // Feedback on arrival times is what a browser needs to find its bit rate.
        config = config.set_extension(2, Extension::TransportSequenceNumber);
    }
    config
        .codec_config()
        .add_h264(102.into(), Some(103.into()), true, profile_level_id);
    config
}

/// Puts both tracks into one stream (see [`STREAM`]; the stack gives each its own), and says what the stack leaves unsaid.
pub(crate) fn finished(sdp: &str, setup: &Setup) -> String {
    let port = setup.candidates.first().map_or(0, SocketAddr::port);
    let mut text = String::with_capacity(sdp.len());
    let mut lines = sdp.lines().peekable();
    while let Some(line) = lines.next() {
        match line.split_once("msid:") {
            Some((before, ids)) if line.starts_with("a=msid:") || line.starts_with("a=ssrc:") => {
                let track = ids.split_whitespace().nth(1).unwrap_or("track");
                text.push_str(&format!("{before}msid:{STREAM} {track}\r\n"));
            }
            _ if line.starts_with("a=msid-semantic") => {
                text.push_str(&format!("a=msid-semantic: WMS {STREAM}\r\n"))
            }
            // RFC 9725 section 4.4.1: both sides say that there is no RTCP without multiplexing.
            _ if line == "a=rtcp-mux" => text.push_str("a=rtcp-mux\r\na=rtcp-mux-only\r\n"),
            _ => {
                if line.starts_with("a=candidate:") && line.contains(" tcp ") {
                    text.push_str(&line.replacen(" 0 typ ", &format!(" {port} typ "), 1));
                } else {
                    text.push_str(line);
                }
                text.push_str("\r\n");
                let candidate = |line: &str| line.starts_with("a=candidate:");
                if candidate(line) && !lines.peek().is_some_and(|next| candidate(next)) {
                    // RFC 8840 section 4.1: none follow, who waits for more may stop.
                    text.push_str("a=end-of-candidates\r\n");
                }
            }
        }
    }
    text
}
