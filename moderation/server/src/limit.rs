//! How much one connection, one person and one address may do: token buckets and counts. Knows time only as it is
//! told, and nothing of what is done.
//!
//! A participant id is free to invent, so a right "per person" is worth nothing alone: how many different people one
//! address may bring is bounded too ([`Limits::may_act`]).

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, Hash, RandomState},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use pleniere_moderation_core::ParticipantId;

use crate::refusal::{Refusal, RefusalCode};

/// What one person does (asks, votes, raises a hand), over all their connections.
const PERSON: Rate = Rate {
    burst: 30.0,
    per_s: 5.0,
};
/// Looking for similar questions while typing, of one person.
const TYPING: Rate = Rate {
    burst: 10.0,
    per_s: 2.0,
};
/// Questions and hands from one address while the rules name no number. A whole school may stand behind one.
const ASKS: Rate = Rate {
    burst: 300.0,
    per_s: 5.0,
};
/// Votes from one address, likewise: a full hall on one line votes in a few seconds.
const VOTES: Rate = Rate {
    burst: 2_000.0,
    per_s: 200.0,
};
/// Addresses, and people, remembered at most of each; about 3 MB.
const REMEMBERED: usize = 65_536;

/// Refills steadily up to a burst.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    tokens: f32,
    filled_at: Instant,
}

/// How much: so many at once, so many a second in the long run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) burst: f32,
    pub(crate) per_s: f32,
}

impl Bucket {
    pub(crate) fn full(rate: Rate, now: Instant) -> Self {
        Self {
            tokens: rate.burst,
            filled_at: now,
        }
    }

    /// Takes one token, if there is one.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) -> bool {
        let waited = now.saturating_duration_since(self.filled_at).as_secs_f32();
        self.tokens = (self.tokens + waited * rate.per_s).min(rate.burst);
        self.filled_at = now;
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

/// Buckets by key. When full, the half that was quiet longest is forgotten: they had refilled most.
#[derive(Debug)]
struct Buckets<K>(HashMap<K, Bucket>);

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq> Buckets<K> {
    fn take(&mut self, key: K, rate: Rate, now: Instant) -> bool {
        if self.0.len() >= REMEMBERED && !self.0.contains_key(&key) {
            self.forget_half();
        }
        self.0
            .entry(key)
            .or_insert_with(|| Bucket::full(rate, now))
            .take(rate, now)
    }

    fn forget_half(&mut self) {
        let mut ages: Vec<Instant> = self.0.values().map(|bucket| bucket.filled_at).collect();
        let middle = ages.len() / 2;
        let (_, median, _) = ages.select_nth_unstable(middle);
        let median = *median;
        self.0.retain(|_, bucket| bucket.filled_at > median);
    }
}

/// Which people were seen at which address. The older half is forgotten at a time; who was forgotten is new again.
#[derive(Debug, Default)]
struct Seen {
    hasher: RandomState,
    young: HashSet<u64>,
    old: HashSet<u64>,
}

impl Seen {
    /// Whether this pair is new.
    fn is_new(&self, pair: (IpAddr, ParticipantId)) -> bool {
        let digest = self.hasher.hash_one(pair);
        !self.young.contains(&digest) && !self.old.contains(&digest)
    }

    fn remember(&mut self, pair: (IpAddr, ParticipantId)) {
        if self.young.len() >= REMEMBERED {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(self.hasher.hash_one(pair));
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Ask a question or raise a hand.
    Ask,
    /// Vote, or take something of one's own back.
    Vote,
}

/// The limits of one event.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Connections from one address at once, and different people in its first hour.
    per_address: u32,
    people: Mutex<Buckets<ParticipantId>>,
    typing: Mutex<Buckets<ParticipantId>>,
    deeds: Mutex<Buckets<(IpAddr, bool)>>,
    newcomers: Mutex<(Buckets<IpAddr>, Seen)>,
    seats: Mutex<HashMap<IpAddr, u32>>,
}

impl Limits {
    /// `per_address`: connections at once from one IPv4 address or IPv6 /64, and different people in an hour.
    pub(crate) fn new(per_address: u32) -> Arc<Self> {
        Arc::new(Self {
            per_address: per_address.max(1),
            people: Mutex::default(),
            typing: Mutex::default(),
            deeds: Mutex::default(),
            newcomers: Mutex::default(),
            seats: Mutex::default(),
        })
    }

    /// Whether this person at this address (none: not to be limited) may do it now. `per_min` is what the rules allow
    /// an address, 0 when they do not say.
    ///
    /// # Errors
    /// `too_fast`, saying who has to wait and for how long.
    pub(crate) fn may_act(
        &self,
        who: ParticipantId,
        address: Option<IpAddr>,
        deed: Deed,
        per_min: usize,
        now: Instant,
    ) -> Result<(), Refusal> {
        if !lock(&self.people).take(who, PERSON, now) {
            return Err(too_fast("you do this too often; wait a second", 1));
        }
        let Some(address) = address.map(network) else {
            return Ok(());
        };
        let (rate, all) = match (per_min, deed) {
            (0, Deed::Ask) => (ASKS, true),
            (0, Deed::Vote) => (VOTES, false),
            (count, _) => {
                let burst = u16::try_from(count).map_or(f32::from(u16::MAX), f32::from);
                let per_s = burst / 60.0;
                (Rate { burst, per_s }, true)
            }
        };
        if !lock(&self.deeds).take((address, all), rate, now) {
            return Err(too_fast(
                "too much from your network; try again in a minute",
                60,
            ));
        }
        self.may_arrive(who, address, now)
    }

    fn may_arrive(&self, who: ParticipantId, address: IpAddr, now: Instant) -> Result<(), Refusal> {
        let mut newcomers = lock(&self.newcomers);
        let (buckets, seen) = &mut *newcomers;
        if !seen.is_new((address, who)) {
            return Ok(());
        }
        let burst = self.per_address as f32;
        let per_s = burst / 3600.0;
        if !buckets.take(address, Rate { burst, per_s }, now) {
            let wait = (1.0 / per_s).ceil().min(3600.0) as u64;
            return Err(too_fast(
                "too many different people from your network; try again later",
                wait,
            ));
        }
        seen.remember((address, who));
        Ok(())
    }

    /// Whether this person may look for similar questions now.
    pub(crate) fn may_type(&self, who: ParticipantId, now: Instant) -> Result<(), Refusal> {
        let enough = lock(&self.typing).take(who, TYPING, now);
        enough
            .then_some(())
            .ok_or_else(|| too_fast("too many look-ups; wait a second", 1))
    }

    /// A place for a connection from this address (none: not to be limited), held until dropped; none when all are
    /// taken.
    pub(crate) fn seat(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Seat> {
        let taken = match address.map(network) {
            None => None,
            Some(address) => {
                let mut seats = lock(&self.seats);
                let count = seats.entry(address).or_default();
                if *count >= self.per_address {
                    return None;
                }
                *count += 1;
                Some((Arc::clone(self), address))
            }
        };
        Some(Seat(taken))
    }
}

/// One connection of an address.
#[derive(Debug)]
pub(crate) struct Seat(Option<(Arc<Limits>, IpAddr)>);

impl Seat {
    /// The address it counts for; none when it is not limited.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.0.as_ref().map(|(_, address)| *address)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((limits, address)) = &self.0 else {
            return;
        };
        let mut seats = lock(&limits.seats);
        if let Some(count) = seats.get_mut(address) {
            *count -= 1;
            if *count == 0 {
                seats.remove(address);
            }
        }
    }
}

fn too_fast(detail: &str, retry_s: u64) -> Refusal {
    Refusal {
        retry_s: Some(retry_s),
        ..Refusal::new(RefusalCode::TooFast, detail)
    }
}

/// A count is whole between statements, whoever panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const RATE: Rate = Rate {
        burst: 3.0,
        per_s: 1.0,
    };

    #[test]
    fn a_burst_passes_then_the_rate_holds() {
        let start = Instant::now();
        let mut bucket = Bucket::full(RATE, start);
        assert_eq!(
            [(); 4].map(|()| bucket.take(RATE, start)),
            [true, true, true, false]
        );
        assert!(bucket.take(RATE, start + Duration::from_secs(1)));
        assert!(!bucket.take(RATE, start + Duration::from_secs(1)));
    }

    fn limits() -> Arc<Limits> {
        Limits::new(4)
    }

    fn person(n: u32) -> ParticipantId {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        ParticipantId(id)
    }

    #[test]
    fn one_address_brings_so_many_people_and_each_of_them_stays_welcome() {
        let (limits, start) = (limits(), Instant::now());
        let home = Some("192.0.2.7".parse().unwrap());
        let vote = |n, address, now| limits.may_act(person(n), address, Deed::Vote, 0, now);
        for n in 0..4 {
            assert_eq!(vote(n, home, start), Ok(()));
        }
        let refused = vote(9, home, start).unwrap_err();
        assert_eq!(
            (refused.code, refused.retry_s),
            (RefusalCode::TooFast, Some(900))
        );
        assert_eq!(vote(2, home, start), Ok(()), "known people go on");
        assert_eq!(vote(9, Some("192.0.2.8".parse().unwrap()), start), Ok(()));
        assert_eq!(vote(9, home, start + Duration::from_secs(901)), Ok(()));
        for n in 100..200 {
            assert_eq!(vote(n, None, start), Ok(()), "this machine is not limited");
        }
    }

    #[test]
    fn the_rules_of_now_bound_what_an_address_does() {
        let (limits, start) = (limits(), Instant::now());
        let home = Some("2001:db8::1".parse().unwrap());
        let ask = |per_min, now| limits.may_act(person(1), home, Deed::Ask, per_min, now);
        assert_eq!([ask(2, start), ask(2, start)], [Ok(()), Ok(())]);
        assert!(ask(2, start).is_err());
        assert!(
            limits
                .may_act(person(1), home, Deed::Vote, 2, start)
                .is_err(),
            "both together"
        );
        assert_eq!(ask(2, start + Duration::from_secs(31)), Ok(()));
    }

    #[test]
    fn one_person_cannot_do_more_through_more_connections() {
        let (limits, start) = (limits(), Instant::now());
        let vote = || limits.may_act(person(1), None, Deed::Vote, 0, start);
        assert_eq!((0..100).filter(|_| vote().is_ok()).count(), 30);
        let typed = || limits.may_type(person(1), start);
        assert_eq!((0..100).filter(|_| typed().is_ok()).count(), 10);
    }

    #[test]
    fn seats_are_given_back_and_a_network_shares_them() {
        let limits = limits();
        let seat = |host: &str| limits.seat(Some(host.parse().unwrap()));
        let taken: Vec<Option<Seat>> = (1..=4).map(|n| seat(&format!("2001:db8::{n}"))).collect();
        assert!(taken.iter().all(Option::is_some));
        assert!(seat("2001:db8::9").is_none());
        assert!(seat("2001:db8:0:1::9").is_some());
        assert!(limits.seat(None).is_some());
        drop(taken);
        assert!(seat("2001:db8::9").is_some());
        assert!(lock(&limits.seats).is_empty());
    }

    #[test]
    fn memory_is_bounded() {
        let (limits, start) = (limits(), Instant::now());
        for n in 0..200_000_u32 {
            let now = start + Duration::from_micros(n.into());
            let _ = limits.may_act(
                person(n),
                Some(IpAddr::from(n.to_be_bytes())),
                Deed::Vote,
                0,
                now,
            );
        }
        let newcomers = lock(&limits.newcomers);
        let kept = [
            lock(&limits.people).0.len(),
            lock(&limits.deeds).0.len(),
            newcomers.0.0.len(),
            newcomers.1.young.len(),
            newcomers.1.old.len(),
        ];
        assert!(kept.iter().all(|count| *count <= REMEMBERED), "{kept:?}");
    }
}
