//! Token buckets: how much one connection or one address may ask for. Knows time only as it is told.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::Instant,
};

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

/// Buckets by address. When full, the half that was quiet longest is forgotten: they had refilled most.
#[derive(Debug)]
pub(crate) struct Addresses {
    rate: Rate,
    buckets: HashMap<IpAddr, Bucket>,
}

/// Addresses remembered at most; about 3 MB.
const MAX_ADDRESSES: usize = 65_536;

impl Addresses {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            buckets: HashMap::new(),
        }
    }

    /// Takes one token of the address; all of an IPv6 /64 counts as one.
    pub(crate) fn take(&mut self, address: IpAddr, now: Instant) -> bool {
        let key = network(address);
        if self.buckets.len() >= MAX_ADDRESSES && !self.buckets.contains_key(&key) {
            self.forget_half();
        }
        let rate = self.rate;
        self.buckets
            .entry(key)
            .or_insert_with(|| Bucket::full(rate, now))
            .take(rate, now)
    }

    fn forget_half(&mut self) {
        let mut ages: Vec<Instant> = self
            .buckets
            .values()
            .map(|bucket| bucket.filled_at)
            .collect();
        let middle = ages.len() / 2;
        let (_, median, _) = ages.select_nth_unstable(middle);
        let median = *median;
        self.buckets.retain(|_, bucket| bucket.filled_at > median);
    }
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

    #[test]
    fn neighbours_in_an_ipv6_network_share_and_memory_is_bounded() {
        let start = Instant::now();
        let mut addresses = Addresses::new(RATE);
        for host in 1..=3 {
            assert!(addresses.take(format!("2001:db8::{host}").parse().unwrap(), start));
        }
        assert!(!addresses.take("2001:db8::4".parse().unwrap(), start));
        assert!(addresses.take("2001:db8:0:1::4".parse().unwrap(), start));
        for host in 0..200_000_u32 {
            addresses.take(
                IpAddr::from(host.to_be_bytes()),
                start + Duration::from_micros(host.into()),
            );
        }
        assert!(addresses.buckets.len() <= MAX_ADDRESSES);
    }
}
