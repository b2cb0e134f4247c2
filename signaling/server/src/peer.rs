//! What the forwarding loop needs of one connection, whatever stack makes it. Owns the words between loop and stack; the
//! only stack today is `str0m_peer`. What players get is protected by `egress`, or by the stack where it is the reference.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use pleniere_signaling_core::{Numbers, Report};

use crate::rtp::Kind;

/// A datagram from the network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datagram<'a> {
    /// Who sent it.
    pub source: SocketAddr,
    /// The socket on which it arrived; over TCP the address with port 0, see [`over_tcp`].
    pub local: SocketAddr,
    pub bytes: &'a [u8],
}

/// UDP and TCP have the same port number here. Local addresses of TCP are told apart by port 0, which no socket has: so two
/// addresses say whole which way a datagram goes.
pub(crate) fn over_tcp(local: SocketAddr) -> bool {
    local.port() == 0
}

/// A media packet of a publisher: authenticated, decrypted, repaired where repair came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub kind: Kind,
    pub ssrc: u32,
    /// As sent, the sequence number extended.
    pub numbers: Numbers,
    pub marker: bool,
    pub payload: Arc<[u8]>,
    pub arrived: Instant,
}

/// A media packet for a player.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing<'a> {
    pub kind: Kind,
    pub numbers: Numbers,
    pub marker: bool,
    pub captured: Instant,
    pub payload: &'a Arc<[u8]>,
}

/// What a connection tells the loop.
#[derive(Debug)]
pub(crate) enum PeerEvent {
    /// ICE and DTLS are up, the certificate is the one of the offer.
    Connected,
    Packet(Received),
    Report {
        kind: Kind,
        ssrc: u32,
        report: Report,
        received: Instant,
    },
    /// The other side misses these packets of its picture, by their numbers as sent to it.
    Missing(Vec<u16>),
    /// The other side lost its picture (PLI or FIR).
    KeyframeWanted,
    /// It is over; nothing follows.
    Closed,
}

/// Where a connection puts datagrams for the network.
pub(crate) trait Network {
    fn send(&mut self, local: SocketAddr, destination: SocketAddr, datagram: &[u8]);
    /// Sends a datagram of `length` bytes that `write` writes where it leaves from; nothing when `write` answers false.
    fn fill(
        &mut self,
        local: SocketAddr,
        destination: SocketAddr,
        length: usize,
        write: &mut dyn FnMut(&mut [u8]) -> bool,
    );
}

/// What a connection did in answer to a call.
pub(crate) struct Effects<'a> {
    pub network: &'a mut dyn Network,
    pub events: &'a mut Vec<PeerEvent>,
}

/// One connection. Every call leaves everything it caused in [`Effects`]; none blocks, none panics.
pub(crate) trait PeerCore: Send {
    /// Whether a STUN message proves knowledge of this connection's password.
    fn authenticates(&self, datagram: &Datagram<'_>, now: Instant) -> bool;
    fn receive(&mut self, datagram: &Datagram<'_>, now: Instant, effects: &mut Effects<'_>);
    /// Time passed.
    fn tick(&mut self, now: Instant, effects: &mut Effects<'_>);
    /// Queues a packet for this player until [`PeerCore::written`]; ignored when the offer had no such track.
    fn write(&mut self, packet: &Outgoing<'_>, effects: &mut Effects<'_>);
    /// No more packets follow in this turn.
    fn written(&mut self, now: Instant, effects: &mut Effects<'_>);
    /// Sends a packet again that this player said it misses, within the limits for that.
    fn resend(&mut self, packet: &Outgoing<'_>, now: Instant, effects: &mut Effects<'_>);
    /// Asks this publisher for a keyframe.
    fn request_keyframe(&mut self, now: Instant, effects: &mut Effects<'_>);
    /// Answers the offer of an ICE restart; media goes on meanwhile. Without an answer everything is as before. Names the
    /// new answer and our new ICE user name fragment.
    fn restart_ice(
        &mut self,
        offer: &str,
        now: Instant,
        effects: &mut Effects<'_>,
    ) -> Option<(String, String)>;
    /// Says goodbye.
    fn close(&mut self, now: Instant, effects: &mut Effects<'_>);
    /// When [`PeerCore::tick`] is needed next.
    fn deadline(&self) -> Instant;
}
