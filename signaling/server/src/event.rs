//! One event as the forwarding unit holds it: decisions, publishers, ways to and from the engine. Owns what arrives in a
//! turn until it is forwarded; never touches a peer.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Instant;

use pleniere_signaling_core::{EventCore, Feed, PeerId, SeatState, SiteId, StreamId};

use crate::egress::Ring;
use crate::engine_leg::EngineLeg;
use crate::notice::{Notice, Notices};
use crate::origin::{Identities, Origin, Packet};
use crate::peer::PeerEvent;
use crate::programme::Programme;

/// One room.
#[derive(Default)]
pub(crate) struct Site {
    publisher: Option<(PeerId, Origin)>,
    pub leg: Option<EngineLeg>,
    told_live: bool,
}

/// The event.
pub(crate) struct EventState {
    pub id: Arc<str>,
    pub core: EventCore,
    pub sites: BTreeMap<SiteId, Site>,
    pub programme: Programme,
    /// What arrived in this turn.
    pub fresh: BTreeMap<Feed, Vec<Packet>>,
    /// The pictures' last packets, for players that miss some.
    pub rings: BTreeMap<Feed, Ring>,
    programme_keyframe: bool,
    told_players: BTreeMap<StreamId, usize>,
}

impl EventState {
    /// # Errors
    /// When no loopback socket can be opened.
    pub fn open(id: &str, sites: BTreeSet<SiteId>, now: Instant) -> io::Result<Self> {
        let mut event = Self {
            id: id.into(),
            core: EventCore::new(BTreeSet::new()),
            sites: BTreeMap::new(),
            programme: Programme::open(now)?,
            fresh: BTreeMap::new(),
            rings: BTreeMap::from([(Feed::Programme, Ring::default())]),
            programme_keyframe: false,
            told_players: BTreeMap::new(),
        };
        event.add_sites(sites);
        Ok(event)
    }

    pub fn add_sites(&mut self, sites: BTreeSet<SiteId>) {
        for site in &sites {
            self.sites.entry(site.clone()).or_default();
            self.rings.entry(Feed::Site(site.clone())).or_default();
        }
        self.core.add_sites(sites);
    }

    /// An engine with these ports is there, or none is. Legs whose port did not change stay.
    pub fn engine(&mut self, ports: Option<&BTreeMap<String, u16>>) {
        for (id, site) in &mut self.sites {
            let port = ports.and_then(|ports| ports.get(id.as_str())).copied();
            if let Some(leg) = &mut site.leg
                && port == Some(leg.port())
            {
                leg.begin_reports();
                continue;
            }
            site.leg = port.and_then(|port| match EngineLeg::open(port, format!("{id}@{}", self.id)) {
                Ok(leg) => Some(leg),
                Err(error) => {
                    tracing::error!(event = %self.id, site = %id, %error, "no socket towards the engine");
                    None
                }
            });
        }
        if ports.is_some() {
            self.core.engine_attached();
        }
    }

    /// `peer` publishes `site` from now on.
    pub fn seated(&mut self, peer: PeerId, site: &SiteId, now: Instant) {
        if let Some(site) = self.sites.get_mut(site) {
            site.publisher = Some((peer, Origin::new(now)));
        }
    }

    /// Something of a publisher.
    pub fn published(
        &mut self,
        peer: PeerId,
        site: &SiteId,
        told: PeerEvent,
        now: Instant,
        identities: &mut Identities,
    ) {
        let Some(room) = self.sites.get_mut(site) else {
            return;
        };
        let Some((holder, origin)) = &mut room.publisher else {
            return;
        };
        match told {
            PeerEvent::Packet(packet) if *holder == peer && self.core.packet(peer, site, now) => {
                let packet = origin.packet(packet, identities);
                let feed = Feed::Site(site.clone());
                if packet.keyframe {
                    self.core.keyframe_seen(&feed);
                }
                if let Some(leg) = &mut room.leg {
                    leg.packet(&packet);
                }
                self.fresh.entry(feed).or_default().push(packet);
            }
            PeerEvent::Report {
                kind,
                ssrc,
                report,
                received,
            } if *holder == peer => {
                origin.report(kind, ssrc, report, received);
            }
            _ => {}
        }
    }

    /// `peer` is gone.
    pub fn left(&mut self, peer: PeerId) {
        self.core.left(peer);
        for site in self.sites.values_mut() {
            if site
                .publisher
                .as_ref()
                .is_some_and(|(holder, _)| *holder == peer)
            {
                site.publisher = None;
            }
        }
    }

    /// The engine sent something for the programme.
    pub fn read_programme(&mut self, now: Instant, identities: &mut Identities) {
        let fresh = self.fresh.entry(Feed::Programme).or_default();
        let before = fresh.len();
        self.programme.read(now, identities, fresh);
        if fresh[before..].iter().any(|packet| packet.keyframe) {
            self.core.keyframe_seen(&Feed::Programme);
        }
    }

    /// The engine sent something about a site.
    pub fn read_leg(&mut self, site: &SiteId) {
        let leg = self.sites.get_mut(site).and_then(|site| site.leg.as_mut());
        if leg.is_some_and(EngineLeg::keyframe_requested) {
            self.core.keyframe_wanted(&Feed::Site(site.clone()));
        }
    }

    /// Sends to the engine what gathered, with reports that are due.
    pub fn flush_legs(&mut self, now: Instant) {
        for site in self.sites.values_mut() {
            let Some(leg) = &mut site.leg else { continue };
            if let Some((_, origin)) = &site.publisher {
                for reported in origin.reported() {
                    leg.report(&reported, now);
                }
            }
            leg.flush();
        }
    }

    /// A player needs a keyframe of the programme.
    pub fn want_programme_keyframe(&mut self) {
        self.programme_keyframe = true;
    }

    /// Tells what changed and was not told yet.
    pub fn tell_changes(&mut self, notices: &Notices, now: Instant) {
        let event = || self.id.to_string();
        if self.programme_keyframe
            && notices.tell(Notice::ProgrammeKeyframeWanted { event: event() })
        {
            self.programme_keyframe = false;
        }
        for (id, state) in self.core.seats(now) {
            let Some(site) = self.sites.get_mut(id) else {
                continue;
            };
            let live = state == SeatState::Live;
            if live != site.told_live {
                let (event, site_id) = (self.id.to_string(), id.to_string());
                let notice = if live {
                    Notice::Publishing {
                        event,
                        site: site_id,
                    }
                } else {
                    Notice::Lost {
                        event,
                        site: site_id,
                    }
                };
                if notices.tell(notice) {
                    site.told_live = live;
                }
            }
        }
    }

    /// Once a second: how much came, how many play.
    pub fn tell_figures(&mut self, notices: &Notices, now: Instant) {
        for (id, site) in &mut self.sites {
            let Some((_, origin)) = &mut site.publisher else {
                continue;
            };
            let measured = origin.measure(now);
            if site.told_live {
                notices.tell(Notice::Stats {
                    event: self.id.to_string(),
                    site: id.to_string(),
                    kbps: measured.kbps,
                    loss_percent: measured.loss_percent,
                });
            }
        }
        let tally = self.core.subscriptions().tally();
        let streams: BTreeSet<StreamId> = tally
            .keys()
            .chain(self.told_players.keys())
            .cloned()
            .collect();
        for stream in streams {
            let count = tally.get(&stream).copied().unwrap_or(0);
            let told = self.told_players.get(&stream).copied().unwrap_or(0);
            let notice = Notice::Players {
                event: self.id.to_string(),
                stream: stream.to_string(),
                count,
            };
            if count != told && notices.tell(notice) {
                self.told_players.insert(stream, count);
            }
        }
    }
}
