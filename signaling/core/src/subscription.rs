//! Who plays what. Owns the sets and the tally; never forwards a packet.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Feed, PeerId, StreamId};

/// The players of one event.
#[derive(Clone, Debug, Default)]
pub struct Subscriptions {
    streams: BTreeMap<PeerId, StreamId>,
    players: BTreeMap<Feed, BTreeSet<PeerId>>,
}

impl Subscriptions {
    /// `peer` plays `stream` from now on, and nothing else.
    pub fn add(&mut self, peer: PeerId, stream: StreamId) {
        self.remove(peer);
        self.players.entry(stream.feed()).or_default().insert(peer);
        self.streams.insert(peer, stream);
    }

    /// `peer` plays nothing any more; answers what it played.
    pub fn remove(&mut self, peer: PeerId) -> Option<StreamId> {
        let stream = self.streams.remove(&peer)?;
        if let Some(players) = self.players.get_mut(&stream.feed()) {
            players.remove(&peer);
        }
        Some(stream)
    }

    /// What `peer` plays.
    #[must_use]
    pub fn stream(&self, peer: PeerId) -> Option<&StreamId> {
        self.streams.get(&peer)
    }

    /// Everyone who gets the packets of `feed`, in order of joining.
    pub fn players(&self, feed: &Feed) -> impl Iterator<Item = PeerId> + '_ {
        self.players.get(feed).into_iter().flatten().copied()
    }

    /// How many play each stream; streams without players are not listed.
    #[must_use]
    pub fn tally(&self) -> BTreeMap<StreamId, usize> {
        let mut tally = BTreeMap::new();
        for stream in self.streams.values() {
            *tally.entry(stream.clone()).or_insert(0) += 1;
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_return_is_fed_by_the_programme_and_counted_apart() {
        let mut all = Subscriptions::default();
        all.add(PeerId(1), StreamId::Programme);
        all.add(PeerId(2), StreamId::parse("return-nancy").unwrap());
        assert_eq!(all.players(&Feed::Programme).count(), 2);
        assert_eq!(all.tally().len(), 2);
    }

    proptest! {
        #[test]
        fn players_and_tally_agree(steps in prop::collection::vec((0u64..20, 0usize..4), 0..200)) {
            let streams = ["programme", "nancy", "reims", "return-nancy"].map(|s| StreamId::parse(s).unwrap());
            let mut all = Subscriptions::default();
            for (peer, what) in steps {
                if what == 3 { all.remove(PeerId(peer)); } else { all.add(PeerId(peer), streams[what].clone()); }
            }
            let feeds: usize = streams.iter().map(StreamId::feed).collect::<BTreeSet<_>>().iter().map(|f| all.players(f).count()).sum();
            prop_assert_eq!(feeds, all.tally().values().sum::<usize>());
        }
    }
}
