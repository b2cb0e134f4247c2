//! Whose datagram this is. Owns the map from ICE user names and validated addresses to peers; never believes an address
//! that has not answered for itself.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use pleniere_signaling_core::PeerId;

use crate::peer::{Datagram, over_tcp};

/// Addresses one peer may use at the same time; a browser tries a handful. A further one takes the place of the oldest: a
/// room behind a NAT may be given many in a day.
const ADDRESSES_PER_PEER: usize = 16;
/// STUN messages per second and source address that name a peer and do not prove it; further ones are not looked at.
const FAILURES_PER_SECOND: u32 = 20;
/// Source addresses remembered for that; when full, all are forgiven.
const SUSPECTS: usize = 1024;
const STUN_MAGIC: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const STUN_USERNAME: u16 = 6;

/// Where a datagram comes from. A NAT may give the same port of UDP and of TCP to different people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Source {
    pub address: SocketAddr,
    pub tcp: bool,
}

impl Source {
    pub fn of(datagram: &Datagram<'_>) -> Self {
        Self {
            address: datagram.source,
            tcp: over_tcp(datagram.local),
        }
    }
}

/// Where a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// To this peer, which has validated the address.
    Known(PeerId),
    /// STUN that names this peer, from an address not validated for it: it has to prove itself.
    Claims(PeerId),
    /// Nowhere.
    Nobody,
}

#[derive(Default)]
struct Names {
    ufrag: String,
    addresses: Vec<Source>,
    /// After an ICE restart, until an address was proved by the new credentials: media is heard from the old addresses, and
    /// STUN proves itself anew.
    renewed: bool,
}

/// The maps.
pub(crate) struct Demux {
    by_ufrag: HashMap<String, PeerId>,
    by_address: HashMap<Source, PeerId>,
    names: HashMap<PeerId, Names>,
    failures: HashMap<IpAddr, u32>,
    failures_since: Instant,
    refused: u64,
}

impl Demux {
    pub fn new(now: Instant) -> Self {
        Self {
            by_ufrag: HashMap::new(),
            by_address: HashMap::new(),
            names: HashMap::new(),
            failures: HashMap::new(),
            failures_since: now,
            refused: 0,
        }
    }

    /// `peer` answers to this local user name fragment.
    pub fn add(&mut self, peer: PeerId, ufrag: &str) {
        self.by_ufrag.insert(ufrag.to_owned(), peer);
        self.names.insert(
            peer,
            Names {
                ufrag: ufrag.to_owned(),
                ..Names::default()
            },
        );
    }

    /// `peer` answers to another user name fragment from now on (ICE restart).
    pub fn renew(&mut self, peer: PeerId, ufrag: &str) {
        let Some(names) = self.names.get_mut(&peer) else {
            return;
        };
        self.by_ufrag.remove(&names.ufrag);
        self.by_ufrag.insert(ufrag.to_owned(), peer);
        names.ufrag = ufrag.to_owned();
        names.renewed = true;
    }

    pub fn remove(&mut self, peer: PeerId) {
        let Some(names) = self.names.remove(&peer) else {
            return;
        };
        self.by_ufrag.remove(&names.ufrag);
        for address in names.addresses {
            if self.by_address.get(&address) == Some(&peer) {
                self.by_address.remove(&address);
            }
        }
    }

    /// STUN goes by the user name first: an address may have belonged to another peer a moment ago. Everything else goes by
    /// the validated address, or nowhere.
    pub fn route(&mut self, source: Source, datagram: &[u8], now: Instant) -> Route {
        let at_address = self.by_address.get(&source).copied();
        let route = match datagram.first() {
            Some(0..=3) => match stun_ufrag(datagram)
                .and_then(|ufrag| self.by_ufrag.get(ufrag))
                .copied()
            {
                Some(peer) if at_address == Some(peer) && !self.renewed(peer) => Route::Known(peer),
                Some(peer) if self.tolerated(source.address.ip(), now) => Route::Claims(peer),
                _ => Route::Nobody,
            },
            _ => at_address.map_or(Route::Nobody, Route::Known),
        };
        if route == Route::Nobody {
            self.refused += 1;
        }
        route
    }

    /// `source` proved by STUN that it speaks for `peer`.
    pub fn validated(&mut self, peer: PeerId, source: Source) {
        let Some(names) = self.names.get_mut(&peer) else {
            return;
        };
        names.renewed = false;
        names.addresses.retain(|known| *known != source);
        if names.addresses.len() >= ADDRESSES_PER_PEER {
            let oldest = names.addresses.remove(0);
            if self.by_address.get(&oldest) == Some(&peer) {
                self.by_address.remove(&oldest);
            }
        }
        names.addresses.push(source);
        self.by_address.insert(source, peer);
    }

    /// The TCP connection from `source` was closed.
    pub fn gone(&mut self, source: Source) {
        let peer = self.by_address.remove(&source);
        if let Some(names) = peer.and_then(|peer| self.names.get_mut(&peer)) {
            names.addresses.retain(|known| *known != source);
        }
    }

    /// `source` claimed to be a peer and was not.
    pub fn failed(&mut self, source: Source) {
        self.refused += 1;
        if self.failures.len() >= SUSPECTS {
            self.failures.clear();
        }
        *self.failures.entry(source.address.ip()).or_insert(0) += 1;
    }

    /// Datagrams that went nowhere, since the last call.
    pub fn take_refused(&mut self) -> u64 {
        std::mem::take(&mut self.refused)
    }

    fn renewed(&self, peer: PeerId) -> bool {
        self.names.get(&peer).is_some_and(|names| names.renewed)
    }

    fn tolerated(&mut self, ip: IpAddr, now: Instant) -> bool {
        if now.saturating_duration_since(self.failures_since) >= Duration::from_secs(1) {
            self.failures.clear();
            self.failures_since = now;
        }
        self.failures
            .get(&ip)
            .is_none_or(|failures| *failures < FAILURES_PER_SECOND)
    }
}

/// The receiver's fragment of the user name of a binding request (RFC 8445 section 7.2.2: `receiver:sender`).
fn stun_ufrag(datagram: &[u8]) -> Option<&str> {
    let (header, mut attributes) = datagram.split_at_checked(20)?;
    let announced = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if header[0..2] != [0, 1] || header[4..8] != STUN_MAGIC || announced != attributes.len() {
        return None;
    }
    while let [t0, t1, l0, l1, rest @ ..] = attributes {
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        let value = rest.get(..length)?;
        if u16::from_be_bytes([*t0, *t1]) == STUN_USERNAME {
            return std::str::from_utf8(value).ok()?.split(':').next();
        }
        attributes = rest.get(length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(username: &str) -> Vec<u8> {
        let mut stun = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
        stun.extend([7; 12]);
        stun.extend([0, 6, 0, username.len() as u8]);
        stun.extend(username.as_bytes());
        stun.resize(stun.len().next_multiple_of(4), 0);
        stun[3] = (stun.len() - 20) as u8;
        stun
    }

    fn address(port: u16) -> Source {
        Source {
            address: SocketAddr::from(([192, 0, 2, 1], port)),
            tcp: false,
        }
    }

    const A: PeerId = PeerId(1);
    const B: PeerId = PeerId(2);

    #[test]
    fn the_user_name_decides_before_the_address() {
        let now = Instant::now();
        let mut demux = Demux::new(now);
        demux.add(A, "aaaa");
        demux.validated(A, address(5));
        demux.add(B, "bbbb");
        assert_eq!(
            demux.route(address(5), &binding("bbbb:x"), now),
            Route::Claims(B),
            "a port used anew"
        );
        demux.validated(B, address(5));
        assert_eq!(demux.route(address(5), &[0x80; 30], now), Route::Known(B));
        demux.remove(A);
        assert_eq!(
            demux.route(address(5), &[0x80; 30], now),
            Route::Known(B),
            "the old owner takes nothing along"
        );
    }

    #[test]
    fn media_from_an_address_that_proved_nothing_goes_nowhere() {
        let now = Instant::now();
        let mut demux = Demux::new(now);
        demux.add(A, "aaaa");
        assert_eq!(demux.route(address(5), &[0x80; 30], now), Route::Nobody);
        assert_eq!(demux.route(address(5), &[22; 30], now), Route::Nobody);
        assert_eq!(
            demux.route(address(5), &binding("zzzz:x"), now),
            Route::Nobody
        );
        assert_eq!(demux.take_refused(), 3);
    }

    #[test]
    fn a_peer_that_moves_often_is_heard_where_it_is() {
        let now = Instant::now();
        let mut demux = Demux::new(now);
        demux.add(A, "aaaa");
        let moves = ADDRESSES_PER_PEER as u16 + 3;
        for port in 1..=moves {
            demux.validated(A, address(port));
            assert_eq!(
                demux.route(address(port), &[0x80; 30], now),
                Route::Known(A)
            );
        }
        assert_eq!(demux.route(address(1), &[0x80; 30], now), Route::Nobody);
        assert_eq!(demux.by_address.len(), ADDRESSES_PER_PEER);
        demux.remove(A);
        assert!(demux.by_address.is_empty());
    }

    #[test]
    fn an_ice_restart_keeps_the_media_and_asks_for_a_new_proof() {
        let now = Instant::now();
        let mut demux = Demux::new(now);
        demux.add(A, "aaaa");
        demux.validated(A, address(5));
        demux.renew(A, "cccc");
        assert_eq!(demux.route(address(5), &[0x80; 30], now), Route::Known(A));
        assert_eq!(
            demux.route(address(5), &binding("aaaa:x"), now),
            Route::Nobody
        );
        assert_eq!(
            demux.route(address(5), &binding("cccc:x"), now),
            Route::Claims(A)
        );
        demux.validated(A, address(5));
        assert_eq!(
            demux.route(address(5), &binding("cccc:x"), now),
            Route::Known(A)
        );
        demux.remove(A);
        assert!(demux.by_address.is_empty() && demux.by_ufrag.is_empty());
    }

    #[test]
    fn a_guesser_is_soon_not_heard() {
        let now = Instant::now();
        let mut demux = Demux::new(now);
        demux.add(A, "aaaa");
        for _ in 0..FAILURES_PER_SECOND {
            assert_eq!(
                demux.route(address(5), &binding("aaaa:x"), now),
                Route::Claims(A)
            );
            demux.failed(address(5));
        }
        assert_eq!(
            demux.route(address(6), &binding("aaaa:x"), now),
            Route::Nobody
        );
        let later = now + Duration::from_secs(1);
        assert_eq!(
            demux.route(address(6), &binding("aaaa:x"), later),
            Route::Claims(A)
        );
    }

    #[test]
    fn the_same_port_of_tcp_is_somebody_else() {
        let now = Instant::now();
        let mut demux = Demux::new(now);
        demux.add(A, "aaaa");
        demux.add(B, "bbbb");
        let stream = Source {
            tcp: true,
            ..address(5)
        };
        demux.validated(A, address(5));
        demux.validated(B, stream);
        assert_eq!(demux.route(address(5), &[0x80; 30], now), Route::Known(A));
        assert_eq!(demux.route(stream, &[0x80; 30], now), Route::Known(B));
        demux.gone(stream);
        assert_eq!(demux.route(stream, &[0x80; 30], now), Route::Nobody);
        assert_eq!(demux.route(address(5), &[0x80; 30], now), Route::Known(A));
    }

    #[test]
    fn cut_messages_are_nobodys() {
        let whole = binding("aaaa:x");
        assert_eq!(stun_ufrag(&whole), Some("aaaa"));
        for length in 0..whole.len() {
            assert_eq!(stun_ufrag(&whole[..length]), None);
        }
    }
}
