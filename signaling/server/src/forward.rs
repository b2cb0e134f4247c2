//! From publishers to players. Owns the order of work of a turn's packets: player by player, so that one player's packets
//! lie together and leave in one system call. Never reads a socket, allocates nothing for a packet.

use std::time::Instant;

use pleniere_signaling_core::{Action, PeerId};

use crate::origin::Packet;
use crate::peer::{Effects, PeerEvent};
use crate::rtp::Kind;
use crate::subscriber::Offered;
use crate::worker::{Role, Worker};

impl Worker {
    /// Forwards everything that arrived in this turn.
    pub(crate) fn forward(&mut self, now: Instant) {
        let mut turns = std::mem::take(&mut self.turns);
        let mut players = std::mem::take(&mut self.players);
        for (index, event) in self.events.iter_mut().enumerate() {
            for (feed, fresh) in &mut event.fresh {
                if !fresh.is_empty() {
                    turns.push((index, feed.clone(), std::mem::take(fresh)));
                }
            }
            event.flush_legs(now);
        }
        for (index, feed, mut packets) in turns.drain(..) {
            players.clear();
            players.extend(self.events[index].core.subscriptions().players(&feed));
            let mut keyframe = false;
            for player in &players {
                keyframe |= self.forward_to(*player, &packets, now);
            }
            let event = &mut self.events[index];
            if keyframe {
                event.core.keyframe_wanted(&feed);
            }
            if let Some(ring) = event.rings.get_mut(&feed) {
                let pictures = |packet: &Packet| packet.kind == Kind::Video;
                packets
                    .drain(..)
                    .filter(pictures)
                    .for_each(|p| ring.keep(p));
            }
            packets.clear();
            // The next turn fills the same memory.
            if let Some(fresh) = event.fresh.get_mut(&feed) {
                *fresh = packets;
            }
        }
        self.turns = turns;
        self.players = players;
    }

    /// Answers whether the player needs a keyframe.
    fn forward_to(&mut self, id: PeerId, packets: &[Packet], now: Instant) -> bool {
        let Some(peer) = self.peers.get_mut(&id) else {
            return false;
        };
        let Role::Player(subscriber) = &mut peer.role else {
            return false;
        };
        if !peer.connected {
            return false;
        }
        let mut keyframe = false;
        let mut events = std::mem::take(&mut self.scratch);
        let mut effects = Effects {
            network: &mut self.network,
            events: &mut events,
        };
        for packet in packets {
            match subscriber.offer(packet, now) {
                Offered::Send(out) => peer.core.write(&out, &mut effects),
                Offered::NeedsKeyframe => keyframe = true,
                Offered::Skip => {}
            }
        }
        peer.core.written(now, &mut effects);
        self.timers.arm(id, peer.core.deadline());
        self.absorb(id, &mut events, now);
        self.scratch = events;
        keyframe
    }

    /// Acts on what a peer told; leaves `events` empty.
    pub(crate) fn absorb(&mut self, id: PeerId, events: &mut Vec<PeerEvent>, now: Instant) {
        for told in events.drain(..) {
            let Some(peer) = self.peers.get_mut(&id) else {
                continue;
            };
            let Some(event) = self.events.iter_mut().find(|event| event.id == peer.event) else {
                continue;
            };
            match told {
                PeerEvent::Closed => {
                    self.remove(id, "closed");
                    continue;
                }
                PeerEvent::Connected => {
                    peer.connected = true;
                    tracing::debug!(peer = id.0, event = %event.id, "connected");
                    if let Some(stream) = event.core.subscriptions().stream(id).cloned() {
                        event.core.keyframe_wanted(&stream.feed());
                    }
                }
                PeerEvent::Missing(numbers) => {
                    if let Role::Player(subscriber) = &peer.role
                        && let Some(stream) = event.core.subscriptions().stream(id)
                        && let Some(ring) = event.rings.get(&stream.feed())
                    {
                        let mut nothing = Vec::new();
                        let mut effects = Effects {
                            network: &mut self.network,
                            events: &mut nothing,
                        };
                        for number in numbers {
                            if let Some(packet) = subscriber.missing(number, ring) {
                                peer.core.resend(&packet, now, &mut effects);
                            }
                        }
                    }
                }
                PeerEvent::KeyframeWanted => {
                    if let Some(stream) = event.core.subscriptions().stream(id).cloned() {
                        event.core.keyframe_wanted(&stream.feed());
                    }
                }
                told @ (PeerEvent::Packet(_) | PeerEvent::Report { .. }) => {
                    if let Role::Publisher(site) = &peer.role {
                        event.published(id, site, told, now, &mut self.identities);
                    }
                }
            }
        }
    }

    /// Sends keyframe requests that are due.
    pub(crate) fn ask_keyframes(&mut self, now: Instant) {
        for index in 0..self.events.len() {
            for action in self.events[index].core.keyframes_due(now) {
                match action {
                    Action::Keyframe(publisher) => {
                        self.with_peer(publisher, now, |core, effects| {
                            core.request_keyframe(now, effects)
                        });
                    }
                    Action::ProgrammeKeyframe => self.events[index].want_programme_keyframe(),
                    Action::Close(peer) => self.end(peer, now, "replaced"),
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "forward_tests.rs"]
mod tests;
